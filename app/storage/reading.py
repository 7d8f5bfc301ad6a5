"""Conversations and their messages as they are stored; changes nothing."""

from __future__ import annotations

import contextlib
import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.core.entities import Conversation, ConversationId, Message, MessageId
from app.core.errors import ConversationNotFound
from app.core.models_entities import ModelUsage
from app.storage.attachments import Attachments
from app.storage.database import Database
from app.storage.rows import CONVERSATION, MESSAGE, conversation_of, message_of
from app.storage.tree import Tree, places


class Reading:
    """Reads conversations; returns entities, never rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tree = Tree(database)
        self._attachments = Attachments(database)

    def conversations(self) -> list[Conversation]:
        """All but those in the bin, archived ones too, the one changed last first."""
        tags: dict[str, tuple[str, ...]] = {}
        for tagged, name in self._database.rows("SELECT * FROM conversation_tag ORDER BY name"):
            tags[tagged] = (*tags.get(tagged, ()), name)
        rows = self._database.rows(
            f"SELECT {CONVERSATION} FROM conversation WHERE deleted_at IS NULL"
            " ORDER BY updated_at DESC, rowid DESC"
        )
        return [conversation_of(row, tags.get(row[0], ())) for row in rows]

    def conversation(self, conversation_id: ConversationId) -> Conversation:
        """One of them, also from the bin. Raises ConversationNotFound."""
        rows = self._database.rows(
            f"SELECT {CONVERSATION} FROM conversation WHERE id = ?", (conversation_id,)
        )
        if not rows:
            raise ConversationNotFound(id=conversation_id)
        tags = self._database.rows(
            "SELECT name FROM conversation_tag WHERE conversation_id = ? ORDER BY name",
            (conversation_id,),
        )
        return conversation_of(rows[0], tuple(row["name"] for row in tags))

    def branch(self, conversation_id: ConversationId) -> list[Message]:
        """The messages on show: from the root down to the conversation's head."""
        heads = self._database.rows(
            "SELECT head_id FROM conversation WHERE id = ?", (conversation_id,)
        )
        skeleton = self._tree.skeleton(conversation_id)
        at: MessageId | None = heads[0]["head_id"] if heads else None
        ids: list[MessageId] = []
        while at in skeleton:
            ids.append(at)
            at = skeleton[at]
        with without_garbage_search():
            return self._messages(conversation_id, skeleton, ids[::-1])

    def siblings(self, message_id: MessageId) -> list[Message]:
        """The message and those beside it, the oldest first; none if it is in the bin."""
        found = self._database.rows(
            "SELECT conversation_id, parent_id FROM message WHERE id = ?", (message_id,)
        )
        ids = self._tree.beside(*found[0]) if found else []
        return [self._message(each) for each in ids] if message_id in ids else []

    def whole(self, conversation_id: ConversationId) -> list[Message]:
        """The whole tree, parents first; what is in the bin is left out."""
        skeleton = self._tree.skeleton(conversation_id)
        return self._messages(conversation_id, skeleton, list(skeleton))

    def usage(self) -> dict[str, ModelUsage]:
        """Where each model answered, by what the messages call it: the name of its file."""
        rows = self._database.rows(
            """SELECT used.model, used.last, conversation.id, title, deleted_at
            FROM (SELECT model, conversation_id, max(created_at) AS last FROM message
                WHERE role = 'assistant' AND model != '' GROUP BY model, conversation_id) AS used
            JOIN conversation ON conversation.id = used.conversation_id
            ORDER BY updated_at DESC, conversation.rowid DESC"""
        )
        times: dict[str, list[datetime]] = {}
        places: dict[str, list[tuple[ConversationId, str]]] = {}
        for row in rows:
            times.setdefault(row["model"], []).append(datetime.fromisoformat(row["last"]))
            here = places.setdefault(row["model"], [])
            if row["deleted_at"] is None:
                here.append((ConversationId(row["id"]), row["title"]))
        return {name: ModelUsage(max(times[name]), tuple(places[name])) for name in times}

    def _messages(
        self,
        conversation_id: ConversationId,
        skeleton: Mapping[MessageId, MessageId | None],
        ids: Sequence[MessageId],
    ) -> list[Message]:
        """These messages of a conversation, in a fixed number of queries."""
        if len(ids) * 2 > len(skeleton):  # in the order of the file that is several times faster
            rows = self._database.rows(
                f"SELECT {MESSAGE} FROM message WHERE conversation_id = ?", (conversation_id,)
            )
        else:
            rows = self._database.rows(
                f"SELECT {MESSAGE} FROM message WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            )
        attachments = self._attachments.of_conversation(conversation_id)
        among = places(skeleton)
        by_id = {row[0]: row for row in rows}
        return [message_of(by_id[each], attachments, among) for each in ids]

    def _message(self, message_id: MessageId) -> Message:
        """One message. Raises ConversationNotFound."""
        rows = self._database.rows(f"SELECT {MESSAGE} FROM message WHERE id = ?", (message_id,))
        if not rows:
            raise ConversationNotFound(f"no message {message_id}", id=message_id)
        attachments = self._attachments.of_message(message_id)
        message = message_of(rows[0], attachments, {})
        ids = self._tree.beside(message.conversation_id, message.parent_id)
        if message_id not in ids:
            return message
        return replace(message, sibling=ids.index(message_id) + 1, siblings=len(ids))


@contextlib.contextmanager
def without_garbage_search() -> Iterator[None]:
    """Python searches for garbage after so many new objects: here all of them stay, and the search
    took a fifth of the time that ten thousand messages need."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
