"""How fast: a limit that all transfers share, and a meter of what really arrives."""

from __future__ import annotations

import threading
import time
from collections import deque

WINDOW_S = 3.0  # the meter's memory: long enough to be calm, short enough to notice a stall
BURST_S = 0.25  # what may come at once after a silence, in seconds' worth of the limit
STEP_S = 0.1  # how soon a changed limit or a stop is noticed by one who waits


class SpeedLimit:
    """Bytes per second for everybody who asks; 0 is no limit. Any thread may call anything."""

    def __init__(self, bytes_per_s: int = 0) -> None:
        self._rate = bytes_per_s
        self._credit = 0.0
        self._filled_at = time.monotonic()
        self._lock = threading.Lock()

    def set(self, bytes_per_s: int) -> None:
        """From now on; those who wait notice it."""
        with self._lock:
            self._rate = bytes_per_s
            self._credit, self._filled_at = 0.0, time.monotonic()

    def take(self, size: int, stopping: threading.Event) -> None:
        """Wait until `size` bytes may have come; ends at once when `stopping` is set.

        The credit may fall below 0, so that a block larger than the burst passes too.
        """
        while (wait := self._try(size)) > 0 and not stopping.wait(min(wait, STEP_S)):
            pass

    def _try(self, size: int) -> float:
        """0 if `size` was taken, else how many seconds to wait before asking again."""
        with self._lock:
            if self._rate <= 0:
                return 0.0
            now = time.monotonic()
            earned = (now - self._filled_at) * self._rate
            self._credit = min(self._credit + earned, self._rate * BURST_S)
            self._filled_at = now
            if self._credit < 0:
                return -self._credit / self._rate
            self._credit -= size
            return 0.0


class Meter:
    """Counts bytes over all files of a job, and their speed. Any thread may call anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finished = 0
        self._current = 0
        self._samples: deque[tuple[float, int]] = deque()

    def file_is_at(self, position: int, fresh: int = 0) -> None:
        """The file in work holds `position` bytes; `fresh` of them came over the network now."""
        with self._lock:
            self._current = position
            if fresh:
                now = time.monotonic()
                if self._samples and now - self._samples[-1][0] < STEP_S:
                    self._samples[-1] = (self._samples[-1][0], self._samples[-1][1] + fresh)
                else:
                    self._samples.append((now, fresh))

    def file_is_done(self, size: int) -> None:
        """The file in work is whole; another one follows."""
        with self._lock:
            self._finished += size
            self._current = 0

    def read(self) -> tuple[int, float]:
        """Bytes that are there, and bytes per second over the last few seconds."""
        with self._lock:
            now = time.monotonic()
            while self._samples and now - self._samples[0][0] > WINDOW_S:
                self._samples.popleft()
            arrived = sum(size for _, size in self._samples)
            age = max(now - self._samples[0][0], 0.5) if self._samples else 1.0
            return self._finished + self._current, arrived / age
