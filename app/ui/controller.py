"""Joins the services to the main window: wishes become calls, news become widgets."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, QObject
from PySide6.QtWidgets import QWidget

from app.core.entities import (
    Conversation,
    ConversationId,
)
from app.core.errors import Problem
from app.core.reasoning import without_reasoning
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ports import (
    ConversationsListener,
    EngineListener,
    Lane,
)
from app.ui import markdown
from app.ui.announcer import Announcer
from app.ui.assistants.control import AssistantsControl
from app.ui.attach_control import AttachControl
from app.ui.batch.control import BatchTools
from app.ui.bridge import QtScheduler
from app.ui.chat_control import ChatControl
from app.ui.code_block import CodeBlock
from app.ui.engine_settings_control import EngineSettingsControl
from app.ui.figures import Figures
from app.ui.help_control import HelpControl
from app.ui.hub_settings_control import HubSettingsControl
from app.ui.language import best_language, translate
from app.ui.main_commands import MainCommands
from app.ui.main_window import MainWindow
from app.ui.markdown_plain import plain_text
from app.ui.memory.control import MemoryControl
from app.ui.model_choice import ModelChoice
from app.ui.models_controller import ModelsController
from app.ui.problem_view import Offer
from app.ui.prompt_view.control import PromptView
from app.ui.prompts.control import PromptsControl
from app.ui.reach import Reach
from app.ui.sidebar_control import SidebarControl
from app.ui.templates.control import TemplatesControl
from app.ui.theme import Theme
from app.ui.window_state import WindowState, load_state, save_state
from app.ui.windows import Windows, compare

if TYPE_CHECKING:
    from app.ui.exchange_control import ExchangeControl

# The worker takes a core for seconds: it begins when the conversation is on show, which takes less
FIRST_PAINT_S = 0.2
END_S = 4.0  # the worker may write for: states of conversations, a gigabyte at most


class Controller(QObject, EngineListener, ConversationsListener):
    """The main window with everything behind it; shows settings and problems in it."""

    def __init__(
        self, services: AppServices, window: MainWindow, theme: Theme, scheduler: QtScheduler
    ) -> None:
        super().__init__(window)
        self.services = services
        self.window = window
        self._paths = services.paths
        self.theme = theme
        self._scheduler = scheduler
        self._is_closed = False
        self._has_failed_storage = False
        self._state = load_state(self._paths.window_state)
        self.preferences = services.preferences
        self.engine = services.engine
        self.conversations = services.conversations
        services.report = self.show_problem
        self.help = HelpControl(self._paths, window, theme, scheduler, services.settings)
        scheduler.lanes.hear_bug = self.help.crashes.exception
        self.chat = Chat(services.conversations, services.answers, services.settings)
        self.chat_control = ChatControl(window, self.chat, services.conversations, self)
        self.announcer = Announcer(self.chat, window.transcript)
        self.attaching = AttachControl(
            window.composer,
            services,
            lambda: self.chat.open_conversation_id or "",
            self.show_problem,
            self,
        )
        self.sidebar = SidebarControl(
            window, theme, self.chat, services.conversations, services.titles, self.open
        )
        self.models = ModelChoice(
            self._paths,
            services.library,
            window,
            self.engine,
            scheduler,
            self.preferences,
            self.show_problem,
        )
        self.assistants = AssistantsControl(
            services, window, theme, self.chat, self.models, self.show_problem
        )
        self.model_store = ModelsController(
            services, window, self.models, self.show_problem, self.open
        )
        self.hub_settings = HubSettingsControl(
            self._paths,
            window,
            theme,
            services.library,
            self.engine,
            self.models,
            services.downloads,
            scheduler,
            self.preferences,
            self._change_setting,
        )
        self.engine_settings = EngineSettingsControl(
            window, theme, self.engine, self.models, self.preferences, self._change_setting
        )
        self.engine_settings.delete_kept_requested.connect(self._delete_kept)
        self.prompts = PromptsControl(
            services, window, theme, self.chat, self.chat_control.drafts, self.show_problem
        )
        self.batch = BatchTools(services, window, theme, self.chat, self.show_problem)
        self.templates = TemplatesControl(services, window, theme, window.ask_for_model)
        self.help.watch(self.engine, services.downloads)
        self._figures = Figures(self.engine, window.status)
        self.memory = MemoryControl(
            window, window, self.chat, services, theme, self.open, self._change_setting
        )
        self.chat_control.drafts.loaded.connect(self.memory.draft_shown)
        self.prompt_view = PromptView(
            services, window, theme, self.chat, self.memory.ledger, self.memory.draft_shown
        )
        window.menu.memory.triggered.connect(self.memory.dialogs.open_policy)
        window.menu.facts.triggered.connect(self.memory.dialogs.open_facts)
        self._exchange: ExchangeControl | None = None
        self.windows = Windows(services, theme, self._equip, self)
        self.reach = Reach(services, window, theme, self.open)
        self.engine.add_listener(self)
        self.conversations.add_listener(self)
        window.restore(self._state)
        window.show_settings(services.settings())
        window.composer.set_send_key(services.settings().send_key)
        CodeBlock.wraps_by_default = services.settings().is_code_wrapped
        self._connect()
        self.commands = MainCommands(self, window)
        self.commands.recent = self._state.recent.split()

    def start(self, model: Path | None) -> None:
        """Open the database, then look for models and load one; the window is already on show."""
        self.conversations.start()
        self.reach.start()
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
        self._find_prompts()

    def _find_prompts(self) -> None:
        language = best_language(QLocale())
        self.services.assistants.start(language)
        self.prompts.start(language)

    def _connect(self) -> None:
        window, control = self.window, self.chat_control
        window.sidebar.new_requested.connect(control.new_conversation)
        window.new_requested.connect(control.new_conversation)
        window.sidebar.open_requested.connect(control.open)
        window.toast.undone.connect(self.conversations.undo)
        window.banner.focus_left.connect(window.composer.setFocus)
        window.stop_requested.connect(self._stop)
        window.empty.suggestion_chosen.connect(window.composer.use_text)
        window.setting_chosen.connect(self._change_setting)
        window.files_dropped.connect(self._take_files)
        window.closing.connect(self.close)
        control.opened.connect(self._show_opened)
        control.failed.connect(self.show_problem)
        control.compared.connect(lambda versions: compare(versions, self.chat, self.theme, window))
        for source in (control, self.windows, self.reach):
            source.spoken.connect(self._speak)
        for other in (self.windows, self.reach):
            other.library_requested.connect(self.prompts.open_in_front)
        control.drafts.homeless.connect(self._save_state)
        self.sidebar.window_requested.connect(self.windows.open)
        self.sidebar.export_requested.connect(self.export)
        window.menu.export.triggered.connect(self.export_open)
        window.menu.import_.triggered.connect(self.open_import)
        window.menu.print_.triggered.connect(self.print_open)

    @property
    def exchange(self) -> ExchangeControl:
        """Exporting, importing, printing; made when first asked for: a start needs none of it."""
        if self._exchange is None:
            from app.services.exchange import ExchangeService
            from app.ui.exchange_control import ExchangeControl
            from app.ui.printing import make_pdf

            conversations = self.conversations
            service = ExchangeService(lambda: conversations.storage, self._scheduler, make_pdf)
            made = self._exchange = ExchangeControl(
                self.window, self.theme, service, self._scheduler, lambda: conversations.all
            )
            made.said.connect(lambda words, _path: self.window.toast.show_text(words))
            made.problem_occurred.connect(self.show_problem)
            made.imported.connect(conversations.refresh)
            self.window.language_changed.connect(made.speak_anew)
        return self._exchange

    def export(self, ids: list[str]) -> None:
        """Ask how to export these conversations; all of them where there are none."""
        self.exchange.export_requested(ids)

    def export_open(self) -> None:
        """Export the conversation on show; all of them where there is none."""
        open_id = self.chat.open_conversation_id
        self.export([open_id] if open_id is not None else [])

    def open_import(self) -> None:
        """Ask what to import."""
        self.exchange.open_import()

    def print_open(self) -> None:
        """Print the conversation on show."""
        open_id = self.chat.open_conversation_id
        if open_id is not None:
            self.exchange.print_conversation(open_id)

    # what the person does

    def open(self, conversation_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a conversation in this window."""
        self.window.show_chat()
        self.chat_control.open(conversation_id, message_id, words)

    def _stop(self) -> None:
        if self.services.speech.is_speaking:
            self.services.speech.stop()
        elif self.window.is_zen and not self.chat.is_answering:
            self.window.toggle_zen()
        else:
            self.chat.stop()

    def _speak(self, text: str) -> None:
        """Read it aloud; while something is read, silence."""
        speech = self.services.speech
        if speech.is_speaking:
            speech.stop()
        else:
            speech.say(plain_text(without_reasoning(text)))

    def _take_files(self, files: list[Path]) -> None:
        """A model's file is opened, anything else goes with the message."""
        models = [path for path in files if path.suffix.lower() == ".gguf"]
        if models:
            self.models.load(models[0])
        others = [path for path in files if path not in models]
        if others:
            self.window.composer.files_dropped(others)

    def _delete_kept(self) -> None:
        words = self.tr("What was kept ready of conversations is deleted.")
        self.services.kept.clear(lambda: self.window.toast.show_text(words))

    def _change_setting(self, name: str, value: object) -> None:
        changes = {name: value}
        if name == "hub_endpoint":  # what the person agreed to was for the mirror before
            changes["is_token_for_mirror"] = False
        self.preferences.change(**changes)
        self.apply_setting(name)

    def apply_setting(self, name: str) -> None:
        """A setting is another one now: what depends on it follows."""
        settings = self.preferences.settings
        if name not in ("theme", "language"):
            self.services.downloads.apply_limits()
        self.hub_settings.refresh()
        self.engine_settings.refresh()
        self.models.recovery.settings_changed()
        self.window.show_settings(settings)
        if name == "unload_after_min":
            self.services.idle.restart()
        elif name == "kept_states_mib":
            self.engine.keep_from_next_load(settings.keep_params(self._paths.kept_states))
        elif name == "send_key":
            self.window.composer.set_send_key(settings.send_key)
        elif name == "is_code_wrapped":
            CodeBlock.wraps_by_default = settings.is_code_wrapped
        elif name == "language":
            translate(settings.language)
            self._find_prompts()
        self.windows.settings_changed()
        self.reach.setting_changed(name)
        self.theme.apply(settings)

    def _equip(self, window: QWidget) -> None:
        """What another window needs of this one."""
        self.commands.equip(window)
        self.assistants.equip(window)

    def _save_state(self) -> None:
        conversation_id = self.chat.open_conversation_id or self._state.conversation_id
        # what cannot go into the database, because it is not open, is kept here
        is_lost = not self.conversations.is_ready
        draft = self.window.composer.draft().text if is_lost else ""
        state: WindowState = self.window.state(conversation_id, draft)
        state.recent = "\n".join(self.commands.recent)
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
        self.windows.close_all()
        self.reach.close()
        self._figures.stop()
        self.memory.close()
        self.models.stop()
        self.hub_settings.stop()
        self.model_store.stop()
        self.services.downloads.stop()
        self.services.speech.stop()
        self.prompts.close()
        self.assistants.close()
        self.templates.close()
        self.batch.close()
        self.prompt_view.close()
        if self._exchange is not None:
            self._exchange.stop()
        self.chat_control.drafts.close()
        self._save_state()
        self.window.hide()  # what follows may take a moment
        self.services.close_storage()
        self.engine.shut_down(END_S)  # by then the window is gone from the screen
        self._scheduler.close()
        self._scheduler.drain(5.0)

    # what there is to show

    def show_problem(self, problem: Problem) -> None:
        """A problem of the app, with what can be done about it as buttons."""
        self.window.banner.show_problem(
            problem,
            lambda: [*self.models.recovery.offers(problem), *self._offers_for(problem)],
        )

    def _offers_for(self, problem: Problem) -> list[Offer]:
        family = problem.code.split(".")[0]
        retry: Offer = (self.tr("Try again"), self.conversations.retry)
        if problem.code == "storage.damaged":
            anew: Offer = (
                self.tr("Set it aside and start anew"),
                self.conversations.set_damaged_aside,
            )
            return [anew, retry]
        if family in ("storage", "folder"):
            return [] if self.conversations.is_ready else [retry]
        if family == "worker":
            return [(self.tr("Load the model again"), self.models.reload)]
        if problem.code == "model.starter":
            return []
        if problem.code == "model.template":
            return [(self.tr("Chat template…"), self.templates.open)]
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

    def _show_opened(self, conversation: Conversation | None) -> None:
        self.sidebar.show_open(conversation)
        self.attaching.show_place()
        branch = self.chat.branch
        self._figures.show_conversation(branch[-1] if branch else None)

    # news

    def worker_died(self, problem: Problem) -> None:
        self.show_problem(problem)

    def storage_ready(self) -> None:
        self.window.banner.clear_about("storage", "folder")
        self.chat_control.drafts.recover(self._state.draft)
        if self._state.conversation_id:
            self.chat.open_conversation(ConversationId(self._state.conversation_id))
            self._state.conversation_id = ""
        else:
            self.chat_control.drafts.show(self.chat.open_conversation_id)

    def storage_failed(self, problem: Problem) -> None:
        if self._state.draft and not self._has_failed_storage:
            self.window.composer.use_text(self._state.draft)
        self._has_failed_storage = True
        self.show_problem(problem)

    def problem_occurred(self, problem: Problem) -> None:
        self.show_problem(problem)
