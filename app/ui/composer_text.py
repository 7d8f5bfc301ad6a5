"""The field that a message is written in: keys, input methods, pasting and dropping."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QImageWriter,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app.ui.wrapping import ANYWHERE, wrap_mode

LONG_PASTE = 20_000  # characters; a longer text is offered as a file
AFTER_COMMIT_S = 0.05  # nobody presses a second key that fast
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_GUARDED = (*_ENTER, Qt.Key.Key_Escape, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab)
_PICTURE = "image/png"


class ComposerText(QPlainTextEdit):
    """Tells when a key asked for something, and what was pasted or dropped that is no short text.

    While an input method composes, keys are its own. `take_key` is asked before anything else what
    to do with a key, `wants_escape` whether Esc is for the composer and not for the window.
    """

    submitted = Signal()
    focus_changed = Signal(bool)
    edit_last_requested = Signal()
    composing_changed = Signal()
    files_given = Signal(list)  # list[Path]
    picture_given = Signal(bytes)  # PNG
    long_text_given = Signal(str)
    menu_made = Signal(object)  # QMenu of the text, before it is shown: entries may be added

    def __init__(self) -> None:
        super().__init__()
        self.take_key: Callable[[QKeyEvent], bool] = lambda _event: False
        self.wants_escape: Callable[[], bool] = lambda: False
        self.sends_with_ctrl = False
        self._now: Callable[[], float] = time.monotonic
        self._committed_at = -1.0
        self.setObjectName("composerText")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setInputMethodHints(Qt.InputMethodHint.ImhMultiLine)  # it may suggest and correct
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(4)

    @property
    def is_composing(self) -> bool:
        """Whether an input method has text under way."""
        return bool(self.textCursor().block().layout().preeditAreaText())

    def show_anew(self, text: str) -> None:
        """Another text, with no history of what was here before; the caret at its end."""
        self.setWordWrapMode(wrap_mode(text))
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def replace_all(self, text: str, caret: int = -1) -> None:
        """Another text in a step that can be undone; `caret` counts characters, -1 is the end."""
        self.setWordWrapMode(wrap_mode(text))
        cursor = self.textCursor()
        cursor.beginEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        cursor.endEditBlock()
        if caret >= 0:
            cursor.setPosition(_utf16(text[:caret]))
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def insertPlainText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Put `text` at the caret."""
        if wrap_mode(text) == ANYWHERE:
            self.setWordWrapMode(ANYWHERE)
        super().insertPlainText(text)

    def height_of_lines(self, most: int) -> int:
        """Pixels that the lines need as they are laid out, at most the first `most` of them.

        Fonts for other scripts have higher lines, and what an input method composes counts.
        """
        document, height, left = self.document(), 0.0, most
        block = document.firstBlock()
        while block.isValid() and left:
            document.documentLayout().blockBoundingRect(block)  # lays it out if need be
            layout = block.layout()
            lines = [layout.lineAt(n) for n in range(min(left, layout.lineCount()))]
            height += sum(line.height() for line in lines)
            left -= len(lines)
            block = block.next()
        return math.ceil(height)

    # keys

    def event(self, event: QEvent) -> bool:
        """The window's shortcuts wait while a key is the input method's or the composer's."""
        if not isinstance(event, QKeyEvent):
            return super().event(event)
        is_tab = event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab
        if is_tab and (self._is_input_methods(event) or self.take_key(event)):
            return True  # it would move the keyboard on before it is seen as a key
        if event.type() == QEvent.Type.ShortcutOverride:
            is_ours = self.is_composing and event.key() in _GUARDED
            is_escape = event.key() == Qt.Key.Key_Escape and self.wants_escape()
            if event.matches(QKeySequence.StandardKey.Undo) and not self._can_undo():
                event.ignore()  # there may be a deletion to be undone
                return False
            if is_ours or is_escape or self._sends(event):
                event.accept()
                return True
        return super().event(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        was_composing = self.is_composing
        super().inputMethodEvent(event)
        if was_composing and not self.is_composing:
            self._committed_at = self._now()
        if was_composing or self.is_composing:
            self.composing_changed.emit()

    def _is_input_methods(self, event: QKeyEvent) -> bool:
        """Whether a key belongs to an input method; some send it again right after the text."""
        if event.key() not in _GUARDED:
            return False
        return self.is_composing or self._now() - self._committed_at < AFTER_COMMIT_S

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_input_methods(event) or self.take_key(event):
            event.accept()
        elif event.key() in _ENTER:
            self._enter(event.modifiers())
        elif event.matches(QKeySequence.StandardKey.MoveToPreviousLine) and self._is_empty():
            self.edit_last_requested.emit()
        else:
            super().keyPressEvent(event)

    def _enter(self, modifiers: Qt.KeyboardModifier) -> None:
        modifier = Qt.KeyboardModifier
        if self.sends_with_ctrl:
            is_sending = bool(modifiers & modifier.ControlModifier)
        else:
            is_sending = not modifiers & (modifier.ShiftModifier | modifier.AltModifier)
        if is_sending:
            self.submitted.emit()
        else:
            self.insertPlainText("\n")
            self.ensureCursorVisible()

    def _sends(self, event: QKeyEvent) -> bool:
        """Whether it is the key that was chosen for sending, which may mean more in the window."""
        is_ctrl = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        return self.sends_with_ctrl and is_ctrl and event.key() in _ENTER and not self._is_empty()

    def _can_undo(self) -> bool:
        return self.document().isUndoAvailable()

    def _is_empty(self) -> bool:
        return self.document().isEmpty()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_made.emit(menu)
        menu.popup(event.globalPos())

    # what is pasted and dropped

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        return can_take(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if files := files_in(source):
            self.files_given.emit(files)
        elif _has_words(source):
            text = source.text()
            if len(text) > LONG_PASTE:
                self.long_text_given.emit(text)
            else:
                self.insertPlainText(text)
                self.ensureCursorVisible()
        elif picture := picture_in(source):
            self.picture_given.emit(picture)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)


def can_take(source: QMimeData) -> bool:
    """Whether there are words, files or a picture in it."""
    return source.hasText() or source.hasUrls() or source.hasImage()


def has_attachable(source: QMimeData) -> bool:
    """Whether there are files, or a picture without words, in it."""
    return bool(files_in(source)) or (source.hasImage() and not _has_words(source))


def files_in(source: QMimeData) -> list[Path]:
    """The files of this computer that were copied in a file manager or dragged from it."""
    return [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]


def picture_in(source: QMimeData) -> bytes:
    """The picture as PNG; empty if there is none."""
    if source.hasFormat(_PICTURE) and (given := bytes(source.data(_PICTURE).data())):
        return given
    image = source.imageData()
    if not isinstance(image, QImage) or image.isNull():
        return b""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    writer.setQuality(80)  # little packing: this is the main thread
    writer.write(image)
    return bytes(buffer.data().data())


def _has_words(source: QMimeData) -> bool:
    """Office programs put a picture beside the text; a browser's picture has no text."""
    return source.hasFormat("text/plain") and bool(source.text().strip())


def _utf16(text: str) -> int:
    """How long Qt finds a text: characters beyond the first plane count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
