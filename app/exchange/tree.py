"""From loose nodes of any shape to a proper tree of messages, parents first, without circles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from app.core.entities import (
    Attachment,
    AttachmentId,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
    utc_now,
)
from app.exchange.reading import MOST_ATTACHMENT_BYTES, MOST_MESSAGES, Bad, Empty, clean
from app.exchange.records import Record, derived_id

TITLE_LENGTH = 200
STEP = timedelta(milliseconds=1)


class File(NamedTuple):
    """An attachment on its way in."""

    name: str
    media_type: str
    data: bytes
    text: str = ""


@dataclass(slots=True)
class Node:
    """One message as another program had it. Without a role it is left out, and what followed it
    follows what it followed."""

    key: str
    parent: str | None
    role: Role | None
    content: str
    created_at: datetime | None = None
    model: str = ""
    status: Status = Status.COMPLETE
    files: list[File] = field(default_factory=list)
    kept: tuple[Attachment, ...] = ()  # those that have an id already


def build(
    origin: str,
    conversation_id: str,
    nodes: Sequence[Node],
    *,
    head: str | None = None,
    title: str = "",
    system_prompt: str = "",
    model: str = "",
    created_at: datetime | None = None,
    updated_at: datetime | None = None,
    is_merging: bool = True,
    id_of: Callable[[str], MessageId] | None = None,
) -> Record:
    """The conversation of these nodes. `is_merging`: answers that follow each other without a
    fork (a thought, a call of a tool, the text) become one. Raises Bad where nothing is left."""
    if len(nodes) > MOST_MESSAGES:
        raise Bad(f"{len(nodes)} messages")
    known = {node.key: node for node in nodes}
    parents = _parents(known)
    kept = [node for node in known.values() if _says_something(node)]
    parents = _kept_parents(kept, known, parents)
    ordered = _in_order(kept, parents)
    merged: dict[str, str] = {}
    if is_merging:
        ordered, parents, merged = _merge(ordered, parents)
    if not ordered:
        raise Empty("no messages")
    make_id = id_of or (lambda key: MessageId(derived_id(origin, conversation_id, key)))
    data: dict[AttachmentId, bytes] = {}
    start = created_at or next((n.created_at for n in ordered if n.created_at), None) or utc_now()
    messages: dict[str, Message] = {}
    for node in ordered:
        parent = parents[node.key]
        before = messages[parent] if parent is not None else None
        messages[node.key] = Message(
            id=make_id(node.key),
            conversation_id=ConversationId(conversation_id),
            parent_id=before.id if before else None,
            role=node.role or Role.USER,
            content=clean(node.content),
            status=node.status if node.role is Role.ASSISTANT else Status.COMPLETE,
            created_at=node.created_at or (before.created_at + STEP if before else start),
            model=clean(node.model)[:200],
            attachments=(*node.kept, *_attachments(origin, conversation_id, node, data)),
        )
    last = messages[_head(head, known, _parents(known), messages, merged)]
    answers = [m for m in messages.values() if m.model]
    conversation = Conversation(
        id=ConversationId(conversation_id),
        title=_title(title, messages.values()),
        created_at=start,
        updated_at=updated_at or max(message.created_at for message in messages.values()),
        head_id=last.id,
        system_prompt=clean(system_prompt),
        model=clean(model)[:200] or (answers[-1].model if answers else ""),
    )
    return Record(conversation, tuple(messages.values()), data, origin=origin)


def _says_something(node: Node) -> bool:
    return node.role is not None and bool(node.content.strip() or node.files or node.kept)


def _parents(known: dict[str, Node]) -> dict[str, str | None]:
    """Each node's parent; None also where it is not there, or where the way up is a circle."""
    parents = {k: (n.parent if n.parent in known else None) for k, n in known.items()}
    safe: set[str] = set()
    for key in known:
        way: list[str] = []
        on_way: set[str] = set()
        at: str | None = key
        while at is not None and at not in safe:
            if at in on_way:
                parents[at] = None
                break
            way.append(at)
            on_way.add(at)
            at = parents[at]
        safe.update(way)
    return parents


def _kept_parents(
    kept: Sequence[Node], known: dict[str, Node], parents: dict[str, str | None]
) -> dict[str, str | None]:
    """The nearest node above each one kept that is kept too."""
    nearest: dict[str, str | None] = {}
    for node in kept:
        way = []
        at = parents[node.key]
        while at is not None and at not in nearest and not _says_something(known[at]):
            way.append(at)
            at = parents[at]
        found = nearest[at] if at is not None and at in nearest else at
        nearest.update(dict.fromkeys(way, found))
    return {n.key: nearest.get(p, p) if (p := parents[n.key]) is not None else None for n in kept}


def _in_order(kept: Sequence[Node], parents: dict[str, str | None]) -> list[Node]:
    """Parents first, those that follow the same one as they came."""
    after: dict[str | None, list[Node]] = {}
    for node in kept:
        after.setdefault(parents[node.key], []).append(node)
    found: list[Node] = []
    waiting = list(reversed(after.get(None, [])))
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(reversed(after.get(node.key, [])))
    return found


def _merge(
    ordered: list[Node], parents: dict[str, str | None]
) -> tuple[list[Node], dict[str, str | None], dict[str, str]]:
    """Answers in a row as one; the third value says what went into which."""
    followers: dict[str | None, int] = {}
    for node in ordered:
        followers[parents[node.key]] = followers.get(parents[node.key], 0) + 1
    into: dict[str, str] = {}
    pieces: dict[str, list[Node]] = {}
    found: list[Node] = []
    for node in ordered:
        parent = parents[node.key]
        target = into.get(parent, parent) if parent is not None else None
        before = pieces[target][0] if target is not None else None
        is_alone = followers[parent] == 1
        if before and is_alone and node.role is before.role is Role.ASSISTANT and target:
            into[node.key] = target
            pieces[target].append(node)
        else:
            parents[node.key] = target
            pieces[node.key] = [node]
            found.append(node)
    return [_joined(pieces[node.key]) for node in found], parents, into


def _joined(nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    return replace(
        nodes[0],
        content="\n\n".join(node.content for node in nodes if node.content.strip()),
        model=next((node.model for node in reversed(nodes) if node.model), ""),
        status=nodes[-1].status,
        files=[file for node in nodes for file in node.files],
        kept=tuple(attachment for node in nodes for attachment in node.kept),
    )


def _head(
    head: str | None,
    known: dict[str, Node],
    parents: dict[str, str | None],
    messages: dict[str, Message],
    merged: dict[str, str],
) -> str:
    """The node that stands for `head` now: itself, or the nearest before it that is left."""
    at = head if head in known else None
    while at is not None:
        found = merged.get(at, at)
        if found in messages:
            return found
        at = parents[at]
    return next(reversed(messages))


def _attachments(
    origin: str, conversation_id: str, node: Node, data: dict[AttachmentId, bytes]
) -> list[Attachment]:
    found = []
    for number, file in enumerate(node.files):
        if len(file.data) > MOST_ATTACHMENT_BYTES:
            continue
        made = AttachmentId(derived_id(origin, conversation_id, node.key, str(number), file.name))
        data[made] = file.data
        name = clean(" ".join(file.name.split()))[:200] or "file"
        found.append(Attachment(made, name, file.media_type, len(file.data), clean(file.text)))
    return found


def _title(title: str, messages: object) -> str:
    found = " ".join(clean(title).split())
    if not found:
        first = next((m for m in messages if m.content.strip()), None)  # type: ignore[attr-defined]
        found = " ".join(first.content.split())[:60] if first else ""
    return found[:TITLE_LENGTH] or "…"
