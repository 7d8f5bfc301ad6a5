"""All conversations: their database on its lane, the list, order among them, the bin and undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from app.core.entities import (
    Attachment,
    Binned,
    Conversation,
    ConversationId,
    Draft,
    Folder,
    FolderId,
    MessageId,
    SearchHit,
)
from app.core.errors import Problem
from app.core.models_entities import ModelUsage
from app.services.ports import ConversationsListener, Lane, Scheduler
from app.storage.bin import BIN_DAYS
from app.storage.database import set_aside
from app.storage.storage import Storage, open_storage

T = TypeVar("T")


class Conversations:
    """What every window shares of the conversations; main thread only."""

    def __init__(self, database_path: Path, scheduler: Scheduler) -> None:
        self._path = database_path
        self._scheduler = scheduler
        self._listeners: list[ConversationsListener] = []
        self._storage: Storage | None = None
        self._is_starting = False
        self._undo: tuple[Sequence[ConversationId], Callable[[Storage], None]] | None = None
        self.all: list[Conversation] = []
        self.folders: list[Folder] = []

    def add_listener(self, listener: ConversationsListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    def remove_listener(self, listener: ConversationsListener) -> None:
        """Tell it nothing more."""
        self._listeners.remove(listener)

    @property
    def storage(self) -> Storage | None:
        """The open database, for jobs on its lane only; None while it is not open."""
        return self._storage

    @property
    def is_ready(self) -> bool:
        """Whether the database is open."""
        return self._storage is not None

    def start(self) -> None:
        """Open the database, mend what the last end left, list the conversations."""
        if self._is_starting:
            return
        self._is_starting = True

        def work() -> tuple[Storage, list[Conversation], list[Folder]]:
            storage = open_storage(self._path)
            storage.history.heal()
            return storage, storage.history.conversations(), storage.organiser.folders()

        def done(result: tuple[Storage, list[Conversation], list[Folder]]) -> None:
            self._is_starting = False
            self._storage = result[0]
            self._show_list(result[1:])
            self._tell(lambda listener: listener.storage_ready())
            # after what is opened now: it may take a second where much goes
            self._purge(BIN_DAYS)

        def failed(problem: Problem) -> None:
            self._is_starting = False
            self._tell(lambda li: li.storage_failed(problem))

        self._scheduler.run(Lane.STORAGE, work, done, failed)

    def retry(self) -> None:
        """Try again to open the database, unless it is open."""
        if not self.is_ready:
            self.start()

    def set_damaged_aside(self) -> None:
        """Rename a damaged database and begin an empty one."""
        self._scheduler.run(
            Lane.STORAGE, lambda: set_aside(self._path), lambda _: self.start(), self.complain
        )

    def run(
        self,
        work: Callable[[Storage], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None] | None = None,
    ) -> bool:
        """Run `work` on the storage lane; `done` or `failed` hears of it on the main thread.

        False, and nothing happens but a new try to open it, while the database is not open.
        """
        storage = self._storage
        if storage is None:
            self.retry()
            return False
        self._scheduler.run(Lane.STORAGE, lambda: work(storage), done, failed or self.complain)
        return True

    def refresh(self) -> None:
        """Read the list again: something in it is another way now."""
        self.run(lambda s: (s.history.conversations(), s.organiser.folders()), self._show_list)

    def close(self, last_writes: Sequence[Callable[[Storage], None]]) -> None:
        """At quit: what is not on the disk yet is written, then the database closed."""
        storage = self._storage
        if storage is None:
            return

        def work() -> None:
            try:
                for write in last_writes:
                    write(storage)
            finally:
                storage.close()

        self._scheduler.run(Lane.STORAGE, work, lambda _: None, lambda _: None)

    # order among them

    def rename(self, conversation_id: ConversationId, title: str) -> None:
        """Give a conversation another title."""
        self._change(lambda s: s.history.rename(conversation_id, title.strip()))

    def pin(self, ids: Sequence[ConversationId], is_pinned: bool) -> None:
        """Keep them above all others, or no longer."""
        self._change(lambda s: s.organiser.pin(ids, is_pinned))

    def archive(self, ids: Sequence[ConversationId], is_archived: bool) -> None:
        """Out of the way without being deleted, or back."""
        self._change(lambda s: s.organiser.archive(ids, is_archived))

    def move(self, ids: Sequence[ConversationId], folder_id: FolderId | None) -> None:
        """Into a folder, or out of the one they are in."""
        self._change(lambda s: s.organiser.move(ids, folder_id))

    def tag(self, ids: Sequence[ConversationId], name: str, is_on: bool) -> None:
        """Give them a tag, or take it away."""
        if is_on:
            self._change(lambda s: s.organiser.tag(ids, name))
        else:
            self._change(lambda s: s.organiser.untag(ids, name))

    def add_folder(self, name: str, ids: Sequence[ConversationId] = ()) -> None:
        """A new folder, with these conversations in it."""
        self._change(lambda s: s.organiser.move(ids, s.organiser.add_folder(name).id))

    def rename_folder(self, folder_id: FolderId, name: str) -> None:
        """Give a folder another name."""
        self._change(lambda s: s.organiser.rename_folder(folder_id, name))

    def delete_folder(self, folder_id: FolderId) -> None:
        """Take a folder away; its conversations stay."""
        self._change(lambda s: s.organiser.delete_folder(folder_id))

    def add_to_draft(self, place: str, attachment: Attachment) -> None:
        """Put a file beside what is being written for a conversation that is not on show.

        `place` is the conversation's id, empty for a new one.
        """

        def work(storage: Storage) -> None:
            draft = storage.drafts.load(place)
            storage.drafts.save(place, replace(draft, attachments=(*draft.attachments, attachment)))

        self.run(work, lambda _: None)

    def forget_draft(self, place: str, text: str) -> None:
        """What is kept for a conversation that is not on show was sent, if it is `text`."""

        def work(storage: Storage) -> None:
            if storage.drafts.load(place).text.strip() == text:
                storage.drafts.save(place, Draft())

        self.run(work, lambda _: None)

    # finding

    def find(self, text: str, done: Callable[[list[SearchHit]], None]) -> None:
        """Tell `done` which titles and messages have all words of `text`."""
        self.run(lambda s: s.search.find(text), done)

    def find_usage(self, done: Callable[[dict[str, ModelUsage]], None]) -> None:
        """Tell `done` where each model answered, by its file's name; not without a database."""
        if self.is_ready:
            self.run(lambda s: s.history.usage(), done)

    # the bin

    def delete(self, ids: Sequence[ConversationId]) -> None:
        """Move conversations to the bin."""
        wanted = set(ids)
        gone = [c for c in self.all if c.id in wanted]

        def restore(storage: Storage) -> None:
            for conversation in gone:
                storage.bin.restore(conversation.id, None)

        def done(_: object) -> None:
            self._undo = [c.id for c in gone], restore
            self.refresh()
            self._tell(lambda li: li.conversations_deleted(gone))

        self.run(lambda s: s.bin.delete(ids), done)

    def note_deleted_message(
        self, conversation_id: ConversationId, message_id: MessageId, excerpt: str
    ) -> None:
        """A message went to the bin: `undo` brings it back from now on."""
        self._undo = [conversation_id], lambda s: s.bin.restore(conversation_id, message_id)
        self._tell(lambda li: li.message_deleted(conversation_id, excerpt))

    def note_marks(self, conversation_id: ConversationId) -> None:
        """What is pinned or left out of it changed: every window is told."""
        self._tell(lambda li: li.marks_changed(conversation_id))

    def undo(self) -> None:
        """Take what was deleted last out of the bin."""
        undo, self._undo = self._undo, None
        if undo is not None:
            ids, restore = undo
            self.run(restore, lambda _: self._restored(ids))

    def find_binned(self, done: Callable[[list[Binned]], None]) -> None:
        """Tell `done` what is in the bin, deleted last first."""
        self.run(lambda s: s.binned(), done)

    def restore(self, conversation_id: ConversationId, message_id: MessageId | None) -> None:
        """Take something out of the bin."""
        self.run(
            lambda s: s.take_out(conversation_id, message_id),
            lambda is_one: self._restored([conversation_id] if is_one else []),
        )

    def erase(self, conversation_id: ConversationId, message_id: MessageId | None) -> None:
        """Delete something in the bin for good."""
        if self._undo is not None and conversation_id in self._undo[0]:
            self._undo = None

        def done(_: object) -> None:
            self._tell(lambda li: li.contents_erased([conversation_id]))
            self.refresh()

        self.run(lambda s: s.erase(conversation_id, message_id), done)

    def empty_bin(self) -> None:
        """Delete everything in the bin for good."""
        self._undo = None
        self._purge(0)

    # inside

    def _purge(self, days: float) -> None:
        def work(storage: Storage) -> list[ConversationId] | None:
            before = {item.conversation_id for item in storage.bin.items()}
            if not storage.forget_old(days):
                return None
            return list(before)  # some may be in the bin still; forgetting more does no harm

        def done(ids: list[ConversationId] | None) -> None:
            if ids is not None:
                self._tell(lambda li: li.contents_erased(ids))
                self.refresh()

        self.run(work, done)

    def _change(self, work: Callable[[Storage], object]) -> None:
        self.run(work, lambda _: self.refresh())

    def _restored(self, ids: Sequence[ConversationId]) -> None:
        self.refresh()
        self._tell(lambda li: li.bin_restored(ids))

    def _show_list(self, result: tuple[list[Conversation], list[Folder]]) -> None:
        self.all, self.folders = result
        self._tell(lambda li: li.conversations_changed(self.all, self.folders))

    def complain(self, problem: Problem) -> None:
        """Tell everybody that something asked for could not be done."""
        self._tell(lambda li: li.problem_occurred(problem))

    def _tell(self, what: Callable[[ConversationsListener], None]) -> None:
        for listener in list(self._listeners):
            what(listener)
