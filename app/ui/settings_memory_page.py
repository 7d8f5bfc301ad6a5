"""The settings' page "Memory": what of a conversation is told, and across conversations."""

from __future__ import annotations

from app.core.memory import MemoryKind
from app.core.settings import Settings
from app.ui.settings_pages import DeclaredPage
from app.ui.theme import Theme

# the numbers, and under which choices each matters
USED_BY = {
    "memory_turns": (MemoryKind.LAST_TURNS.value, MemoryKind.SUMMARY.value),
    "memory_tokens": (MemoryKind.TOKENS.value,),
}


class MemoryPage(DeclaredPage):
    """Says which of the numbers do not matter under the choice above them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            theme,
            "memory",
            self.tr("Memory"),
            (
                (
                    self.tr("In a conversation"),
                    ("memory_kind", "memory_turns", "memory_tokens", "when_full"),
                ),
                (self.tr("Across conversations"), ("is_remembering",)),
            ),
        )

    def show_settings(self, settings: Settings) -> None:
        """The values in force."""
        super().show_settings(settings)
        for name, kinds in USED_BY.items():
            is_used = settings.memory_kind in kinds
            words = "" if is_used else self.tr("Not used under the choice above.")
            self.fields[name].say(words, "muted")
