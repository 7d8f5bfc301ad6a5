"""The pictures and files of a message, above its text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.entities import Attachment, AttachmentId
from app.ui.elided_label import ElidedLabel
from app.ui.image_block import ImageBlock
from app.ui.theme import GAP, Theme
from app.ui.words import size_text


class MessageAttachments(QWidget):
    """Shows pictures as soon as their bytes come, other files by name and size."""

    picture_wanted = Signal(str)

    def __init__(
        self, attachments: Sequence[Attachment], theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pictures: dict[AttachmentId, ImageBlock] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GAP)
        layout.setSpacing(GAP // 2)
        for attachment in attachments:
            if attachment.is_image:
                picture = ImageBlock(theme)
                picture.describe(attachment.name)
                self._pictures[attachment.id] = picture
                layout.addWidget(picture)
            else:
                layout.addWidget(_file_line(attachment, theme))

    def ask_for_pictures(self) -> None:
        """Say which bytes are wanted; they come through `show_picture`."""
        for attachment_id in self._pictures:
            self.picture_wanted.emit(attachment_id)

    def show_picture(self, attachment_id: AttachmentId, data: bytes) -> None:
        """The bytes of one of them."""
        if (picture := self._pictures.get(attachment_id)) is not None:
            picture.show_bytes(data)


def _file_line(attachment: Attachment, theme: Theme) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    icon = QLabel()
    icon.setPixmap(theme.icon("file-text", theme.colours.muted).pixmap(16, 16))
    name = ElidedLabel(attachment.name)
    size = QLabel(size_text(attachment.size_bytes))
    size.setProperty("role", "muted")
    row.addWidget(icon)
    row.addWidget(name)
    row.addWidget(size)
    row.addStretch(1)
    line.setAccessibleName(f"{attachment.name}, {size_text(attachment.size_bytes)}")
    return line
