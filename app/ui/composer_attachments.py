"""What goes with the message being written: asks for files to be read, shows what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.core.entities import Attachment
from app.ui.composer_chips import Chips
from app.ui.composer_notes import LongPaste
from app.ui.composer_text import files_in, has_attachable, picture_in
from app.ui.theme import Theme


class AttachmentArea(QWidget):
    """The chips, and the note about a long text that became one; no room while there is neither."""

    attach_requested = Signal(list)  # list[Path]
    image_requested = Signal(bytes, str)  # PNG, a name for it
    text_requested = Signal(str, str)  # a long pasted text, a name for its file
    detach_requested = Signal(str)  # the attachment's id
    thumbnail_wanted = Signal(str)
    insert_wanted = Signal(str)  # a long text is wanted in the message after all
    changed = Signal()
    emptied = Signal()  # the chip with the keyboard is gone, and there is no other

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.long_paste = LongPaste(theme)
        self.chips = Chips(theme)
        self._unwanted = ""  # name of a file that was wanted as text before it was there
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(self.long_paste)
        layout.addWidget(self.chips)
        self.long_paste.insert_wanted.connect(self._insert_instead)
        self.chips.removed.connect(self.detach_requested)
        self.chips.thumbnail_wanted.connect(self.thumbnail_wanted)
        self.chips.emptied.connect(self.emptied)
        self._show_or_hide()

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is attached, in order."""
        return self.chips.attachments

    @property
    def is_reading(self) -> bool:
        """Whether a file is still being read."""
        return bool(self.chips.reading)

    def show_attachments(self, attachments: Sequence[Attachment]) -> None:
        """What is attached now; what is being read stays."""
        is_other = tuple(attachments) != self.attachments
        names = {attachment.name: str(attachment.id) for attachment in attachments}
        was_there = self.long_paste.name in {a.name for a in self.attachments}
        if was_there and self.long_paste.name not in names:
            self.long_paste.forget()
        self.chips.show_all(attachments, self.chips.reading)
        self._show_or_hide()
        if self._unwanted in names:
            unwanted, self._unwanted = self._unwanted, ""
            self.detach_requested.emit(names[unwanted])
        if is_other:
            self.changed.emit()

    def show_reading(self, names: Sequence[str]) -> None:
        """The files that are being read."""
        self.chips.show_all(self.attachments, names)
        self._show_or_hide()

    def show_anew(self, attachments: Sequence[Attachment]) -> None:
        """Those of another message."""
        self._unwanted = ""
        self.long_paste.forget()
        self.chips.show_all(attachments, ())
        self._show_or_hide()

    def forget(self, sent: Sequence[Attachment]) -> None:
        """These were sent; what was attached since stays."""
        self.long_paste.forget()
        ids = {attachment.id for attachment in sent}
        self.show_attachments([a for a in self.attachments if a.id not in ids])

    # what is given to attach

    def add_files(self, files: Sequence[Path]) -> None:
        """Ask for these to be read."""
        if files:
            self.attach_requested.emit(list(files))

    def add_picture(self, png: bytes) -> None:
        """Ask for a picture that has no name yet to be attached."""
        if png:
            base, number, taken = self.tr("Picture"), 1, self._names()
            while f"{base} {number}.png" in taken:
                number += 1
            self.image_requested.emit(png, f"{base} {number}.png")

    def add_text(self, text: str) -> None:
        """Ask for a long text to become a file."""
        name = self.long_paste.offer(text, self._names())
        self._show_or_hide()
        self.text_requested.emit(text, name)

    def take(self, source: QMimeData) -> bool:
        """Attach the files or the picture in it; False if there are none."""
        if not has_attachable(source):
            return False
        if files := files_in(source):
            self.add_files(files)
        else:
            self.add_picture(picture_in(source))
        return True

    def ask_for_files(self) -> None:
        """The platform's file dialog, without blocking the window."""
        dialog = QFileDialog(self.window(), self.tr("Attach files"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.add_files([Path(n) for n in names]))
        dialog.open()

    def _names(self) -> set[str]:
        return {attachment.name for attachment in self.attachments} | set(self.chips.reading)

    def _insert_instead(self, name: str, text: str) -> None:
        self._show_or_hide()
        found = next((str(a.id) for a in self.attachments if a.name == name), "")
        self._unwanted = "" if found else name
        self.insert_wanted.emit(text)
        if found:
            self.detach_requested.emit(found)

    def _show_or_hide(self) -> None:
        self.setVisible(not (self.chips.isHidden() and self.long_paste.isHidden()))
