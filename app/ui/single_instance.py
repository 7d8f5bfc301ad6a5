"""One window per data folder: a second start hands over to the first and ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

HAND_OVER_MS = 2000


class SingleInstance(QObject):
    """Holds the data folder's lock, or tells who holds it to come to the front."""

    raise_requested = Signal(str)  # the model file the second start was given, or ""

    def __init__(self, data_folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        digest = hashlib.sha256(str(data_folder.resolve()).encode()).hexdigest()[:16]
        self._name = f"inglenook-{digest}"
        self._lock = QLockFile(str(data_folder / "inglenook.lock"))
        self._lock.setStaleLockTime(0)  # only a dead process makes it stale, not age
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)

    def claim(self) -> bool:
        """True if this process may use the folder; also where the folder cannot be locked at all
        (read-only: the storage says so with better words)."""
        if self._lock.tryLock(0) or self._lock.error() != QLockFile.LockError.LockFailedError:
            QLocalServer.removeServer(self._name)
            self._server.listen(self._name)
            return True
        return False

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
        socket = self._server.nextPendingConnection()
        socket.readyRead.connect(lambda: self._read(socket))
        socket.disconnected.connect(socket.deleteLater)
        if socket.bytesAvailable():
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        try:
            message = json.loads(bytes(socket.readLine(65_536).data()))
            model = str(message["model"])
        except (ValueError, KeyError, TypeError):
            model = ""
        socket.disconnectFromServer()
        self.raise_requested.emit(model)
