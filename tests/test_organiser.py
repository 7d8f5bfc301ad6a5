"""Folders, pins, the archive, tags and drafts on a real SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.entities import ConversationId, Draft, FolderId
from app.core.errors import StorageError
from app.storage.storage import Storage, open_storage
from tests.storage_samples import answered, titles


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """An open, empty one."""
    opened = open_storage(tmp_path / "conversations.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def three(storage: Storage) -> list[ConversationId]:
    """Three conversations, the oldest first."""
    return [answered(storage.history, None, text) for text in ("one", "two", "three")]


def names(storage: Storage) -> list[str]:
    """The folders of the sidebar."""
    return [folder.name for folder in storage.organiser.folders()]


def test_folders_stand_in_the_order_of_their_names(storage: Storage) -> None:
    for name in ("zebra", "Émile", "Apple", "banana"):
        storage.organiser.add_folder(f"  {name}\n")
    assert names(storage) == ["Apple", "banana", "zebra", "Émile"]


def test_a_folder_there_already_is_not_made_twice(storage: Storage) -> None:
    first = storage.organiser.add_folder("Küche")
    assert storage.organiser.add_folder("KÜCHE") == first
    storage.organiser.rename_folder(first.id, "Bad")
    assert storage.organiser.add_folder("Küche") != first
    assert names(storage) == ["Bad", "Küche"]


@pytest.mark.parametrize("name", ["", "  \n"])
def test_nothing_goes_without_a_name(
    storage: Storage, three: list[ConversationId], name: str
) -> None:
    folder = storage.organiser.add_folder("Kept")
    with pytest.raises(ValueError, match="without a name"):
        storage.organiser.add_folder(name)
    with pytest.raises(ValueError, match="without a name"):
        storage.organiser.rename_folder(folder.id, name)
    with pytest.raises(ValueError, match="without a name"):
        storage.organiser.tag(three, name)
    assert names(storage) == ["Kept"]
    assert storage.organiser.tags() == []


def test_conversations_move_and_outlive_their_folder(
    storage: Storage, three: list[ConversationId]
) -> None:
    organiser, history = storage.organiser, storage.history
    folder, other = organiser.add_folder("A"), organiser.add_folder("B")
    organiser.move(three[:2], folder.id)
    organiser.move([three[1], ConversationId("none")], other.id)
    found = [history.conversation(id_).folder_id for id_ in three]
    assert found == [folder.id, other.id, None]
    organiser.delete_folder(other.id)
    assert names(storage) == ["A"]
    organiser.move(three[:1], None)
    organiser.move(three[2:], FolderId("gone"))  # deleted in another window meanwhile
    assert [history.conversation(id_).folder_id for id_ in three] == [None] * 3
    assert titles(history) == ["three", "two", "one"]  # none of it is news


def test_pins_and_the_archive(storage: Storage, three: list[ConversationId]) -> None:
    organiser, history = storage.organiser, storage.history
    organiser.pin(three[:2], True)
    organiser.archive(three[1:], True)
    organiser.pin(three[:1], False)
    organiser.archive(three[2:], False)
    found = [(c.title, c.is_pinned, c.is_archived) for c in history.conversations()]
    assert found == [("three", False, False), ("two", True, True), ("one", False, False)]


def test_tags_are_counted_without_the_bin(storage: Storage, three: list[ConversationId]) -> None:
    organiser = storage.organiser
    organiser.tag(three, "work")
    organiser.tag(three[:1], "Äpfel")
    organiser.tag(three[:2], "ÄPFEL")  # the same in other letters
    organiser.tag([ConversationId("none")], "empty")
    assert storage.history.conversation(three[0]).tags == ("work", "Äpfel")
    assert organiser.tags() == [("work", 3), ("Äpfel", 2)]
    storage.bin.delete(three[:1])
    assert organiser.tags() == [("work", 2), ("Äpfel", 1)]
    storage.bin.restore(three[0])
    organiser.untag(three[1:], "work")
    assert [c.tags for c in storage.history.conversations()] == [(), ("Äpfel",), ("work", "Äpfel")]
    storage.bin.erase(three[0])
    assert organiser.tags() == [("Äpfel", 1)]


def test_all_of_it_stays_on_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "conversations.sqlite3"
    storage = open_storage(path)
    conversation = answered(storage.history, None, "one")
    folder = storage.organiser.add_folder("A")
    storage.organiser.move([conversation], folder.id)
    storage.organiser.tag([conversation], "work")
    storage.organiser.pin([conversation], True)
    storage.organiser.archive([conversation], True)
    before = storage.history.conversations()
    storage.close()
    other = open_storage(path)
    assert other.history.conversations() == before
    assert other.organiser.folders() == [folder]
    other.close()


# Drafts and attachments


def test_a_draft_waits_for_its_conversation(storage: Storage, three: list[ConversationId]) -> None:
    picture = storage.attachments.add("a.png", "image/png", b"\x89PNG")
    note = storage.attachments.add("a.txt", "text/plain", b"hi", "hi")
    new, old = Draft("你好\n\n a\0b 😀", (note, picture)), Draft("", (picture,))
    storage.drafts.save("", new)
    storage.drafts.save(three[0], old)
    assert storage.drafts.load("") == new
    assert storage.drafts.load(three[0]) == old
    assert storage.drafts.load(three[1]) == Draft()
    storage.drafts.save("", Draft("shorter"))
    assert storage.drafts.load("") == Draft("shorter")
    storage.drafts.save("", Draft())
    assert storage.drafts.load("") == Draft()
    assert storage.drafts.load(three[0]) == old


def test_equal_files_are_kept_once_and_each_has_its_name(storage: Storage, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    first = storage.attachments.add("a.bin", "application/octet-stream", data, "what is in it")
    second = storage.attachments.add("b.bin", "application/octet-stream", data)
    assert first.id != second.id
    assert (first.name, first.size_bytes, first.text) == ("a.bin", len(data), "what is in it")
    assert storage.attachments.data(first.id) == storage.attachments.data(second.id) == data
    turn = storage.history.begin_turn(None, "Look", "", "", attachments=[second.id, first.id])
    assert turn.question.attachments == (second, first)
    assert storage.history.branch(turn.conversation.id)[0] == turn.question
    storage.close()
    assert (tmp_path / "conversations.sqlite3").stat().st_size < 2 * len(data)


def test_a_file_that_is_not_there(storage: Storage) -> None:
    picture = storage.attachments.add("a.png", "image/png", b"")
    assert storage.attachments.data(picture.id) == b""
    turn = storage.history.begin_turn(None, "Look", "", "", attachments=[picture.id])
    storage.bin.erase(turn.conversation.id)
    with pytest.raises(StorageError):
        storage.attachments.data(picture.id)
    with pytest.raises(StorageError):
        storage.history.begin_turn(None, "Look", "", "", attachments=[picture.id])
    assert titles(storage.history) == []
