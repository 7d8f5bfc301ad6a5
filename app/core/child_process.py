"""A spawned child with a pipe: commands out, events in, and an end that always comes."""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class ChildProcess:
    """Runs `target(connection, *args)` in a new process.

    `on_event` and `on_exit` are called on this object's own thread. The child ends when the pipe
    closes, so that it never outlives a parent that was killed.
    """

    def __init__(
        self,
        target: Callable[..., None],
        args: tuple[Any, ...],
        on_event: Callable[[Any], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._target = target
        self._args = args
        self._on_event = on_event
        self._on_exit = on_exit
        self._commands: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._process: Any = None
        self._started = threading.Event()
        self._ended = threading.Event()
        self._killed = False
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The child's process id, None before it has started."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin to start; returns at once."""
        threading.Thread(target=self._live, name="child-events", daemon=True).start()

    def send(self, command: Any) -> None:
        """Queue a command; never waits."""
        self._commands.put(command)

    def kill(self) -> None:
        """End it now, whatever it is doing."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end; True if it has ended."""
        return self._ended.wait(timeout_s)

    def _live(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        process = context.Process(target=self._target, args=(theirs, *self._args), daemon=True)
        try:
            process.start()
        except OSError:
            self._ended.set()
            self._on_exit(127)
            return
        theirs.close()
        with self._lock:
            self._process = process
            if self._killed:
                process.kill()
        threading.Thread(
            target=self._write, args=(ours,), name="child-commands", daemon=True
        ).start()
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._on_event(ours.recv())
        process.join()
        self._commands.put(None)
        code = process.exitcode
        self._ended.set()
        self._on_exit(code if code is not None else -1)

    def _write(self, connection: Connection) -> None:
        while (command := self._commands.get()) is not None:
            try:
                connection.send(command)
            except OSError:
                return
