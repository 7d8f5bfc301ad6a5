"""The text of a piece of code: read-only, coloured, as high as its lines."""

from __future__ import annotations

import math
from itertools import accumulate

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app.ui.highlight import Span
from app.ui.theme import code_font
from app.ui.wrapping import wrap_mode

MEASURED_LINES = 300  # measured one by one, in less than a millisecond
LINES_AT_ONCE = 400  # that get their colours between two looks at keyboard and mouse


def in_units(line: str, spans: list[Span]) -> list[Span]:
    """The spans of a line as Qt counts: characters beyond the first plane are two."""
    if not line or max(line) <= "\uffff":
        return spans
    places = list(accumulate((1 + (sign > "\uffff") for sign in line), initial=0))
    last = len(line)
    return [
        Span(start := places[min(s.start, last)], places[min(s.start + s.length, last)] - start,
             s.colour)
        for s in spans
    ]  # fmt: skip


class LineColours(QSyntaxHighlighter):
    """Applies spans computed elsewhere, line by line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: list[list[Span]] = []
        self._next: list[list[Span]] = []

    def show(self, lines: list[list[Span]]) -> bool:
        """Colour the lines whose spans are not what they were; False while there are more."""
        self._next = lines
        return self.go_on()

    def go_on(self) -> bool:
        """Some more lines; False while there are more."""
        changed = [
            number
            for number, line in enumerate(self._next)
            if number >= len(self._lines) or self._lines[number] != line
        ]
        now = changed[:LINES_AT_ONCE]
        self._lines = [*self._lines, *([[]] * (len(self._next) - len(self._lines)))]
        for number in now:
            self._lines[number] = self._next[number]
            block = self.document().findBlockByNumber(number)
            if block.isValid():
                self.rehighlightBlock(block)
        return len(now) == len(changed)

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        if number >= len(self._lines):
            return
        for span in in_units(text, self._lines[number]):
            colours = QTextCharFormat()
            colours.setForeground(QColor(span.colour))
            self.setFormat(span.start, span.length, colours)


class CodeText(QPlainTextEdit):
    """Read-only code that leaves vertical scrolling to the transcript."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("codeText")
        self.setReadOnly(True)
        self.setFont(code_font())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(4)
        self.setViewportMargins(8, 0, 8, 0)
        self.colours = LineColours(self.document())
        # that a line is too long is known only once it is laid out: the bar must not cover the last
        self.horizontalScrollBar().rangeChanged.connect(lambda *_: self.fit())

    @property
    def is_wrapped(self) -> bool:
        """Whether long lines are broken instead of scrolled."""
        return self.lineWrapMode() is not QPlainTextEdit.LineWrapMode.NoWrap

    def set_wrapped(self, is_wrapped: bool) -> None:
        """Break long lines, or scroll to their ends."""
        modes = QPlainTextEdit.LineWrapMode
        if is_wrapped:
            self.setWordWrapMode(wrap_mode(self.toPlainText()))
        self.setLineWrapMode(modes.WidgetWidth if is_wrapped else modes.NoWrap)
        self.fit()

    def add(self, text: str) -> None:
        """More at the end, without laying out the rest again."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)

    def fit(self) -> None:
        """Become as high as the lines."""
        bar = self.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 and not self.is_wrapped else 0
        around = 2 * self.document().documentMargin() + 2
        self.setFixedHeight(math.ceil(self._height_of_lines() + around) + extra)

    def _height_of_lines(self) -> float:
        """Each as it is, for another script is higher; of very many all as the font has them."""
        lines = self.blockCount()
        if lines <= MEASURED_LINES:
            block, height = self.document().firstBlock(), 0.0
            while block.isValid():
                height += self.blockBoundingRect(block).height()
                block = block.next()
            return height
        if self.is_wrapped:
            lines = int(self.document().documentLayout().documentSize().height())
        metrics = QFontMetricsF(self.font())
        return lines * (math.ceil(metrics.ascent()) + math.ceil(metrics.descent()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().wheelEvent(event)
        else:
            event.ignore()
