"""What the model gets of stored messages: their text, that of attached files, and images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.core.entities import Attachment, AttachmentId, ChatMessage, Message

FENCE = "```"


def as_turns(
    messages: Iterable[Message], data: Callable[[AttachmentId], bytes]
) -> list[ChatMessage]:
    """One turn a message that says something; `data` reads the bytes of an image."""
    turns = []
    for message in messages:
        images = tuple(data(a.id) for a in message.attachments if a.is_image)
        # exactly as it was written: what the model began with a space is known to it in that way
        text = "\n\n".join([*map(_quoted, _files(message)), message.content])
        if text.strip() or images:
            turns.append(ChatMessage(message.role, text, images))
    return turns


def _files(message: Message) -> list[Attachment]:
    return [a for a in message.attachments if not a.is_image]


def _quoted(attachment: Attachment) -> str:
    """A file as the model reads it: its name, and its text in a fence that it does not contain."""
    fence = FENCE
    while fence in attachment.text:
        fence += "`"
    return f"{attachment.name}\n{fence}\n{attachment.text.rstrip()}\n{fence}"
