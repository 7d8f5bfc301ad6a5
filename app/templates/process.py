"""Templates are foreign programs: they run in a process of their own, within limits."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.process
import pickle
import threading
import time
from collections.abc import Iterator
from typing import Any

from app.core.errors import Problem, ProblemRaised
from app.core.template_errors import TemplateFailed, TemplateTooLarge, TemplateTooSlow
from app.templates import jobs
from app.templates.limits import HAS_MEMORY_LIMIT, MEMORY_BYTES

IDLE_S = 60.0  # without work, then the child ends; the next call starts another
START_S = 60.0  # for a child to start and import what it needs: a slow disk, not the template
WATCH_S = 0.02  # between two looks at the child's memory, where the system has no limit
END_S = 2.0
MOST_BYTES = 8 << 20  # of an answer, on top of four times what was sent
TIMEOUT_S = 2.0

_starting = threading.Lock()


class TemplateProcess:
    """One child process that runs the functions of `app.templates.jobs`; for any thread.

    It is started by the first call and ends with its parent, with `close`, or after `idle_s`
    without work (None: never). What is too slow or too large is ended with the process, and the
    next call starts another.
    """

    def __init__(self, *, idle_s: float | None = IDLE_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._idle_s = idle_s
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()  # one call at a time
        self._child: _Child | None = None
        self._is_closed = False

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is none."""
        child = self._child
        return child.pid if child is not None else None

    def call(self, function: str, *args: object, timeout_s: float = TIMEOUT_S) -> Any:
        """What the function of that name (`app.templates.jobs.JOBS`) returns in the child.

        Raises TemplateTooSlow, TemplateTooLarge, TemplateFailed for what a template does; an
        AppError of the function itself comes as ProblemRaised."""
        request = pickle.dumps((function, args, timeout_s))
        with self._lock:
            try:
                kind, value = self._ask(request, timeout_s)
            except _Ended:  # for want of work, just before this came
                kind, value = self._ask_again(request, timeout_s)
            if kind == jobs.LARGE:  # memory may be in pieces now
                self._end()
        if kind == jobs.DONE:
            return value
        if kind == jobs.PROBLEM and isinstance(value, Problem):
            raise ProblemRaised(value)
        raise TemplateTooLarge(value) if kind == jobs.LARGE else TemplateFailed(reason=value)

    def close(self) -> None:
        """End the child now, also in the middle of a call, which fails then. For good."""
        self._is_closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._end()

    def _ask_again(self, request: bytes, timeout_s: float) -> tuple[str, Any]:
        try:
            return self._ask(request, timeout_s)
        except _Ended:
            raise TemplateFailed(reason="its process ended") from None

    def _ask(self, request: bytes, timeout_s: float) -> tuple[str, Any]:
        """The answer of the child, started where there is none. Raises _Ended if it had ended by
        itself, and what `call` raises."""
        if self._is_closed:
            raise TemplateFailed(reason="its process was closed")
        if self._child is None:
            self._child = _Child(self._idle_s, self._memory_bytes)
        child = self._child
        try:
            return child.ask(request, timeout_s)
        except (EOFError, ConnectionError):
            code = child.end()
            self._child = None
            if code == 0 and not self._is_closed:
                raise _Ended from None
            raise TemplateFailed(reason=f"its process ended ({code})") from None
        except OSError as error:  # an answer longer than is taken
            self._end()
            raise TemplateTooLarge(str(error)) from None
        except BaseException:
            self._end()
            raise

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.end()


class _Ended(Exception):
    """The child had ended by itself, for want of work."""


class _Child:
    """The process and its pipe."""

    def __init__(self, idle_s: float | None, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe(duplex=True)
        self._process = context.Process(
            target=jobs.serve, args=(theirs, idle_s, memory_bytes), daemon=True, name="templates"
        )
        try:
            with _allowed_to_start():
                self._process.start()
        except OSError as error:
            raise TemplateFailed(reason=f"its process could not be started: {error}") from None
        finally:
            theirs.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def ask(self, request: bytes, timeout_s: float) -> tuple[str, Any]:
        """Raises TemplateTooSlow, TemplateTooLarge, and OSError or EOFError if it has ended."""
        self._ours.send_bytes(request)
        most = MOST_BYTES + 4 * len(request)
        kind, value = self._receive(START_S, most, watched_from=None)
        if kind != jobs.BEGUN:
            return kind, value
        before = None if HAS_MEMORY_LIMIT else self._memory()
        return self._receive(timeout_s, most, watched_from=before)

    def kill(self) -> None:
        """From any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> int | None:
        """Wait for the end, which must have begun; the exit code, None where it did not end."""
        self._ours.close()
        self._process.join(END_S)
        if self._process.exitcode is None:
            self.kill()
            self._process.join(END_S)
            return None
        return self._process.exitcode

    def _receive(self, timeout_s: float, most: int, *, watched_from: int | None) -> tuple[str, Any]:
        end = time.monotonic() + timeout_s
        while True:
            left = max(end - time.monotonic(), 0.0)
            if self._ours.poll(left if watched_from is None else min(left, WATCH_S)):
                break
            if watched_from is not None and self._memory() > watched_from + self._memory_bytes:
                raise TemplateTooLarge("memory")
            if left <= 0.0:
                raise TemplateTooSlow(seconds=f"{timeout_s:g}")
        kind, value = pickle.loads(self._ours.recv_bytes(most))
        return str(kind), value

    def _memory(self) -> int:
        """Bytes the child has in memory, 0 once it has ended."""
        import psutil

        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0


@contextlib.contextmanager
def _allowed_to_start() -> Iterator[None]:
    """Let a daemonic process, such as the model's, start a child.

    multiprocessing refuses that because such a process is ended without ending its own children;
    ours ends with its pipe and its parent."""
    config: dict[str, Any] = getattr(multiprocessing.process.current_process(), "_config", {})
    with _starting:
        was_daemon = config.pop("daemon", None)
        try:
            yield
        finally:
            if was_daemon is not None:
                config["daemon"] = was_daemon
