"""Where the variables of a prompt come from in a run: a column, or the same value in every row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.prompts import Variable, VariableKind
from app.services.batch_rows import column_for
from app.ui.choice import Choice
from app.ui.models_parts import label
from app.ui.prompts.words import variable_label
from app.ui.setting_fields import keep_from_wheel, title
from app.ui.theme import SMALL, Theme

FIXED = ""  # in place of a column


class SourceRow:
    """One variable: its name, the column, the fixed value."""

    def __init__(
        self, theme: Theme, variable: Variable, columns: Sequence[str], words: str, hint: str
    ) -> None:
        self.variable = variable
        name = variable_label(variable)
        self.name = label(name)
        self.column = Choice(theme, name)
        self.column.setToolTip("")
        self.column.setMinimumWidth(120)
        policy = Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.column.setSizeAdjustPolicy(policy)
        self.column.addItem(words, FIXED)
        for column in columns:
            self.column.addItem(column, column)
        keep_from_wheel(self.column)
        self.name.setBuddy(self.column)
        self.value = self._editor(theme, name)
        self.value.setAccessibleName(f"{name}: {words}")
        self.hint = hint
        found = column_for(variable.name, columns)
        self.column.setCurrentIndex(0 if found is None else found + 1)
        self.fit()

    @property
    def is_fixed(self) -> bool:
        """Whether every row has the same value."""
        return bool(self.column.currentData() == FIXED)

    @property
    def is_sound(self) -> bool:
        """Whether there is a value where one is needed."""
        return not self.is_fixed or bool(self.text) or not self.variable.is_required

    @property
    def text(self) -> str:
        """The fixed value."""
        editor = self.value
        return editor.text() if isinstance(editor, QLineEdit) else editor.currentText()

    def set_text(self, text: str) -> None:
        """Another fixed value."""
        if isinstance(self.value, QLineEdit):
            self.value.setText(text)
        else:
            self.value.setCurrentText(text)

    def _editor(self, theme: Theme, name: str) -> QLineEdit | Choice:
        """A list where the variable has choices."""
        if self.variable.kind is not VariableKind.CHOICE:
            line = QLineEdit(self.variable.default)
            line.setProperty("field", True)
            return line
        choice = Choice(theme, name)
        choice.setToolTip("")
        choice.setMinimumWidth(120)
        choice.addItems(list(self.variable.choices))
        choice.setCurrentText(self.variable.default)
        keep_from_wheel(choice)
        return choice

    def fit(self) -> None:
        """The field for the value is of use only without a column; its place stays."""
        policy = self.value.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.value.setSizePolicy(policy)
        self.value.setVisible(self.is_fixed)
        if isinstance(self.value, QLineEdit):
            self.value.setPlaceholderText(self.hint if self.is_fixed else "")


class Sources(QWidget):
    """All variables of the prompt."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[SourceRow] = []
        self._given: dict[str, tuple[str, str]] = {}  # what was chosen before, by name
        self._grid = QGridLayout()
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        words = self.tr("A column of the same name is taken by itself.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(title(self.tr("Where the values come from")))
        layout.addWidget(label(words, role="muted", size=SMALL))
        layout.addLayout(self._grid)
        self.hide()

    def show_variables(self, variables: Sequence[Variable], columns: Sequence[str]) -> None:
        """Other variables, or other columns; what was chosen for those that stay stays."""
        for row in self.rows:
            chosen = str(row.column.currentData()), row.text
            self._given[row.variable.name] = chosen
            for widget in (row.name, row.column, row.value):
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        words = self.tr("The same in every row")
        hint = self.tr("Value")
        self.rows = [
            SourceRow(self._theme, variable, columns, words, hint) for variable in variables
        ]
        for place, row in enumerate(self.rows):
            column, value = self._given.get(row.variable.name, ("", ""))
            if row.is_fixed and column in columns and column:
                row.column.setCurrentIndex(row.column.findData(column))
            if value:
                row.set_text(value)
            row.fit()
            row.column.activated.connect(lambda _index, row=row: self._chose(row))
            editor = row.value
            is_line = isinstance(editor, QLineEdit)
            edited = editor.textChanged if is_line else editor.currentTextChanged  # type: ignore[union-attr]
            edited.connect(lambda _text: self.changed.emit())
            self._grid.addWidget(row.name, place, 0)
            self._grid.addWidget(row.column, place, 1)
            self._grid.addWidget(row.value, place, 2)
        self.setVisible(bool(self.rows))
        self.changed.emit()

    def editors(self) -> list[QWidget]:
        """All that take the keyboard, in their order."""
        return [editor for row in self.rows for editor in (row.column, row.value)]

    @property
    def missing(self) -> str:
        """The first variable without a value; empty if all have one."""
        return next((row.name.text() for row in self.rows if not row.is_sound), "")

    def mapping(self) -> tuple[tuple[str, str], ...]:
        """Variables with their columns."""
        pairs = ((row.variable.name, row.column.currentData()) for row in self.rows)
        return tuple((name, str(column)) for name, column in pairs if column != FIXED)

    def values(self) -> tuple[tuple[str, str], ...]:
        """Variables that are the same in every row."""
        return tuple((r.variable.name, r.text) for r in self.rows if r.is_fixed)

    def _chose(self, row: SourceRow) -> None:
        row.fit()
        if row.is_fixed:
            row.value.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()
