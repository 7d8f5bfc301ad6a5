"""Which vision projector (mmproj) beside a model belongs to it."""

from __future__ import annotations

import re
from pathlib import Path

from app.core.errors import ModelError
from app.models.gguf import read_header

_WORD = re.compile(r"[a-z0-9]+")
_NO_NAME = re.compile(r"mmproj|model|gguf|i?q\d.*|k|m|s|l|xl|xs|xxs|bf16|f16|f32|fp16|fp32|ud")


def projector_of(model: Path, embedding_length: int = 0) -> Path | None:
    """The projector in the folder of `model` that is of it, None if there is none for images.

    Where several models lie in a folder, a projector is of those whose names share most with its
    own; one whose name says nothing must make numbers as wide as the model's, `embedding_length`.
    One that cannot be read counts as one: the person should hear that it is damaged.
    """
    try:
        files = [file for file in model.parent.iterdir() if file.suffix.lower() == ".gguf"]
    except OSError:
        return None
    names = [file for file in files if not is_projector(file)]
    found: list[tuple[int, str, Path]] = []
    for file in files:
        if is_projector(file):
            likeness = _likeness(file, model)
            is_like = likeness >= max((_likeness(file, name) for name in names), default=0)
            if is_like and _can_see(file, embedding_length if not likeness else 0):
                found.append((likeness, file.name, file))
    return max(found)[2] if found else None


def is_projector(path: Path) -> bool:
    """Whether a file is a projector, by its name, as all who publish them name it."""
    return "mmproj" in path.name.lower()


def _likeness(projector: Path, model: Path) -> int:
    return len(_words(projector) & _words(model))


def _words(path: Path) -> set[str]:
    words: list[str] = _WORD.findall(path.stem.lower())
    return {word for word in words if not _NO_NAME.fullmatch(word)}


def _can_see(projector: Path, embedding_length: int) -> bool:
    """Whether it is for images, and where `embedding_length` is given, that wide."""
    try:
        facts = read_header(projector).metadata
    except ModelError:
        return True
    width = facts.get("clip.vision.projection_dim")
    is_fitting = not embedding_length or width in (None, embedding_length)
    return bool(facts.get("clip.has_vision_encoder", False)) and is_fitting
