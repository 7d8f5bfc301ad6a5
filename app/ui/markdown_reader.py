"""Walks markdown-it's tokens once and gathers parts, and where the text may be cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from app.ui.markdown_parser import is_link, is_shown_picture
from app.ui.markdown_parts import (
    LINE_BREAK,
    Bar,
    Code,
    Kind,
    Line,
    Part,
    Picture,
    Run,
    Table,
    with_text,
)

if TYPE_CHECKING:
    from markdown_it.token import Token


class Cut(NamedTuple):
    """Where the text may be cut in two, each half read on its own."""

    line: int
    part: int
    number: int | None  # of the list item that begins here


@dataclass(slots=True)
class _List:
    number: int | None  # of the next item; None for bullets


@dataclass(slots=True)
class Reader:
    """Parts and cuts of one text; `first_number` is that of the item it begins with."""

    first_number: int | None
    parts: list[Part] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    _lists: list[_List] = field(default_factory=list)
    _bars: tuple[Bar, ...] = ()
    _marker: str = ""  # of an item that has shown nothing yet
    _is_done: bool | None = None  # of that item
    _heading: int = 0
    _alert: str = ""  # whose title comes next
    _note: str = ""  # whose first line comes next
    _has_notes: bool = False
    _table: list[list[tuple[Run, ...]]] | None = None
    _aligns: list[str] = field(default_factory=list)

    def read(self, tokens: Sequence[Token]) -> None:
        """Take all tokens of a document."""
        for token in tokens:
            if token.level == 0 and token.nesting >= 0 and not self._has_notes:
                self._cut(token, None)
            self._take(token)

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind == "inline":
            self._inline(token)
        elif kind == "plain":
            self._line((Run(token.content.strip("\n").replace("\n", LINE_BREAK)),))
        elif kind == "maths_block":
            self._line((Run(token.content, maths=True, display=True),), Kind.FORMULA)
        elif kind in ("fence", "code_block"):
            self._code(token)
        elif kind == "hr":
            self._line((), Kind.RULE)
        elif kind.startswith("heading"):
            self._heading = int(token.tag[1]) if token.nesting > 0 else 0
        else:
            self._container(token)

    def _container(self, token: Token) -> None:
        kind = token.type
        if kind in ("blockquote_open", "alert_open"):
            self._show_empty_item()
            self._alert = str(token.meta.get("kind", "")).lower()
            self._bars = (*self._bars, Bar(self._depth, self._alert))
        elif kind in ("blockquote_close", "alert_close"):
            self._bars = self._bars[:-1]
        elif kind.startswith("footnote"):
            self._footnote(token)
        elif "list" in kind:
            self._list(token)
        else:
            self._in_table(token)

    def _cut(self, token: Token, number: int | None) -> None:
        if token.map:
            self.cuts.append(Cut(token.map[0], len(self.parts), number))

    @property
    def _depth(self) -> int:
        return len(self._lists) + len(self._bars) + self._has_notes

    def _line(self, runs: tuple[Run, ...], kind: Kind = Kind.TEXT) -> None:
        marker, self._marker = self._marker, ""
        is_done, self._is_done = self._is_done, None
        note, self._note = self._note, ""
        level = self._heading if kind is Kind.HEADING else 0
        if note:
            kind = Kind.NOTE
        self.parts.append(Line(runs, kind, level, self._depth, marker, self._bars, is_done, note))

    def _inline(self, token: Token) -> None:
        if self._alert:  # its title, which is the window's own word
            self._alert = ""
            self._line((), Kind.ALERT)
            return
        runs = runs_of(token.children or [])
        if self._table is not None:
            self._table[-1].append(tuple(_in_line(run) for run in runs))
        elif self._heading:
            self._line(tuple(_in_line(run) for run in runs), Kind.HEADING)
        else:
            self._paragraph(runs)

    def _paragraph(self, runs: tuple[Run, ...]) -> None:
        """Formulas and pictures that want a line of their own get it."""
        line: list[Run] = []
        has_any = False
        for run in runs:
            if not _stands_alone(run):
                line.append(run)
                continue
            if shown := _trimmed(line):
                self._line(shown)
            line, has_any = [], True
            if run.picture:
                self._show_empty_item()
                self.parts.append(Picture(run.link, run.text))
            else:
                self._line((Run(run.text, maths=True, display=True),), Kind.FORMULA)
        shown = _trimmed(line) if has_any else tuple(line)
        if shown or not has_any:
            self._line(shown)

    def _code(self, token: Token) -> None:
        self._show_empty_item()
        language = token.info.split()[0] if token.info.strip() else ""
        self.parts.append(Code(token.content.rstrip("\n"), language[:40], self._depth))

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._show_empty_item()
                self._lists.append(_List(None))
            case "ordered_list_open":
                self._show_empty_item()
                goes_on = self.first_number is not None and not self.parts and not self._lists
                written = token.attrGet("start")
                start = int(written) if written is not None else 1
                self._lists.append(_List(self.first_number if goes_on else start))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._item(token)
            case "list_item_close":
                self._show_empty_item()

    def _item(self, token: Token) -> None:
        within = self._lists[-1]
        if token.level == 1 and not self._has_notes:
            self._cut(token, within.number)
        self._is_done = token.meta.get("checked")
        if within.number is None:
            self._marker = "•" if len(self._lists) % 2 else "◦"
        else:
            self._marker = f"{within.number}."
            within.number += 1

    def _show_empty_item(self) -> None:
        if self._marker:
            self._line(())

    def _footnote(self, token: Token) -> None:
        if token.type == "footnote_block_open":
            self._has_notes = True
        elif token.type == "footnote_open":
            self._note = str(token.meta["label"])
            self._marker = f"{int(token.meta['id']) + 1}."

    def _in_table(self, token: Token) -> None:
        if token.type == "table_open":
            self._show_empty_item()
            self._table, self._aligns = [], []
        elif token.type == "tr_open" and self._table is not None:
            self._table.append([])
        elif token.type == "th_open":
            self._aligns.append(str(token.attrGet("style") or "left").rpartition(":")[2])
        elif token.type == "table_close" and self._table is not None:
            rows = tuple(tuple(row) for row in self._table)
            self.parts.append(Table(rows, tuple(self._aligns)))
            self._table = None


def runs_of(tokens: Sequence[Token]) -> tuple[Run, ...]:
    """The inline tokens of one paragraph."""
    found: list[Run] = []
    nested = {"strong": 0, "em": 0, "s": 0}
    link = ""
    for token in tokens:
        name = token.type.rpartition("_")[0]
        if name in nested:
            nested[name] += token.nesting
        elif name == "link":
            url = str(token.attrGet("href") or "")
            link = url if token.nesting > 0 and is_link(url) else ""
        else:
            bold, italic, strike = (count > 0 for count in nested.values())
            style = Run("", bold, italic, strike, token.type == "code_inline", link)
            if (run := _run(token, style)).text:
                found.append(run)
    return tuple(found)


def _run(token: Token, style: Run) -> Run:
    bold, italic, strike, link = style.bold, style.italic, style.strike, style.link
    if token.type in ("softbreak", "hardbreak"):
        return Run(LINE_BREAK, bold, italic, strike, link=link)
    if token.type == "maths":
        is_display = bool(token.meta["display"])
        return Run(token.content, bold, italic, maths=True, display=is_display)
    if token.type == "image":  # nothing is ever loaded by showing a message
        url = str(token.attrGet("src") or "")
        is_shown = is_shown_picture(url)
        address = url if is_shown or is_link(url) else ""
        return Run(token.content or "…", bold, italic, strike, link=address, picture=True)
    if token.type == "footnote_ref":
        label = str(token.meta["label"])
        return Run(str(int(token.meta["id"]) + 1), note=label)
    return Run(token.content, bold, italic, strike, style.code, link)


def _stands_alone(run: Run) -> bool:
    return run.display or (run.picture and is_shown_picture(run.link))


def _in_line(run: Run) -> Run:
    """The same within a cell or a heading, where nothing gets a line of its own."""
    if run.display:
        return Run(run.text, run.bold, run.italic, maths=True)
    if run.picture and is_shown_picture(run.link):
        return Run(run.text, run.bold, run.italic, run.strike, picture=True)
    return run


def _trimmed(runs: list[Run]) -> tuple[Run, ...]:
    """Without the breaks and blanks beside what stands alone."""
    first, last = 0, len(runs)
    while first < last and not runs[first].text.strip():
        first += 1
    while last > first and not runs[last - 1].text.strip():
        last -= 1
    found = runs[first:last]
    if found:
        found[0] = with_text(found[0], found[0].text.lstrip())
        found[-1] = with_text(found[-1], found[-1].text.rstrip())
    return tuple(found)
