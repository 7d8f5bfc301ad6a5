"""Which conversation the KV cache is of, and when its state is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.worker.cache import Cache
    from app.worker.states import States

WORTH_KEEPING = 64  # tokens; fewer are read again at once
SAVE_S = 5.0  # that writing may take before a model goes


class Keeper:
    """One for each loaded model."""

    def __init__(self, cache: Cache, states: States) -> None:
        self._cache = cache
        self._states = states
        self._conversation = ""
        self._is_kept = False  # as it is now

    def change_to(self, conversation: str) -> None:
        """The next answer is for `conversation`: what was read of another one is kept before it
        has to make room. Empty: of this one nothing shall be kept."""
        if conversation != self._conversation:
            self._keep()
        self._conversation = conversation
        self._is_kept = False

    def save(self) -> None:
        """Nobody asks anything: write what is not on the disk yet."""
        self._keep()
        self._states.save()

    def forget(self, conversations: Sequence[str]) -> None:
        """Keep nothing more of these; without any, of none at all."""
        if self._conversation in conversations or not conversations:
            self._conversation = ""
        self._states.forget(conversations)

    def close(self) -> None:
        """The model goes: its last chance."""
        self._keep()
        self._states.close(SAVE_S)

    def _keep(self) -> None:
        """In memory, unless it is kept as it is."""
        if self._is_kept or not self._conversation:
            return
        self._is_kept = True
        if len(self._cache.tokens) >= WORTH_KEEPING and (
            data := self._cache.state(self._states.most_bytes)
        ):
            self._states.keep(self._conversation, self._cache.tokens, data)
