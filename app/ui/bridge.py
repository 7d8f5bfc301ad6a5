"""The only place where threads meet Qt: lanes run work, a queued signal brings the result back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from shiboken6 import isValid

from app.core.errors import Problem
from app.services.lanes import Lanes
from app.services.ports import Lane

T = TypeVar("T")


class QtScheduler(QObject):
    """A `Scheduler` over Qt's event loop; create it on the main thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_closed = False
        self.lanes = Lanes(self.post)
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def post(self, job: Callable[[], None]) -> None:
        """Run `job` on the main thread soon; any thread may ask."""
        if not self._is_closed:
            self._posted.emit(job)

    def _call(self, job: Callable[[], None]) -> None:
        if not self._is_closed:
            job()

    def close(self) -> None:
        """What was posted and has not run yet is dropped: there is no window left to hear of it."""
        self._is_closed = True

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """Run `work` on the lane, then `done` or `failed` on the main thread.

        Either is left out if it is a method of a widget that was deleted meanwhile.
        """
        self.lanes.run(lane, work, _while_there(done), _while_there(failed))

    def call_later(self, delay_s: float, job: Callable[[], None]) -> Callable[[], None]:
        """Run `job` after `delay_s` seconds unless the returned function was called before."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        waiting = [timer]

        def cancel() -> None:
            if waiting:
                waiting.pop()
                timer.stop()
                timer.deleteLater()

        def run() -> None:
            cancel()
            job()

        timer.timeout.connect(run)
        timer.start(int(delay_s * 1000))
        return cancel

    def drain(self, timeout_s: float) -> bool:
        """Wait for what was given to the lanes so far; at quit only."""
        return self.lanes.drain(timeout_s)


def _while_there(call: Callable[[T], None]) -> Callable[[T], None]:
    owner = getattr(call, "__self__", None)
    if not isinstance(owner, QObject):
        return call

    def run(result: T) -> None:
        if isValid(owner):
            call(result)

    return run
