"""The app's worker process, driven without a window: load, ask, and what each answer took."""

from __future__ import annotations

import queue
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from app.core import messages
from app.core.child_process import ChildProcess
from app.core.entities import (
    ChatMessage,
    KeepParams,
    LoadParams,
    ModelDescription,
    Role,
    SamplingParams,
    Statistics,
)
from app.worker.main import run
from benchmarks.report import MeasurementFailed

E = TypeVar("E", bound=messages.Event)
PATIENCE_S = 120.0  # for one event; reading 4,000 tokens tells how far it is
END_S = 30.0  # that writing a kept state and leaving may take
# what `words` is made of: one token each in the usual vocabularies, with the space before it
WORDS = [
    "river",
    "house",
    "light",
    "water",
    "green",
    "people",
    "story",
    "market",
    "winter",
    "garden",
    "music",
    "stone",
    "train",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came out of the pipe.

    `ttft_s` runs from handing the request to the pipe until the first text is here: making the
    prompt, the pipe and both processes' wake-ups count, unlike in `statistics.ttft_s`.
    `pieces`: the moment of each piece of text in seconds, and the tokens there were by then.
    """

    text: str
    ttft_s: float
    pieces: tuple[tuple[float, int], ...]
    statistics: Statistics

    @property
    def new_tokens(self) -> int:
        """Tokens of the prompt that had to be read."""
        return self.statistics.prompt_tokens - self.statistics.reused_tokens


class EngineProcess:
    """A worker of our own; use it as a context manager. Raises MeasurementFailed for whatever
    goes wrong in it."""

    def __init__(self) -> None:
        self._events: queue.Queue[messages.Event] = queue.Queue()
        self._folder = tempfile.TemporaryDirectory(prefix="inglenook-bench-")
        self._last_id = 0
        self._child = ChildProcess(
            run,
            (Path(self._folder.name) / "worker.log",),
            self._events.put,
            lambda code: self._events.put(messages.WorkerExited(code, "")),
        )

    def __enter__(self) -> Self:
        self._child.start()
        self._wait_for(messages.WorkerReady)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._send(messages.ShutDown)
        if not self._child.wait(END_S):
            self._child.kill()
            self._child.wait(END_S)
        self._folder.cleanup()

    def load(self, model: Path, keep: KeepParams | None = None) -> ModelDescription:
        """Load as the app does by default, but never on a graphics card: none of the peers is."""
        params = LoadParams(device="cpu")
        self._send(lambda i: messages.Load(i, model, params, keep or KeepParams(memory_bytes=0)))
        return self._wait_for(messages.ModelLoaded).model

    def ask(
        self,
        turns: Sequence[ChatMessage],
        sampling: SamplingParams,
        system: str = "",
        conversation: str = "",
    ) -> Answer:
        """The answer to the last of `turns`."""
        sent = time.perf_counter()
        self._send(
            lambda i: messages.Generate(
                i, system, tuple(turns), sampling, conversation=conversation
            )
        )
        text: list[str] = []
        pieces: list[tuple[float, int]] = []
        while True:
            event = self._next()
            if isinstance(event, messages.TextProduced):
                pieces.append((time.perf_counter(), event.completion_tokens))
                text.append(event.text)
            elif isinstance(event, messages.Finished):
                first = pieces[0][0] if pieces else time.perf_counter()
                return Answer("".join(text), first - sent, tuple(pieces), event.statistics)

    def _send(self, make: Callable[[int], messages.Command]) -> None:
        self._last_id += 1
        self._child.send(make(self._last_id))

    def _wait_for(self, kind: type[E]) -> E:
        while True:
            event = self._next()
            if isinstance(event, kind):
                return event

    def _next(self) -> messages.Event:
        try:
            event = self._events.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise MeasurementFailed(f"The worker said nothing for {PATIENCE_S:.0f} s.") from None
        if isinstance(event, messages.Failed | messages.WorkerExited):
            raise MeasurementFailed(f"The worker could not do it: {event}")
        return event


def greedy(max_tokens: int) -> SamplingParams:
    """Always the likeliest token, whatever the model recommends."""
    return SamplingParams(temperature=0.0, max_tokens=max_tokens, is_own=True)


def user(text: str) -> ChatMessage:
    """A question."""
    return ChatMessage(Role.USER, text)


def assistant(text: str) -> ChatMessage:
    """An answer that was given."""
    return ChatMessage(Role.ASSISTANT, text)


def words(count: int, variant: int) -> str:
    """`count` words in an order of their own for each `variant`, so that no prompt begins as
    another does."""
    start, stride = variant % len(WORDS), 1 + variant // len(WORDS) % (len(WORDS) - 1)
    return " ".join(WORDS[(start + index * stride) % len(WORDS)] for index in range(count))
