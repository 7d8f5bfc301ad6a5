"""The part of a text around the first hit, on one line, and where in it the hits are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.storage.folding import folded, folded_with_places
from app.storage.query import Marker

BEFORE, LENGTH = 50, 240  # characters
STEP = 512  # in which a place of the folded text is looked for in the original
_SPACES = re.compile(r"\s+")
# what only says how a text looks, or what is reasoning, is in the way of reading a line of it
_MARKUP = re.compile(
    r"</?think(?:ing)?>|\*\*|`+|^[ \t]*(?:#{1,6} |(?:[-*+] )?\[[ xX]\] )", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A line of text; marks are start and length in characters."""

    text: str
    marks: tuple[tuple[int, int], ...]


def excerpt(text: str, marker: Marker) -> Excerpt:
    """Around the first thing that is marked in `text`; its beginning if nothing is."""
    first = marker.first(folded(text))
    place = _original(text, first) if first else 0
    start = max(0, place - BEFORE)
    if start > 0:  # at the beginning of a word, if one begins soon
        space = _SPACES.search(text, start, place)
        start = space.end() if space else start
    end = min(len(text), start + LENGTH)
    line = _SPACES.sub(" ", _MARKUP.sub("", text[start:end])).strip()
    line = f"{'…' if start > 0 else ''}{line}{'…' if end < len(text) else ''}"
    return Excerpt(line, marks(line, marker))


def marks(line: str, marker: Marker) -> tuple[tuple[int, int], ...]:
    """What is marked in a text: start and length in characters of the text itself."""
    text, places = folded_with_places(line)
    return tuple(
        (places[start][0], places[end - 1][1] - places[start][0]) for start, end in marker.all(text)
    )


def _original(text: str, place: int) -> int:
    """About where the character at `place` of the folded text is in `text`."""
    if text.isascii():
        return place
    passed = 0
    for start in range(0, len(text), STEP):
        piece = text[start : start + STEP]
        length = len(folded(piece))
        if passed + length > place:
            for end in range(1, len(piece) + 1):
                if passed + len(folded(piece[:end])) > place:
                    return start + end - 1
        passed += length
    return len(text)
