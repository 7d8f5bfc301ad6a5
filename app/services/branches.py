"""Branches of the conversation on show: other versions of a message, deleting, a copy of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.core.entities import AttachmentId, Conversation, Message, MessageId
from app.services.shown import Shown
from app.storage.storage import Storage

EXCERPT = 60  # characters of a deleted message that say which one it was


class Branches(Shown):
    """Every change is a branch beside the old; nothing is overwritten."""

    def choose_sibling(self, message_id: MessageId, step: int) -> None:
        """Show the version before (-1) or after (1) this one; what follows it comes along."""
        message = self._find(message_id)
        if message is None or self.is_answering:
            return
        place = message.sibling - 1 + step

        def pick(storage: Storage) -> MessageId | None:
            versions = storage.history.siblings(message_id)
            return versions[place].id if 0 <= place < len(versions) else None

        self._show_version(pick)

    def show_version(self, message_id: MessageId) -> None:
        """Show the branch that goes through this message, in the same place of the window."""
        if not self.is_answering:
            self._show_version(lambda _: message_id)

    def _show_version(self, pick: Callable[[Storage], MessageId | None]) -> None:
        conversation_id = self.open_conversation_id
        if conversation_id is None:
            return

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            chosen = pick(storage)
            if chosen is not None:
                storage.history.choose(chosen)
            return storage.history.branch(conversation_id), chosen

        self._read_branch(work)

    def find_versions(self, message_id: MessageId, done: Callable[[list[Message]], None]) -> None:
        """Tell `done` all versions of a message, the first one first."""
        self._conversations.run(lambda s: s.history.siblings(message_id), self._while_open(done))

    def delete_message(self, message_id: MessageId) -> None:
        """Move a message, and what followed it, to the bin."""
        message = self._find(message_id)
        if message is None:
            return
        if self.is_answering:
            self.stop()

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            storage.bin.delete_message(message_id)
            return storage.history.branch(message.conversation_id), message.parent_id

        def done(_: object) -> None:
            excerpt = " ".join(message.content.split())[:EXCERPT]
            self._is_deleting = True  # here it is shown already, the other windows read again
            self._conversations.note_deleted_message(message.conversation_id, message_id, excerpt)
            self._is_deleting = False

        self._read_branch(work, done)

    def fork(self, message_id: MessageId) -> None:
        """A new conversation that begins with this one down to `message_id`; it is shown."""
        conversation = self.conversation
        title = conversation.title if conversation is not None else ""

        def done(fork: Conversation) -> None:
            self._conversations.refresh()
            self.open_conversation(fork.id)

        self._conversations.run(lambda s: s.history.fork(message_id, title), done)

    def _store_edited(self, answer: Message, text: str, ids: Sequence[AttachmentId]) -> None:
        conversation_id = answer.conversation_id

        def work(storage: Storage) -> tuple[list[Message], MessageId | None]:
            storage.history.add_edited(answer, text, ids)
            return storage.history.branch(conversation_id), answer.id

        def done(_: object) -> None:
            self._tell(lambda li: li.message_accepted(conversation_id, text))
            self._conversations.refresh()

        self._read_branch(work, done)
