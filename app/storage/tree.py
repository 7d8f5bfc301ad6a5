"""A conversation's tree in SQL: what is below a message, beside it, and which leaf is on show."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.entities import ConversationId, Message, MessageId, utc_now
from app.storage.database import Database
from app.storage.rows import MESSAGE, as_text

NOT_BINNED = "NOT EXISTS (SELECT 1 FROM message_bin WHERE message_id = message.id)"
# The message in the first place and all that follows it; what was binned by itself is left out
_BELOW = f"""WITH RECURSIVE below(id, depth) AS (
    SELECT id, 0 FROM message WHERE id = ? AND {NOT_BINNED}
    UNION ALL
    SELECT message.id, depth + 1 FROM below JOIN message ON message.parent_id = below.id
    WHERE {NOT_BINNED}
) """


class Tree:
    """Reads and moves within trees of messages; what it writes belongs into a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, message: Message) -> None:
        """The row of one message, without its attachments."""
        self._database.execute(
            f"INSERT INTO message ({MESSAGE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.id,
                message.conversation_id,
                message.parent_id,
                message.role.value,
                message.content,
                message.status.value,
                message.created_at.isoformat(),
                message.model,
                as_text(message.statistics),
                as_text(message.problem),
            ),
        )

    def set_head(self, conversation_id: ConversationId, message_id: MessageId | None) -> None:
        """Show the branch that ends with this message; None shows none."""
        self._database.execute(
            "UPDATE conversation SET head_id = ? WHERE id = ?", (message_id, conversation_id)
        )
        if message_id is not None:
            self._database.execute(
                "INSERT OR REPLACE INTO message_shown VALUES (?, ?)",
                (message_id, utc_now().isoformat()),
            )

    def leaf_below(self, message_id: MessageId) -> MessageId:
        """The leaf below a message that was last on show, else the newest one; or itself."""
        rows = self._database.rows(
            f"""{_BELOW}
            SELECT below.id FROM below JOIN message AS leaf USING (id)
            LEFT JOIN message_shown ON message_shown.message_id = below.id
            WHERE NOT EXISTS (SELECT 1 FROM message WHERE parent_id = below.id AND {NOT_BINNED})
            ORDER BY shown_at IS NULL, shown_at DESC, leaf.rowid DESC LIMIT 1""",
            (message_id,),
        )
        return MessageId(rows[0]["id"]) if rows else message_id

    def put_below_in_bin(self, message_id: MessageId) -> None:
        """Move a message and all that follows it to the bin."""
        self._database.execute(
            f"{_BELOW} INSERT INTO message_bin SELECT id, ?, ? FROM below",
            (message_id, message_id, utc_now().isoformat()),
        )

    def beside(
        self, conversation_id: ConversationId, parent_id: MessageId | None
    ) -> list[MessageId]:
        """The messages that follow the same one (None: that begin it), the oldest first."""
        # Left to itself SQLite reads the beginnings of all conversations in the order of rows
        rows = self._database.rows(
            "SELECT id FROM message INDEXED BY message_tree WHERE conversation_id = ?"
            f" AND parent_id IS ? AND {NOT_BINNED} ORDER BY message.rowid",
            (conversation_id, parent_id),
        )
        return [MessageId(row["id"]) for row in rows]

    def skeleton(self, conversation_id: ConversationId) -> dict[MessageId, MessageId | None]:
        """What each message out of the bin follows, the oldest first."""
        # All of it stands in an index, so that no text is read
        rows = self._database.rows(
            f"SELECT id, parent_id FROM message WHERE conversation_id = ? AND {NOT_BINNED}"
            " ORDER BY rowid",
            (conversation_id,),
        )
        return {row["id"]: row["parent_id"] for row in rows}


def places(skeleton: Mapping[MessageId, MessageId | None]) -> dict[str, tuple[int, int]]:
    """Place among its siblings, from 1, and their number, of each message that has some."""
    families: dict[str | None, list[str]] = {}
    for child, parent in skeleton.items():
        families.setdefault(parent, []).append(child)
    return {
        child: (place, len(family))
        for family in families.values()
        if len(family) > 1
        for place, child in enumerate(family, 1)
    }
