"""What the model gets of stored messages: their text, that of attached files, and images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.core.entities import Attachment, AttachmentId, ChatMessage, Message
from app.core.errors import AppError
from app.core.pictures import check_picture

FENCE = "```"


def as_turns(
    messages: Iterable[Message], data: Callable[[AttachmentId], bytes]
) -> list[ChatMessage]:
    """One turn a message that says something; `data` reads the bytes of an image.

    Of an image that no model could look at there is the name.
    """
    turns = []
    for message in messages:
        images, broken = [], []
        for attachment in message.attachments:
            if not attachment.is_image:
                continue
            picture = data(attachment.id)
            if _is_sound(picture):  # once each: it goes through the whole picture
                images.append(picture)
            else:
                broken.append(f"[{attachment.name}]")
        # exactly as it was written: what the model began with a space is known to it in that way
        text = "\n\n".join([*broken, *map(_quoted, _files(message)), message.content])
        if text.strip() or images:
            turns.append(ChatMessage(message.role, text, tuple(images)))
    return turns


def _is_sound(picture: bytes) -> bool:
    """Whether it can be shown to a model; one that cannot, such as a damaged one that was imported,
    must not make every later question fail."""
    try:
        check_picture(picture)
    except AppError:
        return False
    return True


def _files(message: Message) -> list[Attachment]:
    return [a for a in message.attachments if not a.is_image]


def _quoted(attachment: Attachment) -> str:
    """A file as the model reads it: its name, and its text in a fence that it does not contain."""
    fence = FENCE
    while fence in attachment.text:
        fence += "`"
    return f"{attachment.name}\n{fence}\n{attachment.text.rstrip()}\n{fence}"
