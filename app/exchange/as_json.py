"""A conversation as JSON, and back: the whole tree with every branch. Our own format.

    {"format": "inglenook.conversation", "version": 1, "exported_at": ISO 8601,
     "conversation": {"id", "title", "created_at", "updated_at", "head_id" (the leaf of the branch
        on show, or null), "system_prompt", "model", "folder" (its name, or empty), "is_pinned",
        "is_archived", "tags": [name, …]},
     "messages": [                  (parents before what follows them)
        {"id", "parent_id" (null for a root), "role": "user" | "assistant", "content" (Markdown),
         "status": "complete" | "stopped" | "cut_off" | "interrupted" | "failed",
         "created_at", "model", "statistics": {name: number} or null,
         "problem": {"code", "summary", "action", "details", "params"} or null,
         "attachments": [{"id", "name", "media_type", "size_bytes", "text" (what a model reads of
            it), and either "data" (its bytes in base64) or "file" (its place in the archive)}]}]}

Times are ISO 8601 in UTC. A reader ignores names it does not know; a change of what a name means
raises the version.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from app.core.entities import (
    Attachment,
    AttachmentId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
    utc_now,
)
from app.core.errors import Problem
from app.exchange.reading import Bad, clean, flag, items, mapping, moment, text_of
from app.exchange.records import Record, derived_id
from app.exchange.tree import Node, build

FORMAT, VERSION = "inglenook.conversation", 1
ORIGIN = "Inglenook"


def to_json(record: Record, place_of: Callable[[Attachment], str] | None = None) -> str:
    """The text of the file. `place_of` says where in an archive an attachment lies; without it
    the bytes are in the text."""
    conversation = record.conversation
    whole = {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": utc_now().isoformat(timespec="seconds"),
        "conversation": {
            "id": conversation.id,
            "title": conversation.title,
            "created_at": conversation.created_at.isoformat(),
            "updated_at": conversation.updated_at.isoformat(),
            "head_id": conversation.head_id,
            "system_prompt": conversation.system_prompt,
            "model": conversation.model,
            "folder": record.folder,
            "is_pinned": conversation.is_pinned,
            "is_archived": conversation.is_archived,
            "tags": list(conversation.tags),
        },
        "messages": [_message(message, record, place_of) for message in record.messages],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def is_ours(value: Mapping[str, Any]) -> bool:
    """Whether it is a conversation in this format, of whatever version."""
    return value.get("format") == FORMAT


def from_json(value: Mapping[str, Any], file_of: Callable[[str], bytes | None]) -> Record:
    """The conversation in it. `file_of` gives what lies at a place of the archive. Raises Bad."""
    version = value.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise Bad(f"format version {version!r}")
    about = mapping(value.get("conversation"))
    data: dict[AttachmentId, bytes] = {}
    nodes, known = [], {}
    conversation_id = _id(about.get("id"))
    for raw in items(value.get("messages")):
        entry = mapping(raw)
        key = text_of(entry.get("id"))
        attachments = tuple(_attachments(entry, file_of, data))
        nodes.append(
            Node(
                key=key,
                parent=text_of(entry.get("parent_id")) or None,
                role=_role(entry.get("role")),
                content=text_of(entry.get("content")),
                created_at=moment(entry.get("created_at")),
                model=text_of(entry.get("model")),
                status=_status(entry.get("status")),
                kept=attachments,
            )
        )
        known[key] = entry
    built = build(
        ORIGIN,
        conversation_id,
        nodes,
        head=text_of(about.get("head_id")) or None,
        title=text_of(about.get("title")),
        is_merging=False,
        id_of=lambda key: MessageId(_id(key)),
        created_at=moment(about.get("created_at")),
        updated_at=moment(about.get("updated_at")),
    )
    conversation = replace(
        built.conversation,
        system_prompt=clean(text_of(about.get("system_prompt"))),
        model=clean(text_of(about.get("model")))[:200],
        is_pinned=flag(about.get("is_pinned")),
        is_archived=flag(about.get("is_archived")),
        tags=tuple(dict.fromkeys(tag for tag in _tags(about) if tag)),
    )
    by_id = {_id(key): entry for key, entry in known.items()}
    messages = tuple(_with_figures(m, by_id.get(m.id, {})) for m in built.messages)
    folder = clean(text_of(about.get("folder")))[:100]
    return Record(conversation, messages, data, folder, ORIGIN)


def _message(
    message: Message, record: Record, place_of: Callable[[Attachment], str] | None
) -> dict[str, Any]:
    statistics = {
        name: value
        for name, value in (asdict(message.statistics) if message.statistics else {}).items()
        if not isinstance(value, float) or math.isfinite(value)
    }
    return {
        "id": message.id,
        "parent_id": message.parent_id,
        "role": message.role.value,
        "content": message.content,
        "status": (
            Status.INTERRUPTED if message.status is Status.STREAMING else message.status
        ).value,
        "created_at": message.created_at.isoformat(),
        "model": message.model,
        "statistics": statistics or None,
        "problem": asdict(message.problem) if message.problem else None,
        "attachments": [_attachment(a, record, place_of) for a in message.attachments],
    }


def _attachment(
    attachment: Attachment, record: Record, place_of: Callable[[Attachment], str] | None
) -> dict[str, Any]:
    made = asdict(attachment)
    if place_of is not None:
        made["file"] = place_of(attachment)
    else:
        made["data"] = base64.b64encode(record.data.get(attachment.id, b"")).decode("ascii")
    return made


def _attachments(
    entry: Mapping[str, Any],
    file_of: Callable[[str], bytes | None],
    data: dict[AttachmentId, bytes],
) -> list[Attachment]:
    found = []
    for raw in items(entry.get("attachments")):
        about = mapping(raw)
        content, text = _bytes(about, file_of), clean(text_of(about.get("text")))
        if content is None and not text:
            continue
        made = Attachment(
            AttachmentId(_id(about.get("id"))),
            _line(about.get("name"))[:200] or "file",
            clean(text_of(about.get("media_type")))[:100] or "application/octet-stream",
            len(content or b""),
            text,
        )
        if content is not None:  # else of a damaged archive: what the model read of it is left
            data[made.id] = content
        found.append(made)
    return found


def _bytes(about: Mapping[str, Any], file_of: Callable[[str], bytes | None]) -> bytes | None:
    if place := text_of(about.get("file")):
        return file_of(place)
    try:
        return base64.b64decode(text_of(about.get("data")), validate=True)
    except (binascii.Error, ValueError):
        return None


def _id(value: object) -> str:
    """An id of ours as it is; anything else, made into one."""
    text = text_of(value)
    is_ours = len(text) == 16 and all(letter in "0123456789abcdef" for letter in text)
    return text if is_ours else derived_id(ORIGIN, text)


def _role(value: object) -> Role | None:
    return Role(value) if value in ("user", "assistant") else None


def _status(value: object) -> Status:
    """An answer that was being written when it was exported is not being written here."""
    try:
        status = Status(text_of(value))
    except ValueError:
        return Status.COMPLETE
    return Status.INTERRUPTED if status is Status.STREAMING else status


def _tags(about: Mapping[str, Any]) -> list[str]:
    return [_line(tag)[:100] for tag in items(about.get("tags"))][:100]


def _line(value: object) -> str:
    """A name, which has no line ends."""
    return " ".join(clean(text_of(value)).split())


def _with_figures(message: Message, entry: Mapping[str, Any]) -> Message:
    statistics, problem = entry.get("statistics"), entry.get("problem")
    made: Statistics | None = None
    if isinstance(statistics, dict):
        known: dict[str, Any] = {
            field.name: value
            for field in fields(Statistics)
            if _fits(value := statistics.get(field.name), getattr(Statistics(), field.name))
        }
        made = Statistics(**known)
    return replace(message, statistics=made, problem=_problem(problem))


def _fits(value: object, default: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(default, str):
        return isinstance(value, str)
    if isinstance(default, float):
        return isinstance(value, int | float) and abs(value) < 1e15
    return isinstance(value, int) and abs(value) < 2**62


def _problem(value: object) -> Problem | None:
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return None
    params = [p for p in items(value.get("params")) if isinstance(p, list) and len(p) == 2]
    return Problem(
        clean(value["code"])[:100],
        clean(text_of(value.get("summary"))),
        clean(text_of(value.get("action"))),
        clean(text_of(value.get("details"))),
        tuple((clean(str(k)), clean(str(v))) for k, v in params),
    )
