"""What is kept of conversations for going on at once: it goes when they go, or when asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

from app.core.entities import ConversationId
from app.core.errors import Problem
from app.core.paths import Paths
from app.services.engine import Engine
from app.services.ports import Lane, Scheduler


class KeptStates:
    """Removes state files and what the worker has in memory; reading them is the worker's."""

    def __init__(
        self,
        paths: Paths,
        engine: Engine,
        scheduler: Scheduler,
        failed: Callable[[Problem], None],
    ) -> None:
        self._folder = paths.kept_states
        self._engine = engine
        self._scheduler = scheduler
        self._failed = failed

    def forget(self, conversations: Sequence[ConversationId]) -> None:
        """Nothing more is kept of these."""
        self._engine.forget(conversations)

        def work() -> None:
            for name in conversations:
                for file in self._folder.glob(f"*/{name}*"):
                    with contextlib.suppress(FileNotFoundError):
                        file.unlink()

        self._scheduler.run(Lane.DISK, work, lambda _: None, self._failed)

    def clear(self, done: Callable[[], None]) -> None:
        """Nothing is kept of any."""
        self._engine.forget(())

        def work() -> None:
            for file in self._folder.glob("*/*"):  # the worker removes those it knows meanwhile
                with contextlib.suppress(FileNotFoundError):
                    file.unlink()

        self._scheduler.run(Lane.DISK, work, lambda _: done(), self._failed)
