"""Which models there are and which one to load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.core.entities import LocalModel
from app.core.paths import Paths
from app.models.library import find_models


def find_local_models(paths: Paths) -> list[LocalModel]:
    """Everything in the models folder and the starter folders; reads the disk."""
    return find_models(paths.model_folders(), paths.starter_folders())


def choose_model(remembered: str, models: Sequence[LocalModel]) -> LocalModel | None:
    """The remembered model if it is there and whole, else the person's first, else the starter."""
    usable = [model for model in models if model.problem is None]
    for model in usable:
        if remembered and model.path == Path(remembered):
            return model
    return usable[0] if usable else None
