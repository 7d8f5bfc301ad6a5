"""Asks whether model files shall be copied into the models folder or be used where they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget


class ImportQuestion(QMessageBox):
    """Open it with `open`; one of the two signals follows, or none where it is cancelled."""

    copy_chosen = Signal(object)  # list[Path]
    use_chosen = Signal(object)  # list[Path]

    def __init__(self, files: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files = list(files)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIcon(QMessageBox.Icon.Question)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWindowTitle(self.tr("Import models"))
        names = ", ".join(path.name for path in files[:3]) + (", …" if len(files) > 3 else "")
        self.setText(self.tr("Copy {names} into the models folder?").replace("{names}", names))
        self.setInformativeText(
            self.tr("A file that is used where it is takes no room twice, and must stay there.")
        )
        self.copy_button = self.addButton(self.tr("Copy"), QMessageBox.ButtonRole.AcceptRole)
        self.use_button = self.addButton(
            self.tr("Use where it is"), QMessageBox.ButtonRole.ActionRole
        )
        self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(self.copy_button)
        self.buttonClicked.connect(self._chosen)

    def _chosen(self, button: QAbstractButton) -> None:
        if button is self.copy_button:
            self.copy_chosen.emit(self._files)
        elif button is self.use_button:
            self.use_chosen.emit(self._files)
