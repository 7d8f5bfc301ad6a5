"""The services of conversations over an engine whose answers a test gives word by word."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from app.core.entities import (
    ChatMessage,
    ConversationId,
    ModelDescription,
    SamplingParams,
    Statistics,
    StopReason,
)
from app.core.errors import Problem
from app.core.memory import Memory
from app.core.messages import Inspected, TextProduced, Weighed
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.loop import LoopScheduler
from app.services.ports import ConversationsListener, EngineListener
from app.storage.storage import Storage

T = TypeVar("T")
PATIENCE_S = 10.0
NO_MEMORY = Memory()


@dataclass(frozen=True, slots=True)
class Suggesting:
    """A suggestion the engine was asked for; tell `done` or `failed`."""

    id: int
    kind: str
    system: str
    history: tuple[ChatMessage, ...]
    conversation: str
    memory: Memory
    begun: str
    done: Callable[[str, bool], None]
    failed: Callable[[Problem], None]


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the engine was asked to weigh; tell `done`."""

    system: str
    history: tuple[ChatMessage, ...]
    memory: Memory
    draft: ChatMessage | None
    done: Callable[[Weighed], None]


@dataclass(frozen=True, slots=True)
class Inspecting:
    """A prompt the engine was asked for; tell `done` or `failed`."""

    system: str
    history: tuple[ChatMessage, ...]
    memory: Memory
    continues: str
    done: Callable[[Inspected], None]
    failed: Callable[[Problem], None]


class StandInEngine:
    """Remembers what it was asked; says what it is told to."""

    def __init__(self) -> None:
        self.model: ModelDescription | None = None
        self._listeners: list[EngineListener] = []
        self._ids = itertools.count(1)
        self.asked: list[list[str]] = []  # the texts of each prompt
        self.pictures: list[list[tuple[bytes, ...]]] = []
        self.systems: list[str] = []
        self.histories: list[tuple[ChatMessage, ...]] = []
        self.memories: list[Memory] = []
        self.samplings: list[SamplingParams] = []
        self.suggesting: list[Suggesting] = []  # what it was asked beside answers
        self.weighing: list[Weighing] = []
        self.inspecting: list[Inspecting] = []
        self.stopped: list[int] = []
        self._last = 0

    def add_listener(self, listener: EngineListener) -> None:
        self._listeners.append(listener)

    def remove_listener(self, listener: EngineListener) -> None:
        self._listeners.remove(listener)

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
    ) -> int:
        self.systems.append(system)
        self.histories.append(tuple(history))
        self.memories.append(memory)
        self.samplings.append(sampling)
        self.asked.append([message.content for message in history])
        self.pictures.append([message.images for message in history])
        self._last = next(self._ids)
        return self._last

    def suggest(
        self,
        kind: str,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str, bool], None],
        failed: Callable[[Problem], None],
        *,
        memory: Memory = NO_MEMORY,
        begun: str = "",
    ) -> int:
        request_id = next(self._ids)
        self.suggesting.append(
            Suggesting(
                request_id, kind, system, tuple(history), conversation, memory, begun, done, failed
            )
        )
        return request_id

    def suggest_title(
        self,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str], None],
        failed: Callable[[Problem], None],
        *,
        memory: Memory = NO_MEMORY,
    ) -> int:
        return self.suggest(
            "title",
            system,
            history,
            conversation,
            lambda text, is_whole: done(text if is_whole else ""),
            failed,
            memory=memory,
        )

    def prepare(self, *_sent: object) -> None:
        """It looks through nothing."""

    def weigh(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        draft: ChatMessage | None,
        done: Callable[[Weighed], None],
    ) -> None:
        self.weighing.append(Weighing(system, tuple(history), memory, draft, done))

    def inspect(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        done: Callable[[Inspected], None],
        failed: Callable[[Problem], None],
        *,
        continues: str = "",
    ) -> None:
        self.inspecting.append(Inspecting(system, tuple(history), memory, continues, done, failed))

    def stop(self, request_id: int) -> None:
        self.stopped.append(request_id)
        for suggesting in [one for one in self.suggesting if one.id == request_id]:
            suggesting.done(suggesting.begun, False)
            return
        for listener in self._listeners:
            listener.generation_finished(request_id, StopReason.STOPPED, Statistics())

    def say(self, text: str) -> None:
        """A piece of the answer in the making."""
        for listener in self._listeners:
            listener.text_produced(TextProduced(self._last, text, 1, 1))

    def end(self) -> None:
        """The answer is whole."""
        for listener in self._listeners:
            listener.generation_finished(self._last, StopReason.END, Statistics())


class Problems(ConversationsListener):
    """What was complained of."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def problem_occurred(self, problem: Problem) -> None:
        self.codes.append(problem.code)


class Desk:
    """Conversations and answers with an open database; `close` it."""

    def __init__(self, database: Path, settings: Settings | None = None) -> None:
        self.scheduler = LoopScheduler()
        self.engine = StandInEngine()
        self.settings = settings or Settings()
        self.conversations = Conversations(database, self.scheduler)
        self.answers = Answers(
            self.conversations, self.engine, self.scheduler, lambda: self.settings
        )
        self.problems = Problems()
        self.conversations.add_listener(self.problems)
        self.conversations.start()
        self.until(lambda: self.conversations.is_ready)
        self.chat = self.open_chat()

    def open_chat(self, conversation_id: ConversationId | None = None) -> Chat:
        """What another window has."""
        chat = Chat(self.conversations, self.answers, lambda: self.settings)
        if conversation_id is not None:
            chat.open_conversation(conversation_id)
            self.settle()
        return chat

    def until(self, condition: Callable[[], bool]) -> None:
        assert self.scheduler.run_until(condition, PATIENCE_S)

    def settle(self) -> None:
        """Everything that was asked of the database is done, and what follows from it too."""
        for _ in range(4):
            done: list[object] = []
            self.conversations.run(lambda _: None, done.append)
            self.until(lambda done=done: bool(done))  # type: ignore[misc]

    def begin(self, act: Callable[[], object]) -> None:
        """Do something that makes the engine write, and wait until it is asked."""
        count = len(self.engine.asked)
        act()
        self.until(lambda: len(self.engine.asked) > count)

    def ask(self, text: str, answer: str = "answer", chat: Chat | None = None) -> None:
        """A question and its whole answer."""
        self.begin(lambda: (chat or self.chat).send(text))
        self.engine.say(answer)
        self.engine.end()
        self.settle()

    @property
    def open_id(self) -> ConversationId:
        """The conversation on show."""
        assert self.chat.open_conversation_id is not None
        return self.chat.open_conversation_id

    def stored(self, read: Callable[[Storage], T]) -> T:
        """What `read` finds in the database."""
        found: list[T] = []
        self.conversations.run(read, found.append)
        self.until(lambda: bool(found))
        return found[0]

    def close(self) -> None:
        self.conversations.close([])
        self.scheduler.drain(5.0)
