"""What a person typed into the search, as a question to the index and as places to mark."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.storage.folding import gapped, is_inside, is_spaceless, words

MOST_CHARACTERS = 2000  # what comes after is not looked at; a pasted text is found by less
MOST_WORDS = 200
_QUOTED = re.compile(r'["“”„]([^"“”„]*)(["“”„]|$)')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; of the last one the beginning is enough with `is_open`."""

    words: tuple[str, ...]
    is_open: bool = False

    @property
    def expression(self) -> str:
        """For FTS5. Words hold letters, digits and characters beyond ASCII: nothing to escape."""
        return f'"{" ".join(self.words)}"{" *" if self.is_open else ""}'

    @property
    def pattern(self) -> re.Pattern[str]:
        """For gapped text; whether words begin and end where it matches is another question."""
        parts = [re.escape(self.words[0])]
        for before, word in itertools.pairwise(self.words):
            is_joined = is_spaceless(before) or is_spaceless(word)
            parts.append(f"{' *' if is_joined else ' +'}{re.escape(word)}")
        return re.compile("".join(parts))


def phrases(text: str) -> list[Phrase]:
    """All of them are wanted. What stands in quotes is one, and so is each word outside."""
    found: list[Phrase] = []
    room = MOST_WORDS
    for piece, is_open in _pieces(text[:MOST_CHARACTERS]):
        part = tuple(words(piece)[:room])
        room -= len(part)
        if part:
            found.append(Phrase(part, is_open))
    return found


def expression(wanted: Sequence[Phrase]) -> str:
    """All of `wanted`, for FTS5."""
    return " AND ".join(phrase.expression for phrase in wanted)


class Marker:
    """Finds the places of phrases in texts."""

    def __init__(self, wanted: Sequence[Phrase]) -> None:
        self._wanted = [(phrase.pattern, phrase.is_open) for phrase in wanted]

    def first(self, text: str) -> int | None:
        """Where in folded text the first of them begins."""
        text = gapped(text)
        spans = (next(_spans(text, *wanted), None) for wanted in self._wanted)
        return min((span[0] for span in spans if span), default=None)

    def all(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each in folded text, from left to right; none overlaps another."""
        text = gapped(text)
        found: list[tuple[int, int]] = []
        spans = (span for wanted in self._wanted for span in _spans(text, *wanted))
        for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            if not found or start >= found[-1][1]:
                found.append((start, end))
        return found


def _spans(text: str, pattern: re.Pattern[str], is_open: bool) -> Iterator[tuple[int, int]]:
    at = 0
    while match := pattern.search(text, at):
        start, end = match.span()
        if _is_edge(text, start) and (is_open or _is_edge(text, end)):
            yield start, end
            at = end
        else:
            at = start + 1


def _is_edge(text: str, at: int) -> bool:
    """Whether no word goes on from the character before `at` to the one there."""
    return not (0 < at < len(text) and is_inside(text[at - 1]) and is_inside(text[at]))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Words and quoted phrases in order, each with whether it is still being typed."""
    start = 0
    for match in _QUOTED.finditer(text):
        for word in text[start : match.start()].split():
            yield word, False
        yield match.group(1), not match.group(2)
        start = match.end()
    last = text[start:].split()
    for place, word in enumerate(last, 1):
        yield word, place == len(last)
