"""Steps from one version of the database to the next. A shipped step is never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Step = Callable[[sqlite3.Connection], None]


def _create_tree(connection: sqlite3.Connection) -> None:
    """Version 1: conversations as trees of messages; `head_id` is the leaf on show."""
    connection.execute(
        """CREATE TABLE conversation (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            head_id TEXT,
            system_prompt TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL DEFAULT ''
        )"""
    )
    connection.execute(
        """CREATE TABLE message (
            id TEXT PRIMARY KEY,
            conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
            parent_id TEXT REFERENCES message(id) ON DELETE CASCADE,
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
            content TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN
                ('streaming', 'complete', 'stopped', 'cut_off', 'interrupted', 'failed')),
            created_at TEXT NOT NULL,
            model TEXT NOT NULL DEFAULT '',
            statistics TEXT,
            problem TEXT
        )"""
    )
    connection.execute("CREATE INDEX message_conversation ON message(conversation_id)")
    connection.execute("CREATE INDEX message_parent ON message(parent_id)")
    connection.execute("CREATE INDEX message_status ON message(status) WHERE status = 'streaming'")


def _add_bin(connection: sqlite3.Connection) -> None:
    """Version 2: deleting moves a conversation to a bin, so that it can be undone."""
    connection.execute("ALTER TABLE conversation ADD COLUMN deleted_at TEXT")
    connection.execute("CREATE INDEX conversation_updated ON conversation(updated_at)")


MIGRATIONS: tuple[Step, ...] = (_create_tree, _add_bin)
