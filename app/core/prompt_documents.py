"""Prompts as plain documents (dict, list, str, number) and back, read with suspicion.

The same keys are in the database, in files of prompts and in files of assistants. They reach the
disk: a key may be added, none changes its meaning.
"""

from __future__ import annotations

import itertools
import math
from datetime import date
from typing import Any

from app.core.prompts import (
    NAME,
    VARIABLE,
    Prompt,
    PromptId,
    PromptMessage,
    PromptTemplate,
    TemplateFormat,
    Variable,
    VariableKind,
)

MOST_MESSAGES, MOST_VARIABLES, MOST_CHOICES = 101, 50, 200
MOST_LINE, MOST_HELP, MOST_TEXT = 200, 2000, 500_000  # characters of a title, a help, a text
ROLES = ("system", "user", "assistant")
_PROMPT = ("name", "title", "description", "folder", "format", "variables", "messages")
_VARIABLE = (
    "name",
    "kind",
    "label",
    "help",
    "default",
    "choices",
    "minimum",
    "maximum",
    "required",
)


class BadDocument(Exception):
    """It is no prompt: `place` says where in it, `reason` why, for the details."""

    def __init__(self, place: str, reason: str) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}: {reason}")


def document_of(prompt: Prompt) -> dict[str, Any]:
    """All of a prompt but its id, version and time; what is empty is left out."""
    head = {
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description,
        "folder": prompt.folder,
    }
    kept = {key: value for key, value in head.items() if value}
    return {**kept, **template_document(prompt.template)}


def template_document(template: PromptTemplate) -> dict[str, Any]:
    """The keys format, variables and messages."""
    document: dict[str, Any] = {"format": template.format.value}
    if template.variables:
        document["variables"] = [_variable_document(each) for each in template.variables]
    document["messages"] = [{"role": m.role, "text": m.text} for m in template.messages]
    return document


def prompt_from(document: object, name: str = "") -> Prompt:
    """A prompt without id. `name` stands in where the document has none. Raises BadDocument."""
    entries = _mapping(document, "1", _PROMPT)
    name = _text(entries, "name", MOST_LINE) or name
    if not NAME.fullmatch(name):
        raise BadDocument("name", f"{name[:80]!r} is no name for a prompt")
    return Prompt(
        id=PromptId(""),
        name=name,
        title=" ".join(_text(entries, "title", MOST_LINE).split()) or name,
        template=_template(entries, is_question_needed=True),
        description=_text(entries, "description", MOST_HELP).strip(),
        folder=cleaned_folder(_text(entries, "folder", MOST_LINE)),
    )


def template_from(document: object, *, is_question_needed: bool = True) -> PromptTemplate:
    """From the keys format, variables and messages. Raises BadDocument."""
    entries = _mapping(document, "1", ("format", "variables", "messages"))
    return _template(entries, is_question_needed=is_question_needed)


def cleaned_folder(path: str) -> str:
    """A folder's path without empty parts and doubled spaces."""
    parts = (" ".join(part.split()) for part in path.split("/"))
    return "/".join(part for part in parts if part)


def fault_of_order(template: PromptTemplate, *, is_question_needed: bool = True) -> str:
    """Why no model understands the order of its messages, in English; empty if it is sound."""
    roles = [message.role for message in template.messages]
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        return f"the role {unknown[0][:40]!r} is none of {', '.join(ROLES)}"
    if roles[:1] == ["system"]:
        roles = roles[1:]
    if "system" in roles:
        return "a system message stands first or nowhere"
    if any(a == b for a, b in itertools.pairwise(roles)):
        return "two messages of the same role follow each other"
    if is_question_needed and roles[-1:] != ["user"]:
        return "the last message is the person's question, with the role user"
    if roles[:1] == ["assistant"]:
        return "the examples begin with a question"
    return ""


def fault_of_variables(variables: tuple[Variable, ...]) -> tuple[str, str]:
    """The first variable that cannot be as it is, and why, in English; two empty texts if all
    can."""
    seen: set[str] = set()
    for variable in variables:
        reason = _fault_of(variable)
        if variable.name in seen:
            reason = "there are two of this name"
        if reason:
            return variable.name, reason
        seen.add(variable.name)
    return "", ""


def limits_of(variable: Variable) -> tuple[float, float]:
    """The smallest and the largest number it takes; infinite where there is no limit."""
    least = -math.inf if variable.minimum is None else variable.minimum
    most = math.inf if variable.maximum is None else variable.maximum
    return least, most


def _fault_of(variable: Variable) -> str:
    if not VARIABLE.fullmatch(variable.name):
        return "a name is letters of English, digits and _, and begins with no digit"
    if variable.kind is VariableKind.CHOICE:
        if not variable.choices:
            return "a choice needs choices"
        if variable.default and variable.default not in variable.choices:
            return "the default is none of the choices"
    limits = (variable.minimum, variable.maximum)
    if any(limit is not None and not math.isfinite(limit) for limit in limits):
        return "a limit is not finite"
    least, most = limits_of(variable)
    return "minimum is above maximum" if least > most else _fault_of_default(variable)


def _fault_of_default(variable: Variable) -> str:
    text = variable.default.strip()
    if not text:
        return ""
    try:
        if variable.kind is VariableKind.NUMBER:
            least, most = limits_of(variable)
            # a comparison with what is no number is false
            return "" if least <= float(text) <= most else "the default is outside the limits"
        if variable.kind is VariableKind.DATE:
            date.fromisoformat(text)
    except ValueError:
        return f"the default is no {variable.kind.value}"
    return ""


def _variable_document(variable: Variable) -> dict[str, Any]:
    document: dict[str, Any] = {"name": variable.name, "kind": variable.kind.value}
    for key in ("label", "help", "default"):
        if value := getattr(variable, key):
            document[key] = value
    if variable.choices:
        document["choices"] = list(variable.choices)
    for key in ("minimum", "maximum"):
        limit = getattr(variable, key)
        if limit is not None:
            document[key] = int(limit) if float(limit).is_integer() else limit
    if not variable.is_required:
        document["required"] = False
    return document


def _template(entries: dict[str, Any], *, is_question_needed: bool) -> PromptTemplate:
    messages = _list(entries, "messages", MOST_MESSAGES)
    template = PromptTemplate(
        tuple(_message(each, f"messages, {n}") for n, each in enumerate(messages, 1)),
        tuple(
            _variable(each, f"variables, {n}")
            for n, each in enumerate(_list(entries, "variables", MOST_VARIABLES), 1)
        ),
        _format(entries),
    )
    fault = fault_of_order(template, is_question_needed=is_question_needed)
    if fault:
        raise BadDocument("messages", fault)
    name, fault = fault_of_variables(template.variables)
    if fault:
        raise BadDocument(f"variables, {name[:64]}", fault)
    return template


def _format(entries: dict[str, Any]) -> TemplateFormat:
    try:
        return TemplateFormat(entries.get("format", TemplateFormat.F_STRING))
    except ValueError:
        known = ", ".join(each.value for each in TemplateFormat)
        raise BadDocument("format", f"it is none of {known}") from None


def _message(value: object, place: str) -> PromptMessage:
    entries = _mapping(value, place, ("role", "text"))
    return PromptMessage(
        _text(entries, "role", MOST_LINE, place), _text(entries, "text", MOST_TEXT, place)
    )


def _variable(value: object, place: str) -> Variable:
    entries = _mapping(value, place, _VARIABLE)
    try:
        kind = VariableKind(entries.get("kind", VariableKind.TEXT))
    except ValueError:
        known = ", ".join(each.value for each in VariableKind)
        raise BadDocument(place, f"its kind is none of {known}") from None
    required = entries.get("required", True)
    if not isinstance(required, bool):
        raise BadDocument(place, "required is true or false")
    choices = _list(entries, "choices", MOST_CHOICES, place)
    # YAML reads yes and no as true and false
    if not all(
        isinstance(each, str | int | float) and not isinstance(each, bool) for each in choices
    ):
        raise BadDocument(f"{place}, choices", "texts are expected here; put quotes around them")
    return Variable(
        name=_text(entries, "name", MOST_LINE, place),
        kind=kind,
        label=_text(entries, "label", MOST_LINE, place),
        help=_text(entries, "help", MOST_HELP, place),
        default=_text(entries, "default", MOST_TEXT, place),
        choices=tuple(dict.fromkeys(_as_text(each)[:MOST_HELP] for each in choices)),
        minimum=_number(entries, "minimum", place),
        maximum=_number(entries, "maximum", place),
        is_required=required,
    )


def _mapping(value: object, place: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadDocument(place, "keys and values are expected here")
    for key in value:
        if key not in known:
            raise BadDocument(place, f"{str(key)[:80]!r} is none of {', '.join(known)}")
    return value


def _list(entries: dict[str, Any], key: str, most: int, place: str = "") -> list[Any]:
    value = entries.get(key, [])
    where = f"{place}, {key}" if place else key
    if not isinstance(value, list):
        raise BadDocument(where, "a list is expected here")
    if len(value) > most:
        raise BadDocument(where, f"{len(value)} are more than {most}")
    return value


def _text(entries: dict[str, Any], key: str, most: int, place: str = "") -> str:
    """A text, or a number as its digits: YAML makes `default: 3` a number."""
    value = entries.get(key, "")
    where = f"{place}, {key}" if place else key
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        # YAML reads 2026-11-26 as a date, and yes as true: quotes make it a text
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        raise BadDocument(where, "a text is expected here; put quotes around it")
    text = _as_text(value)
    if len(text) > most:
        raise BadDocument(where, f"{len(text)} characters are more than {most}")
    return text


def _as_text(value: object) -> str:
    text = str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = str(int(value))
    # neither a database nor a file in UTF-8 can hold half characters
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _number(entries: dict[str, Any], key: str, place: str) -> float | None:
    value = entries.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        raise BadDocument(f"{place}, {key}", "a number is expected here")
    return float(value)
