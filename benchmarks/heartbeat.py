"""How late an event loop is: a timer that should fire every millisecond, and when it really did."""

from __future__ import annotations

import time
from array import array
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL_MS = 1
PERCENT = 0.01  # the share of waits above the 99th percentile


@dataclass(frozen=True, slots=True)
class Lateness:
    """Milliseconds that an event waited, over `seconds` of watching.

    `p99_ms` is over moments, not over beats: 99 of 100 events that come at any moment wait no
    longer. Counted over beats one stall of 100 ms would be one of a thousand beats and vanish,
    though a tenth of the time was lost in it; `beats_p99_ms` is that milder figure.
    """

    seconds: float
    longest_ms: float
    longest_at_s: float  # since the beginning
    p99_ms: float
    beats_p99_ms: float


class Heartbeat(QObject):
    """Beats in the thread and event loop it was made in, as long as it lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times = array("d")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin to beat."""
        self._times.append(time.perf_counter())
        self._timer.start(INTERVAL_MS)

    def stop(self) -> None:
        """End; what was heard stays."""
        self._timer.stop()

    def lateness(self, begin: float, end: float) -> Lateness:
        """What was heard between two moments of `time.perf_counter`."""
        times = [moment for moment in self._times if begin <= moment <= end]
        pairs = list(zip([begin, *times], [*times, end], strict=True))
        waits = [(after - before) * 1000 - INTERVAL_MS for before, after in pairs]
        longest = max(range(len(waits)), key=waits.__getitem__)
        return Lateness(
            seconds=end - begin,
            longest_ms=waits[longest],
            longest_at_s=pairs[longest][0] - begin,
            p99_ms=percentile_of_moments(waits, (end - begin) * 1000),
            beats_p99_ms=sorted(waits)[int(len(waits) * (1 - PERCENT))],
        )

    def _beat(self) -> None:
        self._times.append(time.perf_counter())


def percentile_of_moments(waits: list[float], duration: float) -> float:
    """The wait that 1 % of all moments exceed.

    An event that comes while the loop is stalled for `w` waits between `w` and nothing, depending
    on when in the stall it comes; the stall's share of moments that wait longer than `x` is w - x.
    """
    low, high = 0.0, max(*waits, 0.0)
    for _ in range(50):
        middle = (low + high) / 2
        longer = sum(wait - middle for wait in waits if wait > middle)
        low, high = (middle, high) if longer > PERCENT * duration else (low, middle)
    return high
