"""What one window shows of a conversation: its branch, and the news of what is written in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from app.core.beginning import Beginning
from app.core.entities import (
    AttachmentId,
    Conversation,
    ConversationId,
    Message,
    MessageId,
)
from app.core.messages import Reading
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.ports import AnswerListener, ChatListener, ConversationsListener
from app.storage.storage import Storage

T = TypeVar("T")


class Shown(AnswerListener, ConversationsListener):
    """One open conversation and its branch; main thread only. `close` it with its window."""

    def __init__(
        self, conversations: Conversations, answers: Answers, settings: Callable[[], Settings]
    ) -> None:
        self._conversations = conversations
        self._answers = answers
        self._settings = settings
        self._listeners: list[ChatListener] = []
        self._branch: list[Message] = []
        self._is_sending = False
        self._is_stop_wanted = False
        self._is_deleting = False
        self._opening: ConversationId | None = None
        self._times_shown = 0
        self.beginning = Beginning()
        self.open_conversation_id: ConversationId | None = None
        conversations.add_listener(self)
        answers.add_listener(self)

    def add_listener(self, listener: ChatListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: ChatListener) -> None:
        """Tell it nothing more."""
        self._listeners = [one for one in self._listeners if one is not listener]

    def close(self) -> None:
        """Hear nothing more; the window is gone. An answer in the making goes on."""
        self._conversations.remove_listener(self)
        self._answers.remove_listener(self)
        self._listeners.clear()

    @property
    def is_ready(self) -> bool:
        """Whether the database is open."""
        return self._conversations.is_ready

    @property
    def branch(self) -> Sequence[Message]:
        """The messages on show, first message first."""
        return tuple(self._branch)

    @property
    def conversation(self) -> Conversation | None:
        """The one on show, as the list has it."""
        open_id = self.open_conversation_id
        return next((c for c in self._conversations.all if c.id == open_id), None)

    @property
    def is_answering(self) -> bool:
        """Whether an answer of this conversation is being written or about to be."""
        open_id = self.open_conversation_id
        return self._is_sending or (open_id is not None and self._answers.is_answering(open_id))

    # opening

    def new_conversation(self) -> None:
        """Show an empty conversation; it is stored with its first message."""
        self._opening = None
        self._show(None, [], None)

    def begin_with(self, beginning: Beginning) -> None:
        """How the next new conversation begins; `new_conversation` forgets it again."""
        if beginning != self.beginning:
            self.beginning = beginning
            self._tell(lambda li: li.beginning_changed(beginning))

    def open_conversation(
        self, conversation_id: ConversationId, at: MessageId | None = None
    ) -> None:
        """Show another conversation, with the text so far of an answer in the making.

        With `at` along the branch that has that message, and there.
        """

        def work(storage: Storage) -> tuple[Conversation, list[Message]]:
            if at is not None:
                storage.history.choose(at)
            history = storage.history
            return history.conversation(conversation_id), history.branch(conversation_id)

        def done(result: tuple[Conversation, list[Message]]) -> None:
            if self._opening == conversation_id:  # else another was asked for meanwhile
                self._show(*result, at)

        self._opening = conversation_id
        self._conversations.run(work, done)

    def read_attachment(self, attachment_id: AttachmentId, done: Callable[[bytes], None]) -> None:
        """Tell `done` the bytes of an attachment."""
        self._conversations.run(lambda s: s.attachments.data(attachment_id), self._while_open(done))

    def stop(self) -> None:
        """End the answer that is being written here; what there is stays."""
        if self._is_sending:
            self._is_stop_wanted = True  # as soon as there is something to stop
        elif self.open_conversation_id is not None:
            self._answers.stop(self.open_conversation_id)

    # news of answers and conversations

    def answer_waits(self, message: Message) -> None:
        if self._shows(message):
            self._follow(message)
            self._tell(lambda li: li.answer_waits(message.id))

    def answer_begun(self, message: Message) -> None:
        if self._shows(message):
            self._follow(message)
            self._tell(lambda li: li.message_changed(message))

    def reading_progressed(self, message_id: MessageId, reading: Reading) -> None:
        if self._find(message_id) is not None:
            self._tell(lambda li: li.reading_progressed(message_id, reading))

    def text_appended(self, message_id: MessageId, text: str) -> None:
        # the answer in the making is the last one: looking from the end is looking at one
        if any(m.id == message_id for m in self._branch[-1:]):
            self._tell(lambda li: li.text_appended(message_id, text))

    def answer_ended(self, message: Message) -> None:
        if not self._shows(message):
            return
        self._branch = [
            replace(message, sibling=m.sibling, siblings=m.siblings) if m.id == message.id else m
            for m in self._branch
        ]
        shown = self._find(message.id)
        if shown is not None:
            self._tell(lambda li: li.message_changed(shown))
        self._tell(lambda li: li.answering_changed())

    def conversations_deleted(self, conversations: Sequence[Conversation]) -> None:
        for conversation in conversations:
            self._answers.stop(conversation.id)
            if conversation.id == self._opening:
                self._opening = None
            if conversation.id == self.open_conversation_id:
                self.new_conversation()

    def message_deleted(self, conversation_id: ConversationId, excerpt: str) -> None:
        if conversation_id == self.open_conversation_id and not self._is_deleting:
            self._read_branch(lambda s: (s.history.branch(conversation_id), None))

    def bin_restored(self, ids: Sequence[ConversationId]) -> None:
        conversation_id = self.open_conversation_id
        if conversation_id is not None and conversation_id in ids and not self.is_answering:
            self._read_branch(lambda s: (s.history.branch(conversation_id), None))

    def marks_changed(self, conversation_id: ConversationId) -> None:
        if conversation_id == self.open_conversation_id:
            self._tell(lambda li: li.marks_changed())

    # inside

    def _read_branch(
        self,
        work: Callable[[Storage], tuple[list[Message], MessageId | None]],
        then: Callable[[object], None] | None = None,
    ) -> None:
        """Show the branch that `work` returns, at the message it names, unless another
        conversation is open by then."""
        conversation_id = self.open_conversation_id

        def done(result: tuple[list[Message], MessageId | None]) -> None:
            branch, at = result
            if self.open_conversation_id == conversation_id:
                self._branch = [self._answers.as_it_is(m) for m in branch]
                shown = list(self._branch)
                self._tell(lambda li: li.branch_changed(shown, at))
                self._tell(lambda li: li.answering_changed())
            if then is not None:
                then(None)

        self._conversations.run(work, done)

    def _show(
        self, conversation: Conversation | None, messages: list[Message], at: MessageId | None
    ) -> None:
        self._times_shown += 1
        self._branch = [self._answers.as_it_is(m) for m in messages]
        self.open_conversation_id = conversation.id if conversation else None
        self.begin_with(Beginning())
        shown = list(self._branch)
        self._tell(lambda li: li.conversation_opened(conversation, shown, at))

    def _follow(self, message: Message) -> None:
        """Show an answer that was asked for in another window with the same conversation."""
        if self._find(message.id) is None:
            conversation_id = message.conversation_id
            self._read_branch(lambda s: (s.history.branch(conversation_id), None))

    def _shows(self, message: Message) -> bool:
        return message.conversation_id == self.open_conversation_id

    def _find(self, message_id: MessageId | None) -> Message | None:
        return next((m for m in reversed(self._branch) if m.id == message_id), None)

    def _while_open(self, done: Callable[[T], None]) -> Callable[[T], None]:
        """`done`, but not after `close`: its window is gone by then."""

        def tell(result: T) -> None:
            if self._listeners:
                done(result)

        return tell

    def _tell(self, what: Callable[[ChatListener], None]) -> None:
        for listener in list(self._listeners):
            what(listener)
