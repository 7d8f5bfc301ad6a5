"""Notices models that come and go in the folders that are looked at, without looking itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

QUIET_MS = 300  # that nothing happened, before it is time to look
LONGEST_MS = 3000  # where it never is quiet, it is time to look all the same


class FolderWatch(QObject):
    """Hears of folders and files that change; reads none of them."""

    changed = Signal()  # time to look

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self._stir)
        self._watcher.fileChanged.connect(self._stir)
        self._quiet = QTimer(self)
        self._quiet.setInterval(QUIET_MS)
        self._longest = QTimer(self)
        self._longest.setInterval(LONGEST_MS)
        for timer in (self._quiet, self._longest):
            timer.setSingleShot(True)
            timer.timeout.connect(self._tell)

    @property
    def folders(self) -> list[Path]:
        """What is being watched now."""
        return [Path(name) for name in self._watcher.directories()]

    def watch(self, folders: Iterable[Path], unfinished: Iterable[Path] = ()) -> None:
        """Watch these from now on, instead of those before.

        A folder says nothing while a file in it grows: files that are not whole are `unfinished`.
        What came into a new folder before this call was missed, hence `changed` once more.
        """
        wanted = {str(path) for path in (*folders, *unfinished)}
        watched = {*self._watcher.directories(), *self._watcher.files()}
        if gone := sorted(watched - wanted):
            self._watcher.removePaths(gone)
        if new := sorted(wanted - watched):
            refused = self._watcher.addPaths(new)  # gone meanwhile, or no watches are left
            if len(refused) < len(new):
                self._stir()

    def stop(self) -> None:
        """Nothing is heard any more."""
        self._quiet.stop()
        self._longest.stop()
        self._watcher.blockSignals(True)

    def _stir(self) -> None:
        self._quiet.start()
        if not self._longest.isActive():
            self._longest.start()

    def _tell(self) -> None:
        self._quiet.stop()
        self._longest.stop()
        self.changed.emit()
