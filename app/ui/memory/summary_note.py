"""Where a summary stands for messages: how many, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.ui.elided_label import ElidedLabel
from app.ui.theme import GAP, SMALL, text_font


class SummaryNote(QWidget):
    """Words and links, above the first message that the model reads itself."""

    show_wanted = Signal()
    edit_wanted = Signal()
    undo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        frame = QFrame()
        frame.setObjectName("note")
        self.words = ElidedLabel()
        self.words.setFont(text_font(SMALL))
        self.words.setProperty("role", "muted")
        self.show_button, self.edit_button, self.undo_button = (QToolButton() for _ in range(3))
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 4, GAP, 4)
        row.addWidget(self.words)
        for button, signal in (
            (self.show_button, self.show_wanted),
            (self.edit_button, self.edit_wanted),
            (self.undo_button, self.undo_wanted),
        ):
            button.setProperty("role", "link")
            button.setFont(text_font(SMALL))
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GAP * 2)
        layout.addWidget(frame)
        self._say()

    def say(self, words: str) -> None:
        """How many messages it stands for."""
        self.words.setText(words)
        self.setAccessibleName(words)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        for button, text, name in (
            (self.show_button, self.tr("Show"), self.tr("Show the summary")),
            (self.edit_button, self.tr("Edit"), self.tr("Edit the summary")),
            (self.undo_button, self.tr("Undo"), self.tr("Undo the summary")),
        ):
            button.setText(text)
            button.setAccessibleName(name)
