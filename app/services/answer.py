"""One answer on its way to the disk: saved while it grows, and again until its end is safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from app.core.entities import ConversationId, Message, MessageId, Statistics, Status
from app.core.errors import Problem
from app.services.ports import Scheduler
from app.storage.storage import Storage

SAVE_S = 0.8  # seconds between two saves of a growing answer: with the write, under one second
RETRY_S = 5.0  # seconds until the end of an answer that could not be saved is tried again


class Store(Protocol):
    """Runs `work` on the storage lane; `done` or `failed` hears of it on the main thread."""

    def __call__(
        self,
        work: Callable[[Storage], None],
        done: Callable[[None], None],
        failed: Callable[[Problem], None] | None = None,
    ) -> bool: ...


class GrowingAnswer:
    """The text of one answer and its way to the disk; main thread only.

    A disk that is full is complained of once, and tried again until there is room.
    """

    def __init__(
        self,
        message: Message,
        store: Store,
        scheduler: Scheduler,
        complain: Callable[[Problem], None],
    ) -> None:
        self._message = message
        self._store = store
        self._scheduler = scheduler
        self._complain = complain
        # an answer that is continued begins with what was there
        self._pieces = [message.content] if message.content else []
        self._saved_pieces = len(self._pieces)
        self._is_saving = False
        self._has_complained = False
        self._cancel_save: Callable[[], None] | None = None
        self._is_closed = False
        self.request_id = 0
        self.is_safe = False

    @property
    def id(self) -> MessageId:
        """The message it is."""
        return self._message.id

    @property
    def conversation_id(self) -> ConversationId:
        """The conversation it belongs to."""
        return self._message.conversation_id

    @property
    def has_text(self) -> bool:
        """Whether there is any yet."""
        return bool(self._pieces)

    @property
    def text(self) -> str:
        """All so far."""
        return "".join(self._pieces)

    @property
    def message(self) -> Message:
        """The message with all of its text so far."""
        return replace(self._message, content=self.text) if self._pieces else self._message

    def append(self, text: str) -> None:
        """It grew; what grows is on disk within a second."""
        self._pieces.append(text)
        if self._cancel_save is None and not self._is_saving:
            self._save()

    def finish(
        self, status: Status, statistics: Statistics | None, problem: Problem | None
    ) -> Message:
        """It ended; returns the message as it stays."""
        self._stop_saving()
        self._message = replace(self.message, status=status, statistics=statistics, problem=problem)
        self._store_end()
        return self._message

    def close(self) -> Message:
        """The app ends: returns what is to be stored now, by whoever closes the database."""
        self._stop_saving()
        self._is_closed = True
        if self._message.status is Status.STREAMING:
            return replace(self.message, status=Status.INTERRUPTED)
        return self._message

    def _stop_saving(self) -> None:
        if self._cancel_save is not None:
            self._cancel_save()
            self._cancel_save = None

    def _save(self) -> None:
        """Store it as it is, then again after a while if it grew."""
        self._cancel_save = None
        if self._message.status is not Status.STREAMING or self._is_closed:
            return
        count, text = len(self._pieces), self.text
        if self._saved_pieces == count:
            return
        self._is_saving = True

        def over() -> None:
            self._is_saving = False
            if self._message.status is Status.STREAMING:
                self._cancel_save = self._scheduler.call_later(SAVE_S, self._save)

        def done(_: None) -> None:
            self._saved_pieces = count
            over()

        def failed(problem: Problem) -> None:
            over()
            self._complain_once(problem)

        self._store(lambda s: s.history.save_text(self._message.id, text), done, failed)

    def _store_end(self) -> None:
        if self._is_closed:
            return
        message = self._message

        def done(_: None) -> None:
            self.is_safe = True

        def failed(problem: Problem) -> None:
            self._complain_once(problem)
            self._scheduler.call_later(RETRY_S, self._store_end)

        self._store(lambda s: s.history.finish(message), done, failed)

    def _complain_once(self, problem: Problem) -> None:
        if not self._has_complained:
            self._has_complained = True
            self._complain(problem)
