"""The bin: conversations and messages that were deleted, for thirty days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from app.core.entities import Binned, BinnedKind, ConversationId, MessageId, utc_now
from app.storage.attachments import Attachments
from app.storage.database import Database
from app.storage.index import Index
from app.storage.tree import Tree

BIN_DAYS = 30
EXCERPT_LENGTH = 160  # characters


class Bin:
    """Deletes, brings back, and forgets for good."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tree = Tree(database)
        self._index = Index(database)
        self._attachments = Attachments(database)

    def delete(self, conversation_ids: Iterable[ConversationId]) -> None:
        """Move conversations to the bin."""
        now = utc_now().isoformat()
        with self._database.transaction():
            self._database.many(
                "UPDATE conversation SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
                [(now, each) for each in conversation_ids],
            )

    def delete_message(self, message_id: MessageId) -> None:
        """Move a message and all that follows it to the bin.

        If it was on show, the next one beside it is shown in its place, else the message before.
        """
        with self._database.transaction():
            self._put_away(message_id)

    def restore(self, conversation_id: ConversationId, message_id: MessageId | None = None) -> None:
        """Take a conversation out of the bin, or a message and show it.

        What the message stands in comes back with it: its conversation, and a message above it.
        """
        with self._database.transaction():
            self._database.execute(
                "UPDATE conversation SET deleted_at = NULL WHERE id = ?", (conversation_id,)
            )
            if message_id is not None and self._take_out(message_id):
                self._tree.set_head(conversation_id, self._tree.leaf_below(message_id))

    def items(self) -> list[Binned]:
        """What is in the bin, the one deleted last first."""
        rows = self._database.rows(
            f"""SELECT conversation.id, title, NULL AS message_id, deleted_at,
                (SELECT substr(content, 1, {EXCERPT_LENGTH * 2})
                FROM message INDEXED BY message_tree
                WHERE conversation_id = conversation.id AND parent_id IS NULL
                ORDER BY message.rowid LIMIT 1) AS excerpt
            FROM conversation WHERE deleted_at IS NOT NULL
            UNION ALL
            SELECT conversation.id, title, message_id, message_bin.deleted_at,
                substr(content, 1, {EXCERPT_LENGTH * 2})
            FROM message_bin JOIN message ON message.id = message_id
            JOIN conversation ON conversation.id = conversation_id
            WHERE message_id = root_id
            ORDER BY 4 DESC"""
        )
        return [
            Binned(
                ConversationId(row["id"]),
                row["title"],
                MessageId(row["message_id"]) if row["message_id"] else None,
                " ".join((row["excerpt"] or "").split())[:EXCERPT_LENGTH],
                datetime.fromisoformat(row["deleted_at"]),
                BinnedKind.MESSAGE if row["message_id"] else BinnedKind.CONVERSATION,
            )
            for row in rows
        ]

    def purge(self, older_than_days: float = BIN_DAYS) -> int:
        """Forget for good what has been in the bin that long; returns how many things.

        Files that no message and no draft uses go 30 days after they were added: they may be in a
        composer whose draft is not saved yet.
        """
        now = utc_now()
        limit = now - timedelta(days=older_than_days)
        old = [item for item in self.items() if item.deleted_at < limit]
        for item in old:
            with self._database.transaction():
                self._forget(item.conversation_id, item.message_id)
        with self._database.transaction():
            self._attachments.forget_older(now - timedelta(days=BIN_DAYS))
            if old:
                self._index.tidy()
        if old:
            self._database.empty_log()
        return len(old)

    def erase(self, conversation_id: ConversationId, message_id: MessageId | None = None) -> None:
        """Forget a conversation, or a message and what follows it, for good and at once."""
        with self._database.transaction():
            if message_id is not None:
                self._put_away(message_id)
            self._forget(conversation_id, message_id)
            self._index.tidy()
        self._database.empty_log()

    def _put_away(self, message_id: MessageId) -> None:
        rows = self._database.rows(
            "SELECT conversation_id, parent_id, head_id FROM message JOIN conversation"
            " ON conversation.id = conversation_id WHERE message.id = ?",
            (message_id,),
        )
        if not rows or self._root_in_bin(message_id) is not None:
            return
        conversation_id, parent_id, head_id = rows[0]
        beside = self._tree.beside(conversation_id, parent_id)
        place = beside.index(message_id)
        self._tree.put_below_in_bin(message_id)
        if head_id is None or self._root_in_bin(head_id) is None:
            return  # another branch is on show
        others = beside[place + 1 :] + beside[:place][::-1]
        head = self._tree.leaf_below(others[0]) if others else parent_id
        self._tree.set_head(conversation_id, head)

    def _take_out(self, message_id: MessageId) -> bool:
        """Whether it was in the bin; no message above it stays there either."""
        root = self._root_in_bin(message_id)
        was_in_bin = root is not None
        while root is not None:
            self._database.execute("DELETE FROM message_bin WHERE root_id = ?", (root,))
            above = self._database.rows("SELECT parent_id FROM message WHERE id = ?", (root,))
            root = self._root_in_bin(above[0]["parent_id"])
        return was_in_bin

    def _root_in_bin(self, message_id: MessageId | None) -> MessageId | None:
        rows = self._database.rows(
            "SELECT root_id FROM message_bin WHERE message_id = ?", (message_id,)
        )
        return MessageId(rows[0]["root_id"]) if rows else None

    def _forget(self, conversation_id: ConversationId, message_id: MessageId | None) -> None:
        if message_id is None:
            # Children have higher numbers than what they follow
            doomed = self._ids(
                "SELECT id FROM message WHERE conversation_id = ? ORDER BY rowid DESC",
                conversation_id,
            )
            self._index.remove_title(conversation_id)
        else:
            doomed = self._ids(
                """WITH RECURSIVE below(id, depth) AS (
                    SELECT id, 0 FROM message WHERE id = ?
                    UNION ALL
                    SELECT message.id, depth + 1 FROM below JOIN message
                    ON message.parent_id = below.id
                ) SELECT id FROM below ORDER BY depth DESC""",
                message_id,
            )
        files = self._attachments.ids_of(doomed)
        self._index.remove_messages(doomed)
        # From the leaves up: SQLite follows a cascade a thousand messages deep and no further
        self._database.many("DELETE FROM message WHERE id = ?", [(each,) for each in doomed])
        if message_id is None:
            rows = self._database.rows(
                "SELECT attachment_id FROM draft_attachment WHERE key = ?", (conversation_id,)
            )
            files += [row["attachment_id"] for row in rows]
            self._database.execute("DELETE FROM draft WHERE key = ?", (conversation_id,))
            self._database.execute("DELETE FROM conversation WHERE id = ?", (conversation_id,))
        self._attachments.forget_unused(files)

    def _ids(self, sql: str, value: str) -> Sequence[MessageId]:
        return [MessageId(row["id"]) for row in self._database.rows(sql, (value,))]
