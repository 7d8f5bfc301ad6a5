"""The versions of a prompt: looked at one by one, and brought back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.core.prompts import Prompt
from app.ui.models_parts import TextButton, label
from app.ui.prompts.detail import PromptView, changed_words
from app.ui.theme import GAP, HEADING, Theme
from app.ui.words import number_text

MOST_ROWS = 5  # on show at once


class PromptVersions(QWidget):
    """Newest first; the newest is the one in use."""

    restore_requested = Signal(int)  # the version's number
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._versions: list[Prompt] = []
        self.heading = label(size=HEADING, weight=QFont.Weight.DemiBold)
        self.list = QListWidget()
        self.list.setObjectName("versionList")
        self.list.setAccessibleName(self.tr("Versions"))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show_row)
        self.view = PromptView(theme)
        self.back = TextButton(theme, self.tr("Back"), "arrow-left")
        self.back.clicked.connect(self.closed)
        self.restore = TextButton(theme, self.tr("Restore this version"), "undo-2", is_primary=True)
        self.restore.clicked.connect(self._restore)
        for button in (self.back, self.restore):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self.restore)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.heading)
        layout.addWidget(self.list)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)

    def show_versions(self, versions: Sequence[Prompt]) -> None:
        """All of one prompt, the newest first."""
        self._versions = sorted(versions, key=lambda prompt: -prompt.version)
        if not self._versions:
            return
        title = self._versions[0].title
        self.heading.setText(self.tr("Versions of “{title}”").replace("{title}", title))
        self.list.blockSignals(True)
        self.list.clear()
        height = self.list.fontMetrics().lineSpacing() + 10
        for place, prompt in enumerate(self._versions):
            item = QListWidgetItem(self._words(prompt, is_newest=place == 0))
            item.setSizeHint(QSize(0, height))
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setFixedHeight(height * min(MOST_ROWS, len(self._versions)) + 8)
        self.list.setCurrentRow(0)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _words(self, prompt: Prompt, *, is_newest: bool) -> str:
        words = self.tr("Version {number}").replace("{number}", number_text(prompt.version))
        parts = [words, changed_words(prompt), self.tr("in use") if is_newest else ""]
        return " · ".join(part for part in parts if part)

    def _show_row(self, row: int) -> None:
        if 0 <= row < len(self._versions):
            self.view.show_prompt(self._versions[row])
        self.restore.setEnabled(row > 0)

    def _restore(self) -> None:
        row = self.list.currentRow()
        if row > 0:
            self.restore_requested.emit(self._versions[row].version)
