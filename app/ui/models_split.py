"""List and detail: side by side where there is room, else one after the other."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.ui.models_parts import Placeholder, TextButton
from app.ui.theme import GAP, READING_WIDTH, Theme

WIDE = 720  # pixels from which list and detail stand side by side
LEAST_WIDTH = 240  # pixels
LIST_WIDTH, LIST_SHARE = (340, 520), 0.4  # least and most of the list, and its share of the whole


class DetailPane(QWidget):
    """A column that scrolls, a hint while nothing is chosen, and over both the way back."""

    back_requested = Signal()

    def __init__(self, theme: Theme, hint: Placeholder) -> None:
        super().__init__()
        self._theme = theme
        self.back = TextButton(theme, self.tr("Back to the list"), "arrow-left")
        self.back.clicked.connect(self.back_requested)
        self.back.hide()
        self._hint = hint
        self._column = Column()
        self._stack = QStackedWidget()
        self._stack.addWidget(hint)
        self._stack.addWidget(self._column)
        bar = QHBoxLayout()
        bar.setContentsMargins(GAP * 2, GAP, GAP * 2, 0)
        bar.addWidget(self.back)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._stack, 1)

    def show_hint(self) -> None:
        """Nothing is chosen."""
        self._stack.setCurrentWidget(self._hint)

    def show_column(self) -> None:
        """Something is chosen."""
        self._stack.setCurrentWidget(self._column)


class ListAndDetail(QWidget):
    """Holds the two sides; narrow, the detail covers the list until one goes back."""

    def __init__(self, side: QWidget, rows: QWidget, detail: DetailPane) -> None:
        """`rows` is the list within `side`, where the keyboard goes on the way back."""
        super().__init__()
        self._side, self._rows, self._detail = side, rows, detail
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
        detail.back_requested.connect(self.go_back)
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
        if self.covers_list:  # the list is hidden, and the keyboard needs a place
            self._detail.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_detail(self) -> None:
        """Back to the list."""
        self._has_opened = False
        self._arrange()

    def go_back(self) -> bool:
        """From the details to the list; false where one is in the list already."""
        focus = self.focusWidget()
        inside = focus is not None and self._detail.isAncestorOf(focus) and focus.hasFocus()
        if not self.covers_list and not inside:
            return False
        self.close_detail()
        self._rows.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def minimumSizeHint(self) -> QSize:
        """What one side needs: the two are never side by side for want of room."""
        return QSize(LEAST_WIDTH, self._side.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._is_narrow = event.size().width() < WIDE
        self._arrange()

    def _arrange(self) -> None:
        self._side.setVisible(not self.covers_list)
        self._detail.setVisible(not self._is_narrow or self._has_opened)
        self._detail.back.setVisible(self.covers_list)
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
