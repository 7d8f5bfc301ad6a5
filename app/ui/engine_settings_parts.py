"""Parts of the settings of model and answers: the choice of a preset, what folds, the bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.engine_settings_lines import LinesField
from app.ui.models_parts import BESIDE_BOX, TextButton, label, with_air
from app.ui.setting_fields import CheckField, ChoiceField, Field, declared_label
from app.ui.setting_numbers import DecimalField, NumberField
from app.ui.settings_part import Part
from app.ui.theme import GAP, SMALL, Theme

AnyField = CheckField | ChoiceField | DecimalField | LinesField | NumberField


class PresetField(Field):
    """The presets, each with a sentence."""

    def __init__(self) -> None:
        super().__init__("preset")
        self.buttons: dict[str, QRadioButton] = {}
        self.sentences: dict[str, QLabel] = {}
        self._group = QButtonGroup(self)
        words = {
            "model": "",
            "precise": self.tr("Little variation: for facts, code and translations."),
            "balanced": self.tr("Good for most questions."),
            "creative": self.tr("More variation: for stories and ideas."),
            "own": self.tr("The values below, as you set them. They begin with those in force."),
        }
        head = QHBoxLayout()
        head.addWidget(self.help, 1)
        head.addWidget(self.reset)
        self._items.addLayout(head)
        for value, name in self.declaration.choices:
            button = QRadioButton(QCoreApplication.translate("Settings", name))
            button.clicked.connect(lambda _on=False, v=value: self.changed.emit(self.name, v))
            self._group.addButton(button)
            sentence = label(role="muted", size=SMALL)
            sentence.setIndent(BESIDE_BOX)
            self._items.addSpacing(4)
            self._items.addWidget(button)
            self._items.addWidget(sentence)
            self.buttons[value], self.sentences[value] = button, sentence
            self.describe(value, words.get(value, ""))
        self.editor = self.buttons[str(self.default)]
        self._describe()

    def describe(self, value: str, sentence: str) -> None:
        """Other words below a preset."""
        self.sentences[value].setText(sentence)
        described = f"{declared_label(self.declaration)}: {sentence}"
        self.buttons[value].setAccessibleDescription(described)

    def show_value(self, value: str) -> None:
        """The preset in force."""
        self.buttons[value].setChecked(True)
        self._mark(value)


class Fold(Part):
    """A heading that shows and hides what is below it."""

    def __init__(self, theme: Theme, heading: str, parts: Sequence[Part]) -> None:
        super().__init__()
        self._theme = theme
        self._parts = tuple(parts)
        self.button = TextButton(theme, heading)
        self.button.setCheckable(True)
        self.button.toggled.connect(self._turn)
        self.inside = QWidget()
        items = QVBoxLayout(self.inside)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(GAP * 2)
        for part in parts:
            items.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP * 2)
        layout.addWidget(self.button)
        layout.addWidget(self.inside)
        theme.changed.connect(self._restyle)
        self._turn(False)

    def look_for(self, terms: Sequence[str], around: Sequence[str] = ()) -> bool:
        """Be open where something inside is found; folded as it was without a search."""
        found = [part.look_for(terms, around) for part in self._parts]
        self.setVisible(any(found))
        self.button.setVisible(not terms)
        self.inside.setVisible(self.button.isChecked() or bool(terms))
        return any(found)

    def _turn(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        self.button.setAccessibleDescription(self.tr("Open") if is_open else self.tr("Folded"))
        self._restyle()

    def _restyle(self) -> None:
        name = "chevron-up" if self.button.isChecked() else "chevron-down"
        icon = self._theme.icon(name, self._theme.colours.muted)
        self.button.setIcon(with_air(icon, 16, self.devicePixelRatioF()))


class ReloadBar(QFrame):
    """Says that a change needs the model to be loaded again, and offers it."""

    requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("note")
        self._words = label()
        self.button = TextButton(theme, self.tr("Load again"), "refresh-cw", is_primary=True)
        self.button.clicked.connect(self.requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, GAP, 12, GAP)
        row.setSpacing(GAP * 2)
        row.addWidget(self._words, 1)
        row.addWidget(self.button)
        self.show_need(False, is_answering=False)

    def show_need(self, is_needed: bool, *, is_answering: bool) -> None:
        """Appear or go; an answer that is being written would end."""
        self._words.setText(
            self.tr("Load the model again to use this. The answer being written stops there.")
            if is_answering
            else self.tr("Load the model again to use this.")
        )
        self.setVisible(is_needed)
