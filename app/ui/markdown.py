"""Markdown to a flat list of parts that the transcript can show; the input is untrusted.

A part is a line of prose (paragraph, heading, list item, formula), a table, code, or a picture that
the text itself holds. Nothing becomes HTML on the way: raw HTML stays text, a picture elsewhere is
its description, and only addresses of the web and of mail stay links.
"""

from __future__ import annotations

import re
from functools import lru_cache

from app.ui.markdown_parser import is_safe_link, parse
from app.ui.markdown_parts import LINE_BREAK, Code, Kind, Line, Part, Row, Run, Table
from app.ui.markdown_reader import Cut, Reader

__all__ = ["LINE_BREAK", "Code", "GrowingMarkdown", "Kind", "Line", "Part", "Run", "Table",
           "is_safe_link", "parts_of", "warm_up"]  # fmt: skip

MAX_TAIL = 16_000  # characters; a longer block is cut while it grows, put right when complete
MANY_ROWS, KEPT_ROWS = 24, 2  # lines of a table from which on, and of which, it is parsed again
MAX_KEPT = 32_000  # characters of a message whose parts are kept
MAX_WHOLE = 2_000_000  # characters that are read once more at the end where that changes something
# "-" or "=" under a paragraph makes it a heading, but most often the line will go on: "- item"
_MAY_BE_UNDERLINE = re.compile(r"\n {0,3}(-+|=+) *\Z")
# what is defined below may change what was finished above: [x]: address, [^1]: note
_DEFINITION = re.compile(r"^[ >]{0,12}\[[^\]\n]{1,200}\]:", re.MULTILINE)
_DELIMITERS = re.compile(r"[ |:-]+$")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`\n]*\n)|~{3,}(?=[^\n]*\n))[^\n]*\n")


class GrowingMarkdown:
    """Parses a text that only grows; finished parts are never looked at again.

    A top-level block or list item is finished once another has begun after it, so the work of a
    piece of text depends on the length of the last one, not of the whole answer. Code that is being
    written is not even parsed: only its new lines are looked at.
    """

    def __init__(self) -> None:
        self.finished: list[Part] = []
        self._tail = ""
        self._number: int | None = None  # of the list item that the tail begins with
        self._rows: tuple[
            Row, ...
        ] = ()  # of the table that the tail is, finished ones but the head
        self._fence: _OpenFence | None = None  # the code that the tail is
        self._pieces: list[str] = []
        self._whole: list[Part] | None = None  # all parts, where the end has changed finished ones
        self._is_cut = False  # something was finished that a later line may change

    def append(self, text: str, *, is_complete: bool = False) -> list[Part]:
        """Take more text; returns the parts after the finished ones.

        Until the text is complete, a last line that may become anything waits for what follows.
        When it is complete, finished parts may change once more: a footnote's text came below.
        """
        if text:
            if is_complete and not self._pieces and len(text) <= MAX_KEPT:
                self._pieces.append(text)
                self._tail, self._whole = text, list(_finished_parts(text))
                return self._whole
            self._pieces.append(text)
            self._whole = None
        elif self._whole is not None:
            return self._whole
        if self._fence is not None and not is_complete:
            code = self._fence.append(_plain_lines(text))
            self._tail += text
            if code is not None:
                return [code]
        else:
            self._tail += text
        self._fence = None
        parts = self._read_tail(is_complete)
        return self._read_whole(parts) if is_complete and self.finished else parts

    def _read_tail(self, is_complete: bool) -> list[Part]:
        self._tail = _plain_lines(self._tail)
        waiting = None if is_complete else _MAY_BE_UNDERLINE.search(self._tail[-200:])
        length = len(self._tail) - len(waiting.group(0)) if waiting else len(self._tail)
        parts, cuts = _read(self._tail[:length], self._number)
        if self._rows and parts and isinstance(table := parts[0], Table):
            parts[0] = Table((table.rows[0], *self._rows, *table.rows[1:]), table.aligns)
        lines = self._tail.split("\n")
        # What begins in a line that has not ended may still become something else: "1", "1."
        settled = [cut for cut in cuts if cut.line < len(lines) - 1]
        last = settled[-1] if settled else Cut(0, 0, None)
        if last.part > 0:
            self.finished.extend(parts[: last.part])
            self._tail = "\n".join(lines[last.line :])
            self._number = last.number
            self._rows = ()
        parts = parts[last.part :]
        if not is_complete:
            self._finish_rows(parts, lines)
            self._fence = _open_fence(self._tail, parts, self._number)
            if self._fence is None and len(self._tail) > MAX_TAIL:
                self._cut_off(parts)
                return []
        return parts

    def _finish_rows(self, parts: list[Part], lines: list[str]) -> None:
        """Of a long table that is being written, only head and last rows are parsed again."""
        if len(parts) != 1 or not isinstance(parts[0], Table) or len(lines) < MANY_ROWS:
            return
        rows = lines[2:-KEPT_ROWS]
        if lines[0] and _DELIMITERS.match(lines[1]) and all(lines[2:-1]):
            first = len(self._rows) + 1
            self._rows = (*self._rows, *parts[0].rows[first : first + len(rows)])
            self._tail = "\n".join([*lines[:2], *lines[-KEPT_ROWS:]])

    def _cut_off(self, parts: list[Part]) -> None:
        """A block of this length would be parsed again and again: it goes on as another one."""
        self.finished.extend(parts)
        self._tail, self._number, self._rows, self._is_cut = "", None, (), True

    def _read_whole(self, parts: list[Part]) -> list[Part]:
        """Once more from the start, if a definition changes what is above it."""
        text = "".join(self._pieces)
        if len(text) > MAX_WHOLE or not (self._is_cut or _DEFINITION.search(text)):
            return parts
        self.finished, self._tail, self._number, self._is_cut = [], text, None, False
        self._rows = ()
        self._whole = _read(_plain_lines(text), None)[0]
        return self._whole


class _OpenFence:
    """Fenced code at the top level that has not ended."""

    def __init__(self, fence: str, code: Code) -> None:
        self._end = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}} *$", re.MULTILINE)
        self._language = code.language
        self._text = code.text
        self._last = ""  # the line being written, and ends of lines before it

    def append(self, text: str) -> Code | None:
        """The code with `text` added; None once it may have ended or needs care."""
        if "\t" in text:
            return None
        self._last += text
        if self._end.search(self._last):
            return None
        keeps = len(self._last) - len(self._last.rpartition("\n")[2])
        keeps = len(self._last[:keeps].rstrip("\n"))
        self._text += self._last[:keeps]
        self._last = self._last[keeps:]
        return Code((self._text + self._last).rstrip("\n"), self._language)


@lru_cache(maxsize=256)
def _finished_parts(text: str) -> tuple[Part, ...]:
    """Kept: messages are shown again and again while a conversation is scrolled."""
    return tuple(_read(_plain_lines(text), None)[0])


def parts_of(text: str) -> list[Part]:
    """All parts of a finished text."""
    growing = GrowingMarkdown()
    tail = growing.append(text, is_complete=True)
    return [*growing.finished, *tail]


def warm_up() -> None:
    """Load the parser now, so that the first answer does not wait for it."""
    for text in ("- `a`", "www.example.org", "[^a]"):
        parse(text)


def _open_fence(tail: str, parts: list[Part], number: int | None) -> _OpenFence | None:
    if number is not None or len(parts) != 1 or not isinstance(parts[0], Code):
        return None
    found = _FENCE.match(tail)
    if not found or parts[0].depth or tail.startswith(" "):
        return None
    fence = _OpenFence(found.group(1), Code("", parts[0].language))
    return fence if fence.append(tail[found.end() :]) is not None else None


def _plain_lines(text: str) -> str:
    """Newline as the only end of line, as markdown-it has it, and as the cuts are counted."""
    for odd in ("\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        text = text.replace(odd, "\n")
    return text


def _read(text: str, first_number: int | None) -> tuple[list[Part], list[Cut]]:
    reader = Reader(first_number)
    reader.read(parse(text))
    return reader.parts, reader.cuts
