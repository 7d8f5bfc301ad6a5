"""About Inglenook, the facts of the build, and models opened by a double click."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app import __version__
from app.core.build import LICENCE, Build, is_private, load_build
from app.core.paths import Paths
from app.ui.about import About
from app.ui.application import _local_file
from app.ui.main_window import MainWindow
from app.ui.single_instance import SingleInstance
from app.ui.theme import Theme
from tests.app_window import AppWindow

ROOT = Path(__file__).parents[1]
BUILD = Build("1.2.3", "0123456789abcdef", "2026-11-25", "deb", "https://example.org/latest")


@pytest.fixture
def show(qtbot: QtBot, qapp: QApplication, paths: Paths) -> Callable[..., About]:
    """Shows the dialog of a build."""

    def one(build: Build, third_party: Path = Path("nowhere")) -> About:
        theme = Theme(qapp)
        window = MainWindow(theme)
        qtbot.addWidget(window)
        made = About(theme, paths, build, third_party, "", window)
        made.show()
        return made

    return one


def words_of(dialog: About) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_it_names_version_build_and_what_it_is_made_with(show: Callable[..., About]) -> None:
    words = words_of(show(BUILD))
    for fact in ("1.2.3", "deb · 0123456789ab · 2026-11-25", "Python 3.", "Qt 6.", "MIT"):
        assert fact in words
    assert "llama-cpp-python 0." in words


def test_the_facts_can_be_copied_for_a_bug_report(
    show: Callable[..., About], home: Path, paths: Paths
) -> None:
    dialog = show(BUILD)
    dialog.copy.click()
    text = QApplication.clipboard().text()
    assert text.startswith("Inglenook 1.2.3 (deb · 0123456789ab · 2026-11-25)\n")
    assert str(paths.data) not in text
    assert dialog.copy.text() == "Copied"


def test_folders_and_licences_can_be_opened(
    show: Callable[..., About], paths: Paths, tmp_path: Path
) -> None:
    licences = tmp_path / "THIRD_PARTY.txt"
    assert not show(BUILD, licences).third_party.isVisible()
    licences.write_text("MIT and others")
    dialog, opened = show(BUILD, licences), list[Path]()
    dialog.open_requested.connect(opened.append)
    dialog.third_party.click()
    for button in dialog.folders.values():
        button.click()
    assert opened == [licences, paths.data, paths.logs]


def test_without_an_address_nobody_can_look_for_releases(show: Callable[..., About]) -> None:
    assert show(BUILD).look.isVisible()
    assert not show(Build()).look.isVisible()


def test_the_menu_opens_it(
    open_window: Callable[[Paths], AppWindow],
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "none"))
    app = open_window(paths)
    app.window.menu.about.trigger()
    dialog = app.controller.help.about
    assert dialog is not None
    assert dialog.isVisible()
    assert load_build().version in words_of(dialog)


def test_the_licence_is_the_project_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"]["text"] == LICENCE


# What packaging wrote


def test_a_build_reads_what_packaging_wrote(tmp_path: Path) -> None:
    file = tmp_path / "build.json"
    file.write_text(
        json.dumps(
            {
                "version": "1.2.3",
                "commit": "0123456789abcdef",
                "date": "2026-11-25",
                "kind": "deb",
                "releases": "https://example.org/latest",
                "unknown": 3,
            }
        )
    )
    assert load_build(file) == BUILD


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\xff\xfe", b"[" * 70_000, b'{"version": 3, "kind": "a\\nb", "releases": "x"}'],
)
def test_a_missing_or_damaged_file_is_a_build_from_source(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "build.json"
    assert load_build(file) == Build(version=__version__, kind="source")
    file.write_bytes(content)
    assert load_build(file) == Build(version=__version__, kind="source")


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://api.example.org/repos/x/y/releases/latest", True),
        ("http://127.0.0.1:8000/latest", True),
        ("http://example.org/latest", False),
        ("https://me@example.org/", False),
        ("https://example.org\\@evil.org/", False),
        ("https://exämple.org/", False),
        ("https://example.org:99999/", False),
        ("https:///path", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_private_addresses_are_asked(url: str, is_good: bool) -> None:
    assert is_private(url) is is_good


# A double click


@pytest.mark.parametrize(
    "form", ["{path}", "{url}", "file://localhost{quoted}"], ids=["path", "url", "with host"]
)
def test_what_a_file_manager_sends_is_a_file(tmp_path: Path, form: str) -> None:
    path = tmp_path / "Größe 1, 模型 #2 100%.gguf"
    url = path.as_uri()
    text = form.format(path=path, url=url, quoted=url.removeprefix("file://"))
    assert _local_file(Path(text)) == path


def test_a_relative_path_is_remembered_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _local_file(Path("a b.gguf")) == tmp_path / "a b.gguf"
    assert _local_file(None) is None


def command(paths: Paths, argument: str) -> list[str]:
    return [sys.executable, "-m", "app", "--data-dir", str(paths.data), argument]


@pytest.mark.parametrize("as_url", [False, True])
def test_a_second_start_hands_it_over(
    qtbot: QtBot, paths: Paths, tmp_path: Path, as_url: bool
) -> None:
    path = tmp_path / "Größe 1, 模型.gguf"
    first = SingleInstance(paths.data)
    assert first.claim()
    argument = path.as_uri() if as_url else str(path)
    with qtbot.waitSignal(first.raise_requested, timeout=20_000) as signal_:
        second = subprocess.Popen(command(paths, argument), cwd=ROOT)
    assert signal_.args == [str(path)]
    assert second.wait(20) == 0


@pytest.mark.engine
def test_a_first_start_loads_it(paths: Paths, starter: Path, tmp_path: Path) -> None:
    """As an address, which is the longer way; what was loaded is remembered in the settings."""
    path = tmp_path / "Größe 1, 模型.gguf"
    path.symlink_to(starter)
    process = subprocess.Popen(command(paths, path.as_uri()), cwd=ROOT)
    try:
        while process.poll() is None and str(path) not in remembered(paths):
            os.sched_yield()
        assert process.poll() is None
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()


def remembered(paths: Paths) -> str:
    """The model that the settings name."""
    try:
        return str(json.loads(paths.settings.read_text())["model_path"])
    except (OSError, ValueError, KeyError):
        return ""
