"""An assistant as a JSON document, for the database and for the file in which it is shared.

Whatever a document holds may come from a stranger: types, sizes and ranges are all checked.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from app.core.entities import SamplingParams
from app.core.memory import MemoryPolicy, policy_from
from app.core.presets import MOST_BIAS, OWN, OWN_FIELDS, PRESETS
from app.core.prompt_documents import BadDocument, template_document, template_from
from app.core.prompts import (
    Assistant,
    AssistantId,
    PromptMessage,
    PromptTemplate,
    TemplateFormat,
    Variable,
)
from app.core.settings import is_valid

BUILT_IN = "built-in:"  # begins the id of one that comes with Inglenook
# characters, and for lists how many things
MOST_NAME, MOST_LINE, MOST_OPENING = 80, 500, 20_000
MOST_FILE_NAME, MOST_STOPS, MOST_STOP, MOST_BIASES, MOST_GRAMMAR = 255, 32, 200, 1000, 100_000
MOST_WINDOW = 1_048_576  # tokens
# characters that turn the direction of what follows, also of what is not the name's
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class BadAssistant(ValueError):
    """A document that is no assistant; the text says why, for the details of a problem."""


def is_built_in(assistant_id: str) -> bool:
    """Whether it comes with Inglenook: it can be copied, not changed."""
    return assistant_id.startswith(BUILT_IN)


def system_template(
    text: str,
    variables: tuple[Variable, ...] = (),
    template_format: TemplateFormat = TemplateFormat.F_STRING,
) -> PromptTemplate:
    """The template of an assistant whose system prompt is `text`."""
    messages = (PromptMessage("system", text),) if text else ()
    return PromptTemplate(messages, variables, template_format)


def literal_template(text: str) -> PromptTemplate:
    """The template whose system prompt is `text` as it stands, braces and all."""
    return system_template(text.replace("{", "{{").replace("}", "}}"))


def system_text(assistant: Assistant) -> str:
    """The system prompt with its variables not filled in."""
    return next((m.text for m in assistant.template.messages if m.role == "system"), "")


def numbered(name: str, taken: set[str]) -> str:
    """`name`, or the first of NAME (2), NAME (3), ... that is not among `taken` (casefolded)."""
    found, number = name, 1
    while found.casefold() in taken:
        number += 1
        ending = f" ({number})"
        found = name[: MOST_NAME - len(ending)].rstrip() + ending
    return found


def one_line(name: str) -> str:
    """A name on one line, without characters that do harm to what stands around it."""
    kept = (" " if unicodedata.category(c) == "Cc" else c for c in name if c not in _TURNING)
    return " ".join("".join(kept).split())


# going out


def document_of(assistant: Assistant) -> dict[str, Any]:
    """All of it but id, picture and time."""
    return {
        "name": assistant.name,
        "description": assistant.description,
        "template": template_document(assistant.template),
        "model": assistant.model,
        "preset": assistant.preset,
        "sampling": asdict(assistant.sampling) if assistant.sampling is not None else None,
        "memory": asdict(assistant.memory) if assistant.memory is not None else None,
        "opening": assistant.opening,
    }


# coming in


def assistant_from(
    document: object,
    assistant_id: AssistantId,
    picture: bytes = b"",
    changed_at: datetime | None = None,
) -> Assistant:
    """From what `document_of` made; keys that are not known are left out. Raises BadAssistant."""
    if not isinstance(document, Mapping):
        raise BadAssistant("not an object")
    name = one_line(_text(document, "name", MOST_NAME * 4))
    if not 0 < len(name) <= MOST_NAME:
        raise BadAssistant(f"a name of {len(name)} characters")
    preset = _text(document, "preset", MOST_NAME)
    if preset not in ("", OWN, *PRESETS):
        raise BadAssistant(f"preset: {preset!r}")
    sampling = _sampling(document.get("sampling"))
    if (preset == OWN) != (sampling is not None):
        raise BadAssistant("own values belong to the preset 'own'")
    return Assistant(
        id=assistant_id,
        name=name,
        template=_template(document),
        description=one_line(_text(document, "description", MOST_LINE)),
        model=_file_name(document),
        preset=preset,
        sampling=sampling,
        memory=_memory(document.get("memory")),
        opening=_text(document, "opening", MOST_OPENING).strip(),
        picture=picture,
        changed_at=changed_at,
    )


def _template(document: Mapping[str, Any]) -> PromptTemplate:
    try:
        template = template_from(document.get("template", {}), is_question_needed=False)
    except BadDocument as error:
        raise BadAssistant(f"template: {error}") from None
    system = tuple(m for m in template.messages if m.role == "system" and m.text)
    return replace(template, messages=system)


def _file_name(document: Mapping[str, Any]) -> str:
    """A model is named: nobody's file may point to a place on this disk."""
    name = one_line(_text(document, "model", MOST_FILE_NAME))
    if any(sign in name for sign in "/\\") or name in (".", ".."):
        raise BadAssistant("a model that is no plain name of a file")
    return name


def _memory(given: object) -> MemoryPolicy | None:
    if given is None:
        return None
    policy = policy_from(json.dumps(given)) if isinstance(given, Mapping) else None
    if policy is None:
        raise BadAssistant("memory")
    return policy


def _sampling(given: object) -> SamplingParams | None:
    """Values within the limits that the settings declare for them."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise BadAssistant("sampling")
    values: dict[str, Any] = {}
    kinds = {f.name: f.type for f in fields(SamplingParams)}
    for name in (*OWN_FIELDS, "seed", "max_tokens"):
        if name in given:
            if not is_valid(name, given[name]):
                raise BadAssistant(f"sampling: {name} is {given[name]!r}")
            values[name] = float(given[name]) if kinds[name] == "float" else given[name]
    values["dry_window"] = window = given.get("dry_window", -1)
    if isinstance(window, bool) or not isinstance(window, int) or not -1 <= window <= MOST_WINDOW:
        raise BadAssistant(f"sampling: dry_window is {window!r}")
    for name in ("grammar", "json_schema"):
        values[name] = _text(given, name, MOST_GRAMMAR)
    return SamplingParams(
        **values,
        stop=_stops(given.get("stop", [])),
        logit_bias=_biases(given.get("logit_bias", [])),
        is_own=True,
    )


def _stops(given: object) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or len(given) > MOST_STOPS:
        raise BadAssistant("sampling: stop")
    return tuple(stop for each in given if (stop := _sound(each, MOST_STOP, "stop")))


def _biases(given: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(given, list | tuple) or len(given) > MOST_BIASES:
        raise BadAssistant("sampling: logit_bias")
    found = []
    for pair in given:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not _is_number(pair[1]):
            raise BadAssistant("sampling: logit_bias")
        if not -MOST_BIAS <= pair[1] <= MOST_BIAS:
            raise BadAssistant("sampling: logit_bias")
        found.append((_sound(pair[0], MOST_STOP, "logit_bias"), float(pair[1])))
    return tuple(found)


def _is_number(given: object) -> bool:
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    return is_number and abs(given) < 1e300 and math.isfinite(given)  # type: ignore[arg-type]


def _text(document: Mapping[str, Any], name: str, most: int) -> str:
    return _sound(document.get(name, ""), most, name)


def _sound(given: object, most: int, name: str) -> str:
    """A text that a database and a file in UTF-8 can hold."""
    if not isinstance(given, str):
        raise BadAssistant(f"{name} is no text")
    if len(given) > most:
        raise BadAssistant(f"{name} has {len(given)} characters, {most} are the most")
    if "\0" in given or any("\ud800" <= c <= "\udfff" for c in given):
        raise BadAssistant(f"{name} has a zero or half a character in it")
    return given
