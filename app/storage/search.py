"""Finds conversations and messages by what they say, as fast as a person types."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from app.core.entities import ConversationId, MessageId, Role, SearchHit
from app.core.errors import DatabaseDamaged
from app.storage.database import Database
from app.storage.excerpts import excerpt, marks
from app.storage.index import Index
from app.storage.query import Marker, expression, phrases

RANKED = 1000  # of more hits than this only the newest are looked at, and put in order of time
# CROSS JOIN: the index is asked first, whatever SQLite thinks of the other tables
_TITLES = """SELECT search_title.rowid AS number, conversation.updated_at AS moment,
        conversation.id AS conversation_id, title, archived_at
    FROM search_title CROSS JOIN search_document ON search_document.id = search_title.rowid
    CROSS JOIN conversation ON conversation.id = conversation_id
    WHERE search_title MATCH ? AND deleted_at IS NULL
    ORDER BY search_title.rowid DESC LIMIT ?"""
_MESSAGES = """SELECT search_message.rowid AS number, message_id,
        search_document.created_at AS moment
    FROM search_message CROSS JOIN search_document ON search_document.id = search_message.rowid
    CROSS JOIN conversation ON conversation.id = conversation_id
    LEFT JOIN message_bin USING (message_id)
    WHERE search_message MATCH ? AND conversation.deleted_at IS NULL AND root_id IS NULL
    ORDER BY search_message.rowid DESC LIMIT ?"""
_FOUND = """SELECT message.id, conversation_id, title, role, content, message.created_at,
    archived_at FROM message JOIN conversation ON conversation.id = conversation_id
    WHERE message.id = ?"""


class Search:
    """Reads the index; what is in the bin is not found, what is in the archive is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, text: str, limit: int = 100) -> list[SearchHit]:
        """Titles, then messages that have all the words of `text`, the best first.

        Case and accents do not count. The last word may go on; words in quotes stand together.
        At most `limit`, of which titles take half if there are messages enough for the other.
        """
        wanted = phrases(text)
        if not wanted or limit < 1:
            return []
        question, marker = expression(wanted), Marker(wanted)
        try:
            titles, messages = self._found(question)
        except DatabaseDamaged:  # perhaps the index alone
            with self._database.transaction():
                Index(self._database).rebuild()
            titles, messages = self._found(question)
        titles = titles[: max(limit - limit // 2, limit - len(messages))]
        hits = [_title(row, marker) for row in titles]
        for row in messages[: limit - len(titles)]:
            hits.extend(
                _message(found, marker)
                for found in self._database.rows(_FOUND, (row["message_id"],))
            )
        return hits

    def _found(self, question: str) -> tuple[Sequence[sqlite3.Row], Sequence[sqlite3.Row]]:
        return (
            self._best("search_title", _TITLES, question),
            self._best("search_message", _MESSAGES, question),
        )

    def _best(self, table: str, query: str, question: str) -> Sequence[sqlite3.Row]:
        """The rows in their order: by rank and then by time; of very many only by time."""
        rows = self._database.rows(query, (question, RANKED))
        rows.sort(key=lambda row: row["moment"], reverse=True)
        if len(rows) == RANKED:
            return rows
        ranks = dict(
            tuple(row)
            for row in self._database.rows(
                f"SELECT rowid, bm25({table}) FROM {table} WHERE {table} MATCH ?", (question,)
            )
        )
        return sorted(rows, key=lambda row: ranks.get(row["number"], 0.0))


def _title(row: sqlite3.Row, marker: Marker) -> SearchHit:
    return SearchHit(
        ConversationId(row["conversation_id"]),
        row["title"],
        None,
        None,
        row["title"],
        marks(row["title"], marker),
        datetime.fromisoformat(row["moment"]),
        row["archived_at"] is not None,
    )


def _message(row: sqlite3.Row, marker: Marker) -> SearchHit:
    found = excerpt(row["content"], marker)
    return SearchHit(
        ConversationId(row["conversation_id"]),
        row["title"],
        MessageId(row["id"]),
        Role(row["role"]),
        found.text,
        found.marks,
        datetime.fromisoformat(row["created_at"]),
        row["archived_at"] is not None,
    )
