"""The dialog "Memory": how much of a conversation the model is told, and what when it is full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.memory import (
    LEAST_TOKENS,
    MOST_TOKENS,
    MOST_TURNS,
    MemoryKind,
    MemoryPolicy,
    WhenFull,
)
from app.ui.flow import FlowLayout
from app.ui.memory.bar import LedgerPreview
from app.ui.memory.preview import Preview
from app.ui.memory.words import MemoryWords
from app.ui.models_parts import BESIDE_BOX, TextButton, label
from app.ui.setting_fields import keep_from_wheel, title
from app.ui.sizes import text_scale
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import number_text

TURNS = (MemoryKind.LAST_TURNS, MemoryKind.SUMMARY)  # those with a number of them


class PolicyDialog(QDialog):
    """Not modal. What is chosen holds at once; `preview` says what that means for the messages."""

    chosen = Signal(object)  # MemoryPolicy; None: as the settings say
    facts_requested = Signal()
    summary_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Memory of this conversation"))
        self._theme = theme
        self._words = MemoryWords(self)
        self._policy = MemoryPolicy()
        self._is_own = False
        self.preview: Callable[[MemoryPolicy], Preview | None] = lambda _policy: None
        self._make_kinds()
        self._make_when_full()
        self._make_end()
        self._make_layout()
        room = self.screen().availableSize()
        wide = round(560 * min(text_scale(), 1.5))
        self.resize(min(wide, room.width()), min(720, int(room.height() * 0.9)))

    def _make_kinds(self) -> None:
        sentences = {
            MemoryKind.ALL: (
                self.tr("Everything"),
                self.tr("All messages, until the context is full."),
            ),
            MemoryKind.LAST_TURNS: (
                self.tr("The last questions"),
                self.tr("Only the newest questions with their answers. Quick, also when long."),
            ),
            MemoryKind.TOKENS: (
                self.tr("A number of tokens"),
                self.tr("The newest messages that fit into it."),
            ),
            MemoryKind.SUMMARY: (
                self.tr("A summary, and the last questions"),
                self.tr("The model itself writes a summary of what is older, after its answers."),
            ),
        }
        self.kinds = {kind: QRadioButton(words[0]) for kind, words in sentences.items()}
        self._kind_words = {
            kind: _sentence(button, sentences[kind][1]) for kind, button in self.kinds.items()
        }
        self._kind_group = QButtonGroup(self)
        for button in self.kinds.values():
            self._kind_group.addButton(button)
            button.clicked.connect(self._change)
        name = self.tr("How many questions with their answers")
        self.numbers = {
            MemoryKind.LAST_TURNS: _number(1, MOST_TURNS, name),
            MemoryKind.TOKENS: _number(LEAST_TOKENS, MOST_TOKENS, self.tr("How many tokens")),
            MemoryKind.SUMMARY: _number(1, MOST_TURNS, name),
        }
        self.numbers[MemoryKind.TOKENS].setSingleStep(256)
        self._units: dict[MemoryKind, QWidget] = {}
        for kind, editor in self.numbers.items():
            is_tokens = kind is MemoryKind.TOKENS
            words = self.tr("tokens") if is_tokens else self.tr("questions with their answers")
            self._units[kind] = label(words, role="muted", wraps=False)
            editor.valueChanged.connect(self._change)

    def _make_when_full(self) -> None:
        sentences = {
            WhenFull.DROP_OLDEST: self.tr("The model forgets the beginning of the conversation."),
            WhenFull.DROP_MIDDLE: self.tr("The first question and the newest messages stay."),
            WhenFull.SUMMARISE: self.tr("A summary in place of the oldest, made in good time."),
            WhenFull.ASK: self.tr("No answer before you have decided."),
        }
        self.when_full = {c: QRadioButton(self._words.when_full(c)) for c in WhenFull}
        self._full_words = {
            choice: _sentence(button, sentences[choice])
            for choice, button in self.when_full.items()
        }
        self._full_group = QButtonGroup(self)
        for button in self.when_full.values():
            self._full_group.addButton(button)
            button.clicked.connect(self._change)

    def _make_end(self) -> None:
        self.facts = QCheckBox(self.tr("Tell the model what is remembered about you"))
        self.facts.clicked.connect(self._change)
        self.bar = LedgerPreview(self._theme)
        self.outcome = label(role="muted", size=SMALL)
        self.origin = label(role="muted", size=SMALL)
        self.reset = TextButton(self._theme, self.tr("As in the settings"), "rotate-ccw")
        self.reset.clicked.connect(self._reset)
        self.show_facts = TextButton(self._theme, self.tr("What is remembered…"))
        self.show_facts.clicked.connect(self.facts_requested)
        self.summary = TextButton(self._theme, self.tr("Summary…"))
        self.summary.clicked.connect(self.summary_requested)
        self.close_button = TextButton(self._theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)

    def _make_layout(self) -> None:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP)
        inside.setSpacing(4)
        heading = self.tr("Memory of this conversation")
        inside.addWidget(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        words = self.tr(
            "The system prompt, and messages you keep always, are told in any case. "
            "Nothing is deleted: what the model is not told stays in the conversation."
        )
        inside.addWidget(label(words, role="muted"))
        inside.addWidget(self.origin)
        inside.addSpacing(GAP)
        inside.addWidget(title(self.tr("What the model is told of earlier messages")))
        for kind, button in self.kinds.items():
            inside.addWidget(button)
            inside.addWidget(self._kind_words[kind])
            if kind in self.numbers:
                inside.addLayout(_indented(self.numbers[kind], self._units[kind]))
        inside.addSpacing(GAP)
        inside.addWidget(title(self.tr("When the context is full")))
        for choice, button in self.when_full.items():
            inside.addWidget(button)
            inside.addWidget(self._full_words[choice])
        inside.addSpacing(GAP)
        inside.addWidget(self.facts)
        inside.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        buttons = FlowLayout()
        for end in (self.reset, self.summary, self.show_facts, self.close_button):
            end.setAutoDefault(False)
            buttons.addWidget(end)
        below = QVBoxLayout()
        below.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP * 2)
        below.setSpacing(4)
        below.addWidget(self.bar)
        below.addWidget(self.outcome)
        below.addSpacing(4)
        below.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(below)

    @property
    def policy(self) -> MemoryPolicy:
        """What is chosen."""
        kind = next((k for k, b in self.kinds.items() if b.isChecked()), MemoryKind.ALL)
        full = next((c for c, b in self.when_full.items() if b.isChecked()), WhenFull.DROP_OLDEST)
        return replace(
            self._policy,
            kind=kind,
            turns=self.numbers[kind].value() if kind in TURNS else self._policy.turns,
            tokens=self.numbers[MemoryKind.TOKENS].value(),
            when_full=full,
            uses_facts=self.facts.isChecked(),
        )

    def show_policy(
        self, policy: MemoryPolicy, *, is_own: bool, has_facts: bool, has_conversation: bool
    ) -> None:
        """The one in force. `is_own`: chosen for this conversation, not by the settings;
        `has_facts`: whether anything is remembered about the person at all."""
        self._policy, self._is_own = policy, is_own
        self.kinds[policy.kind].setChecked(True)
        self.when_full[policy.when_full].setChecked(True)
        self._show_numbers(policy)
        self.facts.setChecked(policy.uses_facts)
        self.facts.setEnabled(has_facts)
        self.summary.setVisible(has_conversation)
        self.reset.setEnabled(is_own)
        if is_own:
            self.origin.setText(self.tr("Chosen for this conversation."))
        else:
            self.origin.setText(self.tr("As in the settings, until you choose something here."))
        self.refresh()

    def refresh(self) -> None:
        """Say again what it would mean: the conversation is another one, or longer."""
        for kind, editor in self.numbers.items():
            editor.setVisible(kind is self.policy.kind)
            self._units[kind].setVisible(kind is self.policy.kind)
        preview = self.preview(self.policy)
        self.bar.setVisible(preview is not None)
        self.outcome.setVisible(preview is not None)
        if preview is None:
            return
        self.bar.show_ledger(preview)
        words = self.tr("The model would see {seen} of {messages}: about {used}.")
        words = words.replace("{seen}", number_text(preview.seen))
        words = words.replace("{messages}", self._words.messages(preview.messages))
        used = self._words.used(preview.total, preview.context)
        self.outcome.setText(words.replace("{used}", used))

    def _change(self) -> None:
        policy = self.policy
        if policy != self._policy:
            self._policy, self._is_own = policy, True
            self._show_numbers(policy)
            self.refresh()
            self.chosen.emit(policy)

    def _show_numbers(self, policy: MemoryPolicy) -> None:
        for kind, editor in self.numbers.items():
            value = policy.turns if kind in TURNS else policy.tokens
            if value != editor.value():  # the same again would take away what is being typed
                editor.blockSignals(True)
                editor.setValue(value)
                editor.blockSignals(False)

    def _reset(self) -> None:
        self.close_button.setFocus()  # the button is about to be out of use
        self.chosen.emit(None)


def _sentence(button: QRadioButton, words: str) -> QWidget:
    made = label(words, role="muted", size=SMALL)
    made.setIndent(BESIDE_BOX)
    button.setAccessibleDescription(words)
    return made


def _number(least: int, most: int, name: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, most)
    made.setGroupSeparatorShown(True)
    made.setKeyboardTracking(False)  # not at every digit
    made.setMinimumWidth(130)
    made.setAccessibleName(name)
    made.setToolTip(name)
    keep_from_wheel(made)
    return made


def _indented(editor: QWidget, unit: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(BESIDE_BOX, 2, 0, 2)
    row.setSpacing(GAP)
    row.addWidget(editor)
    row.addWidget(unit)
    row.addStretch(1)
    return row
