"""Prompts with variables, and assistants: the nouns of the prompt library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.core.entities import SamplingParams
from app.core.memory import MemoryPolicy

PromptId = NewType("PromptId", str)
AssistantId = NewType("AssistantId", str)

# what is written after `/`; also the name of its file
NAME = re.compile(r"^[^\W_][\w-]{0,63}$")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")


class VariableKind(StrEnum):
    """What a variable of a prompt is asked for with. The values reach the disk."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    NUMBER = "number"
    DATE = "date"  # ISO, such as 2026-11-26
    FILE = "file"  # the text of a file
    CLIPBOARD = "clipboard"  # what is on the clipboard when the form opens
    SELECTION = "selection"  # what is selected when the form opens, else what the person writes


class TemplateFormat(StrEnum):
    """The template languages of LangChain that there are. The values reach the disk."""

    F_STRING = "f-string"
    JINJA = "jinja2"


@dataclass(frozen=True, slots=True)
class Variable:
    """One field of a prompt's form. `default` is a text, of a number or date too."""

    name: str
    kind: VariableKind = VariableKind.TEXT
    label: str = ""
    help: str = ""
    default: str = ""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a template; `role` is system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """What becomes a LangChain `ChatPromptTemplate`. The last message is the person's question; a
    system message stands first; what is between are examples."""

    messages: tuple[PromptMessage, ...]
    variables: tuple[Variable, ...] = ()
    format: TemplateFormat = TemplateFormat.F_STRING


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of the library. `name` is what is written after `/`; `folder` a path with slashes,
    empty at the top; `version` counts from 1. One that comes with Inglenook cannot be changed, only
    copied."""

    id: PromptId
    name: str
    title: str
    template: PromptTemplate
    description: str = ""
    folder: str = ""
    is_built_in: bool = False
    version: int = 1
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prompt with its variables filled in: what is told the model first, examples, the question.

    `lead` are messages as (role, text), role user or assistant."""

    question: str
    system: str = ""
    lead: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Assistant:
    """Who a conversation is with. Of `template` only a system message counts.

    Empty `model`, None for `sampling` and `memory`: as the settings say. `opening` is what it says
    first. `picture` is an encoded image, empty without one.
    """

    id: AssistantId
    name: str
    template: PromptTemplate = field(default_factory=lambda: PromptTemplate(()))
    description: str = ""
    model: str = ""  # a file's name
    preset: str = ""  # a name of app.core.presets.PRESETS; 'own' with `sampling`
    sampling: SamplingParams | None = None
    memory: MemoryPolicy | None = None
    opening: str = ""
    picture: bytes = b""
    changed_at: datetime | None = None
