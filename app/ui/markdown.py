"""Markdown to a flat list of parts that the transcript can show; the input is untrusted.

A part is a line of prose (paragraph, heading, list item), a table, or code. Nothing becomes HTML on
the way: raw HTML stays text, a picture is its description, and only http(s) links stay links.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LINE_BREAK = "\u2028"  # Unicode's line separator: a new line within the same paragraph
# "-" or "=" under a paragraph makes it a heading, but most often the line will go on: "- item"
_MAY_BE_UNDERLINE = re.compile(r"\n {0,3}(-+|=+) *\Z")


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style; `link` is an http(s) address or empty."""

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""


class Kind(StrEnum):
    """What a line of prose is."""

    TEXT = "text"
    HEADING = "heading"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, heading or list item's first paragraph; `marker` is its bullet or number."""

    runs: tuple[Run, ...]
    kind: Kind = Kind.TEXT
    level: int = 0  # of a heading, 1 to 6
    depth: int = 0  # lists and quotations it is within
    marker: str = ""
    is_quote: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first row being the head; `aligns` has left, center or right by column."""

    rows: tuple[tuple[tuple[Run, ...], ...], ...]
    aligns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Fenced or indented code, at any depth of lists."""

    text: str
    language: str = ""
    depth: int = 0


Part = Line | Table | Code


class GrowingMarkdown:
    """Parses a text that only grows; finished parts are never looked at again.

    A top-level block or list item is finished once another has begun after it, so the work of a
    piece of text depends on the length of the last one, not of the whole answer.
    """

    def __init__(self) -> None:
        self.finished: list[Part] = []
        self._tail = ""
        self._number: int | None = None  # of the list item that the tail begins with

    def append(self, text: str, *, is_complete: bool = False) -> list[Part]:
        """Take more text; returns the parts after the finished ones.

        Until the text is complete, a last line that may become anything waits for what follows.
        """
        self._tail = _plain_lines(self._tail + text)
        waiting = None if is_complete else _MAY_BE_UNDERLINE.search(self._tail)
        shown = self._tail[: waiting.start()] if waiting else self._tail
        parts, cuts = _read(shown, self._number)
        lines = self._tail.split("\n")
        # What begins in a line that has not ended may still become something else: "1", "1."
        settled = [cut for cut in cuts if cut.line < len(lines) - 1]
        last = settled[-1] if settled else _Cut(0, 0, None)
        if last.part > 0:
            self.finished.extend(parts[: last.part])
            self._tail = "\n".join(lines[last.line :])
            self._number = last.number
        return parts[last.part :]


def parts_of(text: str) -> list[Part]:
    """All parts of a finished text."""
    return _read(_plain_lines(text), None)[0]


def is_safe_link(url: str) -> bool:
    """Only addresses a browser should be asked to open."""
    return url.lower().startswith(("http://", "https://"))


def warm_up() -> None:
    """Load the parser now, so that the first answer does not wait for it."""
    parts_of("- `a`")


def _plain_lines(text: str) -> str:
    """Newline as the only end of line, as markdown-it has it, and as the cuts are counted."""
    for odd in ("\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        text = text.replace(odd, "\n")
    return text


class _Cut(NamedTuple):
    """Where the text may be cut in two, each half read on its own."""

    line: int
    part: int
    number: int | None  # of the list item that begins here


@dataclass(slots=True)
class _List:
    number: int | None  # of the next item; None for bullets


@dataclass(slots=True)
class _Reader:
    """Walks markdown-it's tokens once and gathers parts and cuts."""

    first_number: int | None
    parts: list[Part] = field(default_factory=list)
    cuts: list[_Cut] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    quotes: int = 0
    marker: str = ""  # of an item that has shown nothing yet
    table: list[list[tuple[Run, ...]]] | None = None
    aligns: list[str] = field(default_factory=list)

    def read(self, tokens: Sequence[Token]) -> None:
        """Take all tokens of a document."""
        heading = 0
        for token in tokens:
            if token.level == 0 and token.nesting >= 0:
                self._cut(token, None)
            kind = token.type
            if kind == "inline":
                self._inline(token, heading)
            elif kind == "heading_open":
                heading = int(token.tag[1])
            elif kind == "heading_close":
                heading = 0
            elif kind in ("fence", "code_block"):
                self._code(token)
            elif kind == "hr":
                self._line((), Kind.RULE)
            elif kind in ("blockquote_open", "blockquote_close"):
                self.quotes += token.nesting
            elif "list" in kind:
                self._list(token)
            else:
                self._table(token)

    def _cut(self, token: Token, number: int | None) -> None:
        if token.map:
            self.cuts.append(_Cut(token.map[0], len(self.parts), number))

    @property
    def _depth(self) -> int:
        return len(self.lists) + self.quotes

    def _line(self, runs: tuple[Run, ...], kind: Kind = Kind.TEXT, level: int = 0) -> None:
        marker, self.marker = self.marker, ""
        self.parts.append(Line(runs, kind, level, self._depth, marker, self.quotes > 0))

    def _inline(self, token: Token, heading: int) -> None:
        runs = _runs(token.children or [])
        if self.table is not None:
            self.table[-1].append(runs)
        else:
            self._line(runs, Kind.HEADING if heading else Kind.TEXT, heading)

    def _code(self, token: Token) -> None:
        if self.marker:
            self._line(())
        language = token.info.split()[0] if token.info.strip() else ""
        self.parts.append(Code(token.content.rstrip("\n"), language[:40], self._depth))

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._show_empty_item()
                self.lists.append(_List(None))
            case "ordered_list_open":
                self._show_empty_item()
                goes_on = self.first_number is not None and not self.parts and not self.lists
                written = token.attrGet("start")
                start = int(written) if written is not None else 1
                self.lists.append(_List(self.first_number if goes_on else start))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self._item(token)
            case "list_item_close":
                self._show_empty_item()

    def _item(self, token: Token) -> None:
        within = self.lists[-1]
        if token.level == 1:
            self._cut(token, within.number)
        if within.number is None:
            self.marker = "•" if len(self.lists) % 2 else "◦"
        else:
            self.marker = f"{within.number}."
            within.number += 1

    def _show_empty_item(self) -> None:
        if self.marker:
            self._line(())

    def _table(self, token: Token) -> None:
        if token.type == "table_open":
            self._show_empty_item()
            self.table, self.aligns = [], []
        elif token.type == "tr_open" and self.table is not None:
            self.table.append([])
        elif token.type == "th_open":
            self.aligns.append(str(token.attrGet("style") or "left").rpartition(":")[2])
        elif token.type == "table_close" and self.table is not None:
            rows = tuple(tuple(row) for row in self.table)
            self.parts.append(Table(rows, tuple(self.aligns)))
            self.table = None


def _read(text: str, first_number: int | None) -> tuple[list[Part], list[_Cut]]:
    reader = _Reader(first_number)
    reader.read(_parser().parse(text))
    return reader.parts, reader.cuts


def _runs(tokens: Sequence[Token]) -> tuple[Run, ...]:
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
            link = url if is_safe_link(url) else ""
        elif text := _text_of(token):
            bold, italic, strike = (count > 0 for count in nested.values())
            found.append(Run(text, bold, italic, strike, token.type == "code_inline", link))
    return tuple(found)


def _text_of(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return LINE_BREAK
    if token.type == "image":  # nothing is ever loaded by showing a message
        return f"[{token.content or 'image'}]"
    return token.content


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 50 ms, see warm_up

    parser = MarkdownIt("commonmark", {"html": False})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = is_safe_link  # type: ignore[method-assign]
    return parser
