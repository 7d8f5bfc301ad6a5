"""The dialog "Chat template" and the note about a model that needs one, in the real window."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.core.entities import Finding, FindingKind, ModelDescription
from app.core.paths import Paths
from app.models.template_choices import identity
from app.services.templates import pieces_of
from app.ui.templates.dialog import TemplateDialog
from app.ui.templates.words import TemplateWords
from tests.app_window import AppWindow
from tests.gguf_files import LLAMA, gguf, with_template

pytestmark = pytest.mark.engine


def opened(app: AppWindow) -> TemplateDialog:
    """The dialog, once it has looked at the file."""
    app.until(lambda: app.controller.templates.dialog is not None)
    dialog = app.controller.templates.dialog
    assert dialog is not None
    app.until(dialog.choice.isEnabled)
    return dialog


def choose(dialog: TemplateDialog, name: str) -> None:
    """As a person does in the list."""
    at = dialog.choice.findData(name)
    assert at >= 0
    dialog.choice.setCurrentIndex(at)


def test_another_template_is_used_at_once_and_remembered(app: AppWindow) -> None:
    model = app.engine.model
    assert model is not None
    app.controller.commands.commands.run("template")
    dialog = opened(app)
    assert dialog.findings.rows == []  # the starter model's own is well
    assert dialog.template == ""
    assert not dialog.apply_button.isEnabled()
    assert "suits" in dialog.choice.itemText(1)  # those that suit come first
    app.until(lambda: "What is moss?" in dialog.preview.toPlainText())
    choose(dialog, "llama3")
    assert "3.1" in dialog.families.text()
    app.until(lambda: "<|start_header_id|>" in dialog.preview.toPlainText())
    app.click(dialog.apply_button)
    app.until(lambda: app.engine.model and app.engine.model.template_name == "llama3")
    assert not dialog.apply_button.isEnabled()
    choices = json.loads(app.paths.template_choices.read_text(encoding="utf-8"))
    assert choices == {identity(model.path): "llama3"}
    app.controller.models.reload()
    app.until_ready()
    assert app.engine.model.template_name == "llama3"
    choose(dialog, "")
    app.click(dialog.apply_button)
    app.until(lambda: app.engine.model and app.engine.model.template_name == "")
    assert json.loads(app.paths.template_choices.read_text(encoding="utf-8")) == {}


def test_a_model_whose_template_does_not_work_can_be_helped(
    app: AppWindow, starter: Path, tmp_path: Path
) -> None:
    broken = with_template(starter, tmp_path, "{% for m in messages %}{{ strange(m) }}")
    app.controller.models.load(broken)
    app.until(lambda: app.banner_code() == "template.not-usable")
    app.click(app.offer("Chat template…"))
    dialog = opened(app)
    assert dialog.path == broken
    (row,) = dialog.findings.rows
    assert row.finding.kind is FindingKind.BROKEN
    assert "Choose a known good template" in row.meaning.text()
    app.until(dialog.preview_problem.isVisible)
    choose(dialog, "chatml")
    app.until(lambda: "<|im_start|>" in dialog.preview.toPlainText())
    app.click(dialog.apply_button)
    app.until(lambda: app.engine.model and app.engine.model.template_name == "chatml")
    assert app.banner_code() == ""
    assert "Paris" in app.ask_and_wait("What is the capital of France?")


def test_a_file_that_is_not_loaded_is_looked_at_too(
    app: AppWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf({**LLAMA, "tokenizer.chat_template": "{{ messages[-1].content }}"}))
    app.controller.templates.open(path)
    dialog = opened(app)
    assert dialog.findings.rows[0].finding.kind is FindingKind.BROKEN
    with qtbot.waitSignal(dialog.applied):
        choose(dialog, "vicuna")
        app.click(dialog.apply_button)
    assert app.engine.model is not None
    assert app.engine.model.template_name == ""  # another one is loaded


def test_a_template_that_writes_much_does_not_stop_the_window(
    app: AppWindow, tmp_path: Path
) -> None:
    source = "{% for m in messages %}{{ m.content }}\n{% endfor %}{{ 'moss </s> ' * 3000 }}"
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf({**LLAMA, "tokenizer.chat_template": source}))
    app.controller.templates.open(path)
    dialog = opened(app)
    longest = 0.0
    while len(dialog.preview.toPlainText()) < 30_000:
        began = time.process_time()
        QApplication.processEvents()
        longest = max(longest, time.process_time() - began)
    assert longest < 0.2


@pytest.mark.parametrize("content", [b"", b"GGUF", b"Dear aunt", gguf(LLAMA)[:200]])
def test_a_file_that_cannot_be_read_says_so(app: AppWindow, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    app.controller.templates.open(path)
    dialog = app.controller.templates.dialog
    assert dialog is not None
    app.until(lambda: "model.gguf" in dialog.state.text())
    assert not dialog.choice.isEnabled()


def test_the_button_is_beside_the_others_of_a_model(app: AppWindow, qtbot: QtBot) -> None:
    app.controller.model_store.open("library")
    page = app.window.models_page
    model = app.engine.model
    assert model is not None
    app.until(lambda: page.library.list.rows.rowCount() > 0)
    page.library.list.select(str(model.path))
    qtbot.keyClick(page.library.list, Qt.Key.Key_Return)
    assert page.library.detail.key == str(model.path)
    button = page.library.detail.template_button
    assert isinstance(button, QPushButton)
    app.click(button)
    assert str(opened(app).path) == page.library.detail.key


def test_a_model_without_a_template_is_told_of_once(
    app: AppWindow, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(app.window.toast, "show_text", told.append)
    base = ModelDescription(
        paths.models / "base.gguf", "Base", "llama", 2048, 2048, "fallback",
        findings=(Finding(FindingKind.NO_TEMPLATE, False, "chatml"),),
    )  # fmt: skip
    app.controller.templates.model_loaded(base)
    app.controller.templates.model_loaded(base)
    assert len(told) == 1
    assert "base" in told[0]
    assert app.banner_code() == ""


def test_each_finding_has_words(qtbot: QtBot) -> None:
    words = TemplateWords()
    for kind in FindingKind:
        for is_handled in (True, False):
            finding = Finding(kind, is_handled, "<|end|>")
            assert words.title(finding)
            assert "{" not in words.meaning(finding)
            if is_handled != (kind is FindingKind.BROKEN):
                assert words.meaning(finding)


def test_special_tokens_are_pieces_of_their_own() -> None:
    specials = frozenset(("<s>", "<|a|>", "<|a|>b"))
    found = pieces_of("<s>x<|a|>b y<|a|>", specials)
    assert [(p.text, p.is_special) for p in found] == [
        ("<s>", True), ("x", False), ("<|a|>b", True), (" y", False), ("<|a|>", True),
    ]  # fmt: skip
    assert pieces_of("", specials) == ()
