"""Answers in the making, of all windows: one is written, others wait for it; saved as they grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.core.entities import (
    ChatMessage,
    ConversationId,
    Message,
    ModelDescription,
    SamplingParams,
    Statistics,
    Status,
    StopReason,
)
from app.core.errors import Problem
from app.core.history import Sent
from app.core.memory import Memory
from app.core.messages import Reading, TextProduced
from app.core.settings import Settings
from app.services.answer import GrowingAnswer
from app.services.conversations import Conversations
from app.services.ports import AnswerListener, EngineListener, Scheduler
from app.services.requests import Asked
from app.services.small_jobs import NO_MEMORY

STATUS_OF = {
    StopReason.END: Status.COMPLETE,
    StopReason.LIMIT: Status.CUT_OFF,
    StopReason.STOPPED: Status.STOPPED,
}


class AnswerEngine(Protocol):
    """What answers need of the engine."""

    model: ModelDescription | None

    def add_listener(self, listener: EngineListener) -> None: ...

    def generate(
        self,
        system: str,
        history: Sequence[ChatMessage],
        sampling: SamplingParams,
        conversation: str = "",
        *,
        is_gentle: bool = False,
        may_guess: bool = False,
        continues: str = "",
        memory: Memory = NO_MEMORY,
    ) -> int: ...

    def prepare(
        self, history: Sequence[ChatMessage], memory: Memory, context: int, sent: Sent
    ) -> None: ...

    def stop(self, request_id: int) -> None: ...


@dataclass(slots=True)
class _Request:
    """An answer with all that is asked for it."""

    asked: Asked
    answer: GrowingAnswer
    continues: str


class Answers(EngineListener):
    """Asks the engine for one answer after another and brings each to the disk."""

    def __init__(
        self,
        conversations: Conversations,
        engine: AnswerEngine,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
    ) -> None:
        self._conversations = conversations
        self._engine = engine
        self._scheduler = scheduler
        self._settings = settings
        self._listeners: list[AnswerListener] = []
        self._current: GrowingAnswer | None = None
        self._waiting: list[_Request] = []
        self._unsafe: list[GrowingAnswer] = []  # ended, and perhaps not on the disk yet
        engine.add_listener(self)

    def add_listener(self, listener: AnswerListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: AnswerListener) -> None:
        """Tell it nothing more."""
        self._listeners.remove(listener)

    @property
    def model_name(self) -> str:
        """The file name of the model that would answer now; empty without one."""
        return self._engine.model.path.name if self._engine.model else ""

    @property
    def context(self) -> int:
        """Tokens that the context of that model has; 0 without one."""
        return self._engine.model.context if self._engine.model else 0

    @property
    def text(self) -> str:
        """All so far of the answer that is being written; empty without one."""
        return self._current.text if self._current is not None else ""

    def is_answering(self, conversation_id: ConversationId | None = None) -> bool:
        """Whether an answer is being written or waits, in one conversation or at all."""
        return any(conversation_id in (None, a.conversation_id) for a in self._open())

    def as_it_is(self, message: Message) -> Message:
        """The message with all of its text, where it is one in the making or has just ended."""
        for answer in [*self._open(), *self._unsafe]:  # the disk may know of an end a little late
            if answer.id == message.id:
                return replace(answer.message, sibling=message.sibling, siblings=message.siblings)
        return message

    def ask(self, asked: Asked, answer: Message, continues: str = "") -> None:
        """Have `answer` written to what is asked, now or after the one in the making.

        `continues` is what it begins with: the text of an answer that was cut short.
        """
        growing = GrowingAnswer(
            answer, self._conversations.run, self._scheduler, self._conversations.complain
        )
        self._waiting.append(_Request(asked, growing, continues))
        if self._current is None:
            self._ask_next()
        else:
            self._tell(lambda li: li.answer_waits(answer))

    def stop(self, conversation_id: ConversationId) -> None:
        """End the answers of one conversation; what there is of them stays."""
        for request in [r for r in self._waiting if r.answer.conversation_id == conversation_id]:
            self._waiting.remove(request)
            self._end(request.answer, Status.STOPPED, None, None)
        if self._current is not None and self._current.conversation_id == conversation_id:
            self._engine.stop(self._current.request_id)

    def last_writes(self) -> list[Message]:
        """At quit: every message as it is to be stored now; nothing is saved after this."""
        answers = [a for a in self._unsafe if not a.is_safe] + self._open()
        self._current, self._waiting = None, []
        return [answer.close() for answer in answers]

    # the engine's news

    def prompt_read(self, reading: Reading) -> None:
        if (answer := self._of(reading.request_id)) is not None:
            self._tell(lambda li: li.reading_progressed(answer.id, reading))

    def text_produced(self, piece: TextProduced) -> None:
        if (answer := self._of(piece.request_id)) is not None:
            answer.append(piece.text)
            self._tell(lambda li: li.text_appended(answer.id, piece.text))

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        if (answer := self._of(request_id)) is not None:
            self._current = None
            self._end(answer, STATUS_OF[reason], statistics, None)
            self._ask_next()

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        if (answer := self._of(request_id)) is not None:
            self._current = None
            is_cut = worker_died and answer.has_text
            self._end(answer, Status.INTERRUPTED if is_cut else Status.FAILED, None, problem)
            self._ask_next()

    # inside

    def _open(self) -> list[GrowingAnswer]:
        current = [self._current] if self._current is not None else []
        return current + [request.answer for request in self._waiting]

    def _of(self, request_id: int) -> GrowingAnswer | None:
        answer = self._current
        return answer if answer is not None and answer.request_id == request_id else None

    def _ask_next(self) -> None:
        if self._current is not None or not self._waiting:
            return
        request = self._waiting.pop(0)
        self._current = request.answer
        settings, asked = self._settings(), request.asked
        if asked.sent is not None:
            self._engine.prepare(asked.turns, asked.memory, asked.context, asked.sent)
        request.answer.request_id = self._engine.generate(
            asked.system,
            asked.turns,
            asked.sampling or settings.sampling_params(),
            asked.conversation.id,
            is_gentle=settings.is_gentle_on_battery,
            may_guess=settings.is_speculating,
            continues=request.continues,
            memory=asked.memory,
        )
        self._tell(lambda li: li.answer_begun(request.answer.message))

    def _end(
        self,
        answer: GrowingAnswer,
        status: Status,
        statistics: Statistics | None,
        problem: Problem | None,
    ) -> None:
        message = answer.finish(status, statistics, problem)
        self._unsafe = [a for a in self._unsafe if not a.is_safe] + [answer]
        self._tell(lambda li: li.answer_ended(message))

    def _tell(self, what: Callable[[AnswerListener], None]) -> None:
        for listener in list(self._listeners):
            what(listener)
