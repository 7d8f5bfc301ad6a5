"""One prompt to read: what it says, what it asks for, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.core.prompts import Prompt, PromptMessage, TemplateFormat, Variable, VariableKind
from app.ui.flow import FlowLayout
from app.ui.models_parts import TextButton, breakable, label
from app.ui.prompts.words import folder_words, kind_name, role_name, short, variable_label
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import number_text

MOST_SHOWN, MOST_IN_ALL = 8000, 20_000  # characters of one message, of all


class PromptDetail(QWidget):
    """Says which button was pressed; the dialog knows which prompt is on show."""

    use_requested = Signal()
    edit_requested = Signal()
    duplicate_requested = Signal()
    versions_requested = Signal()
    export_requested = Signal()
    delete_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.prompt: Prompt | None = None
        self.use = TextButton(theme, self.tr("Use"), "arrow-right", is_primary=True)
        self.edit = TextButton(theme, self.tr("Edit"), "pencil")
        self.duplicate = TextButton(theme, self.tr("Duplicate"), "copy")
        self.versions = TextButton(theme, self.tr("Versions"), "history")
        self.export = TextButton(theme, self.tr("Export…"), "download")
        self.delete = TextButton(theme, self.tr("Delete"), "trash-2")
        self.delete.setProperty("danger", True)
        pairs = (
            (self.use, self.use_requested),
            (self.edit, self.edit_requested),
            (self.duplicate, self.duplicate_requested),
            (self.versions, self.versions_requested),
            (self.export, self.export_requested),
            (self.delete, self.delete_requested),
        )
        self.buttons = [button for button, _ in pairs]
        flow = FlowLayout()
        flow.setSpacing(GAP)
        for button, signal in pairs:
            button.setAutoDefault(False)
            button.clicked.connect(signal)
            flow.addWidget(button)
        self.view = PromptView(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP + 4)
        layout.addLayout(flow)
        layout.addWidget(self.view, 1)

    def show_prompt(self, prompt: Prompt) -> None:
        """Another prompt, or another version of the same."""
        self.prompt = prompt
        is_own = not prompt.is_built_in
        for button in (self.edit, self.versions, self.delete):
            button.setVisible(is_own)
        self.duplicate.setText(
            self.tr("Duplicate") if is_own else self.tr("Duplicate to change it")
        )
        self.view.show_prompt(prompt)


class PromptView(QScrollArea):
    """Its texts, as they are in the template."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(self.tr("Prompt"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_prompt(self, prompt: Prompt) -> None:
        """What it is called, its messages, its fields."""
        column = QWidget()
        items = QVBoxLayout(column)
        items.setContentsMargins(0, 0, GAP, GAP)
        items.setSpacing(GAP)
        title = label(prompt.title, size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        items.addWidget(_selectable(title))
        items.addWidget(label(breakable(self._facts(prompt)), role="muted", size=SMALL))
        if prompt.description:
            items.addWidget(_selectable(label(prompt.description)))
        items.addSpacing(4)
        room, messages = MOST_IN_ALL, prompt.template.messages
        for number, message in enumerate(messages):
            if room <= 0:
                words = self.tr("%n more messages", "", len(messages) - number)
                items.addWidget(label(words, role="muted", size=SMALL))
                break
            items.addWidget(_panel(message))
            room -= len(message.text)
        if prompt.template.variables:
            items.addSpacing(4)
            items.addWidget(label(self.tr("Fields"), weight=QFont.Weight.DemiBold))
            for variable in prompt.template.variables:
                items.addWidget(label(self._field(variable), size=SMALL))
        items.addStretch(1)
        self.setWidget(column)
        self.verticalScrollBar().setValue(0)

    def text(self) -> str:
        """All words on show, for tests and screen readers."""
        return "\n".join(shown.text() for shown in self.findChildren(QLabel))

    def _facts(self, prompt: Prompt) -> str:
        parts = [f"/{prompt.name}", folder_words(prompt.folder)]
        if prompt.is_built_in:
            parts.append(self.tr("comes with Inglenook"))
        else:
            words = self.tr("version {number}")
            parts.append(words.replace("{number}", number_text(prompt.version)))
            parts.append(changed_words(prompt))
        if prompt.template.format is TemplateFormat.JINJA:
            parts.append("Jinja2")
        return " · ".join(part for part in parts if part)

    def _field(self, variable: Variable) -> str:
        parts = [kind_name(variable.kind)]
        if variable.kind is VariableKind.CHOICE:
            parts.append(short(", ".join(variable.choices), 120))
        if variable.default:
            words = self.tr("usually {value}")
            parts.append(words.replace("{value}", short(variable.default, 40)))
        if not variable.is_required:
            parts.append(self.tr("may be left out"))
        return f"{variable_label(variable)}: {' · '.join(parts)}"


def changed_words(prompt: Prompt) -> str:
    """When it was changed last, as the language writes a date; empty if that is not known."""
    if prompt.changed_at is None:
        return ""
    moment = QDateTime.fromSecsSinceEpoch(int(prompt.changed_at.timestamp()))
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat)


def _panel(message: PromptMessage) -> QFrame:
    panel = QFrame()
    panel.setObjectName("note")
    items = QVBoxLayout(panel)
    items.setContentsMargins(12, 8, 12, 10)
    items.setSpacing(4)
    items.addWidget(label(role_name(message.role), role="muted", size=SMALL))
    text = message.text.strip()
    shown = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
    items.addWidget(_selectable(label(shown)))
    return panel


def _selectable(made: QLabel) -> QLabel:
    flag = Qt.TextInteractionFlag
    made.setTextInteractionFlags(flag.TextSelectableByMouse)
    return made
