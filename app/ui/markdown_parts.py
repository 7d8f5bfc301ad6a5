"""What an answer is made of once it is parsed: runs of text, lines, tables, code, pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

LINE_BREAK = "\u2028"  # Unicode's line separator: a new line within the same paragraph
OBJECT = "\ufffc"  # stands in a document for something drawn


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one style; `link` is an address that is safe to offer, or empty.

    A formula's `text` is its LaTeX; the text of a `picture` describes one that is not shown.
    A `note` is the label of a footnote: its number is the text.
    """

    text: str
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False
    link: str = ""
    maths: bool = False
    display: bool = False  # of a formula: large, as on a line of its own
    picture: bool = False
    note: str = ""


class Kind(StrEnum):
    """What a line of prose is."""

    TEXT = "text"
    HEADING = "heading"
    RULE = "rule"
    FORMULA = "formula"  # one run, shown on a line of its own
    ALERT = "alert"  # the title of one; its kind is that of the innermost bar
    NOTE = "note"  # first line of a footnote


@dataclass(frozen=True, slots=True)
class Bar:
    """A quotation that a line is in: how deep it begins, and what alert it is, if one."""

    depth: int
    alert: str = ""  # note, tip, important, warning, caution


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, heading or list item's first paragraph; `marker` is its bullet or number."""

    runs: tuple[Run, ...]
    kind: Kind = Kind.TEXT
    level: int = 0  # of a heading, 1 to 6
    depth: int = 0  # lists and quotations it is within
    marker: str = ""
    bars: tuple[Bar, ...] = ()
    is_done: bool | None = None  # of a task list's item
    note: str = ""  # label of the footnote that begins here

    @property
    def is_quote(self) -> bool:
        """Whether it is quoted; an alert's text is not."""
        return any(not bar.alert for bar in self.bars)


Row = tuple[tuple[Run, ...], ...]  # of cells


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, the first row being the head; `aligns` has left, center or right by column."""

    rows: tuple[Row, ...]
    aligns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Fenced or indented code, at any depth of lists."""

    text: str
    language: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture that is within the text itself, as a data: address."""

    data: str
    description: str = ""


Part = Line | Table | Code | Picture


def with_text(run: Run, text: str) -> Run:
    """The same run with other text."""
    return replace(run, text=text)
