"""Makes the binary samples of other programs' files, and conversations for tests of exchanging."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from app.core.entities import (
    Attachment,
    AttachmentId,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
)
from app.exchange.records import Record

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# one pixel; the smallest proper PNG
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def message(
    number: int,
    parent: int | None,
    content: str,
    *,
    is_answer: bool = False,
    attachments: tuple[Attachment, ...] = (),
    status: Status = Status.COMPLETE,
) -> Message:
    """A message whose id is its number."""
    return Message(
        MessageId(f"{number:016x}"),
        ConversationId("c" * 16),
        None if parent is None else MessageId(f"{parent:016x}"),
        Role.ASSISTANT if is_answer else Role.USER,
        content,
        status,
        WHEN,
        "Tiny-1B.gguf" if is_answer else "",
        attachments=attachments,
    )


def a_record(title: str = "Bees: a <b>question</b>") -> Record:
    """Two answers to one question (the second on show), an image, reasoning, and a fork."""
    image = Attachment(AttachmentId("a" * 16), "bee.png", "image/png", len(PNG))
    notes = Attachment(AttachmentId("b" * 16), "notes.txt", "text/plain", 6, "a note")
    messages = (
        message(1, None, "What is **this**?", attachments=(image, notes)),
        message(2, 1, "A wasp.", is_answer=True),
        message(3, 1, "<think>Stripes…</think>\n\nA *bee*.", is_answer=True),
        message(4, 3, "And now?"),
        message(5, 4, "```python\nprint('<hi>')\n```", is_answer=True, status=Status.STOPPED),
    )
    conversation = Conversation(
        ConversationId("c" * 16),
        title,
        WHEN,
        WHEN,
        MessageId(f"{5:016x}"),
        "Be brief.",
        "Tiny-1B.gguf",
        is_pinned=True,
        tags=("insects",),
    )
    return Record(conversation, messages, {image.id: PNG, notes.id: b"a note"}, "Garden")


class QtWriter:
    """Writes what QDataStream writes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def number(self, code: str, value: int) -> QtWriter:
        self.data += struct.pack(f">{code}", value)
        return self

    def text(self, *texts: str) -> QtWriter:
        for text in texts:
            raw = text.encode("utf-16-be")
            self.number("I", len(raw)).data += raw
        return self

    def blob(self, data: bytes) -> QtWriter:
        self.number("I", len(data)).data += data
        return self


def gpt4all_chat(version: int = 12) -> bytes:
    """A chat of GPT4All in that version: a question with a file, an answer with its thought."""
    out = QtWriter()
    out.number("I", 0xF5D553CC).number("i", version)
    out.number("q", int(WHEN.timestamp())).text("sample-id", "Bees at night", "", "Tiny Model")
    if version >= 3:
        out.number("I", 1).text("My documents")
    if version < 11:
        if version >= 6:
            out.number("B", 1)
        if version >= 2:
            out.number("i", 1).number("i", 0)
        out.text("", "").number("I", 7)
        if version < 4:
            out.number("I", 0)
        out.number("I", 3)
        if version >= 7:
            out.number("I", 2048)
        if version < 9:
            out.number("Q", 2).data += bytes(8)
        out.number("Q", 3).data += bytes(12)
        out.blob(b"state")
    out.number("i", 2)
    _gpt4all_item(out, version, "Prompt: ", "Do bees sleep?")
    _gpt4all_item(out, version, "Response: ", "They do." if version < 12 else "")
    return bytes(out.data)


def _gpt4all_item(out: QtWriter, version: int, name: str, value: str) -> None:
    is_answer = name == "Response: "
    if version < 12:
        out.number("i", 0)
    out.text(name, value)
    if version < 10:
        out.text("an old prompt")
    out.text("").number("I", 0)  # four flags
    if version >= 11 and is_answer:
        out.number("B", 0)
    _gpt4all_sources(out, version, count=int(is_answer))
    if version >= 10:
        out.number("q", int(not is_answer))
        if not is_answer:
            out.blob(b"file:///notes/my%20notes.txt").blob(b"Bees rest.")
    if version >= 12:
        out.number("q", 3 if is_answer else 0)
        if is_answer:
            _gpt4all_steps(out)


def _gpt4all_sources(out: QtWriter, version: int, count: int) -> None:
    if version >= 8:
        out.number("q", count)
        if count:
            out.text("My documents", "p", "f.txt", "", "", "", "an excerpt")
            out.number("i", 1).number("i", -1).number("i", -1)
    elif version >= 3:
        out.text("").number("I", 0)


def _gpt4all_steps(out: QtWriter) -> None:
    out.text("Think: ", "Hives are quiet.").number("i", 1200).number("q", 0)
    out.text("ToolCall: ", "run()", "javascript_interpret").number("q", 1)
    out.text("code").number("i", 0).number("I", 10).number("B", 0).text("1 + 1")
    out.text("2").number("i", 0).text("").number("q", 0)
    out.text("Text: ", "They do.").number("q", 0)
