"""Prose and tables as selectable rich text that is as high as its content and loads nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDesktopServices,
    QFont,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
    QTextTableFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from app.ui.markdown import LINE_BREAK, Kind, Line, Run, Table, is_safe_link
from app.ui.theme import GAP, READING, Theme, code_font, text_font

INDENT = 26  # pixels of one list level: room for two digits and a dot
MARKER_GAP = 8  # pixels between a marker and its text
LINE_HEIGHT = 130.0  # percent; long lines of text are easier to follow with looser lines
HEADING_SIZES = (1.35, 1.2, 1.08)  # of the first levels, in parts of the reading size
HEADING_TOP, ITEM_TOP = GAP * 2, 4  # pixels above a heading and a list item


class RichText(QTextBrowser):
    """Read-only text as high as its content; links open in the browser, nothing is loaded."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFont(text_font(READING))
        self.setOpenLinks(False)
        self.anchorClicked.connect(open_link)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(INDENT)

    def fit(self) -> None:
        """Become as high as the text at the present width."""
        width = self.viewport().width()
        if 0 < width != self.document().textWidth():  # setting it lays out everything again
            self.document().setTextWidth(width)
        height = max(1, int(self.document().size().height() + 0.999))
        if height != self.minimumHeight():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the transcript scrolls, not the block

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return None  # nothing is read from disk or network by showing a message

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def _write(self, cursor: QTextCursor, runs: Sequence[Run], base: QTextCharFormat) -> None:
        for run in runs:
            cursor.insertText(run.text, self._characters(run, base))

    def _characters(self, run: Run, base: QTextCharFormat) -> QTextCharFormat:
        colours = self._theme.colours
        style = QTextCharFormat(base)
        if run.bold:
            style.setFontWeight(QFont.Weight.Bold)
        if run.italic:
            style.setFontItalic(True)
        if run.strike:
            style.setFontStrikeOut(True)
        if run.code:
            font = code_font()
            style.setFontFamilies(font.families())
            style.setFontPointSize(font.pointSizeF())
            style.setBackground(QColor(colours.code))
        if run.link:
            style.setAnchor(True)
            style.setAnchorHref(run.link)
            style.setForeground(QColor(colours.link))
            style.setFontUnderline(True)
        return style

    def _plain(self) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setForeground(QBrush(QColor(self._theme.colours.text)))
        return style


class ProseBlock(RichText):
    """Lines of prose in one document, so that a selection can go over all of them.

    What grows is the end: only lines that are not what they were are laid out again.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._lines: list[Line] = []
        self._starts: list[int] = []  # position in the document where each line begins

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show `lines`; those at the beginning that are there already are not touched."""
        same = 0
        for before, now in zip(self._lines, lines, strict=False):
            if before is not now and before != now:
                break
            same += 1
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if same < len(self._lines):
            # with the end of line before it, except for the first line of all
            cursor.setPosition(max(0, self._starts[same] - 1))
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self._lines[same:], self._starts[same:]
            if self._lines:  # an empty line takes over the format of what was removed after it
                cursor.setBlockFormat(self._block_format(len(self._lines) - 1))
        cursor.movePosition(QTextCursor.MoveOperation.End)
        for line in lines[same:]:
            self._add(cursor, line)
        cursor.endEditBlock()
        self.fit()

    def show_text(self, text: str) -> None:
        """Show plain text, exactly as it is."""
        self.show_lines([Line((Run(text.replace("\n", LINE_BREAK)),))])

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        lines = list(self._lines)
        self.show_lines([])
        self.show_lines(lines)

    def _add(self, cursor: QTextCursor, line: Line) -> None:
        self._lines.append(line)
        block = self._block_format(len(self._lines) - 1)
        base = self._line_style(line)
        if self._starts:
            cursor.insertBlock(block, base)
        else:
            cursor.setBlockFormat(block)
            cursor.setBlockCharFormat(base)
        self._starts.append(cursor.position())
        if line.marker:
            cursor.insertText(f"{line.marker}\t", self._marker_style(base))
        self._write(cursor, line.runs, base)

    def _block_format(self, index: int) -> QTextBlockFormat:
        line = self._lines[index]
        style = QTextBlockFormat()
        style.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        style.setIndent(line.depth)
        if index:
            style.setTopMargin(_distance(self._lines[index - 1], line))
        if line.marker:
            style.setTextIndent(-INDENT + MARKER_GAP)
            tab = QTextOption.Tab(INDENT - MARKER_GAP, QTextOption.TabType.LeftTab)
            style.setTabPositions([tab])
        if line.kind is Kind.HEADING:
            style.setHeadingLevel(line.level)
        if line.kind is Kind.RULE:
            style.setProperty(
                QTextFormat.Property.BlockTrailingHorizontalRulerWidth,
                QTextLength(QTextLength.Type.PercentageLength, 100),
            )
        return style

    def _line_style(self, line: Line) -> QTextCharFormat:
        style = self._plain()
        if line.is_quote:
            style.setForeground(QColor(self._theme.colours.muted))
        if line.kind is Kind.HEADING:
            size = HEADING_SIZES[min(line.level, len(HEADING_SIZES)) - 1]
            style.setFontPointSize(self.font().pointSizeF() * size)
            style.setFontWeight(QFont.Weight.Bold)
        return style

    def _marker_style(self, base: QTextCharFormat) -> QTextCharFormat:
        style = QTextCharFormat(base)
        style.setForeground(QColor(self._theme.colours.muted))
        return style


def _distance(above: Line, line: Line) -> int:
    """Pixels between two lines, whichever way the blank lines of the Markdown are."""
    if line.kind is Kind.HEADING:
        return HEADING_TOP
    if line.marker and (above.marker or above.depth >= line.depth):
        return ITEM_TOP
    return GAP + 2 if not line.depth else ITEM_TOP + 2


class TableBlock(RichText):
    """A table; rows that come are added without laying out the others' text again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._shown = Table((), ())
        self._table: QTextTable | None = None

    def show_table(self, table: Table) -> None:
        """Show `table`, which may have grown."""
        if table == self._shown:
            return
        if self._table is None or table.aligns != self._shown.aligns:
            self._begin(table)
        assert self._table is not None
        before, self._shown = self._shown.rows, table
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if len(table.rows) < self._table.rows():
            self._table.removeRows(len(table.rows), self._table.rows() - len(table.rows))
        elif len(table.rows) > self._table.rows():
            self._table.appendRows(len(table.rows) - self._table.rows())
        for number, row in enumerate(table.rows):
            if number >= len(before) or before[number] != row:
                self._show_row(number, row)
        cursor.endEditBlock()
        self.fit()

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        table, self._shown, self._table = self._shown, Table((), ()), None
        self.show_table(table)

    def _begin(self, table: Table) -> None:
        self.clear()
        self._shown = Table((), ())
        shape = QTextTableFormat()
        shape.setBorder(1)
        shape.setBorderBrush(QColor(self._theme.colours.border))
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        shape.setBorderCollapse(True)
        shape.setCellPadding(6)
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


def open_link(url: QUrl) -> None:
    """Open an http(s) address in the browser; anything else is ignored."""
    if is_safe_link(url.toString()):
        QDesktopServices.openUrl(url)
