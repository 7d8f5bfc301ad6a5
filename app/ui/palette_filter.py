"""Which commands fit what was typed, the best first: by words, beginnings, initials, parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be chosen. `shortcut` as it is shown; `keywords` find it too."""

    id: str
    title: str
    shortcut: str = ""
    group: str = ""
    keywords: str = ""


# how well a word of the query fits, from the best
_WHOLE, _BEGINNING, _INITIALS, _INSIDE, _KEYWORD = 100, 80, 60, 40, 20


def found(query: str, commands: Iterable[Command], recent: Sequence[str] = ()) -> list[Command]:
    """The commands that fit all words of `query`, the best first; those used last before others.

    An empty query fits all: then `recent` (ids, the last one first) come first, the rest in order.
    """
    places = {command_id: place for place, command_id in enumerate(recent)}
    scored = [(score(query, command), command) for command in commands]
    fitting = [(value, command) for value, command in scored if value is not None]
    # sorted is stable: what fits as well stays in the order given
    fitting.sort(key=lambda pair: (-pair[0], places.get(pair[1].id, len(places))))
    return [command for _, command in fitting]


def score(query: str, command: Command) -> float | None:
    """How well `command` fits, more is better; None if it does not."""
    wanted = _words(query)
    if not wanted:
        return 0.0
    title, keywords = plain(command.title), plain(f"{command.group} {command.keywords}")
    title_words = _words(title)
    initials = "".join(word[0] for word in title_words)
    values = [_fit(word, title, title_words, initials, keywords) for word in wanted]
    if min(values) == 0:
        return None
    is_in_order = " ".join(wanted) in " ".join(title_words)
    # of titles that fit as well, the shorter one is meant; a keyword says nothing about that
    excess = len(title) / 1000 if max(values) > _KEYWORD else 0.0
    return sum(values) / len(values) + (10 if is_in_order else 0) - excess


def _fit(word: str, title: str, words: Sequence[str], initials: str, keywords: str) -> int:
    if word in words:
        return _WHOLE
    if any(part.startswith(word) for part in words):
        return _BEGINNING
    if len(word) > 1 and word in initials:
        return _INITIALS
    if word in title:
        return _INSIDE
    return _KEYWORD if word in keywords else 0


def plain(text: str) -> str:
    """Small letters without accents, wide forms narrow."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", plain(text))
