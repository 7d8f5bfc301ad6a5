"""A real worker process for tests, and the events it sends."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.core import messages
from app.core.child_process import ChildProcess
from app.core.entities import ChatMessage, KeepParams, LoadParams, Role, SamplingParams
from app.core.messages import Event
from app.worker.main import run

E = TypeVar("E")
GREEDY = SamplingParams(temperature=0.0, max_tokens=300)  # tiny models repeat themselves for ever
PATIENCE_S = 60.0


def user(text: str) -> tuple[ChatMessage, ...]:
    """A conversation of one question."""
    return (ChatMessage(Role.USER, text),)


class WorkerProcess:
    """Sends commands and waits for events, as the engine does, but one after the other."""

    def __init__(self, log: Path) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.child = ChildProcess(
            run,
            (log,),
            self._events.put,
            lambda code: self._events.put(messages.WorkerExited(code, "")),
        )
        self._ids = iter(range(1, 10_000))
        self.child.start()
        self.ready = self.wait_for(messages.WorkerReady)

    def send(self, make: Callable[[int], messages.Command]) -> int:
        """Send what `make` makes of a new request id; returns the id."""
        request_id = next(self._ids)
        self.child.send(make(request_id))
        return request_id

    def next_event(self) -> Event:
        """The next event, whatever it is."""
        return self._events.get(timeout=PATIENCE_S)

    def wait_for(self, kind: type[E]) -> E:
        """The next event of `kind`; others are passed over, a failure is not."""
        while True:
            event = self.next_event()
            if isinstance(event, kind):
                return event
            assert not isinstance(event, messages.Failed | messages.WorkerExited), event

    def load(
        self, path: Path, params: LoadParams | None = None, keep: KeepParams | None = None
    ) -> messages.ModelLoaded:
        """Load and wait."""
        self.send(lambda i: messages.Load(i, path, params or LoadParams(), keep or KeepParams()))
        return self.wait_for(messages.ModelLoaded)

    def ask(
        self,
        history: tuple[ChatMessage, ...],
        sampling: SamplingParams = GREEDY,
        system: str = "",
        on_text: Callable[[int], None] | None = None,
        conversation: str = "",
    ) -> tuple[str, messages.Finished]:
        """The whole answer; `on_text` is called with the request's id at each piece."""
        request_id = self.send(
            lambda i: messages.Generate(i, system, history, sampling, conversation)
        )
        pieces: list[str] = []
        while True:
            event = self.next_event()
            if isinstance(event, messages.TextProduced):
                assert event.request_id == request_id
                pieces.append(event.text)
                if on_text is not None:
                    on_text(request_id)
            elif isinstance(event, messages.Reading):
                assert 0 < event.done <= event.total
                assert event.seconds_left >= 0
            elif isinstance(event, messages.Finished):
                assert event.request_id == request_id
                return "".join(pieces), event
            else:
                raise AssertionError(event)

    def ask_after_load(
        self, history: tuple[ChatMessage, ...], sampling: SamplingParams
    ) -> tuple[int, messages.Finished]:
        """Ask while a model is still loading; its id and its end."""
        request_id = self.send(lambda i: messages.Generate(i, "", history, sampling))
        self.wait_for(messages.ModelLoaded)
        return request_id, self.wait_for(messages.Finished)

    def stop(self, target: int) -> float:
        """Ask for the end of `target`; returns when, for `seconds_since`."""
        self.send(lambda i: messages.Stop(i, target))
        return time.monotonic()

    def close(self) -> None:
        """End it, by force if need be."""
        self.send(messages.ShutDown)
        if not self.child.wait(5.0):
            self.child.kill()
            self.child.wait(5.0)
