"""Feeds the status line: memory once a second, context and speed while an answer grows."""

from __future__ import annotations

import os
import time

from PySide6.QtCore import QObject, QTimer

from app.core.entities import Message, ModelDescription, Statistics, StopReason
from app.core.errors import Problem
from app.core.messages import TextProduced
from app.services.engine import Engine
from app.services.ports import EngineListener, EngineState
from app.ui.status_line import StatusLine

MEMORY_MS = 1000  # how often memory is looked at
LIVE_S = 0.3  # how often the figures of a growing answer change: readable, not flickering


class Figures(QObject, EngineListener):
    """Listens to the engine and writes what can be measured into the status line."""

    def __init__(self, engine: Engine, status: StatusLine) -> None:
        super().__init__(status)
        self._engine = engine
        self._status = status
        self._first: tuple[float, int] | None = None  # time and tokens when the text began
        self._shown_at = 0.0
        self._memory = QTimer(self)
        self._memory.timeout.connect(self.show_memory)
        engine.add_listener(self)

    def stop(self) -> None:
        """Measure no more."""
        self._memory.stop()

    def show_conversation(self, last: Message | None) -> None:
        """Another conversation is on show, `last` its last message."""
        model = self._engine.model
        statistics = last.statistics if last is not None else None
        if model is not None:
            used = statistics.context_tokens if statistics else 0
            self._status.show_context(used, model.context)
            self._status.show_speed(statistics.tokens_per_s if statistics else 0.0)

    def show_memory(self) -> None:
        """Resident memory of the window and the worker together."""
        import psutil  # the window starts without it

        total = 0
        for pid in (self._engine.worker_pid, os.getpid()):
            try:
                total += int(psutil.Process(pid).memory_info().rss) if pid else 0
            except psutil.Error:
                continue
        self._status.show_memory(total)

    def engine_changed(self, state: EngineState) -> None:
        if state in (EngineState.STOPPED, EngineState.IDLE):
            self._memory.stop()

    def model_loaded(self, model: ModelDescription) -> None:
        self.show_memory()
        self._memory.start(MEMORY_MS)

    def text_produced(self, piece: TextProduced) -> None:
        now, model = time.monotonic(), self._engine.model
        if self._first is None:
            self._first = (now, piece.completion_tokens)
        if model is None or now - self._shown_at < LIVE_S:
            return
        self._shown_at = now
        self._status.show_context(piece.context_tokens, model.context)
        since, before = self._first
        if now - since >= LIVE_S:
            self._status.show_speed((piece.completion_tokens - before) / (now - since))

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        self._first = None
        model = self._engine.model
        if model is not None:
            self._status.show_context(statistics.context_tokens, model.context)
        self._status.show_speed(statistics.tokens_per_s)

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self._first = None
