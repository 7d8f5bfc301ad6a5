"""What downloads want of the disk, on its lane: their list, how much is there, what to delete."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Problem
from app.core.models_entities import Download, DownloadJob, DownloadState
from app.hub.download_store import DownloadStore, StoredDownload
from app.hub.places import bytes_present, discard
from app.services.ports import Lane, Scheduler

logger = logging.getLogger(__name__)


@dataclass
class Entry:
    """One download as it is now. `ticket` counts its starts: an answer to an old one is dropped."""

    job: DownloadJob
    root: Path
    state: DownloadState = DownloadState.QUEUED
    done_bytes: int = 0
    speed: float = 0.0
    problem: Problem | None = None
    path: str = ""
    ticket: int = 0

    def set(self, state: DownloadState, problem: Problem | None = None) -> None:
        """Another state begins; its speed is not known yet."""
        self.state, self.problem, self.speed = state, problem, 0.0

    def shown(self) -> Download:
        """As listeners get it."""
        return Download(self.job, self.state, self.done_bytes, self.speed, self.problem, self.path)


class DownloadDisk:
    """All methods on the main thread; they return at once.

    What goes wrong is only logged: the queue goes on without its list, and the parts say how far
    each download is.
    """

    def __init__(self, store_folder: Path, scheduler: Scheduler) -> None:
        self._store = DownloadStore(store_folder)
        self._scheduler = scheduler
        self._deleting: Counter[str] = Counter()

    def load(self, done: Callable[[list[Entry]], None]) -> None:
        """What was not done when the app ended, in its order, paused."""

        def work() -> list[Entry]:
            return [
                Entry(
                    found.job,
                    found.root,
                    DownloadState.PAUSED,
                    bytes_present(found.root, found.job),
                    problem=found.problem,
                )
                for found in self._store.load()
            ]

        self._scheduler.run(Lane.DISK, work, done, _log)

    def save(self, entry: Entry, order: int) -> None:
        """Remember it for the next start; `order` is its place in the list."""
        stored = StoredDownload(entry.job, entry.root, entry.state, order, entry.problem)
        self._scheduler.run(Lane.DISK, lambda: self._store.save(stored), _nothing, _log)

    def forget(self, job_id: str) -> None:
        """It is done or cancelled."""
        self._scheduler.run(Lane.DISK, lambda: self._store.remove(job_id), _nothing, _log)

    def count(self, entry: Entry, done: Callable[[int], None]) -> None:
        """How many bytes of it are there."""
        self._scheduler.run(Lane.DISK, lambda: bytes_present(entry.root, entry.job), done, _log)

    def delete(self, entry: Entry, done: Callable[[], None]) -> None:
        """What it has fetched."""
        job_id = entry.job.id
        self._deleting[job_id] += 1

        def over(_: object) -> None:
            self._deleting[job_id] -= 1
            done()

        self._scheduler.run(Lane.DISK, lambda: discard(entry.root, entry.job), over, over)

    def is_deleting(self, job_id: str) -> bool:
        """Whether that is still going on: the same one may be wanted again meanwhile."""
        return self._deleting[job_id] > 0


def _nothing(_: object) -> None:
    """Nobody waits for it."""


def _log(problem: Problem) -> None:
    logger.warning("downloads: %s %s", problem.summary_text, problem.details)
