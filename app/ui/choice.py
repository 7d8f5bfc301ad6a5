"""A drop-down list with the window's own arrow."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox

from app.ui.theme import Theme

ARROW = 16  # pixels


class Choice(QComboBox):
    """A drop-down list in the style of the page; the first entry may stand for any."""

    def __init__(self, theme: Theme, name: str, everything: str = "") -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(name)
        self.setToolTip(name)
        if everything:
            self.addItem(everything, "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """With the window's own arrow; a style sheet could take it only from a file."""
        super().paintEvent(event)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = 7 if is_mirrored else self.width() - ARROW - 7
        painter = QPainter(self)
        box = QRect(left, (self.height() - ARROW) // 2, ARROW, ARROW)
        self._theme.icon("chevron-down", self._theme.colours.muted).paint(painter, box)
        painter.end()
