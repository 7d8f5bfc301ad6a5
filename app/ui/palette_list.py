"""A list beside a field that keeps the keyboard: rows with a quiet second text, and headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QColor, QFont, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.ui.announce import announce
from app.ui.theme import SMALL, Theme, text_font

_ID = Qt.ItemDataRole.UserRole
_DETAIL = Qt.ItemDataRole.UserRole + 1
_IS_HEADING = Qt.ItemDataRole.UserRole + 2
PAD, GAP_BETWEEN = 10, 16  # pixels: at the sides, between the two texts
_Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A heading has no `id` and cannot be chosen."""

    id: str
    title: str
    detail: str = ""

    @property
    def is_heading(self) -> bool:
        """Whether it names the rows below it."""
        return not self.id


class PickList(QListWidget):
    """Shows rows and one of them as current; the field beside it tells it where to go.

    Each move is told to screen readers, as the keyboard stays in the field.
    """

    picked = Signal(str)  # id of the row that was clicked

    def __init__(
        self, theme: Theme, name: str, *, is_detail_at_end: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setObjectName("rowList")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(_Painter(theme, is_detail_at_end, self))
        self.itemEntered.connect(self._follow_mouse)
        self.itemClicked.connect(self._pick)
        theme.changed.connect(self.viewport().update)

    def show_rows(self, rows: Sequence[Row], current: str = "") -> None:
        """These rows; the one with the id `current`, else the first, is current."""
        self.clear()
        for row in rows:
            item = QListWidgetItem(row.title)
            item.setData(_ID, row.id)
            item.setData(_DETAIL, row.detail)
            item.setData(_IS_HEADING, row.is_heading)
            if row.is_heading:
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            words = ", ".join(part for part in (row.title, row.detail) if part)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            self.addItem(item)
        numbers = self._numbers()
        wanted = [n for n in numbers if self.item(n).data(_ID) == current]
        self.setCurrentRow((wanted or numbers or [-1])[0])
        if not wanted:
            self.scrollToTop()  # with the heading of the first row

    def current_id(self) -> str:
        """The id of the current row; empty without one."""
        item = self.currentItem()
        return str(item.data(_ID)) if item is not None else ""

    def ids(self) -> list[str]:
        """What can be chosen, from the top."""
        return [str(self.item(number).data(_ID)) for number in self._numbers()]

    def step(self, by: int) -> None:
        """So many rows down (up if negative); from an end to the other, a page stops there."""
        numbers = self._numbers()
        if not numbers:
            return
        place = numbers.index(self.currentRow()) if self.currentRow() in numbers else -1
        to = place + by
        to = to % len(numbers) if abs(by) == 1 else max(0, min(to, len(numbers) - 1))
        self.setCurrentRow(numbers[to])
        if to == 0:
            self.scrollToTop()
        self.say_current()

    def say_current(self) -> None:
        """Tell screen readers which row it is."""
        item, numbers = self.currentItem(), self._numbers()
        if item is None or not QAccessible.isActive():
            return
        words = (
            self.tr("{row}, {number} of {count}")
            .replace("{number}", str(numbers.index(self.currentRow()) + 1))
            .replace("{count}", str(len(numbers)))
            .replace("{row}", str(item.data(Qt.ItemDataRole.AccessibleTextRole)))
        )
        announce(self, words)

    def height_of_rows(self, most: int) -> int:
        """Pixels that all rows need, at most those of `most` rows."""
        heights = [self.sizeHintForRow(number) for number in range(self.count())]
        return sum(heights[:most])

    def _numbers(self) -> list[int]:
        return [n for n in range(self.count()) if not self.item(n).data(_IS_HEADING)]

    def _follow_mouse(self, item: QListWidgetItem) -> None:
        if not item.data(_IS_HEADING):
            self.setCurrentItem(item)

    def _pick(self, item: QListWidgetItem) -> None:
        if not item.data(_IS_HEADING):
            self.picked.emit(str(item.data(_ID)))


class _Painter(QStyledItemDelegate):
    """Title, and the second text at the far end or right after it."""

    def __init__(self, theme: Theme, is_detail_at_end: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._is_detail_at_end = theme, is_detail_at_end

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        line = option.fontMetrics.height()
        return QSize(100, line + (10 if index.data(_IS_HEADING) else 14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        direction: Qt.LayoutDirection = option.direction
        colours = self._theme.colours
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selected))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        title, detail = str(index.data() or ""), str(index.data(_DETAIL) or "")
        if index.data(_IS_HEADING):
            painter.setFont(text_font(SMALL, QFont.Weight.DemiBold))
            painter.setPen(QColor(colours.muted))
            _write(painter, inner, title, direction, is_at_end=False)
            painter.restore()
            return
        painter.setFont(option.font)
        width = painter.fontMetrics().horizontalAdvance(title) + GAP_BETWEEN
        for_detail = painter.fontMetrics().horizontalAdvance(detail)
        if self._is_detail_at_end and detail:
            for_title = max(inner.width() // 2, inner.width() - for_detail - GAP_BETWEEN)
        else:
            for_title = inner.width()
        painter.setPen(QColor(colours.text))
        place = QRect(inner.left(), inner.top(), for_title, inner.height())
        _write(painter, QStyle.visualRect(direction, inner, place), title, direction)
        used = min(width, for_title)
        left = QRect(inner.left() + used, inner.top(), inner.width() - used, inner.height())
        painter.setPen(QColor(colours.muted))
        if detail and left.width() > GAP_BETWEEN * 2:
            place = QStyle.visualRect(direction, inner, left)
            _write(painter, place, detail, direction, is_at_end=self._is_detail_at_end)
        painter.restore()


def _write(
    painter: QPainter,
    rect: QRect,
    text: str,
    direction: Qt.LayoutDirection,
    *,
    is_at_end: bool = False,
) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    flag = Qt.AlignmentFlag
    side = flag.AlignRight if is_at_end else flag.AlignLeft
    alignment = QStyle.visualAlignment(direction, side | flag.AlignVCenter)
    painter.drawText(rect, int(alignment), shown)
