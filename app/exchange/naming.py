"""File names from titles that every system takes, no two of them the same."""

from __future__ import annotations

import re
import unicodedata

LENGTH = 80  # characters; with a long folder still below what Windows takes for a path
BYTES = 200  # in UTF-8; most systems take 255 for a name
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def safe_name(title: str, fallback: str = "Untitled") -> str:
    """`title` as a file name without ending: no separators, no control characters, no device."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    text = " ".join(_FORBIDDEN.sub(" ", text).split())[:LENGTH]
    while len(text.encode("utf-8")) > BYTES:
        text = text[:-1]
    text = text.strip(" .")  # Windows drops them at the end, and a leading dot hides the file
    if not text:
        return fallback
    return f"_{text}" if _RESERVED.fullmatch(text) else text


class Names:
    """Gives each file of a folder a name of its own, also where case does not count."""

    def __init__(self, taken: list[str] | None = None) -> None:
        self._taken = {name.casefold() for name in taken or []}

    def take(self, title: str, ending: str, fallback: str = "Untitled") -> str:
        """A name with that ending (such as .md) that was not given before."""
        base = safe_name(title, fallback)
        name, number = f"{base}{ending}", 2
        while name.casefold() in self._taken:
            name, number = f"{base} ({number}){ending}", number + 1
        self._taken.add(name.casefold())
        return name
