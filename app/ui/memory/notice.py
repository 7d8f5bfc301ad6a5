"""One sentence below the ledger bar, where it matters: what sending would leave out, and why."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.core.memory import WhenFull
from app.ui.announce import announce
from app.ui.memory.blocks import Ledger, is_nearly_full, is_too_long
from app.ui.memory.full_choices import FullChoices
from app.ui.memory.words import MemoryWords
from app.ui.models_parts import label, set_role
from app.ui.theme import SMALL, Theme, text_font
from app.ui.words import number_text


class LedgerNotice(QWidget):
    """Hidden while there is nothing to say."""

    choose_requested = Signal()
    full_chosen = Signal(str)  # a WhenFull, where the person is asked

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._words = MemoryWords(self)
        self._ledger: Ledger | None = None
        self._is_summarising = self._is_asked_above = False
        self.sentence = label(role="muted", size=SMALL)
        self.reason = label(role="muted", size=SMALL)
        self.reason.hide()
        self.why = _link()
        self.why.setCheckable(True)
        self.why.toggled.connect(self._show_reason)
        self.choose = _link()
        self.choose.clicked.connect(self.choose_requested)
        self.choices = FullChoices(theme)
        self.choices.chosen.connect(self.full_chosen)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.sentence, 1)
        line.addWidget(self.why, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.choose, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.reason)
        layout.addWidget(self.choices)
        self._say()
        self.hide()

    def show_ledger(self, ledger: Ledger) -> None:
        """What there is to say about this one; said aloud once it is something else."""
        self._ledger = ledger
        self._say()

    def set_asked_above(self, is_asked: bool) -> None:
        """Whether the conversation ends with the same question, which has the same buttons."""
        if is_asked != self._is_asked_above:
            self._is_asked_above = is_asked
            self._say()

    def show_summarising(self, is_on: bool) -> None:
        """The model is writing a summary that the person waits for."""
        self._is_summarising = is_on
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    @property
    def asks(self) -> bool:
        """Whether nothing can be sent before the person has chosen."""
        ledger = self._ledger
        if ledger is None or not ledger.is_full or is_too_long(ledger):
            return False
        return ledger.policy.when_full is WhenFull.ASK

    def _sentence(self) -> tuple[str, bool]:
        """What to say, and whether it is a warning."""
        ledger = self._ledger
        if self._is_summarising:
            return self.tr("The model is writing a summary…"), False
        if ledger is None or not ledger.is_known:
            return "", False
        if is_too_long(ledger):
            words = self.tr("This is too long for the context, whatever is left out: {used}.")
            used = self._words.used(ledger.total, ledger.context)
            return words.replace("{used}", used), True
        if self.asks:
            return self.tr("The context is full. What shall be left out?"), True
        if ledger.is_full and ledger.dropped:
            is_middle = ledger.policy.when_full is WhenFull.DROP_MIDDLE
            return self._words.leaves_out(len(ledger.dropped), is_middle=is_middle), True
        if is_nearly_full(ledger):
            words = self.tr("The context is nearly full: {used}.")
            used = self._words.used(ledger.total, ledger.context)
            return words.replace("{used}", used), False
        return "", False

    def _say(self) -> None:
        self.why.setText(self.tr("Why?"))
        self.choose.setText(self.tr("Choose…"))
        self.choose.setAccessibleName(self.tr("Choose what the model is told"))
        sentence, is_warning = self._sentence()
        is_new = sentence != self.sentence.text()
        self.sentence.setText(sentence)
        set_role(self.sentence, "warn" if is_warning else "muted")
        is_busy = self._is_summarising or self._is_asked_above
        self.choices.setVisible(self.asks and not is_busy)
        for link in (self.why, self.choose):
            link.setVisible(bool(sentence) and not self._is_summarising)
        self._show_reason(self.why.isChecked())
        self.setVisible(bool(sentence))
        if is_new and is_warning and self.isVisible():
            announce(self, sentence)

    def _show_reason(self, is_on: bool) -> None:
        ledger = self._ledger
        if ledger is not None:
            words = self.tr(
                "This model has room for {context} tokens, and {room} of them are kept for the "
                "answer. Messages you keep always, and the system prompt, are never left out."
            )
            words = words.replace("{context}", number_text(ledger.context))
            self.reason.setText(words.replace("{room}", number_text(ledger.room)))
        self.reason.setVisible(is_on and bool(self.sentence.text()))


def _link() -> QToolButton:
    made = QToolButton()
    made.setProperty("role", "link")
    made.setFont(text_font(SMALL))
    return made
