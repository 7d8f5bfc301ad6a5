"""Conversations for the tests of storage: made through the same calls as the app's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.entities import ConversationId, Message, Status
from app.storage.history import History


def texts(messages: Sequence[Message]) -> list[str]:
    """What the messages say."""
    return [message.content for message in messages]


def titles(history: History) -> list[str]:
    """The list in the sidebar."""
    return [conversation.title for conversation in history.conversations()]


def ended(history: History, answer: Message, text: str) -> Message:
    """The answer as the model ended it."""
    whole = replace(answer, content=text, status=Status.COMPLETE)
    history.finish(whole)
    return whole


def answered(history: History, conversation: ConversationId | None, text: str) -> ConversationId:
    """A question and its whole answer."""
    turn = history.begin_turn(conversation, text, "", "m.gguf")
    ended(history, turn.answer, f"{text}!")
    return turn.conversation.id
