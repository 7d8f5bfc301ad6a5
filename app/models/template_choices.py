"""Which models use a known good chat template in place of their own: a small file, by hash."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from app.models.parts import HEAD, SAMPLE, SAMPLES, parts_of

MOST_BYTES = 1 << 20


def identity(path: Path) -> str:
    """What tells this model from all others, whatever its file is called and wherever it lies:
    a hash over sizes, beginnings and samples of its parts. Raises OSError."""
    digest = hashlib.sha256()
    for part in parts_of(path):
        size = part.stat().st_size
        digest.update(f"{size}\n".encode())
        with part.open("rb") as file:
            digest.update(file.read(HEAD))
            for number in range(1, SAMPLES + 1):  # the last one is the end of the file
                file.seek(max(size * number // SAMPLES - SAMPLE, 0))
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()


def read_choices(file: Path | None) -> dict[str, str]:
    """The name of the template by the model's hash; nothing if the file is missing or damaged."""
    try:
        if file is None or file.stat().st_size > MOST_BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in entries if isinstance(value, str)}


def choice_for(file: Path | None, path: Path) -> str:
    """The name of the template that was chosen for this model; empty for its own."""
    choices = read_choices(file)
    try:
        return choices.get(identity(path), "") if choices else ""
    except OSError:
        return ""


def write_choice(file: Path, key: str, name: str) -> None:
    """Remember the template for the model with this hash; an empty name forgets. Raises OSError."""
    choices = read_choices(file)
    choices.pop(key, None)
    if name:
        choices[key] = name
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(choices, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(new, file)
