"""A table; one that is wider than its column scrolls sideways instead of squeezing its text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QTextTableFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.ui.markdown_parts import LINE_BREAK, Run, Table
from app.ui.markdown_source import table_markdown, table_plain
from app.ui.maths import SIZE, renderer
from app.ui.rich_text import RichText
from app.ui.theme import Theme

PADDING = 6  # pixels within a cell
COMFORTABLE = 190  # pixels that a column keeps at least, where its text is as long
LONGEST = 420  # pixels that a column is wide at most


class TableBlock(RichText):
    """A table; rows that come are added without laying out the others' text again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._shown = Table((), ())
        self._table: QTextTable | None = None
        self._naturals: list[list[float]] = []  # pixels that each row's cells would like
        self._widths: list[int] = []
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def show_table(self, table: Table) -> None:
        """Show `table`, which may have grown."""
        if table == self._shown:
            return
        is_new = self._table is None or table.aligns != self._shown.aligns
        if is_new:
            self._begin(table)
        assert self._table is not None
        before, self._shown = self._shown.rows, table
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if len(table.rows) < self._table.rows():
            self._table.removeRows(len(table.rows), self._table.rows() - len(table.rows))
        elif len(table.rows) > self._table.rows():
            self._table.appendRows(len(table.rows) - self._table.rows())
        del self._naturals[len(table.rows) :]
        for number, row in enumerate(table.rows):
            if number >= len(before) or (before[number] is not row and before[number] != row):
                self._show_row(number, row)
        cursor.endEditBlock()
        self.fit()
        if is_new:
            self.moveCursor(QTextCursor.MoveOperation.Start)

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        super().restyle()
        self._show_again()

    def fit(self) -> None:
        """Share the width among the columns, and become as high as the table."""
        if not self._has_place():
            return
        room = self.viewport().width()
        widths = _shared([max(column) for column in zip(*self._naturals, strict=True)], room)
        if self._table is not None and widths and widths != self._widths:
            self._widths = widths
            shape = self._table.format()
            fixed = QTextLength.Type.FixedLength
            shape.setColumnWidthConstraints([QTextLength(fixed, width) for width in widths])
            self._table.setFormat(shape)
        whole = sum(widths) + len(widths) + 1
        width = max(room, whole)
        if self.lineWrapColumnOrWidth() != width:
            self.setLineWrapMode(RichText.LineWrapMode.FixedPixelWidth)
            self.setLineWrapColumnOrWidth(width)
        bar = self.horizontalScrollBar().sizeHint().height() if whole > room else 0
        self._be_high(int(self.document().size().height() + 0.999) + bar)

    def selected_markdown(self) -> str:
        """The cells that the selection touches, as a table; within one cell, its text."""
        rows, aligns = self._selected()
        if len(rows) == 1 and len(rows[0]) == 1:
            return self.textCursor().selection().toPlainText()
        return table_markdown(rows, aligns) if rows else ""

    def selected_plain(self) -> str:
        """The same with tabs between cells."""
        rows, _ = self._selected()
        if len(rows) == 1 and len(rows[0]) == 1:
            return self.textCursor().selection().toPlainText()
        return table_plain(rows)

    def _selected(self) -> tuple[list[tuple[tuple[Run, ...], ...]], tuple[str, ...]]:
        cursor = self.textCursor()
        if self._table is None or not cursor.hasSelection():
            return [], ()
        first, last = cursor.selectionStart(), cursor.selectionEnd()
        start, end = self._table.cellAt(first), self._table.cellAt(last)
        columns = self._table.columns()
        top, left = (start.row(), start.column()) if start.isValid() else (0, 0)
        bottom, right = (
            (end.row(), end.column()) if end.isValid() else (len(self._shown.rows) - 1, columns - 1)
        )
        if top != bottom:  # Qt selects whole rows then
            left, right = 0, columns - 1
        rows = [row[left : right + 1] for row in self._shown.rows[top : bottom + 1]]
        return rows, self._shown.aligns[left : right + 1]

    def _show_again(self) -> None:
        table, self._shown, self._table = self._shown, Table((), ()), None
        self.show_table(table)

    def _show_formulas(self) -> None:
        waiting = [
            renderer().lookup(run.text, is_display=run.display) is None
            for row in self._shown.rows
            for cell in row
            for run in cell
            if run.maths
        ]
        if any(waiting):
            self._wait_for_formulas()
        if not all(waiting):
            self._show_again()

    def _begin(self, table: Table) -> None:
        self.clear()
        self._shown = Table((), ())
        self._naturals, self._widths = [], []
        shape = QTextTableFormat()
        shape.setBorder(1)
        shape.setBorderBrush(QColor(self._theme.colours.border))
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        shape.setBorderCollapse(True)
        shape.setCellPadding(PADDING)
        shape.setHeaderRowCount(1)
        cursor = QTextCursor(self.document())
        self._shrink(cursor)
        self._table = cursor.insertTable(1, max(1, len(table.aligns)), shape)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._shrink(cursor)

    def _shrink(self, cursor: QTextCursor) -> None:
        """A document has a line above and below a table; they take no room."""
        thin = QTextBlockFormat()
        thin.setLineHeight(1, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor.setBlockFormat(thin)

    def _show_row(self, number: int, row: Sequence[Sequence[Run]]) -> None:
        assert self._table is not None
        base = self._plain()
        if number == 0:
            base.setFontWeight(QFont.Weight.Bold)
        metrics = _metrics(self.font(), is_bold=number == 0)
        naturals = [0.0] * self._table.columns()
        sides = {"center": Qt.AlignmentFlag.AlignHCenter, "right": Qt.AlignmentFlag.AlignRight}
        for column, runs in enumerate(row[: self._table.columns()]):
            cell = self._table.cellAt(number, column)
            if number == 0:
                ground = QTextCharFormat(cell.format())
                ground.setBackground(QColor(self._theme.colours.code))
                cell.setFormat(ground)
            cursor = cell.firstCursorPosition()
            cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            block = QTextBlockFormat()
            block.setAlignment(sides.get(self._shown.aligns[column], Qt.AlignmentFlag.AlignLeft))
            cursor.setBlockFormat(block)
            self._write(cursor, runs, base)
            wanted = _natural(runs, metrics) + 2 * PADDING + 4
            naturals[column] = min(wanted, LONGEST)
        self._naturals[number : number + 1] = [naturals]

    def wheelEvent(self, event: QWheelEvent) -> None:
        is_sideways = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if self.horizontalScrollBar().maximum() and (event.angleDelta().x() or is_sideways):
            self.horizontalScrollBar().event(event)
            event.accept()
        else:
            event.ignore()


def _metrics(font: QFont, *, is_bold: bool) -> QFontMetricsF:
    used = QFont(font)
    used.setBold(is_bold)
    return QFontMetricsF(used)


def _natural(runs: Sequence[Run], metrics: QFontMetricsF) -> float:
    """Pixels of the longest line of a cell, about."""
    formulas = 0.0
    text = ""
    for run in runs:
        made = renderer().lookup(run.text, is_display=False) if run.maths else None
        if made is not None and made.svg:
            formulas += made.width * metrics.height() / 1.17 / SIZE * 1.1
        else:
            text += run.text + ("  " if run.code else "")
    lines = (metrics.horizontalAdvance(line) for line in text[:2_000].split(LINE_BREAK))
    return max(lines, default=0.0) + formulas


def _shared(naturals: Sequence[float], room: int) -> list[int]:
    """Pixels for each column: what it likes, less where that is too much, never unreadably few."""
    if not naturals or sum(naturals) <= room - len(naturals) - 1:
        return [int(natural + 0.999) for natural in naturals]
    least = [min(natural, COMFORTABLE) for natural in naturals]
    left = room - len(naturals) - 1 - sum(least)
    if left <= 0:
        return [int(width + 0.999) for width in least]
    wishes = [natural - width for natural, width in zip(naturals, least, strict=True)]
    ends = accumulate(wishes)
    whole = sum(wishes) or 1.0
    places = [0, *(int(left * end / whole) for end in ends)]
    return [int(width) + places[index + 1] - places[index] for index, width in enumerate(least)]
