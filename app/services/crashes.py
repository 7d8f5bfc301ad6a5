"""Notices each crash, of this run and of the last one, and keeps a report; nothing is sent."""

from __future__ import annotations

import contextlib
import logging
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.core.build import Build, engine_words, system_words
from app.core.crashes import (
    CrashKind,
    CrashReport,
    CrashStore,
    reason_of_exit,
    reason_of_fault,
    reason_of_trace,
)
from app.core.entities import ModelDescription, utc_now
from app.core.errors import InternalError, Problem, ProtocolMismatch, WorkerNotResponding
from app.core.hub_errors import DownloaderDied
from app.core.logs import tail
from app.core.models_entities import Download
from app.core.paths import Paths
from app.services.downloads import Downloads
from app.services.engine import Engine
from app.services.ports import DownloadListener, EngineListener, EngineState, Lane, Scheduler

logger = logging.getLogger(__name__)
DOING = "doing: "  # how the log says what the person was about; read again after a crash
MOST_A_RUN = 20  # a bug in what is painted comes back with every frame
LOG_LINES, NATIVE_LINES = 60, 120
WE_DID_IT = (WorkerNotResponding.code, ProtocolMismatch.code)  # the app ended the worker itself
ASKED = ("SIGTERM", "SIGHUP", "SIGINT")  # the system ends all programs, at log-out perhaps
WINDOW, MODEL, DOWNLOADS = "window", "model", "downloads"  # the processes


class CrashReporter(EngineListener, DownloadListener):
    """Hears of crashes on the main thread, writes their reports on the disk's lane."""

    def __init__(self, paths: Paths, scheduler: Scheduler, build: Build, qt_version: str) -> None:
        self._paths = paths
        self._scheduler = scheduler
        self._build = build
        self._qt_version = qt_version
        self._engine: Engine | None = None
        self._doing = ""
        self._seen: set[str] = set()
        self._dead_jobs: set[str] = set()
        self.store = CrashStore(paths.crashes)

    def watch(self, engine: Engine, downloads: Downloads) -> None:
        """Hear of the two other processes."""
        self._engine = engine
        engine.add_listener(self)
        downloads.add_listener(self)

    def start(self, tell: Callable[[], None]) -> None:
        """Look after what the last run left; `tell` if it ended unexpectedly, once per crash."""
        self._scheduler.run(
            Lane.DISK, self._look_back, lambda is_news: tell() if is_news else None, _not_kept
        )
        self._now("started")

    def exception(self, trace: str, process: str = WINDOW) -> None:
        """An exception that nobody caught, as Python prints it; the same one is kept once."""
        if trace not in self._seen and len(self._seen) < MOST_A_RUN:
            self._seen.add(trace)
            self._keep(self._report(CrashKind.EXCEPTION, reason_of_trace(trace), process, trace))

    # the model's process

    def engine_changed(self, state: EngineState) -> None:
        words = {
            EngineState.STARTING: "the model's process starts",
            EngineState.IDLE: "no model is loaded",
            EngineState.LOADING: "loading a model",
            EngineState.READY: "waiting for a question",
            EngineState.GENERATING: "answering",
        }
        if state in words:  # after the end, what it was doing before stays
            self._now(words[state])

    def model_loaded(self, model: ModelDescription) -> None:
        self._note(f"loaded: {model.architecture}, {model.path.name}")

    def model_failed(self, path: Path, problem: Problem) -> None:
        self._worker_bug(problem)

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self._worker_bug(problem)

    def worker_died(self, problem: Problem) -> None:
        if problem.code in WE_DID_IT or self._engine is None:
            return
        code = self._engine.exit_code
        if reason_of_exit(code) in ASKED:
            return
        report = self._report(CrashKind.WORKER, reason_of_exit(code), MODEL)
        self._keep(report, lambda: _native_words(self._paths.worker_log, code))

    def _worker_bug(self, problem: Problem) -> None:
        if problem.code == InternalError.code:
            self.exception(problem.details, MODEL)

    # the downloading process

    def downloads_changed(self, downloads: Sequence[Download]) -> None:
        dead = {
            download.job.id: download.problem.details
            for download in downloads
            if download.problem is not None and download.problem.code == DownloaderDied.code
        }
        new = [details for job, details in dead.items() if job not in self._dead_jobs]
        self._dead_jobs = set(dead)
        if new:  # all jobs of the process die together
            code = new[0].rpartition(" ")[2]
            reason = reason_of_exit(int(code)) if code.lstrip("-").isdecimal() else new[0]
            if reason not in ASKED:
                report = self._report(CrashKind.DOWNLOADS, reason, DOWNLOADS, action="downloading")
                self._keep(report)

    # keeping

    def _now(self, doing: str) -> None:
        self._doing = doing
        self._note(f"{DOING}{doing}")

    def _note(self, words: str) -> None:
        """Into the log, beside the main thread: a disk may sleep."""
        self._scheduler.run(Lane.DISK, lambda: logger.info("%s", words), lambda _: None, _not_kept)

    def _report(
        self, kind: CrashKind, reason: str, process: str, trace: str = "", action: str = ""
    ) -> CrashReport:
        known = self._engine.engine_version if self._engine is not None else ""
        return CrashReport(
            kind=kind,
            reason=reason,
            when=utc_now().isoformat(timespec="microseconds"),
            process=process,
            action=action or self._doing,
            version=self._build.version,
            build=self._build.words,
            software=software_words(self._qt_version, known),
            trace=trace,
        )

    def _keep(
        self,
        report: CrashReport,
        words: Callable[[], tuple[str, str]] | None = None,
    ) -> None:
        """Write it; `words` reads its trace and log, else the log is the window's."""

        def write() -> None:
            trace, log = words() if words is not None else (report.trace, _log(self._paths))
            keep_report(self.store, report, trace, log)

        self._scheduler.run(Lane.DISK, write, lambda _: None, _not_kept)

    def _look_back(self) -> bool:
        """Make a report of what a signal left, then see whether there is one to be told of."""
        fault = self._paths.last_fault
        with contextlib.suppress(FileNotFoundError):
            stacks = _beginning(fault)
            if stacks.strip():
                log = _log(self._paths)
                report = self._report(CrashKind.WINDOW, reason_of_fault(stacks), WINDOW)
                report = _at(report, datetime.fromtimestamp(fault.stat().st_mtime, UTC), log)
                keep_report(self.store, report, stacks, log)
            fault.unlink()
        return self.store.take_news()


def keep_failed_start(paths: Paths, build: Build, qt_version: str, trace: str) -> None:
    """Keep the report of an exception that ended the window before it was there; never raises."""
    report = CrashReport(
        kind=CrashKind.EXCEPTION,
        reason=reason_of_trace(trace),
        when=utc_now().isoformat(timespec="microseconds"),
        process=WINDOW,
        action="starting",
        version=build.version,
        build=build.words,
        software=software_words(qt_version),
        is_news=True,
    )
    with contextlib.suppress(OSError):
        keep_report(CrashStore(paths.crashes), report, trace, _log(paths))


def keep_report(store: CrashStore, report: CrashReport, trace: str, log: str) -> None:
    """Fill it in and write it. Raises OSError."""
    store.keep(replace(report, trace=trace, log=log, system=system_words()))


def software_words(qt_version: str, engine: str = "") -> str:
    """Versions of Python, Qt and llama.cpp in one line."""
    return f"Python {platform.python_version()}, Qt {qt_version}, {engine_words(engine)}"


def _at(report: CrashReport, when: datetime, log: str) -> CrashReport:
    """The report of the last run: its time, and what its log says it was doing."""
    doing = [line.partition(DOING)[2] for line in log.splitlines() if DOING in line]
    return replace(
        report,
        when=when.isoformat(timespec="microseconds"),
        action=doing[-1] if doing else "",
        is_news=True,
    )


def _log(paths: Paths) -> str:
    """The end of the window's log, from the first whole entry on."""
    lines = tail(paths.app_log, LOG_LINES).splitlines()
    while lines and not lines[0][:4].isdecimal():  # the end of a traceback that was cut
        del lines[0]
    return "\n".join(lines)


def _native_words(path: Path, code: int) -> tuple[str, str]:
    """The stack that a signal left in the worker's log, and the lines before it."""
    text = tail(path, NATIVE_LINES)
    log, mark, stack = text.rpartition("Fatal Python error: ")
    if not mark or code in (0, -9):  # an older one: nothing writes a stack on these
        log, mark, stack = text, "", ""
    return mark + stack, "\n".join(log.splitlines()[-LOG_LINES:])


def _beginning(path: Path) -> str:
    """What a signal wrote: at most 256 KiB of it."""
    with path.open("rb") as file:
        return file.read(1 << 18).decode("utf-8", "replace")


def _not_kept(problem: Problem) -> None:
    """A full disk, or a bug here: the log is all that is left to tell."""
    logger.warning("no crash report: %s", problem.details)
