"""What a run is set up with: prompt, table, values, form of the answers, the file for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError, Problem
from app.core.prompts import Prompt, PromptTemplate, Variable
from app.services.batch_files import Table
from app.services.batch_rows import (
    GREEDY,
    MOST_TOKENS,
    BatchOrder,
    as_template,
    needed,
    properties_of,
)
from app.ui.batch.sources import Sources
from app.ui.batch.table_view import TableView
from app.ui.batch.words import own_text
from app.ui.choice import Choice
from app.ui.models_parts import BESIDE_BOX, TextButton, breakable, chain_tabs, label, set_role
from app.ui.setting_fields import keep_from_wheel, title
from app.ui.theme import GAP, SMALL, Theme, code_font
from app.ui.words import action_of, summary_of

OWN = ""  # in the list of prompts: a text of one's own
PAUSE_MS = 300  # a text is looked at this long after the last key
LINES = 4
MOST_NUMBER = 1_048_576
MOST_NAME = 60  # characters of what a run is called
NO_MODEL = Path("none")  # until it is begun


class SetUp(QWidget):
    """Tells what was chosen; `order` is the whole of it once `missing` is empty."""

    template_changed = Signal(object)  # PromptTemplate: which variables has it?
    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._prompts: list[Prompt] = []
        self._names: tuple[str, ...] = ()
        self._problem: Problem | None = None
        self._is_checked = False
        self._output: Path | None = None
        self._make_prompt(theme)
        self.table = TableView(theme)
        self.sources = Sources(theme)
        self.sources.changed.connect(self.changed)
        self._make_answers(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        heading = title(self.tr("Prompt"))
        heading.setBuddy(self.prompt)
        layout.addWidget(heading)
        for widget in (self.prompt, self.text, self.note):
            layout.addWidget(widget)
        for part in (self.table, self.sources):
            layout.addSpacing(GAP)
            layout.addWidget(part)
        layout.addSpacing(GAP)
        layout.addLayout(self._answers)
        layout.addStretch(1)

    def _make_prompt(self, theme: Theme) -> None:
        self.prompt = Choice(theme, self.tr("Prompt"))
        self.prompt.setToolTip("")
        policy = Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.prompt.setSizeAdjustPolicy(policy)
        self.prompt.setMinimumWidth(120)
        self.prompt.currentIndexChanged.connect(self.check)
        keep_from_wheel(self.prompt)
        self.text = QPlainTextEdit()
        self.text.setProperty("field", True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("The text of the prompt"))
        example = self.tr("Such as: Translate into English: {text}")
        self.text.setPlaceholderText(example)
        self.text.setFixedHeight(_height(self.text))
        self.note = label(role="muted", size=SMALL)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.check)
        self.text.textChanged.connect(self._typed)

    def _make_answers(self, theme: Theme) -> None:
        self.column = QLineEdit("answer")
        self.column.setProperty("field", True)
        self.column.textChanged.connect(lambda _: self.changed.emit())
        self.column_title = label(self.tr("Name of the column"), wraps=False)
        self.column_title.setBuddy(self.column)
        self.column.setAccessibleName(self.column_title.text())
        self.most = _number(1, MOST_TOKENS)
        self.limit = _number(0, 0)
        self.limit.setSpecialValueText(self.tr("All"))
        most_title = label(self.tr("Longest answer, in tokens"), wraps=False)
        limit_title = label(self.tr("Rows"), wraps=False)
        for beside, number in ((most_title, self.most), (limit_title, self.limit)):
            beside.setBuddy(number)
            number.setAccessibleName(beside.text())
        self.is_json = QCheckBox(self.tr("Answers are JSON"))
        words = self.tr("Every answer follows a schema; each of its properties becomes a column.")
        self.json_help = label(words, role="muted", size=SMALL)
        self.json_help.setIndent(BESIDE_BOX)
        self.is_json.setAccessibleDescription(words)
        self.is_json.toggled.connect(self._show_schema)
        self.schema = QPlainTextEdit()
        self.schema.setProperty("field", True)
        self.schema.setTabChangesFocus(True)
        self.schema.setFont(code_font())
        self.schema.setAccessibleName(self.tr("JSON schema"))
        self.schema.setFixedHeight(_height(self.schema, LINES + 3))
        example = '{"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}},'
        self.schema.setPlaceholderText(f'{example}\n "required": ["mood"]}}')
        self.schema.textChanged.connect(self._show_schema)
        self.schema_note = label(size=SMALL)
        self.choose_output = TextButton(theme, self.tr("Choose the file…"), "file-plus")
        self.choose_output.clicked.connect(self._choose_output)
        self.output_name = label(role="muted", size=SMALL)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.choose_output)
        row.addWidget(self.output_name, 1)
        self._answers = QVBoxLayout()
        self._answers.setSpacing(6)
        self._answers.addWidget(title(self.tr("Answers")))
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP + 4)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.column_title, 0, 0)
        grid.addWidget(self.column, 0, 1, 1, 2)
        grid.addWidget(most_title, 1, 0)
        grid.addWidget(self.most, 1, 1)
        grid.addWidget(limit_title, 2, 0)
        grid.addWidget(self.limit, 2, 1)
        self._answers.addLayout(grid)
        parts: tuple[QWidget, ...] = (self.is_json, self.json_help, self.schema, self.schema_note)
        for part in parts:
            self._answers.addWidget(part)
        self._answers.addSpacing(GAP)
        self._answers.addWidget(title(self.tr("File for the answers")))
        self._answers.addLayout(row)
        self._show_schema()
        self._show_output()

    # what is shown

    def show_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Those of the library; the chosen one stays if it is still there."""
        chosen = self.prompt.currentData()
        self._prompts = list(prompts)
        self.prompt.blockSignals(True)
        self.prompt.clear()
        self.prompt.addItem(own_text(), OWN)
        for prompt in prompts:
            self.prompt.addItem(prompt.title or prompt.name, prompt.id)
        self.prompt.setCurrentIndex(max(self.prompt.findData(chosen), 0))
        self.prompt.blockSignals(False)
        self.check()

    def show_variables(
        self, template: PromptTemplate, problem: Problem | None, names: Sequence[str]
    ) -> None:
        """What was found out about a template, if it is still the one that is chosen."""
        if template != self.template:
            return
        self._is_checked, self._problem = True, problem
        self._names = needed(template, names)
        self._say_prompt(problem)
        self._show_sources()

    def show_table(self, table: Table) -> None:
        """What the file is; the answers go beside it unless another file was chosen."""
        self.table.show_table(table)
        if self._output is None or self._output.parent != table.path.parent:
            self._output = table.path.with_name(f"{table.path.stem}-answers.csv")
        self._show_output()
        self._show_sources()

    def show_table_problem(self, problem: Problem) -> None:
        """Why it cannot be used."""
        self.table.show_problem(problem)
        self._show_sources()

    # what was chosen

    @property
    def template(self) -> PromptTemplate:
        """Of the chosen prompt."""
        chosen = self.prompt.currentData()
        found = next((p.template for p in self._prompts if chosen and p.id == chosen), None)
        return found or as_template(self.text.toPlainText().strip())

    @property
    def name(self) -> str:
        """What the run is called: as the prompt, or by the beginning of a text of one's own."""
        if self.prompt.currentData():
            return self.prompt.currentText()
        words = " ".join(self.text.toPlainText().split())
        return words if len(words) <= MOST_NAME else f"{words[: MOST_NAME - 1].rstrip()}…"

    @property
    def missing(self) -> str:
        """What is still needed, in a sentence; empty where nothing is."""
        if not any(message.text.strip() for message in self.template.messages):
            return self.tr("Choose a prompt, or write one.")
        if self._problem is not None:
            return self.tr("The prompt has a mistake.")
        if self.table.table is None:
            return self.tr("Choose a table.")
        if self.sources.missing:
            words = self.tr("“{name}” needs a column or a value.")
            return words.replace("{name}", self.sources.missing)
        if self._schema_problem() is not None:
            return self.tr("The JSON schema has a mistake.")
        if not self.is_json.isChecked() and not self.column.text().strip():
            return self.tr("The column for the answers needs a name.")
        return "" if self._is_checked else self.tr("Looking at the prompt…")

    def order(self) -> BatchOrder:
        """Everything but the model."""
        table = self.table.table
        assert table is not None
        assert self._output is not None
        return BatchOrder(
            input=table.path,
            output=self._output,
            template=self.template,
            model=NO_MODEL,
            mapping=self.sources.mapping(),
            values=self.sources.values(),
            schema=self._schema_text(),
            column=self.column.text().strip(),
            limit=self.limit.value(),
            sampling=replace(GREEDY, max_tokens=self.most.value()),
        )

    # inside

    def check(self) -> None:
        """Have the chosen prompt looked at."""
        self._pause.stop()
        is_own = not self.prompt.currentData()
        self.text.setVisible(is_own)
        self._is_checked, self._problem = False, None
        self._say_prompt(None)
        self.changed.emit()
        self.template_changed.emit(self.template)

    def _typed(self) -> None:
        self._is_checked = False
        self._pause.start()
        self.changed.emit()

    def _say_prompt(self, problem: Problem | None) -> None:
        chosen = self.prompt.currentData()
        found = next((p.description for p in self._prompts if chosen and p.id == chosen), "")
        words = found if chosen else self.tr("Columns are written in braces, such as {text}.")
        if problem is not None and (chosen or self.text.toPlainText().strip()):
            words = f"{summary_of(problem)} {action_of(problem)}"
        else:
            problem = None
        self.note.setText(words)
        self.note.setVisible(bool(words))
        set_role(self.note, "muted" if problem is None else "bad")

    def _show_sources(self) -> None:
        declared = {variable.name: variable for variable in self.template.variables}
        variables = [declared.get(name) or Variable(name) for name in self._names]
        columns = self.table.table.columns if self.table.table is not None else ()
        self.sources.show_variables(variables if columns else (), columns)
        chain_tabs(self.table.preview, *self.sources.editors(), self.column)

    def _schema_text(self) -> str:
        return self.schema.toPlainText().strip() if self.is_json.isChecked() else ""

    def _schema_problem(self) -> Problem | None:
        try:
            properties_of(self._schema_text())
        except AppError as error:
            return error.problem
        return None

    def _show_schema(self) -> None:
        is_json, problem = self.is_json.isChecked(), self._schema_problem()
        self.schema.setVisible(is_json)
        has_columns = is_json and bool(self._schema_text()) and problem is None
        words = f"{summary_of(problem)} {action_of(problem)}" if problem is not None else ""
        if has_columns and (names := properties_of(self._schema_text())):
            words = self.tr("Columns: {names}").replace("{names}", ", ".join(names))
        self.schema_note.setText(words)
        self.schema_note.setVisible(is_json and bool(words))
        set_role(self.schema_note, "bad" if problem is not None else "muted")
        has_properties = has_columns and bool(properties_of(self._schema_text()))
        for widget in (self.column, self.column_title):
            widget.setEnabled(not has_properties)
        self.changed.emit()

    def _show_output(self) -> None:
        words = self.tr("Beside the table, once there is one.")
        self.output_name.setText(breakable(str(self._output)) if self._output else words)

    def _choose_output(self) -> None:
        dialog = QFileDialog(self, self.tr("File for the answers"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        # one that is there may be gone on with; nothing is deleted without a question
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setNameFilter(f"{self.tr('Tables')} (*.csv)")
        dialog.setDefaultSuffix("csv")
        if self._output is not None:
            dialog.selectFile(str(self._output))
        dialog.fileSelected.connect(self.take_output)
        dialog.open()

    def take_output(self, path: str) -> None:
        """The answers go there."""
        self._output = Path(path)
        self._show_output()
        self.changed.emit()


def _number(least: int, value: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, MOST_NUMBER)
    made.setValue(value)
    made.setGroupSeparatorShown(True)
    made.setMinimumWidth(130)
    made.setMinimumHeight(made.sizeHint().height() + 8)
    keep_from_wheel(made)
    return made


def _height(editor: QPlainTextEdit, lines: int = LINES) -> int:
    return editor.fontMetrics().lineSpacing() * lines + 16
