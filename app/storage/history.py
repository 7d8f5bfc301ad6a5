"""Conversations and their messages: nothing is overwritten, every change is one transaction."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from app.core.entities import (
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
    new_id,
    utc_now,
)
from app.core.errors import ConversationNotFound, Problem
from app.core.models_entities import ModelUsage
from app.storage.database import Database

TITLE_LENGTH = 60  # characters; about the width of the sidebar
BIN_DAYS = 30
_MARKS = re.compile(r"^\s*(?:(?:>+|#{1,6}|[-*+])\s+)*|^[\s>#*_`+-]+$|`+")
_EMPHASIS = re.compile(r"(?<!\w)([*_]{1,3})(?=\S)(.+?)(?<=\S)\1(?!\w)")


@dataclass(frozen=True, slots=True)
class Turn:
    """What a question became: conversation, question and the empty answer."""

    conversation: Conversation
    question: Message
    answer: Message


class History:
    """Reads and writes conversations; returns entities, never rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def conversations(self) -> list[Conversation]:
        """All but those in the bin, the one changed last first."""
        rows = self._database.rows(
            "SELECT * FROM conversation WHERE deleted_at IS NULL"
            " ORDER BY updated_at DESC, rowid DESC"
        )
        return [_conversation(row) for row in rows]

    def conversation(self, conversation_id: ConversationId) -> Conversation:
        """One of them, also from the bin. Raises ConversationNotFound."""
        rows = self._database.rows("SELECT * FROM conversation WHERE id = ?", (conversation_id,))
        if not rows:
            raise ConversationNotFound(id=conversation_id)
        return _conversation(rows[0])

    def branch(self, conversation_id: ConversationId) -> list[Message]:
        """The messages on show: from the root down to the conversation's head."""
        rows = self._database.rows(
            """WITH RECURSIVE branch(id, depth) AS (
                SELECT head_id, 0 FROM conversation WHERE id = ?
                UNION ALL
                SELECT message.parent_id, depth + 1 FROM message JOIN branch USING (id)
                WHERE message.parent_id IS NOT NULL
            ) SELECT message.* FROM message JOIN branch USING (id) ORDER BY depth DESC""",
            (conversation_id,),
        )
        return [_message(row) for row in rows]

    def usage(self) -> dict[str, ModelUsage]:
        """Where each model answered, by what the messages call it: the name of its file."""
        rows = self._database.rows(
            """SELECT used.model, used.last, conversation.id, title, deleted_at
            FROM (SELECT model, conversation_id, max(created_at) AS last FROM message
                WHERE role = 'assistant' AND model != '' GROUP BY model, conversation_id) AS used
            JOIN conversation ON conversation.id = used.conversation_id
            ORDER BY updated_at DESC, conversation.rowid DESC"""
        )
        times: dict[str, list[datetime]] = {}
        places: dict[str, list[tuple[ConversationId, str]]] = {}
        for row in rows:
            times.setdefault(row["model"], []).append(datetime.fromisoformat(row["last"]))
            here = places.setdefault(row["model"], [])
            if row["deleted_at"] is None:
                here.append((ConversationId(row["id"]), row["title"]))
        return {name: ModelUsage(max(times[name]), tuple(places[name])) for name in times}

    def begin_turn(
        self, conversation_id: ConversationId | None, text: str, system_prompt: str, model: str
    ) -> Turn:
        """Store a question and an empty answer after it, in a new conversation if need be."""
        with self._database.transaction():
            now = utc_now()
            if conversation_id is None:
                conversation_id = self._create(title_from(text), system_prompt, model, now)
            head = self.conversation(conversation_id).head_id
            question = self._add(conversation_id, head, Role.USER, text, Status.COMPLETE, "", now)
            answer = self._begin(conversation_id, question.id, model, now)
            return Turn(self.conversation(conversation_id), question, answer)

    def begin_answer(self, question: Message, model: str) -> Message:
        """Another empty answer to `question`: a branch of its own, which is shown from now on."""
        with self._database.transaction():
            return self._begin(question.conversation_id, question.id, model, utc_now())

    def save_text(self, message_id: MessageId, content: str) -> None:
        """The growing answer as it is now."""
        self._database.execute("UPDATE message SET content = ? WHERE id = ?", (content, message_id))

    def finish(self, message: Message) -> None:
        """The answer as it stays: text, status, figures and what went wrong."""
        statistics, problem = message.statistics, message.problem
        self._database.execute(
            "UPDATE message SET content = ?, status = ?, statistics = ?, problem = ? WHERE id = ?",
            (
                message.content,
                message.status.value,
                json.dumps(asdict(statistics)) if statistics else None,
                json.dumps(asdict(problem)) if problem else None,
                message.id,
            ),
        )

    def rename(self, conversation_id: ConversationId, title: str) -> None:
        """Give it another title; its place in the list stays."""
        self._database.execute(
            "UPDATE conversation SET title = ? WHERE id = ?", (title, conversation_id)
        )

    def delete(self, conversation_id: ConversationId) -> None:
        """Move it to the bin."""
        self._database.execute(
            "UPDATE conversation SET deleted_at = ? WHERE id = ?",
            (utc_now().isoformat(), conversation_id),
        )

    def restore(self, conversation_id: ConversationId) -> None:
        """Take it out of the bin."""
        self._database.execute(
            "UPDATE conversation SET deleted_at = NULL WHERE id = ?", (conversation_id,)
        )

    def empty_bin(self, older_than_days: int = BIN_DAYS) -> int:
        """Forget for good what has been in the bin that long; returns how many."""
        limit = (utc_now() - timedelta(days=older_than_days)).isoformat()
        return self._database.execute(
            "DELETE FROM conversation WHERE deleted_at < ?", (limit,)
        ).rowcount

    def heal(self) -> int:
        """Answers that were being written when the app ended: 'interrupted' now."""
        return self._database.execute(
            "UPDATE message SET status = ? WHERE status = ?",
            (Status.INTERRUPTED.value, Status.STREAMING.value),
        ).rowcount

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _create(self, title: str, system_prompt: str, model: str, now: datetime) -> ConversationId:
        conversation_id = ConversationId(new_id())
        self._database.execute(
            "INSERT INTO conversation (id, title, created_at, updated_at, system_prompt, model)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (conversation_id, title, now.isoformat(), now.isoformat(), system_prompt, model),
        )
        return conversation_id

    def _begin(
        self, conversation_id: ConversationId, parent: MessageId, model: str, now: datetime
    ) -> Message:
        answer = self._add(
            conversation_id, parent, Role.ASSISTANT, "", Status.STREAMING, model, now
        )
        self._database.execute(
            "UPDATE conversation SET head_id = ?, updated_at = ?, model = ? WHERE id = ?",
            (answer.id, now.isoformat(), model, conversation_id),
        )
        return answer

    def _add(
        self,
        conversation_id: ConversationId,
        parent_id: MessageId | None,
        role: Role,
        content: str,
        status: Status,
        model: str,
        now: datetime,
    ) -> Message:
        message = Message(
            MessageId(new_id()), conversation_id, parent_id, role, content, status, now, model
        )
        self._database.execute(
            "INSERT INTO message (id, conversation_id, parent_id, role, content, status,"
            " created_at, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                message.id,
                conversation_id,
                parent_id,
                role.value,
                content,
                status.value,
                now.isoformat(),
                model,
            ),
        )
        return message


def title_from(text: str) -> str:
    """A title from the first line that says something, at most 60 characters."""
    lines = (
        " ".join(_EMPHASIS.sub(r"\2", _MARKS.sub("", line)).split()) for line in text.splitlines()
    )
    line = next((line for line in lines if line), "…")
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[: TITLE_LENGTH - 1]
    shorter = cut.rsplit(" ", 1)[0]
    return (shorter if len(shorter) > TITLE_LENGTH // 2 else cut).rstrip(" .,;:!?") + "…"


def _conversation(row: sqlite3.Row) -> Conversation:
    return Conversation(
        id=ConversationId(row["id"]),
        title=row["title"],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        head_id=MessageId(row["head_id"]) if row["head_id"] else None,
        system_prompt=row["system_prompt"],
        model=row["model"],
    )


def _message(row: sqlite3.Row) -> Message:
    statistics = json.loads(row["statistics"]) if row["statistics"] else None
    problem = json.loads(row["problem"]) if row["problem"] else None
    if problem:
        problem["params"] = tuple((str(k), str(v)) for k, v in problem["params"])
    return Message(
        id=MessageId(row["id"]),
        conversation_id=ConversationId(row["conversation_id"]),
        parent_id=MessageId(row["parent_id"]) if row["parent_id"] else None,
        role=Role(row["role"]),
        content=row["content"],
        status=Status(row["status"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        model=row["model"],
        statistics=_statistics(statistics) if statistics else None,
        problem=Problem(**problem) if problem else None,
    )


def _statistics(data: dict[str, Any]) -> Statistics:
    known = {f.name for f in fields(Statistics)}  # a newer version may have written more
    return Statistics(**{name: value for name, value in data.items() if name in known})
