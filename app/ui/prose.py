"""Prose: paragraphs, headings, lists, quotations and formulas in one document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QRect, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFont,
    QPainter,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextLength,
    QTextOption,
)
from PySide6.QtWidgets import QWidget

from app.ui.markdown_parser import is_safe_link
from app.ui.markdown_parts import LINE_BREAK, OBJECT, Kind, Line, Run
from app.ui.markdown_source import cut, markdown_of, plain_of
from app.ui.maths import renderer
from app.ui.rich_text import MARKER_GAP, MARKER_LEAD, NOTE_SCHEME, RichText
from app.ui.text_objects import TextObjects
from app.ui.theme import GAP, Theme
from app.ui.wrapping import ANYWHERE, wrap_mode

__all__ = ["ProseBlock", "RichText", "open_link"]

LINE_HEIGHT = 130.0  # percent; long lines of text are easier to follow with looser lines
HEADING_SIZES = (1.35, 1.2, 1.08)  # of the first levels, in parts of the reading size
HEADING_TOP, ITEM_TOP = GAP * 2, 4  # pixels above a heading and a list item
BAR = 3  # pixels of the bar beside a quotation
BACK = " ↩"  # behind a footnote: to where it is referred to
_LINE_BY_ITS_FONT = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class _Place(NamedTuple):
    """Where a line is in the document: its start, and the length of its marker and its runs."""

    start: int
    lead: int
    lengths: tuple[int, ...]
    waits: bool  # for a formula that is being drawn

    def moved(self, by: int) -> _Place:
        """The same, `by` characters further on."""
        return self._replace(start=self.start + by) if by else self


class ProseBlock(RichText):
    """Lines of prose in one document, so that a selection can go over all of them.

    What grows is the end: only lines that are not what they were are laid out again.
    """

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, is_muted: bool = False
    ) -> None:
        super().__init__(theme, parent)
        self._is_muted = is_muted
        self._text_colour = theme.colours.muted if is_muted else ""
        self._lines: list[Line] = []
        self._places: list[_Place] = []
        self._has_bars = False

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show `lines`; those at the beginning that are there already are not touched."""
        same = 0
        for before, now in zip(self._lines, lines, strict=False):
            if before is not now and before != now:
                break
            same += 1
        if same == len(self._lines) == len(lines):
            return
        self._replace(same, lines[same:])

    def show_text(self, text: str) -> None:
        """Show plain text, exactly as it is."""
        self.show_lines([Line((Run(text.replace("\n", LINE_BREAK)),))])

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        super().restyle()
        self._text_colour = self._theme.colours.muted if self._is_muted else ""
        lines = list(self._lines)
        self._replace(0, [])
        self._replace(0, lines)

    def selected_markdown(self) -> str:
        """What is selected, as Markdown."""
        return markdown_of(self._selected())

    def selected_plain(self) -> str:
        """What is selected, as it is read; formulas as LaTeX."""
        return plain_of(self._selected())

    def rect_of_note(self, label: str) -> QRect | None:
        """Where a footnote's text is, or with "^" before its label where it is referred to."""
        for index, line in enumerate(self._lines):
            if label.startswith("^"):
                is_it = any(run.note == label[1:] for run in line.runs)
            else:
                is_it = line.note == label
            if is_it:
                block = self.document().findBlock(self._places[index].start)
                rect = self.document().documentLayout().blockBoundingRect(block)
                cursor = QTextCursor(block)
                cursor.movePosition(
                    QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor
                )
                self.setTextCursor(cursor)
                return rect.toAlignedRect()
        return None

    def _selected(self) -> list[Line]:
        cursor = self.textCursor()
        first, last = cursor.selectionStart(), cursor.selectionEnd()
        found = []
        for line, place in zip(self._lines, self._places, strict=True):
            length = place.lead + sum(place.lengths)
            if first < last and place.start < last and first <= place.start + length:
                part = cut(line, place.lengths, place.lead, first - place.start, last - place.start)
                if part is not None:
                    found.append(part)
        return found

    def _replace(self, same: int, lines: Sequence[Line]) -> None:
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        if same < len(self._lines):
            # with the end of line before it, except for the first line of all
            cursor.setPosition(max(0, self._places[same].start - 1))
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
            del self._lines[same:], self._places[same:]
            if (
                self._lines and cursor.block().length() == 1
            ):  # an empty line takes over the format of what was removed after it
                cursor.setBlockFormat(self._block_format(len(self._lines) - 1))
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._choose_wrapping(lines, is_all=not same)
        for line in lines:
            self._add(cursor, line)
        cursor.endEditBlock()
        self._has_bars = self._has_bars or any(line.bars for line in lines)
        self.fit()

    def _choose_wrapping(self, lines: Sequence[Line], *, is_all: bool) -> None:
        modes = {wrap_mode("".join(run.text for run in line.runs)) for line in lines}
        anywhere, words = ANYWHERE, QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
        wanted = anywhere if anywhere in modes else words
        if wanted != self.wordWrapMode() and (is_all or wanted == anywhere):
            self.setWordWrapMode(wanted)

    def _show_formulas(self) -> None:
        """In the lines that have some now; the others are not touched, and keep a selection."""
        waiting = [index for index, place in enumerate(self._places) if place.waits]
        ready = [index for index in waiting if self._has_formula(self._lines[index])]
        if ready:
            cursor = QTextCursor(self.document())
            cursor.beginEditBlock()
            moved, following = 0, 0
            for index in range(ready[0], len(self._lines)):
                self._places[index] = self._places[index].moved(moved)
                if following < len(ready) and index == ready[following]:
                    moved += self._write_again(cursor, index)
                    following += 1
            cursor.endEditBlock()
            self.fit()
        if any(place.waits for place in self._places):
            self._wait_for_formulas()

    def _has_formula(self, line: Line) -> bool:
        """Whether all formulas of a line are drawn."""
        formulas = [run for run in line.runs if run.maths]
        made = [renderer().lookup(run.text, is_display=run.display) for run in formulas]
        return None not in made

    def _write_again(self, cursor: QTextCursor, index: int) -> int:
        """Write a line anew in its place; by how much what follows has moved."""
        line, start = self._lines[index], self._places[index].start
        cursor.setPosition(start)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        before = cursor.position()
        cursor.removeSelectedText()
        self._places[index] = self._write_line(cursor, line, self._line_style(line))
        return cursor.position() - before

    def _add(self, cursor: QTextCursor, line: Line) -> None:
        self._lines.append(line)
        block = self._block_format(len(self._lines) - 1)
        base = self._line_style(line)
        if self._places:
            cursor.insertBlock(block, base)
        else:
            cursor.setBlockFormat(block)
            cursor.setBlockCharFormat(base)
        self._places.append(self._write_line(cursor, line, base))

    def _write_line(self, cursor: QTextCursor, line: Line, base: QTextCharFormat) -> _Place:
        """All of a line into its empty block."""
        start = cursor.position()
        self._write_marker(cursor, line, base)
        if line.kind is Kind.ALERT:
            cursor.insertText(alert_title(line.bars[-1].alert), base)
        lead = cursor.position() - start
        self._waits = False
        lengths = self._write(cursor, line.runs, base)
        if line.note:
            back = QTextCharFormat(base)
            back.setAnchor(True)
            label = QUrl.toPercentEncoding("^" + line.note).toStdString()
            back.setAnchorHref(f"{NOTE_SCHEME}:{label}")
            back.setForeground(QColor(self._theme.colours.link))
            cursor.insertText(BACK, back)
        return _Place(start, lead, lengths, self._waits)

    def _write_marker(self, cursor: QTextCursor, line: Line, base: QTextCharFormat) -> None:
        if not line.marker:
            return
        style = QTextCharFormat(base)
        style.setForeground(QColor(self._theme.colours.muted))
        if line.is_done is None:
            cursor.insertText(f"{line.marker}\t", style)
            return
        if self._objects is None:
            self._objects = TextObjects(self)
        box = self._objects.check_format(style, self.font(), is_done=line.is_done)
        cursor.insertText(OBJECT, box)
        cursor.insertText("\t", style)

    def _block_format(self, index: int) -> QTextBlockFormat:
        line = self._lines[index]
        style = QTextBlockFormat()
        # a formula is as high as it is: looser lines would set it apart by a third of its height
        has_formula = any(run.maths for run in line.runs)
        if not has_formula or line.kind is not Kind.FORMULA:
            style.setLineHeight(LINE_HEIGHT, _LINE_BY_ITS_FONT)
        style.setIndent(line.depth)
        if index:
            style.setTopMargin(_distance(self._lines[index - 1], line))
        if line.marker:
            hang = self.indent - MARKER_LEAD
            style.setTextIndent(-hang)
            # three digits need more; the text then begins soon after them all the same
            places = range(hang, hang + 2 * self.indent, MARKER_GAP)
            kind = QTextOption.TabType.LeftTab
            style.setTabPositions([QTextOption.Tab(place, kind) for place in places])
        if line.kind is Kind.HEADING:
            style.setHeadingLevel(line.level)
        if line.kind is Kind.FORMULA and not line.depth:
            style.setAlignment(Qt.AlignmentFlag.AlignHCenter)
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
        if line.kind is Kind.ALERT:
            style.setForeground(QColor(self._bar_colour(line.bars[-1].alert)))
            style.setFontWeight(QFont.Weight.DemiBold)
        return style

    def _bar_colour(self, alert: str) -> str:
        colours = self._theme.colours
        return {
            "note": colours.link,
            "tip": colours.good,
            "important": colours.accent,
            "warning": colours.warn,
            "caution": colours.danger,
        }.get(alert, colours.border)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._has_bars:
            self._paint_bars(QRectF(event.rect()))
        super().paintEvent(event)

    def _paint_bars(self, area: QRectF) -> None:
        painter = QPainter(self.viewport())
        layout = self.document().documentLayout()
        block = self.document().begin()
        before: Line | None = None
        end = 0.0
        for line in self._lines:
            rect = layout.blockBoundingRect(block)
            for bar in line.bars:
                goes_on = before is not None and bar in before.bars
                top = end if goes_on else rect.top()
                left = bar.depth * self.indent + 4
                if block.textDirection() == Qt.LayoutDirection.RightToLeft:
                    left = self.viewport().width() - left - BAR
                place = QRectF(left, top, BAR, rect.bottom() - top)
                if place.intersects(area):
                    painter.fillRect(place, QColor(self._bar_colour(bar.alert)))
            before, end = line, rect.bottom()
            block = block.next()
        painter.end()


def alert_title(alert: str) -> str:
    """What stands above an alert of that kind, such as "note"."""
    words = {
        "note": QCoreApplication.translate("ProseBlock", "Note"),
        "tip": QCoreApplication.translate("ProseBlock", "Tip"),
        "important": QCoreApplication.translate("ProseBlock", "Important"),
        "warning": QCoreApplication.translate("ProseBlock", "Warning"),
        "caution": QCoreApplication.translate("ProseBlock", "Caution"),
    }
    return words.get(alert, alert)


def _distance(above: Line, line: Line) -> int:
    """Pixels between two lines, whichever way the blank lines of the Markdown are."""
    if line.kind is Kind.HEADING:
        return HEADING_TOP
    if line.kind is Kind.NOTE and above.depth < line.depth:
        return HEADING_TOP
    if above.kind is Kind.ALERT:
        return ITEM_TOP
    if line.bars[:1] != above.bars[:1] or above.kind is Kind.FORMULA or line.kind is Kind.FORMULA:
        return GAP + 2
    if line.marker and (above.marker or above.depth >= line.depth):
        return ITEM_TOP
    return GAP + 2 if not line.depth else ITEM_TOP + 2


def open_link(url: QUrl) -> None:
    """Open an http(s) address in the browser; anything else is ignored."""
    if is_safe_link(url.toString()):
        QDesktopServices.openUrl(url)
