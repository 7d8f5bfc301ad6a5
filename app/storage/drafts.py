"""What was typed and not sent yet, kept for each conversation."""

from __future__ import annotations

from app.core.entities import Draft
from app.storage.database import Database
from app.storage.rows import ATTACHMENT, attachment_of


class Drafts:
    """Loads and saves drafts; a key is a conversation's id, or empty for a new one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, key: str) -> Draft:
        """What was kept; an empty draft if nothing was."""
        texts = self._database.rows("SELECT text FROM draft WHERE key = ?", (key,))
        if not texts:
            return Draft()
        rows = self._database.rows(
            f"SELECT {ATTACHMENT} FROM draft_attachment JOIN attachment"
            " ON attachment.id = attachment_id WHERE key = ? ORDER BY position",
            (key,),
        )
        return Draft(texts[0]["text"], tuple(attachment_of(row) for row in rows))

    def save(self, key: str, draft: Draft) -> None:
        """Keep it in place of the one before; an empty one is forgotten."""
        with self._database.transaction():
            self._database.execute("DELETE FROM draft WHERE key = ?", (key,))
            if not draft.text and not draft.attachments:
                return
            self._database.execute("INSERT INTO draft VALUES (?, ?)", (key, draft.text))
            ids = dict.fromkeys(attachment.id for attachment in draft.attachments)
            self._database.many(
                "INSERT INTO draft_attachment VALUES (?, ?, ?)",
                [(key, position, each) for position, each in enumerate(ids)],
            )
