"""What a search has found: the message lights up for a moment, its words stay marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRectF, QTimer
from PySide6.QtGui import QColor, QPainter, QTextCharFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextEdit, QWidget
from shiboken6 import isValid

from app.core.entities import MessageId
from app.ui.message_view import MessageView
from app.ui.theme import GAP, Theme
from app.ui.transcript_anchor import TextEdit

FLASH_MS = 1400
FLASH_ALPHA, MARK_ALPHA = 36, 110  # of 255
MOST = 500  # places that are marked in one block of text


class Marks:
    """Remembers what was found, and marks it whenever its message has a widget."""

    def __init__(self, theme: Theme, ground: QWidget) -> None:
        self._theme = theme
        self._ground = ground
        self._message_id: MessageId | None = None
        self._words: tuple[str, ...] = ()
        self._marked: list[TextEdit] = []
        self._flash = QTimer(ground)
        self._flash.setSingleShot(True)
        self._flash.timeout.connect(ground.update)

    @property
    def is_on(self) -> bool:
        """Whether a message is marked."""
        return self._message_id is not None

    def show(self, message_id: MessageId, words: Sequence[str]) -> None:
        """Let a message light up, and mark `words` in it; `apply` does so to its widget."""
        self.clear()
        self._message_id = message_id
        self._words = tuple(word for word in words if word.strip())
        self._flash.start(FLASH_MS)
        self._ground.update()

    def clear(self) -> None:
        """Mark nothing any more."""
        for edit in self._marked:
            if isValid(edit):
                edit.setExtraSelections([])
        self._marked.clear()
        self._message_id, self._words = None, ()
        if self._flash.isActive():
            self._flash.stop()
            self._ground.update()

    def apply(self, view: MessageView) -> None:
        """Mark the words in this message's widget, if it is the one."""
        if view.message_id != self._message_id or not self._words:
            return
        for edit in view.text_edits():
            found = [self._selection(cursor) for cursor in self._find(edit.document())]
            if found or edit in self._marked:
                edit.setExtraSelections(found)
                if edit not in self._marked:
                    self._marked.append(edit)

    def first_y(self, view: MessageView) -> int | None:
        """Where the first of the words is, in pixels below the message's top."""
        for edit in view.text_edits():
            if edit.isVisibleTo(view):
                for cursor in self._find(edit.document(), 1):
                    cursor.setPosition(cursor.selectionStart())
                    return edit.mapTo(view, QPoint(0, edit.cursorRect(cursor).top())).y()
        return None

    def paint(self, painter: QPainter, view: MessageView | None) -> None:
        """The light behind the message, for as long as it lasts."""
        if view is None or view.message_id != self._message_id or not self._flash.isActive():
            return
        colour = QColor(self._theme.colours.accent)
        colour.setAlpha(FLASH_ALPHA)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(view.geometry().adjusted(-GAP, 0, GAP, 0)), GAP, GAP)

    @property
    def lit(self) -> MessageId | None:
        """The message that is alight just now."""
        return self._message_id if self._flash.isActive() else None

    def _find(self, document: QTextDocument, most: int = MOST) -> list[QTextCursor]:
        found: list[QTextCursor] = []
        for word in self._words:
            cursor = document.find(word, 0)
            while not cursor.isNull() and len(found) < most:
                found.append(cursor)
                cursor = document.find(word, cursor)
        return sorted(found, key=lambda c: c.selectionStart())

    def _selection(self, cursor: QTextCursor) -> QTextEdit.ExtraSelection:
        shown = QTextEdit.ExtraSelection()
        style = QTextCharFormat()
        colour = QColor(self._theme.colours.accent)
        colour.setAlpha(MARK_ALPHA)
        style.setBackground(colour)
        shown.cursor = cursor
        shown.format = style
        return shown
