"""Joins the assistants to the main window: conversations that begin with one, and their dialog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.core.beginning import Beginning
from app.core.entities import LocalModel, SamplingParams, new_id
from app.core.errors import Problem
from app.core.presets import OWN
from app.core.prompts import Assistant, AssistantId, Rendered
from app.services.app import AppServices
from app.services.assistants import ENDING, AssistantsListener, file_name
from app.services.chat import Chat
from app.services.ports import EngineListener, EngineState, Lane
from app.ui.assistants.cards import MOST
from app.ui.assistants.pictures import read_picture
from app.ui.assistants.presence import Presence, opening_message
from app.ui.assistants.unsaved import UnsavedAssistant
from app.ui.conversation_window import ConversationWindow
from app.ui.engine_settings_values import values_in_force
from app.ui.main_window import MainWindow
from app.ui.model_choice import ModelChoice
from app.ui.palette_filter import Command
from app.ui.prompts.alive import while_there
from app.ui.theme import Theme
from app.ui.words import action_of, short_model_name, summary_of

if TYPE_CHECKING:
    from app.ui.assistants.begin_form import BeginForm
    from app.ui.assistants.dialog import AssistantsDialog

COMMAND = "assistant:"  # begins the id of a command of the palette


class AssistantsControl(QObject, AssistantsListener, EngineListener):
    """Makes the dialog when it is first asked for, and again in another language."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        chat: Chat,
        models: ModelChoice,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._services, self._assistants = services, services.assistants
        self._window, self._theme = window, theme
        self._chat, self._models = chat, models
        self._show_problem = show_problem
        self._installed: list[LocalModel] = []
        self._model_wanted: Path | None = None  # when the answer in the making is done
        self.dialog: AssistantsDialog | None = None
        self.form: BeginForm | None = None
        self.presence = Presence(chat, self._assistants, window.badge)
        self.presence.met = self._show_met
        self.presence.sent = lambda: window.transcript.show_messages([])
        self._unsaved = UnsavedAssistant(
            services.scheduler, services.paths.unsaved_assistant, self._changed_one, self
        )
        self._assistants.add_listener(self)
        services.engine.add_listener(self)
        models.models_found.connect(self._note_models)
        window.badge.clicked.connect(lambda: self.open_at(window.badge.assistant_id))
        window.empty.cards.chosen.connect(self.begin)
        window.empty.cards.more_requested.connect(lambda: self.open())
        window.menu.assistants.triggered.connect(lambda: self.open())
        window.language_changed.connect(self._forget_dialog)

    # a conversation with one

    def commands(self) -> list[Command]:
        """One for each in the palette: a new conversation with it."""
        words, group = self.tr("Assistant: {name}"), self.tr("Assistants")
        return [
            Command(f"{COMMAND}{a.id}", words.replace("{name}", a.name), "", group, a.description)
            for a in self._assistants.all
        ]

    def begin(self, assistant_id: str) -> None:
        """A new conversation with it; asks for what its system prompt leaves open."""
        assistant = self._assistants.find(assistant_id)
        if assistant is not None:
            self._begin(assistant)

    def _begin(self, assistant: Assistant) -> None:
        if not assistant.template.variables:
            self._assistants.begin(
                assistant, {}, lambda b: self._begun(assistant, b), self._show_problem
            )
            return
        from app.ui.assistants.begin_form import BeginForm

        form = self.form = BeginForm(
            self._theme,
            assistant,
            self._services.prompts,
            self._services.scheduler,
            self._window,
        )
        form.filled.connect(lambda rendered, _sending: self._filled(assistant, rendered))
        form.take_clipboard()
        form.destroyed.connect(self._form_gone)
        form.open()

    def _form_gone(self) -> None:
        self.form = None

    def _filled(self, assistant: Assistant, rendered: Rendered) -> None:
        self._begun(assistant, self._assistants.beginning(assistant, rendered))

    def _begun(self, assistant: Assistant, beginning: Beginning) -> None:
        window = self._window
        window.show_chat()
        self._chat.new_conversation()
        self._chat.begin_with(beginning)
        window.activateWindow()  # a form or the dialog was in front
        window.composer.setFocus()
        if beginning.model:
            self._use_model(assistant, beginning.model)

    def _show_met(self, assistant: Assistant | None, opening: str) -> None:
        """What stands where the conversation will be."""
        window = self._window
        window.empty.show_assistant(assistant)
        if opening and assistant is not None:
            window.transcript.show_messages([opening_message(opening)])
            window.show_conversation_page(is_empty=False)

    def _use_model(self, assistant: Assistant, name: str) -> None:
        """Load the one it wants, if that is another than the one in use and there is one."""
        engine = self._services.engine
        if engine.model_path is not None and engine.model_path.name == name:
            return
        fitting = (m for m in self._installed if m.path.name == name and m.problem is None)
        found = next(fitting, None)
        if found is None:
            words = self.tr("{model}, the model of {name}, is not on this computer.")
            if engine.model_path is not None:
                words = self.tr(
                    "{model}, the model of {name}, is not on this computer: {other} answers."
                )
                other = short_model_name(engine.model_path.name)
                words = words.replace("{other}", other)
            words = words.replace("{model}", short_model_name(name))
            window = self._window
            window.toast.show_text(words.replace("{name}", assistant.name))
        elif engine.state is EngineState.GENERATING:
            self._model_wanted = found.path  # loading it would cut that answer short
        else:
            self._models.load(found.path)

    def engine_changed(self, state: EngineState) -> None:
        wanted = self._model_wanted
        if wanted is None or state is EngineState.GENERATING:
            return
        self._model_wanted = None
        if state is EngineState.READY and self._chat.beginning.model == wanted.name:
            self._models.load(wanted)

    # the dialog

    def open(self, assistant_id: str = "") -> None:
        """Show it, or bring it to the front, at one of them."""
        dialog = self._dialog()
        if assistant_id:
            dialog.open_at(assistant_id)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def save_set_up(self) -> None:
        """Make an assistant of what the conversation on show was told, and how it answers."""
        conversation = self._chat.conversation
        if conversation is None:
            self._window.toast.show_text(self.tr("There is no conversation yet to take it from."))
            return
        name = " ".join(conversation.title.split()) or self.tr("New assistant")
        made = self._assistants.from_conversation(conversation, name)
        self._assistants.duplicate(made, self._open_new, self._show_problem)

    def equip(self, window: QWidget) -> None:
        """Another window has a badge too: it opens the dialog, which belongs to this one."""
        if isinstance(window, ConversationWindow):
            window.assistant_wanted.connect(self._window.come_to_front)
            window.assistant_wanted.connect(self.open_at)

    def open_at(self, assistant_id: str) -> None:
        """Show the dialog at one of them, or at the first one if it was deleted."""
        is_there = any(a.id == assistant_id for a in self._assistants.all)
        self.open(assistant_id if is_there else "")

    def _dialog(self) -> AssistantsDialog:
        if self.dialog is None:
            from app.ui.assistants.dialog import AssistantsDialog
            from app.ui.assistants.editor import Surroundings

            around = Surroundings(
                self._values_in_force, self._assistants.is_taken, self._services.prompts.check
            )
            dialog = self.dialog = AssistantsDialog(self._theme, around, self._window)
            dialog.begin_requested.connect(self._begin_from_dialog)
            dialog.new_requested.connect(self._make_new)
            dialog.save_requested.connect(self._save)
            dialog.duplicate_requested.connect(self._duplicate)
            dialog.delete_requested.connect(lambda i: self._assistants.delete(AssistantId(i)))
            dialog.undo_requested.connect(self._assistants.undo)
            dialog.import_requested.connect(self._ask_import)
            dialog.share_requested.connect(self._ask_share)
            dialog.files_dropped.connect(self.read_files)
            dialog.editor.picture.file_chosen.connect(self._read_picture)
            dialog.editor.model.offer(self._model_names())
            dialog.show_assistants(self._assistants.all)
            dialog.unsaved_changed.connect(self._unsaved.keep_soon)
            self._unsaved.load(while_there(dialog, dialog.show_unsaved))
        return self.dialog

    def _changed_one(self) -> Assistant | None:
        return self.dialog.unsaved if self.dialog is not None else None

    def close(self) -> None:
        """The app ends: what was changed and not saved is kept."""
        self._unsaved.close()

    def _forget_dialog(self) -> None:
        """It is made again when it is asked for, in another language."""
        if self.dialog is not None:
            self._unsaved.keep()
        old, self.dialog = self.dialog, None
        if old is None:
            return
        is_visible, place = old.isVisible(), old.geometry()
        old.hide()
        old.deleteLater()
        if is_visible:
            self.open()
            self._dialog().setGeometry(place)

    def _begin_from_dialog(self, assistant: Assistant) -> None:
        if self.dialog is not None:
            self.dialog.close()
        self._begin(assistant)

    def _make_new(self) -> None:
        made = Assistant(AssistantId(new_id()), self.tr("New assistant"))
        self._assistants.duplicate(made, self._open_new, self._show_in_dialog)

    def _open_new(self, assistant: Assistant) -> None:
        dialog = self._dialog()
        dialog.show()
        dialog.open_at(assistant.id, is_new=True)

    def _save(self, assistant: Assistant) -> None:
        self._assistants.save(assistant, lambda _kept: None, self._show_in_dialog)

    def _duplicate(self, assistant: Assistant) -> None:
        self._assistants.duplicate(assistant, self._open_new, self._show_in_dialog)

    def _show_in_dialog(self, problem: Problem) -> None:
        """A problem with what was asked for in the dialog."""
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.show_problem(problem)
        else:
            self._show_problem(problem)

    def _values_in_force(self) -> SamplingParams:
        settings, model = self._services.settings(), self._services.engine.model
        values = values_in_force(settings, dict(model.advice) if model is not None else {})
        return settings.changed(preset=OWN, **values).sampling_params()

    def _model_names(self) -> list[str]:
        return [m.path.name for m in self._installed if m.problem is None]

    def _note_models(self, models: Sequence[LocalModel], _current: object) -> None:
        self._installed = list(models)
        if self.dialog is not None:
            self.dialog.editor.model.offer(self._model_names())

    # files

    def _ask_import(self) -> None:
        kinds = self.tr("Assistants ({kinds})").replace("{kinds}", f"*{ENDING}")
        dialog = self._file_dialog(self.tr("Import assistants"), kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda names: self.read_files([Path(n) for n in names]))
        dialog.open()

    def read_files(self, paths: Sequence[Path]) -> None:
        """Take in assistants from files."""
        for path in paths:
            self._assistants.read_file(path, self._imported, self._show_in_dialog)

    def _imported(self, assistant: Assistant) -> None:
        dialog = self._dialog()
        dialog.open_at(assistant.id)
        dialog.say(self.tr("Imported “{name}”").replace("{name}", assistant.name))

    def _ask_share(self, assistant: Assistant) -> None:
        kinds = self.tr("Assistants ({kinds})").replace("{kinds}", f"*{ENDING}")
        dialog = self._file_dialog(self.tr("Share the assistant as a file"), kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ENDING.removeprefix("."))
        dialog.selectFile(file_name(assistant))
        dialog.fileSelected.connect(lambda name: self.share(assistant, Path(name)))
        dialog.open()

    def share(self, assistant: Assistant, target: Path) -> None:
        """Write it to a file, whose name ends as such files do."""
        if not target.name.endswith(".json"):
            target = target.with_name(target.name + ENDING)
        self._assistants.share(assistant, target, self._shared, self._show_in_dialog)

    def _shared(self, target: Path) -> None:
        if self.dialog is not None:
            self.dialog.say(self.tr("Written: {path}").replace("{path}", str(target)))

    def _file_dialog(self, title: str, kinds: str) -> QFileDialog:
        parent: QDialog | MainWindow = self.dialog or self._window
        dialog = QFileDialog(parent, title, "", kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _read_picture(self, path: Path) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        editor = dialog.editor
        shown = editor.shown

        def done(picture: bytes) -> None:
            if self.dialog is dialog and editor.shown is shown:
                editor.set_picture(picture)

        def failed(problem: Problem) -> None:
            if self.dialog is dialog and editor.shown is shown:
                editor.picture.say(f"{summary_of(problem)} {action_of(problem)}")

        self._services.scheduler.run(Lane.DISK, lambda: read_picture(path), done, failed)

    # news

    def assistants_changed(self, assistants: Sequence[Assistant]) -> None:
        self._window.empty.show_assistants(self._assistants.recent(MOST))
        if self._chat.open_conversation_id is None:
            self._window.empty.show_assistant(self.presence.assistant)
        if self.dialog is not None:
            self.dialog.show_assistants(assistants)

    def assistant_deleted(self, assistant: Assistant) -> None:
        words = self.tr("Deleted “{title}”").replace("{title}", assistant.name)
        if self.dialog is not None:
            self.dialog.say(words, with_undo=True)
