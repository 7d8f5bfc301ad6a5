"""List and detail: side by side where there is room, else one after the other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.theme import GAP, READING_WIDTH

WIDE = 720  # pixels from which list and detail stand side by side
LEAST_WIDTH = 240  # pixels
LIST_WIDTH, LIST_SHARE = (340, 520), 0.4  # least and most of the list, and its share of the whole


class ListAndDetail(QWidget):
    """Holds the two sides; narrow, the detail covers the list until one goes back."""

    layout_changed = Signal(bool)  # whether one is over the other

    def __init__(self, side: QWidget, detail: QWidget) -> None:
        super().__init__()
        self._side, self._detail = side, detail
        self._line = QFrame()
        self._line.setFixedWidth(1)
        self._line.setObjectName("splitLine")
        self._is_narrow = False
        self._has_opened = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side, 0)
        row.addWidget(self._line)
        row.addWidget(detail, 1)
        self._arrange()

    @property
    def is_narrow(self) -> bool:
        """Whether only one side has room."""
        return self._is_narrow

    @property
    def covers_list(self) -> bool:
        """Whether the detail is in front of the list, so that there is a way back."""
        return self._is_narrow and self._has_opened

    def open_detail(self) -> None:
        """Bring the detail forward where it is not on show beside the list."""
        self._has_opened = True
        self._arrange()

    def close_detail(self) -> None:
        """Back to the list."""
        self._has_opened = False
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """What one side needs: the two are never side by side for want of room."""
        return QSize(LEAST_WIDTH, self._side.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = event.size().width() < WIDE
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self.layout_changed.emit(is_narrow)
        self._arrange()

    def _arrange(self) -> None:
        self._side.setVisible(not self.covers_list)
        self._detail.setVisible(not self._is_narrow or self._has_opened)
        self._line.setVisible(not self._is_narrow)
        if self._is_narrow:
            self._side.setMinimumWidth(0)
            self._side.setMaximumWidth(16777215)
        else:
            least, most = LIST_WIDTH
            self._side.setFixedWidth(max(least, min(most, int(self.width() * LIST_SHARE))))


class Column(QScrollArea):
    """A column of widgets that scrolls, at most as wide as one reads comfortably."""

    def __init__(self, *, width: int = READING_WIDTH, is_centred: bool = False) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        inner.setMaximumWidth(width)
        self.items = QVBoxLayout(inner)
        self.items.setContentsMargins(0, 0, 0, 0)
        self.items.setSpacing(GAP)
        ground = QWidget()
        row = QHBoxLayout(ground)
        row.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 3)
        if is_centred:
            row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        self.setWidget(ground)
