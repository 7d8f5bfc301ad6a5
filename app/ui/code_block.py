"""A piece of code in a message: its language, a copy button, colours."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.highlight import Span, is_ready, spans
from app.ui.theme import GAP, Theme, code_font

NOT_READY_MS = 50  # until it is asked again whether Pygments is loaded


class _LineColours(QSyntaxHighlighter):
    """Applies spans computed elsewhere, line by line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: list[list[Span]] = []

    def show(self, lines: list[list[Span]]) -> None:
        """Colour the lines whose spans are not what they were."""
        before, self._lines = self._lines, lines
        block = self.document().firstBlock()
        for number, line in enumerate(lines):
            if not block.isValid():
                return
            if number >= len(before) or before[number] != line:
                self.rehighlightBlock(block)
            block = block.next()

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        if number >= len(self._lines):
            return
        for span in self._lines[number]:
            colours = QTextCharFormat()
            colours.setForeground(QColor(span.colour))
            self.setFormat(span.start, span.length, colours)


class _CodeText(QPlainTextEdit):
    """Read-only code that leaves vertical scrolling to the transcript."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().wheelEvent(event)
        else:
            event.ignore()


class CodeBlock(QWidget):
    """Code with its language, a copy button and colours; grows while it is written."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = QFrame()
        frame.setObjectName("codeBlock")
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.addWidget(frame)
        self._theme = theme
        self._language = ""
        self._code = ""
        self._label = QLabel()
        self._label.setProperty("role", "muted")
        self.copy_button = QToolButton()
        self.copy_button.setToolTip(self.tr("Copy the code"))
        self.copy_button.setAccessibleName(self.tr("Copy the code"))
        self.copy_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.copy_button.clicked.connect(self.copy_code)
        self._text = _CodeText()
        self._text.setObjectName("codeText")
        self._text.setReadOnly(True)
        self._text.setFont(code_font())
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._colours = _LineColours(self._text.document())
        self._recolour = QTimer(self)
        self._recolour.setSingleShot(True)
        self._recolour.timeout.connect(self._colour)
        self._interval_ms = 300
        self._is_coloured = True
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 0)
        head.addWidget(self._label)
        head.addStretch()
        head.addWidget(self.copy_button)
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(0, 0, 0, GAP)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._text)
        self._text.document().setDocumentMargin(4)
        self._text.setViewportMargins(8, 0, 8, 0)
        self._show_copy()

    @property
    def code(self) -> str:
        """The code as it would be copied."""
        return self._code

    def set_indent(self, pixels: int) -> None:
        """Leave so much room at the side: code within a list stands below its item's text."""
        if self._outer.contentsMargins().left() != pixels:
            self._outer.setContentsMargins(pixels, 0, 0, 0)

    def show_code(self, code: str, language: str) -> None:
        """Show `code`; text that merely grew is appended without laying out the rest again."""
        if language != self._language:
            self._language = language
            self._label.setText(language)
        if code == self._code:
            return
        if self._code and code.startswith(self._code):
            cursor = QTextCursor(self._text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(code[len(self._code) :])
        else:
            self._text.setPlainText(code)
        self._code = code
        self._is_coloured = False
        self._fit()
        if not self._recolour.isActive():
            self._recolour.start(self._interval_ms)

    def finish(self) -> None:
        """No more code will come: colour it soon."""
        if not self._is_coloured:
            self._recolour.start(0)

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        self._show_copy()
        self._colour()

    def copy_code(self) -> None:
        """Put the code on the clipboard and say so for a moment."""
        QGuiApplication.clipboard().setText(self._code)
        self.copy_button.setText(self.tr("Copied"))
        self.copy_button.setIcon(self._theme.icon("check", self._theme.colours.muted))
        QTimer.singleShot(1500, self, self._show_copy)

    def _show_copy(self) -> None:
        self.copy_button.setText(self.tr("Copy"))
        self.copy_button.setIcon(self._theme.icon("copy", self._theme.colours.muted))

    def _colour(self) -> None:
        if self._language and not is_ready():
            self._recolour.start(NOT_READY_MS)
            return
        started = time.monotonic()
        self._is_coloured = True
        self._colours.show(spans(self._code, self._language, dark=self._theme.colours.is_dark))
        cost_ms = (time.monotonic() - started) * 1000
        # A long block is lexed again and again while it grows: spend at most 1/30 of the time on it
        self._interval_ms = max(300, int(cost_ms * 30))

    def _fit(self) -> None:
        metrics = QFontMetricsF(self._text.font())
        lines = self._text.document().blockCount()
        bar = self._text.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self._text.setFixedHeight(int(lines * metrics.lineSpacing() + 10) + extra)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
