"""The threads beside the main one: one a lane, jobs of a lane in order, results on the main one."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from app.core.errors import AppError, Cancelled, InternalError, Problem
from app.services.ports import Lane

T = TypeVar("T")


class Lanes:
    """Runs work off the main thread; `post` brings what follows back to it.

    `hear_bug`, where there is one, is told the traceback of what should not have happened, on the
    main thread too.
    """

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        self._post = post
        self.hear_bug: Callable[[str], None] = lambda _trace: None
        self._executors = {lane: ThreadPoolExecutor(1, lane.value) for lane in Lane}
        self._last: dict[Lane, Future[None]] = {}

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """See `Scheduler.run`."""

        def job() -> None:
            try:
                result = work()
            except Cancelled:
                return
            except AppError as error:
                problem = error.problem
                self._post(lambda: failed(problem))
            except Exception:  # noqa: BLE001 - a bug must be heard of, not vanish in a thread
                bug = InternalError(traceback.format_exc()).problem
                self._post(lambda: self.hear_bug(bug.details))
                self._post(lambda: failed(bug))
            else:
                self._post(lambda: done(result))

        self._last[lane] = self._executors[lane].submit(job)

    def drain(self, timeout_s: float) -> bool:
        """Wait for what the lanes were given so far; False if it took longer."""
        deadline = time.monotonic() + timeout_s
        for future in list(self._last.values()):
            with contextlib.suppress(TimeoutError):
                future.result(max(0.0, deadline - time.monotonic()))
        return all(future.done() for future in self._last.values())
