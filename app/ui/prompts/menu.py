"""The submenu "Prompts" in the menus of selected text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu

from app.core.prompts import Prompt
from app.ui.prompts.targets import for_selection
from app.ui.prompts.words import short

MOST_ENTRIES = 12  # the others are behind "More…"


def add_prompt_menu(
    menu: QMenu,
    prompts: Sequence[Prompt],
    *,
    is_enabled: bool,
    chosen: Callable[[Prompt], None],
    more: Callable[[], None],
) -> QMenu:
    """Put the submenu at the end of `menu`."""
    translate = QCoreApplication.translate
    menu.addSeparator()
    sub = menu.addMenu(translate("Prompts", "Prompts"))
    for prompt in for_selection(prompts)[:MOST_ENTRIES]:
        # an ampersand is a letter here, not the mark of a key
        action = sub.addAction(short(prompt.title, 48).replace("&", "&&"))
        action.triggered.connect(lambda _checked=False, p=prompt: chosen(p))
        action.setEnabled(is_enabled)
    if not sub.isEmpty():
        sub.addSeparator()
    sub.addAction(translate("Prompts", "More…")).triggered.connect(lambda _checked=False: more())
    return sub
