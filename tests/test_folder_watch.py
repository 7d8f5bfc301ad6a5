"""A model that is copied in by other means appears by itself; one that is taken away goes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from app.core.paths import Paths
from app.core.settings import Settings
from app.services import library as library_module
from app.services.library import Library
from app.ui.folder_watch import LONGEST_MS, QUIET_MS, FolderWatch
from tests.app_window import AppWindow
from tests.gguf_files import LLAMA, gguf
from tests.test_models_page import rows

MODEL = gguf(LLAMA)


# which folders


def test_the_folders_of_all_places_and_below(paths: Paths, tmp_path: Path) -> None:
    (paths.models / "me" / "deep").mkdir(parents=True)
    single = tmp_path / "downloads" / "single.gguf"
    (single.parent / "private").mkdir(parents=True)
    single.write_bytes(MODEL)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (paths.models / "circle").symlink_to(paths.models)
    added = f"{single}\n{elsewhere}\n{tmp_path / 'not-there'}"
    found = Library(paths, lambda: Settings(more_model_folders=added)).folders()
    below = [p for p in found if not any(p.is_relative_to(s) for s in paths.starter_folders())]
    assert below == [
        paths.models,
        single.parent,  # and not what is below it
        elsewhere,
        paths.models / "me",
        paths.models / "me" / "deep",
    ]


def test_a_huge_tree_is_watched_at_its_top(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "MOST_FOLDERS", 30)
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "no-starter"))
    for number in range(25):
        (paths.models / f"{number:02}" / "deep").mkdir(parents=True)
    found = Library(paths, Settings).folders()
    assert len(found) == 30
    assert {paths.models / f"{number:02}" for number in range(25)} < set(found)


# the watch


@pytest.fixture
def watch(qtbot: QtBot, tmp_path: Path) -> FolderWatch:
    """One that watches a folder, and has told that it began."""
    (tmp_path / "models").mkdir()
    made = FolderWatch()
    with qtbot.waitSignal(made.changed, timeout=5000):
        made.watch([tmp_path / "models"])
    return made


def test_many_changes_are_told_once_when_it_is_quiet(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path
) -> None:
    told = QSignalSpy(watch.changed)
    for number in range(10):
        (tmp_path / "models" / f"{number}.gguf").write_bytes(b"GGUF")
        qtbot.wait(QUIET_MS // 10)
    assert told.count() == 0
    qtbot.waitUntil(lambda: told.count() == 1, timeout=5000)
    qtbot.wait(QUIET_MS * 2)
    assert told.count() == 1


def test_an_unfinished_file_is_told_when_it_has_grown(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path
) -> None:
    folder, file = tmp_path / "models", tmp_path / "models" / "owl.gguf"
    with qtbot.waitSignal(watch.changed, timeout=5000):
        file.write_bytes(b"GGUF")
    with qtbot.waitSignal(watch.changed, timeout=5000):
        watch.watch([folder], [file])
    told = QSignalSpy(watch.changed)
    with file.open("ab") as growing:
        for _ in range(5):
            growing.write(b"more")
            growing.flush()
            qtbot.wait(QUIET_MS // 5)
    assert told.count() == 0
    qtbot.waitUntil(lambda: told.count() == 1, timeout=5000)


def test_where_it_is_never_quiet_it_is_told_all_the_same(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path
) -> None:
    told = QSignalSpy(watch.changed)
    for number in range(2 * LONGEST_MS * 3 // QUIET_MS):
        (tmp_path / "models" / f"{number}.log").touch()
        qtbot.wait(QUIET_MS // 3)
        if told.count():
            return
    pytest.fail("nothing was told")


def test_the_same_folders_again_are_no_news(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path
) -> None:
    """Else looking would lead to looking, for ever."""
    told = QSignalSpy(watch.changed)
    watch.watch([tmp_path / "models"], [tmp_path / "gone.gguf"])
    watch.watch([tmp_path / "models", tmp_path / "gone"])
    qtbot.wait(QUIET_MS * 2)
    assert told.count() == 0
    watch.watch([])
    (tmp_path / "models" / "owl.gguf").touch()
    qtbot.wait(QUIET_MS * 2)
    assert told.count() == 0
    assert watch.folders == []


# the whole window


@pytest.fixture
def app(open_window: Callable[[Paths], AppWindow], paths: Paths) -> AppWindow:
    """A window that has looked once and watches."""
    made = open_window(paths)
    made.until(lambda: made.controller.model_store._watch.folders and titles(made))
    return made


def titles(app: AppWindow) -> dict[str, str]:
    """The badge of each file in the library, by its name."""
    return {Path(row.key).name: row.badge for row in rows(app.window.models_page.library.list)}


def offered(app: AppWindow) -> list[str]:
    """What the model button offers."""
    return [action.text().split("   ")[0] for action in app.window.model_menu.actions()]


def test_a_model_appears_and_goes_without_a_click(app: AppWindow, paths: Paths) -> None:
    file = paths.models / "owl.gguf"
    file.write_bytes(MODEL)
    app.until(lambda: "owl.gguf" in titles(app) and "owl" in offered(app))
    file.unlink()
    app.until(lambda: "owl.gguf" not in titles(app) and "owl" not in offered(app))


def test_a_folder_that_is_copied_in_is_found_to_its_end(app: AppWindow, paths: Paths) -> None:
    source = paths.data / "outside"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "owl.gguf").write_bytes(MODEL)
    shutil.copytree(source, paths.models / "outside")
    app.until(lambda: "owl.gguf" in titles(app))
    (paths.models / "outside" / "a" / "b" / "wren.gguf").write_bytes(MODEL)  # watched by now
    app.until(lambda: "wren.gguf" in titles(app))


def test_a_slow_copy_is_whole_in_the_end(app: AppWindow, paths: Paths) -> None:
    file = paths.models / "owl.gguf"
    with file.open("wb") as growing:
        growing.write(MODEL[: len(MODEL) // 2])
        growing.flush()
        app.until(lambda: titles(app).get("owl.gguf") == "Broken")
        growing.write(MODEL[len(MODEL) // 2 :])
    app.until(lambda: titles(app).get("owl.gguf") == "")


def test_the_first_model_of_all_is_loaded(
    open_window: Callable[[Paths], AppWindow],
    paths: Paths,
    starter: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Paths, "starter_folders", lambda _self: ())
    app = open_window(paths)
    app.until(lambda: app.controller.model_store._watch.folders)
    assert app.engine.model_path is None
    shutil.copy(starter, paths.models / "mine.gguf")
    app.until_ready()
    assert app.window.composer.isEnabled()
