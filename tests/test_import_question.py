"""Bringing a model of one's own along: copied, or used where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.ui.import_question import ImportQuestion
from tests.app_window import AppWindow
from tests.gguf_files import LLAMA, gguf


def a_question(app: AppWindow, path: Path) -> ImportQuestion:
    app.controller.model_store.open("library")
    app.window.models_page.import_requested.emit([path])
    return app.window.findChildren(ImportQuestion)[-1]


def listed(app: AppWindow, name: str) -> Callable[[], bool]:
    actions = app.window.model_menu.actions
    return lambda: any(action.text().split("   ")[0] == name for action in actions())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "my folder" / "mine.gguf"
    path.parent.mkdir()
    path.write_bytes(gguf(LLAMA))
    return path


def test_a_file_is_used_where_it_is(app: AppWindow, model: Path) -> None:
    question = a_question(app, model)
    assert "mine.gguf" in question.text()
    app.click(question.use_button)
    app.until(listed(app, "mine"))
    paths = app.controller.model_store._library
    assert list(paths.root.rglob("mine.gguf")) == []
    assert str(model) in app.controller.preferences.settings.more_model_folders


def test_a_file_is_copied(app: AppWindow, model: Path) -> None:
    app.click(a_question(app, model).copy_button)
    app.until(listed(app, "mine"))
    root = app.controller.model_store._library.root
    assert [copy.read_bytes() for copy in root.rglob("mine.gguf")] == [model.read_bytes()]
    assert str(model) not in app.controller.preferences.settings.more_model_folders


def test_whoever_cancels_has_nothing_imported(app: AppWindow, model: Path) -> None:
    question = a_question(app, model)
    question.reject()
    assert str(model) not in app.controller.preferences.settings.more_model_folders
    assert list(app.controller.model_store._library.root.rglob("mine.gguf")) == []
