"""The fields of a prompt that is being edited: they are found in its text, and follow it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.prompt_documents import MOST_VARIABLES
from app.core.prompts import Variable, VariableKind
from app.ui.choice import Choice
from app.ui.direction import directed
from app.ui.models_parts import IconButton, label
from app.ui.prompts.long_text import LongText
from app.ui.prompts.words import kind_name, too_long, variable_label
from app.ui.setting_fields import keep_from_wheel
from app.ui.sizes import size_icon
from app.ui.theme import GAP, SMALL, Theme

# what a name says about its kind, when it is met for the first time
_LONG = ("text", "content", "code", "notes", "draft", "message", "article", "context")
_KINDS = {
    "selection": VariableKind.SELECTION,
    "selected": VariableKind.SELECTION,
    "clipboard": VariableKind.CLIPBOARD,
    "file": VariableKind.FILE,
    "document": VariableKind.FILE,
    "count": VariableKind.NUMBER,
    "number": VariableKind.NUMBER,
    "day": VariableKind.DATE,
    "deadline": VariableKind.DATE,
}


def guessed(name: str) -> Variable:
    """A field for a name that has come into the text."""
    last = name.casefold().rsplit("_", 1)[-1]
    kind = _KINDS.get(last, VariableKind.LONG_TEXT if last in _LONG else VariableKind.TEXT)
    return Variable(name, kind)


class VariableRow(QFrame):
    """One field: its kind and whether it is required at once, the rest unfolded."""

    changed = Signal()
    remove_requested = Signal()

    def __init__(self, theme: Theme, variable: Variable) -> None:
        super().__init__()
        self._theme = theme
        self.name = variable.name
        self._first = variable
        self.setObjectName("note")
        self._make_parts(variable)
        self._make_layout()
        self._fill(variable)
        self._connect()
        self._fit()

    def _make_parts(self, variable: Variable) -> None:
        theme, name = self._theme, variable.name
        self.fold = QToolButton()
        self.fold.setCheckable(True)
        self.fold.setText(name)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setAccessibleName(self.tr("Details of {name}").replace("{name}", name))
        size_icon(self.fold, 16)
        font = self.fold.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.fold.setFont(font)
        self.kind = Choice(theme, self.tr("Kind of {name}").replace("{name}", name))
        for kind in VariableKind:
            self.kind.addItem(kind_name(kind), kind)
        keep_from_wheel(self.kind)
        self.required = QCheckBox(self.tr("Required"))
        self.remove = IconButton(theme, "x", self.tr("Remove {name}").replace("{name}", name))
        self.remove.clicked.connect(self.remove_requested)
        self.note = label(role="warn", size=SMALL)
        self.note.hide()
        self.label, self.help = _line(), _line()
        self.default = _line()
        self.choices = LongText(least=2)
        self.least, self.most = _line(), _line()
        self.wrong = label(role="bad", size=SMALL)
        self.wrong.hide()

    def _make_layout(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addSpacing(-6)  # its words stand above the others, not its ground
        head.addWidget(self.fold)
        head.addStretch(1)
        head.addWidget(self.required)
        head.addWidget(self.kind)
        head.addWidget(self.remove)
        self.details = QWidget()
        self.form = QFormLayout(self.details)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setSpacing(GAP)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for words, editor in (
            (self.tr("Choices, one a line"), self.choices),
            (self.tr("Least"), self.least),
            (self.tr("Most"), self.most),
            (self.tr("Label"), self.label),
            (self.tr("Help"), self.help),
            (self.tr("Default"), self.default),
        ):
            name = label(words, size=SMALL, wraps=False)
            name.setBuddy(editor)
            name.setMinimumHeight(editor.sizeHint().height())
            self.form.addRow(name, editor)
            both = self.tr("{what} of {name}").replace("{what}", words)
            editor.setAccessibleName(both.replace("{name}", self.name))
        items = QVBoxLayout(self)
        items.setContentsMargins(12, 6, 10, 8)
        items.setSpacing(6)
        items.addLayout(head)
        for part in (self.note, self.wrong, self.details):
            items.addWidget(part)

    def _fill(self, variable: Variable) -> None:
        self.kind.setCurrentIndex(self.kind.findData(variable.kind))
        self.required.setChecked(variable.is_required)
        self.label.setText(variable.label)
        self.label.setPlaceholderText(variable_label(replace(variable, label="")))
        self.help.setText(variable.help)
        self.default.setText(variable.default.replace("\n", " "))
        self.choices.show_text("\n".join(variable.choices))
        self.least.setText("" if variable.minimum is None else f"{variable.minimum:g}")
        self.most.setText("" if variable.maximum is None else f"{variable.maximum:g}")

    def _connect(self) -> None:
        for line in (self.label, self.help, self.default, self.least, self.most):
            line.textEdited.connect(self._changed)
        self.choices.textChanged.connect(self._changed)
        self.choices.refused.connect(lambda count: self._say_wrong(too_long(count)))
        self.required.clicked.connect(self._changed)
        self.kind.activated.connect(self._kind_chosen)
        self.fold.toggled.connect(lambda _is_on: self._fit())
        self._theme.changed.connect(self._fit)

    def variable(self) -> Variable:
        """As it is filled in now."""
        kind = VariableKind(self.kind.currentData())
        is_number = kind is VariableKind.NUMBER
        default = self.default.text()
        if default == self._first.default.replace("\n", " "):
            default = self._first.default  # one of several lines stays as it is
        lines = self.choices.toPlainText().splitlines()
        choices = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
        return Variable(
            self.name,
            kind,
            self.label.text().strip(),
            self.help.text().strip(),
            default,
            choices if kind is VariableKind.CHOICE else (),
            _number(self.least.text()) if is_number else None,
            _number(self.most.text()) if is_number else None,
            self.required.isChecked(),
        )

    @property
    def is_untouched(self) -> bool:
        """Whether it is as it was found in the text: it may go when its name does."""
        return self.variable() == guessed(self.name)

    def show_used(self, is_used: bool) -> None:
        """Whether its name stands in the text."""
        self.note.setText("" if is_used else self.tr("Not used in the text"))
        self.note.setVisible(not is_used)
        self.remove.setVisible(not is_used)

    def problem(self) -> str:
        """What is wrong with it, in a sentence."""
        variable = self.variable()
        if variable.kind is VariableKind.CHOICE:
            if not variable.choices:
                return self.tr("Write down the choices.")
            if variable.default and variable.default not in variable.choices:
                return self.tr("The default is none of the choices.")
        if variable.kind is VariableKind.NUMBER:
            typed = (self.least.text().strip(), self.most.text().strip())
            if any(text and _number(text) is None for text in typed):
                return self.tr("A limit is not a number.")
            low, high = variable.minimum, variable.maximum
            if low is not None and high is not None and low > high:
                return self.tr("The least number is above the most.")
        return ""

    def _kind_chosen(self) -> None:
        if self.kind.currentData() in (VariableKind.CHOICE, VariableKind.NUMBER):
            self.fold.setChecked(True)
        self._changed()

    def _changed(self) -> None:
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        is_open = self.fold.isChecked()
        icon = "chevron-down" if is_open else directed("chevron-right")
        self.fold.setIcon(self._theme.icon(icon, self._theme.colours.muted))
        self.details.setVisible(is_open)
        kind = self.kind.currentData()
        self.form.setRowVisible(self.choices, kind == VariableKind.CHOICE)
        for line in (self.least, self.most):
            self.form.setRowVisible(line, kind == VariableKind.NUMBER)
        has_default = kind not in (
            VariableKind.FILE,
            VariableKind.CLIPBOARD,
            VariableKind.SELECTION,
        )
        self.form.setRowVisible(self.default, has_default)
        self._say_wrong(self.problem())

    def _say_wrong(self, words: str) -> None:
        self.wrong.setText(words)
        self.wrong.setVisible(bool(words))


class VariableRows(QWidget):
    """All fields; `names_found` makes them follow the text."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[VariableRow] = []
        self.nothing = label(role="muted", size=SMALL)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)
        self._column.addWidget(self.nothing)

    def show_variables(self, variables: Sequence[Variable]) -> None:
        """Those of another prompt."""
        for row in list(self.rows):
            self._drop(row)
        for variable in variables:
            self._add(variable)

    def variables(self) -> tuple[Variable, ...]:
        """As they are filled in now."""
        return tuple(row.variable() for row in self.rows)

    def names_found(self, names: Collection[str]) -> bool:
        """These stand in the text: a new one gets a field while there is room for more, one that
        is gone loses an untouched one. Whether the fields are others now."""
        known = {row.name for row in self.rows}
        gone = [row for row in self.rows if row.name not in names and row.is_untouched]
        for row in gone:
            self._drop(row)
        room = max(0, MOST_VARIABLES - len(self.rows))
        new = [name for name in names if name not in known][:room]
        for name in new:
            self._add(guessed(name))
        for row in self.rows:
            row.show_used(row.name in names)
        return bool(gone or new)

    def problem(self) -> str:
        """What is wrong with the first one that something is wrong with."""
        return next((words for row in self.rows if (words := row.problem())), "")

    def say_nothing(self, words: str) -> None:
        """What stands there without any field."""
        self.nothing.setText(words)
        self.nothing.setVisible(not self.rows and bool(words))

    def _add(self, variable: Variable) -> None:
        row = VariableRow(self._theme, variable)
        row.changed.connect(self.changed)
        row.remove_requested.connect(lambda: self._remove(row))
        row.show_used(True)
        self.rows.append(row)
        self._column.addWidget(row)
        self.nothing.hide()

    def _remove(self, row: VariableRow) -> None:
        self._drop(row)
        self.changed.emit()

    def _drop(self, row: VariableRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()


def _line() -> QLineEdit:
    made = QLineEdit()
    made.setProperty("field", True)
    return made


def _number(text: str) -> float | None:
    for locale in (QLocale.c(), QLocale()):
        number, is_number = locale.toDouble(text.strip())
        if is_number and abs(number) != float("inf"):
            return float(number)
    return None
