"""A figure and its bar, the table that is printed and the file that is kept."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

WORDS_WIDTH = 72  # of the last column, which is wrapped


class MeasurementFailed(Exception):
    """A measurement could not be made; the text says why and what to do."""


class NothingToMeasure(MeasurementFailed):
    """What it measures is not here; the text says how to make it. Nothing has failed."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside its bar. `compared_with` says in words what it stands beside."""

    name: str
    value: float
    unit: str
    compared_with: str
    bar: str
    holds: bool


def at_most(name: str, value: float, unit: str, limit: float, compared_with: str) -> Figure:
    """A figure that holds up to `limit`."""
    bar = f"at most {limit:g} {unit}".rstrip()
    return Figure(name, value, unit, compared_with, bar, value <= limit)


def at_least(name: str, value: float, unit: str, limit: float, compared_with: str) -> Figure:
    """A figure that holds from `limit` on."""
    bar = f"at least {limit:g} {unit}".rstrip()
    return Figure(name, value, unit, compared_with, bar, value >= limit)


def table(figures: Sequence[Figure]) -> str:
    """All figures, one below the other, in aligned columns."""
    rows = [("figure", "value", "bar", "holds", "compared with")]
    rows += [(f.name, _value(f), f.bar, _yes(f.holds), f.compared_with) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines: list[str] = []
    for name, value, bar, holds, words in rows:
        cells = (
            name.ljust(widths[0]),
            value.rjust(widths[1]),
            bar.ljust(widths[2]),
            holds.ljust(widths[3]),
        )
        first, *more = textwrap.wrap(words, WORDS_WIDTH) or [""]
        lines.append("  ".join((*cells, first)))
        lines += [" " * (sum(widths) + 8) + part for part in more]
    return "\n".join(lines)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Keep them as JSON."""
    text = json.dumps([asdict(figure) for figure in figures], ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def _value(figure: Figure) -> str:
    digits = 1 if abs(figure.value) >= 10 else 3
    return f"{figure.value:.{digits}f} {figure.unit}".rstrip()


def _yes(holds: bool) -> str:
    return "yes" if holds else "NO"
