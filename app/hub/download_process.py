"""The process that downloads: a thread for each job, commands in, events out.

It ends when its pipe closes, so it never outlives the window, and it may be killed at any moment:
what has arrived is in the parts on the disk.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.download_messages import (
    DownloadCommand,
    DownloadEvent,
    Ended,
    Failed,
    Progress,
    Quit,
    Retrying,
    SetLimits,
    StartDownload,
    StopDownload,
    Stopped,
)
from app.core.errors import AppError, Cancelled, InternalError
from app.core.models_entities import HubAccess
from app.hub.places import check_space, file_bytes_present, place_of
from app.hub.reuse import Neighbours, usual_neighbours
from app.hub.speed import Meter, SpeedLimit
from app.hub.stopping import StopSwitch

if TYPE_CHECKING:
    from app.hub.client import HubClient

TICK_S = 0.1  # between two looks at how far the jobs are


def run(connection: Connection) -> None:
    """Entry of the process: serve `connection` until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent
    Downloader(connection).serve()


class Downloader:
    """All jobs of the process; they share the speed limit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._neighbours: Neighbours | None = None
        self._limit = SpeedLimit()
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._events: queue.SimpleQueue[DownloadEvent] = queue.SimpleQueue()
        self._clients: dict[HubAccess, HubClient] = {}
        self._turns: dict[Path, threading.Lock] = {}

    def serve(self) -> None:
        """Handle commands until Quit or the end of the pipe; never returns."""
        threading.Thread(target=self._write, name="events", daemon=True).start()
        threading.Thread(target=self._tick, name="progress", daemon=True).start()
        with contextlib.suppress(EOFError, OSError):
            while not isinstance(command := self._connection.recv(), Quit):
                self._handle(command)
        os._exit(0)  # nothing is buffered; threads may be waiting for the network

    def client(self, access: HubAccess) -> HubClient:
        """One for each way to reach the hub, so that connections are used again."""
        from app.hub.client import HubClient

        with self._making:  # of its own: what it imports takes a while, and a stop must not wait
            if access not in self._clients:
                self._clients[access] = HubClient(access)
            return self._clients[access]

    def neighbours(self) -> Neighbours:
        """Where other programs keep models."""
        if self._neighbours is None:
            self._neighbours = usual_neighbours()
        return self._neighbours

    def turn(self, path: Path) -> threading.Lock:
        """Held by the job that works on `path`: two variants may share a file."""
        with self._lock:
            return self._turns.setdefault(path, threading.Lock())

    @property
    def limit(self) -> SpeedLimit:
        """The speed limit of all jobs."""
        return self._limit

    def send(self, event: DownloadEvent) -> None:
        """Tell the window; never waits."""
        self._events.put(event)

    def forget(self, job: Job) -> None:
        """It is over."""
        with self._lock:
            self._jobs.pop(job.id, None)

    def _handle(self, command: DownloadCommand) -> None:
        match command:
            case StartDownload(job=wanted):
                job = Job(self, command)
                with self._lock:
                    self._jobs[wanted.id] = job
                threading.Thread(target=job.run, name=f"job-{wanted.id}", daemon=True).start()
            case StopDownload(job_id):
                with self._lock:
                    running = self._jobs.get(job_id)
                if running is not None:
                    running.stop()
            case SetLimits(bytes_per_s):
                self._limit.set(bytes_per_s)

    def _tick(self) -> None:
        wait = threading.Event()
        while not wait.wait(TICK_S):
            with self._lock:
                jobs = list(self._jobs.values())
            for job in jobs:
                job.report()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._connection.send(self._events.get())
        os._exit(0)


class Job:
    """One job on its thread: its files one after the other."""

    def __init__(self, owner: Downloader, start: StartDownload) -> None:
        self.id = start.job.id
        self._owner = owner
        self._start = start
        self._switch = StopSwitch()
        self._meter = Meter()
        self._told: tuple[int, float] = (-1, 0.0)
        self._telling = threading.Lock()  # no progress is told after the end
        self._is_over = False

    def stop(self) -> None:
        """End it at once; from any thread."""
        self._switch.stop()

    def report(self) -> None:
        """Tell how far it is, if that is news."""
        with self._telling:
            now = self._meter.read()
            if now != self._told and not self._is_over:
                self._told = now
                self._owner.send(Progress(self.id, *now))

    def run(self) -> None:
        """Everything, to its end."""
        try:
            end: DownloadEvent = Ended(self.id, self._fetch_all())
        except Cancelled:
            end = Stopped(self.id)
        except AppError as error:
            end = Failed(self.id, error.problem)
        except Exception:  # noqa: BLE001 - whatever it is, the window must hear of it
            end = Failed(self.id, InternalError(traceback.format_exc()).problem)
        self._owner.forget(self)
        if isinstance(end, Ended):
            self.report()
        with self._telling:
            self._is_over = True
            self._owner.send(end)

    def _fetch_all(self) -> tuple[Path, ...]:
        from app.hub.transfer import Means, Transfer

        job, root = self._start.job, self._start.root
        self._check_space()
        means = Means(
            self._owner.client(self._start.access), self._owner.limit, self._owner.neighbours()
        )
        paths = []
        for file in job.files:
            transfer = Transfer(
                job, file, root, means, self._switch, self._meter, retrying=self._retrying
            )
            with self._turn_for(file.path):
                paths.append(transfer.run())
        return tuple(paths)

    def _check_space(self) -> None:
        """Before the first byte: room for all files together."""
        job, root = self._start.job, self._start.root
        need = sum(f.size_bytes - file_bytes_present(root, job, f) for f in job.files)
        check_space(root, job.title, need)

    @contextlib.contextmanager
    def _turn_for(self, path: str) -> Iterator[None]:
        turn = self._owner.turn(place_of(self._start.root, self._start.job.repo, path).final)
        while not turn.acquire(timeout=TICK_S):
            self._switch.check()
        try:
            yield
        finally:
            turn.release()

    def _retrying(self, until: float, error: AppError) -> None:
        self._owner.send(Retrying(self.id, until, error.problem))
