"""Prompts through LangChain's `ChatPromptTemplate`, in the template process.

What is written into a prompt is data: LangChain puts values in as they are, braces in them mean
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.string import get_template_variables

from app.core.prompt_documents import fault_of_order, fault_of_variables, limits_of
from app.core.prompt_errors import (
    PromptEmpty,
    PromptMissingValue,
    PromptNotAChoice,
    PromptNotADate,
    PromptNotANumber,
    PromptNumberAbove,
    PromptNumberBelow,
    PromptShapeBad,
    PromptTooLarge,
    PromptUnknownInJinja,
    PromptUnknownVariable,
    PromptVariableBad,
)
from app.core.prompts import (
    PromptTemplate,
    Rendered,
    TemplateFormat,
    Variable,
    VariableKind,
)
from app.templates.limits import PROMPT_OUTPUT
from app.templates.prompt_faults import check_text, explained

LARGEST = "1 MB"  # PROMPT_OUTPUT in words
_ROLES = {"system": "system", "user": "human", "assistant": "ai"}


def variables(template: PromptTemplate) -> tuple[str, ...]:
    """The names its messages use, in order of the alphabet. Raises a PromptError where it is no
    template."""
    _check(template)
    found: set[str] = set()
    for message in template.messages:
        found.update(get_template_variables(message.text, template.format.value))
    return tuple(sorted(found))


def render(template: PromptTemplate, values: Mapping[str, str]) -> Rendered:
    """Fill it in. `values` may have more than the template declares, such as `date`; what it
    declares and `values` lacks is its default. Raises a PromptError."""
    used = variables(template)
    filled = _filled(template, values, used)
    pairs = [(_ROLES[message.role], message.text) for message in template.messages]
    with explained(template, filled):
        chat = ChatPromptTemplate.from_messages(pairs, template_format=template.format.value)
        made = chat.format_messages(**filled)
    texts = [_text(message) for message in made]
    if sum(len(text) for text in texts) > PROMPT_OUTPUT:
        raise PromptTooLarge(size=LARGEST)
    return _rendered([m.role for m in template.messages], texts)


def _check(template: PromptTemplate) -> None:
    fault = fault_of_order(template, is_question_needed=False)
    if fault:
        raise PromptShapeBad(fault)
    name, fault = fault_of_variables(template.variables)
    if fault:
        raise PromptVariableBad(fault, name=name)
    for number, message in enumerate(template.messages, 1):
        check_text(message.text, template.format, number)


def _rendered(roles: list[str], texts: list[str]) -> Rendered:
    system = ""
    if roles[:1] == ["system"]:
        system, roles, texts = texts[0], roles[1:], texts[1:]
    if roles[-1:] != ["user"]:  # an assistant's: it has no question
        return Rendered("", system, _told(roles, texts))
    if not texts[-1]:
        raise PromptEmpty
    return Rendered(texts[-1], system, _told(roles[:-1], texts[:-1]))


def _told(roles: list[str], texts: list[str]) -> tuple[tuple[str, str], ...]:
    """The examples; a pair of which one is empty is none: many chat templates refuse it."""
    pairs = list(zip(roles, texts, strict=True))
    pairs = pairs[: len(pairs) - len(pairs) % 2]
    whole = [i for i in range(0, len(pairs), 2) if pairs[i][1] and pairs[i + 1][1]]
    return tuple(pair for i in whole for pair in pairs[i : i + 2])


def _text(message: BaseMessage) -> str:
    return str(message.content).strip()


def _filled(
    template: PromptTemplate, values: Mapping[str, str], used: tuple[str, ...]
) -> dict[str, object]:
    declared = {variable.name: variable for variable in template.variables}
    unknown = [name for name in used if name not in declared and name not in values]
    if unknown:
        names = ", ".join(unknown)
        if template.format is TemplateFormat.JINJA:
            raise PromptUnknownInJinja(names=names)
        raise PromptUnknownVariable(names=names)
    texts = {name: _given(declared.get(name), values.get(name)) for name in used}
    missing = [
        declared[name].label or name
        for name, text in texts.items()
        if not text.strip() and name in declared and declared[name].is_required
    ]
    if missing:
        raise PromptMissingValue(names=", ".join(missing))
    if sum(len(text) for text in texts.values()) > PROMPT_OUTPUT:
        raise PromptTooLarge(size=LARGEST)
    return {name: _typed(declared.get(name), text) for name, text in texts.items()}


def _given(variable: Variable | None, text: str | None) -> str:
    """What was given; else, and where something is needed and nothing was written, the default."""
    if variable is None:
        return text or ""
    if text is None or (variable.is_required and not text.strip()):
        return variable.default
    return text


def _typed(variable: Variable | None, text: str) -> object:
    """A number as a number, so that a template can compute with it; the rest as text."""
    if variable is None or not text.strip():
        return text
    label = variable.label or variable.name
    if variable.kind is VariableKind.NUMBER:
        return _number(variable, text, label)
    if variable.kind is VariableKind.DATE:
        try:
            return date.fromisoformat(text.strip()).isoformat()
        except ValueError:
            raise PromptNotADate(value=_short(text), name=label) from None
    if variable.kind is VariableKind.CHOICE and text not in variable.choices:
        raise PromptNotAChoice(
            value=_short(text), name=label, choices=_short(", ".join(variable.choices), 400)
        )
    return text


def _number(variable: Variable, text: str, label: str) -> int | float:
    least, most = limits_of(variable)
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not abs(found) < 1e15:  # what is no number is not below anything
        raise PromptNotANumber(value=_short(text), name=label)
    if found < least:
        raise PromptNumberBelow(value=_short(text), name=label, limit=_plain(least))
    if found > most:
        raise PromptNumberAbove(value=_short(text), name=label, limit=_plain(most))
    return _plain(found)


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _short(text: str, most: int = 80) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
