"""Steps from one version of the database to the next. A shipped step is never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from app.storage.index import make_index

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


def _add_order_and_search(connection: sqlite3.Connection) -> None:
    """Version 3: folders, pins, archive, tags, attachments, drafts, a bin for messages, search.

    Whether a message is in the bin stands in a table of its own and not in its row: the row holds
    the text, and putting the end of a long conversation away would write all of that again.
    """
    for statement in _ORDER.split(";"):
        connection.execute(statement)
    make_index(connection)


_ORDER = """
CREATE TABLE folder (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
ALTER TABLE conversation ADD COLUMN folder_id TEXT REFERENCES folder(id) ON DELETE SET NULL;
ALTER TABLE conversation ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN archived_at TEXT;
CREATE INDEX conversation_folder ON conversation(folder_id);
CREATE TABLE conversation_tag (
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (conversation_id, name)
) WITHOUT ROWID;
CREATE INDEX conversation_tag_name ON conversation_tag(name);
CREATE TABLE message_bin (
    message_id TEXT PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
    root_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    deleted_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX message_bin_root ON message_bin(root_id);
CREATE TABLE message_shown (
    message_id TEXT PRIMARY KEY REFERENCES message(id) ON DELETE CASCADE,
    shown_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX message_tree ON message(conversation_id, parent_id, id);
DROP INDEX message_conversation;
CREATE TABLE attachment_data (
    sha256 TEXT PRIMARY KEY,
    data BLOB NOT NULL
);
CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL REFERENCES attachment_data(sha256),
    created_at TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX attachment_sha256 ON attachment(sha256);
CREATE TABLE message_attachment (
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    attachment_id TEXT NOT NULL REFERENCES attachment(id),
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;
CREATE INDEX message_attachment_conversation ON message_attachment(conversation_id);
CREATE INDEX message_attachment_used ON message_attachment(attachment_id);
CREATE TABLE draft (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL
);
CREATE TABLE draft_attachment (
    key TEXT NOT NULL REFERENCES draft(key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    attachment_id TEXT NOT NULL REFERENCES attachment(id),
    PRIMARY KEY (key, position)
) WITHOUT ROWID;
CREATE INDEX draft_attachment_used ON draft_attachment(attachment_id)
"""


def _add_prompts_and_memory(connection: sqlite3.Connection) -> None:
    """Version 4: prompts with versions, assistants, memory: pins, summaries, facts.

    A summary holds words of every message down to `seen_id`, and goes with it; it stands for those
    down to `through_id`."""
    for statement in _MEMORY.split(";"):
        connection.execute(statement)


_MEMORY = """
CREATE TABLE prompt (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    folder TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    deleted_at TEXT
);
CREATE TABLE prompt_version (
    prompt_id TEXT NOT NULL REFERENCES prompt(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (prompt_id, number)
) WITHOUT ROWID;
CREATE TABLE prompt_use (
    prompt_id TEXT PRIMARY KEY,
    answers TEXT NOT NULL,
    used_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE assistant (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    picture BLOB NOT NULL DEFAULT x'',
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    deleted_at TEXT
);
ALTER TABLE conversation ADD COLUMN assistant_id TEXT REFERENCES assistant(id) ON DELETE SET NULL;
ALTER TABLE conversation ADD COLUMN memory TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN sampling TEXT NOT NULL DEFAULT '';
CREATE INDEX conversation_assistant ON conversation(assistant_id);
CREATE TABLE message_mark (
    message_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    attachment_id TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL CHECK (kind IN ('pinned', 'left_out')),
    PRIMARY KEY (message_id, attachment_id)
) WITHOUT ROWID;
CREATE TABLE summary (
    id TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE,
    through_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    seen_id TEXT NOT NULL REFERENCES message(id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    is_whole INTEGER NOT NULL DEFAULT 1,
    is_edited INTEGER NOT NULL DEFAULT 0,
    is_off INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL
);
CREATE INDEX summary_conversation ON summary(conversation_id);
CREATE INDEX summary_through ON summary(through_id);
CREATE INDEX summary_seen ON summary(seen_id);
CREATE TABLE fact (
    id TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'kept', 'refused')),
    source_id TEXT REFERENCES message(id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
CREATE INDEX fact_source ON fact(source_id)
"""


MIGRATIONS: tuple[Step, ...] = (
    _create_tree,
    _add_bin,
    _add_order_and_search,
    _add_prompts_and_memory,
)
