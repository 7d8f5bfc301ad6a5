"""The prompts without a window: list, find, export, import; used by the command line."""

from __future__ import annotations

import locale
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import Problem
from app.core.paths import Paths
from app.core.prompts import Prompt
from app.exchange import prompt_files
from app.services.built_in_prompts import ENGLISH, built_in
from app.services.prompt_library import find_prompt
from app.services.prompt_transfer import read_all, write_files
from app.storage.storage import open_storage


class StoredPrompts:
    """Those of Inglenook and the person's own; opens the database."""

    def __init__(self, paths: Paths, language: str) -> None:
        self._storage = open_storage(paths.database)
        self._language = spoken(language)

    def all(self) -> list[Prompt]:
        """The person's own by folder and title, then those of Inglenook."""
        return [*self._storage.prompts.all(), *built_in(self._language)]

    def find(self, name: str) -> Prompt:
        """By what is written after `/`. Raises PromptNotFound."""
        return find_prompt(self._storage, name, self._language)

    def as_text(self, prompt: Prompt) -> str:
        """Its file."""
        return prompt_files.as_text(prompt)

    def export(self, names: Sequence[str], folder: Path) -> list[Path]:
        """A file each; without names all of the person's own. Raises PromptNotFound,
        ExportFailed."""
        chosen = [self.find(name) for name in names] or self._storage.prompts.all()
        return write_files(chosen, folder)

    def bring_in(self, files: Sequence[Path]) -> tuple[list[Prompt], list[Problem]]:
        """Keep what is in files and .zip archives; what was kept, and what is wrong with others."""
        found = read_all(files)
        return self._storage.prompts.import_all(found.prompts), list(found.problems)

    def close(self) -> None:
        """Close the database."""
        self._storage.close()


def spoken(language: str) -> str:
    """The language of the setting; with 'system' the environment says, for which there are
    prompts in English and Chinese."""
    if language not in ("", "system"):
        return language
    found = locale.getlocale()[0] or ""
    return "zh_CN" if found.startswith("zh") else ENGLISH
