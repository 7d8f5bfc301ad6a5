"""What the model is told of a conversation, in a person's hands: policy, marks, summaries."""

from __future__ import annotations

from collections.abc import Callable

from app.core.entities import Conversation, ConversationId, MessageId
from app.core.memory import MemoryPolicy
from app.core.remembered import MarkKind, Marks, Summary
from app.core.settings import Settings
from app.services.conversations import Conversations
from app.services.memory_news import MemoryListener, MemoryNews
from app.services.requests import policy_of
from app.services.summaries import Summaries
from app.storage.storage import Storage


class MemoryService:
    """Changes it and tells of it; main thread only."""

    def __init__(
        self,
        conversations: Conversations,
        summaries: Summaries,
        news: MemoryNews,
        settings: Callable[[], Settings],
    ) -> None:
        self._conversations = conversations
        self._summaries = summaries
        self._news = news
        self._settings = settings
        self._known = self._those_of_memory()

    def add_listener(self, listener: MemoryListener) -> None:
        """Tell `listener` from now on."""
        self._news.add(listener)

    def remove_listener(self, listener: MemoryListener) -> None:
        """Tell it nothing more."""
        self._news.remove(listener)

    def settings_changed(self) -> None:
        """The settings may be other ones now."""
        if (known := self._those_of_memory()) != self._known:
            self._known = known
            self._news.tell(lambda li: li.memory_changed(None))

    # policy

    def policy_of(self, conversation: Conversation | None) -> MemoryPolicy:
        """What is told of a conversation: its own policy, else that of the settings."""
        return policy_of(conversation, self._settings())

    def set_policy(self, conversation_id: ConversationId, policy: MemoryPolicy | None) -> None:
        """What is told from now on; None: as the settings say."""

        def done(_: None) -> None:
            self._conversations.refresh()
            self._changed(conversation_id)

        self._conversations.run(lambda s: s.memory.set_policy(conversation_id, policy), done)

    # marks

    def mark(
        self, message_id: MessageId, kind: MarkKind | str | None, attachment_id: str = ""
    ) -> None:
        """Pin a message, leave it out ("pinned", "left_out"), or neither; both concern its whole
        exchange. A file can be left out alone; it is pinned with its message."""
        wanted = MarkKind(kind) if kind is not None else None
        file = "" if wanted is MarkKind.PINNED else attachment_id

        def work(storage: Storage) -> ConversationId | None:
            if file != attachment_id:
                storage.memory.mark(message_id, None, attachment_id)
            return storage.memory.mark(message_id, wanted, file)

        def done(conversation_id: ConversationId | None) -> None:
            if conversation_id is not None:
                self._conversations.note_marks(conversation_id)
                self._changed(conversation_id)

        self._conversations.run(work, done)

    def marks_of(self, conversation_id: ConversationId, done: Callable[[Marks], None]) -> None:
        """Tell `done` what was said about its messages, on every branch."""
        self._conversations.run(lambda s: s.memory.marks(conversation_id), done)

    # summaries

    def summary_of(
        self, conversation_id: ConversationId, done: Callable[[Summary | None], None]
    ) -> None:
        """Tell `done` the newest summary of the branch on show, also one that is off; None without
        one. Which one is told, if any, says `LedgerView.summary`."""
        self.summaries_of(conversation_id, lambda found: done(found[0] if found else None))

    def summaries_of(
        self, conversation_id: ConversationId, done: Callable[[list[Summary]], None]
    ) -> None:
        """Tell `done` the whole summaries of the branch on show, also those that are off, the
        newest first: it stands for what the ones before it stood for, and more."""

        def work(storage: Storage) -> list[Summary]:
            branch = storage.memory.shown(conversation_id)
            found = storage.memory.summaries(conversation_id)
            return [one for one in found if one.is_whole and one.is_of(branch)]

        self._conversations.run(work, done)

    def edit_summary(self, summary_id: str, text: str) -> None:
        """Tell another text in its place; an empty one switches it off."""
        words = text.strip()
        if words:
            self._change_summary(lambda s: s.memory.edit_summary(summary_id, words))
        else:
            self.set_summary_off(summary_id, True)

    def set_summary_off(self, summary_id: str, is_off: bool) -> None:
        """Tell the messages again instead of the summary, or it again instead of them. No other is
        made by itself while the newest one is off."""
        self._change_summary(lambda s: s.memory.set_summary_off(summary_id, is_off))

    def summarise(self, conversation_id: ConversationId) -> None:
        """Have a summary made now, or after the answer in the making."""
        self._summaries.make(conversation_id)

    def is_summarising(self, conversation_id: ConversationId) -> bool:
        """Whether the model writes a summary of it now."""
        return self._summaries.is_making(conversation_id)

    # inside

    def _those_of_memory(self) -> tuple[object, ...]:
        """The settings that say what is told."""
        settings = self._settings()
        return settings.memory_policy(), settings.is_remembering, settings.system_prompt

    def _change_summary(self, work: Callable[[Storage], ConversationId | None]) -> None:
        def done(conversation_id: ConversationId | None) -> None:
            if conversation_id is not None:
                self._changed(conversation_id)

        self._conversations.run(work, done)

    def _changed(self, conversation_id: ConversationId) -> None:
        self._news.tell(lambda li: li.memory_changed(conversation_id))
