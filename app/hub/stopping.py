"""How a thread that waits for the network or the disk is stopped at once, from another thread."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from app.core.errors import Cancelled

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")
NOTICED_S = 0.05  # how soon a stop is noticed by one who waits for `call`


class StopSwitch:
    """One for each job. `stop` may be called from any thread, everything else from the job's."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._socket: Any = None
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End it: what waits raises Cancelled, a read of the network that hangs returns."""
        with self._lock:
            self.event.set()
            if self._socket is not None:
                # past the TLS layer, which would wait for the other side to say good-bye
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def check(self) -> None:
        """Raises Cancelled after a stop."""
        if self.event.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait; raises Cancelled as soon as it is stopped."""
        if self.event.wait(seconds):
            raise Cancelled

    def call(self, work: Callable[[], T], too_late: Callable[[T], object] = lambda _: None) -> T:
        """The result of `work`, which waits for name servers, connections and headers.

        Those cannot be interrupted, so it runs on a thread of its own that is left behind by a
        stop (it ends with its time-out); `too_late` then gets what it brings.
        """
        self.check()
        results: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()
        lock, left = threading.Lock(), threading.Event()

        def run() -> None:
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                results.put((None, error))
                return
            with lock:
                if not left.is_set():
                    results.put((result, None))
                    return
            too_late(result)

        threading.Thread(target=run, name="hub-call", daemon=True).start()
        while True:
            with contextlib.suppress(queue.Empty):
                result, error = results.get(timeout=NOTICED_S)
                if error is not None:
                    raise error
                return result  # type: ignore[return-value]
            if self.event.is_set():
                with lock:
                    left.set()
                with contextlib.suppress(queue.Empty):  # it came in this very moment
                    result, error = results.get_nowait()
                    if error is None:
                        too_late(result)  # type: ignore[arg-type]
                raise Cancelled

    @contextlib.contextmanager
    def reading(self, response: httpx2.Response) -> Iterator[None]:
        """While the body of `response` is read, `stop` cuts its connection."""
        stream = response.extensions.get("network_stream")
        with self._lock:
            self._socket = stream.get_extra_info("socket") if stream is not None else None
        try:
            self.check()  # a stop just before found no connection to cut
            yield
        finally:
            with self._lock:
                self._socket = None
