"""A list of models as painted rows: title, badge, facts and a note; thousands cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.core.models_entities import Fit, FitVerdict
from app.ui.models_words import fit_numbers, fit_words
from app.ui.palettes import Colours
from app.ui.plate import paint_plate
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.tips import tip

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
PADDING = 10  # pixels inside a row's plate
RADIUS = 8  # pixels, of its corners
LINE_GAP = 3  # pixels between the lines of a row


@dataclass(frozen=True, slots=True)
class Row:
    """What a row shows. `role` of badge and note: good, warn, bad or muted."""

    key: str
    title: str
    facts: str = ""
    note: str = ""
    note_role: str = "muted"
    badge: str = ""
    badge_role: str = "muted"
    tooltip: str = ""

    @property
    def spoken(self) -> str:
        """For a screen reader."""
        return ", ".join(t for t in (self.title, self.badge, self.facts, self.note) if t)


def fit_role(fit: Fit) -> str:
    """The colour of a verdict."""
    return {
        FitVerdict.GPU: "good",
        FitVerdict.PARTLY: "warn",
        FitVerdict.MEMORY: "muted",
        FitVerdict.TOO_BIG: "bad",
    }[fit.verdict]


def fit_badge(fit: Fit | None) -> dict[str, str]:
    """Badge and tooltip of a row, from the fit, if it is known."""
    if fit is None:
        return {}
    return {
        "badge": fit_words(fit),
        "badge_role": fit_role(fit),
        "tooltip": fit_numbers(fit),
    }


class Rows(QAbstractListModel):
    """Rows that are replaced as a whole; where the same ones stay only their looks change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def replace(self, rows: Sequence[Row]) -> bool:
        """Show `rows`; true if other ones than before, so that the selection is gone."""
        new = list(rows)
        if new == self.rows:
            return False
        if [row.key for row in new] == [row.key for row in self.rows]:
            self.rows = new
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return False
        if self.rows and [row.key for row in new[: len(self.rows)]] == [r.key for r in self.rows]:
            self.beginInsertRows(QModelIndex(), len(self.rows), len(new) - 1)
            self.rows = new
            self.endInsertRows()
            return False
        self.beginResetModel()
        self.rows = new
        self.endResetModel()
        return True

    def row_of(self, key: str) -> int:
        """The row of `key`, -1 if it is not there."""
        return next((number for number, row in enumerate(self.rows) if row.key == key), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(row.tooltip) or None
        return row if role == ROW_ROLE else None


class _RowPainter(QStyledItemDelegate):
    """Paints a row as a rounded plate: title and badge, facts, note."""

    def __init__(self, theme: Theme, parent: QWidget, *, has_note: bool) -> None:
        super().__init__(parent)
        self._theme = theme
        self._has_note = has_note
        theme.changed.connect(self._measure)
        self._measure()

    def _measure(self) -> None:
        self._title_font = text_font(1.0, QFont.Weight.DemiBold)
        self._small_font = text_font(SMALL)
        self._title = QFontMetrics(self._title_font)
        self._small = QFontMetrics(self._small_font)
        self.sizeHintChanged.emit(QModelIndex())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = 2 if self._has_note else 1
        height = self._title.height() + lines * (self._small.height() + LINE_GAP)
        return QSize(120, height + 2 * PADDING + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate: QRect = option.rect.adjusted(GAP, 1, -GAP, -1)
        state: QStyle.StateFlag = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        paint_plate(painter, plate, state, self._theme.colours, RADIUS)
        inner = plate.adjusted(PADDING, PADDING, -PADDING, -PADDING)
        quiet = self._theme.colours.text if is_selected else self._theme.colours.muted
        painter.setLayoutDirection(option.direction)
        width = self._paint_badge(painter, inner, row, quiet)
        painter.setFont(self._title_font)
        painter.setPen(QColor(self._theme.colours.text))
        title = QRect(inner.left(), inner.top(), inner.width() - width, self._title.height())
        _write(painter, _turned(painter, inner, title), self._title, row.title)
        painter.setFont(self._small_font)
        line = QRect(
            inner.left(), title.bottom() + LINE_GAP + 1, inner.width(), self._small.height()
        )
        painter.setPen(QColor(quiet))
        _write(painter, line, self._small, row.facts)
        if self._has_note:
            line.translate(0, self._small.height() + LINE_GAP)
            painter.setPen(QColor(_colour(self._theme.colours, row.note_role, quiet)))
            _write(painter, line, self._small, row.note)
        painter.restore()

    def _paint_badge(self, painter: QPainter, inner: QRect, row: Row, quiet: str) -> int:
        """A dot and the words at the right end of the first line; returns the width they take."""
        if not row.badge:
            return 0
        width = self._small.horizontalAdvance(row.badge) + 2
        height = self._title.height()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_colour(self._theme.colours, row.badge_role, quiet)))
        left = inner.right() - width
        dot = QRect(left - 12, inner.top() + (height - 7) // 2, 7, 7)
        painter.drawEllipse(_turned(painter, inner, dot))
        painter.setFont(self._small_font)
        painter.setPen(QColor(_colour(self._theme.colours, row.badge_role, quiet)))
        box = _turned(painter, inner, QRect(left, inner.top(), width + 1, height))
        painter.drawText(box, _middle(painter, Qt.AlignmentFlag.AlignRight), row.badge)
        return width + 12 + GAP


class RowList(QListView):
    """The list: `chosen` when the selection moves, `opened` on a click, `entered` on Enter."""

    chosen = Signal(str)
    opened = Signal(str)
    entered = Signal(str)

    def __init__(self, theme: Theme, name: str, *, has_note: bool = True) -> None:
        super().__init__()
        self.setObjectName("rowList")
        self.setAccessibleName(name)
        self.rows = Rows(self)
        self.setModel(self.rows)
        self.setItemDelegate(_RowPainter(theme, self, has_note=has_note))
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.clicked.connect(lambda index: self.opened.emit(self._key(index)))
        self.selectionModel().selectionChanged.connect(self._tell)
        theme.changed.connect(self.viewport().update)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows; what was selected stays so if it is still there."""
        key = self.selected()
        if self.rows.replace(rows):
            self.select(key)

    def selected(self) -> str:
        """The key of the selected row, empty without one."""
        indexes = self.selectedIndexes()
        return self._key(indexes[0]) if indexes else ""

    def select(self, key: str) -> None:
        """Select the row of `key`; none, if it is not there."""
        number = self.rows.row_of(key)
        if number < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self.rows.index(number))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is ours; the rest is Qt's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.setCurrentIndex(self.currentIndex())
            self.entered.emit(self._key(self.currentIndex()))
            return
        super().keyPressEvent(event)

    def _key(self, index: Index) -> str:
        row = index.data(ROW_ROLE)
        return row.key if isinstance(row, Row) else ""

    def _tell(self) -> None:
        if key := self.selected():
            self.chosen.emit(key)


def _colour(colours: Colours, role: str, quiet: str) -> str:
    return {"good": colours.good, "warn": colours.warn, "bad": colours.danger}.get(role, quiet)


def _write(painter: QPainter, box: QRect, metrics: QFontMetrics, text: str) -> None:
    shown = metrics.elidedText(
        text.replace("\n", " "), Qt.TextElideMode.ElideRight, max(0, box.width())
    )
    painter.drawText(box, _middle(painter, Qt.AlignmentFlag.AlignLeft), shown)


def _turned(painter: QPainter, around: QRect, box: QRect) -> QRect:
    """The place of `box` in `around` as this language has it."""
    return QStyle.visualRect(painter.layoutDirection(), around, box)


def _middle(painter: QPainter, side: Qt.AlignmentFlag) -> Qt.AlignmentFlag:
    """The side as this language has it, whatever the language of the text is."""
    turned = QStyle.visualAlignment(painter.layoutDirection(), side)
    return turned | Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute
