"""Everything that can go wrong, shown in the window, which lives on and can be used after it."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.entities import Status
from app.core.paths import Paths, find_paths
from app.services.ports import EngineState
from app.ui.words import action_of
from tests.app_window import AppWindow
from tests.disks import fill
from tests.gguf_files import empty, not_gguf, truncated, unknown_architecture, without_template

pytestmark = pytest.mark.engine
OpenWindow = Callable[[Paths], AppWindow]
LONG = "Write a very long story about a fireplace."


def damaged(source: Path, folder: Path) -> Path:
    """The right beginning, then tensors that llama.cpp does not accept."""
    data = bytearray(source.read_bytes()[: 1 << 21])
    at = data.index(b"blk.0.attn_k.weight")
    data[at : at + 5] = b"xyz.0"
    path = folder / "damaged.gguf"
    with path.open("wb") as file:
        file.write(data)
        file.truncate(source.stat().st_size)
    return path


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda _source, folder: not_gguf(folder), "model.not-gguf"),
        (lambda _source, folder: empty(folder), "model.empty"),
        (truncated, "model.truncated"),
        (unknown_architecture, "model.unsupported"),
        (damaged, "model.damaged"),
        (lambda _source, folder: folder / "gone.gguf", "model.missing"),
        (lambda _source, folder: folder, "model.not-gguf"),
    ],
)
def test_a_bad_model_file(
    app: AppWindow,
    starter: Path,
    tmp_path: Path,
    make: Callable[[Path, Path], Path],
    code: str,
) -> None:
    app.window.model_chosen.emit(make(starter, tmp_path))
    app.until(app.banner_code)
    assert app.banner_code() == code
    problem = app.window.banner.problem
    assert problem is not None
    assert "{" not in app.window.banner._summary.text() + app.window.banner._action.text()
    assert app.window.banner._action.text() == action_of(problem)
    if app.engine.state is not EngineState.READY:  # llama.cpp had to look at the file itself
        app.window.model_chosen.emit(starter)
        app.until_ready()
    assert "SmolLM2" in app.window.model_button.text()
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_a_model_without_chat_template_answers(
    app: AppWindow, starter: Path, tmp_path: Path
) -> None:
    app.window.model_chosen.emit(without_template(starter, tmp_path))
    app.until(lambda: app.engine.model and app.engine.model.template_source == "fallback")
    assert app.banner_code() == ""
    assert app.ask_and_wait("What is 2+2?").strip()


def test_not_enough_memory(
    open_window: OpenWindow, paths: Paths, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGLENOOK_MEMORY_LIMIT_BYTES", "100000000")
    app = open_window(paths)
    app.until(app.banner_code)
    assert app.banner_code() == "model.memory"
    assert "95 MiB are free" in app.window.banner._summary.text()
    app.type("still typing")
    assert app.window.composer.text.toPlainText() == "still typing"


def test_no_model_at_all(
    open_window: OpenWindow, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(paths.data / "none"))
    app = open_window(paths)
    app.until(lambda: "No model" in app.window.empty._title.text())
    assert str(paths.models) in app.window.empty._text.text()
    assert app.window.empty._no_model.isVisible()
    app.type("Hello?")
    assert not app.window.composer.button.isEnabled()


def test_a_model_copied_in_is_found_on_looking_again(
    open_window: OpenWindow, paths: Paths, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(paths.data / "none"))
    app = open_window(paths)
    app.until(lambda: "No model" in app.window.empty._title.text())
    (paths.models / "mine.gguf").symlink_to(starter.resolve())
    app.window.empty.look_again_requested.emit()
    app.until_ready()
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_a_load_that_hangs_hangs_nothing_else(app: AppWindow, starter: Path) -> None:
    """A worker that is held still stands for one that reads from a drive that has gone away."""
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGSTOP)
    app.window.model_chosen.emit(starter)
    app.until(lambda: "Loading" in app.window.status.model.text())
    app.ask("What is 2+2?")  # it waits for the model
    app.until(lambda: len(app.messages()) == 2)
    app.window.model_chosen.emit(starter)
    app.until(lambda: not app.chat.is_answering)
    assert "4" in app.answer().text
    assert app.banner_code() == ""


def test_the_worker_is_killed_while_writing(app: AppWindow) -> None:
    app.ask(LONG)
    app.until_writing()
    shown = app.answer().text
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)
    app.until(app.banner_code)
    assert app.banner_code() == "worker.killed"
    assert "SIGKILL" in app.window.banner._summary.text()
    assert app.answer().text.startswith(shown)
    assert "SIGKILL" in app.answer()._end.text()
    app.until(lambda: app.stored()[-1][2] is Status.INTERRUPTED)
    assert app.stored()[-1][1] == app.answer().text
    app.click(app.offer("Load the model again"))
    app.until_ready()
    assert app.banner_code() == ""
    assert app.ask_and_wait("What is 2+2?").strip()


def test_the_worker_is_killed_while_loading(app: AppWindow, starter: Path) -> None:
    app.window.model_chosen.emit(starter)
    assert app.engine.state is EngineState.LOADING
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)
    app.until(app.banner_code)
    assert app.banner_code() == "worker.killed"
    app.click(app.offer("Load the model again"))
    app.until_ready()
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_the_worker_is_killed_while_idle_and_the_next_question_still_works(app: AppWindow) -> None:
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)
    app.until(app.banner_code)
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_a_damaged_database(open_window: OpenWindow, paths: Paths, starter: Path) -> None:
    paths.database.write_bytes(b"this is not a database, it is a letter to my aunt " * 100)
    app = open_window(paths)
    app.until(app.banner_code)
    assert app.banner_code() == "storage.damaged"
    app.window.banner.clear()
    app.ask("What is 2+2?")
    assert app.window.composer.text.toPlainText() == "What is 2+2?"
    app.until(app.banner_code)
    app.click(app.offer("Set it aside and start anew"))
    app.until_ready()
    kept = list(paths.data.glob("conversations.damaged-*.sqlite3"))
    assert len(kept) == 1
    assert kept[0].read_bytes().startswith(b"this is not")
    app.window.composer.text.clear()
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_a_newer_database(open_window: OpenWindow, paths: Paths, starter: Path) -> None:
    connection = sqlite3.connect(paths.database)
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    before = paths.database.read_bytes()
    app = open_window(paths)
    app.until(app.banner_code)
    assert app.banner_code() == "storage.too-new"
    assert "999" in app.window.banner._summary.text()
    app.close()
    assert paths.database.read_bytes() == before


def test_a_data_folder_that_cannot_be_written(
    open_window: OpenWindow, tmp_path: Path, starter: Path
) -> None:
    """Below a plain file no folder can be made, not even by root."""
    (tmp_path / "file").write_text("")
    app = open_window(find_paths(tmp_path / "file" / "data"))
    app.until(app.banner_code)
    assert app.banner_code() == "folder.not-writable"
    app.ask("Hello?")
    assert app.window.composer.text.toPlainText() == "Hello?"
    assert app.window.isVisible()


def test_a_read_only_disk(open_window: OpenWindow, read_only_folder: Path, starter: Path) -> None:
    app = open_window(find_paths(read_only_folder))
    app.until(app.banner_code)
    assert app.banner_code() == "folder.not-writable"
    app.ask("Hello?")
    assert app.window.composer.text.toPlainText() == "Hello?"


def test_a_full_disk_before_sending(
    open_window: OpenWindow, small_disk: Path, paths: Paths, starter: Path
) -> None:
    app = open_window(replace(paths, data=small_disk))
    app.until_ready()
    filler = fill(small_disk)
    app.ask("What is 2+2?" + " Tell me more." * 600)
    app.until(app.banner_code)
    assert app.banner_code() == "storage.disk-full"
    assert app.window.composer.text.toPlainText().startswith("What is 2+2?")
    assert app.messages() == []
    filler.unlink()
    app.window.composer.text.clear()
    assert "4" in app.ask_and_wait("What is 2+2?")


def test_a_disk_that_fills_up_while_it_writes(
    open_window: OpenWindow, small_disk: Path, paths: Paths, starter: Path
) -> None:
    """The answer goes on in the window, and is stored as soon as there is space again."""
    app = open_window(replace(paths, data=small_disk))
    app.until_ready()
    app.ask(LONG)
    app.until_writing()
    filler = fill(small_disk)
    app.until(app.banner_code)
    assert app.banner_code() == "storage.disk-full"
    app.chat.stop()
    app.until(lambda: not app.chat.is_answering)
    text = app.answer().text
    filler.unlink()
    app.until(lambda: app.stored()[-1] == ("assistant", text, Status.STOPPED))


def test_an_unreadable_settings_file(open_window: OpenWindow, paths: Paths, starter: Path) -> None:
    from app.core.settings import SettingsFile

    paths.settings.write_text("{ this is not JSON")
    _, problem = SettingsFile(paths.settings).load()
    app = open_window(paths)
    assert problem is not None
    app.controller.show_problem(problem)
    assert app.banner_code() == "settings"
    app.until_ready()


def test_a_bug_is_shown_and_the_window_lives(app: AppWindow) -> None:
    from app.ui.application import _hook

    try:
        raise ZeroDivisionError("planted")
    except ZeroDivisionError as error:
        _hook(app.controller)(type(error), error, error.__traceback__)
    assert app.banner_code() == "internal"
    assert "planted" in app.window.banner._details.toPlainText()
    assert not app.window.banner._details.isVisible()
    assert "Traceback" not in app.window.banner._summary.text()
    assert "4" in app.ask_and_wait("What is 2+2?")
