"""Markdown as blocks one under the other: prose, code, tables and pictures, growing at the end."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QAbstractScrollArea, QPlainTextEdit, QTextEdit, QVBoxLayout, QWidget

from app.ui.code_block import CodeBlock
from app.ui.image_block import ImageBlock
from app.ui.markdown import GrowingMarkdown
from app.ui.markdown_parts import LINE_BREAK, Code, Line, Part, Picture, Run, Table
from app.ui.markdown_source import table_plain
from app.ui.prose import ProseBlock
from app.ui.rich_text import reading_indent
from app.ui.table_block import TableBlock
from app.ui.theme import GAP, Theme
from app.ui.wrapping import MAX_WORD

# Of a message; what follows is shown as text in the last one: each widget costs a millisecond
MAX_BLOCKS = 300
MAX_CELLS = 2_000  # of a table; each row that comes lays out all: a larger one is shown as text

Section = ProseBlock | CodeBlock | TableBlock | ImageBlock
_KINDS: dict[type[Part], type[Section]] = {
    Line: ProseBlock,
    Code: CodeBlock,
    Table: TableBlock,
    Picture: ImageBlock,
}


@dataclass(slots=True)
class _Group:
    """Parts shown by one widget: any number of lines, or one of another kind."""

    parts: list[Part]
    widget: Section | None = field(default=None)

    def takes(self, part: Part) -> bool:
        return isinstance(part, Line) and isinstance(self.parts[0], Line)


class BlockStack(QWidget):
    """Shows Markdown that only grows; what is finished is not touched again."""

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, *, is_muted: bool = False
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_muted = is_muted
        self._markdown = GrowingMarkdown()
        self._groups: list[_Group] = []
        self._finished_shown = 0
        self._tail_shown = 0
        self._above = 0  # widgets of the layout before the first block
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP + 2)

    def append(self, text: str, *, is_complete: bool) -> None:
        """The text grew, or is complete now; only its last part is laid out again."""
        tail = self._markdown.append(text, is_complete=is_complete)
        finished = self._markdown.finished
        if len(finished) < self._finished_shown:  # all was read once more
            self._show_whole([*finished, *tail])
        else:
            self._replace_end(self._tail_shown, [*finished[self._finished_shown :], *tail])
        self._finished_shown, self._tail_shown = len(finished), len(tail)
        if is_complete and self._groups and isinstance(self._groups[-1].widget, CodeBlock):
            self._groups[-1].widget.finish()

    def clear(self) -> None:
        """Empty again."""
        self._markdown = GrowingMarkdown()
        self._replace_end(self._finished_shown + self._tail_shown, [])
        self._finished_shown = self._tail_shown = 0

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        for block in self._blocks():
            block.restyle()

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """The widgets that selections are in, top to bottom."""
        return [edit for block in self._blocks() for edit in block.text_edits()]

    def selected_markdown(self) -> str:
        """What is selected in the blocks, as Markdown."""
        found = (block.selected_markdown() for block in self._blocks())
        return "\n\n".join(text for text in found if text)

    def selected_plain(self) -> str:
        """What is selected in the blocks, as it is read."""
        found = (block.selected_plain() for block in self._blocks())
        return "\n\n".join(text for text in found if text)

    def _blocks(self) -> list[Section]:
        return [group.widget for group in self._groups if group.widget is not None]

    def _show_whole(self, parts: list[Part]) -> None:
        """Show `parts` in place of all; those at the beginning that are the same stay."""
        shown = [part for group in self._groups for part in group.parts]
        same = 0
        for before, now in zip(shown, parts, strict=False):
            if before != now:
                break
            same += 1
        self._replace_end(len(shown) - same, parts[same:])

    def _replace_end(self, count: int, parts: Sequence[Part]) -> None:
        """Put `parts` in the place of the last `count` ones."""
        spare: list[Section] = []
        touched = len(self._groups)
        while count and self._groups:
            last = self._groups[-1]
            taken = min(count, len(last.parts))
            count -= taken
            touched = len(self._groups) - 1
            if taken < len(last.parts):
                del last.parts[len(last.parts) - taken :]
            else:
                if last.widget is not None:
                    spare.insert(0, last.widget)
                self._groups.pop()
        for given in parts:
            is_shown = len(self._groups) < MAX_BLOCKS and not _is_huge(given)
            part = given if is_shown else _as_line(given)
            if self._groups and self._groups[-1].takes(part):
                touched = min(touched, len(self._groups) - 1)
                self._groups[-1].parts.append(part)
            else:
                self._groups.append(_Group([part]))
        for index in range(touched, len(self._groups)):
            group = self._groups[index]
            if group.widget is None:
                group.widget = self._widget_at(index, group.parts[0], spare)
            _fill(group, is_last=index == len(self._groups) - 1)
        for widget in spare:
            self._layout.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _widget_at(self, index: int, part: Part, spare: list[Section]) -> Section:
        """The widget that showed this place before, if it is of the kind, else a new one."""
        kind = _KINDS[type(part)]
        if spare and type(spare[0]) is kind:
            return spare.pop(0)
        widget: Section
        if kind is ProseBlock:
            widget = ProseBlock(self._theme, is_muted=self._is_muted)
        else:
            widget = kind(self._theme)
        if isinstance(widget, ProseBlock | TableBlock):
            widget.note_requested.connect(self._go_to_note)
        self._layout.insertWidget(self._above + index, widget)
        return widget

    def _go_to_note(self, label: str) -> None:
        for block in self._blocks():
            place = block.rect_of_note(label) if isinstance(block, ProseBlock) else None
            if place is not None:
                block.setFocus()
                _bring_into_view(block, place)
                return


def _is_huge(part: Part) -> bool:
    if not isinstance(part, Table):
        return False
    if len(part.rows) * len(part.aligns) > MAX_CELLS:
        return True
    return any(len(run.text) > MAX_WORD for row in part.rows for cell in row for run in cell)


def _as_line(part: Part) -> Line:
    """A part of any kind as a line of text."""
    if isinstance(part, Line):
        return part
    if isinstance(part, Code):
        return Line((Run(part.text.replace("\n", LINE_BREAK), code=True),), depth=part.depth)
    if isinstance(part, Table):
        return Line((Run(table_plain(part.rows).replace("\n", LINE_BREAK)),))
    return Line((Run(part.description),))


def _bring_into_view(widget: QWidget, place: QRect) -> None:
    """Scroll what the widget is in so far that `place` is seen."""
    area = widget.parentWidget()
    while area is not None and not isinstance(area, QAbstractScrollArea):
        area = area.parentWidget()
    if area is None:
        return
    room = area.viewport().height()
    top = widget.mapTo(area.viewport(), place.topLeft()).y()
    if top < 0 or top + min(place.height(), room) > room:
        bar = area.verticalScrollBar()
        bar.setValue(bar.value() + top - room // 4)


def _fill(group: _Group, *, is_last: bool) -> None:
    widget, first = group.widget, group.parts[0]
    if isinstance(widget, ProseBlock):
        widget.show_lines([part for part in group.parts if isinstance(part, Line)])
    elif isinstance(widget, CodeBlock) and isinstance(first, Code):
        widget.set_indent(first.depth * reading_indent())
        widget.show_code(first.text, first.language)
        if not is_last:
            widget.finish()
    elif isinstance(widget, TableBlock) and isinstance(first, Table):
        widget.show_table(first)
    elif isinstance(widget, ImageBlock) and isinstance(first, Picture):
        widget.describe(first.description)
        encoded = unquote(first.data.partition(",")[2])
        try:
            widget.show_bytes(b64decode(encoded))
        except ValueError:  # not base64 after all: it is told as a picture that is broken
            widget.show_bytes(b"")
