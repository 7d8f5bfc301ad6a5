"""Entities from the rows that hold them, and what goes into the rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from app.core.entities import (
    Attachment,
    AttachmentId,
    Conversation,
    ConversationId,
    FolderId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
)
from app.core.errors import Problem
from app.core.memory import policy_from
from app.core.remembered import Fact, FactState, Summary
from app.core.sampling_text import sampling_from

CONVERSATION = (
    "id, title, created_at, updated_at, head_id, system_prompt, model, folder_id, is_pinned,"
    " archived_at, assistant_id, memory, sampling"
)
MESSAGE = (
    "id, conversation_id, parent_id, role, content, status, created_at, model, statistics, problem"
)
ATTACHMENT = "attachment.id, name, media_type, size_bytes, text"
SUMMARY = "id, conversation_id, through_id, seen_id, text, is_whole, is_edited, is_off, created_at"
# `is_off` of a summary that holds words of what was left out since; 1 is off by the person
STALE = 2
FACT = "id, text, state, source_id, created_at, changed_at"
_FIGURES = frozenset(f.name for f in fields(Statistics))
_ROLES: dict[str, Role] = {role.value: role for role in Role}
_STATUSES: dict[str, Status] = {status.value: status for status in Status}


def conversation_of(row: sqlite3.Row, tags: tuple[str, ...]) -> Conversation:
    """From a row with the columns CONVERSATION."""
    return Conversation(
        id=ConversationId(row["id"]),
        title=row["title"],
        created_at=datetime.fromisoformat(row["created_at"]),
        updated_at=datetime.fromisoformat(row["updated_at"]),
        head_id=MessageId(row["head_id"]) if row["head_id"] else None,
        system_prompt=row["system_prompt"],
        model=row["model"],
        folder_id=FolderId(row["folder_id"]) if row["folder_id"] else None,
        is_pinned=bool(row["is_pinned"]),
        is_archived=row["archived_at"] is not None,
        tags=tags,
        assistant_id=row["assistant_id"] or "",
        memory=policy_from(row["memory"]),
        sampling=sampling_from(row["sampling"]),
    )


def message_of(
    row: sqlite3.Row,
    attachments: Mapping[str, tuple[Attachment, ...]],
    places: Mapping[str, tuple[int, int]],
) -> Message:
    """From a row with the columns MESSAGE; `places` holds those that have siblings."""
    key, conversation, parent, role, content, status, created, model, statistics, problem = row
    return Message(
        key,
        conversation,
        parent,
        _ROLES[role],
        content,
        _STATUSES[status],
        datetime.fromisoformat(created),
        model,
        _statistics(statistics) if statistics else None,
        _problem(problem) if problem else None,
        attachments.get(key, ()),
        *places.get(key, (1, 1)),
    )


def attachment_of(row: sqlite3.Row) -> Attachment:
    """From a row with the columns ATTACHMENT."""
    return Attachment(
        AttachmentId(row["id"]), row["name"], row["media_type"], row["size_bytes"], row["text"]
    )


def summary_of(row: sqlite3.Row) -> Summary:
    """From a row with the columns SUMMARY."""
    return Summary(
        id=row["id"],
        conversation_id=ConversationId(row["conversation_id"]),
        through_id=MessageId(row["through_id"]),
        seen_id=MessageId(row["seen_id"]),
        text=row["text"],
        created_at=datetime.fromisoformat(row["created_at"]),
        is_whole=bool(row["is_whole"]),
        is_edited=bool(row["is_edited"]),
        is_off=bool(row["is_off"]),
        is_stale=row["is_off"] == STALE,
    )


def fact_of(row: sqlite3.Row) -> Fact:
    """From a row with the columns FACT."""
    return Fact(
        id=row["id"],
        text=row["text"],
        state=FactState(row["state"]),
        source_id=MessageId(row["source_id"]) if row["source_id"] else None,
        created_at=datetime.fromisoformat(row["created_at"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
    )


def as_text(figures: Statistics | Problem | None) -> str | None:
    """What the column keeps of an answer's figures or problem."""
    if figures is None:
        return None
    return json.dumps({f.name: getattr(figures, f.name) for f in fields(figures)})


_decode: Callable[[str], Any] = json.JSONDecoder().decode


def _statistics(text: str) -> Statistics:
    data = _decode(text)
    if data.keys() <= _FIGURES:
        return Statistics(**data)
    # A newer version may have written more
    return Statistics(**{name: value for name, value in data.items() if name in _FIGURES})


def _problem(text: str) -> Problem:
    data = _decode(text)
    data["params"] = tuple((str(key), str(value)) for key, value in data["params"])
    return Problem(**data)
