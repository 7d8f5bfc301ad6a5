"""What shall be remembered across conversations: written by the person, or proposed by the model.

Off unless the settings say so. A proposal is told to the model only after the person kept it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.entities import ConversationId, Message, MessageId, Role, Status
from app.core.errors import ConversationNotFound, NoModelLoaded, Problem
from app.core.memory_errors import TooManyFacts
from app.core.remembered import Fact, FactState
from app.core.settings import Settings
from app.services.answers import Answers
from app.services.conversations import Conversations
from app.services.memory_news import MemoryNews
from app.services.ports import AnswerListener, ConversationsListener
from app.services.requests import Asked, asked, policy_of
from app.services.summaries import SummaryEngine
from app.storage.storage import Storage

MOST_TEXT = 500  # characters of one
MOST_KEPT = 200  # of more the model would be told too much with every question
EVERY = 4  # after the first answer, then after so many each, the model is asked


class Facts(AnswerListener, ConversationsListener):
    """Changes them and tells of it; main thread only. `all` has refused ones too."""

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
        self.all: list[Fact] = []
        answers.add_listener(self)
        conversations.add_listener(self)
        if conversations.is_ready:
            self.storage_ready()

    @property
    def is_on(self) -> bool:
        """Whether the person wants anything to be remembered."""
        return self._settings().is_remembering

    def add(self, text: str) -> None:
        """Remember a text from now on; one that was proposed or refused is kept."""
        words = _line(text)
        if words and self._has_room():
            self._change(lambda s: s.memory.add_facts([words], FactState.KEPT))

    def edit(self, fact_id: str, text: str) -> None:
        """Give one another text; without any it is deleted."""
        words = _line(text)
        if words:
            self._change(lambda s: s.memory.edit_fact(fact_id, words))
        else:
            self.delete(fact_id)

    def keep(self, fact_id: str) -> None:
        """The model is told it from now on."""
        if self._has_room():
            self._change(lambda s: s.memory.set_fact_state(fact_id, FactState.KEPT))

    def refuse(self, fact_id: str) -> None:
        """The model is not told it, and does not propose it again."""
        self._change(lambda s: s.memory.set_fact_state(fact_id, FactState.REFUSED))

    def delete(self, fact_id: str) -> None:
        """Forget it for good."""
        self._change(lambda s: s.memory.delete_fact(fact_id))

    def propose(self, conversation_id: ConversationId) -> None:
        """Have the model look through a conversation for what is worth remembering."""
        if not self.is_on:
            return
        if self._engine.model is None:
            self._conversations.complain(NoModelLoaded().problem)
            return
        self._ask(conversation_id, lambda _: True, self._conversations.complain)

    # news

    def storage_ready(self) -> None:
        self._forget_lost()

    def contents_erased(self, ids: Sequence[ConversationId]) -> None:
        self._forget_lost()

    def answer_ended(self, message: Message) -> None:
        if not self.is_on or message.status is not Status.COMPLETE:
            return
        if message.role is Role.ASSISTANT and not self._answers.is_answering():
            # nobody asked for it, so that nobody is told why there are none
            self._ask(message.conversation_id, _is_due, lambda _: None)

    # inside

    def _kept(self) -> list[Fact]:
        return [fact for fact in self.all if fact.state is FactState.KEPT]

    def _has_room(self) -> bool:
        """Whether one more may be kept; else the person is told."""
        has_room = len(self._kept()) < MOST_KEPT
        if not has_room:
            self._conversations.complain(TooManyFacts(most=MOST_KEPT).problem)
        return has_room

    def _ask(
        self,
        conversation_id: ConversationId,
        is_wanted: Callable[[Sequence[Message]], bool],
        failed: Callable[[Problem], None],
    ) -> None:
        settings, context = self._settings(), self._answers.context

        def work(storage: Storage) -> tuple[Asked, MessageId] | None:
            try:
                conversation = storage.history.conversation(conversation_id)
            except ConversationNotFound:
                return None
            branch = storage.history.branch(conversation_id)
            is_told = policy_of(conversation, settings).uses_facts
            if not is_told or not branch or not is_wanted(branch):
                return None
            return asked(storage, conversation, branch, settings, context), branch[-1].id

        def done(found: tuple[Asked, MessageId] | None) -> None:
            if found is None or self._answers.is_answering():
                return
            request, source_id = found
            if request.sent is not None:
                self._engine.prepare(request.turns, request.memory, request.context, request.sent)
            self._engine.suggest(
                "facts",
                request.system,
                request.turns,
                conversation_id,
                lambda text, is_whole: self._proposed(text if is_whole else "", source_id),
                failed,
                memory=request.memory,
            )

        self._conversations.run(work, done, failed)

    def _proposed(self, text: str, source_id: MessageId) -> None:
        texts = [words for words in map(_line, text.splitlines()) if words]
        if texts and self.is_on:
            self._change(lambda s: s.memory.add_facts(texts, FactState.PROPOSED, source_id))

    def _forget_lost(self) -> None:
        self._change(lambda s: s.memory.forget_lost_proposals())

    def _change(self, work: Callable[[Storage], object]) -> None:
        def changed(storage: Storage) -> list[Fact]:
            work(storage)
            return storage.memory.facts()

        def done(facts: list[Fact]) -> None:
            was_told = [fact.text for fact in self._kept()]
            if facts == self.all:
                return
            self.all = facts
            self._news.tell(lambda li: li.facts_changed(facts))
            if [fact.text for fact in self._kept()] != was_told:
                self._news.tell(lambda li: li.memory_changed(None))

        self._conversations.run(changed, done)


def _is_due(branch: Sequence[Message]) -> bool:
    """After the first answer, then after every fourth."""
    questions = sum(1 for message in branch if message.role is Role.USER)
    return questions == 1 or questions % EVERY == 0


def _line(text: str) -> str:
    """One line of a fact's length."""
    return " ".join(text.split())[:MOST_TEXT]
