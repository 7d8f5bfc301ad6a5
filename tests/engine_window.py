"""Helpers for tests of the engine through the window: long texts, and an answer's figures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from app.core.entities import ConversationId, Statistics
from app.core.paths import Paths
from tests.app_window import AppWindow

OpenWindow = Callable[[Paths], AppWindow]


def long_text(subject: str, lines: int) -> str:
    """Some ten tokens a line."""
    return "\n".join(f"{number}. Of {subject} one may say this." for number in range(lines))


def paste(app: AppWindow, text: str) -> None:
    """Put a text that nobody types into the composer, and send it."""
    app.window.composer.text.setPlainText(text)
    app.press(Qt.Key.Key_Return)


def paste_and_wait(app: AppWindow, text: str) -> Statistics:
    """Paste, send, and wait for the whole answer; its figures."""
    before = len(app.messages())
    paste(app, text)
    app.until(lambda: len(app.messages()) == before + 2 and not app.chat.is_answering)
    return figures(app)


def figures(app: AppWindow) -> Statistics:
    """Those of the last answer on show, which must be complete."""
    found = app.answer()._statistics
    assert found is not None
    return found


def open_id(app: AppWindow) -> ConversationId:
    """The conversation on show."""
    found = app.chat.open_conversation_id
    assert found is not None
    return found
