"""Finding a model's reasoning in the text of its answer, piece by piece, by the families' markers.

A marker counts where a line begins, outside fenced code, so that an answer may speak of one. Text
that only has the closing marker is reasoning from its start: the template had opened it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a stretch of an answer's text is."""

    REASONING = "reasoning"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one kind without its markers; `is_closed` tells whether its end was seen."""

    kind: Kind
    text: str
    is_closed: bool = True


class Piece(NamedTuple):
    """What came: more text of a kind.

    `begins` starts another part; `takes_all` means that all text given before was reasoning too.
    """

    kind: Kind
    text: str
    begins: bool = False
    takes_all: bool = False


class _Family(NamedTuple):
    """Markers of one family; `drops` are written around the answer and shown nowhere."""

    opens: str
    closes: tuple[str, ...]
    drops: tuple[str, ...] = ()


def _tag(name: str, *drops: str) -> _Family:
    return _Family(f"<{name}>", (f"</{name}>",), drops)


_ANSWER_TAGS = ("<answer>", "</answer>", "<response>", "</response>")
_HARMONY = (
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|channel|>final <|constrain|>json<|message|>",
    "<|channel|>commentary<|message|>",
    "<|end|>",
    "<|return|>",
)
_SOLUTION = ("<|begin_of_solution|>", "<|end_of_solution|>")
_COMMAND = ("<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>")
FAMILIES: tuple[_Family, ...] = (
    _tag("think", *_ANSWER_TAGS),  # DeepSeek, Qwen, GLM, MiniMax, SmolLM, Hunyuan, Ernie, Granite
    _tag("thinking"),
    _tag("thought"),  # EXAONE
    _tag("reasoning"),
    _tag("longcat_think"),
    _tag("seed:think"),
    _Family("[THINK]", ("[/THINK]",)),  # Magistral
    _Family("◁think▷", ("◁/think▷",)),  # Kimi
    _Family("<|begin_of_thought|>", ("<|end_of_thought|>",), _SOLUTION),
    _Family("<|START_THINKING|>", ("<|END_THINKING|>",), _COMMAND),
    _Family("<|channel|>analysis<|message|>", ("<|end|>", "<|channel|>final<|message|>"), _HARMONY),
    _Family("<|channel>thought", ("<channel|>",)),  # Gemma 4
    _Family("Here is my thought process:", ("Here is my response:",)),  # Granite 3.2
)
# The closing markers that a template may leave alone in the answer
_LONE_CLOSES = tuple(
    close
    for family in FAMILIES
    for close in family.closes
    if close not in _HARMONY and close[0] in "<[◁"
)
_STARTS = tuple(family.opens for family in FAMILIES)
_ALL_SIGNS = (*_STARTS, *_LONE_CLOSES, "<|", "<answer>", "<response>")
PIECE = 4096  # characters of a long text that are read at once
BEGINNING = 64  # characters within which an opening marker must be
# what may stand where an answer begins though there was no reasoning
_FIRST_DROPS = (*_HARMONY[:4], *_SOLUTION[:1], _COMMAND[0], _COMMAND[2])
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


class Splitter:
    """Takes an answer as it is written; the work of a piece does not grow with the answer.

    With `is_inside` the prompt has opened the reasoning already.
    """

    def __init__(self, *, is_inside: bool = False) -> None:
        self._kept = ""  # what may be the beginning of a marker
        self._family: _Family | None = FAMILIES[0] if is_inside else None  # of what is open
        self._drops: tuple[str, ...] = _FIRST_DROPS
        self._fence = ""  # that the answer's code began with
        self._is_line_start = True
        self._is_first = True  # nothing of the line was read yet
        self._has_reasoning = is_inside
        self._begins = True
        self._skips_space = True
        self._found: list[Piece] = []
        self._is_fresh = not is_inside

    @property
    def is_reasoning(self) -> bool:
        """Whether what comes next belongs to reasoning."""
        return self._family is not None

    def feed(self, text: str, *, is_complete: bool = False) -> list[Piece]:
        """What `text` adds; with `is_complete` nothing is held back any more."""
        self._found = []
        self._kept += text
        if is_complete and self._is_fresh and not any(sign in text for sign in _ALL_SIGNS):
            self._give(Kind.ANSWER, self._kept)
            self._kept = ""
        self._is_fresh = self._is_fresh and not text
        goes_on = True
        while self._kept and goes_on:
            if self._family is not None:
                goes_on = self._read_reasoning(self._family, is_complete)
            elif self._is_line_start:
                goes_on = self._read_line_start(is_complete)
            else:
                goes_on = self._read_line(is_complete)
        return self._found

    def _read_reasoning(self, family: _Family, is_complete: bool) -> bool:
        place, marker = _first(self._kept, family.closes)
        if marker:
            self._give(Kind.REASONING, self._kept[:place])
            self._kept = self._kept[place + len(marker) :]
            self._family, self._drops = None, family.drops
            self._begins = self._skips_space = self._is_line_start = True
            return True
        held = 0 if is_complete else _held(self._kept, family.closes)
        self._give(Kind.REASONING, self._kept[: len(self._kept) - held])
        self._kept = self._kept[len(self._kept) - held :]
        return False

    def _read_line_start(self, is_complete: bool) -> bool:
        if self._skips_space:
            self._kept = self._kept.lstrip()
        line = self._kept.lstrip(" ")
        if not self._fence:
            for family in FAMILIES:
                if line.startswith(family.opens):
                    self._open(family, line)
                    return True
            for marker in self._drops:
                if line.startswith(marker):
                    self._kept = line[len(marker) :]
                    return True
        may_be = () if self._fence else (*_STARTS, *self._drops)
        if not is_complete and _is_undecided(line, may_be):
            return False
        found = _FENCE.match(self._kept)
        mark = found.group(1) if found else ""
        if not self._fence:
            self._fence = mark
        elif mark.startswith(self._fence) and not line.partition("\n")[0].strip(mark[0] + " "):
            self._fence = ""
        self._is_line_start, self._is_first = False, True
        return True

    def _open(self, family: _Family, line: str) -> None:
        self._kept = line[len(family.opens) :]
        self._family = family
        self._has_reasoning = self._begins = self._skips_space = True

    def _read_line(self, is_complete: bool) -> bool:
        """Up to the end of the line or to a marker that can stand within one."""
        end = self._kept.find("\n") + 1
        line = self._kept[: end or None]
        drops = () if self._fence else self._drops
        closes = () if self._fence or self._has_reasoning else _LONE_CLOSES
        place, marker = _first(line, (*closes, *drops))
        rest = line[place + len(marker) :]
        is_last = not rest.strip()
        if marker in closes and is_last and not (end or is_complete or self._is_first_at(place)):
            self._give_line(line, place)  # an end of line has to follow
            return False
        if marker and (marker in drops or is_last or self._is_first_at(place)):
            self._give(Kind.ANSWER, line[:place])
            self._kept = self._kept[place + len(marker) :]
            if marker in closes:
                self._take_all(marker)
            return True
        if marker:
            self._give_line(line, place + len(marker))
            return True
        held = 0 if end or is_complete else _held(line, (*closes, *drops))
        self._give_line(line, len(line) - held)
        self._is_line_start = bool(end)
        return bool(end)

    def _is_first_at(self, place: int) -> bool:
        return self._is_first and not self._kept[:place].strip()

    def _give_line(self, line: str, length: int) -> None:
        self._give(Kind.ANSWER, line[:length])
        self._kept = self._kept[length:]
        self._is_first = self._is_first and not length

    def _take_all(self, marker: str) -> None:
        self._found.append(Piece(Kind.REASONING, "", takes_all=True))
        self._has_reasoning = True
        self._begins = self._skips_space = self._is_line_start = True
        self._drops = next(family.drops for family in FAMILIES if marker in family.closes)

    def _give(self, kind: Kind, text: str) -> None:
        if self._skips_space:
            text = text.lstrip()
        if text:
            self._skips_space = False
            self._found.append(Piece(kind, text, self._begins))
            self._begins = False
            if kind is Kind.ANSWER and self._drops is _FIRST_DROPS:
                self._drops = ()


def split(text: str) -> list[Part]:
    """The parts of a finished answer; those without text are left out."""
    splitter = Splitter()
    if not any(sign in text for sign in _ALL_SIGNS):
        return joined(splitter.feed(text, is_complete=True), is_open=splitter)
    # in pieces: what is left is copied with every line
    pieces: list[Piece] = []
    for at in range(0, len(text), PIECE):
        pieces += splitter.feed(text[at : at + PIECE], is_complete=at + PIECE >= len(text))
    return joined(pieces, is_open=splitter)


def joined(pieces: Iterable[Piece], *, is_open: Splitter | None = None) -> list[Part]:
    """Pieces put together to parts."""
    texts: list[tuple[Kind, list[str]]] = []
    for kind, text, begins, takes_all in pieces:
        if takes_all:
            texts = [(Kind.REASONING, [piece for _, pieces_ in texts for piece in pieces_])]
        elif begins or not texts:
            texts.append((kind, [text]))
        else:
            texts[-1][1].append(text)
    parts = [
        Part(kind, "".join(found).rstrip() if kind is Kind.REASONING else "".join(found))
        for kind, found in texts
    ]
    parts = [part for part in parts if part.text]
    if is_open is not None and is_open.is_reasoning and parts:
        last = parts[-1]
        if last.kind is Kind.REASONING:
            parts[-1] = Part(last.kind, last.text, is_closed=False)
    return parts


def without_reasoning(text: str) -> str:
    """The answer alone, as it is shown and as a model should read it again."""
    answers = [part.text.strip("\n") for part in split(text) if part.kind is Kind.ANSWER]
    return "\n\n".join(answers).strip()


def reasoning_length(text: str) -> int:
    """How many characters at the beginning of an answer are reasoning and its markers, without
    reading the rest; all of them where it has no end."""
    begins = text[:BEGINNING].lstrip()
    if not begins.startswith(_STARTS):  # nearly all of ten thousand messages
        return 0
    family = next(f for f in FAMILIES if begins.startswith(f.opens))
    place, marker = _first(text, family.closes)
    return place + len(marker) if marker else len(text)


def _first(text: str, markers: Iterable[str]) -> tuple[int, str]:
    """Where the first of `markers` is, and which; the longer one of two at the same place."""
    found = [(text.find(marker), -len(marker), marker) for marker in markers]
    place, _, marker = min((one for one in found if one[0] >= 0), default=(-1, 0, ""))
    return place, marker


def _held(text: str, markers: Iterable[str]) -> int:
    """How many characters at the end may be the beginning of one of `markers`."""
    longest = 0
    for marker in markers:
        for length in range(min(len(marker) - 1, len(text)), longest, -1):
            if marker.startswith(text[-length:]):
                longest = length
                break
    return longest


def _is_undecided(line: str, markers: Iterable[str]) -> bool:
    """Whether a line that has only begun may still become a marker or a fence."""
    if "\n" in line:
        return False
    if not line.strip(" `~"):
        return True
    return any(marker.startswith(line) for marker in markers)
