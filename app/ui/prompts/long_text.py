"""A field of several lines that grows with its text, as the composer does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QSize, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy

from app.ui.wrapping import wrap_mode

LEAST_LINES, MOST_LINES = 3, 9
MOST_CHARACTERS = 400_000  # what a prompt can hold beside its other texts; more holds up the window


class LongText(QPlainTextEdit):
    """Tab goes to the next field; it is as high as its lines, between two limits."""

    refused = Signal(int)  # a text of so many characters has no room

    def __init__(self, least: int = LEAST_LINES, most: int = MOST_LINES) -> None:
        super().__init__()
        self._least, self._most = least, most
        self.setProperty("field", True)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def show_text(self, text: str) -> None:
        """Another text, from its beginning."""
        self.setWordWrapMode(wrap_mode(text))
        self.setPlainText(text)

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        count = len(self.toPlainText()) - len(self.textCursor().selectedText()) + len(text)
        if count > MOST_CHARACTERS:
            self.refused.emit(count)
        elif text:
            self.insertPlainText(text)
            self.ensureCursorVisible()

    def use_font(self, font: QFont) -> None:
        """Write in another font."""
        self.setFont(font)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(240, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def _fit(self) -> None:
        # a plain text document's height is counted in lines as they are wrapped
        lines = int(self.document().documentLayout().documentSize().height())
        shown = max(self._least, min(self._most, lines))
        margins = 2 * (self.document().documentMargin() + self.frameWidth()) + 8
        height = int(shown * self.fontMetrics().lineSpacing() + margins)
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(height)
