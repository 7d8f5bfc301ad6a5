"""Looks at texts and prompts beside the answers: on a thread of its own, for whoever types.

What is typed asks again and again: of counts and weights only what was asked last is found. A
prompt that somebody wants to see is found in any case.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence

from app.core.errors import AppError, InternalError
from app.core.messages import Count, Counted, Event, Failed, Inspect, Inspected, Weigh, Weighed

logger = logging.getLogger(__name__)


class Counter:
    """One for the worker."""

    def __init__(
        self,
        count: Callable[[Sequence[str]], tuple[int, int]],
        tell: Callable[[Event], None],
        weigh: Callable[[Weigh], Weighed] | None = None,
        inspect: Callable[[Inspect], Inspected] | None = None,
    ) -> None:
        """`count` gives the tokens of some texts and those in the KV cache, -1 without a model."""
        self._count, self._tell = count, tell
        self._weigh, self._inspect = weigh, inspect
        self._newest: Count | None = None
        self._weighing: Weigh | None = None
        self._inspecting: deque[Inspect] = deque()
        self._has_come = threading.Condition()
        threading.Thread(target=self._run, name="counting", daemon=True).start()

    def put(self, command: Count | Weigh | Inspect) -> None:
        """Do this next; from any thread, returns at once."""
        with self._has_come:
            match command:
                case Count():
                    self._newest = command
                case Weigh():
                    self._weighing = command
                case Inspect():
                    self._inspecting.append(command)
            self._has_come.notify()

    def _next(self) -> Count | Weigh | Inspect:
        """Waits for it."""
        with self._has_come:
            while True:
                if self._newest is not None:
                    count, self._newest = self._newest, None
                    return count
                if self._weighing is not None:
                    weigh, self._weighing = self._weighing, None
                    return weigh
                if self._inspecting:
                    return self._inspecting.popleft()
                self._has_come.wait()

    def _run(self) -> None:
        while True:
            command = self._next()
            try:
                event = self._found(command)
            except Exception as error:
                if not isinstance(error, AppError):
                    logger.exception("a text was not counted")
                # what is typed is counted again; only who looks at a prompt is told why not
                if isinstance(error, AppError) and isinstance(command, Inspect):
                    event = Failed(command.request_id, error.problem)
                else:
                    event = self._nothing(command)
            self._tell(event)

    def _found(self, command: Count | Weigh | Inspect) -> Event:
        match command:
            case Count(request_id, texts):
                return Counted(request_id, *self._count(texts))
            case Weigh() if self._weigh is not None:
                return self._weigh(command)
            case Inspect() if self._inspect is not None:
                return self._inspect(command)
        return self._nothing(command)

    @staticmethod
    def _nothing(command: Count | Weigh | Inspect) -> Event:
        """The answer where something went wrong that nobody thought of."""
        match command:
            case Count(request_id):
                return Counted(request_id, -1, -1)
            case Weigh(request_id):
                return Weighed(request_id, (), 0, -1, 0)
            case Inspect(request_id):
                return Failed(request_id, InternalError(traceback.format_exc()).problem)
