"""Tells listeners of downloads, at most ten times a second, and always of the last change."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.core.models_entities import Download
from app.services.ports import DownloadListener, Scheduler

NEWS_S = 0.1  # between two reports


class DownloadNews:
    """All methods on the main thread."""

    def __init__(self, scheduler: Scheduler, present: Callable[[], tuple[Download, ...]]) -> None:
        self._scheduler = scheduler
        self._present = present
        self._listeners: list[DownloadListener] = []
        self._told_at = 0.0
        self._is_due = False

    def add_listener(self, listener: DownloadListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """Something is different: tell it, now or soon."""
        if self._is_due:
            return
        wait = self._told_at + NEWS_S - time.monotonic()
        if wait <= 0:
            self._tell()
        else:
            self._is_due = True
            self._scheduler.call_later(wait, self._tell)

    def done(self, download: Download) -> None:
        """One is in its place."""
        for listener in self._listeners:
            listener.download_done(download)

    def _tell(self) -> None:
        self._is_due = False
        self._told_at = time.monotonic()
        downloads = self._present()
        for listener in self._listeners:
            listener.downloads_changed(downloads)
