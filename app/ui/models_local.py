"""One model file in full, with buttons for what can be done with it; deleting asks first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFormLayout, QLabel

from app.core.entities import LocalModel
from app.core.models_entities import ModelUsage
from app.ui.flow import FlowLayout
from app.ui.model_detail import TITLE_SIZE
from app.ui.models_parts import Confirm, Placeholder, TextButton, breakable, chain_tabs, label
from app.ui.models_split import DetailPane
from app.ui.models_usage import UsageView, loss_text, used_text
from app.ui.models_words import context_text, parameters_text
from app.ui.theme import GAP, Theme
from app.ui.words import action_of, short_model_name, size_text, summary_of


class LocalDetail(DetailPane):
    """Name, what is wrong if anything, buttons, facts."""

    chat_requested = Signal(object)  # Path
    verify_requested = Signal(object)  # Path
    delete_requested = Signal(object)  # Path
    show_folder_requested = Signal(object)  # Path
    template_requested = Signal(object)  # Path
    conversation_requested = Signal(str)  # id

    def __init__(self, theme: Theme) -> None:
        hint = Placeholder(theme, "hard-drive", "")
        super().__init__(theme, hint)
        hint.say(self.tr("Choose a model to see its file."))
        self._model: LocalModel | None = None
        self._usage: ModelUsage | None = None
        self._title = label(size=TITLE_SIZE, weight=QFont.Weight.DemiBold)
        self._state = label()
        self._problem = label(role="danger")
        self._action = label()
        self._make_buttons()
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(self._delete)
        self.confirm.declined.connect(self.delete_button.setFocus)
        self.usage = UsageView(theme)
        self.usage.conversation_requested.connect(self.conversation_requested)
        self.usage.follow(self.confirm.no)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(GAP * 2)
        self._facts.setVerticalSpacing(6)
        self._facts.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._values: dict[str, QLabel] = {}
        for name, words in (
            ("size", self.tr("Size")),
            ("quantization", self.tr("Quantization")),
            ("parameters", self.tr("Parameters")),
            ("architecture", self.tr("Architecture")),
            ("context", self.tr("Trained for")),
            ("file", self.tr("File")),
            ("folder", self.tr("Folder")),
            ("used", self.tr("Usage")),
        ):
            self._add_fact(name, words)
        self._fill_column()
        chain_tabs(
            self.back,
            self.chat_button,
            self.verify_button,
            self.folder_button,
            self.template_button,
            self.delete_button,
            self.confirm.yes,
            self.confirm.no,
        )
        self.show_nothing()

    def _make_buttons(self) -> None:
        theme = self._theme
        self.chat_button = TextButton(
            theme, self.tr("Chat with it"), "message-square", is_primary=True
        )
        self.verify_button = TextButton(theme, self.tr("Check the file"), "shield-check")
        self.verify_button.setToolTip(
            self.tr("Reads the whole file again, and compares it with what was downloaded")
        )
        self.folder_button = TextButton(theme, self.tr("Show in its folder"), "folder-open")
        self.template_button = TextButton(theme, self.tr("Chat template…"), "scroll-text")
        self.template_button.setToolTip(
            self.tr("How the model is asked, whether that works, and others that are known good")
        )
        self.delete_button = TextButton(theme, self.tr("Delete…"), "trash-2")
        self.delete_button.clicked.connect(self._ask)
        for button, signal in (
            (self.chat_button, self.chat_requested),
            (self.verify_button, self.verify_requested),
            (self.folder_button, self.show_folder_requested),
            (self.template_button, self.template_requested),
        ):
            button.clicked.connect(
                lambda _checked=False, s=signal: self._model and s.emit(self._model.path)
            )
        self._buttons = FlowLayout()
        self._buttons.setSpacing(GAP)
        for button in (
            self.chat_button,
            self.verify_button,
            self.folder_button,
            self.template_button,
            self.delete_button,
        ):
            self._buttons.addWidget(button)

    def _add_fact(self, name: str, words: str) -> None:
        value = label()
        self._values[name] = value
        self._facts.addRow(label(words, role="muted", wraps=False), value)

    def _fill_column(self) -> None:
        items = self._column.items
        for widget in (self._title, self._state, self._problem, self._action):
            items.addWidget(widget)
        items.addSpacing(4)
        items.addLayout(self._buttons)
        items.addWidget(self.confirm)
        items.addSpacing(GAP)
        items.addLayout(self._facts)
        items.addSpacing(GAP)
        items.addWidget(self.usage)
        items.addStretch(1)

    @property
    def key(self) -> str:
        """The path of the file on show, empty without one."""
        return str(self._model.path) if self._model is not None else ""

    @property
    def problem_text(self) -> str:
        """What is wrong with the file and what to do, empty where it is well."""
        return "" if self._problem.isHidden() else f"{self._problem.text()} {self._action.text()}"

    def show_nothing(self) -> None:
        """No model is chosen."""
        self._model = None
        self.confirm.hide()
        self.show_hint()

    def show_model(
        self, model: LocalModel, *, is_current: bool, usage: ModelUsage | None = None
    ) -> None:
        """Show `model`; a question about another one is taken away. No `usage`: not known."""
        is_new = self._model is None or self._model.path != model.path
        if is_new:
            self.confirm.hide()
        self._model, self._usage = model, usage
        self.usage.show_usage(usage, is_new=is_new)
        self._title.setText(breakable(model.name or short_model_name(model.path.name)))
        self._state.setText(self.tr("This model answers at the moment."))
        self._state.setVisible(is_current)
        problem = model.problem
        self._problem.setVisible(problem is not None)
        self._action.setVisible(problem is not None)
        if problem is not None:
            self._problem.setText(breakable(summary_of(problem)))
            self._action.setText(action_of(problem))
        self.chat_button.setEnabled(model.is_read and problem is None)
        self.template_button.setEnabled(model.is_read and problem is None)
        for name, value in (
            ("size", size_text(model.size_bytes)),
            ("quantization", model.quantization),
            ("parameters", parameters_text(model.parameters)),
            ("architecture", model.architecture),
            ("context", context_text(model.trained_context)),
            ("file", model.path.name),
            ("folder", str(model.path.parent)),
            ("used", used_text(usage) if usage is not None else ""),
        ):
            self._values[name].setText(breakable(value))
            self._facts.setRowVisible(self._values[name], bool(value))
        self.show_column()

    def focus_first(self) -> None:
        """Give the keyboard to the likeliest next thing."""
        button = self.chat_button if self.chat_button.isEnabled() else self.verify_button
        button.setFocus(Qt.FocusReason.OtherFocusReason)

    def decline(self) -> bool:
        """Take an open question away; false where none is asked."""
        asked = not self.confirm.isHidden()
        self.confirm.decline()
        return asked

    def _ask(self) -> None:
        if self._model is not None:
            words = self.tr("Delete {name} from the disk? That frees {size}, and cannot be undone.")
            words = words.replace("{name}", self._model.path.name).replace(
                "{size}", size_text(self._model.size_bytes)
            )
            loss = loss_text(self._usage) if self._usage is not None else ""
            self.confirm.ask(f"{words} {loss}".rstrip(), self.tr("Delete the file"))

    def _delete(self) -> None:
        if self._model is not None:
            self.delete_requested.emit(self._model.path)
