"""A model's reasoning: what a prompt opens of it, what history keeps, how long it took."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import lru_cache

from app.core.reasoning import FAMILIES, Kind, Splitter, without_reasoning

FINAL = "<|channel|>final<|message|>"  # gpt-oss: the answer itself
# control tokens that are shown nevertheless: they tell reasoning from the answer
SHOWN = tuple(
    dict.fromkeys(
        piece
        for family in FAMILIES
        for marker in (family.opens, *family.closes, *family.drops)
        for piece in (marker, *re.findall(r"<\|?\w+\|?>", marker))
    )
)
LONGEST = max(len(family.opens) for family in FAMILIES)
_OPENING = re.compile("(?:" + "|".join(re.escape(f.opens) for f in FAMILIES) + r")\s*$")
_MARKERS = tuple(marker for f in FAMILIES for marker in (f.opens, *f.closes, *f.drops))


def opening_of(prompt: str) -> str:
    """The marker that a rendered prompt ends with, with the space after it; empty if none.

    Some templates write it for the model, which then begins in the middle of its reasoning."""
    found = _OPENING.search(prompt, max(len(prompt) - LONGEST - 8, 0))
    return found[0] if found else ""


def going_on(prompt: str, text: str) -> str:
    """`prompt` with the open answer `text` after it: just what the model read as it wrote it."""
    opening = opening_of(prompt)
    after = after_opening(opening, text)
    if not opening or not text or len(after) < len(text):
        return prompt + after
    name = opening.strip()
    closes = next(family.closes for family in FAMILIES if family.opens == name)
    if any(close in text for close in closes):
        return prompt + text  # an answer from before openings were kept
    return prompt + closing_of(opening) + text


def after_opening(opening: str, text: str) -> str:
    """What the model itself wrote of an answer: `text` without the `opening` that the template
    wrote, where it begins with that."""
    if text.startswith(opening):
        return text[len(opening) :]
    name = opening.strip()
    if text.lstrip().startswith(name):  # only the space is another one
        return text.lstrip()[len(name) :].lstrip("\n")
    return text


def closing_of(opening: str) -> str:
    """What ends the reasoning that `opening` begins before there was any."""
    name = opening.strip()
    closing = next(family.closes[0] for family in FAMILIES if family.opens == name)
    if closing == "<|end|>":
        return f"{closing}<|start|>assistant{FINAL}"
    return f"{closing}\n\n" if opening.endswith("\n") else closing


@lru_cache(maxsize=256)
def answer_alone(text: str) -> str:
    """An answer as history keeps it: without its reasoning, and as it is where there is none."""
    if not any(marker in text for marker in _MARKERS):
        return text
    return without_reasoning(text)


class Thinking:
    """Measures the reasoning of one answer as its text comes."""

    def __init__(self, begun: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """`begun` is what there is of the answer already, such as an opening of the prompt."""
        self._clock = clock
        self._splitter: Splitter | None = Splitter()
        self._first = self._last = 0.0
        self._read(begun)

    @property
    def seconds(self) -> float:
        """From the first to the last of the reasoning so far."""
        return self._last - self._first

    def feed(self, text: str) -> None:
        """The next piece of the answer."""
        if self._splitter is None or not text:
            return
        was_reasoning = self._splitter.is_reasoning
        if self._read(text) or was_reasoning:
            self._last = self._clock()
            self._first = self._first or self._last

    def _read(self, text: str) -> bool:
        """Whether reasoning came; once the answer itself begins nothing more is read."""
        assert self._splitter is not None
        kinds = {piece.kind for piece in self._splitter.feed(text) if piece.text}
        is_reasoning = self._splitter.is_reasoning or Kind.REASONING in kinds
        if Kind.ANSWER in kinds:
            self._splitter = None
        return is_reasoning
