"""What the model gets of stored messages: their text, that of attached files, and images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from app.core.entities import Attachment, AttachmentId, ChatMessage, Message, MessageId, Role
from app.core.errors import AppError
from app.core.pictures import check_picture

FENCE = "```"
BETWEEN = "\n\n"


def as_turns(
    messages: Iterable[Message],
    data: Callable[[AttachmentId], bytes],
    pinned: Collection[MessageId] = (),
    left_out: Collection[tuple[MessageId, str]] = (),
) -> list[ChatMessage]:
    """One turn a message that says something; `data` reads the bytes of an image.

    Of an image that no model could look at there is the name. Files that are `left_out`, each as
    its message and its own id, are not there at all.
    """
    turns = []
    for message in messages:
        key = message.id
        if not message.attachments:  # nearly all: ten thousand of them are a matter of 10 ms
            content = message.content
            if content and not content.isspace():
                turns.append(ChatMessage(message.role, content, (), key, (), key in pinned))
            continue
        files = [a for a in message.attachments if (key, a.id) not in left_out]
        turn = _with_files(message, files, data, is_pinned=key in pinned)
        if turn.content.strip() or turn.images:
            turns.append(turn)
    return turns


def as_draft(
    text: str, attachments: Iterable[Attachment], pictures: Sequence[bytes] = ()
) -> ChatMessage | None:
    """What is being written, as the model will read it; None for nothing."""
    files = [a for a in attachments if not a.is_image]
    content, attached = _joined([(a.id, _quoted(a)) for a in files], text.strip())
    if not content.strip() and not pictures:
        return None
    images = tuple(filter(_is_sound, pictures))
    return ChatMessage(Role.USER, content, images, attached=attached)


def _with_files(
    message: Message,
    files: Iterable[Attachment],
    data: Callable[[AttachmentId], bytes],
    is_pinned: bool,
) -> ChatMessage:
    images: list[bytes] = []
    broken: list[tuple[str, str]] = []
    quoted: list[tuple[str, str]] = []
    for attachment in files:
        if not attachment.is_image:
            quoted.append((attachment.id, _quoted(attachment)))
            continue
        picture = data(attachment.id)
        if _is_sound(picture):  # once each: it goes through the whole picture
            images.append(picture)
        else:
            broken.append((attachment.id, f"[{attachment.name}]"))
    # exactly as it was written: what the model began with a space is known to it in that way
    content, attached = _joined([*broken, *quoted], message.content)
    return ChatMessage(
        message.role, content, tuple(images), message.id, attached, is_pinned=is_pinned
    )


def _joined(parts: Sequence[tuple[str, str]], text: str) -> tuple[str, tuple[tuple[str, int], ...]]:
    """Texts of files before a text; of each file its id, and how many characters are its own."""
    content = BETWEEN.join([*(part for _, part in parts), text])
    return content, tuple((key, len(part) + len(BETWEEN)) for key, part in parts)


def _is_sound(picture: bytes) -> bool:
    """Whether it can be shown to a model; one that cannot, such as a damaged one that was imported,
    must not make every later question fail."""
    try:
        check_picture(picture)
    except AppError:
        return False
    return True


def _quoted(attachment: Attachment) -> str:
    """A file as the model reads it: its name, and its text in a fence that it does not contain."""
    fence = FENCE
    while fence in attachment.text:
        fence += "`"
    return f"{attachment.name}\n{fence}\n{attachment.text.rstrip()}\n{fence}"
