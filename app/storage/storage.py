"""All that is stored, behind one door: opens the database and hands out its parts."""

from __future__ import annotations

from pathlib import Path

from app.core.entities import Binned, BinnedKind, ConversationId, MessageId
from app.core.prompts import AssistantId, PromptId
from app.storage.assistants import Assistants
from app.storage.attachments import Attachments
from app.storage.bin import BIN_DAYS, Bin
from app.storage.database import Database, forget_old_backups, open_database
from app.storage.drafts import Drafts
from app.storage.history import History
from app.storage.memory import Remembered
from app.storage.organiser import Organiser
from app.storage.prompts import Prompts
from app.storage.search import Search


class Storage:
    """One open database; used by one thread at a time. Every call may raise a StorageError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.history = History(database)
        self.organiser = Organiser(database)
        self.search = Search(database)
        self.attachments = Attachments(database)
        self.bin = Bin(database)
        self.drafts = Drafts(database)
        self.memory = Remembered(database)
        self.prompts = Prompts(database)
        self.assistants = Assistants(database)

    def forget_old(self, days: float = BIN_DAYS) -> int:
        """Forget for good what has been in the bin that long, and copies of the whole that are as
        old; returns how many things went."""
        forget_old_backups(self._database.path, days)
        gone = self.assistants.purge(days) + self.prompts.purge(days)
        return gone + self.bin.purge(days)

    def binned(self) -> list[Binned]:
        """What is in the bin, of every kind."""
        prompts = [
            Binned(ConversationId(p.id), p.title, None, p.description, at, BinnedKind.PROMPT)
            for p, at in self.prompts.binned()
        ]
        assistants = [
            Binned(ConversationId(a.id), a.name, None, a.description, at, BinnedKind.ASSISTANT)
            for a, at in self.assistants.binned_since()
        ]
        return [*self.bin.items(), *prompts, *assistants]

    def take_out(self, item_id: ConversationId, message_id: MessageId | None) -> bool:
        """Take something out of the bin, whatever it is; whether it is of a conversation."""
        self.prompts.take_out([PromptId(item_id)])
        self.assistants.restore(AssistantId(item_id))
        self.bin.restore(item_id, message_id)
        return bool(self._database.rows("SELECT 1 FROM conversation WHERE id = ?", (item_id,)))

    def erase(self, item_id: ConversationId, message_id: MessageId | None) -> None:
        """Forget something in the bin for good, whatever it is."""
        self.prompts.erase(PromptId(item_id))
        self.assistants.erase(AssistantId(item_id))
        self.bin.erase(item_id, message_id)

    def close(self) -> None:
        """Close the file; what was written stays."""
        self._database.close()


def open_storage(path: Path) -> Storage:
    """Open `path`, creating or upgrading it. Raises a StorageError or FolderNotWritable."""
    return Storage(open_database(path))
