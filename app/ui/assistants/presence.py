"""Who the conversation of a window is with: its badge, and what it says first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.beginning import Beginning
from app.core.entities import (
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
    utc_now,
)
from app.core.prompts import Assistant
from app.services.assistants import Assistants, AssistantsListener
from app.services.chat import Chat
from app.services.ports import ChatListener
from app.ui.assistants.badge import AssistantBadge

OPENING = MessageId("opening")  # of what is on show before there is a conversation


class Presence(ChatListener, AssistantsListener):
    """Keeps a badge up to date; `close` it with its window."""

    def __init__(self, chat: Chat, assistants: Assistants, badge: AssistantBadge) -> None:
        self._chat, self._assistants, self._badge = chat, assistants, badge
        self._id = ""
        self._has_opening = False
        self.met: Callable[[Assistant | None, str], None] = _nobody  # who, and the opening line
        self.sent: Callable[[], None] = _nothing  # the opening line comes with what is stored now
        chat.add_listener(self)
        assistants.add_listener(self)

    def close(self) -> None:
        """Hear nothing more."""
        self._assistants.remove_listener(self)

    @property
    def assistant(self) -> Assistant | None:
        """Who it is with."""
        return self._assistants.find(self._id) if self._id else None

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        self._has_opening = False
        self._show(conversation.assistant_id if conversation is not None else "")
        if conversation is None:
            self.met(None, "")

    def beginning_changed(self, beginning: Beginning) -> None:
        if self._chat.open_conversation_id is None:
            self._show(beginning.assistant_id)
            opening = _opening_of(beginning)
            self._has_opening = bool(opening)
            self.met(self.assistant, opening)

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        if self._chat.open_conversation_id == conversation_id and self._has_opening:
            self._has_opening = False
            self.sent()

    def assistants_changed(self, assistants: Sequence[Assistant]) -> None:
        self._show(self._id)

    def _show(self, assistant_id: str) -> None:
        self._id = assistant_id
        self._badge.show_assistant(self.assistant)


def opening_message(text: str) -> Message:
    """An opening line as a message; it is stored with the first question."""
    return Message(
        OPENING, ConversationId(""), None, Role.ASSISTANT, text, Status.COMPLETE, utc_now()
    )


def _opening_of(beginning: Beginning) -> str:
    is_alone = len(beginning.lead) == 1 and beginning.lead[0][0] == Role.ASSISTANT
    return beginning.lead[0][1] if is_alone else ""


def _nothing() -> None:
    """Nothing is on show."""


def _nobody(assistant: Assistant | None, opening: str) -> None:
    """Nobody has to be told."""
