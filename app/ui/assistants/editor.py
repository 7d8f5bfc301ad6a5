"""The editor of one assistant: who it is, what it is told, how it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.core.assistants import (
    MOST_LINE,
    MOST_NAME,
    MOST_OPENING,
    is_built_in,
    one_line,
    system_template,
    system_text,
)
from app.core.entities import SamplingParams
from app.core.errors import Problem
from app.core.prompts import Assistant, PromptTemplate, TemplateFormat
from app.services.prompt_rendering import BUILT_IN
from app.ui.assistants.behaviour_fields import (
    AnswersField,
    Labelled,
    MemoryField,
    ModelField,
    drop_down,
)
from app.ui.assistants.picture_field import PictureField
from app.ui.models_parts import label
from app.ui.prompts.alive import while_there
from app.ui.prompts.long_text import LongText
from app.ui.prompts.variable_rows import VariableRows
from app.ui.prompts.words import format_name, too_long
from app.ui.setting_fields import title
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import action_of, summary_of

CHECK_MS = 400  # after the last key, before the template is looked at
Checked = Callable[[Problem | None, tuple[str, ...]], None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the editor needs to know: the values in force, whether a name is another's, and what
    is wrong with a template, with the names it uses."""

    in_force: Callable[[], SamplingParams]
    is_taken: Callable[[str, str], bool]
    check: Callable[[PromptTemplate, Checked], None]


class AssistantEditor(QWidget):
    """Shows one assistant; `value` is what the fields say now."""

    changed = Signal()

    def __init__(self, theme: Theme, around: Surroundings) -> None:
        super().__init__()
        self._theme, self._around = theme, around
        self._shown: Assistant | None = None
        self._picture = b""
        self._problem: Problem | None = None  # of the template
        self._is_showing = False
        self._check_timer = QTimer(self)
        self._check_timer.setSingleShot(True)
        self._check_timer.setInterval(CHECK_MS)
        self._check_timer.timeout.connect(self._check)
        self._make_fields()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP * 2)
        layout.addWidget(self.fixed_note)
        layout.addWidget(self.picture)
        layout.addLayout(self._name_row)
        layout.addLayout(self._description_row)
        layout.addWidget(self._section(self.tr("What it is told first")))
        layout.addLayout(self._system_row)
        layout.addLayout(self._format_row)
        layout.addWidget(self.variables_heading)
        layout.addWidget(self.variables)
        layout.addLayout(self._opening_row)
        layout.addWidget(self._section(self.tr("How it answers")))
        for field in (self.model, self.answers, self.memory):
            layout.addWidget(field)
        layout.addStretch(1)
        self._connect()

    def _make_fields(self) -> None:
        self.fixed_note = label(
            self.tr("It comes with Inglenook and stays as it is. Make a copy to change it."),
            role="muted",
        )
        self.picture = PictureField(self._theme)
        self.name, self.description = QLineEdit(), QLineEdit()
        for line, most in ((self.name, MOST_NAME), (self.description, MOST_LINE)):
            line.setProperty("field", True)
            line.setMaxLength(most)
        self.system, self.opening = LongText(5, 14), LongText(2, 8)
        self.format = drop_down(self._theme, self.tr("Variables are written"))
        for each in TemplateFormat:
            self.format.addItem(format_name(each), each.value)
        self.variables = VariableRows(self._theme)
        words = self.tr("What is asked for when a conversation begins")
        self.variables_heading = title(words)
        self.name_note = label(role="bad", size=SMALL)
        self.template_note = label(role="bad", size=SMALL)
        self.model = ModelField(self._theme)
        self.answers = AnswersField(self._theme, self._around.in_force)
        self.memory = MemoryField(self._theme)
        self._make_rows()

    def _make_rows(self) -> None:
        """Each field with its name above and what it is for below."""
        self._name_row = Labelled(self.tr("Name"), self.name)
        self._name_row.addWidget(self.name_note)
        self._description_row = Labelled(
            self.tr("Description"),
            self.description,
            self.tr("What it is good for, in a few words."),
        )
        self._system_row = Labelled(
            self.tr("System prompt"),
            self.system,
            self.tr(
                "Empty: the system prompt of the settings. A name in braces, such as {topic}, is"
                " asked for when a conversation begins; {date}, {weekday}, {language} and {user}"
                " are filled in by themselves."
            ),
        )
        self._system_row.addWidget(self.template_note)
        self._format_row = Labelled(self.tr("Variables are written"), self.format)
        self._opening_row = Labelled(
            self.tr("Opening line"),
            self.opening,
            self.tr("What it says before you have asked anything. May be empty."),
        )

    def _section(self, text: str) -> QWidget:
        return label(text, size=HEADING, weight=QFont.Weight.DemiBold)

    def _connect(self) -> None:
        self.picture.removed.connect(lambda: self.set_picture(b""))
        for line in (self.name, self.description):
            line.textChanged.connect(self._note_change)
        for text in (self.system, self.opening):
            text.textChanged.connect(self._note_change)
            text.refused.connect(lambda count: self._say_template(too_long(count)))
        self.system.textChanged.connect(self._check_timer.start)
        self.format.activated.connect(self._format_chosen)
        for field in (self.variables, self.model, self.answers, self.memory):
            field.changed.connect(self._note_change)

    # what it shows

    def show_assistant(self, assistant: Assistant) -> None:
        """Another assistant, or this one as it is kept now."""
        self._is_showing = True
        self._shown, self._picture = assistant, assistant.picture
        self.name.setText(assistant.name)
        self.description.setText(assistant.description)
        for line in (self.name, self.description):
            line.setCursorPosition(0)
        self.system.show_text(system_text(assistant))
        self.opening.show_text(assistant.opening)
        self.format.setCurrentIndex(self.format.findData(assistant.template.format.value))
        self.variables.show_variables(assistant.template.variables)
        self._show_variables()
        self.model.show_value(assistant.model)
        self.answers.show_value(assistant.preset, assistant.sampling)
        self.memory.show_value(assistant.memory)
        self._set_fixed(is_built_in(assistant.id))
        self._show_picture()
        self._is_showing = False
        self._say_name()
        self._check()

    def keep(self, assistant: Assistant) -> None:
        """This is how the one on show is kept now; what is in the fields stays."""
        if self._shown is None or is_built_in(assistant.id):
            self.show_assistant(assistant)
        else:
            self._shown = assistant

    def show_changed(self, assistant: Assistant) -> None:
        """The one on show as it was changed, and not kept yet."""
        shown = self._shown
        self.show_assistant(assistant)
        self._shown = shown

    def _set_fixed(self, is_fixed: bool) -> None:
        self.fixed_note.setVisible(is_fixed)
        for line in (self.name, self.description):
            line.setReadOnly(is_fixed)
        for text in (self.system, self.opening):
            text.setReadOnly(is_fixed)
        self.format.setEnabled(not is_fixed)
        self.variables.setEnabled(not is_fixed)
        for field in (self.model, self.answers, self.memory):
            field.set_fixed(is_fixed)

    def set_picture(self, picture: bytes) -> None:
        """Another picture, empty for none."""
        self._picture = picture
        self._show_picture()
        self._note_change()

    def _show_variables(self) -> None:
        is_any = bool(self.variables.rows)
        self.variables.setVisible(is_any)
        self.variables_heading.setVisible(is_any)

    def _show_picture(self) -> None:
        if self._shown is not None:
            self.picture.show_picture(
                replace(self._shown, name=self.name.text() or "?", picture=self._picture),
                is_fixed=is_built_in(self._shown.id),
            )

    # what it says

    @property
    def shown(self) -> Assistant | None:
        """The one that is edited, as it is kept."""
        return self._shown

    def value(self) -> Assistant:
        """What the fields say; an assistant must be on show."""
        assert self._shown is not None
        preset, sampling = self.answers.value()
        return replace(
            self._shown,
            name=one_line(self.name.text()),
            description=one_line(self.description.text()),
            template=self._template(),
            model=self.model.value(),
            preset=preset,
            sampling=sampling,
            memory=self.memory.value(),
            opening=self.opening.toPlainText().strip()[:MOST_OPENING],
            picture=self._picture,
        )

    def is_changed(self) -> bool:
        """Whether the fields say something else than what is kept."""
        if self._shown is None or is_built_in(self._shown.id):
            return False
        return self.value() != self._shown

    def complaint(self) -> str:
        """Why it cannot be kept, in a sentence; empty if it can."""
        name = one_line(self.name.text())
        if not name:
            return self.tr("It needs a name.")
        if self._shown is not None and self._around.is_taken(name, self._shown.id):
            return self.tr("Another assistant has this name.")
        return self.variables.problem()

    def _template(self) -> PromptTemplate:
        return system_template(
            self.system.toPlainText().strip(),
            self.variables.variables(),
            TemplateFormat(self.format.currentData()),
        )

    def _note_change(self) -> None:
        if not self._is_showing:
            self._say_name()
            if not self._picture:
                self._show_picture()  # its initials
            self.changed.emit()

    def _say_name(self) -> None:
        is_shown = self._shown is not None and not is_built_in(self._shown.id)
        words = self.complaint() if is_shown else ""
        self.name_note.setText(words)
        self.name_note.setVisible(bool(words))

    # the template

    def _format_chosen(self, _index: int) -> None:
        self._note_change()
        self._check()

    def _check(self) -> None:
        """Ask what is wrong with the system prompt, and which names it uses."""
        self.settle(lambda: None)

    def settle(self, done: Callable[[], None]) -> None:
        """Call `done` when the boxes are those of the names in the text as it is now."""
        self._check_timer.stop()
        template = self._template()

        def checked(problem: Problem | None, names: tuple[str, ...]) -> None:
            self._checked(template, problem, names)
            done()

        if template.messages:
            self._around.check(template, while_there(self, checked))
        else:
            checked(None, ())

    def _checked(
        self, template: PromptTemplate, problem: Problem | None, names: tuple[str, ...]
    ) -> None:
        if self._template().messages != template.messages:
            return  # it was written on meanwhile
        words = f"{summary_of(problem)} {action_of(problem)}" if problem is not None else ""
        self._say_template(words)
        if problem is None and self._shown is not None and not is_built_in(self._shown.id):
            # a field of one's own goes before what is filled in by itself, as everywhere
            own = {variable.name for variable in self.variables.variables()}
            wanted = [name for name in names if name in own or name not in BUILT_IN]
            if self.variables.names_found(wanted):
                self._show_variables()
                self._note_change()

    def _say_template(self, words: str) -> None:
        self.template_note.setText(words)
        self.template_note.setVisible(bool(words))
