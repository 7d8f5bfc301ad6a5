"""Joins the services to the window: what the person does becomes a call, news become widgets."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.core.entities import (
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Statistics,
    StopReason,
)
from app.core.errors import Problem
from app.core.messages import Reading
from app.core.paths import Paths
from app.core.settings import Settings, SettingsFile
from app.services.chat import ChatService
from app.services.engine import Engine
from app.services.idle import IdleUnload
from app.services.kept import KeptStates
from app.services.library import Library
from app.services.ports import ChatListener, EngineListener, EngineState, Lane
from app.services.preferences import Preferences
from app.ui import markdown
from app.ui.bridge import QtScheduler
from app.ui.engine_settings_control import EngineSettingsControl
from app.ui.figures import Figures
from app.ui.help_control import HelpControl
from app.ui.hub_settings_control import HubSettingsControl
from app.ui.main_window import MainWindow
from app.ui.model_choice import ModelChoice
from app.ui.models_controller import ModelsController
from app.ui.problem_view import Offer
from app.ui.theme import Theme
from app.ui.window_state import load_state, save_state

# The worker takes a core for seconds: it begins when the conversation is on show, which takes less
FIRST_PAINT_S = 0.2
END_S = 4.0  # the worker may write for: states of conversations, a gigabyte at most
DRAFT_MS = 1000  # what is being typed is on disk this long after the last key


class Controller(QObject, EngineListener, ChatListener):
    """Owns the services of one window, and shows conversations, settings and problems in it."""

    def __init__(
        self,
        paths: Paths,
        window: MainWindow,
        theme: Theme,
        scheduler: QtScheduler,
        settings_file: SettingsFile,
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._paths = paths
        self._theme = theme
        self._scheduler = scheduler
        self._state = load_state(paths.window_state)
        self._is_closed = False
        self.window = window
        self.help = HelpControl(paths, window, theme, scheduler, lambda: self.preferences.settings)
        scheduler.lanes.hear_bug = self.help.crashes.exception
        self.preferences = Preferences(settings_file, settings, scheduler, self.show_problem)
        self.engine = Engine(paths, scheduler)
        self.chat = ChatService(
            paths.database, self.engine, scheduler, lambda: self.preferences.settings
        )
        library = Library(paths, lambda: self.preferences.settings)
        self.models = ModelChoice(
            paths, library, window, self.engine, scheduler, self.preferences, self.show_problem
        )
        self.model_store = ModelsController(
            paths,
            window,
            self.chat,
            self.models,
            library,
            scheduler,
            self.preferences,
            self.show_problem,
        )
        self.hub_settings = HubSettingsControl(
            paths,
            window,
            theme,
            library,
            self.engine,
            self.models,
            self.model_store.downloads,
            scheduler,
            self.preferences,
            self._change_setting,
        )
        self.engine_settings = EngineSettingsControl(
            window, theme, self.engine, self.models, self.preferences, self._change_setting
        )
        self._kept = KeptStates(paths, self.engine, scheduler, self.show_problem)
        self._idle = IdleUnload(self.engine, scheduler, lambda: self.preferences.settings)
        self.engine_settings.delete_kept_requested.connect(self._delete_kept)
        self.help.watch(self.engine, self.model_store.downloads)
        self._figures = Figures(self.engine, window.status)
        self.engine.add_listener(self)
        self.chat.add_listener(self)
        window.restore(self._state)
        window.composer.text.setPlainText(self._state.draft)
        window.show_settings(settings)
        self._draft = QTimer(self)
        self._draft.setSingleShot(True)
        self._draft.setInterval(DRAFT_MS)
        self._draft.timeout.connect(self._save_draft)
        self._connect()

    def start(self, model: Path | None) -> None:
        """Open the database, then look for models and load one; the window is already on show."""
        self.chat.start()
        self.help.start()
        self.window.composer.setFocus()
        self._scheduler.call_later(FIRST_PAINT_S, lambda: self._start_model(model))

    def _start_model(self, model: Path | None) -> None:
        if self._is_closed:
            return
        if model is not None:
            self.models.load(model)
        else:
            self.engine.start()
        self.models.look()
        self.model_store.start()
        # What is loaded by then lives as long as the window: Python need not search it for garbage
        # again and again, which held up keys and clicks for 30 ms
        self._scheduler.run(Lane.DISK, markdown.warm_up, lambda _: gc.freeze(), self.show_problem)

    def _connect(self) -> None:
        window, chat = self.window, self.chat
        window.sidebar.new_requested.connect(self._new_conversation)
        window.new_requested.connect(self._new_conversation)
        window.sidebar.open_requested.connect(lambda i: chat.open_conversation(ConversationId(i)))
        window.sidebar.rename_requested.connect(
            lambda i, title: chat.rename(ConversationId(i), title)
        )
        window.sidebar.delete_requested.connect(lambda i: chat.delete(ConversationId(i)))
        window.toast.undone.connect(chat.undo_delete)
        window.banner.focus_left.connect(window.composer.setFocus)
        window.composer.submitted.connect(chat.send)
        window.composer.stop_requested.connect(chat.stop)
        window.composer.text.textChanged.connect(self._draft.start)
        window.stop_requested.connect(chat.stop)
        window.transcript.retry_requested.connect(chat.try_again)
        window.empty.suggestion_chosen.connect(self._use_suggestion)
        window.setting_chosen.connect(self._change_setting)
        window.closing.connect(self.close)

    # what the person does

    def _delete_kept(self) -> None:
        words = self.tr("What was kept ready of conversations is deleted.")
        self._kept.clear(lambda: self.window.toast.show_text(words))

    def _new_conversation(self) -> None:
        self.chat.new_conversation()
        self.window.composer.setFocus()

    def _use_suggestion(self, text: str) -> None:
        editor = self.window.composer.text
        editor.setPlainText(text)
        editor.setFocus()
        editor.moveCursor(editor.textCursor().MoveOperation.End)

    def _change_setting(self, name: str, value: object) -> None:
        changes = {name: value}
        if name == "hub_endpoint":  # what the person agreed to was for the mirror before
            changes["is_token_for_mirror"] = False
        self.preferences.change(**changes)
        if name not in ("theme", "language"):
            self.model_store.settings_changed()
        self.hub_settings.refresh()
        self.engine_settings.refresh()
        self.models.recovery.settings_changed()
        if name == "unload_after_min":
            self._idle.restart()
        elif name == "kept_states_mib":
            keep = self.preferences.settings.keep_params(self._paths.kept_states)
            self.engine.keep_from_next_load(keep)
        self.window.show_settings(self.preferences.settings)
        if name == "theme":
            self._theme.choose(self.preferences.settings.theme)
        elif name == "language":
            self.window.toast.show_text(self.tr("The language changes with the next start"))

    def _save_draft(self) -> None:
        state = self.window.state(self.chat.open_conversation_id or self._state.conversation_id)
        self._scheduler.run(
            Lane.STORAGE,
            lambda: save_state(self._paths.window_state, state),
            lambda _: None,
            self.show_problem,
        )

    def close(self) -> None:
        """Save what is being written, end the worker, and wait for the disk a moment."""
        if self._is_closed:
            return
        self._is_closed = True
        self._draft.stop()
        self._figures.stop()
        self.models.stop()
        self.hub_settings.stop()
        self.model_store.stop()
        self._save_draft()
        self.window.hide()  # what follows may take a moment
        self.chat.close()
        self.engine.shut_down(END_S)  # by then the window is gone from the screen
        self._scheduler.close()
        self._scheduler.drain(5.0)

    # what there is to show

    def show_problem(self, problem: Problem) -> None:
        """A problem of the app, with what can be done about it as buttons."""
        offers = [*self.models.recovery.offers(problem), *self._offers_for(problem)]
        self.window.banner.show_problem(problem, offers)

    def _offers_for(self, problem: Problem) -> list[Offer]:
        family = problem.code.split(".")[0]
        retry: Offer = (self.tr("Try again"), self.chat.retry_storage)
        if problem.code == "storage.damaged":
            return [(self.tr("Set it aside and start anew"), self.chat.set_damaged_aside), retry]
        if family in ("storage", "folder"):
            return [] if self.chat.is_ready else [retry]
        if family == "worker":
            return [(self.tr("Load the model again"), self.models.reload)]
        if problem.code == "model.starter":
            return []
        if family == "model":
            choose: Offer = (self.tr("Choose another model…"), self.window.ask_for_model)
            return (
                [choose]
                if self.engine.model
                else [
                    (self.tr("Try again"), self.models.reload),
                    choose,
                ]
            )
        return []

    def _show_answering(self) -> None:
        self.window.composer.set_answering(self.chat.is_answering)

    # the engine's news

    def engine_changed(self, state: EngineState) -> None:
        self._show_answering()

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        self._show_answering()

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self._show_answering()

    def worker_died(self, problem: Problem) -> None:
        self.show_problem(problem)

    # the chat's news

    def storage_ready(self) -> None:
        self.window.banner.clear_about("storage", "folder")
        if self._state.conversation_id:
            self.chat.open_conversation(ConversationId(self._state.conversation_id))
            self._state.conversation_id = ""

    def storage_failed(self, problem: Problem) -> None:
        self.show_problem(problem)

    def conversations_changed(self, conversations: Sequence[Conversation]) -> None:
        open_id = self.chat.open_conversation_id
        self.window.sidebar.model.show(conversations)
        self.window.sidebar.select(open_id)
        self.window.show_title(next((c.title for c in conversations if c.id == open_id), ""))

    def conversation_opened(
        self, conversation: Conversation | None, messages: Sequence[Message]
    ) -> None:
        window = self.window
        window.transcript.show_messages(messages)
        window.pages.setCurrentWidget(window.transcript if messages else window.empty)
        window.sidebar.select(conversation.id if conversation else None)
        window.show_title(conversation.title if conversation else "")
        self._figures.show_conversation(messages[-1] if messages else None)
        self._show_answering()

    def conversation_deleted(self, conversation: Conversation) -> None:
        self._kept.forget([conversation.id])
        words = self.tr("Deleted “{title}”").replace("{title}", conversation.title)
        self.window.toast.show_text(words, with_undo=True)

    def message_added(self, message: Message) -> None:
        self.window.pages.setCurrentWidget(self.window.transcript)
        self.window.transcript.add_message(message)
        self._show_answering()

    def message_changed(self, message: Message) -> None:
        self.window.transcript.update_message(message)
        self._show_answering()

    def reading_progressed(self, message_id: MessageId, reading: Reading) -> None:
        self.window.transcript.show_reading(message_id, reading)

    def text_appended(self, message_id: MessageId, text: str) -> None:
        self.window.transcript.append_text(message_id, text)

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        self.window.composer.forget(text)

    def problem_occurred(self, problem: Problem) -> None:
        self.show_problem(problem)
        self._show_answering()
