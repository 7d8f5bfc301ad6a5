"""Conversations that come as a whole: copied from another one, or brought in from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from app.core.entities import (
    Attachment,
    AttachmentId,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Status,
    new_id,
    utc_now,
)
from app.core.errors import ConversationNotFound
from app.core.sampling_text import sampling_as_text
from app.storage.attachments import Attachments
from app.storage.database import Database
from app.storage.index import Index
from app.storage.memory import Remembered
from app.storage.rows import MESSAGE, message_of
from app.storage.tree import Tree


class Copies:
    """Inserts whole trees; every call belongs into a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tree = Tree(database)
        self._index = Index(database)
        self._attachments = Attachments(database)
        self._memory = Remembered(database)

    def fork(self, message_id: MessageId, title: str) -> ConversationId:
        """Copy the branch down to a message; the bytes of its files are shared.

        Raises ConversationNotFound.
        """
        rows = self._database.rows(
            f"""WITH RECURSIVE branch(id, depth) AS (
                VALUES (?, 0)
                UNION ALL
                SELECT message.parent_id, depth + 1 FROM message JOIN branch USING (id)
                WHERE message.parent_id IS NOT NULL
            ) SELECT {MESSAGE} FROM message JOIN branch USING (id) ORDER BY depth DESC""",
            (message_id,),
        )
        if not rows:
            raise ConversationNotFound(f"no message {message_id}", id=message_id)
        old_id = ConversationId(rows[0]["conversation_id"])
        now, new = utc_now().isoformat(), ConversationId(new_id())
        self._database.execute(
            "INSERT INTO conversation"
            " (id, title, created_at, updated_at, system_prompt, model, folder_id, assistant_id,"
            " memory, sampling)"
            " SELECT ?, ?, ?, ?, system_prompt, model, folder_id, assistant_id, memory, sampling"
            " FROM conversation WHERE id = ?",
            (new, title, now, now, old_id),
        )
        self._database.execute(
            "INSERT INTO conversation_tag SELECT ?, name FROM conversation_tag"
            " WHERE conversation_id = ?",
            (new, old_id),
        )
        attachments = self._attachments.of_conversation(old_id)
        messages = [message_of(row, attachments, {}) for row in rows]
        self._index.add_title(new, title)
        ids = self._insert_all(new, messages, {})
        self._memory.copy(ids, old_id, new)
        self._tree.set_head(new, ids[message_id])
        return new

    def add_whole(
        self,
        conversation: Conversation,
        messages: Sequence[Message],
        data: Mapping[AttachmentId, bytes],
    ) -> ConversationId:
        """Store what comes from elsewhere; ids that are taken become new ones."""
        new = self._free("conversation", conversation.id)
        archived_at = utc_now().isoformat() if conversation.is_archived else None
        self._database.execute(
            "INSERT INTO conversation (id, title, created_at, updated_at, system_prompt, model,"
            " folder_id, is_pinned, archived_at, assistant_id, memory, sampling)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT id FROM folder WHERE id = ?), ?, ?,"
            " (SELECT id FROM assistant WHERE id = ?), ?, ?)",
            (
                new,
                conversation.title,
                conversation.created_at.isoformat(),
                conversation.updated_at.isoformat(),
                conversation.system_prompt,
                conversation.model,
                conversation.folder_id,
                conversation.is_pinned,
                archived_at,
                conversation.assistant_id,
                conversation.memory.as_text() if conversation.memory is not None else "",
                sampling_as_text(conversation.sampling),
            ),
        )
        self._database.many(
            "INSERT OR IGNORE INTO conversation_tag VALUES (?, ?)",
            [(new, tag) for tag in conversation.tags],
        )
        self._index.add_title(new, conversation.title)
        ids = self._insert_all(new, list(_parents_first(messages)), data)
        head = ids.get(conversation.head_id) if conversation.head_id else None
        if head is None:
            head = next(reversed(self._tree.skeleton(new)), None)
        self._tree.set_head(new, self._tree.leaf_below(head) if head else None)
        return new

    def _insert_all(
        self,
        conversation_id: ConversationId,
        messages: Iterable[Message],
        data: Mapping[AttachmentId, bytes],
    ) -> dict[MessageId, MessageId]:
        """What each message's id has become; parents come before what follows them."""
        ids: dict[MessageId, MessageId] = {}
        files: dict[AttachmentId, AttachmentId] = {}
        texts: list[tuple[MessageId, str, datetime]] = []
        for message in messages:
            is_written = message.status is not Status.STREAMING
            copy = Message(
                MessageId(self._free("message", message.id)),
                conversation_id,
                ids.get(message.parent_id) if message.parent_id else None,
                message.role,
                message.content,
                message.status if is_written else Status.INTERRUPTED,
                message.created_at,
                message.model,
                message.statistics,
                message.problem,
            )
            ids.setdefault(message.id, copy.id)
            self._tree.insert(copy)
            texts.append((copy.id, copy.content, copy.created_at))
            attached = [self._attachment(a, data, files) for a in message.attachments]
            self._attachments.attach(conversation_id, copy.id, attached)
        self._index.add_messages(conversation_id, texts)
        return ids

    def _attachment(
        self,
        attachment: Attachment,
        data: Mapping[AttachmentId, bytes],
        files: dict[AttachmentId, AttachmentId],
    ) -> AttachmentId:
        """The one that is there already, or a new one from `data`; each is inserted once."""
        if attachment.id not in files:
            is_there = self._attachments.has(attachment.id)
            if attachment.id in data or not is_there:
                new = AttachmentId(self._free("attachment", attachment.id))
                bytes_ = data.get(attachment.id, b"")
                copy = Attachment(
                    new, attachment.name, attachment.media_type, len(bytes_), attachment.text
                )
                files[attachment.id] = self._attachments.insert(copy, bytes_).id
            else:
                files[attachment.id] = attachment.id
        return files[attachment.id]

    def _free(self, table: str, id: str) -> ConversationId:
        """`id` if nothing in `table` has it, else a new one."""
        is_taken = not id or self._database.rows(f"SELECT 1 FROM {table} WHERE id = ?", (id,))
        return ConversationId(new_id() if is_taken else id)


def _parents_first(messages: Sequence[Message]) -> Iterator[Message]:
    """In the order they came, but none before its parent; circles are cut open."""
    known = {message.id for message in messages}
    done: set[MessageId] = set()
    waiting: dict[MessageId, list[Message]] = {}

    def emitted(first: Message) -> Iterator[Message]:
        stack = [first]
        while stack:
            message = stack.pop()
            done.add(message.id)
            yield message
            stack.extend(reversed(waiting.pop(message.id, [])))

    for message in messages:
        parent = message.parent_id
        if parent is None or parent not in known or parent in done:
            yield from emitted(message)
        else:
            waiting.setdefault(parent, []).append(message)
    while waiting:  # what is left runs in circles
        parent, group = next(iter(waiting.items()))
        first = group.pop(0)
        if not group:
            del waiting[parent]
        yield from emitted(first)
