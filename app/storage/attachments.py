"""Files that go with messages: their bytes lie in the database, equal ones once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.core.entities import (
    Attachment,
    AttachmentId,
    ConversationId,
    MessageId,
    new_id,
    utc_now,
)
from app.core.errors import StorageError
from app.storage.database import Database
from app.storage.rows import ATTACHMENT, attachment_of

_UNUSED = """id NOT IN (SELECT attachment_id FROM message_attachment)
    AND id NOT IN (SELECT attachment_id FROM draft_attachment)"""


class Attachments:
    """Adds files and hands out their bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, media_type: str, data: bytes, text: str = "") -> Attachment:
        """Keep a file; `text` is what a model reads of it. Raises a StorageError."""
        with self._database.transaction():
            return self.insert(
                Attachment(AttachmentId(new_id()), name, media_type, len(data), text), data
            )

    def data(self, attachment_id: AttachmentId) -> bytes:
        """The bytes of one. Raises a StorageError, also if there is none."""
        rows = self._database.rows(
            "SELECT data FROM attachment JOIN attachment_data USING (sha256) WHERE id = ?",
            (attachment_id,),
        )
        if not rows:
            raise StorageError(f"no attachment {attachment_id}", path=self._database.path)
        return bytes(rows[0]["data"])

    def has(self, attachment_id: AttachmentId) -> bool:
        """Whether there is one of that id."""
        return bool(self._database.rows("SELECT 1 FROM attachment WHERE id = ?", (attachment_id,)))

    def insert(self, attachment: Attachment, data: bytes) -> Attachment:
        """Keep a file under the id it has; belongs into a transaction."""
        digest = hashlib.sha256(data).hexdigest()
        self._database.execute(
            "INSERT OR IGNORE INTO attachment_data (sha256, data) VALUES (?, ?)", (digest, data)
        )
        self._database.execute(
            "INSERT INTO attachment (id, name, media_type, size_bytes, sha256, created_at, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                attachment.id,
                attachment.name,
                attachment.media_type,
                len(data),
                digest,
                utc_now().isoformat(),
                attachment.text,
            ),
        )
        return attachment

    def attach(
        self,
        conversation_id: ConversationId,
        message_id: MessageId,
        ids: Sequence[AttachmentId],
    ) -> None:
        """Let them go with a message; belongs into a transaction."""
        self._database.many(
            "INSERT INTO message_attachment VALUES (?, ?, ?, ?)",
            [
                (conversation_id, message_id, position, each)
                for position, each in enumerate(dict.fromkeys(ids))
            ],
        )

    def of_conversation(self, conversation_id: ConversationId) -> dict[str, tuple[Attachment, ...]]:
        """The attachments of each message that has some."""
        return self._by_message("conversation_id = ?", conversation_id)

    def of_message(self, message_id: MessageId) -> dict[str, tuple[Attachment, ...]]:
        """The same of one message."""
        return self._by_message("message_id = ?", message_id)

    def ids_of(self, message_ids: Iterable[MessageId]) -> list[AttachmentId]:
        """Those that go with any of these messages."""
        return [
            AttachmentId(row["attachment_id"])
            for message_id in message_ids
            for row in self._database.rows(
                "SELECT attachment_id FROM message_attachment WHERE message_id = ?", (message_id,)
            )
        ]

    def forget_unused(self, ids: Iterable[AttachmentId]) -> None:
        """Of these, forget for good those that nothing uses; belongs into a transaction."""
        self._database.many(
            f"DELETE FROM attachment WHERE id = ? AND {_UNUSED}", [(each,) for each in ids]
        )
        self._forget_data()

    def forget_older(self, limit: datetime) -> None:
        """The same of those that were added before `limit`."""
        self._database.execute(
            f"DELETE FROM attachment WHERE created_at < ? AND {_UNUSED}", (limit.isoformat(),)
        )
        self._forget_data()

    def _forget_data(self) -> None:
        self._database.execute(
            "DELETE FROM attachment_data WHERE sha256 NOT IN (SELECT sha256 FROM attachment)"
        )

    def _by_message(self, where: str, value: str) -> dict[str, tuple[Attachment, ...]]:
        rows = self._database.rows(
            f"SELECT message_id, {ATTACHMENT} FROM message_attachment JOIN attachment"
            f" ON attachment.id = attachment_id WHERE {where} ORDER BY message_id, position",
            (value,),
        )
        found: dict[str, tuple[Attachment, ...]] = {}
        for row in rows:
            found[row["message_id"]] = (
                *found.get(row["message_id"], ()),
                attachment_of(row),
            )
        return found
