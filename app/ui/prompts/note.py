"""The note over a message that came from a prompt: what goes with it, and how to leave that out."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.core.prompts import Rendered
from app.ui.elided_label import ElidedLabel
from app.ui.models_parts import IconButton
from app.ui.prompts.words import short
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.tips import tip

MOST_TIP = 600  # characters of instructions in the tooltip


@dataclass(frozen=True, slots=True)
class Going:
    """What goes with one message that is being written: instructions, and examples before it."""

    title: str
    system: str = ""
    lead: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but the question."""
        return not (self.system or self.lead)


def going_with(title: str, rendered: Rendered) -> Going:
    """What of a filled prompt is not the question."""
    return Going(title, rendered.system, rendered.lead)


class PromptNote(QFrame):
    """One line with a cross; no room while nothing goes with the message."""

    removed = Signal()  # by the person

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.going: Going | None = None
        self._is_aside = False
        self._picture = QLabel()
        self.words = ElidedLabel()
        self.words.setProperty("role", "muted")
        self.words.setFont(text_font(SMALL))
        self.button = IconButton(theme, "x", "")
        self.button.clicked.connect(self._remove)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._picture)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def show_going(self, going: Going | None) -> None:
        """What goes with the message on show; None where nothing does."""
        self.going = None if going is None or going.is_empty else going
        self._say()

    def set_aside(self, is_aside: bool) -> None:
        """An earlier message is edited meanwhile: what goes with the draft stays with it."""
        self._is_aside = is_aside
        self._say()

    def for_sending(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Instructions and examples for the message that is sent now."""
        going = self.going
        return (going.system, going.lead) if going is not None else ("", ())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        going = self.going
        self.button.rename("x", self.tr("Send without these"))
        if going is not None:
            examples = (len(going.lead) + 1) // 2
            words = f"{self._with(going, examples)}".replace("{title}", short(going.title))
            self.words.setText(words)
            self.setAccessibleName(words)
            self.setToolTip(tip(_cut(going.system)))
        self.setVisible(going is not None and not self._is_aside)

    def _with(self, going: Going, examples: int) -> str:
        if going.system and examples == 1:
            return self.tr("Prompt: {title}, with instructions and an example")
        if going.system and examples:
            return self.tr("Prompt: {title}, with instructions and %n examples", "", examples)
        if going.system:
            return self.tr("Prompt: {title}, with instructions")
        if examples == 1:
            return self.tr("Prompt: {title}, with an example")
        return self.tr("Prompt: {title}, with %n examples", "", examples)

    def _remove(self) -> None:
        self.show_going(None)
        self.removed.emit()

    def _restyle(self) -> None:
        icon = self._theme.icon("scroll-text", self._theme.colours.muted)
        self._picture.setPixmap(icon.pixmap(16, 16))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TIP else f"{text[:MOST_TIP]}…"
