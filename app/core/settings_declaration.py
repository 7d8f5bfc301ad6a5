"""How one setting is declared: its words, limits and place; the dialog derives from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Declaration:
    """Words and limits of one setting.

    `section` is the page it belongs to. `choices` lists the allowed texts with their labels. `unit`
    follows a number, which the arrows change by `step`. `form` says what a text is, where that is
    more than a line of words: 'shortcut'.
    """

    section: str
    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    form: str = ""
    hidden: bool = False


def settings_of(section: str) -> Callable[..., Any]:
    """What declares the settings of `section`, as fields of a dataclass."""

    def setting(default: Any, label: str, help: str, **limits: Any) -> Any:
        declaration = Declaration(section, label, help, **limits)
        return field(default=default, metadata={"declaration": declaration})

    return setting
