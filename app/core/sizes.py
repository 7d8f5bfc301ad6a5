"""Sizes in words, for errors and the command line; the window has its own, in each language."""

from __future__ import annotations


def size_words(count: int) -> str:
    """A size in bytes for people: 1.5 GiB, 300 MiB, 1.4 MiB."""
    if count < 1024:
        return f"{count} B"
    size, unit = float(count), ""
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            break
    return f"{size:.1f} {unit}" if unit == "GiB" or size < 10 else f"{size:.0f} {unit}"
