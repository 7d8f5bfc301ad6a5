"""One conversation with everything that belongs to it, as it goes out and comes in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.core.entities import AttachmentId, Conversation, Message, MessageId

DIGITS = 16  # of an id, as core.entities.new_id has them


@dataclass(frozen=True, slots=True)
class Record:
    """A conversation, its whole tree (parents first) and the bytes of its attachments.

    `folder` is the name of the folder it lies in, `origin` what wrote the file it came from.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    data: Mapping[AttachmentId, bytes] = field(default_factory=dict)
    folder: str = ""
    origin: str = "Inglenook"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that looked like a conversation and could not be read; `reason` is technical."""

    origin: str
    reason: str


Found = Record | Skipped


@dataclass(frozen=True, slots=True)
class Words:
    """The words an export puts around what was said; the window gives them in its language."""

    you: str = "You"
    assistant: str = "Assistant"
    thoughts: str = "Thoughts"
    system: str = "System prompt"
    exported: str = "Exported from Inglenook on {date}"
    page: str = "{page} / {pages}"
    attachment: str = "Attachment: {name}"
    unfinished: str = "This answer is not complete."
    untitled: str = "Untitled"
    note: str = "Note"  # and the four other titles of a marked quotation
    tip: str = "Tip"
    important: str = "Important"
    warning: str = "Warning"
    caution: str = "Caution"

    def alerts(self) -> dict[str, str]:
        """The titles by the names they have in Markdown."""
        names = ("note", "tip", "important", "warning", "caution")
        return {name: str(getattr(self, name)) for name in names}


def branch(messages: Sequence[Message], head: MessageId | None) -> list[Message]:
    """The messages on show, first one first: from the root down to `head`.

    Without a head, or with one that is not there, the way to the message that came last.
    """
    known = {message.id: message for message in messages}
    at = known.get(head) if head is not None else None
    if at is None:
        at = messages[-1] if messages else None
    found: list[Message] = []
    seen: set[MessageId] = set()
    while at is not None and at.id not in seen:
        seen.add(at.id)
        found.append(at)
        at = known.get(at.parent_id) if at.parent_id is not None else None
    return found[::-1]


def derived_id(*parts: str) -> str:
    """The same id every time for the same parts: what was imported once is known again."""
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:DIGITS]


def contents(messages: Iterable[Message]) -> Counter[tuple[str, str]]:
    """What was said by whom, and how often: for comparing two conversations."""
    return Counter((message.role.value, message.content.strip()) for message in messages)


def fingerprint(messages: Iterable[Message]) -> str:
    """The same for the same contents in the same order, whatever their ids."""
    return derived_id(*(f"{m.role.value}:{m.content.strip()}" for m in messages))
