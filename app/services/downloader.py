"""The process that downloads, seen from the window: there while it has jobs, gone otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core import download_messages as messages
from app.core.child_process import ChildProcess
from app.core.models_entities import DownloadJob, HubAccess
from app.hub.download_process import run as run_downloader
from app.services.ports import Scheduler

STOP_PATIENCE_S = 2.0  # then the process is killed; what it had is on the disk


class Downloader:
    """Hands jobs to a process and takes them back; all methods on the main thread.

    `on_event` gets what the process says; a job is let go before its end is told. `on_death` gets
    the jobs that a process had when it ended by itself, and its exit code: None if it was killed
    because one of them did not stop.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        on_event: Callable[[messages.DownloadEvent], None],
        on_death: Callable[[set[str], int | None], None],
    ) -> None:
        self._scheduler = scheduler
        self._on_event = on_event
        self._on_death = on_death
        self._child: ChildProcess | None = None
        self._held: set[str] = set()
        self._stopping: set[str] = set()
        self._is_forced = False
        self._bytes_per_s = 0

    @property
    def pid(self) -> int | None:
        """The process's id while it lives."""
        return self._child.pid if self._child is not None else None

    def has(self, job_id: str) -> bool:
        """Whether the process may still be at work on it."""
        return job_id in self._held

    @property
    def is_idle(self) -> bool:
        """Whether it has no job."""
        return not self._held

    def set_limit(self, bytes_per_s: int) -> None:
        """For all jobs together; 0: no limit."""
        self._bytes_per_s = bytes_per_s
        self._send(messages.SetLimits(bytes_per_s))

    def begin(self, job: DownloadJob, root: Path, access: HubAccess) -> None:
        """Give it `job`; starts the process if there is none."""
        if self._child is None:
            child = ChildProcess(
                run_downloader,
                (),
                on_event=lambda event: self._scheduler.post(lambda: self._take(child, event)),
                on_exit=lambda code: self._scheduler.post(lambda: self._exited(child, code)),
            )
            self._child, self._is_forced = child, False
            child.start()
            self.set_limit(self._bytes_per_s)
        self._held.add(job.id)
        self._send(messages.StartDownload(job, root, access))

    def end(self, job_id: str) -> None:
        """Take it back. A process that does not obey, since a disk hangs perhaps, is killed."""
        child = self._child
        if child is None or job_id not in self._held:
            return
        self._stopping.add(job_id)
        child.send(messages.StopDownload(job_id))

        def insist() -> None:
            if child is self._child and job_id in self._stopping:
                self._is_forced = True
                child.kill()

        self._scheduler.call_later(STOP_PATIENCE_S, insist)

    def dismiss(self) -> None:
        """End the process; it has no job."""
        self._send(messages.Quit())
        self._child = None

    def shut_down(self) -> None:
        """At quit: ask, wait at most 2 s, kill."""
        child, self._child = self._child, None
        self._held.clear()
        if child is not None:
            child.send(messages.Quit())
            if not child.wait(STOP_PATIENCE_S):
                child.kill()

    def _send(self, command: messages.DownloadCommand) -> None:
        if self._child is not None:
            self._child.send(command)

    def _take(self, child: ChildProcess, event: messages.DownloadEvent) -> None:
        """An event of the process; one of a former process is dropped."""
        if child is not self._child:
            return
        if not isinstance(event, messages.Progress | messages.Retrying):
            self._held.discard(event.job_id)
            self._stopping.discard(event.job_id)
        self._on_event(event)

    def _exited(self, child: ChildProcess, code: int) -> None:
        if child is not self._child:
            return
        self._child = None
        held, self._held = self._held, set()
        self._stopping.clear()
        self._on_death(held, None if self._is_forced else code)
