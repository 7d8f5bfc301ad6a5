"""The text of an answer: prose, code and tables one under the other, growing at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.code_block import CodeBlock
from app.ui.markdown import Code, GrowingMarkdown, Line, Part, Table
from app.ui.prose import INDENT, ProseBlock, TableBlock
from app.ui.theme import GAP, Theme

Section = ProseBlock | CodeBlock | TableBlock


@dataclass(slots=True)
class _Group:
    """Parts shown by one widget: any number of lines, or one table, or one piece of code."""

    parts: list[Part]
    widget: Section | None = field(default=None)

    def takes(self, part: Part) -> bool:
        return isinstance(part, Line) and isinstance(self.parts[0], Line)


class MessageBody(QWidget):
    """Shows Markdown that only grows; what is finished is not touched again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._markdown = GrowingMarkdown()
        self._groups: list[_Group] = []
        self._finished_shown = 0
        self._tail_shown = 0
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP + 2)

    def append(self, text: str, *, is_complete: bool) -> None:
        """The text grew, or is complete now; only its last part is laid out again."""
        tail = self._markdown.append(text, is_complete=is_complete)
        parts = self._markdown.finished[self._finished_shown :] + tail
        self._replace_end(self._tail_shown, parts)
        self._finished_shown, self._tail_shown = len(self._markdown.finished), len(tail)
        if is_complete and self._groups and isinstance(self._groups[-1].widget, CodeBlock):
            self._groups[-1].widget.finish()

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        for group in self._groups:
            if group.widget is not None:
                group.widget.restyle()

    def _replace_end(self, count: int, parts: Sequence[Part]) -> None:
        """Put `parts` in the place of the last `count` ones."""
        spare: list[Section] = []
        touched = len(self._groups)
        while count and self._groups:
            last = self._groups[-1]
            taken = min(count, len(last.parts))
            count -= taken
            kept = last.parts[: len(last.parts) - taken]
            touched = len(self._groups) - 1
            if kept:
                last.parts = kept
            else:
                if last.widget is not None:
                    spare.insert(0, last.widget)
                self._groups.pop()
        for part in parts:
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
        kind: type[Section] = ProseBlock
        if not isinstance(part, Line):
            kind = CodeBlock if isinstance(part, Code) else TableBlock
        if spare and isinstance(spare[0], kind):
            return spare.pop(0)
        widget = kind(self._theme)
        self._layout.insertWidget(index, widget)
        return widget


def _fill(group: _Group, *, is_last: bool) -> None:
    widget, first = group.widget, group.parts[0]
    if isinstance(widget, ProseBlock):
        widget.show_lines([part for part in group.parts if isinstance(part, Line)])
    elif isinstance(widget, CodeBlock) and isinstance(first, Code):
        widget.set_indent(first.depth * INDENT)
        widget.show_code(first.text, first.language)
        if not is_last:
            widget.finish()
    elif isinstance(widget, TableBlock) and isinstance(first, Table):
        widget.show_table(first)
