"""Everything that crosses the pipe between the window's process and the one that downloads.

Frozen dataclasses, pickled by `multiprocessing.Pipe` between our own two processes only. Which jobs
run, and how many at once, is decided in the window; the process runs every job it is told to.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Problem
from app.core.models_entities import DownloadJob, HubAccess

# Commands: window -> downloader


@dataclass(frozen=True, slots=True)
class StartDownload:
    """Fetch all files of `job` below `root`. Answers: Progress*, Retrying*, then one of the ends:
    Ended, Failed or Stopped."""

    job: DownloadJob
    root: Path
    access: HubAccess


@dataclass(frozen=True, slots=True)
class StopDownload:
    """End a job at once, even one that waits for a silent server. Answers: Stopped, or another end
    that came first. What has arrived stays."""

    job_id: str


@dataclass(frozen=True, slots=True)
class SetLimits:
    """Bytes per second for all jobs together; 0 is no limit."""

    bytes_per_s: int


@dataclass(frozen=True, slots=True)
class Quit:
    """End the process now; what has arrived is on the disk already."""


DownloadCommand = StartDownload | StopDownload | SetLimits | Quit


# Events: downloader -> window


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes over all files of the job, bytes per second; at most ten a second."""

    job_id: str
    done_bytes: int
    speed: float


@dataclass(frozen=True, slots=True)
class Retrying:
    """A try failed because of `problem`; the next begins at `until` (Unix time, seconds)."""

    job_id: str
    until: float
    problem: Problem


@dataclass(frozen=True, slots=True)
class Ended:
    """All files are verified and in their places, in the order of the job."""

    job_id: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The job is over; what has arrived is kept unless the problem says otherwise."""

    job_id: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Stopped:
    """The job is over because it was asked to be."""

    job_id: str


DownloadEvent = Progress | Retrying | Ended | Failed | Stopped
