"""One question, one answer, no window and no history: the same worker, a loop of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.core.entities import (
    ChatMessage,
    Device,
    LoadParams,
    Role,
    SamplingParams,
    Statistics,
    StopReason,
)
from app.core.errors import Problem, ProblemRaised
from app.core.messages import TextProduced
from app.core.paths import Paths
from app.services.engine import Engine
from app.services.loop import LoopScheduler
from app.services.ports import EngineListener


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which model."""

    text: str
    system: str
    model: Path
    sampling: SamplingParams


@dataclass(slots=True)
class Answer(EngineListener):
    """Gathers the answer of one request."""

    model: str
    on_text: Callable[[str], None]
    text: str = ""
    reason: StopReason | None = None
    statistics: Statistics = field(default_factory=Statistics)
    problem: Problem | None = None
    is_interrupted: bool = False
    devices: tuple[Device, ...] = ()
    no_gpu: Problem | None = None
    engine_version: str = ""

    def model_failed(self, path: Path, problem: Problem) -> None:
        self.problem = self.problem or problem

    def text_produced(self, piece: TextProduced) -> None:
        self.text += piece.text
        self.on_text(piece.text)

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        self.reason, self.statistics = reason, statistics

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self.problem = self.problem or problem

    def worker_died(self, problem: Problem) -> None:
        self.problem = self.problem or problem

    @property
    def is_over(self) -> bool:
        return self.reason is not None or self.problem is not None

    def as_json(self) -> dict[str, object]:
        """For `ask --json`."""
        s = self.statistics
        return {
            "text": self.text,
            "stop_reason": self.reason.value if self.reason else None,
            "model": self.model,
            "statistics": {
                "prompt_tokens": s.prompt_tokens,
                "reused_tokens": s.reused_tokens,
                "completion_tokens": s.completion_tokens,
                "ttft_s": round(s.ttft_s, 4),
                "tokens_per_s": round(s.tokens_per_s, 2),
            },
        }


def ask(paths: Paths, question: Question, on_text: Callable[[str], None]) -> Answer:
    """Ask and wait. Raises ProblemRaised; Ctrl+C stops the answer and marks it interrupted."""
    scheduler = LoopScheduler()
    engine = Engine(paths, scheduler)
    answer = Answer(question.model.name, on_text)
    engine.add_listener(answer)
    try:
        engine.load(question.model, LoadParams())
        request_id = engine.generate(
            question.system, [ChatMessage(Role.USER, question.text)], question.sampling
        )
        try:
            scheduler.run_until(lambda: answer.is_over)
        except KeyboardInterrupt:
            answer.is_interrupted = True
            engine.stop(request_id)
            scheduler.run_until(lambda: answer.is_over, timeout_s=5.0)
        answer.devices, answer.no_gpu = engine.devices, engine.no_gpu
        answer.engine_version = engine.engine_version
    finally:
        engine.shut_down(2.0)
    if answer.problem is not None:
        raise ProblemRaised(answer.problem)
    return answer
