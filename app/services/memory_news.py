"""What is told of memory: to windows, ledgers and dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.entities import ConversationId
from app.core.remembered import Fact


class MemoryListener:
    """News of the memory; every method is called on the main thread."""

    def memory_changed(self, conversation_id: ConversationId | None) -> None:
        """Policy, marks or summary of it are other ones now; None: perhaps of every one."""

    def summary_begun(self, conversation_id: ConversationId) -> None:
        """The model writes a summary of it in the background."""

    def summary_made(self, conversation_id: ConversationId) -> None:
        """It has a new summary (after memory_changed)."""

    def summary_stopped(self, conversation_id: ConversationId) -> None:
        """No summary this time: something else was asked for, or it could not be."""

    def facts_changed(self, facts: Sequence[Fact]) -> None:
        """All facts, refused ones too."""


class MemoryNews:
    """Who is told."""

    def __init__(self) -> None:
        self._listeners: list[MemoryListener] = []

    def add(self, listener: MemoryListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove(self, listener: MemoryListener) -> None:
        """Tell it nothing more."""
        self._listeners = [one for one in self._listeners if one is not listener]

    def tell(self, what: Callable[[MemoryListener], None]) -> None:
        """Tell all."""
        for listener in list(self._listeners):
            what(listener)
