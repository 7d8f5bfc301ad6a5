"""Ends the window in order when a terminal (Ctrl+C) or the system asks the process to end."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class EndRequests(QObject):
    """Turns SIGINT and SIGTERM into `requested`.

    Python runs its signal handlers only when Python code runs, which an idle event loop does not:
    so the interpreter writes a byte into a socket that the loop watches.
    """

    requested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)

    def _hear(self) -> None:
        self._reader.recv(16)
        self.requested.emit()
