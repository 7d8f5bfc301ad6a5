"""Prompts that come with Inglenook, for `/` in an empty message, in the person's language."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from app.core.paths import resources

CARET = "{selection}"  # in a prompt's text: where the person goes on writing


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text to begin a message with. `text` may have `CARET` in it once."""

    id: str
    title: str
    text: str

    def filled(self) -> tuple[str, int]:
        """The text without the mark, and where the caret goes: at the mark, else at the end."""
        before, mark, after = self.text.partition(CARET)
        return before + after, len(before) if mark else len(before + after)


@lru_cache(maxsize=4)
def built_in(language: str) -> tuple[Prompt, ...]:
    """The prompts in `language`, such as 'zh_CN'; English where there is no translation."""
    file = resources() / "prompts" / "built-in.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    return tuple(
        Prompt(
            entry["id"],
            entry["title"].get(language, entry["title"]["en"]),
            entry["text"].get(language, entry["text"]["en"]),
        )
        for entry in document["prompts"]
    )
