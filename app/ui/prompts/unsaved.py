"""What was changed in the editor and not saved yet: kept in a file, so that nothing can lose it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.core.prompts import (
    Prompt,
    PromptId,
    PromptMessage,
    PromptTemplate,
    TemplateFormat,
    Variable,
    VariableKind,
)
from app.core.settings import write_json

NEW = "new:"  # how the id of a prompt begins that has never been saved
MOST_BYTES = 8 << 20


def load_unsaved(path: Path) -> dict[str, Prompt]:
    """By id; nothing where there is no file, or nonsense in it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return {}
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = document.get("prompts") if isinstance(document, dict) else None
    found: dict[str, Prompt] = {}
    for entry in entries if isinstance(entries, list) else []:
        try:
            prompt = _prompt(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        found[prompt.id] = prompt
    return found


def save_unsaved(path: Path, prompts: dict[str, Prompt]) -> None:
    """Write them; without any there is no file. Raises OSError."""
    if not prompts:
        path.unlink(missing_ok=True)
        return
    entries = []
    for prompt in prompts.values():
        entry = asdict(prompt)
        entry.pop("changed_at")
        entries.append(entry)
    write_json(path, {"prompts": entries})


def _prompt(entry: dict[str, Any]) -> Prompt:
    template = entry["template"]
    return Prompt(
        id=PromptId(str(entry["id"])),
        name=str(entry["name"]),
        title=str(entry["title"]),
        description=str(entry["description"]),
        folder=str(entry["folder"]),
        version=int(entry["version"]),
        template=PromptTemplate(
            tuple(PromptMessage(str(m["role"]), str(m["text"])) for m in template["messages"]),
            tuple(_variable(v) for v in template["variables"]),
            TemplateFormat(template["format"]),
        ),
    )


def _variable(entry: dict[str, Any]) -> Variable:
    return Variable(
        str(entry["name"]),
        VariableKind(entry["kind"]),
        str(entry["label"]),
        str(entry["help"]),
        str(entry["default"]),
        tuple(str(choice) for choice in entry["choices"]),
        None if entry["minimum"] is None else float(entry["minimum"]),
        None if entry["maximum"] is None else float(entry["maximum"]),
        bool(entry["is_required"]),
    )
