"""Chat templates of models, rendered as transformers does it; runs in the template process.

What a template does not take is put where it does: a system message into the first question, an
assistant's first words into the system message.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jinja2
from jinja2 import ext, nodes, parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.templates.limits import CHAT_OUTPUT, TURN_OUTPUT, OutputTooLarge, joined

MOST_COMPILED = 8
Turn = tuple[str, str]  # role and content


def _no_tools() -> Mapping[str, Any]:
    """As transformers and llama-cpp-python say it."""
    return {"tools": None, "tool_choice": None, "functions": None, "function_call": None}


def _empty_tools() -> Mapping[str, Any]:
    """For templates that go through them unasked (Hermes, Command R+)."""
    return {"tools": [], "documents": []}


def _functions_text() -> Mapping[str, Any]:
    """For those that join a text to others (firefunction)."""
    return {**_empty_tools(), "functions": "[]", "datetime": f"{datetime.now():%Y-%m-%d}"}


# templates for tools are given none of them, in the first of the ways that they take
NO_TOOLS = (_no_tools, _empty_tools, _functions_text)
OPENED = "Your first message in this conversation was:\n\n"
QUESTION, ANSWER, SECOND, SYSTEM = "What is moss?", "A small plant.", "And lichen?", "Be terse."
_LIMITS = (MemoryError, OutputTooLarge, OverflowError)


class Refused(ValueError):
    """The template itself says that it does not take this conversation."""


class GenerationTag(ext.Extension):
    """`{% generation %}` marks what the assistant wrote, for training; here it means nothing."""

    tags = {"generation"}

    def parse(self, parser: parser.Parser) -> list[nodes.Node]:
        """What is inside, as if the tag was not there."""
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> ImmutableSandboxedEnvironment:
    found = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, ext.loopcontrols]
    )
    found.filters["tojson"] = _to_json
    found.globals["raise_exception"] = _refuse
    found.globals["strftime_now"] = _now
    return found


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As in transformers: Jinja's own escapes what is HTML."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _refuse(message: object = "") -> None:
    raise Refused(message)


def _now(form: str) -> str:
    return datetime.now().strftime(form)


ENVIRONMENT = _environment()


@dataclass
class Program:
    """One template, compiled, with what was found out about it."""

    template: jinja2.Template
    bos: str
    eos: str
    no_tools: Callable[[], Mapping[str, Any]]
    is_deaf: bool = False  # it leaves a system message out without a word
    missing: str = ""  # what stands before an answer in its history, and is not written at the end

    def text(self, turns: Sequence[Turn], *, is_open: bool = True, **more: Any) -> str:
        """The conversation just as it is; `is_open`: up to where an answer begins. Raises anything
        that a template can raise."""
        values = {
            "messages": [{"role": role, "content": content} for role, content in turns],
            "bos_token": self.bos,
            "eos_token": self.eos,
            "add_generation_prompt": is_open,
            **self.no_tools(),
            **more,
        }
        most = CHAT_OUTPUT + sum(TURN_OUTPUT + 2 * len(content) for _, content in turns)
        return joined(self.template.generate(**values), most)

    def could(self, turns: Sequence[Turn], *, is_open: bool = True) -> str | None:
        """The same; None where it does not render that."""
        try:
            return self.text(turns, is_open=is_open)
        except _LIMITS:
            raise
        except Exception:  # noqa: BLE001 - a foreign program
            return None


_programs: OrderedDict[tuple[str, str, str], Program] = OrderedDict()


def program(source: str, bos: str, eos: str) -> Program:
    """The template, from those compiled before if it is among them."""
    key = (source, bos, eos)
    found = _programs.get(key)
    if found is None:
        found = _programs[key] = _compile(source, bos, eos)
        if len(_programs) > MOST_COMPILED:
            _programs.popitem(last=False)
    _programs.move_to_end(key)
    return found


def _compile(source: str, bos: str, eos: str) -> Program:
    found = Program(ENVIRONMENT.from_string(source), bos, eos, NO_TOOLS[0])
    question: Turn = ("user", QUESTION)
    for way in NO_TOOLS:
        found.no_tools = way
        if found.could([question]) is not None:
            break
    else:
        found.no_tools = NO_TOOLS[0]
        return found
    told = found.could([("system", SYSTEM), question])
    found.is_deaf = told is not None and SYSTEM not in told and QUESTION in told
    found.missing = _missing_opening(found)
    return found


def _missing_opening(found: Program) -> str:
    """What the template leaves out at the end though it was asked for the beginning of an answer.

    Without a word before answers in the history either, or where the question's end is all there
    is, nothing is missing."""
    turns: list[Turn] = [("user", QUESTION), ("assistant", ANSWER), ("user", SECOND)]
    whole, closed = found.could(turns), found.could(turns, is_open=False)
    if whole is None or whole != closed or ANSWER not in whole or SECOND not in whole:
        return ""
    before = whole[: whole.index(ANSWER)].rpartition(QUESTION)[2]
    end = whole.rpartition(SECOND)[2]
    rest = before[len(end) :] if before.startswith(end) else ""
    return rest if rest.strip() else ""


def render(
    source: str, turns: Sequence[Turn], bos: str = "", eos: str = "", is_thinking: bool = True
) -> str:
    """The prompt as text, up to where the answer begins; `is_thinking` false asks those that know
    it for an answer at once. Raises what the template raises for the conversation as it is."""
    found = program(source, bos, eos)
    more = {} if is_thinking else {"enable_thinking": False}
    first: Exception | None = None
    for way in _ways(turns, is_deaf=found.is_deaf):
        try:
            text = found.text(way, **more) + found.missing
            return text.encode("utf-8", "replace").decode("utf-8")  # no halves of characters
        except _LIMITS:
            raise
        except Exception as error:  # noqa: BLE001 - a foreign program
            first = first or error
    assert first is not None
    raise first


def _ways(turns: Sequence[Turn], *, is_deaf: bool) -> Iterator[Sequence[Turn]]:
    """The conversation as it is, then in the forms that templates take which refuse it."""
    told = _opening_told(turns)
    merged = _system_asked(told)
    if is_deaf and merged is not told:
        yield merged
    yield turns
    if told is not turns:
        yield told
    if merged is not told:
        yield merged


def _opening_told(turns: Sequence[Turn]) -> Sequence[Turn]:
    """An assistant's first words as a part of the system message."""
    at = 1 if turns and turns[0][0] == "system" else 0
    if len(turns) <= at or turns[at][0] != "assistant":
        return turns
    system = f"{turns[0][1]}\n\n" if at else ""
    return [("system", f"{system}{OPENED}{turns[at][1]}"), *turns[at + 1 :]]


def _system_asked(turns: Sequence[Turn]) -> Sequence[Turn]:
    """The system message as the beginning of the first question."""
    if len(turns) < 2 or turns[0][0] != "system" or turns[1][0] != "user":
        return turns
    return [("user", f"{turns[0][1]}\n\n{turns[1][1]}"), *turns[2:]]
