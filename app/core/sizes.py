"""Sizes in words, for errors and the command line; the window has its own, in each language."""

from __future__ import annotations


def size_words(count: int) -> str:
    """A size in bytes for people: 1.5 GiB, 300 MiB, 1.4 MiB."""
    if count < 1024:
        return f"{count} B"
    size, units = count / 1024, ["GiB", "MiB", "KiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop()
    is_exact = units[-1] == "GiB" or size < 10
    return f"{size:.1f} {units[-1]}" if is_exact else f"{size:.0f} {units[-1]}"
