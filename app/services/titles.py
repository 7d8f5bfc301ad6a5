"""Titles by the model: when asked for, or after the first answer where the settings say so."""

from __future__ import annotations

from collections.abc import Callable

from app.core.entities import ChatMessage, Conversation, ConversationId, Message, Role, Status
from app.core.errors import NoModelLoaded
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.engine import Engine
from app.services.ports import AnswerListener
from app.services.turns import as_turns
from app.storage.storage import Storage

FIRST_ANSWER = 2  # messages of a conversation that has just begun: a question and its answer


class Titles(AnswerListener):
    """Asks the model at the end of the conversation's own prompt: its KV cache stays."""

    def __init__(
        self,
        conversations: Conversations,
        answers: Answers,
        engine: Engine,
        settings: Callable[[], Settings],
    ) -> None:
        self._conversations = conversations
        self._answers = answers
        self._engine = engine
        self._settings = settings
        answers.add_listener(self)

    def suggest(self, conversation_id: ConversationId) -> None:
        """Have the model find a title, which is then the conversation's."""
        if self._engine.model is None:
            self._conversations.complain(NoModelLoaded().problem)
            return

        def work(storage: Storage) -> tuple[Conversation, list[ChatMessage]]:
            branch = storage.history.branch(conversation_id)
            turns = as_turns(branch, storage.attachments.data)
            return storage.history.conversation(conversation_id), turns

        def done(result: tuple[Conversation, list[ChatMessage]]) -> None:
            conversation, turns = result
            self._engine.suggest_title(
                conversation.system_prompt,
                turns,
                conversation.id,
                lambda title: self._use(conversation_id, title),
                self._conversations.complain,
            )

        self._conversations.run(work, done)

    def answer_ended(self, message: Message) -> None:
        if self._settings().title_source != "model" or message.status is not Status.COMPLETE:
            return
        if message.role is Role.ASSISTANT and not self._answers.is_answering():
            self._conversations.run(
                lambda s: len(s.history.branch(message.conversation_id)),
                lambda count: self._begin(message.conversation_id, count),
            )

    def _begin(self, conversation_id: ConversationId, count: int) -> None:
        if count == FIRST_ANSWER and self._engine.model is not None:
            self.suggest(conversation_id)

    def _use(self, conversation_id: ConversationId, title: str) -> None:
        if title.strip():
            self._conversations.rename(conversation_id, title)
