"""What exporting and importing tell: results, and the job that may be called off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    target: Path
    count: int
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What files hold: conversations by the program they come from, and what cannot be read."""

    paths: tuple[Path, ...]
    counts: tuple[tuple[str, int], ...] = ()
    skipped: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many conversations can be read."""
        return sum(count for _, count in self.counts)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of them."""

    added: int = 0
    already_there: int = 0
    skipped: int = 0
    reasons: tuple[str, ...] = ()


class JobListener:
    """News of one job, on the main thread. One of finished, failed and cancelled is the last."""

    def progressed(self, done: int, total: int) -> None:
        """So many of so many conversations; a total of 0 is not known."""

    def finished(self, result: object) -> None:
        """An Exported, Preview or Imported."""

    def failed(self, problem: Problem) -> None:
        """It ended; what was written is taken back, what was imported stays."""

    def cancelled(self, result: object) -> None:
        """It was called off; of an import, what is in already stays and is said here."""


@dataclass
class Job:
    """Something under way that may be called off."""

    listener: JobListener
    take_back: Callable[[], None] = lambda: None  # what is half written; on the bulk lane
    is_cancelled: bool = False
    is_over: bool = False

    def cancel(self) -> None:
        """End soon."""
        self.is_cancelled = True
