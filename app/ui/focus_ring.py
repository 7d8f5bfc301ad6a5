"""A ring around what Tab has come to where the widget itself shows nothing: text to be read."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractScrollArea,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

WIDTH = 2.0  # pixels
GOES_ON = (QEvent.Type.FocusOut, QEvent.Type.MouseButtonPress)


class FocusRing(QWidget):
    """Lies over a widget that has the keyboard, until it has it no more or the mouse is used."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(widget.rect())
        widget.installEventFilter(self)
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in GOES_ON:
            self.hide()
            watched.removeEventFilter(self)
            self.deleteLater()
        elif event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color(), WIDTH))
        half = WIDTH / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), 4, 4)
        painter.end()


def show_focus(widget: QWidget, *, forward: bool) -> None:
    """Give `widget` the keyboard as Tab does, so that it can be seen where it is."""
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    widget.setFocus(reason)
    is_text = isinstance(widget, QTextEdit | QPlainTextEdit) and widget.isReadOnly()
    is_page = isinstance(widget, QAbstractScrollArea) and not isinstance(
        widget, QAbstractItemView | QTextEdit | QPlainTextEdit
    )
    if widget.hasFocus() and (is_text or is_page):
        FocusRing(widget)
