"""Which models there are and which one to load."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.core.entities import LocalModel
from app.core.paths import Paths
from app.core.settings import SettingsFile
from app.models.library import describe
from app.services.library import Library


def find_local_models(paths: Paths) -> list[LocalModel]:
    """Everything in the models folder, the starter folders and what the person added."""
    settings, _ = SettingsFile(paths.settings).load()
    return Library(paths, lambda: settings).models()


def choose_model(remembered: str, models: Sequence[LocalModel]) -> LocalModel | None:
    """The remembered model if it is there and whole, else the person's first, else the starter."""
    usable = [model for model in models if model.problem is None]
    for model in usable:
        if remembered and model.path == Path(remembered):
            return model
    return usable[0] if usable else None


def describe_model(path: Path) -> LocalModel:
    """What the file at `path` is, broken or not; reads the disk."""
    return describe(path.expanduser().absolute())
