"""The field for a file: chosen or dropped, read on a thread; its text is the value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout

from app.core.errors import AttachmentTooLong, Problem
from app.core.prompts import Variable
from app.services import attaching
from app.services.ports import Lane, Scheduler
from app.ui.composer_text import files_in
from app.ui.models_parts import IconButton, TextButton, breakable, label, set_role
from app.ui.prompts.alive import while_there
from app.ui.prompts.fields import FormField
from app.ui.prompts.long_text import MOST_CHARACTERS
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, number_text, summary_of


def read_text(path: Path) -> tuple[str, str]:
    """Name and text of a file; may take seconds. Raises AttachmentError."""
    file = attaching.read(path)
    if len(file.text) > MOST_CHARACTERS:
        raise AttachmentTooLong(name=file.name, most=f"{MOST_CHARACTERS:,}")
    return file.name, file.text


class FileField(FormField):
    """Says which file it is and what of it can be used; a picture has no text."""

    def __init__(self, theme: Theme, variable: Variable, scheduler: Scheduler) -> None:
        super().__init__(variable)
        self._scheduler = scheduler
        self._text = self.name = ""
        self.is_reading = False
        self._reads = 0  # only the last one counts
        self._wrong = ""
        self.choose = TextButton(theme, self.tr("Choose a file…"), "file-text")
        self.choose.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.words = label(self.tr("or drop one here"), role="muted", size=SMALL)
        self.remove = IconButton(theme, "x", self.tr("Take the file away"))
        self.remove.clicked.connect(self._remove)
        self.remove.hide()
        self.box = FileBox()
        self.box.setObjectName("note")
        row = QHBoxLayout(self.box)
        row.setContentsMargins(10, 8, GAP, 8)
        row.setSpacing(GAP)
        row.addWidget(self.choose)
        row.addWidget(self.words, 1)
        row.addWidget(self.remove)
        self._fill(self.box)
        self.editor = self.choose
        self.setFocusProxy(self.choose)
        self.choose.setAccessibleName(f"{self.box.accessibleName()}: {self.choose.text()}")
        self.box.take = self.read

    def value(self) -> str:
        return self._text

    def set_value(self, text: str) -> None:
        """A text that is not from a file, such as a default."""
        self._text = text

    def problem(self) -> str:
        if self.is_reading:
            return self.tr("The file is still being read.")
        return self._wrong or super().problem()

    def read(self, path: Path) -> None:
        """Read this file; the window goes on meanwhile."""
        self._reads += 1
        number = self._reads
        self.is_reading, self._wrong, self._text = True, "", ""
        self._show(path.name, self.tr("Reading {name}…").replace("{name}", path.name))

        def done(found: tuple[str, str]) -> None:
            if number == self._reads:
                self._done(*found)

        def failed(problem: Problem) -> None:
            if number == self._reads:
                self._failed(f"{summary_of(problem)} {action_of(problem)}")

        self._scheduler.run(
            Lane.BULK,
            functools.partial(read_text, path),
            while_there(self, done),
            while_there(self, failed),
        )

    def _done(self, name: str, text: str) -> None:
        self.is_reading = False
        if not text.strip():
            words = self.tr("{name} has no text: a picture, or an empty file.")
            self._failed(words.replace("{name}", name))
            return
        self._text = text
        words = self.tr("{name}, {count} characters").replace("{count}", number_text(len(text)))
        self._show(name, words.replace("{name}", name))
        self.show_wrong("")
        self._typed()

    def _failed(self, words: str) -> None:
        self.is_reading, self._wrong, self._text = False, words, ""
        self._show("", self.tr("or drop one here"))
        self.show_wrong(words)
        self.is_touched = True
        self.changed.emit()

    def _show(self, name: str, words: str) -> None:
        self.name = name
        self.words.setText(breakable(words))
        set_role(self.words, "" if name else "muted")
        self.remove.setVisible(bool(name))

    def _remove(self) -> None:
        self._reads += 1
        self.is_reading, self._wrong, self._text = False, "", ""
        self._show("", self.tr("or drop one here"))
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)
        self._typed()

    def _ask(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Choose a file"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.read(Path(name)))
        dialog.open()


class FileBox(QFrame):
    """Takes a file that is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.take: Callable[[Path], None] = lambda _path: None
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if files_in(event.mimeData()):
            event.acceptProposedAction()
            self._mark("dropHint")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark("note")

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark("note")
        if files := files_in(event.mimeData()):
            event.acceptProposedAction()
            self.take(files[0])

    def _mark(self, name: str) -> None:
        self.setObjectName(name)
        self.style().unpolish(self)
        self.style().polish(self)
