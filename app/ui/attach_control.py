"""Joins a composer to what it needs of services: files to attach, and a count of tokens."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject
from PySide6.QtGui import QImage, QImageReader

from app.core.entities import Attachment, AttachmentId
from app.core.errors import AttachmentDamaged, Problem
from app.core.pictures import MOST_PIXELS, check_picture
from app.services import attaching
from app.services.app import AppServices
from app.services.ports import Lane
from app.ui.composer import Composer
from app.ui.composer_chips import thumbnail


class AttachControl(QObject):
    """Reads files on a thread, keeps them in the database, then shows them in the composer.

    `place` says whose draft the composer shows: the conversation's id, empty for a new one.
    """

    def __init__(
        self,
        composer: Composer,
        services: AppServices,
        place: Callable[[], str],
        show_problem: Callable[[Problem], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._composer = composer
        self._services = services
        self._place = place
        self._show_problem = show_problem
        self._reading: list[tuple[str, str]] = []  # place and name
        self._times_shown = 0  # another draft
        self._is_closed = False
        composer.attach_requested.connect(self.attach)
        composer.image_requested.connect(
            lambda data, name: self._read(name, lambda: attaching.read_data(name, data))
        )
        composer.text_requested.connect(
            lambda text, name: self._read(name, lambda: attaching.from_text(name, text))
        )
        composer.detach_requested.connect(self._detach)
        composer.thumbnail_wanted.connect(self._find_thumbnail)
        composer.count_wanted.connect(self._count)

    def close(self) -> None:
        """The window goes: what is still being read is put to the draft that it was given for."""
        self._is_closed = True

    def attach(self, files: list[Path]) -> None:
        """Read `files` and put each beside the message that is being written."""
        for path in files:
            self._read(path.name, functools.partial(attaching.read, path), is_told=False)
        self._show_reading()

    def show_place(self) -> None:
        """The composer shows another draft: what is being read for that one."""
        self._times_shown += 1
        self._show_reading()

    def _show_reading(self) -> None:
        if self._is_closed:
            return
        here = self._place()
        self._composer.show_reading([name for place, name in self._reading if place == here])

    def _read(
        self, name: str, work: Callable[[], attaching.ReadFile], *, is_told: bool = True
    ) -> None:
        entry, times_shown = (self._place(), name), self._times_shown
        self._reading.append(entry)
        if is_told:
            self._show_reading()

        def over() -> None:
            self._reading.remove(entry)
            self._show_reading()

        def stored(attachment: Attachment) -> None:
            over()
            # a new conversation gets its id with the first message, and is still on show
            is_here = times_shown == self._times_shown or entry[0] == self._place()
            self._add(attachment, entry[0], is_here=is_here)

        def failed(problem: Problem) -> None:
            over()
            self._show_problem(problem)

        def store(file: attaching.ReadFile) -> None:
            is_open = self._services.conversations.run(
                lambda s: s.attachments.add(file.name, file.media_type, file.data, file.text),
                stored,
                failed,
            )
            if not is_open:
                over()

        self._services.scheduler.run(Lane.BULK, lambda: _for_models(work()), store, failed)

    def _add(self, attachment: Attachment, place: str, *, is_here: bool) -> None:
        composer = self._composer
        if is_here and not self._is_closed:
            composer.show_attachments((*composer.attachments(), attachment))
        else:  # another conversation is on show by now
            self._services.conversations.add_to_draft(place, attachment)

    def _detach(self, attachment_id: str) -> None:
        kept = [a for a in self._composer.attachments() if a.id != attachment_id]
        self._composer.show_attachments(kept)

    def _find_thumbnail(self, attachment_id: str) -> None:
        def show(image: QImage) -> None:
            if not self._is_closed:
                self._composer.show_thumbnail(attachment_id, image)

        self._services.conversations.run(
            lambda s: thumbnail(s.attachments.data(AttachmentId(attachment_id))),
            show,
        )

    def _count(self, text: str) -> None:
        model = self._services.engine.model
        if model is None:
            return

        def show(tokens: int) -> None:
            if tokens >= 0 and not self._is_closed:
                self._composer.show_tokens(tokens, model.context)

        self._services.engine.count(text, show)


def _for_models(file: attaching.ReadFile) -> attaching.ReadFile:
    """The picture in a form that llama.cpp reads: it knows no WebP.

    Raises AttachmentDamaged, and ImageBroken or ImageTooLarge for what no model could look at: once
    sent, it would make every answer to its conversation fail.
    """
    if file.media_type != "image/webp":
        if file.media_type.startswith("image/"):
            check_picture(file.data)
        return file
    source = QBuffer()
    source.setData(QByteArray(file.data))
    source.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(source)
    size = reader.size()  # of the header: a small file must not ask for gigabytes
    if not 0 < size.width() * size.height() <= MOST_PIXELS:
        raise AttachmentDamaged(f"{size.width()} x {size.height()} pixels", name=file.name)
    image = reader.read()
    target = QBuffer()
    target.open(QIODevice.OpenModeFlag.WriteOnly)
    if image.isNull() or not image.save(target, "PNG"):  # type: ignore[call-overload]
        raise AttachmentDamaged(reader.errorString(), name=file.name)
    data = bytes(target.data().data())
    check_picture(data)
    return replace(file, media_type="image/png", data=data)
