"""Editors of single settings, made from their declarations: words, limits, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError
from app.core.settings import Declaration, declarations
from app.ui.models_parts import label, set_role
from app.ui.models_search import Choice
from app.ui.theme import SMALL, Theme
from app.ui.words import action_of, summary_of

DECIMALS = 4


def declared_label(declaration: Declaration) -> str:
    """The setting's name, translated."""
    return _translated(declaration.label)


def declared_help(declaration: Declaration) -> str:
    """What it does, translated."""
    return _translated(declaration.help)


class Field(QWidget):
    """Something to choose, its name above, its help below, and a note where one is due."""

    changed = Signal(str, object)  # name of the setting, its new value

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.declaration = declarations()[name]
        self.help = label(declared_help(self.declaration), role="muted", size=SMALL)
        self.note = label(size=SMALL)
        self.note.hide()
        self._items = QVBoxLayout(self)
        self._items.setContentsMargins(0, 0, 0, 0)
        self._items.setSpacing(4)

    def say(self, text: str, role: str = "warn") -> None:
        """A note below; empty takes it away. `role` is its colour: warn, bad or good."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        set_role(self.note, role)

    def _fill(self, editor: QWidget, *, is_narrow: bool = False) -> None:
        editor.setAccessibleName(declared_label(self.declaration))
        editor.setAccessibleDescription(declared_help(self.declaration))
        self._items.addWidget(title(declared_label(self.declaration)))
        if is_narrow:
            row = QHBoxLayout()
            row.addWidget(editor)
            row.addStretch(1)
            self._items.addLayout(row)
        else:
            self._items.addWidget(editor)
        self._items.addWidget(self.note)
        self._items.addWidget(self.help)


class TextField(Field):
    """A line of text, taken when it is finished; `clean` brings it into shape or raises."""

    def __init__(self, name: str, clean: Callable[[str], str], placeholder: str = "") -> None:
        super().__init__(name)
        self._clean = clean
        self._value = ""
        self.is_wrong = False
        self.editor = QLineEdit()
        self.editor.setProperty("field", True)
        self.editor.setPlaceholderText(placeholder)
        self.editor.editingFinished.connect(self._finish)
        self._fill(self.editor)

    def show_value(self, value: str) -> None:
        """The value in force; what is being typed, or is wrong and said to be, stays."""
        self._value = value
        if not self.editor.hasFocus() and not self.is_wrong:
            self.editor.setText(value)

    def _finish(self) -> None:
        try:
            value = self._clean(self.editor.text())
        except AppError as error:
            self.is_wrong = True
            self.say(f"{summary_of(error.problem)} {action_of(error.problem)}", "bad")
            return
        if self.is_wrong:
            self.is_wrong = False
            self.say("")
        self.editor.setText(value)
        if value != self._value:
            self._value = value
            self.changed.emit(self.name, value)


class CheckField(Field):
    """Yes or no."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.editor = QCheckBox(declared_label(self.declaration))
        self.editor.setAccessibleDescription(declared_help(self.declaration))
        self.editor.clicked.connect(lambda is_on: self.changed.emit(name, is_on))
        self.help.setIndent(24)
        self.note.setIndent(24)
        self._items.addWidget(self.editor)
        self._items.addWidget(self.help)
        self._items.addWidget(self.note)

    def show_value(self, value: bool) -> None:
        """The value in force."""
        self.editor.setChecked(value)


class NumberField(Field):
    """A whole number between its limits. `unit` follows it, `lowest` stands in for the least."""

    def __init__(self, name: str, unit: str = "", lowest: str = "", step: int = 1) -> None:
        super().__init__(name)
        self.editor = QSpinBox()
        self.editor.setRange(
            int(self.declaration.minimum or 0), int(self.declaration.maximum or 1_000_000)
        )
        self.editor.setSuffix(unit)
        self.editor.setSpecialValueText(lowest)
        self.editor.setSingleStep(step)
        self.editor.setGroupSeparatorShown(True)
        self.editor.setKeyboardTracking(False)  # not at every digit
        self.editor.setMinimumSize(150, 30)
        self.editor.valueChanged.connect(lambda value: self.changed.emit(name, value))
        keep_from_wheel(self.editor)
        self._fill(self.editor, is_narrow=True)

    def show_value(self, value: int) -> None:
        """The value in force; the same again leaves alone what is being typed."""
        if value != self.editor.value():
            self.editor.blockSignals(True)
            self.editor.setValue(value)
            self.editor.blockSignals(False)


class DecimalField(Field):
    """A number with decimals between its limits."""

    def __init__(self, name: str, step: float = 0.05) -> None:
        super().__init__(name)
        self.editor = _Decimal()
        self.editor.setDecimals(DECIMALS)
        self.editor.setRange(self.declaration.minimum or 0.0, self.declaration.maximum or 1.0)
        self.editor.setSingleStep(step)
        self.editor.setKeyboardTracking(False)
        self.editor.setMinimumSize(150, 30)
        self.editor.valueChanged.connect(self._take)
        keep_from_wheel(self.editor)
        self._fill(self.editor, is_narrow=True)

    def show_value(self, value: float) -> None:
        """The value in force; the same again leaves alone what is being typed."""
        if round(value, DECIMALS) != round(self.editor.value(), DECIMALS):
            self.editor.blockSignals(True)
            self.editor.setValue(value)
            self.editor.blockSignals(False)

    def _take(self, value: float) -> None:
        self.changed.emit(self.name, round(value, DECIMALS))


class ChoiceField(Field):
    """One of several: the declared choices, or `choices` as pairs of a value and its words."""

    def __init__(
        self,
        name: str,
        theme: Theme,
        choices: Sequence[tuple[object, str]] = (),
        *,
        is_wide: bool = False,
    ) -> None:
        super().__init__(name)
        self.editor = Choice(theme, declared_label(self.declaration))
        self.editor.setToolTip("")
        self.editor.setMinimumSize(150, 30)
        if is_wide:  # long words are cut rather than widening the page
            policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            self.editor.setSizeAdjustPolicy(policy)
        self.editor.activated.connect(
            lambda index: self.changed.emit(name, self.editor.itemData(index))
        )
        keep_from_wheel(self.editor)
        self._fill(self.editor, is_narrow=not is_wide)
        self.offer(choices or [(v, _translated(text)) for v, text in self.declaration.choices])

    def offer(self, choices: Sequence[tuple[object, str]]) -> None:
        """Other choices; an open list stays as it is where they are the same."""
        editor = self.editor
        if choices != [(editor.itemData(n), editor.itemText(n)) for n in range(editor.count())]:
            editor.clear()
            for value, text in choices:
                editor.addItem(text, value)

    def show_value(self, value: object) -> None:
        """The value in force."""
        self.editor.setCurrentIndex(self.editor.findData(value))


class _Decimal(QDoubleSpinBox):
    """One without zeros that say nothing."""

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        locale = self.locale()
        text = locale.toString(value, "f", DECIMALS)
        return text.rstrip(locale.zeroDigit()).removesuffix(locale.decimalPoint())


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and not (
            isinstance(watched, QWidget) and watched.hasFocus()
        ):
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def keep_from_wheel(editor: QWidget) -> None:
    """The wheel does not change it while the page is scrolled."""
    editor.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    editor.installEventFilter(_WheelGuard(editor))


def title(text: str) -> QLabel:
    """The name of a field."""
    return label(text, weight=QFont.Weight.DemiBold)


def _translated(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
