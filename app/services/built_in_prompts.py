"""The prompts that come with Inglenook, one file a language with the same prompts in it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.core.paths import resources
from app.core.prompt_documents import prompt_from
from app.core.prompts import Prompt, PromptId

PREFIX = "built-in:"  # before a prompt's key in the file: its id, in every language
ENGLISH = "en"


@lru_cache(maxsize=4)
def built_in(language: str) -> tuple[Prompt, ...]:
    """All of them in `language`, such as 'zh_CN', else in English. Reads a file: not for the main
    thread."""
    file = resources() / "prompts" / f"{language}.json"
    if not file.is_file():
        file = file.with_name(f"{ENGLISH}.json")
    document = json.loads(file.read_text(encoding="utf-8"))
    return tuple(_prompt(key, entry) for key, entry in document["prompts"].items())


def _prompt(key: str, entry: dict[str, Any]) -> Prompt:
    """As in files of prompts, but texts may be lists of lines: JSON has no blocks."""
    for message in entry["messages"]:
        if isinstance(message["text"], list):
            message["text"] = "\n".join(message["text"])
    return replace(prompt_from(entry, key), id=PromptId(f"{PREFIX}{key}"), is_built_in=True)
