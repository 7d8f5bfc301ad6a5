"""The editor of a setting of several lines, which says at once what is wrong with the text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QPlainTextEdit

from app.ui.setting_fields import Field
from app.ui.theme import code_font

PAUSE_MS = 1000  # a text is taken this long after the last key


class LinesField(Field):
    """Text of several lines, taken when the keyboard goes elsewhere or rests for a second.

    `complaint` says what is wrong with a text, empty where nothing is; what is wrong is not taken.
    """

    def __init__(
        self,
        name: str,
        complaint: Callable[[str], str] = lambda _text: "",
        *,
        lines: int = 3,
        is_code: bool = False,
    ) -> None:
        super().__init__(name)
        self._complaint = complaint
        self._value = ""
        self.is_wrong = False
        self.editor: QPlainTextEdit = QPlainTextEdit()
        self.editor.setTabChangesFocus(True)
        self.editor.setProperty("field", True)
        if is_code:
            self.editor.setFont(code_font())
            self.editor.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._lines = lines
        self._set_height()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.finish)
        self.editor.textChanged.connect(self._typed)
        self.editor.installEventFilter(self)
        self._fill(self.editor)

    def show_value(self, value: str) -> None:
        """The value in force; what is being typed, or is wrong and said to be, stays."""
        self._value = value
        is_busy = self.editor.hasFocus() or self.is_wrong or self._pause.isActive()
        if not is_busy and self.editor.toPlainText() != value:
            self.editor.blockSignals(True)
            self.editor.setPlainText(value)
            self.editor.blockSignals(False)
        self._mark(value)

    def forget_typed(self) -> None:
        """The default is about to come back: what was typed, or is wrong, goes."""
        self._pause.stop()
        self.is_wrong = False
        self.say("")
        self._value = self.default
        self.editor.blockSignals(True)
        self.editor.setPlainText(self.default)
        self.editor.blockSignals(False)

    def finish(self) -> None:
        """Take what is there now."""
        self._pause.stop()
        text = self.editor.toPlainText()
        if not self.is_wrong and text != self._value:
            self._value = text
            self.changed.emit(self.name, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaving takes the text, also by closing the window."""
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.finish()
        elif event.type() == QEvent.Type.FontChange:
            self._set_height()
        return super().eventFilter(watched, event)

    def _set_height(self) -> None:
        self.editor.setFixedHeight(self.editor.fontMetrics().lineSpacing() * self._lines + 18)

    def _typed(self) -> None:
        words = self._complaint(self.editor.toPlainText())
        if words or self.is_wrong:
            self.say(words, "bad")
        self.is_wrong = bool(words)
        self._pause.start()
