"""The picture of an assistant: shown as a disc, chosen, dropped on it, or taken away."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.prompts import Assistant
from app.ui.assistants.pictures import portrait_icon
from app.ui.models_parts import TextButton, label
from app.ui.sizes import size_icon
from app.ui.theme import GAP, SMALL, Theme

SIDE = 72  # pixels
KINDS = "*.png *.jpg *.jpeg *.gif *.bmp"


class PictureField(QWidget):
    """Says which file was chosen; whoever reads it calls `show_picture` with what came of it."""

    file_chosen = Signal(object)  # Path
    removed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._is_fixed = False
        self.disc = QToolButton()
        size_icon(self.disc, SIDE)
        self.disc.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.choose = TextButton(theme, self.tr("Choose a picture…"), "image")
        self.remove = TextButton(theme, self.tr("Remove the picture"))
        self.note = label(role="bad", size=SMALL)
        self.note.hide()
        self.disc.clicked.connect(self._ask)
        self.choose.clicked.connect(self._ask)
        self.remove.clicked.connect(self._remove)
        for button in (self.choose, self.remove):
            button.setAutoDefault(False)
        buttons = QVBoxLayout()
        buttons.setSpacing(GAP // 2)
        buttons.addStretch(1)
        for widget in (self.choose, self.remove):
            buttons.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
        buttons.addWidget(self.note)
        buttons.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self.disc, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(buttons, 1)
        words = self.tr("Picture")
        self.disc.setAccessibleName(words)
        self.disc.setToolTip(self.tr("Choose a picture, or drop one here"))

    def show_picture(self, assistant: Assistant, *, is_fixed: bool) -> None:
        """What it looks like now; `is_fixed`: it cannot be changed."""
        self._is_fixed = is_fixed
        self.say("")
        side = self.disc.iconSize().width()
        self.disc.setIcon(portrait_icon(assistant, side, self.devicePixelRatioF()))
        self.disc.setEnabled(True)
        for button in (self.choose, self.remove):
            button.setVisible(not is_fixed)
        self.remove.setVisible(bool(assistant.picture) and not is_fixed)

    def say(self, words: str) -> None:
        """What is wrong with the file that was chosen; empty takes it away."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self._is_fixed and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files and not self._is_fixed:
            event.acceptProposedAction()
            self.file_chosen.emit(files[0])

    def _remove(self) -> None:
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)  # this one goes
        self.removed.emit()

    def _ask(self) -> None:
        if self._is_fixed:
            return
        kinds = self.tr("Pictures ({kinds})").replace("{kinds}", KINDS)
        dialog = QFileDialog(self, self.tr("Choose a picture"), "", kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.file_chosen.emit(Path(name)))
        dialog.open()
