"""A calm question in the conversation: shall this be remembered? It waits, and stops nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from app.core.remembered import Fact
from app.ui.announce import announce
from app.ui.flow import FlowLayout
from app.ui.models_parts import IconButton, TextButton, label
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import number_text


class FactNote(QFrame):
    """Shows one proposal after the other; hidden without any."""

    kept = Signal(str)  # a fact's id
    refused = Signal(str)
    all_requested = Signal()  # the dialog with all of them
    changed = Signal()  # whether there is something to ask

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("note")
        self._theme = theme
        self._facts: tuple[Fact, ...] = ()
        self._later: set[str] = set()  # closed without a word: asked again in the dialog only
        self._picture = QLabel()
        self.question = label(size=SMALL, role="muted")
        self.text = label()
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.keep = TextButton(theme, "")
        self.refuse = TextButton(theme, "")
        self.all = TextButton(theme, "")
        self.close_button = IconButton(theme, "x", "")
        self.keep.clicked.connect(lambda: self._answer(self.kept))
        self.refuse.clicked.connect(lambda: self._answer(self.refused))
        self.all.clicked.connect(self.all_requested)
        self.close_button.clicked.connect(self._put_off)
        self._make_layout()
        theme.changed.connect(self._restyle)
        self._restyle()
        self._say()
        self.hide()

    def _make_layout(self) -> None:
        buttons = FlowLayout()
        for button in (self.keep, self.refuse, self.all):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.question)
        words.addWidget(self.text)
        words.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, GAP, GAP, GAP)
        row.setSpacing(10)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)

    @property
    def is_due(self) -> bool:
        """Whether there is something to ask."""
        return bool(self._facts)

    @property
    def fact(self) -> Fact | None:
        """What is asked about."""
        return self._facts[0] if self._facts else None

    def show_proposals(self, facts: Sequence[Fact]) -> None:
        """Ask about these, one after the other."""
        before = self.fact
        self._facts = tuple(fact for fact in facts if fact.id not in self._later)
        self._say()
        self.setVisible(self.is_due)
        self.changed.emit()
        if self.fact is not None and self.fact != before and self.isVisible():
            announce(self, self.accessibleName())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _answer(self, signal: SignalInstance) -> None:
        if (fact := self.fact) is not None:
            self.show_proposals(self._facts[1:])
            signal.emit(fact.id)

    def _put_off(self) -> None:
        self._later.update(fact.id for fact in self._facts)
        self.show_proposals(())

    def _say(self) -> None:
        self.keep.setText(self.tr("Remember"))
        self.refuse.setText(self.tr("No"))
        self.all.setText(self.tr("All that is remembered…"))
        self.close_button.rename("x", self.tr("Not now"))
        question = self.tr("Remember this for other conversations?")
        if (count := len(self._facts)) > 1:
            words = self.tr("{question} (1 of {count})").replace("{count}", number_text(count))
            question = words.replace("{question}", question)
        self.question.setText(question)
        text = self.fact.text if self.fact is not None else ""
        self.text.setText(text)
        self.setAccessibleName(f"{question} {text}")

    def _restyle(self) -> None:
        icon = self._theme.icon("brain", self._theme.colours.muted)
        self._picture.setPixmap(icon.pixmap(QSize(18, 18)))
