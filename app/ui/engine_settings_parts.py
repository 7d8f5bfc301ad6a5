"""Parts of the dialog "Model and answers": pages, the choice of a preset, what folds, the bar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.engine_settings_lines import LinesField
from app.ui.models_parts import TextButton, label, with_air
from app.ui.setting_fields import (
    CheckField,
    ChoiceField,
    DecimalField,
    Field,
    NumberField,
    declared_label,
)
from app.ui.theme import GAP, HEADING, SMALL, Theme

AnyField = CheckField | ChoiceField | DecimalField | LinesField | NumberField
FRAMED = (CheckField, DecimalField, NumberField)


class Page(QScrollArea):
    """A column of parts under headings that scrolls."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        column = QWidget()
        self._items = QVBoxLayout(column)
        self._items.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 3)
        self._items.setSpacing(GAP * 2)
        self._items.addStretch(1)
        self.setWidget(column)

    def add(self, heading: str, parts: Sequence[QWidget]) -> None:
        """One more group, below the others."""
        if self._items.count() > 1:
            self._append(line())
        self._append(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        for part in parts:
            self._append(part)

    def _append(self, part: QWidget) -> None:
        self._items.insertWidget(self._items.count() - 1, part)


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
        for value, name in self.declaration.choices:
            button = QRadioButton(QCoreApplication.translate("Settings", name))
            button.clicked.connect(lambda _on=False, v=value: self.changed.emit(self.name, v))
            self._group.addButton(button)
            sentence = label(role="muted", size=SMALL)
            sentence.setIndent(24)
            self._items.addSpacing(4)
            self._items.addWidget(button)
            self._items.addWidget(sentence)
            self.buttons[value], self.sentences[value] = button, sentence
            self.describe(value, words.get(value, ""))

    def describe(self, value: str, sentence: str) -> None:
        """Other words below a preset."""
        self.sentences[value].setText(sentence)
        described = f"{declared_label(self.declaration)}: {sentence}"
        self.buttons[value].setAccessibleDescription(described)

    def show_value(self, value: str) -> None:
        """The preset in force."""
        self.buttons[value].setChecked(True)


class Fold(QWidget):
    """A heading that shows and hides what is below it."""

    def __init__(self, theme: Theme, heading: str, parts: Sequence[QWidget]) -> None:
        super().__init__()
        self._theme = theme
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
        theme.changed.connect(lambda: self._turn(self.button.isChecked()))
        self._turn(False)

    def _turn(self, is_open: bool) -> None:
        self.inside.setVisible(is_open)
        name = "chevron-up" if is_open else "chevron-down"
        icon = self._theme.icon(name, self._theme.colours.muted)
        self.button.setIcon(with_air(icon, 16, self.devicePixelRatioF()))
        self.button.setAccessibleDescription(self.tr("Open") if is_open else self.tr("Folded"))


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


def restyle(fields: Sequence[AnyField], radios: Sequence[QRadioButton], theme: Theme) -> None:
    """What is ticked, chosen or counted takes its frame from the ground: too faint in the dark."""
    palette = QPalette(QApplication.palette())
    if theme.colours.is_dark:
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.colours.muted))
    for editor in (*radios, *(field.editor for field in fields if isinstance(field, FRAMED))):
        editor.setPalette(palette)


def line() -> QFrame:
    """A thin line between groups."""
    made = QFrame()
    made.setObjectName("splitLine")
    made.setFixedHeight(1)
    return made
