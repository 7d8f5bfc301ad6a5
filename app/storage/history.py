"""Conversations and their messages: nothing is overwritten, every change is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from app.core.beginning import Beginning
from app.core.entities import (
    AttachmentId,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
    new_id,
    utc_now,
)
from app.core.errors import ConversationNotFound
from app.core.sampling_text import sampling_as_text
from app.storage.copies import Copies
from app.storage.database import Database
from app.storage.index import Index
from app.storage.reading import Reading
from app.storage.rows import as_text
from app.storage.titles import title_from
from app.storage.tree import NOT_BINNED


class Head(Enum):
    """The place of a new question unless another is named: after the last message on show."""

    HEAD = "head"


HEAD: Final = Head.HEAD


@dataclass(frozen=True, slots=True)
class Turn:
    """What a question became: conversation, question and the empty answer."""

    conversation: Conversation
    question: Message
    answer: Message


class History(Reading):
    """Reads and writes conversations; returns entities, never rows."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._index = Index(database)
        self._copies = Copies(database)

    def begin_turn(
        self,
        conversation_id: ConversationId | None,
        text: str,
        system_prompt: str,
        model: str,
        *,
        after: MessageId | Head | None = HEAD,
        attachments: Sequence[AttachmentId] = (),
        beginning: Beginning | None = None,
        lead: Sequence[tuple[str, str]] = (),
    ) -> Turn:
        """Store a question and an empty answer after it, in a new conversation if need be.

        The question follows `after`; None makes it another beginning of the conversation. `lead`
        are messages, as (role, text), between `after` and the question. `beginning` says how a new
        conversation is made; its system prompt and lead are those given here.
        """
        with self._database.transaction():
            now = utc_now()
            if conversation_id is None:
                title = title_from(text)
                conversation_id = self._create(
                    title, system_prompt, model, now, beginning or Beginning()
                )
            place = self.conversation(conversation_id).head_id if isinstance(after, Head) else after
            for role, words in lead:
                place = self._add(_said(conversation_id, place, Role(role), words, now)).id
            question = self._add(_said(conversation_id, place, Role.USER, text, now), attachments)
            answer = self._begin(question, "", model, now)
            return Turn(self.conversation(conversation_id), question, answer)

    def begin_answer(self, question: Message, model: str) -> Message:
        """Another empty answer to `question`: a branch of its own, which is shown from now on."""
        with self._database.transaction():
            return self._begin(question, "", model, utc_now())

    def begin_continuation(self, answer: Message, model: str) -> Message:
        """An answer beside `answer` that begins with its text and is being written on."""
        with self._database.transaction():
            return self._begin(answer, answer.content, model, utc_now(), is_beside=True)

    def add_edited(
        self, message: Message, text: str, attachments: Sequence[AttachmentId] = ()
    ) -> Message:
        """A message with another text beside `message`; it is shown from now on."""
        with self._database.transaction():
            now = utc_now()
            edited = Message(
                MessageId(new_id()),
                message.conversation_id,
                message.parent_id,
                message.role,
                text,
                Status.COMPLETE,
                now,
                message.model,
            )
            edited = self._add(edited, attachments)
            self._show(edited, now)
            return edited

    def choose(self, message_id: MessageId) -> None:
        """Show the branch through this message, down to the leaf that was last on show below it."""
        with self._database.transaction():
            rows = self._database.rows(
                f"SELECT conversation_id FROM message WHERE id = ? AND {NOT_BINNED}", (message_id,)
            )
            if rows:
                self._tree.set_head(rows[0][0], self._tree.leaf_below(message_id))

    def fork(self, message_id: MessageId, title: str) -> Conversation:
        """A new conversation: a copy of the branch down to this message, in the same folder.

        Raises ConversationNotFound if there is no such message.
        """
        with self._database.transaction():
            return self.conversation(self._copies.fork(message_id, title))

    def add_whole(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        data: Mapping[AttachmentId, bytes],
    ) -> Conversation:
        """Store a conversation that comes from elsewhere; ids that are taken become new ones.

        `data` are the bytes of attachments; one without is kept with its text alone.
        """
        with self._database.transaction():
            return self.conversation(self._copies.add_whole(conversation, messages, data))

    def save_text(self, message_id: MessageId, content: str) -> None:
        """The growing answer as it is now; one that has ended stays as it is."""
        self._database.execute(
            "UPDATE message SET content = ? WHERE id = ? AND status = ?",
            (content, message_id, Status.STREAMING.value),
        )

    def finish(self, message: Message) -> None:
        """The answer as it stays: text, status, figures and what went wrong."""
        with self._database.transaction():
            self._index.remove_messages([message.id])
            changed = self._database.execute(
                "UPDATE message SET content = ?, status = ?, statistics = ?, problem = ?"
                " WHERE id = ?",
                (
                    message.content,
                    message.status.value,
                    as_text(message.statistics),
                    as_text(message.problem),
                    message.id,
                ),
            ).rowcount
            if changed and message.status is not Status.STREAMING:
                self._index.add_messages(
                    message.conversation_id, [(message.id, message.content, message.created_at)]
                )

    def rename(self, conversation_id: ConversationId, title: str) -> None:
        """Give it another title; its place in the list stays."""
        with self._database.transaction():
            self._index.remove_title(conversation_id)
            changed = self._database.execute(
                "UPDATE conversation SET title = ? WHERE id = ?", (title, conversation_id)
            ).rowcount
            if changed:
                self._index.add_title(conversation_id, title)

    def heal(self) -> int:
        """Answers that were being written when the app ended: 'interrupted' now."""
        with self._database.transaction():
            rows = self._database.rows(
                "SELECT id, conversation_id, content, created_at FROM message WHERE status = ?",
                (Status.STREAMING.value,),
            )
            for row in rows:
                self._database.execute(
                    "UPDATE message SET status = ? WHERE id = ?",
                    (Status.INTERRUPTED.value, row["id"]),
                )
                moment = datetime.fromisoformat(row["created_at"])
                self._index.add_messages(
                    row["conversation_id"], [(row["id"], row["content"], moment)]
                )
            return len(rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _create(
        self, title: str, system_prompt: str, model: str, now: datetime, beginning: Beginning
    ) -> ConversationId:
        conversation_id = ConversationId(new_id())
        # an assistant that is gone meanwhile must not stop the message
        self._database.execute(
            "INSERT INTO conversation (id, title, created_at, updated_at, system_prompt, model,"
            " memory, sampling, assistant_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM assistant WHERE id = ?))",
            (
                conversation_id,
                title,
                now.isoformat(),
                now.isoformat(),
                system_prompt,
                model,
                beginning.memory.as_text() if beginning.memory is not None else "",
                sampling_as_text(beginning.sampling),
                beginning.assistant_id,
            ),
        )
        self._index.add_title(conversation_id, title)
        return conversation_id

    def _begin(
        self, near: Message, text: str, model: str, now: datetime, is_beside: bool = False
    ) -> Message:
        """An answer in the making, after or beside `near`."""
        answer = Message(
            MessageId(new_id()),
            near.conversation_id,
            near.parent_id if is_beside else near.id,
            Role.ASSISTANT,
            text,
            Status.STREAMING,
            now,
            model,
        )
        answer = self._add(answer)
        self._show(answer, now)
        return answer

    def _show(self, message: Message, now: datetime) -> None:
        self._tree.set_head(message.conversation_id, message.id)
        self._database.execute(
            "UPDATE conversation SET updated_at = ?, model = coalesce(nullif(?, ''), model)"
            " WHERE id = ?",
            (now.isoformat(), message.model, message.conversation_id),
        )

    def _add(self, message: Message, attachments: Sequence[AttachmentId] = ()) -> Message:
        """Insert it; returned with its place among its siblings and its attachments."""
        if message.parent_id is not None:
            self._check(message.conversation_id, message.parent_id)
        self._tree.insert(message)
        self._attachments.attach(message.conversation_id, message.id, attachments)
        if message.status is not Status.STREAMING:
            self._index.add_messages(
                message.conversation_id, [(message.id, message.content, message.created_at)]
            )
        return self._message(message.id)

    def _check(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Nothing follows a message that is not there, is elsewhere or in the bin."""
        is_there = self._database.rows(
            f"SELECT 1 FROM message WHERE id = ? AND conversation_id = ? AND {NOT_BINNED}",
            (message_id, conversation_id),
        )
        if not is_there:
            raise ConversationNotFound(f"no message {message_id}", id=conversation_id)


def _said(
    conversation_id: ConversationId,
    parent_id: MessageId | None,
    role: Role,
    text: str,
    now: datetime,
) -> Message:
    """A message that is whole as it comes."""
    return Message(
        MessageId(new_id()), conversation_id, parent_id, role, text, Status.COMPLETE, now
    )
