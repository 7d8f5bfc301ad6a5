"""How an assistant answers: its model, how words are chosen, and what it is told of before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QLocale, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import SamplingParams
from app.core.memory import (
    LEAST_TOKENS,
    MOST_TOKENS,
    MOST_TURNS,
    MemoryKind,
    MemoryPolicy,
    WhenFull,
)
from app.core.presets import OWN
from app.core.settings import declarations
from app.ui.choice import Choice
from app.ui.models_parts import TextButton, label
from app.ui.setting_fields import keep_from_wheel, title
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import short_model_name

SHOWN = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")  # of one's own values


class Labelled(QVBoxLayout):
    """A field with its name above it, and what it is for below."""

    def __init__(self, name: str, editor: QWidget, help_text: str = "") -> None:
        super().__init__()
        self.setSpacing(4)
        self.name = title(name)
        self.name.setBuddy(editor)
        self.help = label(help_text, role="muted", size=SMALL)
        editor.setAccessibleName(name)
        editor.setAccessibleDescription(help_text)
        self.addWidget(self.name)
        self.addWidget(editor)
        if help_text:
            self.addWidget(self.help)

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide all of it."""
        for number in range(self.count()):
            item = self.itemAt(number)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setVisible(is_visible)


def drop_down(theme: Theme, name: str) -> Choice:
    """A list of choices whose long words are cut rather than widening the page."""
    made = Choice(theme, name)
    made.setToolTip("")
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    keep_from_wheel(made)
    return made


def declared(name: str) -> list[tuple[str, str]]:
    """The choices of a setting, translated."""
    translate = QCoreApplication.translate
    return [(v, translate("Settings", words)) for v, words in declarations()[name].choices]


def declared_name(name: str) -> str:
    """What a setting is called."""
    return QCoreApplication.translate("Settings", declarations()[name].label)


class ModelField(QWidget):
    """The model it answers with: one that is installed, or whichever is in use."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.choice = drop_down(theme, self.tr("Model"))
        self.choice.activated.connect(lambda _index: self.changed.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(Labelled(self.tr("Model"), self.choice))
        self._names: list[str] = []

    def offer(self, names: Sequence[str]) -> None:
        """The files' names of what is installed."""
        if list(names) != self._names:
            self._names = list(names)
            self.show_value(self.value())

    def show_value(self, name: str) -> None:
        """The one it has; one that is not on this computer can stay."""
        self.choice.clear()
        self.choice.addItem(self.tr("The one in use"), "")
        for each in dict.fromkeys(self._names):
            self.choice.addItem(short_model_name(each), each)
        if name and name not in self._names:
            words = self.tr("{name} (not on this computer)")
            self.choice.addItem(words.replace("{name}", short_model_name(name)), name)
        self.choice.setCurrentIndex(max(0, self.choice.findData(name)))

    def value(self) -> str:
        """A file's name; empty for the one in use."""
        return str(self.choice.currentData() or "")

    def set_fixed(self, is_fixed: bool) -> None:
        """Whether it can only be looked at."""
        self.choice.setEnabled(not is_fixed)


class AnswersField(QWidget):
    """A preset, or values of its own, which are those that are in force when they are taken."""

    changed = Signal()

    def __init__(self, theme: Theme, in_force: Callable[[], SamplingParams]) -> None:
        super().__init__()
        self._in_force = in_force
        self._own: SamplingParams | None = None
        name = declared_name("preset")
        self.choice = drop_down(theme, name)
        self.choice.addItem(self.tr("As the settings say"), "")
        for value, words in declared("preset"):
            shown = words if value != OWN else self.tr("Its own values")
            self.choice.addItem(shown, value)
        self.choice.activated.connect(self._chosen)
        self.values = label(role="muted", size=SMALL)
        self.take = TextButton(theme, self.tr("Take the values of the settings"), "copy")
        self.take.setAutoDefault(False)
        self.take.clicked.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(Labelled(name, self.choice))
        layout.addWidget(self.values)
        layout.addWidget(self.take)

    def show_value(self, preset: str, own: SamplingParams | None) -> None:
        """What it has."""
        self._own = own
        self.choice.setCurrentIndex(max(0, self.choice.findData(preset)))
        self._show()

    def value(self) -> tuple[str, SamplingParams | None]:
        """The preset, empty for that of the settings, and its own values."""
        preset = str(self.choice.currentData() or "")
        return preset, self._own if preset == OWN else None

    def set_fixed(self, is_fixed: bool) -> None:
        """Whether it can only be looked at."""
        self.choice.setEnabled(not is_fixed)
        self.take.setEnabled(not is_fixed)

    def _chosen(self) -> None:
        if self.choice.currentData() == OWN and self._own is None:
            self._own = self._in_force()
        self._show()
        self.changed.emit()

    def _take(self) -> None:
        self._own = self._in_force()
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        is_own = self.choice.currentData() == OWN
        self.values.setVisible(is_own)
        self.take.setVisible(is_own)
        own = self._own
        if own is not None:
            number = QLocale().toString
            self.values.setText(
                " · ".join(
                    f"{declared_name(name)} {number(float(getattr(own, name)), 'g', 4)}"
                    for name in SHOWN
                )
            )


class MemoryField(QWidget):
    """What it is told of earlier turns, in the words of the settings."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.kind = drop_down(theme, declared_name("memory_kind"))
        self.kind.addItem(self.tr("As the settings say"), "")
        for value, words in declared("memory_kind"):
            self.kind.addItem(words, value)
        self.when_full = drop_down(theme, declared_name("when_full"))
        for value, words in declared("when_full"):
            self.when_full.addItem(words, value)
        self.turns = _number(1, MOST_TURNS)
        self.tokens = _number(LEAST_TOKENS, MOST_TOKENS, 256)
        self.facts = QCheckBox(self.tr("It is told what is remembered across conversations"))
        self._kind = Labelled(self.tr("Memory"), self.kind)
        self._turns = Labelled(declared_name("memory_turns"), self.turns)
        self._tokens = Labelled(declared_name("memory_tokens"), self.tokens)
        self._when_full = Labelled(declared_name("when_full"), self.when_full)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP + 4)
        numbers = QHBoxLayout()
        numbers.setSpacing(GAP * 2)
        for part in (self._turns, self._tokens):
            numbers.addLayout(part)
        numbers.addStretch(1)
        for row in (self._kind, numbers, self._when_full):
            layout.addLayout(row)
        layout.addWidget(self.facts)
        for combo in (self.kind, self.when_full):
            combo.activated.connect(self._chosen)
        for number in (self.turns, self.tokens):
            number.valueChanged.connect(lambda _value: self.changed.emit())
        self.facts.clicked.connect(lambda _on: self.changed.emit())

    def show_value(self, policy: MemoryPolicy | None) -> None:
        """What it has; None: as the settings say."""
        shown = policy or MemoryPolicy()
        self.kind.setCurrentIndex(self.kind.findData(policy.kind.value if policy else ""))
        self.when_full.setCurrentIndex(self.when_full.findData(shown.when_full.value))
        for editor, value in ((self.turns, shown.turns), (self.tokens, shown.tokens)):
            editor.blockSignals(True)
            editor.setValue(value)
            editor.blockSignals(False)
        self.facts.setChecked(shown.uses_facts)
        self._arrange()

    def value(self) -> MemoryPolicy | None:
        """None: as the settings say."""
        kind = self.kind.currentData()
        if not kind:
            return None
        return MemoryPolicy(
            MemoryKind(kind),
            self.turns.value(),
            self.tokens.value(),
            WhenFull(self.when_full.currentData()),
            self.facts.isChecked(),
        )

    def set_fixed(self, is_fixed: bool) -> None:
        """Whether it can only be looked at."""
        for editor in (self.kind, self.when_full, self.turns, self.tokens, self.facts):
            editor.setEnabled(not is_fixed)

    def _chosen(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        kind = self.kind.currentData()
        self._turns.set_visible(kind in (MemoryKind.LAST_TURNS, MemoryKind.SUMMARY))
        self._tokens.set_visible(kind == MemoryKind.TOKENS)
        self._when_full.set_visible(bool(kind))
        self.facts.setVisible(bool(kind))


def _number(least: int, most: int, step: int = 1) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, most)
    made.setSingleStep(step)
    made.setGroupSeparatorShown(True)
    made.setMinimumWidth(150)
    made.setMinimumHeight(made.fontMetrics().lineSpacing() + 15)
    keep_from_wheel(made)
    return made
