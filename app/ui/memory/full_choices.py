"""What can be done when the context is full, as buttons: beside the composer, and in an answer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.memory import WhenFull
from app.ui.flow import FlowLayout
from app.ui.memory.words import MemoryWords
from app.ui.models_parts import TextButton
from app.ui.theme import Theme

CHOICES = (WhenFull.DROP_OLDEST, WhenFull.DROP_MIDDLE, WhenFull.SUMMARISE)


class FullChoices(QWidget):
    """One button for each way out; in rows that wrap like words."""

    chosen = Signal(str)  # a WhenFull

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._words = MemoryWords(self)
        self.buttons = {choice: TextButton(theme, "") for choice in CHOICES}
        flow = FlowLayout()
        for choice, button in self.buttons.items():
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked, c=choice: self.chosen.emit(c.value))
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(flow)
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        tips = {
            WhenFull.DROP_OLDEST: self.tr("The model forgets the beginning of the conversation"),
            WhenFull.DROP_MIDDLE: self.tr("The first question and the newest messages stay"),
            WhenFull.SUMMARISE: self.tr("The model writes a summary in place of the oldest"),
        }
        for choice, button in self.buttons.items():
            button.setText(self._words.when_full(choice))
            button.setToolTip(tips[choice])
            button.setAccessibleDescription(tips[choice])
