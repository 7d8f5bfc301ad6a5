"""Titles by the model: when asked for, or after the first answer where the settings say so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from app.core.entities import Conversation, ConversationId, Message, Role, Status
from app.core.errors import ConversationNotFound, NoModelLoaded, Problem
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.engine import Engine
from app.services.ports import AnswerListener
from app.services.requests import Asked, asked
from app.storage.storage import Storage
from app.storage.titles import title_from

FIRST_ANSWER = 2  # messages: a question and its answer


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
        self._ask(conversation_id, lambda _: True, self._conversations.complain)

    def answer_ended(self, message: Message) -> None:
        if self._settings().title_source != "model" or message.status is not Status.COMPLETE:
            return
        if message.role is Role.ASSISTANT and not self._answers.is_answering():
            conversation_id = message.conversation_id
            # nobody asked for it, so that nobody is told why there is none
            self._ask(conversation_id, lambda s: _needs_title(s, conversation_id), lambda _: None)

    def _ask(
        self,
        conversation_id: ConversationId,
        is_wanted: Callable[[Storage], bool],
        failed: Callable[[Problem], None],
    ) -> None:
        """Ask the model. The title of then is read together with whether it `is_wanted`: a person
        may give one at any time."""

        def work(storage: Storage) -> Asked | None:
            if not is_wanted(storage):
                return None
            conversation = storage.history.conversation(conversation_id)
            branch = storage.history.branch(conversation_id)
            return asked(storage, conversation, branch, self._settings())

        def done(found: Asked | None) -> None:
            if found is not None:
                self._engine.suggest_title(
                    found.system,
                    found.turns,
                    conversation_id,
                    lambda title: self._use(found.conversation, title),
                    failed,
                    memory=found.memory,
                )

        self._conversations.run(work, done)

    def _use(self, conversation: Conversation, title: str) -> None:
        """Unless a person has given it one meanwhile, or it is gone."""
        title = title.strip()

        def work(storage: Storage) -> None:
            with contextlib.suppress(ConversationNotFound):
                if storage.history.conversation(conversation.id).title == conversation.title:
                    storage.history.rename(conversation.id, title)

        if title:
            self._conversations.run(work, lambda _: self._conversations.refresh())


def _needs_title(storage: Storage, conversation_id: ConversationId) -> bool:
    """Whether it has only begun, and is still called by a question it began with. What stands
    before its first question, such as an assistant's first words, no model has answered with."""
    branch = storage.history.branch(conversation_id)
    before, first = branch[:-FIRST_ANSWER], branch[-FIRST_ANSWER:]
    is_begun = len(first) == FIRST_ANSWER and first[0].role is Role.USER
    if not is_begun or any(message.model for message in before):
        return False
    questions = storage.history.siblings(first[0].id)
    title = storage.history.conversation(conversation_id).title
    return title in {title_from(question.content) for question in questions}
