"""What is deleted lies in the bin, comes back as it was, or goes for good with all its words."""

from __future__ import annotations

import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.entities import ConversationId, Draft, Message, MessageId
from app.core.errors import ConversationNotFound
from app.storage import attachments as attachments_module
from app.storage import bin as bin_module
from app.storage import tree as tree_module
from app.storage.bin import BIN_DAYS
from app.storage.database import backup_path
from app.storage.storage import Storage, open_storage
from tests.storage_samples import answered, ended, texts, titles

DEEP = 3000  # messages in a row: SQLite follows a cascade a thousand deep and no further


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def storage(path: Path) -> Iterator[Storage]:
    """An open, empty one."""
    opened = open_storage(path)
    yield opened
    opened.close()


def travel(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """The clock of everything that is put away stands `days` before now."""
    moment = datetime.now(UTC) - timedelta(days=days)
    for module in (bin_module, tree_module, attachments_module):
        monkeypatch.setattr(module, "utc_now", lambda: moment)


def table(path: Path, name: str) -> int:
    """Rows of a table, counted by another connection."""
    connection = sqlite3.connect(path)
    found = int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
    connection.close()
    return found


def three_answers(storage: Storage) -> tuple[Message, list[Message]]:
    """A question with three answers, the last one on show, and a turn after the second."""
    turn = storage.history.begin_turn(None, "Which?", "", "m.gguf")
    answers = [ended(storage.history, turn.answer, "first")]
    for text in ("second", "third"):
        begun = storage.history.begin_answer(turn.question, "m.gguf")
        answers.append(ended(storage.history, begun, text))
        if text == "second":
            answered(storage.history, turn.conversation.id, "more")
    return turn.question, answers


# Conversations


def test_a_conversation_goes_and_comes_back(storage: Storage) -> None:
    kept = answered(storage.history, None, "kept")
    gone = answered(storage.history, None, "gone")
    storage.bin.delete([gone])
    assert titles(storage.history) == ["kept"]
    (item,) = storage.bin.items()
    assert (item.conversation_id, item.title, item.message_id) == (gone, "gone", None)
    assert item.excerpt == "gone"
    assert storage.bin.purge() == 0  # it may still be wanted
    storage.bin.restore(gone)
    assert titles(storage.history) == ["gone", "kept"]
    assert texts(storage.history.branch(gone)) == ["gone", "gone!"]
    assert storage.bin.items() == []
    assert texts(storage.history.branch(kept)) == ["kept", "kept!"]


def test_deleting_it_again_does_not_keep_it_longer(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = answered(storage.history, None, "gone")
    travel(monkeypatch, BIN_DAYS + 0.5)
    storage.bin.delete([gone])
    monkeypatch.undo()
    storage.bin.delete([gone])
    assert storage.bin.purge() == 1


def test_several_go_at_once_and_the_last_one_comes_first_in_the_bin(storage: Storage) -> None:
    ids = [answered(storage.history, None, text) for text in "abc"]
    storage.bin.delete([ids[1]])
    storage.bin.delete([ids[0], ids[2], ConversationId("none")])
    assert titles(storage.history) == []
    assert {item.title for item in storage.bin.items()[:2]} == {"a", "c"}
    assert storage.bin.items()[2].title == "b"


@pytest.mark.parametrize("is_message", [False, True])
def test_the_bin_forgets_after_its_days(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, is_message: bool
) -> None:
    old, young = (answered(storage.history, None, text) for text in ("old", "young"))
    for conversation, days in ((old, BIN_DAYS + 0.5), (young, BIN_DAYS - 0.5)):
        travel(monkeypatch, days)
        if is_message:
            storage.bin.delete_message(storage.history.branch(conversation)[1].id)
        else:
            storage.bin.delete([conversation])
    monkeypatch.undo()
    assert storage.bin.purge() == 1
    (left,) = storage.bin.items()
    storage.bin.restore(left.conversation_id, left.message_id)
    assert texts(storage.history.branch(young)) == ["young", "young!"]
    if is_message:
        assert texts(storage.history.branch(old)) == ["old"]
    else:
        assert titles(storage.history) == ["young"]


# Messages


def test_the_next_answer_is_shown_in_place_of_one_that_goes(storage: Storage) -> None:
    question, (first, second, third) = three_answers(storage)
    here = question.conversation_id
    storage.history.choose(first.id)
    assert texts(storage.history.branch(here)) == ["Which?", "first"]
    storage.bin.delete_message(first.id)
    # with all that follows it
    assert texts(storage.history.branch(here)) == ["Which?", "second", "more", "more!"]
    assert [(m.sibling, m.siblings) for m in storage.history.branch(here)][1] == (1, 2)
    storage.bin.delete_message(second.id)
    assert texts(storage.history.branch(here)) == ["Which?", "third"]
    storage.bin.delete_message(third.id)  # there is no next one and none before it
    assert texts(storage.history.branch(here)) == ["Which?"]
    assert [m.content for m in storage.history.whole(here)] == ["Which?"]
    assert storage.history.siblings(third.id) == []


def test_the_last_answer_gives_way_to_the_one_before(storage: Storage) -> None:
    question, (*_, third) = three_answers(storage)
    storage.bin.delete_message(third.id)
    shown = storage.history.branch(question.conversation_id)
    assert texts(shown) == ["Which?", "second", "more", "more!"]


def test_what_is_not_on_show_goes_without_a_change_of_what_is(storage: Storage) -> None:
    question, (_, second, _) = three_answers(storage)
    storage.bin.delete_message(second.id)
    shown = storage.history.branch(question.conversation_id)
    assert texts(shown) == ["Which?", "third"]
    assert (shown[1].sibling, shown[1].siblings) == (2, 2)


def test_a_message_comes_back_with_what_followed_and_is_on_show(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, conversation, "two")
    before = storage.history.branch(conversation)
    storage.bin.delete_message(before[1].id)
    assert texts(storage.history.branch(conversation)) == ["one"]
    answered(storage.history, conversation, "three")
    (item,) = storage.bin.items()
    assert (item.message_id, item.excerpt, item.title) == (before[1].id, "one!", "one")
    storage.bin.restore(conversation, before[1].id)
    shown = storage.history.branch(conversation)
    assert texts(shown) == ["one", "one!", "two", "two!"]
    assert (shown[1].sibling, shown[1].siblings) == (1, 2)
    assert storage.bin.items() == []


def test_a_conversation_without_its_only_beginning_can_begin_again(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    first = storage.history.branch(conversation)[0]
    storage.bin.delete_message(first.id)
    assert storage.history.branch(conversation) == []
    assert storage.history.conversation(conversation).head_id is None
    answered(storage.history, conversation, "again")
    storage.bin.restore(conversation, first.id)
    assert texts(storage.history.branch(conversation)) == ["one", "one!"]
    assert [m.content for m in storage.history.siblings(first.id)] == ["one", "again"]


def test_nothing_follows_a_message_in_the_bin(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    question, answer = storage.history.branch(conversation)
    storage.bin.delete_message(answer.id)
    with pytest.raises(ConversationNotFound):
        storage.history.begin_turn(conversation, "lost?", "", "", after=answer.id)
    storage.history.choose(answer.id)
    assert storage.history.branch(conversation) == [question]


def snapshot(storage: Storage, conversation: ConversationId) -> tuple[object, ...]:
    """What a person can see of it, whichever branch is on show."""
    whole = storage.history.whole(conversation)
    return titles(storage.history), whole, storage.bin.items(), storage.history.usage()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_whatever_the_order_of_restoring_all_is_back(
    storage: Storage, order: tuple[int, ...]
) -> None:
    """A message, one above it, and their conversation are deleted one after another."""
    conversation = answered(storage.history, None, "one")
    for text in ("two", "three"):
        answered(storage.history, conversation, text)
    answered(storage.history, None, "other")
    before = snapshot(storage, conversation)
    shown = storage.history.branch(conversation)
    doomed: list[MessageId | None] = [shown[3].id, shown[1].id, None]
    for message_id in doomed[:2]:
        assert message_id is not None
        storage.bin.delete_message(message_id)
    storage.bin.delete([conversation])
    assert len(storage.bin.items()) == 3
    for place in order:
        storage.bin.restore(conversation, doomed[place])
    assert snapshot(storage, conversation) == before
    assert storage.history.branch(conversation) == shown


def test_a_message_comes_back_together_with_what_it_stands_in(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, conversation, "two")
    shown = storage.history.branch(conversation)
    storage.bin.delete_message(shown[3].id)
    storage.bin.delete_message(shown[0].id)
    storage.bin.delete([conversation])
    storage.bin.restore(conversation, shown[3].id)
    assert titles(storage.history) == ["one"]
    assert storage.history.branch(conversation) == shown


def test_a_part_that_was_deleted_before_stays_in_the_bin(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, conversation, "two")
    shown = storage.history.branch(conversation)
    storage.bin.delete_message(shown[2].id)
    storage.bin.delete_message(shown[0].id)
    storage.bin.restore(conversation, shown[0].id)
    assert texts(storage.history.branch(conversation)) == ["one", "one!"]
    assert [item.excerpt for item in storage.bin.items()] == ["two"]


# For good


@pytest.mark.parametrize("is_deleted_before", [True, False])
def test_a_message_that_is_erased_is_gone_with_what_followed(
    storage: Storage, path: Path, is_deleted_before: bool
) -> None:
    question, (first, second, _) = three_answers(storage)
    storage.history.choose(first.id)
    storage.history.choose(second.id)
    if is_deleted_before:
        storage.bin.delete_message(second.id)
    storage.bin.erase(question.conversation_id, second.id)
    assert table(path, "message") == 3
    assert storage.bin.items() == []
    assert texts(storage.history.branch(question.conversation_id)) == ["Which?", "third"]
    storage.bin.restore(question.conversation_id, second.id)  # it is no more
    assert texts(storage.history.branch(question.conversation_id)) == ["Which?", "third"]


@pytest.mark.parametrize("how", ["erase", "purge", "message"])
def test_a_long_conversation_goes_whole(
    storage: Storage, path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = answered(storage.history, None, "root")
    root, answer = storage.history.branch(first)
    chain = [answer]
    for number in range(DEEP):
        chain.append(
            Message(
                MessageId(f"m{number}"),
                first,
                chain[-1].id,
                root.role,
                f"link {number}",
                answer.status,
                answer.created_at,
            )
        )
    whole = storage.history.add_whole(storage.history.conversation(first), [root, *chain], {})
    storage.bin.erase(first)
    assert len(storage.history.branch(whole.id)) == DEEP + 2
    if how == "purge":
        travel(monkeypatch, BIN_DAYS + 1)
        storage.bin.delete([whole.id])
        monkeypatch.undo()
        assert storage.bin.purge() == 1
    elif how == "message":
        storage.bin.erase(whole.id, storage.history.branch(whole.id)[0].id)
        storage.bin.erase(whole.id)
    else:
        storage.bin.erase(whole.id)
    left = ("conversation", "message", "search_document", "message_shown", "message_bin")
    assert [table(path, name) for name in left] == [0] * len(left)


@pytest.mark.parametrize(
    "forget",
    [
        lambda storage, one: storage.bin.erase(one),
        lambda storage, one: storage.bin.erase(one, storage.history.branch(one)[0].id),
    ],
)
def test_erased_words_are_nowhere_in_the_file(
    storage: Storage, path: Path, forget: Callable[[Storage, ConversationId], None]
) -> None:
    """Neither as text nor as words of the index; the title is of its own."""
    for number in range(50):
        answered(storage.history, None, f"An ordinary question, number {number}")
    turn = storage.history.begin_turn(None, "Hello", "", "")
    ended(storage.history, turn.answer, "the password is xyzzyplugh")
    picture = storage.attachments.add("a.png", "image/png", b"plughpicture" * 9)
    note = storage.history.add_edited(turn.question, "xyzzyplugh", [picture.id])
    storage.history.choose(turn.question.id)
    storage.bin.delete_message(note.id)
    storage.bin.erase(turn.conversation.id, note.id)
    forget(storage, turn.conversation.id)
    storage.close()
    data = path.read_bytes()
    assert b"An ordinary question" in data
    assert b"xyzzyplugh" not in data
    assert b"plughpicture" not in data


@pytest.mark.parametrize("is_purged", [False, True])
def test_erased_words_are_not_in_the_log_either(
    storage: Storage, path: Path, is_purged: bool
) -> None:
    """The app may be open for weeks after that, and as long the log lies beside the file."""
    one = answered(storage.history, None, "the password is xyzzyplugh")
    storage.bin.delete([one])
    if is_purged:
        storage.bin.purge(0)
    else:
        storage.bin.erase(one)
    log = path.with_name(f"{path.name}-wal")
    assert b"xyzzyplugh" not in path.read_bytes() + log.read_bytes()


# Files


def test_files_that_nothing_uses_go_after_thirty_days(
    storage: Storage, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    travel(monkeypatch, BIN_DAYS + 1)
    used, drafted, dropped = (
        storage.attachments.add(name, "text/plain", name.encode())
        for name in ("used", "drafted", "dropped")
    )
    monkeypatch.undo()
    fresh = storage.attachments.add("fresh", "text/plain", b"fresh")
    turn = storage.history.begin_turn(None, "Look", "", "", attachments=[used.id])
    storage.drafts.save("", Draft("", (drafted,)))
    storage.drafts.save(turn.conversation.id, Draft("x", (dropped,)))
    storage.drafts.save(turn.conversation.id, Draft("x"))
    storage.bin.purge(0)
    assert table(path, "attachment_data") == 3
    assert [storage.attachments.data(a.id) for a in (used, drafted, fresh)] == [
        b"used",
        b"drafted",
        b"fresh",
    ]


def test_a_file_goes_with_the_last_message_that_has_it(storage: Storage, path: Path) -> None:
    picture = storage.attachments.add("a.png", "image/png", b"picture")
    turn = storage.history.begin_turn(None, "Look", "", "", attachments=[picture.id])
    copy = storage.history.fork(turn.question.id, "Copy")
    storage.drafts.save(copy.id, Draft("also here", (picture,)))
    storage.bin.erase(turn.conversation.id)
    (shown,) = storage.history.branch(copy.id)
    assert storage.attachments.data(shown.attachments[0].id) == b"picture"
    storage.bin.erase(copy.id)
    assert [table(path, name) for name in ("attachment", "attachment_data", "draft")] == [0, 0, 0]


def test_copies_of_before_go_when_they_are_as_old_as_the_bin_allows(tmp_path: Path) -> None:
    """What was erased since is still in them."""
    path = tmp_path / "conversations.sqlite3"
    storage = open_storage(path)
    old, fresh = backup_path(path, 2), backup_path(path, 3)
    for copy in (old, fresh):
        copy.write_bytes(b"as it was")
    month_ago = time.time() - 31 * 86_400
    os.utime(old, (month_ago, month_ago))
    storage.forget_old()
    assert not old.exists()
    assert fresh.exists()
    storage.close()
    assert path.exists()
