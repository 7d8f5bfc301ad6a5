"""Order among conversations: folders, pins, the archive, tags. None of it counts as a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.core.entities import ConversationId, Folder, FolderId, new_id, utc_now
from app.storage.database import Database


class Organiser:
    """Sorts conversations; those that are not there are passed over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def folders(self) -> list[Folder]:
        """All of them, by name."""
        rows = self._database.rows("SELECT id, name FROM folder")
        folders = [Folder(FolderId(row["id"]), row["name"]) for row in rows]
        return sorted(folders, key=lambda folder: (folder.name.casefold(), folder.id))

    def add_folder(self, name: str) -> Folder:
        """A new folder, or the one that has this name already. An empty name is a ValueError."""
        name = _cleaned(name)
        with self._database.transaction():
            for folder in self.folders():
                if folder.name.casefold() == name.casefold():
                    return folder
            folder = Folder(FolderId(new_id()), name)
            self._database.execute("INSERT INTO folder VALUES (?, ?)", (folder.id, name))
            return folder

    def rename_folder(self, folder_id: FolderId, name: str) -> None:
        """Another name for it. An empty one is a ValueError."""
        self._database.execute(
            "UPDATE folder SET name = ? WHERE id = ?", (_cleaned(name), folder_id)
        )

    def delete_folder(self, folder_id: FolderId) -> None:
        """Its conversations stay, without a folder."""
        self._database.execute("DELETE FROM folder WHERE id = ?", (folder_id,))

    def move(self, ids: Iterable[ConversationId], folder_id: FolderId | None) -> None:
        """Into a folder, or out of any; a folder that is gone by now is none."""
        self._each(
            "UPDATE conversation SET folder_id = (SELECT id FROM folder WHERE id = ?) WHERE id = ?",
            [(folder_id, each) for each in ids],
        )

    def pin(self, ids: Iterable[ConversationId], is_pinned: bool) -> None:
        """Keep them above the others, or no longer."""
        self._each(
            "UPDATE conversation SET is_pinned = ? WHERE id = ?",
            [(is_pinned, each) for each in ids],
        )

    def archive(self, ids: Iterable[ConversationId], is_archived: bool) -> None:
        """Out of the way, or back; the search finds them all the same."""
        now = utc_now().isoformat() if is_archived else None
        self._each(
            "UPDATE conversation SET archived_at = ? WHERE id = ?", [(now, each) for each in ids]
        )

    def tag(self, ids: Iterable[ConversationId], name: str) -> None:
        """Give them a tag, in the spelling it has already. An empty one is a ValueError."""
        name = _cleaned(name)
        known = {row["name"] for row in self._database.rows(_ALL_TAGS)}
        name = next((tag for tag in sorted(known) if tag.casefold() == name.casefold()), name)
        self._each(
            "INSERT OR IGNORE INTO conversation_tag SELECT id, ? FROM conversation WHERE id = ?",
            [(name, each) for each in ids],
        )

    def untag(self, ids: Iterable[ConversationId], name: str) -> None:
        """Take a tag from them."""
        self._each(
            "DELETE FROM conversation_tag WHERE name = ? AND conversation_id = ?",
            [(name, each) for each in ids],
        )

    def tags(self) -> list[tuple[str, int]]:
        """All tags by name, and how many conversations out of the bin have each."""
        rows = self._database.rows(
            "SELECT name, count(*) AS uses FROM conversation_tag JOIN conversation"
            " ON conversation.id = conversation_id WHERE deleted_at IS NULL GROUP BY name"
        )
        return sorted(((row["name"], row["uses"]) for row in rows), key=lambda t: t[0].casefold())

    def _each(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        with self._database.transaction():
            self._database.many(sql, rows)


_ALL_TAGS = "SELECT DISTINCT name FROM conversation_tag"


def _cleaned(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValueError("a folder or tag without a name")
    return name
