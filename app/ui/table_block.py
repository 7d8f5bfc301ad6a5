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

from app.ui.markdown_parts import LINE_BREAK, Line, Run, Table
from app.ui.markdown_source import cut, plain_runs, runs_markdown, table_markdown, table_plain
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
        # of the runs of a cell, by row and column, as they are on show
        self._lengths: dict[tuple[int, int], tuple[int, ...]] = {}
        self._waiting: set[int] = set()  # rows with formulas that are being drawn
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

    def _say(self) -> None:
        self.setAccessibleName(self.tr("Table"))

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
            return runs_markdown(self._within(rows[0][0]))
        return table_markdown(rows, aligns) if rows else ""

    def selected_plain(self) -> str:
        """The same with tabs between cells."""
        rows, _ = self._selected()
        if len(rows) == 1 and len(rows[0]) == 1:
            return plain_runs(self._within(rows[0][0]))
        return table_plain(rows)

    def _within(self, runs: Sequence[Run]) -> Sequence[Run]:
        """What is selected of a single cell with these runs."""
        cursor = self.textCursor()
        assert self._table is not None
        cell = self._table.cellAt(cursor.selectionStart())
        if not cell.isValid() or (cell.row(), cell.column()) not in self._lengths:
            return runs
        start, lengths = cell.firstPosition(), self._lengths[cell.row(), cell.column()]
        first, last = cursor.selectionStart() - start, cursor.selectionEnd() - start
        found = cut(Line(tuple(runs)), lengths, 0, first, last)
        return found.runs if found is not None else ()

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
        """Only in the rows that have some now: each change lays out the whole table."""
        rows = self._shown.rows
        self._waiting = {number for number in self._waiting if number < len(rows)}
        ready = [number for number in sorted(self._waiting) if self._has_formulas(rows[number])]
        if ready:
            cursor = QTextCursor(self.document())
            cursor.beginEditBlock()
            for number in ready:
                self._show_row(number, rows[number])
            cursor.endEditBlock()
            self.fit()
        if self._waiting:
            self._wait_for_formulas()

    def _has_formulas(self, row: Sequence[Sequence[Run]]) -> bool:
        """Whether all formulas of a row are drawn."""
        formulas = [run for cell in row for run in cell if run.maths]
        made = [renderer().lookup(run.text, is_display=run.display) for run in formulas]
        return None not in made

    def _begin(self, table: Table) -> None:
        self.clear()
        self._shown = Table((), ())
        self._naturals, self._widths, self._lengths = [], [], {}
        self._waiting.clear()
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
        self._waits = False
        naturals = [0.0] * self._table.columns()
        sides = {"center": Qt.AlignmentFlag.AlignHCenter, "right": Qt.AlignmentFlag.AlignRight}
        for column, runs in enumerate(row[: self._table.columns()]):
            cell = self._table.cellAt(number, column)
            ground = QTextCharFormat(cell.format())
            # a row is as high as its highest script: what is lower stands in the middle of it
            ground.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
            if number == 0:
                ground.setBackground(QColor(self._theme.colours.code))
            cell.setFormat(ground)
            cursor = cell.firstCursorPosition()
            cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            block = QTextBlockFormat()
            block.setAlignment(sides.get(self._shown.aligns[column], Qt.AlignmentFlag.AlignLeft))
            cursor.setBlockFormat(block)
            self._lengths[number, column] = self._write(cursor, runs, base)
            wanted = _natural(runs, metrics) + 2 * PADDING + 4
            naturals[column] = min(wanted, LONGEST)
        self._naturals[number : number + 1] = [naturals]
        if self._waits:
            self._waiting.add(number)
        else:
            self._waiting.discard(number)

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
