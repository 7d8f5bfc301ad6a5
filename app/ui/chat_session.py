"""Joins one window beside the main one to the services: its conversation, files, settings, news."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from app.core.entities import Conversation, ConversationId, Folder, Message
from app.core.errors import Problem
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ports import (
    ChatListener,
    ConversationsListener,
    EngineListener,
    EngineState,
)
from app.ui.announcer import Announcer
from app.ui.assistants.presence import Presence
from app.ui.attach_control import AttachControl
from app.ui.chat_control import ChatControl
from app.ui.compare import Compare
from app.ui.conversation_window import ChatWindow, ConversationWindow
from app.ui.memory.control import MemoryControl
from app.ui.prompts.window_prompts import WindowPrompts
from app.ui.theme import Theme


class _AnswerNews(ChatListener):
    """Hears when an answer begins and ends."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def answering_changed(self) -> None:
        self._changed()


class ChatSession(QObject, EngineListener, ConversationsListener):
    """What is behind one such window, from its making until `close`."""

    spoken = Signal(str)  # a text that is to be read aloud
    answering_changed = Signal(bool)
    library_requested = Signal()  # the dialog "Prompts"

    def __init__(
        self, window: ChatWindow, services: AppServices, theme: Theme, draft_key: str
    ) -> None:
        """`draft_key`: under which a question that begins a conversation is kept while written."""
        super().__init__(window)
        self.window = window
        self._services = services
        self._is_open = True
        self._opening = ""
        self._news = _AnswerNews(self._answering_changed)
        self.chat = Chat(services.conversations, services.answers, services.settings)
        self.control = ChatControl(
            window, self.chat, services.conversations, self, new_draft_key=draft_key
        )
        self.attaching = AttachControl(
            window.composer,
            services,
            lambda: self.chat.open_conversation_id or draft_key,
            self.show_problem,
            self,
        )
        self.chat.add_listener(self._news)
        self.announcer = Announcer(self.chat, window.transcript)
        self.memory: MemoryControl | None = None
        self.presence: Presence | None = None
        if isinstance(window, ConversationWindow):
            self.memory = MemoryControl(
                window, window, self.chat, services, theme, self.control.open
            )
            self.control.drafts.loaded.connect(self.memory.draft_shown)
            self.presence = Presence(self.chat, services.assistants, window.badge)
        self.control.opened.connect(self._opened)
        self.control.failed.connect(self.show_problem)
        self.control.spoken.connect(self.spoken)
        self.control.compared.connect(lambda found: compare(found, self.chat, theme, window))
        window.files_dropped.connect(window.composer.files_dropped)
        window.toast.undone.connect(services.conversations.undo)
        services.engine.add_listener(self)
        services.conversations.add_listener(self)
        self.settings_changed()
        self.engine_changed(services.engine.state)
        widgets = (window.composer, window.transcript, window.toast)
        drafts = self.control.drafts
        self.prompts = WindowPrompts(
            window, widgets, services, theme, self.chat, drafts, self.show_problem
        )
        self.prompts.library_requested.connect(self.library_requested)

    @property
    def conversation_id(self) -> str:
        """The conversation on show, or about to be; empty for a new one."""
        return self._opening or self.chat.open_conversation_id or ""

    def open(self, conversation_id: str) -> None:
        """Show a conversation; a new one without an id."""
        if conversation_id:
            self._opening = conversation_id
            self.chat.open_conversation(ConversationId(conversation_id))
        else:
            self.chat.new_conversation()

    def stop(self) -> bool:
        """Silence what is read aloud, else end the answer; False where there was neither."""
        if self._services.speech.is_speaking:
            self._services.speech.stop()
        elif self.chat.is_answering:
            self.chat.stop()
        else:
            return False
        return True

    def close(self) -> None:
        """The window goes; what is being written is kept, an answer in the making goes on."""
        if self._is_open:
            self._is_open = False
            self.control.drafts.close()
            self.attaching.close()
            if self.memory is not None:
                self.memory.close()
            if self.presence is not None:
                self.presence.close()
            self.prompts.close()
            self.chat.close()
            self._services.engine.remove_listener(self)
            self._services.conversations.remove_listener(self)

    def settings_changed(self) -> None:
        """They are others now."""
        self.window.composer.set_send_key(self._services.settings().send_key)

    def show_problem(self, problem: Problem) -> None:
        """Something that was asked for here could not be done."""
        if self._is_open:
            self.window.banner.show_problem(problem)

    def _opened(self, conversation: Conversation | None) -> None:
        self._opening = ""
        self.attaching.show_place()

    # news

    def _answering_changed(self) -> None:
        self.answering_changed.emit(self.chat.is_answering)

    def engine_changed(self, state: EngineState) -> None:
        self.window.composer.set_can_send(self._services.engine.model_path is not None)

    def storage_ready(self) -> None:
        self.window.banner.clear_about("storage", "folder")

    def conversations_changed(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        open_id = self.chat.open_conversation_id
        self.window.show_title(next((c.title for c in conversations if c.id == open_id), ""))

    def message_deleted(self, conversation_id: ConversationId, excerpt: str) -> None:
        if conversation_id == self.chat.open_conversation_id:
            words = self.tr("Deleted “{title}” and what followed").replace("{title}", excerpt)
            self.window.toast.show_text(words, with_undo=True)


def compare(versions: Sequence[Message], chat: Chat, theme: Theme, window: QObject) -> None:
    """Show two versions of a message side by side."""
    shown = {message.id for message in chat.branch}
    on_show = next((v.id for v in versions if v.id in shown), "")
    if len(versions) > 1:
        dialog = Compare(versions, on_show, theme, window)  # type: ignore[arg-type]
        dialog.kept.connect(lambda message_id: chat.show_version(message_id))
        dialog.open()
