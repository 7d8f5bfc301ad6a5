"""A button that gives up the end of its words where there is too little room."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolTip,
    QWidget,
)

LEAST = 120  # pixels that it asks for in any case


class ElidedButton(QPushButton):
    """`text()` stays whole, and is the tooltip where it is cut."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        whole = super().minimumSizeHint()
        return QSize(min(LEAST, whole.width()), whole.height())

    @property
    def room(self) -> int:
        """Pixels there are for the words."""
        return self.width() - (self.sizeHint().width() - self._needed())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and not self.toolTip() and self._needed() > self.room:
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        if self._needed() > self.room:  # else a part of a pixel could cost three letters
            option.text = self.fontMetrics().elidedText(
                self.text(), Qt.TextElideMode.ElideRight, max(0, self.room)
            )
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()

    def _needed(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.text())
