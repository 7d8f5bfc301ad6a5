"""Runs a prompt over a table: one row after another, each on the disk before the next.

The person goes first: a row that is being answered when a question comes is stopped and asked
again later. What is on the disk is never written twice, so a run may end at any moment and be gone
on with.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from app.core.batch_errors import (
    AnswerCutOff,
    BatchError,
    BatchGivenUp,
    BatchModelChanged,
    SchemaNotReadable,
)
from app.core.entities import (
    ChatMessage,
    Message,
    ModelDescription,
    Role,
    SamplingParams,
    Statistics,
    StopReason,
)
from app.core.errors import Problem
from app.core.messages import TextProduced
from app.services.batch_rows import AnswerColumns, BatchOrder
from app.services.batch_work import Task, Work
from app.services.ports import AnswerListener, EngineListener, Lane, Scheduler

T = TypeVar("T")
QUIET_S = 1.5  # after an answer to the person: a title or a summary may follow
LOOK_AGAIN_S = 0.5  # while the model is busy with something else
MEASURED = 30  # rows by which the speed is measured
MOST_DEATHS = 2  # of the model's process at one row; then the row is an error
MOST_BAD_ROWS = 3  # in a row that ended the process; then the run pauses
# what is wrong with one row only; with anything else the next row would fail too
OF_A_ROW = ("model.prompt-too-long", "model.template", "model.grammar", "context.full")


class BatchState(StrEnum):
    """How far a run is."""

    READY = "ready"  # not begun
    PREPARING = "preparing"  # the table is read, the output opened
    RUNNING = "running"
    WAITING = "waiting"  # the person's question goes first
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"  # it cannot go on by itself; `problem` says why


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """What there is to tell of a run. Rows of before count as done; `errors` are those of now."""

    state: BatchState = BatchState.READY
    done: int = 0
    total: int = 0
    errors: int = 0
    rows_per_min: float = 0.0
    seconds_left: float = -1.0  # -1: not known yet
    last_answer: str = ""
    last_error: Problem | None = None  # of the last row
    prompt_tokens: int = 0
    reused_tokens: int = 0  # of them from the KV cache
    problem: Problem | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in (BatchState.PREPARING, BatchState.RUNNING, BatchState.WAITING)


class BatchListener:
    """News of a run."""

    def batch_changed(self, progress: BatchProgress) -> None:
        """Another row, or another state."""


class BatchEngine(Protocol):
    """What a batch needs of the engine."""

    model: ModelDescription | None

    @property
    def model_path(self) -> Path | None: ...

    def add_listener(self, listener: EngineListener) -> None: ...
    def remove_listener(self, listener: EngineListener) -> None: ...
    def stop(self, request_id: int) -> None: ...


class Batch(EngineListener, AnswerListener):
    """One run; all methods on the main thread, files and prompts on a lane of their own.

    `ask` has the engine answer system prompt and messages and returns the request's id; `is_busy`
    says whether the model is wanted for something else; `language` is that of built-in variables
    such as the weekday."""

    def __init__(
        self,
        order: BatchOrder,
        engine: BatchEngine,
        ask: Callable[[str, list[ChatMessage], SamplingParams], int],
        scheduler: Scheduler,
        listener: BatchListener,
        is_busy: Callable[[], bool] = lambda: False,
        language: str = "en",
    ) -> None:
        self.order = order
        self.progress = BatchProgress()
        self._engine, self._ask_engine = engine, ask
        self._scheduler, self._language = scheduler, language
        self._listener, self._is_busy = listener, is_busy
        self._work: Work | None = None
        self._task: Task | None = None
        self._is_on_lane = False
        self._request = 0
        self._text = ""
        self._bad_rows = 0
        self._times: deque[float] = deque(maxlen=MEASURED + 1)
        self._is_closed = False
        self._not_before = 0.0  # monotonic; the person's answer has just ended

    def start(self, *, restarts: bool = False) -> None:
        """Begin, or go on where the output ends; `restarts` deletes the output."""
        self._engine.add_listener(self)
        self._tell(state=BatchState.PREPARING)
        work = self._work = Work(self.order, self._language)

        def opened(done: int) -> None:
            self._is_on_lane = False
            total = work.total
            self._tell(done=done, total=total)
            if self.progress.state is BatchState.PREPARING:
                self._tell(state=BatchState.RUNNING)
                self._next(None)

        self._on_lane(lambda: work.open(restarts=restarts), opened)

    def pause(self) -> None:
        """Stop after what is on the disk; the row in the making is asked again later."""
        if self.progress.is_under_way:
            self._tell(state=BatchState.PAUSED)
            self._times.clear()
            self._stop_row()

    def resume(self) -> None:
        """Go on after a pause, or after a failure that was mended."""
        if self._is_closed or self.progress.state not in (BatchState.PAUSED, BatchState.FAILED):
            return
        if self._work is None:
            self._engine.remove_listener(self)
            self.start()
            return
        self._tell(state=BatchState.RUNNING, problem=None)
        self._bad_rows = 0
        if not self._is_on_lane and not self._request:
            self._ask() if self._task is not None else self._next(None)

    def close(self) -> None:
        """Let go of everything; the run can be gone on with another time."""
        if self._is_closed:
            return
        self._is_closed = True
        self._stop_row()
        self._engine.remove_listener(self)
        self._let_go()

    # the lane

    def _on_lane(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        self._is_on_lane = True
        self._scheduler.run(Lane.BATCH, work, done, self._failed)

    def _fail_row(self, problem: Problem) -> None:
        """Nothing but an error came of it."""
        self._next(self._columns.failed(problem), problem)

    def _next(self, cells: tuple[str, ...] | None, problem: Problem | None = None) -> None:
        """Write what came of a row, then read the one after it."""
        work = self._work
        assert work is not None
        self._task = None
        self._on_lane(lambda: work.step(cells), lambda task: self._took(task, cells, problem))

    def _took(
        self, task: Task | None, cells: tuple[str, ...] | None, problem: Problem | None
    ) -> None:
        self._is_on_lane = False
        if cells is not None:
            self._count(cells, problem)
        if self._is_closed:
            return
        if task is None:
            self._engine.remove_listener(self)
            self._tell(state=BatchState.DONE, seconds_left=0.0)
            return
        self._task = task
        self._ask()

    def _count(self, cells: tuple[str, ...], problem: Problem | None) -> None:
        """A row is on the disk."""
        self._times.append(time.monotonic())
        done, total = self.progress.done + 1, self.progress.total
        pace, left = 0.0, -1.0
        if len(self._times) > 1:
            pace = (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-6)
            left = max(total - done, 0) / pace
        self._tell(
            done=done,
            errors=self.progress.errors + (problem is not None),
            last_answer="\n".join(cell for cell in cells[:-1] if cell),
            last_error=problem,
            rows_per_min=pace * 60,
            seconds_left=left,
        )

    def _failed(self, problem: Problem) -> None:
        """Table, output or model: it cannot go on by itself."""
        self._is_on_lane = False
        self._let_go()
        self._task = None
        self._pause_for(problem)

    def _let_go(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            self._scheduler.run(Lane.BATCH, work.close, _nothing, _nothing)

    def _pause_for(self, problem: Problem) -> None:
        self._times.clear()
        self._tell(state=BatchState.FAILED, problem=problem)

    # the model

    def _ask(self) -> None:
        task = self._task
        if task is None or self._request or not self.progress.is_under_way:
            return
        if task.rendered is None:
            assert task.problem is not None
            self._fail_row(task.problem)
            return
        wait = self._not_before - time.monotonic()
        if wait > 0 or self._is_busy():
            if self.progress.state is not BatchState.WAITING:
                self._times.clear()
                self._tell(state=BatchState.WAITING)
            self._scheduler.call_later(max(wait, LOOK_AGAIN_S), self._ask)
            return
        # also of one that is still being loaded
        path = self._engine.model.path if self._engine.model else self._engine.model_path
        if path is not None and path.name != self.order.model.name:
            name, before = self.order.input.name, self.order.model.name
            self._pause_for(BatchModelChanged(name=name, model=before).problem)
            return
        if self.progress.state is BatchState.WAITING:
            self._tell(state=BatchState.RUNNING)
        self._text = ""
        rendered = task.rendered
        turns = [ChatMessage(Role(role), text) for role, text in rendered.lead]
        turns.append(ChatMessage(Role.USER, rendered.question))
        sampling = self.order.sampling_params()
        self._request = self._ask_engine(rendered.system, turns, sampling)

    @property
    def _columns(self) -> AnswerColumns:
        assert self._work is not None
        return self._work.columns

    def _stop_row(self) -> None:
        if self._request:
            self._engine.stop(self._request)

    def text_produced(self, piece: TextProduced) -> None:
        if self._request and piece.request_id == self._request:
            self._text += piece.text

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        if not self._request or request_id != self._request:
            return
        self._request = 0
        if self._is_closed:
            return
        if reason is StopReason.STOPPED:  # it was not to be, whoever stopped it: asked again
            self._ask()
            return
        self._bad_rows = 0
        self.progress = replace(
            self.progress,
            prompt_tokens=self.progress.prompt_tokens + statistics.prompt_tokens,
            reused_tokens=self.progress.reused_tokens + statistics.reused_tokens,
        )
        try:
            cells = self._columns.cells_of(self._text)
        except BatchError as error:
            self._fail_row(error.problem)
            return
        if reason is StopReason.LIMIT:
            cut_off = AnswerCutOff().problem
            self._next((*cells[:-1], cut_off.summary_text), cut_off)
        else:
            self._next(cells)

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        task = self._task
        if not self._request or request_id != self._request or task is None:
            return
        self._request = 0
        if self._is_closed:
            return
        # a schema that cannot be used fails before the first word, and would at every row
        is_schema = problem.code == "model.grammar" and not self._text
        if worker_died:
            self._died(task, problem)
        elif problem.code in OF_A_ROW and not is_schema:
            self._fail_row(problem)
        elif is_schema:
            reason = dict(problem.params)["reason"]
            self._pause_for(SchemaNotReadable(problem.details, reason=reason).problem)
        else:
            self._pause_for(problem)

    def _died(self, task: Task, problem: Problem) -> None:
        """The process ended at this row: once more, then it is the row's fault."""
        task.deaths += 1
        if task.deaths < MOST_DEATHS:
            self._ask()
            return
        self._bad_rows += 1
        if self._bad_rows >= MOST_BAD_ROWS:
            details = f"{problem.summary_text}\n{problem.details}"
            self._pause_for(BatchGivenUp(details, name=self.order.input.name).problem)
        else:
            self._fail_row(problem)

    def answer_begun(self, message: Message) -> None:
        self._stop_row()  # the person's question waits behind it

    def answer_ended(self, message: Message) -> None:
        self._not_before = time.monotonic() + QUIET_S

    def _tell(self, **changes: object) -> None:
        self.progress = replace(self.progress, **changes)  # type: ignore[arg-type]
        self._listener.batch_changed(self.progress)


def _nothing(_: object) -> None:
    """At the end nobody listens."""
