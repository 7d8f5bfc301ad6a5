"""Summaries of conversations: written by the model in the background, at the end of a turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from app.core.entities import (
    ChatMessage,
    Conversation,
    ConversationId,
    Message,
    ModelDescription,
    Role,
    Status,
    new_id,
    utc_now,
)
from app.core.errors import AppError, NoModelLoaded, Problem
from app.core.history import Sent
from app.core.memory import Memory, WhenFull
from app.core.memory_errors import NoSummaryWritten, NothingToSummarise
from app.core.messages import Weighed
from app.core.remembered import Summary
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.memory_news import MemoryNews
from app.services.ports import AnswerListener
from app.services.requests import Asked, asked, policy_of, uses_summary
from app.services.small_jobs import NO_MEMORY
from app.services.summary_plan import Plan, plan
from app.storage.storage import Storage

ENDED = (Status.COMPLETE, Status.CUT_OFF)


class SummaryEngine(Protocol):
    """What summaries need of the engine."""

    model: ModelDescription | None

    def suggest(
        self,
        kind: str,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str, bool], None],
        failed: Callable[[Problem], None],
        *,
        memory: Memory = NO_MEMORY,
        begun: str = "",
    ) -> int: ...

    def prepare(
        self, history: Sequence[ChatMessage], memory: Memory, context: int, sent: Sent
    ) -> None: ...

    def weigh(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        draft: ChatMessage | None,
        done: Callable[[Weighed], None],
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database says when a summary may be due."""

    branch: Sequence[Message]
    asked: Asked
    unfinished: Summary | None


class Summaries(AnswerListener):
    """Asks for one when a policy wants it, or a person does; main thread only.

    A question ends it at once. What there was is kept, and gone on with after the next answer.
    """

    def __init__(
        self,
        conversations: Conversations,
        answers: Answers,
        engine: SummaryEngine,
        news: MemoryNews,
        settings: Callable[[], Settings],
    ) -> None:
        self._conversations = conversations
        self._answers = answers
        self._engine = engine
        self._news = news
        self._settings = settings
        self._making: set[ConversationId] = set()
        self._wanted: set[ConversationId] = set()  # by a person, and not made yet
        # at least the first piece is made: that is told once no other piece follows
        self._made: set[ConversationId] = set()
        answers.add_listener(self)

    def is_making(self, conversation_id: ConversationId) -> bool:
        """Whether the model writes one of it, or is about to."""
        return conversation_id in self._making

    def make(self, conversation_id: ConversationId) -> None:
        """A person wants one: now, or after the answers in the making. If the conversation's policy
        has none, it is the oldest exchanges that are summarised from now on when it is full."""
        if self._engine.model is None:
            self._conversations.complain(NoModelLoaded().problem)
            return
        self._wanted.add(conversation_id)
        if not self._answers.is_answering():
            self._begin(conversation_id)

    def answer_ended(self, message: Message) -> None:
        conversation_id = message.conversation_id
        if message.role is not Role.ASSISTANT or self._answers.is_answering():
            return
        is_due = message.status in ENDED and self._is_used(conversation_id)
        for each in {conversation_id} | self._wanted if is_due else set(self._wanted):
            self._begin(each)

    # inside

    def _is_used(self, conversation_id: ConversationId) -> bool:
        here = (c for c in self._conversations.all if c.id == conversation_id)
        return uses_summary(policy_of(next(here, None), self._settings()))

    def _begin(self, conversation_id: ConversationId) -> None:
        model = self._engine.model
        if model is None or conversation_id in self._making:
            return
        self._making.add(conversation_id)
        is_wanted, settings = conversation_id in self._wanted, self._settings()

        def work(storage: Storage) -> _Found | None:
            return _find(storage, conversation_id, settings, model.context, is_wanted=is_wanted)

        def done(found: _Found | None) -> None:
            if found is None:
                self._wanted.discard(conversation_id)
                self._end(conversation_id)
                return
            if is_wanted and found.asked.conversation.memory != self._known_policy(conversation_id):
                self._conversations.refresh()  # it was changed for this
                self._news.tell(lambda li: li.memory_changed(conversation_id))
            self._weigh(found)

        def failed(problem: Problem) -> None:
            self._end(conversation_id)
            if is_wanted:
                self._refuse(conversation_id, problem)

        if not self._conversations.run(work, done, failed):
            self._end(conversation_id)

    def _weigh(self, found: _Found) -> None:
        request = found.asked
        if request.sent is not None:
            self._engine.prepare(request.turns, request.memory, request.context, request.sent)
        self._engine.weigh(
            request.system,
            request.turns,
            request.memory,
            None,
            lambda weighed: self._weighed(found, weighed),
        )

    def _known_policy(self, conversation_id: ConversationId) -> object:
        here = (c.memory for c in self._conversations.all if c.id == conversation_id)
        return next(here, None)

    def _weighed(self, found: _Found, weighed: Weighed) -> None:
        conversation_id = found.asked.conversation.id
        is_wanted = conversation_id in self._wanted
        if self._answers.is_answering() or weighed.context < 0:
            self._end(conversation_id)  # a question goes before it
            return
        made = plan(
            found.branch,
            found.asked,
            weighed,
            is_wanted=is_wanted,
            unfinished=found.unfinished,
        )
        if made is None:
            self._end(conversation_id)
            if is_wanted:
                self._refuse(conversation_id, NothingToSummarise().problem)
            return
        self._ask(found, made)

    def _ask(self, found: _Found, made: Plan) -> None:
        conversation_id = found.asked.conversation.id
        self._news.tell(lambda li: li.summary_begun(conversation_id))

        def failed(problem: Problem) -> None:
            self._stopped(conversation_id)
            if conversation_id in self._wanted:
                self._refuse(conversation_id, problem)

        self._engine.suggest(
            "summary",
            found.asked.system,
            made.turns,
            conversation_id,
            lambda text, is_whole: self._suggested(found, made, text.strip(), is_whole=is_whole),
            failed,
            memory=made.memory,
            begun=made.begun,
        )

    def _suggested(self, found: _Found, made: Plan, text: str, *, is_whole: bool) -> None:
        conversation_id = found.asked.conversation.id
        if not text:
            self._stopped(conversation_id)
            if is_whole and conversation_id in self._wanted:
                self._refuse(conversation_id, NoSummaryWritten().problem)
            return
        known = found.unfinished if made.begun else None
        summary = Summary(
            known.id if known is not None else new_id(),
            conversation_id,
            made.through,
            made.seen,
            text,
            utc_now(),
            is_whole=is_whole,
        )

        def work(storage: Storage) -> None:
            storage.memory.store_summary(summary)

        def done(_: None) -> None:
            if not is_whole:
                self._stopped(conversation_id)
                return
            self._making.discard(conversation_id)
            self._made.add(conversation_id)
            self._wanted.discard(conversation_id)
            self._news.tell(lambda li: li.memory_changed(conversation_id))
            if not made.is_last and not self._answers.is_answering():
                self._begin(conversation_id)
            if conversation_id not in self._making:
                self._end(conversation_id)

        def failed(problem: Problem) -> None:
            self._stopped(conversation_id)
            self._conversations.complain(problem)

        if not self._conversations.run(work, done, failed):
            self._stopped(conversation_id)

    def _refuse(self, conversation_id: ConversationId, problem: Problem) -> None:
        """A person wanted it and is told why there is none."""
        self._wanted.discard(conversation_id)
        self._conversations.complain(problem)

    def _stopped(self, conversation_id: ConversationId) -> None:
        self._end(conversation_id)
        self._news.tell(lambda li: li.summary_stopped(conversation_id))

    def _end(self, conversation_id: ConversationId) -> None:
        self._making.discard(conversation_id)
        if conversation_id in self._made:
            self._made.remove(conversation_id)
            self._news.tell(lambda li: li.summary_made(conversation_id))


def _find(
    storage: Storage,
    conversation_id: ConversationId,
    settings: Settings,
    context: int,
    *,
    is_wanted: bool,
) -> _Found | None:
    """None where none is to be made: it is gone, or a person switched the newest one off."""
    try:
        conversation = storage.history.conversation(conversation_id)
    except AppError:
        return None
    branch = storage.history.branch(conversation_id)
    ids = {message.id for message in branch}
    here = [one for one in storage.memory.summaries(conversation_id) if one.is_of(ids)]
    newest = next((one for one in here if one.is_whole), None)
    if not is_wanted and newest is not None and newest.is_off and not newest.is_stale:
        return None
    if is_wanted:
        conversation = _with_summaries(storage, conversation, settings)
    unfinished = next((one for one in here if not one.is_whole), None)
    found = asked(storage, conversation, branch, settings, context)
    return _Found(branch, found, unfinished)


def _with_summaries(
    storage: Storage, conversation: Conversation, settings: Settings
) -> Conversation:
    """Its policy is one that has summaries from now on."""
    policy = policy_of(conversation, settings)
    if uses_summary(policy):
        return conversation
    policy = replace(policy, when_full=WhenFull.SUMMARISE)
    storage.memory.set_policy(conversation.id, policy)
    return replace(conversation, memory=policy)
