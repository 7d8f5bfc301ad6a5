"""Syntax colours for code, from Pygments' lexers in the theme's own hues."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer

MAX_CHARACTERS = 200_000  # beyond this, colours cost more than they help
# In longer ones the lexers' patterns look ahead again and again, and hold up all other threads
MAX_LINE, MAX_BLANK_LINES = 2_000, 200
LIMIT_S = 1.0  # what is not coloured by then stays as it is


@dataclass(frozen=True, slots=True)
class Span:
    """A coloured stretch of one line: `start` and `length` in characters."""

    start: int
    length: int
    colour: str


# Token family -> (light, dark); first match by Pygments' token hierarchy wins.
_HUES: dict[str, tuple[str, str]] = {
    "Comment": ("#736a61", "#9b8f84"),
    "Keyword": ("#9c3a0c", "#f09a6a"),
    "Operator.Word": ("#9c3a0c", "#f09a6a"),
    "Name.Function": ("#2f5f8f", "#8fbbe8"),
    "Name.Class": ("#2f5f8f", "#8fbbe8"),
    "Name.Builtin": ("#6b4a94", "#c5a8ec"),
    "Name.Decorator": ("#6b4a94", "#c5a8ec"),
    "Name.Tag": ("#9c3a0c", "#f09a6a"),
    "Name.Attribute": ("#2f5f8f", "#8fbbe8"),
    "Literal.String": ("#3e6b2a", "#a9cf8e"),
    "Literal.Number": ("#8a5a00", "#e3bd6b"),
    "Generic.Inserted": ("#3e6b2a", "#a9cf8e"),
    "Generic.Deleted": ("#a3261c", "#ff9d8f"),
}


def spans(code: str, language: str, *, dark: bool) -> list[list[Span]]:
    """Coloured spans of each line of `code`; no spans for an unknown language."""
    lexer = _lexer(language) if _is_readable(code) else None
    if lexer is None:
        return []
    lines: list[list[Span]] = [[]]
    column, until = 0, time.monotonic() + LIMIT_S
    for kind, text in lexer.get_tokens(code):
        if time.monotonic() > until:
            break
        colour = _colour(kind, dark)
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append([])
                column = 0
            if part and colour:
                lines[-1].append(Span(column, len(part), colour))
            column += len(part)
    return lines


def _is_readable(code: str) -> bool:
    """Whether it is worth a lexer: not endless, and with lines as people write them."""
    if len(code) > MAX_CHARACTERS:
        return False
    blank = 0
    for line in code.split("\n"):
        blank = 0 if line.strip() else blank + 1
        if len(line) > MAX_LINE or blank > MAX_BLANK_LINES:
            return False
    return True


@lru_cache(maxsize=256)
def spans_of_short(code: str, language: str, *, dark: bool) -> list[list[Span]]:
    """The same, kept: messages are shown again and again while a conversation is scrolled."""
    return spans(code, language, dark=dark)


def lex_later(code: str, language: str, *, dark: bool) -> Future[list[list[Span]]]:
    """The same beside the main thread: of a long piece of code it takes longer than a frame."""
    return _pool().submit(spans, code, language, dark=dark)


def suffix_of(language: str) -> str:
    """How the name of a file in this language ends, with the dot; empty where that is not known."""
    lexer = _lexer(language)
    for pattern in getattr(lexer, "filenames", ()):
        suffix = str(pattern).removeprefix("*")
        if suffix.startswith(".") and suffix[1:].isalnum():
            return suffix
    return ""


def is_ready() -> bool:
    """Whether Pygments is loaded; where it is not, that begins now, on a thread of its own."""
    if not _loading.ident:
        _loading.start()
    return not _loading.is_alive()


def _load() -> None:
    spans("x = 1", "python", dark=False)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="lexer")


_loading = threading.Thread(target=_load, name="highlight", daemon=True)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name  # 40 ms, see is_ready
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _colour(kind: tuple[str, ...], dark: bool) -> str:
    for length in range(len(kind), 0, -1):
        hues = _HUES.get(".".join(kind[:length]))
        if hues:
            return hues[1 if dark else 0]
    return ""
