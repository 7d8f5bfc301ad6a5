"""The editor of one prompt: its texts and fields, checked while they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFont, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.core.prompt_documents import MOST_VARIABLES
from app.core.prompts import NAME, Prompt, PromptTemplate, TemplateFormat
from app.services.prompt_rendering import BUILT_IN
from app.ui.choice import Choice
from app.ui.models_parts import TextButton, label, set_role
from app.ui.prompts.alive import while_there
from app.ui.prompts.message_rows import MessageRows
from app.ui.prompts.preview import Preview, Renders
from app.ui.prompts.variable_rows import VariableRows
from app.ui.prompts.words import format_name, variable_label
from app.ui.setting_fields import keep_from_wheel
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, number_text, summary_of

WAIT_MS = 350  # after the last key


class Checks(Renders, Protocol):
    """What looks through a template, not on the main thread."""

    def check(
        self,
        template: PromptTemplate,
        done: Callable[[Problem | None, tuple[str, ...]], None],
    ) -> None: ...


def name_from(title: str) -> str:
    """A name such as a title suggests: what is no letter or digit becomes a hyphen."""
    plain = unicodedata.normalize("NFKC", title).casefold()
    return re.sub(r"[^\w]+|_+", "-", plain).strip("-")[:64]


class PromptEditor(QWidget):
    """Keeps nothing by itself: `changed` tells of every change, `prompt()` is what there is now."""

    changed = Signal()
    save_requested = Signal()
    revert_requested = Signal()

    def __init__(self, theme: Theme, library: Checks) -> None:
        super().__init__()
        self._theme, self._library = theme, library
        self._shown: Prompt | None = None
        self._is_showing = False
        self._names_itself = False  # the name follows the title until somebody writes one
        self._checks = 0
        self._is_checking = False
        self._make_parts()
        self._make_layout()
        self._connect()

    def _make_parts(self) -> None:
        self.title, self.name, self.description = _line(), _line(), _line()
        self.title.setPlaceholderText(self.tr("What it is called"))
        self.folder = Folders(self.tr("Folder"))
        self.format = Choice(self._theme, self.tr("Format of the text"))
        for each in TemplateFormat:
            self.format.addItem(format_name(each), each)
        keep_from_wheel(self.format)
        self.messages = MessageRows(self._theme)
        self.variables = VariableRows(self._theme)
        self.name_note = label(role="bad", size=SMALL)
        self.name_note.hide()
        self.state = label(size=SMALL)
        self.preview = Preview(self._theme, self._library, self._for_preview)
        self.outcome = label(role="bad")
        self.outcome.hide()
        self.save = TextButton(self._theme, self.tr("Save"), "check", is_primary=True)
        self.save.setToolTip(self.tr("Save with Ctrl+S"))
        self.revert = TextButton(self._theme, self.tr("Discard changes"), "undo-2")
        for button in (self.save, self.revert):
            button.setAutoDefault(False)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._check)

    def _make_layout(self) -> None:
        column = QWidget()
        items = QVBoxLayout(column)
        items.setContentsMargins(0, 0, GAP, GAP)
        items.setSpacing(6)
        for words, editor in (
            (self.tr("Title"), self.title),
            (self.tr("Name, for / in the message"), self.name),
            (self.tr("Folder"), self.folder),
            (self.tr("Description"), self.description),
            (self.tr("Format of the text"), self.format),
        ):
            items.addWidget(_heading(words, editor))
            items.addWidget(editor)
            if editor is self.name:
                items.addWidget(self.name_note)
            items.addSpacing(4)
        items.addWidget(_heading(self.tr("Messages"), self.messages))
        items.addWidget(self.messages)
        items.addWidget(self.state)
        items.addSpacing(4)
        items.addWidget(_heading(self.tr("Fields"), self.variables))
        items.addWidget(self.variables)
        items.addSpacing(4)
        items.addWidget(self.preview)
        items.addStretch(1)
        self.area = QScrollArea()
        self.area.setAccessibleName(self.tr("Prompt"))
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(column)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(self.revert)
        buttons.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.outcome)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.title.textEdited.connect(self._title_edited)
        self.name.textEdited.connect(self._name_edited)
        self.description.textEdited.connect(self._edited)
        self.folder.editTextChanged.connect(self._edited)
        self.format.activated.connect(self._edited)
        self.messages.changed.connect(self._edited)
        self.variables.changed.connect(self._edited)
        self.save.clicked.connect(self.save_requested)
        self.revert.clicked.connect(self.revert_requested)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Save), self).activated.connect(
            self.save_requested
        )

    # what is edited

    def show_prompt(self, prompt: Prompt, folders: Sequence[str]) -> None:
        """Another prompt, or the same as it was saved."""
        self._is_showing = True
        self._shown = prompt
        self._names_itself = not prompt.name
        self.title.setText(prompt.title)
        self.name.setText(prompt.name)
        self.description.setText(prompt.description)
        self.folder.offer(folders, prompt.folder)
        self.format.setCurrentIndex(self.format.findData(prompt.template.format))
        self.messages.show_messages(prompt.template.messages)
        self.variables.show_variables(prompt.template.variables)
        self.outcome.hide()
        self._say_name()
        self._is_showing = False
        self.area.verticalScrollBar().setValue(0)
        self._check()
        self.preview.change()

    def prompt(self) -> Prompt | None:
        """As it is now; None while none is shown."""
        if self._shown is None:
            return None
        return replace(
            self._shown,
            name=self.name.text().strip().lstrip("/"),
            title=" ".join(self.title.text().split()),
            description=self.description.text().strip(),
            folder=self.folder.currentText().strip().strip("/"),
            template=self.template(),
        )

    def template(self) -> PromptTemplate:
        """Messages and fields as they are now."""
        return PromptTemplate(
            self.messages.messages(),
            self.variables.variables(),
            TemplateFormat(self.format.currentData()),
        )

    def show_problem(self, problem: Problem) -> None:
        """Why it was not saved."""
        self.outcome.setText(f"{summary_of(problem)} {action_of(problem)}")
        self.outcome.show()

    def show_changed(self, is_changed: bool) -> None:
        """Whether there is something to save."""
        self.save.setEnabled(is_changed)
        self.revert.setText(self.tr("Discard changes") if is_changed else self.tr("Back"))

    def _title_edited(self, text: str) -> None:
        if self._names_itself:
            self.name.setText(name_from(text))
        self._edited()

    def _name_edited(self, text: str) -> None:
        self._names_itself = not text
        self._edited()

    def _edited(self) -> None:
        if self._is_showing:
            return
        self.outcome.hide()
        self._say_name()
        self.changed.emit()
        self.preview.change()
        self._timer.start()

    def _say_name(self) -> None:
        name = self.name.text().strip().lstrip("/")
        is_wrong = bool(name) and NAME.fullmatch(name) is None
        words = self.tr("Letters, digits, - and _ only, with a letter or digit first.")
        self.name_note.setText(words if is_wrong else "")
        self.name_note.setVisible(is_wrong)

    # checking

    def _check(self) -> None:
        if self._is_checking:
            self._timer.start()
            return
        self._checks += 1
        number, self._is_checking = self._checks, True
        template = self.template()

        def done(problem: Problem | None, names: tuple[str, ...]) -> None:
            self._is_checking = False
            if number == self._checks and template.messages == self.messages.messages():
                self._show_checked(problem, names)

        # the fields follow the text: what is wrong with them is said beside them
        self._library.check(replace(template, variables=()), while_there(self, done))

    def _show_checked(self, problem: Problem | None, names: tuple[str, ...]) -> None:
        if problem is not None:
            words = f"{summary_of(problem)} {action_of(problem)}"
            place, line = _place(problem)
            is_shown = self.messages.show_wrong(words, place, line)
            self._say("" if is_shown else words, "bad")
            return
        self.messages.show_wrong("", 0, 0)
        own = [name for name in names if name not in BUILT_IN or self._has_field(name)]
        text = "\n".join(message.text for message in self.messages.messages())
        own.sort(key=lambda name: text.find(name))
        if self.variables.names_found(own):
            self.changed.emit()
            self.preview.change()
        words = self.tr("Write a name in braces into a message, and it becomes a field.")
        self.variables.say_nothing(words)
        if len(own) > MOST_VARIABLES:
            words = self.tr("There are {count} names in the text; {most} fields are the most.")
            words = words.replace("{count}", number_text(len(own)))
            self._say(words.replace("{most}", number_text(MOST_VARIABLES)), "bad")
            return
        filled = [name for name in names if name not in own]
        words = self.tr("Filled in by itself: {names}.").replace("{names}", ", ".join(filled))
        self._say(words if filled else "", "muted")

    def _has_field(self, name: str) -> bool:
        return any(row.name == name for row in self.variables.rows)

    def _say(self, words: str, role: str) -> None:
        self.state.setText(words)
        self.state.setVisible(bool(words))
        set_role(self.state, role)

    def _for_preview(self) -> tuple[PromptTemplate, dict[str, str]] | None:
        """With the default of each field, else its label in brackets."""
        template = self.template()
        variables = tuple(replace(v, is_required=False) for v in template.variables)
        values = {}
        for variable in template.variables:
            usual = variable.default or (variable.choices[0] if variable.choices else "")
            if not usual and variable.minimum is not None:
                usual = f"{variable.minimum:g}"
            values[variable.name] = usual or _stand_in(
                variable.kind.value, variable_label(variable)
            )
        return replace(template, variables=variables), values


def _stand_in(kind: str, name: str) -> str:
    return {"number": "1", "date": "2026-01-31"}.get(kind, f"‹{name}›")


def _place(problem: Problem) -> tuple[int, int]:
    """The message and the line that it is about, counted from 1; 0 where it names none."""
    params = dict(problem.params)
    message, line = (params.get(key, "") for key in ("message", "line"))
    return int(message) if message.isdigit() else 0, int(line) if line.isdigit() else 0


class Folders(QComboBox):
    """The folders there are, and any other that is written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName(name)
        edit = self.lineEdit()
        assert edit is not None
        edit.setAccessibleName(name)
        edit.setPlaceholderText(self.tr("None; a path such as Work/Letters"))
        keep_from_wheel(self)

    def offer(self, folders: Sequence[str], current: str) -> None:
        """What there is to choose from, and what it is now."""
        self.blockSignals(True)
        self.clear()
        self.addItems(list(folders))
        self.setEditText(current)
        self.blockSignals(False)


def _line() -> QLineEdit:
    made = QLineEdit()
    made.setProperty("field", True)
    return made


def _heading(words: str, editor: QWidget) -> QLabel:
    made = label(words, weight=QFont.Weight.DemiBold, size=SMALL)
    made.setBuddy(editor)
    if not editor.accessibleName():
        editor.setAccessibleName(words)
    return made
