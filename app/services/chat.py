"""The conversation that one window shows: sending, and every change as a branch beside the old."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from app.core.entities import (
    Attachment,
    AttachmentId,
    ChatMessage,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
)
from app.core.errors import Problem
from app.core.messages import Reading
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.ports import AnswerListener, ChatListener, ConversationsListener
from app.services.turns import as_turns
from app.storage.history import Turn
from app.storage.storage import Storage

T = TypeVar("T")
EXCERPT = 60  # characters of a deleted message that say which one it was


class Chat(AnswerListener, ConversationsListener):
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
        self.open_conversation_id: ConversationId | None = None
        conversations.add_listener(self)
        answers.add_listener(self)

    def add_listener(self, listener: ChatListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

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

    # writing

    def send(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """Store `text` with an empty answer, then ask the model; refused while one is answering."""
        text = text.strip()
        if not (text or attachments) or self.is_answering:
            return
        conversation_id = self.open_conversation_id
        system, model = self._settings().system_prompt, self._answers.model_name
        ids = [attachment.id for attachment in attachments]
        # not the head on the disk: another window may show another branch, and so may an undo
        last = self._branch[-1].id if self._branch else None

        def begin(storage: Storage) -> Turn:
            return storage.history.begin_turn(
                conversation_id, text, system, model, after=last, attachments=ids
            )

        self._send(begin, text)

    def edit(
        self, message_id: MessageId, text: str, attachments: Sequence[Attachment] = ()
    ) -> None:
        """Another version of a message beside the old one; a question is asked again.

        `message_accepted` is told when it is on the disk; not if it is refused: while an answer is
        written, without contents, or for a message that is not on show any more.
        """
        message = self._find(message_id)
        if message is None or self.is_answering or not (text.strip() or attachments):
            return
        ids = [attachment.id for attachment in attachments]
        if message.role is Role.ASSISTANT:
            self._store_edited(message, text, ids)
            return
        model = self._answers.model_name

        def begin(storage: Storage) -> Turn:
            return storage.history.begin_turn(
                message.conversation_id,
                text.strip(),
                "",
                model,
                after=message.parent_id,
                attachments=ids,
            )

        self._send(begin, text, keeps=message.parent_id)

    def try_again(self) -> None:
        """Another answer to the last question, beside the one that is there."""
        last = self._branch[-1] if self._branch else None
        if last is not None:
            self.regenerate(last.id)

    def regenerate(self, message_id: MessageId) -> None:
        """Another answer beside this one; of a question: another answer to it."""
        question = self._find(message_id)
        while question is not None and question.role is Role.ASSISTANT:
            question = self._find(question.parent_id)
        if question is None:
            return
        asked, model = question, self._answers.model_name
        self._answer_anew(asked, lambda s: s.history.begin_answer(asked, model))

    def continue_answer(self, message_id: MessageId) -> None:
        """Have an answer that was cut short go on where it ends, as a branch of its own."""
        answer, model = self._find(message_id), self._answers.model_name
        if answer is None or answer.role is not Role.ASSISTANT or answer.parent_id is None:
            return
        question = self._find(answer.parent_id)
        cut = answer
        if question is not None:
            self._answer_anew(
                question, lambda s: s.history.begin_continuation(cut, model), cut.content
            )

    def stop(self) -> None:
        """End the answer that is being written here; what there is stays."""
        if self._is_sending:
            self._is_stop_wanted = True  # as soon as there is something to stop
        elif self.open_conversation_id is not None:
            self._answers.stop(self.open_conversation_id)

    # branches

    def choose_sibling(self, message_id: MessageId, step: int) -> None:
        """Show the version before (-1) or after (1) this one; what follows it comes along."""
        message = self._find(message_id)
        if message is None or self.is_answering:
            return
        place = message.sibling - 1 + step

        def pick(storage: Storage) -> MessageId | None:
            versions = storage.history.siblings(message_id)
            return versions[place].id if 0 <= place < len(versions) else None

        self._show_version(pick)

    def show_version(self, message_id: MessageId) -> None:
        """Show the branch that goes through this message, in the same place of the window."""
        if not self.is_answering:
            self._show_version(lambda _: message_id)

    def _show_version(self, pick: Callable[[Storage], MessageId | None]) -> None:
        conversation_id = self.open_conversation_id
        if conversation_id is None:
            return

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            chosen = pick(storage)
            if chosen is not None:
                storage.history.choose(chosen)
            return storage.history.branch(conversation_id), chosen

        self._read_branch(work)

    def find_versions(self, message_id: MessageId, done: Callable[[list[Message]], None]) -> None:
        """Tell `done` all versions of a message, the first one first."""
        self._conversations.run(lambda s: s.history.siblings(message_id), self._while_open(done))

    def delete_message(self, message_id: MessageId) -> None:
        """Move a message, and what followed it, to the bin."""
        message = self._find(message_id)
        if message is None:
            return
        if self.is_answering:
            self.stop()

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            storage.bin.delete_message(message_id)
            return storage.history.branch(message.conversation_id), message.parent_id

        def done(_: object) -> None:
            excerpt = " ".join(message.content.split())[:EXCERPT]
            self._is_deleting = True  # here it is shown already, the other windows read again
            self._conversations.note_deleted_message(message.conversation_id, message_id, excerpt)
            self._is_deleting = False

        self._read_branch(work, done)

    def fork(self, message_id: MessageId) -> None:
        """A new conversation that begins with this one down to `message_id`; it is shown."""
        conversation = self.conversation
        title = conversation.title if conversation is not None else ""

        def done(fork: Conversation) -> None:
            self._conversations.refresh()
            self.open_conversation(fork.id)

        self._conversations.run(lambda s: s.history.fork(message_id, title), done)

    # attachments

    def read_attachment(self, attachment_id: AttachmentId, done: Callable[[bytes], None]) -> None:
        """Tell `done` the bytes of an attachment."""
        self._conversations.run(lambda s: s.attachments.data(attachment_id), self._while_open(done))

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

    # inside

    def _send(
        self, begin: Callable[[Storage], Turn], text: str, keeps: MessageId | None = None
    ) -> None:
        conversation_id, times_shown = self.open_conversation_id, self._times_shown
        self._is_sending = True

        def work(storage: Storage) -> tuple[Turn, list[Message], list[ChatMessage]]:
            turn = begin(storage)
            branch = storage.history.branch(turn.conversation.id)
            return turn, branch, as_turns(branch[:-1], storage.attachments.data)

        def done(result: tuple[Turn, list[Message], list[ChatMessage]]) -> None:
            turn, branch, turns = result
            self._is_sending = False
            # nothing else was opened meanwhile, another new conversation neither
            is_shown = self.open_conversation_id == conversation_id and (
                conversation_id is not None or self._times_shown == times_shown
            )
            is_longer = [m.id for m in self._branch] == [m.id for m in branch[:-2]]
            if is_shown:
                self.open_conversation_id = turn.conversation.id
                self._branch = [self._answers.as_it_is(m) for m in branch]
            self._tell(lambda li: li.message_accepted(turn.conversation.id, text))
            if is_shown:
                if is_longer:
                    for message in branch[-2:]:
                        self._tell(lambda li, m=message: li.message_added(m))  # type: ignore[misc]
                else:
                    self._tell(lambda li: li.branch_changed(list(self._branch), keeps))
            self._ask(turn.conversation, turns, turn.answer)

        if not self._conversations.run(work, done, self._not_sent):
            self._is_sending = False

    def _answer_anew(
        self, question: Message, begin: Callable[[Storage], Message], continues: str = ""
    ) -> None:
        if self.is_answering:
            return
        self._is_sending = True
        conversation_id = question.conversation_id

        def work(
            storage: Storage,
        ) -> tuple[Conversation, list[Message], list[ChatMessage], Message]:
            answer = begin(storage)
            branch = storage.history.branch(conversation_id)
            turns = as_turns(branch[:-1], storage.attachments.data)
            return storage.history.conversation(conversation_id), branch, turns, answer

        def done(
            result: tuple[Conversation, list[Message], list[ChatMessage], Message],
        ) -> None:
            conversation, branch, turns, answer = result
            self._is_sending = False
            if self.open_conversation_id == conversation_id:
                self._branch = [self._answers.as_it_is(m) for m in branch]
                self._tell(lambda li: li.branch_changed(list(self._branch), question.id))
            self._ask(conversation, turns, answer, continues)

        if not self._conversations.run(work, done, self._not_sent):
            self._is_sending = False

    def _ask(
        self,
        conversation: Conversation,
        turns: Sequence[ChatMessage],
        answer: Message,
        continues: str = "",
    ) -> None:
        self._conversations.refresh()
        self._answers.ask(conversation, turns, answer, continues)
        if self._is_stop_wanted:
            self._is_stop_wanted = False
            self._answers.stop(conversation.id)
        self._tell(lambda li: li.answering_changed())

    def _store_edited(self, answer: Message, text: str, ids: Sequence[AttachmentId]) -> None:
        conversation_id = answer.conversation_id

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            storage.history.add_edited(answer, text, ids)
            return storage.history.branch(conversation_id), answer.id

        def done(_: object) -> None:
            self._tell(lambda li: li.message_accepted(conversation_id, text))
            self._conversations.refresh()

        self._read_branch(work, done)

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

    def _not_sent(self, problem: Problem) -> None:
        self._is_sending = self._is_stop_wanted = False
        self._tell(lambda li: li.problem_occurred(problem))
        self._tell(lambda li: li.answering_changed())

    def _while_open(self, done: Callable[[T], None]) -> Callable[[T], None]:
        """`done`, but not after `close`: its window is gone by then."""

        def tell(result: T) -> None:
            if self._listeners:
                done(result)

        return tell

    def _tell(self, what: Callable[[ChatListener], None]) -> None:
        for listener in list(self._listeners):
            what(listener)
