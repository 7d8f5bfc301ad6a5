"""One turn from typed text to stored answer; every read and write of storage on its own lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from app.core.entities import (
    ChatMessage,
    Conversation,
    ConversationId,
    Message,
    ModelDescription,
    Role,
    SamplingParams,
    Statistics,
    Status,
    StopReason,
)
from app.core.errors import Problem
from app.core.messages import Reading, TextProduced
from app.core.models_entities import ModelUsage
from app.core.settings import Settings
from app.services.answer import GrowingAnswer
from app.services.ports import ChatListener, EngineListener, Lane, Scheduler
from app.storage.database import open_database, set_aside
from app.storage.history import History, Turn

T = TypeVar("T")
STATUS_OF = {
    StopReason.END: Status.COMPLETE,
    StopReason.LIMIT: Status.CUT_OFF,
    StopReason.STOPPED: Status.STOPPED,
}


class AnswerEngine(Protocol):
    """What the chat needs of the engine."""

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
    ) -> int: ...

    def stop(self, request_id: int) -> None: ...


class ChatService(EngineListener):
    """Conversations and the one answer that may be in the making; main thread only."""

    def __init__(
        self,
        database_path: Path,
        engine: AnswerEngine,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
    ) -> None:
        self._path = database_path
        self._engine = engine
        self._scheduler = scheduler
        self._settings = settings
        self._listeners: list[ChatListener] = []
        self._history: History | None = None
        self._conversations: list[Conversation] = []
        self._branch: list[Message] = []
        self._answer: GrowingAnswer | None = None
        self._is_sending = False
        self._is_stop_wanted = False
        self._last_deleted: Conversation | None = None
        self._unsafe: list[GrowingAnswer] = []  # ended, and perhaps not on the disk yet
        self.open_conversation_id: ConversationId | None = None
        engine.add_listener(self)

    def add_listener(self, listener: ChatListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    @property
    def is_ready(self) -> bool:
        """Whether the database is open."""
        return self._history is not None

    @property
    def is_answering(self) -> bool:
        """Whether an answer is being written or about to be."""
        return self._answer is not None or self._is_sending

    def start(self) -> None:
        """Open the database, mend what the last end left, list the conversations."""

        def work() -> tuple[History, list[Conversation]]:
            history = History(open_database(self._path))
            history.heal()
            history.empty_bin()
            return history, history.conversations()

        def done(result: tuple[History, list[Conversation]]) -> None:
            self._history = result[0]
            self._show_list(result[1])
            self._tell(lambda listener: listener.storage_ready())

        self._scheduler.run(
            Lane.STORAGE, work, done, lambda p: self._tell(lambda li: li.storage_failed(p))
        )

    def retry_storage(self) -> None:
        """Try again to open the database, unless it is open."""
        if not self.is_ready:
            self.start()

    def set_damaged_aside(self) -> None:
        """Rename a damaged database and begin an empty one."""
        self._scheduler.run(
            Lane.STORAGE, lambda: set_aside(self._path), lambda _: self.start(), self._complain
        )

    def new_conversation(self) -> None:
        """Show an empty conversation; it is stored with its first message."""
        self._show(None, [])

    def open_conversation(self, conversation_id: ConversationId) -> None:
        """Show another conversation, with the text so far of an answer in the making."""

        def done(result: tuple[Conversation, list[Message]]) -> None:
            self._show(*result)

        self._store(lambda h: (h.conversation(conversation_id), h.branch(conversation_id)), done)

    def send(self, text: str) -> None:
        """Store `text` with an empty answer, then ask the model; refused while one is answering."""
        text = text.strip()
        if not text or self.is_answering:
            return
        conversation_id = self.open_conversation_id
        system, model = self._settings().system_prompt, self._model_name()
        self._is_sending = True

        def work(history: History) -> tuple[Turn, list[Message]]:
            turn = history.begin_turn(conversation_id, text, system, model)
            return turn, history.branch(turn.conversation.id)

        def done(result: tuple[Turn, list[Message]]) -> None:
            turn, branch = result
            self._is_sending = False
            self._tell(lambda li: li.message_accepted(turn.conversation.id, text))
            if self.open_conversation_id == conversation_id:  # nothing else was opened meanwhile
                self.open_conversation_id = turn.conversation.id
                self._branch = branch
                for message in (turn.question, turn.answer):
                    self._tell(lambda li, m=message: li.message_added(m))  # type: ignore[misc]
            self._ask(turn.conversation, branch[:-1], turn.answer)

        self._store(work, done, self._not_sent)

    def try_again(self) -> None:
        """Another answer to the last question, beside the one that is there."""
        if self.is_answering or not self._branch or self.open_conversation_id is None:
            return
        branch = self._branch
        while branch and branch[-1].role is Role.ASSISTANT:
            branch = branch[:-1]
        if not branch:
            return
        question, model, conversation_id = branch[-1], self._model_name(), self.open_conversation_id
        self._is_sending = True

        def done(result: tuple[Conversation, Message]) -> None:
            self._is_sending = False
            self._show(result[0], [*branch, result[1]])
            self._ask(result[0], branch, result[1])

        self._store(
            lambda h: (h.conversation(conversation_id), h.begin_answer(question, model)),
            done,
            self._not_sent,
        )

    def stop(self) -> None:
        """End the answer that is being written; what there is stays."""
        if self._answer is not None and self._answer.request_id:
            self._engine.stop(self._answer.request_id)
        elif self._is_sending:
            self._is_stop_wanted = True  # as soon as there is something to stop

    def rename(self, conversation_id: ConversationId, title: str) -> None:
        """Give a conversation another title."""
        self._store(lambda h: h.rename(conversation_id, title.strip()), lambda _: self._list())

    def delete(self, conversation_id: ConversationId) -> None:
        """Move a conversation to the bin; an answer being written for it is stopped."""
        if self._answer is not None and self._answer.conversation_id == conversation_id:
            self.stop()

        def work(history: History) -> Conversation:
            history.delete(conversation_id)
            return history.conversation(conversation_id)

        def done(conversation: Conversation) -> None:
            self._last_deleted = conversation
            if self.open_conversation_id == conversation_id:
                self.new_conversation()
            self._list()
            self._tell(lambda li: li.conversation_deleted(conversation))

        self._store(work, done)

    def undo_delete(self) -> None:
        """Take what was deleted last out of the bin and show it."""
        deleted, self._last_deleted = self._last_deleted, None
        if deleted is None:
            return

        def done(_: None) -> None:
            self._list()
            self.open_conversation(deleted.id)

        self._store(lambda h: h.restore(deleted.id), done)

    def find_usage(self, done: Callable[[dict[str, ModelUsage]], None]) -> None:
        """Tell `done` where each model answered, by its file's name; not without a database."""
        if self.is_ready:
            self._store(lambda h: h.usage(), done)

    def close(self) -> None:
        """At quit: what was written so far is stored as interrupted, the database closed."""
        answer, history = self._answer, self._history
        if history is None:
            return
        self._answer = None
        answers = [a for a in self._unsafe if not a.is_safe] + ([answer] if answer else [])
        unsaved = [a.close() for a in answers]

        def work() -> None:
            try:
                for message in unsaved:
                    history.finish(message)
            finally:
                history.close()

        self._scheduler.run(Lane.STORAGE, work, lambda _: None, lambda _: None)

    # the engine's news

    def prompt_read(self, reading: Reading) -> None:
        answer = self._answer
        if answer is None or reading.request_id != answer.request_id:
            return
        if answer.conversation_id == self.open_conversation_id:
            self._tell(lambda li: li.reading_progressed(answer.id, reading))

    def text_produced(self, piece: TextProduced) -> None:
        answer = self._answer
        if answer is None or piece.request_id != answer.request_id:
            return
        answer.append(piece.text)
        if answer.conversation_id == self.open_conversation_id:
            self._tell(lambda li: li.text_appended(answer.id, piece.text))

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        if self._answer is not None and request_id == self._answer.request_id:
            self._finish(STATUS_OF[reason], statistics, None)

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        if self._answer is not None and request_id == self._answer.request_id:
            is_cut = worker_died and self._answer.has_text
            status = Status.INTERRUPTED if is_cut else Status.FAILED
            self._finish(status, None, problem)

    # inside

    def _ask(self, conversation: Conversation, history: list[Message], answer: Message) -> None:
        self._answer = GrowingAnswer(answer, self._store, self._scheduler, self._complain)
        self._list()
        turns = [ChatMessage(m.role, m.content) for m in history if m.content]
        settings = self._settings()
        self._answer.request_id = self._engine.generate(
            conversation.system_prompt,
            turns,
            settings.sampling_params(),
            conversation.id,
            is_gentle=settings.is_gentle_on_battery,
            may_guess=settings.is_speculating,
        )
        self._tell(lambda li: li.message_changed(answer))
        if self._is_stop_wanted:
            self.stop()
        self._is_stop_wanted = False

    def _finish(
        self, status: Status, statistics: Statistics | None, problem: Problem | None
    ) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            return
        message = answer.finish(status, statistics, problem)
        self._unsafe = [a for a in self._unsafe if not a.is_safe] + [answer]
        self._branch = [message if m.id == message.id else m for m in self._branch]
        if message.conversation_id == self.open_conversation_id:
            self._tell(lambda li: li.message_changed(message))

    def _show(self, conversation: Conversation | None, messages: list[Message]) -> None:
        answer = self._answer
        if answer is not None:
            messages = [answer.message if m.id == answer.id else m for m in messages]
        self._branch = messages
        self.open_conversation_id = conversation.id if conversation else None
        shown = list(messages)
        self._tell(lambda li: li.conversation_opened(conversation, shown))

    def _list(self) -> None:
        self._store(lambda h: h.conversations(), self._show_list)

    def _show_list(self, conversations: list[Conversation]) -> None:
        self._conversations = conversations
        self._tell(lambda li: li.conversations_changed(conversations))

    def _store(
        self,
        work: Callable[[History], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None] | None = None,
    ) -> None:
        history = self._history
        if history is None:
            self._is_sending = False
            self.retry_storage()
            return
        self._scheduler.run(Lane.STORAGE, lambda: work(history), done, failed or self._complain)

    def _not_sent(self, problem: Problem) -> None:
        self._is_sending = self._is_stop_wanted = False
        self._complain(problem)

    def _complain(self, problem: Problem) -> None:
        self._tell(lambda li: li.problem_occurred(problem))

    def _model_name(self) -> str:
        return self._engine.model.path.name if self._engine.model else ""

    def _tell(self, what: Callable[[ChatListener], None]) -> None:
        for listener in self._listeners:
            what(listener)
