"""Counts tokens beside the answers: on a thread of its own, and only what was asked last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from app.core.messages import Count, Counted

Tell = Callable[[Counted], None]
logger = logging.getLogger(__name__)


class Counter:
    """One for the worker. A text that is typed asks again and again: what was not begun when the
    next one comes is never counted."""

    def __init__(self, count: Callable[[Sequence[str]], tuple[int, int]], tell: Tell) -> None:
        """`count` gives the tokens of some texts and those in the KV cache, -1 without a model."""
        self._count, self._tell = count, tell
        self._newest: Count | None = None
        self._has_come = threading.Condition()
        threading.Thread(target=self._run, name="counting", daemon=True).start()

    def put(self, command: Count) -> None:
        """Count this next; from any thread, returns at once."""
        with self._has_come:
            self._newest = command
            self._has_come.notify()

    def _run(self) -> None:
        while True:
            with self._has_come:
                while self._newest is None:
                    self._has_come.wait()
                command, self._newest = self._newest, None
            try:
                counted = self._count(command.texts)
            except Exception:
                logger.exception("a text was not counted")
                counted = (-1, -1)
            self._tell(Counted(command.request_id, *counted))
