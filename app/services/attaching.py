"""Reads files that are to go with a message: pictures as they are, everything else as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.errors import (
    AttachmentDamaged,
    AttachmentError,
    AttachmentKindUnknown,
    AttachmentTooBig,
    AttachmentTooLong,
)
from app.core.sizes import size_words
from app.services import attaching_documents as documents
from app.services.attaching_text import decoded

MOST_BYTES = 20 << 20
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TEXT_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".html": "text/html",
    ".htm": "text/html",
    ".json": "application/json",
    ".xml": "application/xml",
    ".svg": "text/plain",  # its text: nothing here draws one from a stranger
}


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What is stored of an attached file. `text` is empty for a picture."""

    name: str
    media_type: str
    data: bytes
    text: str = ""


def read(path: Path) -> ReadFile:
    """The file at `path`; may take seconds, so not on the main thread.

    Raises AttachmentError: gone or forbidden, too big, of no known kind, damaged, locked.
    """
    name = path.name
    try:
        if not path.is_file():  # also no pipe or device, which might never end
            raise AttachmentError(f"no file: {path}", name=name)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise _too_big(name, path.stat().st_size)
    except (OSError, ValueError) as error:
        raise AttachmentError(str(error), name=name) from error
    return read_data(name, data)


def read_data(name: str, data: bytes) -> ReadFile:
    """The same for bytes that are here already, such as a pasted picture (raises as `read`)."""
    if len(data) > MOST_BYTES:
        raise _too_big(name, len(data))
    if picture := picture_type(data):
        return ReadFile(name, picture, data)
    ending = Path(name).suffix.lower()
    if data[:1024].find(b"%PDF-") >= 0:
        return ReadFile(name, PDF, data, documents.pdf_text(name, data))
    if data.startswith(b"PK\x03\x04") and documents.is_docx(data):
        return ReadFile(name, DOCX, data, documents.docx_text(name, data))
    if ending in (".pdf", ".docx"):
        raise AttachmentDamaged(f"begins with {data[:8]!r}", name=name)
    text = decoded(data)
    if text is None:
        raise AttachmentKindUnknown(f"begins with {data[:8]!r}", name=name)
    return ReadFile(name, _TEXT_TYPES.get(ending, "text/plain"), data, _short_enough(name, text))


def from_text(name: str, text: str) -> ReadFile:
    """A long pasted text as a file. Raises AttachmentTooBig."""
    data = text.encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        raise _too_big(name, len(data))
    return ReadFile(name, "text/plain", data, _short_enough(name, text))


def picture_type(data: bytes) -> str:
    """The media type of a picture by its first bytes; empty if it is none that is taken."""
    for beginning, found in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
    ):
        if data.startswith(beginning):
            return found
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    # two letters may begin a text too: the size of a bitmap's header follows at byte 14
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in (12, 40, 108, 124):
        return "image/bmp"
    return ""


def _short_enough(name: str, text: str) -> str:
    if len(text) > documents.MOST_CHARACTERS:
        raise AttachmentTooLong(name=name, most=f"{documents.MOST_CHARACTERS:,}")
    return text


def _too_big(name: str, size_bytes: int) -> AttachmentTooBig:
    return AttachmentTooBig(name=name, have=size_words(size_bytes), most=size_words(MOST_BYTES))
