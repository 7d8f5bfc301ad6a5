"""Parts of the dialogs for exporting and importing: what is under way, and words for counts."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.ui.counts import Counts
from app.ui.models_parts import TextButton, label
from app.ui.theme import GAP, Theme
from app.ui.words import number_text


def counted(count: int) -> str:
    """So many conversations, in words."""
    if count == 1:
        return QCoreApplication.translate("Exchange", "1 conversation")
    return Counts().conversations(count)


class Underway(QFrame):
    """How far a job is, and a button to call it off."""

    cancel_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("note")
        self.words = label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.cancel = TextButton(theme, self.tr("Cancel"))
        self.cancel.clicked.connect(self.cancel_requested)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        items = QVBoxLayout(self)
        items.setContentsMargins(12, 10, 12, 12)
        items.setSpacing(GAP)
        items.addLayout(row)
        items.addWidget(self.bar)
        self.hide()

    def begin(self, words: str) -> None:
        """Appear; how long it takes is not known yet."""
        self._show(words, 0, 0)
        self.cancel.setEnabled(True)
        self.show()

    def progress(self, words: str, done: int, total: int) -> None:
        """So many of so many; a total of 0 is not known."""
        if total:
            numbers = self.tr("{done} of {total}").replace("{done}", number_text(done))
            words = f"{words} {numbers.replace('{total}', number_text(total))}"
        self._show(words, done, total)

    def end(self) -> None:
        """It is over."""
        self.hide()

    def _show(self, words: str, done: int, total: int) -> None:
        self.words.setText(words)
        self.bar.setAccessibleName(words)
        self.bar.setRange(0, total)
        self.bar.setValue(min(done, total))
