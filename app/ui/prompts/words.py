"""Words for the prompt library: kinds of variables, roles of messages, formats."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.core.prompts import Prompt, TemplateFormat, Variable, VariableKind
from app.ui.prompts.long_text import MOST_CHARACTERS
from app.ui.words import number_text

MOST_NOTE = 60  # characters of a title in a sentence


def kind_name(kind: VariableKind) -> str:
    """What a kind of variable is called."""
    translate = QCoreApplication.translate
    return {
        VariableKind.TEXT: translate("Prompts", "Text"),
        VariableKind.LONG_TEXT: translate("Prompts", "Long text"),
        VariableKind.CHOICE: translate("Prompts", "Choice"),
        VariableKind.NUMBER: translate("Prompts", "Number"),
        VariableKind.DATE: translate("Prompts", "Date"),
        VariableKind.FILE: translate("Prompts", "File"),
        VariableKind.CLIPBOARD: translate("Prompts", "Clipboard"),
        VariableKind.SELECTION: translate("Prompts", "Selected text"),
    }[kind]


def role_name(role: str) -> str:
    """Who speaks in a message of a prompt."""
    translate = QCoreApplication.translate
    names = {
        "system": translate("Prompts", "System"),
        "user": translate("Prompts", "You"),
        "assistant": translate("Prompts", "Assistant"),
    }
    return names.get(role, role)


def format_name(template_format: TemplateFormat) -> str:
    """What a template language is called."""
    translate = QCoreApplication.translate
    if template_format is TemplateFormat.JINJA:
        return translate("Prompts", "Jinja2: {{ name }}, conditions and loops")
    return translate("Prompts", "Simple: {name}")


def variable_label(variable: Variable) -> str:
    """A variable's label; without one its name, a little nicer."""
    if variable.label.strip():
        return variable.label.strip()
    name = variable.name.replace("_", " ").strip() or variable.name
    return name[:1].upper() + name[1:]


def folder_words(folder: str) -> str:
    """A folder's path as it is shown."""
    return " › ".join(part for part in folder.split("/") if part)


def too_long(count: int) -> str:
    """A text of so many characters has no room in a field."""
    words = QCoreApplication.translate(
        "Prompts", "The text has {count} characters; there is room for {most} here."
    )
    words = words.replace("{count}", number_text(count))
    return words.replace("{most}", number_text(MOST_CHARACTERS))


def short(text: str, length: int = MOST_NOTE) -> str:
    """In one line, cut where it is longer."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def copy_title(prompt: Prompt) -> str:
    """The title of a copy."""
    words = QCoreApplication.translate("Prompts", "{title} (copy)")
    return words.replace("{title}", prompt.title)
