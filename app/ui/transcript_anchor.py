"""What is being read: a place in a message that stays where it is on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from app.core.entities import MessageId
from app.ui.message_view import MessageView

TextEdit = QTextEdit | QPlainTextEdit


@dataclass(frozen=True, slots=True)
class Anchor:
    """A message whose top is `y` pixels below the viewport's, and the block there at the top.

    `height` is the message's, 0 if it is exact. `position` is of the text in the line at the top,
    -1 where text is not to be wrapped anew; `line_y` is that line's place in the message.
    """

    message_id: MessageId
    y: int
    height: int = 0
    block: TextEdit | None = None
    block_y: int = 0
    position: int = -1
    line_y: int = 0


def anchor_of(view: MessageView, y: int, *, with_text: bool = False) -> Anchor:
    """The place in `view` that is at the top of the viewport, or its top where that can be seen.

    `with_text` finds the very line, for when the text is about to be wrapped at another width.
    """
    if y < 0:
        for block in edits_of(view):
            top = _y_in(block, view)
            if top + block.height() > -y:
                if not with_text or top > -y:
                    return Anchor(view.message_id, y, 0, block, top)
                cursor = block.cursorForPosition(QPoint(0, -y - top))
                line = top + block.cursorRect(cursor).top()
                return Anchor(view.message_id, y, 0, block, top, cursor.position(), line)
    return Anchor(view.message_id, y)


def place_now(anchor: Anchor, view: MessageView) -> int:
    """Where the message's top belongs, so that what was at the top of the viewport is there."""
    block = anchor.block
    if block is None or not isValid(block) or not view.isAncestorOf(block):
        return anchor.y
    if anchor.position < 0:
        return anchor.y + anchor.block_y - _y_in(block, view)
    cursor = QTextCursor(block.document())
    cursor.setPosition(min(anchor.position, max(0, block.document().characterCount() - 1)))
    line = _y_in(block, view) + block.cursorRect(cursor).top()
    return anchor.y + anchor.line_y - line


def edits_of(view: MessageView) -> list[TextEdit]:
    """The blocks of text that can be seen in a message, top to bottom."""
    return [edit for edit in view.text_edits() if edit.isVisibleTo(view)]


def _y_in(block: QWidget, view: MessageView) -> int:
    return block.mapTo(view, QPoint(0, 0)).y()
