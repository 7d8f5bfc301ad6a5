"""Conversations without a window: list, read, delete; used by the command line."""

from __future__ import annotations

from pathlib import Path

from app.core.entities import Conversation, ConversationId, Message
from app.core.errors import ConversationNotFound
from app.storage.storage import Storage, open_storage


class Chats:
    """The stored conversations; opens the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._storage = open_storage(path)

    @property
    def storage(self) -> Storage:
        """All that is stored, for exporting and importing."""
        return self._storage

    def all(self) -> list[Conversation]:
        """The one changed last first."""
        return self._storage.history.conversations()

    def find(self, prefix: str) -> Conversation:
        """The conversation whose id begins with `prefix`, if there is just one."""
        found = [c for c in self.all() if prefix and c.id.startswith(prefix)]
        if len(found) != 1:
            raise ConversationNotFound(id=prefix)
        return found[0]

    def messages(self, conversation_id: ConversationId) -> list[Message]:
        """The branch on show."""
        return self._storage.history.branch(conversation_id)

    def delete(self, conversation_id: ConversationId) -> None:
        """Move it to the bin."""
        self._storage.bin.delete([conversation_id])

    def close(self) -> None:
        """Close the database."""
        self._storage.close()
