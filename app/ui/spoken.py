"""An answer as a screen reader says it: whole sentences, without Markdown's marks, code as a word.

The text may grow; what was given once is not given again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication

from app.ui.markdown import GrowingMarkdown
from app.ui.markdown_parts import Code, Kind, Line, Part, Run, Table
from app.ui.markdown_source import plain_runs
from app.ui.prose import alert_title
from app.ui.words import number_text

_MAY_END = re.compile("[.!?…。！？｡؟۔।\\n]")
# East Asian marks end a sentence by themselves, others where a space follows
_END = re.compile(r"""[。！？｡]+[」』”’）】》"')\]]*|([.!?…؟۔।]+)[”’»"')\]]*(?=\s)""")
# words with a full stop of their own: titles, initials, and some where a number follows
_SHORT = re.compile(r"[A-Z]|(?i:bzw|cf|dr|e\.g|i\.e|mrs?|ms|prof|st|vgl|vs|z\.b)")
_BEFORE_NUMBER = re.compile(r"(?i:approx|ca|eqs?|figs?|max|min|nos?|nr|op|pp?|sec|vol)")
_BULLETS = "•◦▪"
_OPEN_MARKS = re.compile(r"(?:(?<=\s)|^)(\*{1,3}|_{1,2}|~~|`+)(?=\S)")  # their end is still to come
_NO_WORDS = re.compile(r"[-–—*_=#~`|>.\s]*")


def sentences(text: str, *, is_whole: bool) -> list[str]:
    """The sentences that `text` begins with, each in one line; with `is_whole` also its rest.

    The last one of a text that goes on waits for what follows: "3." may become "3.5".
    """
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        rest = text[match.end() :].lstrip()
        if not rest and not is_whole:
            break
        if match.group(1) and rest[:1].islower():  # "Really?" she said
            continue
        if match.group(1) == "." and _is_short(text[start : match.start()], rest):
            continue
        found.append(text[start : match.end()])
        start = match.end()
    if is_whole:
        found.append(text[start:])
    lines = (" ".join(sentence.split()) for sentence in found)
    return [line for line in lines if line]


def _is_short(before: str, rest: str) -> bool:
    """Whether a full stop between the two belongs to a word, or to a number in a list."""
    words = before.split()
    last = words[-1].lstrip("(\"'“‘") if words else ""
    if len(words) == 1 and last.isdigit():
        return True
    return bool(_SHORT.fullmatch(last) or (rest[:1].isdigit() and _BEFORE_NUMBER.fullmatch(last)))


class SpokenText:
    """Takes Markdown piece by piece, gives what can be said by now.

    Work is done where a sentence or a line may have ended; it depends on the length of the last
    block, not of the whole answer.
    """

    def __init__(self) -> None:
        self._growing = GrowingMarkdown()
        self._pending: list[str] = []
        self._may_end = False
        self._part = 0  # the first one that has something left to say
        self._said = 0  # sentences of it

    def append(self, text: str, *, is_complete: bool = False) -> list[str]:
        """What `text` brings to its end; with `is_complete` everything that is left."""
        self._pending.append(text)
        self._may_end = self._may_end or bool(_MAY_END.search(text))
        if not (self._may_end or is_complete):
            return []
        joined = "".join(self._pending)
        self._pending.clear()
        last = joined.rstrip()[-1:]  # a sentence ends once it is known what follows
        self._may_end = not last or bool(_MAY_END.match(last))
        return self._ended(self._growing.append(joined, is_complete=is_complete), is_complete)

    def _ended(self, tail: Sequence[Part], is_complete: bool) -> list[str]:
        finished = self._growing.finished
        count = len(finished) + len(tail)
        found: list[str] = []
        for number in range(self._part, count):
            is_first = number < len(finished)
            part = finished[number] if is_first else tail[number - len(finished)]
            is_whole = is_complete or number < count - 1
            said = _said(part, is_whole=is_whole)
            found.extend(words for words in said[self._said :] if not _NO_WORDS.fullmatch(words))
            self._said = max(self._said, len(said))
            if is_whole:
                self._part, self._said = number + 1, 0
        return found


def _said(part: Part, *, is_whole: bool) -> list[str]:
    if isinstance(part, Line):
        text = _line(part)
        return sentences(text if is_whole else _OPEN_MARKS.sub("", text), is_whole=is_whole)
    if not is_whole:
        return []
    if isinstance(part, Code):
        return [_code(part)]
    if isinstance(part, Table):
        return [_table(part)]
    words = QCoreApplication.translate("Spoken", "Picture: {text}")
    return [words.replace("{text}", part.description)] if part.description else []


def _line(line: Line) -> str:
    if line.kind is Kind.RULE:
        return ""
    if line.kind is Kind.ALERT:
        return alert_title(line.bars[-1].alert)
    text = plain_runs(_readable(run) for run in line.runs if not run.note)
    if line.is_done is not None:
        done = QCoreApplication.translate("Spoken", "Done: {text}")
        to_do = QCoreApplication.translate("Spoken", "To do: {text}")
        return (done if line.is_done else to_do).replace("{text}", text)
    is_bullet = not line.marker or line.marker in _BULLETS
    return text if is_bullet else f"{line.marker} {text}"


def _readable(run: Run) -> Run:
    """A formula is said as its LaTeX, without the dollars around it."""
    return replace(run, maths=False) if run.maths else run


def _code(code: Code) -> str:
    lines = QCoreApplication.translate("Spoken", "%Ln lines", "", code.text.count("\n") + 1)
    plain = QCoreApplication.translate("Spoken", "Code, {lines}")
    named = QCoreApplication.translate("Spoken", "Code in {language}, {lines}")
    words = named if code.language else plain
    return words.replace("{language}", code.language).replace("{lines}", lines)


def _table(table: Table) -> str:
    words = QCoreApplication.translate("Spoken", "Table, columns: {columns}, rows: {rows}")
    return words.replace("{columns}", number_text(len(table.aligns))).replace(
        "{rows}", number_text(max(0, len(table.rows) - 1))
    )
