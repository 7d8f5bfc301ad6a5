"""Tells what a model thought from what it answered, by the markers that model families use."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

_PAIRS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("<|channel|>analysis<|message|>", "<|end|>"),
)
_ENDS = dict(_PAIRS)
_OPENING = re.compile("|".join(re.escape(opening) for opening, _ in _PAIRS))
_CHANNEL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer: said, or only thought."""

    text: str
    is_thought: bool = False


def segments(text: str) -> list[Segment]:
    """The text in its stretches, markers and empty stretches left out.

    Reasoning that was not closed goes to the end; a closing marker without an opening one means
    that the chat template had opened it.
    """
    text = _CHANNEL.sub("", text)
    found: list[Segment] = []
    first = _OPENING.search(text)
    for _, ending in _PAIRS[:3]:
        at = text.find(ending)
        if at >= 0 and (first is None or at < first.start()):
            found.append(Segment(text[:at], is_thought=True))
            text = text[at + len(ending) :]
            break
    at, code = 0, _Code(text)
    while (opening := _OPENING.search(text, at)) is not None:
        if code.has(opening.start()):
            found.append(Segment(text[at : opening.end()]))
            at = opening.end()
            continue
        found.append(Segment(text[at : opening.start()]))
        ending = _ENDS[opening[0]]
        end = text.find(ending, opening.end())
        found.append(Segment(text[opening.end() : end if end >= 0 else None], is_thought=True))
        at = end + len(ending) if end >= 0 else len(text)
    found.append(Segment(text[at:]))
    return _joined(found)


def without_reasoning(text: str) -> str:
    """Only what was said."""
    said = [part.text for part in segments(text) if not part.is_thought]
    return "\n\n".join(said) if said else ""


class _Code:
    """Knows which places of a text are within code: there a marker is only spoken of."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._fences = [match.start() for match in re.finditer("```", text)]
        self._ticks = [at for at, letter in enumerate(text) if letter == "`"]

    def has(self, at: int) -> bool:
        """Whether that place is within inline code or a fence."""
        line = self._text.rfind("\n", 0, at) + 1
        ticks = bisect.bisect_left(self._ticks, at) - bisect.bisect_left(self._ticks, line)
        return ticks % 2 == 1 or bisect.bisect_left(self._fences, at) % 2 == 1


def _joined(parts: list[Segment]) -> list[Segment]:
    """Neighbours of a kind as one, trimmed, the empty ones gone."""
    found: list[Segment] = []
    for part in parts:
        if found and found[-1].is_thought == part.is_thought and not part.is_thought:
            found[-1] = Segment(found[-1].text + part.text)
        elif part.text.strip():
            found.append(part)
    return [Segment(p.text.strip(), p.is_thought) for p in found if p.text.strip()]
