"""Everything behind the windows, built once: they come and go, this stays until the app ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.entities import Conversation, ConversationId
from app.core.errors import Problem
from app.core.models_entities import HubAccess
from app.core.paths import Paths
from app.core.settings import Settings, SettingsFile
from app.services.answers import Answers
from app.services.assistants import Assistants
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.downloads import Downloads
from app.services.engine import Engine
from app.services.facts import Facts
from app.services.idle import IdleUnload
from app.services.kept import KeptStates
from app.services.ledger import Ledger
from app.services.library import Library
from app.services.memory import MemoryService
from app.services.memory_news import MemoryNews
from app.services.model_hub import ModelHub, access_from
from app.services.ports import ConversationsListener, Scheduler
from app.services.preferences import Preferences
from app.services.prompt_library import PromptLibrary
from app.services.speech import Speech
from app.services.summaries import Summaries
from app.services.templates import Templates
from app.services.titles import Titles
from app.storage.storage import Storage


class AppServices(ConversationsListener):
    """The services of the app; `report` is told of problems that belong to no window."""

    def __init__(
        self, paths: Paths, scheduler: Scheduler, settings_file: SettingsFile, settings: Settings
    ) -> None:
        self.paths = paths
        self.scheduler = scheduler
        self.report: Callable[[Problem], None] = _nobody
        self.preferences = Preferences(settings_file, settings, scheduler, self._report)
        self.engine = Engine(paths, scheduler)
        self.conversations = Conversations(paths.database, scheduler)
        self.answers = Answers(self.conversations, self.engine, scheduler, self.settings)
        self.titles = Titles(self.conversations, self.answers, self.engine, self.settings)
        self._memory_news = MemoryNews()
        remembering = (self.answers, self.engine, self._memory_news, self.settings)
        self.memory = MemoryService(
            self.conversations,
            Summaries(self.conversations, *remembering),
            self._memory_news,
            self.settings,
        )
        self.facts = Facts(self.conversations, *remembering)
        self.preferences.changed = self.memory.settings_changed
        self.prompts = PromptLibrary(self.conversations, scheduler, self._model_name)
        self.assistants = Assistants(self.conversations, self.prompts, scheduler, self.settings)
        self.templates = Templates(paths, scheduler, self.engine)
        self.library = Library(paths, self.settings)
        self.hub = ModelHub(
            self._access,
            lambda: self.engine.devices,
            lambda: self.settings().load_params(),
        )
        self.downloads = Downloads(
            lambda: self.library.root,
            paths.downloads,
            self._access,
            lambda: self.settings().download_limits(),
            scheduler,
        )
        self.kept = KeptStates(paths, self.engine, scheduler, self._report)
        self.speech = Speech(scheduler, self._report)
        self.idle = IdleUnload(self.engine, scheduler, self.settings)
        self.conversations.add_listener(self)

    def settings(self) -> Settings:
        """Those in force."""
        return self.preferences.settings

    def open_ledger(self, chat: Chat) -> Ledger:
        """What the next prompt of one window is made of; `close` it with the window."""
        return Ledger(chat, self.conversations, self.engine, self._memory_news, self.settings)

    def close_storage(self) -> None:
        """At quit: what was written so far is stored as interrupted, the database closed."""
        self.prompts.close()
        unsaved = self.answers.last_writes()

        def write(storage: Storage) -> None:
            for message in unsaved:
                storage.history.finish(message)

        self.conversations.close([write])

    def conversations_deleted(self, conversations: Sequence[Conversation]) -> None:
        self.kept.forget([c.id for c in conversations])

    def contents_erased(self, ids: Sequence[ConversationId]) -> None:
        self.kept.forget(ids)

    def _model_name(self) -> str:
        return self.engine.model.name if self.engine.model is not None else ""

    def _access(self) -> HubAccess:
        return access_from(self.settings())

    def _report(self, problem: Problem) -> None:
        self.report(problem)


def _nobody(problem: Problem) -> None:
    """Before there is a window nobody can be told."""
