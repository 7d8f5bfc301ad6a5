"""What stays while nobody asks: a model that rests, and conversations that go on at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import Qt

from app.core.entities import Status
from app.core.paths import Paths
from app.services.ports import EngineState
from app.ui.bridge import QtScheduler
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow, figures, long_text, open_id, paste_and_wait

pytestmark = pytest.mark.engine
SHORT = {"preset": "own", "temperature": 0.0, "max_tokens": 16}
MINUTE_S = 60.0


class Timers:
    """Notes what is asked for later, and does none of it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay_s: float, job: Callable[[], None]) -> Callable[[], None]:
        entry = (delay_s, job)
        self.waiting.append(entry)
        return lambda: self.waiting.remove(entry) if entry in self.waiting else None

    def delays(self) -> list[float]:
        return [delay for delay, _ in self.waiting]


class Hurried:
    """Real timers on which an hour passes within a fifth of a second."""

    def __init__(self, scheduler: QtScheduler) -> None:
        self._scheduler = scheduler

    def call_later(self, delay_s: float, job: Callable[[], None]) -> Callable[[], None]:
        return self._scheduler.call_later(delay_s / 18_000, job)


@pytest.fixture
def short(paths: Paths) -> Paths:
    """A data folder whose settings ask for short answers, always the same ones."""
    write_settings(paths)
    return paths


def write_settings(paths: Paths, **values: object) -> None:
    """Before a start: those of every test here, and `values`."""
    paths.settings.write_text(json.dumps({**SHORT, **values}))


def ready(open_window: OpenWindow, paths: Paths) -> AppWindow:
    """A started window with the starter model loaded."""
    window = open_window(paths)
    window.until_ready()
    return window


def is_resting(app: AppWindow) -> bool:
    """Whether the status line says that the model gave its memory back."""
    return "rests; the next question loads it" in app.window.status.model.text()


def resident(app: AppWindow) -> int:
    """Bytes of memory of the worker."""
    return int(psutil.Process(app.engine.worker_pid).memory_info().rss)


def kept_files(paths: Paths) -> list[str]:
    """The names of all files that are kept of conversations."""
    return sorted(file.name for file in paths.kept_states.rglob("*") if file.is_file())


# a model that rests


def test_an_idle_model_gives_its_memory_back_and_comes_again(
    short: Paths,
    open_window: OpenWindow,
    starter: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "nothing here"))
        app = open_window(short)
        app.until(lambda: app.engine.state is EngineState.IDLE and app.chat.is_ready)
    before = resident(app)
    app.controller.models.load(starter)
    app.until_ready()
    app.ask_and_wait("Say hello.")
    added = resident(app) - before
    pid = app.engine.worker_pid
    app.controller.services.idle._unload()
    app.until(lambda: is_resting(app))
    assert app.window.status.place.text() == ""
    assert before + added - resident(app) > added * 0.6
    assert app.ask_and_wait("What is 2+2?")
    assert figures(app).load_s > 0
    assert not is_resting(app)
    assert "on the processor" in app.window.status.place.text()
    assert app.engine.worker_pid == pid


def test_asked_while_it_gives_its_memory_back_it_answers(
    short: Paths, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ready(open_window, short)
    said: list[str] = []
    monkeypatch.setattr(app.window.status, "show_words", said.append)
    app.controller.services.idle._unload()
    assert app.engine.state is EngineState.READY  # it has not yet
    assert app.ask_and_wait("What is 2+2?")
    assert app.engine.state is EngineState.READY
    assert said  # that it loads, and never that there is no model
    assert all(words.startswith("Loading SmolLM2") for words in said)


def test_the_count_begins_with_the_answer_and_with_the_setting(
    short: Paths, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_window(short)
    timers = Timers()
    monkeypatch.setattr(app.controller.services.idle, "_scheduler", timers)
    app.until_ready()
    assert timers.delays() == [60 * MINUTE_S]
    loaded = timers.waiting[0]
    app.ask("What is 2+2?")
    app.until(lambda: app.engine.state is EngineState.GENERATING)
    assert timers.delays() == []  # never while it answers
    app.until(lambda: not app.chat.is_answering)
    assert timers.delays() == [60 * MINUTE_S]
    assert timers.waiting[0] is not loaded
    app.window.setting_chosen.emit("unload_after_min", 5)
    assert timers.delays() == [5 * MINUTE_S]
    app.window.setting_chosen.emit("unload_after_min", 0)
    assert timers.delays() == []
    app.ask_and_wait("What is 3+3?")
    assert timers.delays() == []  # 0 is never
    app.window.setting_chosen.emit("unload_after_min", 1)
    [(delay, job)] = timers.waiting
    assert delay == MINUTE_S
    job()
    app.until(lambda: is_resting(app))
    assert timers.delays() == []


def test_it_rests_by_itself_but_not_in_the_middle_of_an_answer(
    short: Paths, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_settings(short, max_tokens=150)
    app = open_window(short)
    hurried = Hurried(app.controller._scheduler)
    monkeypatch.setattr(app.controller.services.idle, "_scheduler", hurried)
    app.until(lambda: is_resting(app))
    app.ask("Write a very long story about a fireplace.")
    app.until(lambda: app.messages() and not app.chat.is_answering)
    made = figures(app)
    assert made.write_s > 0.2  # longer than the model would have stayed idle
    assert made.stop_reason == "limit"
    assert app.stored()[-1][2] is Status.CUT_OFF
    app.until(lambda: is_resting(app))


# conversations that are kept


def test_another_conversation_and_a_restart_cost_no_second_reading(
    short: Paths, open_window: OpenWindow
) -> None:
    app = ready(open_window, short)
    paste_and_wait(app, long_text("a river", 32))
    first = open_id(app)
    app.window.new_requested.emit()
    app.until(lambda: not app.messages())
    assert paste_and_wait(app, long_text("the moon", 32)).reused_tokens < 50
    second = open_id(app)
    app.window.sidebar.open_requested.emit(first)
    app.until(lambda: app.messages() and "a river" in app.messages()[0].text)
    made = paste_and_wait(app, "And what else?")
    assert made.prompt_tokens > 300
    assert made.reused_tokens >= made.prompt_tokens - 50
    app.close()
    assert {f"{first}.state", f"{second}.state"} <= set(kept_files(short))

    app = ready(open_window, short)
    app.until(lambda: len(app.messages()) == 4)
    made = paste_and_wait(app, "Is that all?")
    assert made.restored_tokens >= made.prompt_tokens - 50
    app.click(app.answer()._why)
    assert "had been read before and were kept." in app.answer()._figures_text.text()
    app.window.sidebar.open_requested.emit(second)
    app.until(lambda: app.messages() and "the moon" in app.messages()[0].text)
    made = paste_and_wait(app, "And what else?")
    assert made.restored_tokens >= made.prompt_tokens - 50
    app.close()

    write_settings(short, kept_states_mib=0)
    app = ready(open_window, short)
    app.close()
    assert kept_files(short) == []


def test_what_is_kept_goes_with_its_conversation(short: Paths, open_window: OpenWindow) -> None:
    app = ready(open_window, short)
    paste_and_wait(app, long_text("a river", 20))
    stays = open_id(app)
    app.window.new_requested.emit()
    app.until(lambda: not app.messages())
    paste_and_wait(app, long_text("the moon", 20))
    goes = open_id(app)
    app.close()
    assert {f"{stays}.state", f"{goes}.state"} <= set(kept_files(short))

    app = ready(open_window, short)
    app.until(lambda: len(app.messages()) == 2)
    paste_and_wait(app, "And what else?")  # now it is in the worker too
    app.window.sidebar.view.setFocus()
    app.window.sidebar.select(goes)
    app._qtbot.keyClick(app.window.sidebar.view, Qt.Key.Key_Delete)
    app.until(lambda: not any(name.startswith(goes) for name in kept_files(short)))
    assert f"{stays}.state" in kept_files(short)
    app.close()
    assert [name for name in kept_files(short) if name.startswith(goes)] == []
    assert f"{stays}.state" in kept_files(short)


def test_all_that_is_kept_can_be_deleted(short: Paths, open_window: OpenWindow) -> None:
    app = ready(open_window, short)
    paste_and_wait(app, long_text("a river", 20))
    app.close()
    assert kept_files(short) != []

    app = ready(open_window, short)
    app.until(lambda: len(app.messages()) == 2)
    paste_and_wait(app, "And what else?")
    app.window.menu.engine_settings.trigger()
    dialog = app.controller.engine_settings.dialog
    assert dialog is not None
    app.click(dialog.model.delete_kept)
    app.until(app.window.toast.isVisible)
    assert app.window.toast._label.text() == "What was kept ready of conversations is deleted."
    assert kept_files(short) == []
    app.close()
    assert kept_files(short) == []


def test_all_goes_also_what_the_worker_removes_at_the_same_time(
    short: Paths, open_window: OpenWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [short.kept_states / name for name in ("this model", "another", "a third")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "0123456789abcdef.old").write_bytes(b"what was said")
    app = ready(open_window, short)
    unlink, first = os.unlink, []

    def too_late(path: Path, **options: int) -> None:
        unlink(path, **options)
        if not first:
            first.append(path)
            raise FileNotFoundError(path)

    monkeypatch.setattr(os, "unlink", too_late)
    app.controller.engine_settings.delete_kept_requested.emit()
    app.until(app.window.toast.isVisible)
    assert first
    assert kept_files(short) == []


def test_not_to_keep_them_is_in_force_when_a_model_that_rested_comes_again(
    short: Paths, open_window: OpenWindow
) -> None:
    app = ready(open_window, short)
    paste_and_wait(app, long_text("a river", 20))
    app.window.setting_chosen.emit("kept_states_mib", 0)
    app.controller.services.idle._unload()
    app.until(lambda: is_resting(app))
    paste_and_wait(app, "And what else?")
    app.close()
    assert kept_files(short) == []


def test_a_model_that_rested_comes_back_under_the_settings_of_then(
    short: Paths, open_window: OpenWindow
) -> None:
    app = ready(open_window, short)
    app.controller.services.idle._unload()
    app.until(lambda: is_resting(app))
    app.window.setting_chosen.emit("context_tokens", 1024)
    app.ask_and_wait("Hi")
    assert app.engine.model is not None
    assert app.engine.model.context == 1024


def test_nothing_is_left_on_the_disk_where_nothing_may_be_kept(
    short: Paths, open_window: OpenWindow
) -> None:
    write_settings(short, kept_states_mib=0)
    app = ready(open_window, short)
    paste_and_wait(app, long_text("a river", 20))
    first = open_id(app)
    app.window.new_requested.emit()
    app.until(lambda: not app.messages())
    paste_and_wait(app, "What is 2+2?")
    app.window.sidebar.open_requested.emit(first)
    app.until(lambda: app.messages() and "a river" in app.messages()[0].text)
    made = paste_and_wait(app, "And what else?")
    assert made.reused_tokens >= made.prompt_tokens - 50  # in memory it is kept all the same
    app.close()
    assert kept_files(short) == []
