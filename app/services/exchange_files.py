"""Conversations into files of each format: one, a folder of them, or an archive."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from app.core.entities import ConversationId
from app.core.errors import ExportDiskFull, ExportFailed
from app.exchange.archive import PART, ArchiveWriter
from app.exchange.as_html import PrintPage, to_html, to_print
from app.exchange.as_json import to_json
from app.exchange.as_markdown import to_markdown
from app.exchange.naming import Names, safe_name
from app.exchange.records import Record, Words

__all__ = [  # some of it the window must not import from where it is
    "ExportOrder",
    "Format",
    "PdfMaker",
    "PrintPage",
    "Record",
    "Words",
    "make_writer",
    "suggested_name",
    "to_print",
]


class Format(StrEnum):
    """What a conversation can become."""

    MARKDOWN = "markdown"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"
    ARCHIVE = "archive"

    @property
    def ending(self) -> str:
        """How the names of its files end."""
        return {"markdown": ".md", "archive": ".zip"}.get(self.value, f".{self.value}")

    @property
    def is_whole(self) -> bool:
        """Whether it holds every branch, so that it can come back as it was."""
        return self in (Format.JSON, Format.ARCHIVE)


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What to write where. `target` is a file; for several, where the format is no archive, a
    folder, which is made. `language` is a code such as en or zh-CN, for the page's readers."""

    ids: tuple[ConversationId, ...]
    format: Format
    target: Path
    has_reasoning: bool = True
    words: Words = field(default_factory=Words)
    language: str = "en"

    @property
    def is_folder(self) -> bool:
        """Whether several files are written."""
        return len(self.ids) != 1 and self.format is not Format.ARCHIVE


# writes the file; asks now and then whether it was called off; may raise OSError and Cancelled
PdfMaker = Callable[[PrintPage, Path, Words, Callable[[], bool]], None]


class Writer(Protocol):
    """Takes conversations; `finish` or `cancel` must follow. Everything may raise ExportFailed."""

    def add(self, record: Record) -> None: ...

    def finish(self) -> None: ...

    def cancel(self) -> None: ...


def suggested_name(title: str, file_format: Format) -> str:
    """A file's name for a conversation of that title."""
    return f"{safe_name(title)}{file_format.ending}"


def make_writer(
    order: ExportOrder,
    make_pdf: PdfMaker | None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Writer:
    """What writes this order; its `add` may raise Cancelled. Raises ExportFailed."""
    if order.format is Format.ARCHIVE:
        with _explained(order.target):
            return _Archive(order.target)
    return _Files(order, make_pdf, is_cancelled)


class _Archive:
    def __init__(self, target: Path) -> None:
        self._target = target
        self._writer = ArchiveWriter(target)

    def add(self, record: Record) -> None:
        with _explained(self._target):
            self._writer.add(record)

    def finish(self) -> None:
        with _explained(self._target):
            self._writer.finish()

    def cancel(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._writer.cancel()


class _Files:
    """A file per conversation, each whole or not there; `cancel` takes them back."""

    def __init__(
        self, order: ExportOrder, make_pdf: PdfMaker | None, is_cancelled: Callable[[], bool]
    ) -> None:
        self._order, self._make_pdf = order, make_pdf
        self._is_cancelled = is_cancelled
        self._written: list[Path] = []
        self._made_folder = False
        taken: list[str] = []
        if order.is_folder:
            with _explained(order.target):
                self._made_folder = not order.target.exists()
                order.target.mkdir(parents=True, exist_ok=True)
                taken = [path.name for path in order.target.iterdir()]
        self._names = Names(taken)

    def add(self, record: Record) -> None:
        target = self._order.target
        if self._order.is_folder:
            title = record.conversation.title
            ending = self._order.format.ending
            target = target / self._names.take(title, ending, self._order.words.untitled)
        part = target.with_name(target.name + PART)
        with _explained(target):
            try:
                self._write(record, part)
                part.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
                raise
        if self._order.is_folder:  # a single file may have replaced one: it stays
            self._written.append(target)

    def finish(self) -> None:
        """Nothing is left to do."""

    def cancel(self) -> None:
        with contextlib.suppress(OSError):
            for path in self._written:
                path.unlink(missing_ok=True)
            if self._made_folder:
                self._order.target.rmdir()

    def _write(self, record: Record, path: Path) -> None:
        order = self._order
        if order.format is Format.PDF:
            if self._make_pdf is None:
                raise OSError(errno.ENOTSUP, "no PDF without a window", str(path))
            page = to_print(record, order.words, has_reasoning=order.has_reasoning)
            self._make_pdf(page, path, order.words, self._is_cancelled)
            return
        if order.format is Format.JSON:
            text = to_json(record)
        elif order.format is Format.HTML:
            text = to_html(
                record, order.words, has_reasoning=order.has_reasoning, language=order.language
            )
        else:
            text = to_markdown(record, order.words, has_reasoning=order.has_reasoning)
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def _explained(target: Path):  # type: ignore[no-untyped-def]
    """What the disk says, in the app's words."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ExportDiskFull(str(error), path=target) from error
        raise ExportFailed(str(error), path=target) from error
