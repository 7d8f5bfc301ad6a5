"""Assistants: each a JSON document and a picture; what is deleted stays in the bin for a while."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

from app.core.assistants import BadAssistant, assistant_from, document_of
from app.core.entities import utc_now
from app.core.prompts import Assistant, AssistantId
from app.storage.database import Database

_COLUMNS = "id, document, picture, changed_at"


class Assistants:
    """Saves, lists, deletes, brings back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Assistant]:
        """Those that are not in the bin, in the order in which they were made.

        A row that this version cannot read is left out and stays where it is.
        """
        return self._read("deleted_at IS NULL")

    def binned(self) -> list[Assistant]:
        """Those in the bin: conversations with them still show who they were with."""
        return self._read("deleted_at IS NOT NULL")

    def binned_since(self) -> list[tuple[Assistant, datetime]]:
        """What is in the bin and when it went there."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS}, deleted_at FROM assistant WHERE deleted_at IS NOT NULL"
        )
        return [
            (found, datetime.fromisoformat(row["deleted_at"]))
            for row in rows
            if (found := _assistant(row)) is not None
        ]

    def erase(self, assistant_id: AssistantId) -> None:
        """Forget one in the bin for good; conversations with it are with nobody from then on."""
        self._database.execute(
            "DELETE FROM assistant WHERE id = ? AND deleted_at IS NOT NULL", (assistant_id,)
        )

    def save(self, assistant: Assistant) -> Assistant:
        """Keep it in place of what has its id, out of the bin; returned as it will be read.

        Raises BadAssistant for one that could not be read again, and a StorageError.
        """
        now = utc_now()
        document = json.dumps(document_of(assistant), ensure_ascii=False)
        kept = assistant_from(json.loads(document), assistant.id, assistant.picture, now)
        self._database.execute(
            "INSERT INTO assistant (id, name, document, picture, created_at, changed_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " document = excluded.document, picture = excluded.picture,"
            " changed_at = excluded.changed_at, deleted_at = NULL",
            (kept.id, kept.name, document, kept.picture, now.isoformat(), now.isoformat()),
        )
        return kept

    def delete(self, assistant_id: AssistantId) -> None:
        """Move it to the bin."""
        self._database.execute(
            "UPDATE assistant SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
            (utc_now().isoformat(), assistant_id),
        )

    def restore(self, assistant_id: AssistantId) -> None:
        """Take it out of the bin."""
        self._database.execute(
            "UPDATE assistant SET deleted_at = NULL WHERE id = ?", (assistant_id,)
        )

    def purge(self, older_than_days: float) -> int:
        """Forget for good what has been in the bin that long; returns how many.

        Conversations with them stay, and are with nobody from then on.
        """
        limit = utc_now() - timedelta(days=older_than_days)
        return self._database.execute(
            "DELETE FROM assistant WHERE deleted_at < ?", (limit.isoformat(),)
        ).rowcount

    def _read(self, where: str) -> list[Assistant]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM assistant WHERE {where} ORDER BY rowid")
        return [found for row in rows if (found := _assistant(row)) is not None]


def _assistant(row: sqlite3.Row) -> Assistant | None:
    try:
        return assistant_from(
            json.loads(row["document"]),
            AssistantId(row["id"]),
            bytes(row["picture"]),
            datetime.fromisoformat(row["changed_at"]),
        )
    except (BadAssistant, ValueError, RecursionError):
        return None
