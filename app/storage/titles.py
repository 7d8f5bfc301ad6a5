"""What a conversation is called before anybody gives it a name."""

from __future__ import annotations

import re

TITLE_LENGTH = 60  # characters; about the width of the sidebar
_MARKS = re.compile(r"^\s*(?:(?:>+|#{1,6}|[-*+])\s+)*|^[\s>#*_`+-]+$|`+")
_EMPHASIS = re.compile(r"(?<!\w)([*_]{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")


def title_from(text: str) -> str:
    """A title from the first line that says something, at most 60 characters."""
    lines = (
        " ".join(_EMPHASIS.sub(r"\2", _MARKS.sub("", line)).split()) for line in text.splitlines()
    )
    line = next((line for line in lines if line), "…")
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    shorter = cut.rsplit(" ", 1)[0]
    return (shorter if len(shorter) > TITLE_LENGTH // 2 else cut).rstrip(" .,;:!?") + "…"
