"""The text in PDF and Word documents; wary of files made to take all time and memory."""

from __future__ import annotations

import io
import logging
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from app.core.errors import (
    AppError,
    AttachmentDamaged,
    AttachmentLocked,
    AttachmentTooLong,
    AttachmentTooSlow,
    AttachmentWithoutText,
)

MOST_CHARACTERS = 2_000_000  # some 500,000 tokens: more than any context holds
MOST_SECONDS = 30.0
MOST_PDF_BYTES = 32 << 20  # of one stream in it, unpacked
MOST_XML_BYTES = 64 << 20
DOCUMENT = "word/document.xml"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main "
_STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main "
_ENDS = {"p": "\n", "tab": "\t", "br": "\n", "cr": "\n", "tc": "\t", "tr": "\n"}


class _TooSlow(BaseException):
    """Not an Exception: the reader forgives a page those."""


def pdf_text(name: str, data: bytes, most_seconds: float = MOST_SECONDS) -> str:
    """The text of all pages, with a blank line between two.

    Raises AttachmentLocked, AttachmentDamaged, AttachmentWithoutText, AttachmentTooLong or
    AttachmentTooSlow.
    """
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # its warnings quote the document
    limits: dict[str, Any] = {
        f"{kind}_maximum_output_length": MOST_PDF_BYTES
        for kind in ("zlib", "lzw", "run_length", "array_based_stream")
    }
    deadline = time.monotonic() + most_seconds

    def look_at_the_clock(*_: object) -> None:
        if time.monotonic() > deadline:
            raise _TooSlow

    pages: list[str] = []
    try:
        with pypdf.apply_configuration(**limits):
            for page in _pages(name, data, look_at_the_clock):
                pages.append(page.strip())
                _check_length(name, sum(map(len, pages)))
                look_at_the_clock()
    except _TooSlow:
        raise AttachmentTooSlow(f"{len(pages)} pages in {most_seconds} s", name=name) from None
    except AppError:
        raise
    except Exception as error:  # its parser meets broken files with any exception
        raise AttachmentDamaged(f"{type(error).__name__}: {error}", name=name) from error
    text = "\n\n".join(page for page in pages if page)
    if not text:
        raise AttachmentWithoutText(f"{len(pages)} pages", name=name)
    return text


def _pages(name: str, data: bytes, tick: Callable[..., None]) -> Iterator[str]:
    import pypdf

    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise AttachmentLocked(name=name)
    for page in reader.pages:
        yield page.extract_text(visitor_operand_before=tick)


def is_docx(data: bytes) -> bool:
    """Whether a zip archive is a Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return DOCUMENT in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def docx_text(name: str, data: bytes) -> str:
    """The text of the document's body, a line a paragraph, cells of tables parted by tabs.

    Raises AttachmentDamaged, AttachmentWithoutText or AttachmentTooLong.
    """
    body = _Body(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(DOCUMENT) as file:
            # the size that the archive tells may be a lie, so what comes out is counted
            left = MOST_XML_BYTES
            while chunk := file.read(1 << 16):
                left -= len(chunk)
                if left < 0:
                    raise AttachmentTooLong(
                        f"more than {MOST_XML_BYTES} bytes of XML",
                        name=name,
                        most=f"{MOST_CHARACTERS:,}",
                    )
                body.feed(chunk)
            body.feed(b"", is_last=True)
    except (
        expat.ExpatError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,  # what a password or unknown packing gives
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise AttachmentDamaged(f"{type(error).__name__}: {error}", name=name) from error
    if not body.text:
        raise AttachmentWithoutText(name=name)
    return body.text


class _Body:
    """Gathers the text of WordprocessingML while it is parsed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: list[str] = []
        self._length = 0
        self._is_text = False
        self._cells = 0  # how deep in table cells
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse  # entities that multiply, files of others

    @property
    def text(self) -> str:
        """All that was found."""
        return "".join(self._parts).strip()

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        """The next bytes of the XML."""
        self._parser.Parse(chunk, is_last)

    def _start(self, name: str, _attributes: object) -> None:
        word = _short(name)
        self._is_text = word == "t"
        self._cells += word == "tc"

    def _end(self, name: str) -> None:
        word = _short(name)
        self._is_text = False
        self._cells -= word == "tc"
        if word == "p" and self._cells:
            self._add(" ")  # a row of a table stays one line
        elif word in _ENDS:
            self._add(_ENDS[word])

    def _characters(self, text: str) -> None:
        if self._is_text:
            self._add(text)

    def _add(self, text: str) -> None:
        self._length += len(text)
        _check_length(self._name, self._length)
        self._parts.append(text)

    def _refuse(self, *_: object) -> None:
        raise ValueError("it declares entities")


def _short(name: str) -> str:
    for space in (_WORD, _STRICT_WORD):
        if name.startswith(space):
            return name[len(space) :]
    return ""


def _check_length(name: str, length: int) -> None:
    if length > MOST_CHARACTERS:
        raise AttachmentTooLong(name=name, most=f"{MOST_CHARACTERS:,}")
