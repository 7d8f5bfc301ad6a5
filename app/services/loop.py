"""A Scheduler without Qt: the command line's and the tests' main loop."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable
from typing import TypeVar

from app.core.errors import Problem
from app.services.lanes import Lanes
from app.services.ports import Lane

T = TypeVar("T")


class LoopScheduler:
    """Jobs run inside `run_until`, on the thread that calls it."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._cancelled: set[int] = set()
        self._numbers = itertools.count()
        self.lanes = Lanes(self.post)

    def post(self, job: Callable[[], None]) -> None:
        """Run `job` in the loop; any thread may ask."""
        self._jobs.put(job)

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """Run `work` on the lane's thread, then `done` or `failed` in the loop."""
        self.lanes.run(lane, work, done, failed)

    def call_later(self, delay_s: float, job: Callable[[], None]) -> Callable[[], None]:
        """Run `job` after `delay_s` seconds unless the result was called before."""
        number = next(self._numbers)
        heapq.heappush(self._timers, (time.monotonic() + delay_s, number, job))
        return lambda: self._cancelled.add(number)

    def drain(self, timeout_s: float) -> bool:
        """Wait for what the lanes were given so far."""
        return self.lanes.drain(timeout_s)

    def run_until(self, is_over: Callable[[], bool], timeout_s: float = 3600.0) -> bool:
        """Run jobs until `is_over()`; False if `timeout_s` seconds were not enough."""
        deadline = time.monotonic() + timeout_s
        while not is_over():
            now = time.monotonic()
            if now >= deadline:
                return False
            wait = min(0.1, deadline - now)
            if self._timers:
                wait = min(wait, max(0.0, self._timers[0][0] - now))
            try:
                self._jobs.get(timeout=wait)()
            except queue.Empty:
                self._run_due_timer()
        return True

    def _run_due_timer(self) -> None:
        if self._timers and self._timers[0][0] <= time.monotonic():
            _, number, job = heapq.heappop(self._timers)
            if number not in self._cancelled:
                job()
