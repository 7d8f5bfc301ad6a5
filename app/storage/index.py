"""The search index: a row for every title and every message that is no longer being written.

What is in the bin stays in the index (the search leaves it out), so that deleting and bringing back
cost nothing. The index keeps no copy of the text: to take a row out, its text is given once more.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.entities import ConversationId, MessageId
from app.core.errors import DatabaseDamaged
from app.storage.folding import spaced

if TYPE_CHECKING:
    from app.storage.database import Database

# AUTOINCREMENT: the number of a row that has gone is never given to another
_TABLES = """
DROP TABLE IF EXISTS search_title;
DROP TABLE IF EXISTS search_message;
DROP TABLE IF EXISTS search_document;
CREATE VIRTUAL TABLE search_title
    USING fts5(text, content = '', tokenize = 'ascii', prefix = '1 2 3');
CREATE VIRTUAL TABLE search_message
    USING fts5(text, content = '', tokenize = 'ascii', prefix = '1 2 3');
CREATE TABLE search_document (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    message_id TEXT UNIQUE REFERENCES message(id) ON DELETE CASCADE,
    created_at TEXT
);
CREATE INDEX search_document_conversation ON search_document(conversation_id)
"""


def make_index(connection: sqlite3.Connection) -> None:
    """Make the index anew from all that is in the database, the oldest first."""
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(
        "INSERT INTO search_document (conversation_id)"
        " SELECT id FROM conversation ORDER BY updated_at, rowid"
    )
    connection.execute(
        "INSERT INTO search_document (conversation_id, message_id, created_at)"
        " SELECT conversation_id, id, created_at FROM message WHERE status != 'streaming'"
        " ORDER BY created_at, rowid"
    )
    for table, query in (
        (
            "search_title",
            "SELECT search_document.id, title FROM search_document"
            " JOIN conversation ON conversation.id = conversation_id"
            " WHERE message_id IS NULL ORDER BY search_document.id",
        ),
        (
            "search_message",
            "SELECT search_document.id, content FROM search_document"
            " JOIN message ON message.id = message_id ORDER BY search_document.id",
        ),
    ):
        rows = connection.execute(query)
        connection.executemany(
            f"INSERT INTO {table} (rowid, text) VALUES (?, ?)",
            ((row[0], spaced(row[1])) for row in rows),
        )


class Index:
    """Keeps the index true; every call belongs into the transaction of what it follows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_title(self, conversation_id: ConversationId, title: str) -> None:
        """A new conversation, or its new title after `remove_title`."""
        self._guarded(lambda: self._add("search_title", conversation_id, [(None, title, None)]))

    def add_messages(
        self, conversation_id: ConversationId, texts: Sequence[tuple[MessageId, str, datetime]]
    ) -> None:
        """Messages whose texts stay as they are: id, text, time."""
        self._guarded(lambda: self._add("search_message", conversation_id, texts))

    def remove_title(self, conversation_id: ConversationId) -> None:
        """Before the title changes or goes."""

        def work() -> None:
            rows = self._database.rows(
                "SELECT search_document.id, title FROM search_document"
                " INDEXED BY search_document_conversation JOIN conversation"
                " ON conversation.id = conversation_id"
                " WHERE conversation_id = ? AND message_id IS NULL",
                (conversation_id,),
            )
            self._remove("search_title", rows)

        self._guarded(work, is_repeated=True)

    def remove_messages(self, message_ids: Sequence[MessageId]) -> None:
        """Before their texts change or go; those that are not in the index are passed over."""

        def work() -> None:
            rows = self._database.rows(
                "SELECT search_document.id, content FROM search_document JOIN message"
                " ON message.id = message_id WHERE message_id IN (SELECT value FROM json_each(?))"
                " ORDER BY search_document.id",
                (json.dumps(message_ids),),
            )
            self._remove("search_message", rows)

        self._guarded(work, is_repeated=True)

    def rebuild(self) -> None:
        """Make the index anew."""
        self._database.apply(make_index)

    def tidy(self) -> None:
        """After something was erased for good: its words go from the file as well."""

        def work() -> None:
            for table in ("search_title", "search_message"):
                self._database.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")

        self._guarded(work)

    def _add(
        self,
        table: str,
        conversation_id: ConversationId,
        texts: Sequence[tuple[MessageId | None, str, datetime | None]],
    ) -> None:
        last = self._database.rows("SELECT seq FROM sqlite_sequence WHERE name = 'search_document'")
        first = last[0]["seq"] + 1 if last else 1
        self._database.many(
            "INSERT INTO search_document VALUES (?, ?, ?, ?)",
            [
                (number, conversation_id, message_id, moment.isoformat() if moment else None)
                for number, (message_id, _, moment) in enumerate(texts, first)
            ],
        )
        self._database.many(
            f"INSERT INTO {table} (rowid, text) VALUES (?, ?)",
            ((number, spaced(text)) for number, (_, text, _) in enumerate(texts, first)),
        )

    def _remove(self, table: str, rows: Sequence[sqlite3.Row]) -> None:
        self._database.many(
            f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)",
            ((number, spaced(text)) for number, text in rows),
        )
        self._database.many(
            "DELETE FROM search_document WHERE id = ?", [(number,) for number, _ in rows]
        )

    def _guarded(self, work: Callable[[], None], is_repeated: bool = False) -> None:
        """A damaged index must not keep what people write from the disk: it is made anew, from
        what the tables hold now, so adding to it is done then and taking out is not."""
        try:
            work()
            # FTS5 collects what it is given until now
            self._database.execute("SAVEPOINT index_written")
            self._database.execute("RELEASE index_written")
        except DatabaseDamaged:
            self.rebuild()
            if is_repeated:
                work()
