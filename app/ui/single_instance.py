"""One window per data folder: a second start hands over to the first and ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from filelock import FileLock, Timeout
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

HAND_OVER_MS = 2000


class SingleInstance(QObject):
    """Holds the data folder's lock, or tells who holds it to come to the front."""

    raise_requested = Signal(str)  # the model file the second start was given, or ""

    def __init__(self, data_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        digest = hashlib.sha256(str(data_folder.resolve()).encode()).hexdigest()[:16]
        self._name = f"inglenook-{digest}"
        # the kernel's lock, which ends with its process however that ends; QLockFile's file may
        # be left behind empty and then locks for ever
        self._lock = FileLock(data_folder / "inglenook.lock")
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._callers: list[QLocalSocket] = []
        self._server.newConnection.connect(self._answer)

    def claim(self) -> bool:
        """True if this process may use the folder; also where the folder cannot be locked at all
        (read-only: the storage says so with better words)."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError:
            return True
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)
        return True

    def hand_over(self, model: Path | None) -> bool:
        """Ask the first window to come to the front; False if it does not answer."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(HAND_OVER_MS):
            return False
        message = json.dumps({"model": str(model.absolute()) if model else ""})
        socket.write(message.encode() + b"\n")
        socket.waitForBytesWritten(HAND_OVER_MS)
        # wait until the other side has read it and hung up
        socket.waitForDisconnected(HAND_OVER_MS)
        return True

    def _answer(self) -> None:
        # WORKAROUND(PySide6 6.11): a lambda that holds the socket, with the socket's own
        # deleteLater as a slot, deletes it twice and ends the process: hold sockets in a list
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            self._callers.append(socket)
            socket.readyRead.connect(self._read)
        self._read()

    def _read(self) -> None:
        for socket in [caller for caller in self._callers if caller.canReadLine()]:
            try:
                message = json.loads(bytes(socket.readLine(65_536).data()))
                model = str(message["model"])
            except (ValueError, KeyError, TypeError):
                model = ""
            self._callers.remove(socket)
            socket.disconnectFromServer()
            socket.deleteLater()
            self.raise_requested.emit(model)
