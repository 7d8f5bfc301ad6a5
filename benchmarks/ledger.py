"""The ledger: opening it over 10,000 messages, and how far it is behind typing during an answer.

The services with the starter model in a worker of its own, without a window. Opening runs from the
call that makes a ledger, for a conversation of 10,000 messages (20 MB) that is on show already, to
its first full view. What it takes of the main thread is measured call by call. Then a draft grows
by a word every 30 ms, first while nothing else is asked of the worker, then while an answer is
written: a keystroke is behind until a view counts at least as much as was written by then.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.core.entities import LoadParams
from app.core.memory import PartKind
from app.core.paths import find_paths, resources
from app.core.settings import SettingsFile
from app.hub.starter import FILE_NAME
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ledger import Ledger, LedgerListener, LedgerView
from app.services.loop import LoopScheduler
from app.services.ports import EngineState
from benchmarks.long_conversation import MESSAGES, store
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import Screen

OPEN_LIMIT_MS, BEHIND_LIMIT_MS, MAIN_LIMIT_MS = 100.0, 100.0, 8.0
OPENINGS, WORDS, KEY_S = 15, 60, 0.03
CONTEXT, ANSWER_TOKENS = 2048, 1000
PATIENCE_S = 120.0


class Stopwatch(LoopScheduler):
    """The loop of the main thread, that knows how long each of its jobs took."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_ms = 0.0

    def post(self, job: Callable[[], None]) -> None:
        def timed() -> None:
            begun = time.perf_counter()
            job()
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - begun) * 1000)

        super().post(timed)


@dataclass(slots=True)
class Typing(LedgerListener):
    """When each number of words was written, and when a view counted them."""

    written_at: list[float] = field(default_factory=list)
    behind_ms: list[float] = field(default_factory=list)

    def ledger_changed(self, view: LedgerView) -> None:
        counted = sum(part.tokens for part in view.parts if part.kind is PartKind.DRAFT)
        now = time.perf_counter()
        while len(self.behind_ms) < min(len(self.written_at), counted):
            self.behind_ms.append((now - self.written_at[len(self.behind_ms)]) * 1000)


def measure(_screen: Screen) -> list[Figure]:
    """One conversation of 10,000 messages."""
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        paths.make()
        values = {"preset": "own", "temperature": 0.0, "max_tokens": ANSWER_TOKENS}
        paths.settings.write_text(json.dumps(values), encoding="utf-8")
        here = store(paths)
        file, loop = SettingsFile(paths.settings), Stopwatch()
        services = AppServices(paths, loop, file, file.load()[0])
        try:
            services.conversations.start()
            model = resources() / "starter" / FILE_NAME
            services.engine.load(model, LoadParams(context_tokens=CONTEXT))
            _wait(loop, lambda: services.engine.state is EngineState.READY)
            _wait(loop, lambda: services.conversations.is_ready)
            chat = Chat(services.conversations, services.answers, services.settings)
            chat.open_conversation(here)
            _wait(loop, lambda: len(chat.branch) == MESSAGES)
            return _figures(services, chat, loop)
        finally:
            services.close_storage()
            services.engine.shut_down(5.0)
            loop.drain(10.0)


def _figures(services: AppServices, chat: Chat, loop: Stopwatch) -> list[Figure]:
    opened = []
    for _ in range(OPENINGS):
        loop.longest_ms = 0.0
        begun = time.perf_counter()
        ledger = services.open_ledger(chat)
        making_ms = (time.perf_counter() - begun) * 1000
        _wait(loop, lambda ledger=ledger: ledger.view.is_known)  # type: ignore[misc]
        opened.append(((time.perf_counter() - begun) * 1000, max(making_ms, loop.longest_ms)))
        ledger.close()
    ledger = services.open_ledger(chat)
    _wait(loop, lambda: ledger.view.is_known)
    idle, idle_main_ms = _type(ledger, loop)
    chat.send("Tell me all of it again, from the beginning.")
    _wait(loop, lambda: bool(services.answers.text))
    busy, busy_main_ms = _type(ledger, loop)
    if not chat.is_answering:
        raise MeasurementFailed("The answer ended before the typing did.")
    chat.stop()
    _wait(loop, lambda: not chat.is_answering)
    ledger.close()
    open_ms, main_ms = (sorted(values) for values in zip(*opened, strict=True))
    longest_main_ms = max(main_ms[-1], idle_main_ms, busy_main_ms)
    return [
        at_most(
            "ledger over 10,000 opened",
            round(open_ms[-1], 1),
            "ms",
            OPEN_LIMIT_MS,
            f"longest of {len(opened)}; median {statistics.median(open_ms):.0f} ms",
        ),
        at_most(
            "ledger behind typing, answer written",
            round(_p99(busy), 1),
            "ms",
            BEHIND_LIMIT_MS,
            f"99th percentile of {len(busy)} words, median {statistics.median(busy):.0f} ms;"
            f" without an answer {_p99(idle):.0f} ms, median {statistics.median(idle):.0f} ms",
        ),
        at_most(
            "ledger on the main thread",
            round(longest_main_ms, 1),
            "ms",
            MAIN_LIMIT_MS,
            f"longest job, 10,000 messages; opening {main_ms[-1]:.1f} ms, typing"
            f" {idle_main_ms:.1f} ms, beside an answer {busy_main_ms:.1f} ms",
        ),
    ]


def _type(ledger: Ledger, loop: Stopwatch) -> tuple[list[float], float]:
    """Write word by word; how far each was behind, and the longest job of the main thread."""
    ledger.draft_changed("")
    loop.run_until(lambda: False, 0.5)
    typing = Typing()
    ledger.add_listener(typing)
    loop.longest_ms = 0.0
    for count in range(1, WORDS + 1):
        begun = time.perf_counter()
        typing.written_at.append(begun)
        ledger.draft_changed("word " * count)
        loop.longest_ms = max(loop.longest_ms, (time.perf_counter() - begun) * 1000)
        loop.run_until(lambda: False, KEY_S)
    _wait(loop, lambda: len(typing.behind_ms) == WORDS)
    return typing.behind_ms, loop.longest_ms


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def _wait(loop: LoopScheduler, condition: Callable[[], bool]) -> None:
    if not loop.run_until(condition, PATIENCE_S):
        raise MeasurementFailed("The ledger did not get ready in two minutes.")
