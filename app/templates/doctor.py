"""The template doctor: what is unusual about a chat template, found by rendering short talks.

`examine` is for the parent; `examine_job` runs in the template process. Whether Inglenook makes up
for a finding by itself is a part of it (`Finding.is_handled`): `app.templates.chat` and the model's
process do that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from app.core.entities import Finding, FindingKind
from app.core.errors import ProblemRaised
from app.core.reasoning import FAMILIES
from app.core.template_errors import TemplateError, reason_of
from app.core.templates import Vocabulary
from app.templates.known import fallback_for

if TYPE_CHECKING:
    from app.templates.chat import Program, Turn
    from app.templates.process import TemplateProcess

TIMEOUT_S = 2.0
MOST_STOP = 40  # characters of a text that ends an answer
LEAST_STOP = 3
MOST_DETAILS = 300
# what looks like a token of its own: <|im_end|>, </s>, [/INST], ### User
_TAG = re.compile(r"<[^<>\s]{1,38}>|\[[^\[\]\s]{1,38}\]")
# of models with several channels: the end of one of them that is no end of the answer, and the
# tokens of a vocabulary that say so
_CHANNEL_END, _CHANNELS = "<|end|>", frozenset(("<|return|>", "<|flush|>"))


def examine(
    process: TemplateProcess, source: str | None, vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """What the doctor finds; `source` is None for a model without a template of its own. Raises
    nothing for what a template does."""
    if source is None:
        name, is_sure = fallback_for(vocabulary)
        return (Finding(FindingKind.NO_TEMPLATE, is_sure, name),)
    try:
        found = process.call("examine", source, vocabulary, timeout_s=TIMEOUT_S)
    except (TemplateError, ProblemRaised) as error:
        return (_broken(reason_of(error.problem)),)
    return tuple(found)


def stop_texts(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The texts at which an answer has to be ended because the model's own end does not."""
    return tuple(
        finding.details
        for finding in findings
        if finding.kind is FindingKind.END_NOT_STOPPING and finding.details
    )


def examine_job(source: str, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """What is found in the template itself. Raises what it raises for any conversation."""
    from app.templates import chat

    program = chat.program(source, vocabulary.bos, vocabulary.eos)
    question = ("user", chat.QUESTION)
    text = program.text([question])
    if chat.QUESTION not in text:
        return (_broken("the question is not in what it renders"),)
    return tuple(_findings(program, text, vocabulary))


def _findings(program: Program, text: str, vocabulary: Vocabulary) -> Iterator[Finding]:
    from app.templates import chat

    if program.missing:
        yield _finding(FindingKind.NO_GENERATION_PROMPT, program.missing)
    bos = vocabulary.bos
    if bos and text.startswith(bos) and (vocabulary.adds_bos or text.startswith(bos * 2)):
        yield _finding(FindingKind.DOUBLE_BOS, bos)
    yield from _of_roles(program)
    answered: list[Turn] = [
        ("user", chat.QUESTION), ("assistant", chat.ANSWER), ("user", chat.SECOND),
    ]  # fmt: skip
    talk = program.could(answered)
    if talk is None or chat.ANSWER not in talk or chat.SECOND not in talk:
        yield _broken("it does not render an answer that was given before")
    elif vocabulary.is_known:
        between = talk[talk.index(chat.ANSWER) + len(chat.ANSWER) : talk.rindex(chat.SECOND)]
        end = end_of_turn(between, vocabulary)
        if end is not None:
            yield Finding(FindingKind.END_NOT_STOPPING, bool(end), end)
    opening = text.rstrip()
    for family in FAMILIES:
        if opening.endswith(family.opens):
            yield _finding(FindingKind.OPEN_THINK, family.opens)


def _of_roles(program: Program) -> Iterator[Finding]:
    from app.templates import chat

    question, answer = ("user", chat.QUESTION), ("assistant", chat.ANSWER)
    if program.is_deaf:
        yield Finding(FindingKind.SYSTEM_IGNORED)
    elif refusal := _refusal(program, [("system", chat.SYSTEM), question]):
        yield _finding(FindingKind.SYSTEM_REFUSED, refusal)
    again = ("user", chat.SECOND)
    for turns in ([question, again], [question, answer, answer, again], [answer, question]):
        if refusal := _refusal(program, turns):
            yield _finding(FindingKind.MUST_ALTERNATE, refusal)
            return


def _refusal(program: Program, turns: list[Turn]) -> str:
    """What the template says against these turns; empty where it takes them."""
    try:
        program.text(turns)
    except (MemoryError, OverflowError):
        raise
    except Exception as error:  # noqa: BLE001 - a foreign program
        return str(error) or type(error).__name__
    return ""


def end_of_turn(between: str, vocabulary: Vocabulary) -> str | None:
    """What ends an answer though it does not end the model's writing; None where all is well.

    `between` is what a template writes from an answer to the next question. Empty: it writes
    nothing that could be an end."""
    tokens = _specials_in(between, vocabulary.specials)
    if any(token in vocabulary.ends for token in tokens):
        return None
    if _CHANNEL_END in tokens and vocabulary.ends & _CHANNELS:
        return None
    stripped = between.lstrip()
    if tokens and stripped.startswith(tokens[0]):
        return tokens[0]
    if tag := _TAG.match(stripped):
        return tag[0]
    blank = between[: len(between) - len(stripped)]
    line = stripped.partition("\n")[0].rstrip()
    end = f"{blank}{line}"[:MOST_STOP]
    is_telling = len(line) >= LEAST_STOP and not line.isalnum()
    return end if is_telling else ""


def _specials_in(text: str, specials: frozenset[str]) -> list[str]:
    """The special tokens in `text`, in their order; of two at the same place the longer one."""
    found, position = [], 0
    there = sorted((s for s in specials if s.strip() and s in text), key=len, reverse=True)
    while position < len(text):
        token = next((s for s in there if text.startswith(s, position)), "")
        if token:
            found.append(token)
        position += len(token) or 1
    return found


def _broken(reason: str) -> Finding:
    return Finding(FindingKind.BROKEN, is_handled=False, details=reason[:MOST_DETAILS])


def _finding(kind: FindingKind, details: str) -> Finding:
    return Finding(kind, details=details[:MOST_DETAILS])
