"""What the model gets, on show: the exact text, its tokens, and what the cache has of it."""

from __future__ import annotations

import time

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.errors import NoModelLoaded
from app.core.memory import Piece
from app.core.messages import Inspected
from app.core.settings import Settings
from app.ui.prompt_view.dialog import Moment, PromptDialog
from app.ui.prompt_view.text import MOST_LINE, runs_of
from app.ui.theme import Theme
from tests.app_window import AppWindow

PIECES = (
    Piece("<|im_start|>", is_special=True),
    Piece("user"),
    Piece("\n"),
    Piece("你好", tokens=3),
    Piece("<|im_end|>", is_special=True),
)


@pytest.fixture
def dialog(qtbot: QtBot, qapp: QApplication) -> PromptDialog:
    theme = Theme(qapp)
    theme.apply(Settings())
    made = PromptDialog(theme)
    qtbot.addWidget(made)
    return made


def shown(dialog: PromptDialog, qtbot: QtBot) -> str:
    qtbot.waitUntil(lambda: not dialog.text.is_filling)
    return dialog.text.toPlainText()


def test_the_text_is_there_as_it_is_and_can_be_copied(dialog: PromptDialog, qtbot: QtBot) -> None:
    dialog.show()
    dialog.show_prompt(Inspected(1, PIECES, 7, 3, 100), Moment.DRAFT, "")
    text = "<|im_start|>user\n你好<|im_end|>"
    assert shown(dialog, qtbot) == text
    assert "7 of 100 tokens" in dialog.counts.text()
    assert "3 of them in the cache" in dialog.counts.text()
    assert "own chat template" in dialog.counts.text()
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == text
    dialog.show_prompt(Inspected(1, PIECES, 7, 6, 100), Moment.ANSWERING, "")
    assert "6 of them in the cache by now" in dialog.counts.text()
    assert "not read again" not in dialog.counts.text()
    dialog.show_prompt(Inspected(2, PIECES, 7, 0, 100), Moment.DRAFT, "ChatML")
    assert "cache" not in dialog.counts.text()
    assert "ChatML" in dialog.counts.text()
    assert not dialog.cached.isVisible()


def test_control_tokens_and_the_cached_part_look_otherwise() -> None:
    runs = list(runs_of(PIECES, 3))
    assert runs == [
        ("<|im_start|>", True, True),
        ("user\n", False, True),
        ("你好", False, False),
        ("<|im_end|>", True, False),
    ]


def test_a_hundred_thousand_tokens_never_block(dialog: PromptDialog, qtbot: QtBot) -> None:
    dialog.show()
    line = (Piece("<|im_start|>", is_special=True), *(Piece(" word"),) * 98, Piece("\n"))
    pieces = (*line * 900, *(Piece("letters"),) * 10_000)  # and one line without an end
    began = time.monotonic()
    dialog.show_prompt(Inspected(1, pieces, 100_000, 50_000, 131_072), Moment.DRAFT, "")
    assert time.monotonic() - began < 0.1
    longest = 0.0
    while dialog.text.is_filling:
        began = time.process_time()
        QApplication.processEvents()
        longest = max(longest, time.process_time() - began)
    assert longest < 0.1
    text = "".join(piece.text for piece in pieces)
    assert dialog.text.whole_text() == text
    on_show = dialog.text.toPlainText()
    assert on_show.replace("\n", "") == text.replace("\n", "")
    assert max(map(len, on_show.split("\n"))) <= MOST_LINE + 10


def test_why_there_is_nothing_is_said(dialog: PromptDialog) -> None:
    dialog.show()
    dialog.show_problem(NoModelLoaded().problem)
    assert "No model is loaded." in dialog.nothing.text
    assert not dialog.text.isVisible()
    assert not dialog.copy_button.isEnabled()


@pytest.mark.engine
def test_the_prompt_of_a_draft_and_of_an_answer(app: AppWindow, qtbot: QtBot) -> None:
    view = app.controller.prompt_view
    view.open()
    assert view.dialog is not None
    assert "Nothing is asked yet" in view.dialog.nothing.text
    app.window.composer.text.setPlainText("What is 2+2?")
    view.dialog.look_button.click()
    qtbot.waitUntil(view.dialog.text.isVisible, timeout=10_000)
    text = shown(view.dialog, qtbot)
    assert "What is 2+2?<|im_end|>" in text
    assert text.endswith("<|im_start|>assistant\n")
    assert "writing" in view.dialog.moment.text()
    app.window.composer.text.clear()
    app.ask("What is 2+2?")
    ledger = app.controller.memory.ledger
    app.until(lambda: ledger.contents is not None and len(ledger.contents[0].turns) == 2)
    view.open()
    dialog = view.dialog
    qtbot.waitUntil(lambda: "last answer" in dialog.moment.text(), timeout=10_000)
    assert shown(dialog, qtbot) == text  # what it got is what was shown
    assert "in the cache" in dialog.counts.text()
