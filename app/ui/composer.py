"""Where the person writes: grows with the text; Enter sends, Shift+Enter breaks the line."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QSizePolicy, QToolButton, QWidget

from app.ui.theme import GAP, READING, Theme, text_font

MOST_LINES = 9


class _ComposerText(QPlainTextEdit):
    """The text itself; tells when Enter was pressed outside an input method."""

    submitted = Signal()
    focus_changed = Signal(bool)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        breaks = event.modifiers() & (
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier
        )
        if is_enter and not breaks:
            self.submitted.emit()
        elif is_enter:
            self.insertPlainText("\n")
        else:
            super().keyPressEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if source.hasText():
            self.insertPlainText(source.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)


class Composer(QFrame):
    """Text and one button, which sends, or stops while the model writes."""

    submitted = Signal(str)
    stop_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composerFrame")
        self._theme = theme
        self._is_answering = False
        self._can_send = True
        self.text = _ComposerText()
        self.text.setObjectName("composerText")
        self.text.setPlaceholderText(self.tr("Write a message"))
        self.text.setAccessibleName(self.tr("Message"))
        self.text.setFont(text_font(READING))
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setTabChangesFocus(True)
        self.text.viewport().setAutoFillBackground(False)
        self.text.document().setDocumentMargin(4)
        self.button = QToolButton()
        self.button.setObjectName("sendButton")
        self.button.setIconSize(QSize(20, 20))
        self.button.setFixedSize(36, 36)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.text)
        self.text.submitted.connect(self._submit)
        self.text.focus_changed.connect(self._show_focus)
        self.text.textChanged.connect(self._show_button)
        self.text.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.button.clicked.connect(self._press)
        theme.changed.connect(self._show_button)
        self._show_button()
        self._fit()

    def set_answering(self, is_answering: bool) -> None:
        """Whether the model writes: the button stops it then."""
        self._is_answering = is_answering
        self._show_button()

    def set_can_send(self, can_send: bool) -> None:
        """Whether there is a model to answer; typing is always possible."""
        self._can_send = can_send
        self._show_button()

    def forget(self, text: str) -> None:
        """`text` is safe on disk; keep what was typed since."""
        if self.text.toPlainText().strip() == text:
            self.text.clear()

    def _press(self) -> None:
        if self._is_answering:
            self.stop_requested.emit()
        else:
            self._submit()

    def _submit(self) -> None:
        text = self.text.toPlainText().strip()
        if text and self._can_send and not self._is_answering:
            self.submitted.emit(text)

    def _show_button(self) -> None:
        colours = self._theme.colours
        has_text = bool(self.text.toPlainText().strip())
        self.button.setEnabled(self._is_answering or (has_text and self._can_send))
        icon, name = (
            ("square", self.tr("Stop (Esc)"))
            if self._is_answering
            else ("arrow-up", self.tr("Send (Enter)"))
        )
        tint = colours.on_accent if self.button.isEnabled() else colours.muted
        self.button.setIcon(self._theme.icon(icon, tint))
        self.button.setToolTip(name)
        self.button.setAccessibleName(name)

    def _show_focus(self, has_focus: bool) -> None:
        self.setProperty("focused", has_focus)
        self.style().unpolish(self)
        self.style().polish(self)

    def _fit(self) -> None:
        line = self.text.fontMetrics().lineSpacing()
        # QPlainTextEdit's layout counts its height in lines, not in pixels
        lines = max(1, min(MOST_LINES, int(self.text.document().size().height())))
        self.text.setFixedHeight(max(36, lines * line + 12))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
