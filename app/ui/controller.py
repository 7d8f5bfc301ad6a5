"""Joins the services to the window: what the person does becomes a call, news become widgets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from app.core.entities import (
    Conversation,
    ConversationId,
    LocalModel,
    Message,
    MessageId,
    ModelDescription,
    Statistics,
    StopReason,
)
from app.core.errors import NoModel, Problem
from app.core.paths import Paths
from app.core.settings import Settings, SettingsFile
from app.services.chat import ChatService
from app.services.engine import Engine
from app.services.models import choose_model, find_local_models
from app.services.ports import ChatListener, EngineListener, EngineState, Lane
from app.ui.bridge import QtScheduler
from app.ui.main_window import MainWindow
from app.ui.problem_view import Offer
from app.ui.theme import Theme
from app.ui.window_state import load_state, save_state
from app.ui.words import summary_of

FIGURES_MS = 1000  # how often memory and speed are looked at


class Controller(QObject):
    """Owns what the window shows besides the conversation: models, settings, problems, figures."""

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
        self._window = window
        self._theme = theme
        self._scheduler = scheduler
        self._settings_file = settings_file
        self._settings = settings
        self._models: list[LocalModel] = []
        self._state = load_state(paths.window_state)
        self._is_closed = False
        self.engine = Engine(paths, scheduler)
        self.chat = ChatService(paths.database, self.engine, scheduler, lambda: self._settings)
        self.engine.add_listener(_EngineNews(self))
        self.chat.add_listener(_ChatNews(self))
        self._figures = QTimer(self)
        self._figures.timeout.connect(self._show_figures)
        self._connect()
        window.restore(self._state)
        window.show_settings(settings)
        window.show_model_name("")

    def start(self, model: Path | None) -> None:
        """Open the database, look for models and load one; the window is already on show."""
        self.chat.start()
        if model is not None:
            self.load_model(model)
        else:
            self.engine.start()
        self.look_for_models()
        self._window.composer.setFocus()

    def _connect(self) -> None:
        window = self._window
        window.sidebar.new_requested.connect(self._new_conversation)
        window.new_requested.connect(self._new_conversation)
        window.sidebar.open_requested.connect(
            lambda i: self.chat.open_conversation(ConversationId(i))
        )
        window.sidebar.rename_requested.connect(
            lambda i, title: self.chat.rename(ConversationId(i), title)
        )
        window.sidebar.delete_requested.connect(lambda i: self.chat.delete(ConversationId(i)))
        window.undo_bar.undone.connect(self.chat.undo_delete)
        window.composer.submitted.connect(self.chat.send)
        window.composer.stop_requested.connect(self.chat.stop)
        window.stop_requested.connect(self.chat.stop)
        window.transcript.retry_requested.connect(self._try_again)
        window.empty.suggestion_chosen.connect(self._use_suggestion)
        window.empty.choose_file_requested.connect(window.ask_for_model)
        window.empty.open_folder_requested.connect(self._open_models_folder)
        window.empty.look_again_requested.connect(self.look_for_models)
        window.open_folder_action.triggered.connect(self._open_models_folder)
        window.unload_action.triggered.connect(self._unload)
        window.model_chosen.connect(self.load_model)
        window.setting_chosen.connect(self._change_setting)
        window.closing.connect(self.close)

    # what the person does

    def _new_conversation(self) -> None:
        self.chat.new_conversation()
        self._window.composer.setFocus()

    def _use_suggestion(self, text: str) -> None:
        self._window.composer.text.setPlainText(text)
        self._window.composer.setFocus()
        self._window.composer.text.moveCursor(
            self._window.composer.text.textCursor().MoveOperation.End
        )

    def _try_again(self) -> None:
        if self.engine.state is EngineState.STOPPED:
            self.engine.reload()
        self.chat.try_again()

    def load_model(self, path: Path) -> None:
        """Load the model at `path` and remember the choice once it is loaded."""
        self._window.banner.clear()
        self._window.show_model_name(path.name)
        self.engine.load(path, self._settings.load_params())

    def _unload(self) -> None:
        self.engine.unload()
        self._window.status.show_words(self.tr("No model loaded"))

    def look_for_models(self) -> None:
        """Search the models folders again, off the main thread."""
        self._scheduler.run(
            Lane.DISK,
            lambda: find_local_models(self._paths),
            self._show_models,
            self.show_problem,
        )

    def _open_models_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._paths.models)))

    def _change_setting(self, name: str, value: object) -> None:
        self._settings = self._settings.changed(**{name: value})
        self._window.show_settings(self._settings)
        if name == "theme":
            self._theme.choose(self._settings.theme)
        self._save_settings()

    def _save_settings(self) -> None:
        settings = self._settings
        self._scheduler.run(
            Lane.DISK,
            lambda: self._settings_file.save(settings),
            lambda _: None,
            self.show_problem,
        )

    def close(self) -> None:
        """Save what is being written, end the worker, and wait for the disk a moment."""
        if self._is_closed:
            return
        self._is_closed = True
        self._figures.stop()
        save_state(
            self._paths.window_state, self._window.state(self.chat.open_conversation_id or "")
        )
        self.chat.close()
        self.engine.shut_down(2.0)
        self._scheduler.drain(5.0)

    # what there is to show

    def _show_models(self, models: list[LocalModel]) -> None:
        self._models = models
        if self.engine.model_path is None:
            chosen = choose_model(self._settings.model_path, models)
            if chosen is not None:
                self.load_model(chosen.path)
            else:
                self._show_no_model()
        self._window.show_models(models, self.engine.model_path)

    def _show_no_model(self) -> None:
        self._window.empty.show_no_model(str(self._paths.models))
        self._window.status.show_words(summary_of(NoModel().problem))
        self._window.composer.set_can_send(False)

    def show_loading(self, path: Path, fraction: float) -> None:
        """The model is being read."""
        name = path.name.removesuffix(".gguf")
        words = self.tr("Loading {name}…").replace("{name}", name)
        self._window.status.show_words(f"{words} {fraction:.0%}" if 0 < fraction < 1 else words)
        self._window.composer.set_can_send(True)  # it waits for the model

    def show_loaded(self, model: ModelDescription) -> None:
        """Ready: say so, and remember the choice."""
        self._window.status.show_model(model)
        self._window.show_model_name(model.path.name)
        self._window.show_models(self._models, model.path)
        starters = [m.path for m in self._models if m.is_starter]
        self._window.empty.show_greeting(is_starter=model.path in starters)
        self._window.composer.set_can_send(True)
        if str(model.path) != self._settings.model_path:
            self._settings = self._settings.changed(model_path=str(model.path))
            self._save_settings()
        self._show_figures()
        self._figures.start(FIGURES_MS)

    def show_problem(self, problem: Problem) -> None:
        """A problem of the app, with what can be done about it as buttons."""
        self._window.banner.show_problem(problem, self._offers_for(problem))

    def _offers_for(self, problem: Problem) -> list[Offer]:
        family = problem.code.split(".")[0]
        retry: Offer = (self.tr("Try again"), self.chat.retry_storage)
        if problem.code == "storage.damaged":
            return [(self.tr("Set it aside and start anew"), self.chat.set_damaged_aside), retry]
        if family in ("storage", "folder"):
            return [] if self.chat.is_ready else [retry]
        if family == "worker":
            return [(self.tr("Load the model again"), self._reload)]
        if family == "model":
            offers: list[Offer] = [
                (self.tr("Choose another model…"), self._window.ask_for_model),
            ]
            return [(self.tr("Try again"), self._reload), *offers]
        return []

    def _reload(self) -> None:
        self._window.banner.clear()
        self.engine.reload()

    def show_state(self, state: EngineState) -> None:
        """Loading, answering, gone: what can be done now."""
        self._window.composer.set_answering(self.chat.is_answering)
        if state is EngineState.STOPPED:
            self._figures.stop()
            self._window.status.show_words(self.tr("The model is not loaded"))

    def show_answering(self) -> None:
        """Send or stop."""
        self._window.composer.set_answering(self.chat.is_answering)

    def show_statistics(self, statistics: Statistics) -> None:
        """Figures of the answer that just ended."""
        model = self.engine.model
        if model is not None:
            self._window.status.show_context(statistics.context_tokens, model.context)
        self._window.status.show_speed(statistics.tokens_per_s)
        self._show_figures()

    def _show_figures(self) -> None:
        pids = [pid for pid in (self.engine.worker_pid, psutil.Process().pid) if pid]
        total = 0
        for pid in pids:
            try:
                total += int(psutil.Process(pid).memory_info().rss)
            except psutil.Error:
                continue
        self._window.status.show_memory(total)

    def show_conversation(
        self, conversation: Conversation | None, messages: Sequence[Message]
    ) -> None:
        """Another conversation is open now."""
        window = self._window
        window.transcript.show_messages(messages)
        window.pages.setCurrentWidget(window.transcript if messages else window.empty)
        window.sidebar.select(conversation.id if conversation else None)
        title = conversation.title if conversation else ""
        window.setWindowTitle(f"{title} – Inglenook" if title else "Inglenook")
        last = next((m.statistics for m in reversed(messages) if m.statistics), None)
        if self.engine.model is not None:
            used = last.context_tokens if last else 0
            window.status.show_context(used, self.engine.model.context)
        self.show_answering()

    def show_conversations(self, conversations: Sequence[Conversation]) -> None:
        """The list changed."""
        self._window.sidebar.model.show(conversations)
        open_id = self.chat.open_conversation_id
        self._window.sidebar.select(open_id)
        title = next((c.title for c in conversations if c.id == open_id), "")
        self._window.setWindowTitle(f"{title} – Inglenook" if title else "Inglenook")

    def reopen_last(self) -> None:
        """The database is open: show what was open the last time."""
        self._window.banner.clear()
        if self._state.conversation_id:
            self.chat.open_conversation(ConversationId(self._state.conversation_id))
            self._state.conversation_id = ""

    def show_message(self, message: Message) -> None:
        """A message was added to the open conversation."""
        self._window.pages.setCurrentWidget(self._window.transcript)
        self._window.transcript.add_message(message)
        self.show_answering()

    def show_deleted(self, conversation: Conversation) -> None:
        """Offer the way back."""
        words = self.tr("Deleted “{title}”").replace("{title}", conversation.title)
        self._window.undo_bar.show_text(words)

    @property
    def window(self) -> MainWindow:
        """The window this controller serves."""
        return self._window


class _EngineNews(EngineListener):
    """Passes the engine's news on to the controller."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def engine_changed(self, state: EngineState) -> None:
        self._controller.show_state(state)

    def model_loading(self, path: Path, fraction: float) -> None:
        self._controller.show_loading(path, fraction)

    def model_loaded(self, model: ModelDescription) -> None:
        self._controller.show_loaded(model)

    def model_failed(self, path: Path, problem: Problem) -> None:
        self._controller.show_problem(problem)

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        self._controller.show_statistics(statistics)
        self._controller.show_answering()

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self._controller.show_answering()

    def worker_died(self, problem: Problem) -> None:
        self._controller.show_problem(problem)


class _ChatNews(ChatListener):
    """Passes the chat service's news on to the window."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._window = controller.window

    def storage_ready(self) -> None:
        self._controller.reopen_last()

    def storage_failed(self, problem: Problem) -> None:
        self._controller.show_problem(problem)

    def conversations_changed(self, conversations: Sequence[Conversation]) -> None:
        self._controller.show_conversations(conversations)

    def conversation_opened(
        self, conversation: Conversation | None, messages: Sequence[Message]
    ) -> None:
        self._controller.show_conversation(conversation, messages)

    def conversation_deleted(self, conversation: Conversation) -> None:
        self._controller.show_deleted(conversation)

    def message_added(self, message: Message) -> None:
        self._controller.show_message(message)

    def message_changed(self, message: Message) -> None:
        self._window.transcript.update_message(message)
        self._controller.show_answering()

    def text_appended(self, message_id: MessageId, text: str) -> None:
        self._window.transcript.append_text(message_id, text)

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        self._window.composer.forget(text)

    def problem_occurred(self, problem: Problem) -> None:
        self._controller.show_problem(problem)
