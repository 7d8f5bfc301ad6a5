"""Whole conversations out of the storage and into it; for the storage's own thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from app.core.entities import AttachmentId, Conversation, ConversationId, FolderId, Message
from app.core.errors import ConversationNotFound
from app.exchange.reading import Bad
from app.exchange.records import Record, contents, derived_id, fingerprint
from app.storage.storage import Storage

BATCH, BATCH_BYTES = 25, 8 << 20  # taken at once at most; the last may go beyond the bytes


class Outcome(StrEnum):
    """What became of a conversation that was to come in."""

    ADDED = "added"
    ALREADY_THERE = "already there"


def take(storage: Storage, ids: Sequence[ConversationId]) -> tuple[list[Record], int]:
    """The first of these conversations with everything, and how many of `ids` are done with.

    One that is gone meanwhile is left out. Bounded by BATCH and BATCH_BYTES.
    """
    folders = {folder.id: folder.name for folder in storage.organiser.folders()}
    found: list[Record] = []
    size = done = 0
    for conversation_id in ids[:BATCH]:
        done += 1
        try:
            conversation = storage.history.conversation(conversation_id)
        except ConversationNotFound:
            continue
        messages = tuple(storage.history.whole(conversation_id))
        data = {
            attachment.id: storage.attachments.data(attachment.id)
            for message in messages
            for attachment in message.attachments
        }
        folder = folders.get(conversation.folder_id, "") if conversation.folder_id else ""
        found.append(Record(conversation, messages, data, folder))
        size += sum(len(m.content) for m in messages) + sum(map(len, data.values()))
        if size >= BATCH_BYTES:
            break
    return found, done


class Receiver:
    """Takes conversations in, each in one transaction, none twice."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._live = {conversation.id for conversation in storage.history.conversations()}
        self._folders: dict[str, FolderId] = {
            folder.name.casefold(): folder.id for folder in storage.organiser.folders()
        }

    def add(self, record: Record) -> Outcome:
        """Store it unless it is there. One in the bin comes out of it.

        Raises StorageError, and Bad for a conversation that no database can hold.
        """
        try:
            return self._add(record)
        except (ValueError, OverflowError) as error:
            raise Bad(str(error)) from error

    def _add(self, record: Record) -> Outcome:
        for made in (record, _renamed(record)):
            wanted = made.conversation.id
            existing = self._stored(wanted)
            if existing is None:
                self._store(made)
                return Outcome.ADDED
            if not contents(made.messages) - contents(existing):
                return self._known(wanted)
        return Outcome.ALREADY_THERE

    def _known(self, conversation_id: ConversationId) -> Outcome:
        if conversation_id in self._live:
            return Outcome.ALREADY_THERE
        self._storage.bin.restore(conversation_id, None)
        self._live.add(conversation_id)
        return Outcome.ADDED

    def _stored(self, conversation_id: ConversationId) -> list[Message] | None:
        """The messages that are there under that id, also in the bin; None where there is none."""
        try:
            self._storage.history.conversation(conversation_id)
        except ConversationNotFound:
            return None
        return self._storage.history.whole(conversation_id)

    def _store(self, record: Record) -> None:
        conversation = replace(record.conversation, folder_id=self._folder(record.folder))
        added = self._storage.history.add_whole(conversation, record.messages, record.data)
        self._live.add(added.id)

    def _folder(self, name: str) -> FolderId | None:
        name = name.strip()
        if not name:
            return None
        key = name.casefold()
        if key not in self._folders:
            self._folders[key] = self._storage.organiser.add_folder(name).id
        return self._folders[key]


def _renamed(record: Record) -> Record:
    """The same under ids that come from its contents: it has grown, or another has its id."""
    print_ = fingerprint(record.messages)
    base = derived_id(record.conversation.id, print_)
    ids = {
        message.id: type(message.id)(derived_id(base, message.id)) for message in record.messages
    }
    files = {old: AttachmentId(derived_id(base, old)) for old in record.data}
    conversation_id = ConversationId(base)

    def moved(message: Message) -> Message:
        return replace(
            message,
            id=ids[message.id],
            conversation_id=conversation_id,
            parent_id=ids.get(message.parent_id) if message.parent_id else None,
            attachments=tuple(replace(a, id=files.get(a.id, a.id)) for a in message.attachments),
        )

    old: Conversation = record.conversation
    head = ids.get(old.head_id) if old.head_id else None
    return Record(
        replace(old, id=conversation_id, head_id=head),
        tuple(moved(message) for message in record.messages),
        {files[key]: data for key, data in record.data.items()},
        record.folder,
        record.origin,
    )
