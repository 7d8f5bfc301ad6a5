"""The list of parts: painted rows, so that ten thousand cost what a screenful does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.ui.memory.colours import paint_swatch
from app.ui.memory.parts_model import NOT_SENT, ROW_ROLE, Index, PartsModel, Row
from app.ui.memory.state import PINNED
from app.ui.plate import paint_plate
from app.ui.sizes import text_scale
from app.ui.theme import GAP, SMALL, Theme, text_font

SWATCH, ICON, PAD = 10, 14, 10  # pixels at 100 %
RADIUS = 6  # pixels, of the corners
TITLE_SHARE = 0.3  # of a row's width, at most


class PartsList(QListView):
    """`current_changed` on a move, `entered` on Enter or a double click, `menu_wanted` where."""

    current_changed = Signal()
    opened = Signal()
    menu_wanted = Signal(QPoint)  # on the screen

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("rowList")
        self.parts = PartsModel(self)
        self.setModel(self.parts)
        self.setItemDelegate(_PartPainter(theme, self.parts, self))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.selectionModel().currentChanged.connect(lambda _now, _before: self._tell())
        self.doubleClicked.connect(lambda _index: self.opened.emit())
        theme.changed.connect(self.viewport().update)
        self._say()

    def current(self) -> Row | None:
        """The row that the keyboard is on."""
        found = self.currentIndex().data(ROW_ROLE)
        return found if isinstance(found, Row) else None

    def choose(self, number: int) -> None:
        """Make row `number` the current one, and show it."""
        index = self.parts.index(number)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is ours; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.currentIndex()
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            self.setCurrentIndex(index)
        if index.isValid():
            place = self.viewport().mapToGlobal(self.visualRect(index).center())
            is_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
            self.menu_wanted.emit(event.globalPos() if is_mouse else place)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self.viewport().update()

    def _say(self) -> None:
        self.setAccessibleName(self.tr("Parts of the context"))

    def _tell(self) -> None:
        self.current_changed.emit()


class _PartPainter(QStyledItemDelegate):
    """A sample of the colour, title, beginning of the text, and numbers at the far end."""

    def __init__(self, theme: Theme, parts: PartsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._parts = theme, parts
        theme.changed.connect(self._measure)
        self._measure()

    def _measure(self) -> None:
        self._font = text_font(1.0)
        self._bold = text_font(1.0, QFont.Weight.DemiBold)
        self._small = text_font(SMALL)
        self.sizeHintChanged.emit(QModelIndex())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, QFontMetrics(self._font).height() + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(option.direction)
        plate = rect.adjusted(2, 1, -2, -1)
        paint_plate(painter, plate, state, self._theme.colours, RADIUS)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        is_quiet = row.tokens == NOT_SENT
        colours = self._theme.colours
        text = QColor(colours.muted if is_quiet else colours.text)
        left = self._paint_sample(painter, inner, row)
        numbers = self._parts.numbers_of(row)
        end = inner.width() - QFontMetrics(self._small).horizontalAdvance(numbers) - 2
        self._write(painter, inner, (end, inner.width()), numbers, self._small, colours.muted)
        left = self._paint_state(painter, inner, left, row)
        title = self._parts.title_of(row)
        words = self._parts.text_of(row)
        most = inner.width() * TITLE_SHARE if words else end - GAP
        wide = min(QFontMetrics(self._bold).horizontalAdvance(title) + 2, round(most))
        self._write(painter, inner, (left, left + wide), title, self._bold, text.name())
        self._write(
            painter, inner, (left + wide + GAP, end - GAP * 2), words, self._font, text.name()
        )
        painter.restore()

    def _paint_sample(self, painter: QPainter, inner: QRect, row: Row) -> int:
        """The colour in the bar; returns where what follows begins."""
        side = round(SWATCH * text_scale())
        if row.tokens != NOT_SENT:
            top = inner.top() + (inner.height() - side) // 2
            box = _turned(painter, inner, QRect(inner.left(), top, side, side))
            paint_swatch(painter, QRectF(box), row.kind.value, self._theme.colours)
        return side + GAP

    def _paint_state(self, painter: QPainter, inner: QRect, left: int, row: Row) -> int:
        if not row.state:
            return left
        side = round(ICON * text_scale())
        top = inner.top() + (inner.height() - side) // 2
        box = _turned(painter, inner, QRect(inner.left() + left, top, side, side))
        name = "pin" if row.state == PINNED else "eye-off"
        self._theme.icon(name, self._theme.colours.muted).paint(painter, box)
        return left + side + 6

    def _write(
        self,
        painter: QPainter,
        inner: QRect,
        between: tuple[int, int],
        text: str,
        font: QFont,
        colour: str,
    ) -> None:
        width = between[1] - between[0]
        if width <= 0 or not text:
            return
        painter.setFont(font)
        painter.setPen(QColor(colour))
        place = QRect(inner.left() + between[0], inner.top(), width, inner.height())
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
        side = QStyle.visualAlignment(painter.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
        flags = side | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
        painter.drawText(_turned(painter, inner, place), flags, shown)


def _turned(painter: QPainter, around: QRect, box: QRect) -> QRect:
    return QStyle.visualRect(painter.layoutDirection(), around, box)
