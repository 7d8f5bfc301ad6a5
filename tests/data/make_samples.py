"""Makes the sample files of old database versions: `python -m tests.data.make_samples`.

Run it once for a new version N, before the step to N + 1 is written; it leaves files that are there
alone. A sample is what a person of that version has on disk, so it is never made again.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from app.storage.index import make_index
from app.storage.migrations import MIGRATIONS, Step

FOLDER = Path(__file__).parent
SUM, CHINESE, KILLED = "5a00000000000001", "5a00000000000002", "5a00000000000003"
MODEL = "SmolLM2.gguf"
STATISTICS = (
    '{"prompt_tokens": 31, "reused_tokens": 5, "completion_tokens": 9, "ttft_s": 0.25,'
    ' "tokens_per_s": 88.5, "context_tokens": 40}'
)
PROBLEM = (
    '{"code": "model.memory", "summary": "There is not enough memory for {name}.",'
    ' "action": "Close other programs.", "details": "Traceback {x}",'
    ' "params": [["name", "qwen.gguf"]]}'
)
Row = tuple[str | None, ...]


def _conversation(id: str, title: str, when: str, head: str, system: str, model: str) -> Row:
    return (id, title, "2026-01-01T00:00:00+00:00", when, head, system, model)


def _question(id: str, conversation: str, parent: str | None, when: str, content: str) -> Row:
    return (id, conversation, parent, "user", content, "complete", when, "", None, None)


def _answer(
    id: str, conversation: str, parent: str, when: str, content: str, status: str, *more: str | None
) -> Row:
    return (id, conversation, parent, "assistant", content, status, when, MODEL, *more)


_T1, _T2, _T3 = (f"2026-01-0{day}T10:00:00.250000+00:00" for day in (1, 2, 3))
CONVERSATIONS = (
    _conversation(SUM, "What is 2+2?", _T2, "a3", "Be brief.", MODEL),
    _conversation(CHINESE, "你好,世界", _T3, "b2", "", "qwen.gguf"),
    _conversation(KILLED, "Tell me a story", _T1, "c2", "", ""),
)
MESSAGES = (
    _question("q1", SUM, None, _T2, "What is 2+2?"),
    _answer("a1", SUM, "q1", _T2, "It is **5**.", "complete", None, None),
    _answer("a2", SUM, "q1", _T2, "It is 4.\n\n```py\n2+2\n```", "complete", STATISTICS, None),
    _question("q2", SUM, "a2", _T2, "Why?\n'\";--"),
    _answer("a3", SUM, "q2", _T2, "Because 😀", "stopped", None, None),
    _question("b1", CHINESE, None, _T3, "你好,世界"),
    _answer("b2", CHINESE, "b1", _T3, "", "failed", None, PROBLEM),
    _question("c1", KILLED, None, _T1, "Tell me a story"),
    _answer("c2", KILLED, "c1", _T1, "Once upon a", "streaming", None, None),
)
_T4 = "2026-01-04T00:00:00+00:00"
BINNED = {KILLED: _T4}  # from version 2 on
PICTURE = b"\x89PNG\r\n\x1a\nno more of it"
_DIGEST = hashlib.sha256(PICTURE).hexdigest()
# From version 3 on; and the Chinese conversation is pinned, archived, in a folder and has a tag
ORDER: dict[str, tuple[tuple[object, ...], ...]] = {
    "folder": (("f1", "Küche"),),
    "conversation_tag": ((CHINESE, "世界"), (SUM, "maths")),
    "message_bin": (("a1", "a1", _T4),),
    "message_shown": (("a1", _T2), ("a3", _T3)),
    "attachment_data": ((_DIGEST, PICTURE),),
    "attachment": (("i1", "sum.png", "image/png", len(PICTURE), _DIGEST, _T1, ""),),
    "message_attachment": ((SUM, "q1", 0, "i1"),),
    "draft": ((SUM, "And 3+3?"), ("", "not sent 😀")),
    "draft_attachment": (("", 0, "i1"),),
}

# From version 4 on; and the sum's conversation has an assistant, a policy and a sampling of its own
MEMORY: dict[str, tuple[tuple[object, ...], ...]] = {
    "prompt": (("p1", "sum", "Küche", _T1, None),),
    "prompt_version": (
        (
            "p1",
            1,
            '{"title": "Add", "messages": [{"role": "user", "text": "What is {a}?"}],'
            ' "variables": [{"name": "a", "kind": "text"}]}',
            _T1,
        ),
    ),
    "prompt_use": (("p1", '{"a": "2+2"}', _T2),),
    "assistant": (("as1", "Abacus", '{"name": "Abacus"}', PICTURE, _T1, _T2, None),),
    "message_mark": (("q1", "", "pinned"), ("q1", "i1", "left_out")),
    "summary": (
        ("s1", SUM, "a2", "a3", "They added 2 and 2.", 1, 1, 0, _T2),
        ("s2", SUM, "a2", "a3", "They ad", 0, 0, 0, _T3),
    ),
    "fact": (
        ("fa1", "Likes sums", "kept", "a3", _T1, _T2),
        ("fa2", "喜欢数学", "proposed", "a3", _T2, _T2),
        ("fa3", "Is a robot", "refused", None, _T3, _T3),
    ),
}
POLICY = '{"kind": "summary", "turns": 2, "tokens": 2048, "when_full": "ask", "uses_facts": true}'
SAMPLING = '{"temperature": 0.25, "stop": ["END"], "logit_bias": [["maybe", -5.0]]}'


def sample_path(version: int) -> Path:
    """Where the sample of `version` lies."""
    return FOLDER / f"conversations-v{version}.sqlite3"


def make(path: Path, steps: Sequence[Step]) -> None:
    """Write a database of version `len(steps)` in one file, with plain SQL."""
    connection = sqlite3.connect(path, isolation_level=None)
    for step in steps:
        step(connection)
    connection.execute(f"PRAGMA user_version = {len(steps)}")
    connection.executemany(
        "INSERT INTO conversation (id, title, created_at, updated_at, head_id, system_prompt,"
        " model) VALUES (?, ?, ?, ?, ?, ?, ?)",
        CONVERSATIONS,
    )
    connection.executemany(
        "INSERT INTO message (id, conversation_id, parent_id, role, content, status, created_at,"
        " model, statistics, problem) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        MESSAGES,
    )
    if len(steps) >= 2:
        for conversation_id, when in BINNED.items():
            connection.execute(
                "UPDATE conversation SET deleted_at = ? WHERE id = ?", (when, conversation_id)
            )
    if len(steps) >= 3:
        for table, rows in ORDER.items():
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        connection.execute(
            "UPDATE conversation SET folder_id = 'f1', is_pinned = 1, archived_at = ? WHERE id = ?",
            (_T4, CHINESE),
        )
        make_index(connection)
    if len(steps) >= 4:
        for table, rows in MEMORY.items():
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        connection.execute(
            "UPDATE conversation SET assistant_id = 'as1', memory = ?, sampling = ? WHERE id = ?",
            (POLICY, SAMPLING, SUM),
        )
    connection.close()


def main() -> int:
    """Make the samples that are not there yet."""
    for version in range(1, len(MIGRATIONS) + 1):
        path = sample_path(version)
        if not path.exists():
            make(path, MIGRATIONS[:version])
            print(f"made {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
