"""The tree of a conversation: versions beside each other, which is on show, copies of it all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.entities import (
    Attachment,
    AttachmentId,
    Conversation,
    ConversationId,
    FolderId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
    utc_now,
)
from app.core.errors import ConversationNotFound, NotEnoughMemory
from app.storage.storage import Storage, open_storage
from tests.storage_samples import answered, ended, texts, titles


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """An open, empty one."""
    opened = open_storage(tmp_path / "conversations.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Storage]:
    """That of another computer."""
    opened = open_storage(tmp_path / "other.sqlite3")
    yield opened
    opened.close()


def places(messages: Sequence[Message]) -> list[tuple[int, int]]:
    """What the arrows say: 2/3 is (2, 3)."""
    return [(message.sibling, message.siblings) for message in messages]


def test_an_edited_question_stands_beside_the_first(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, conversation, "two")
    old = storage.history.branch(conversation)
    edited = storage.history.add_edited(old[2], "two, better")
    assert storage.history.branch(conversation)[-1] == edited
    assert (edited.role, edited.status, edited.siblings) == (Role.USER, Status.COMPLETE, 2)
    answer = storage.history.begin_answer(edited, "m.gguf")
    ended(storage.history, answer, "so")
    shown = storage.history.branch(conversation)
    assert texts(shown) == ["one", "one!", "two, better", "so"]
    assert places(shown) == [(1, 1), (1, 1), (2, 2), (1, 1)]
    storage.history.choose(old[2].id)
    assert texts(storage.history.branch(conversation)) == ["one", "one!", "two", "two!"]
    assert places(storage.history.branch(conversation))[2] == (1, 2)


def test_the_first_question_too_can_be_edited(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, None, "elsewhere")
    first = storage.history.branch(conversation)[0]
    storage.history.add_edited(first, "another")
    shown = storage.history.branch(conversation)
    assert (texts(shown), places(shown)) == (["another"], [(2, 2)])
    assert texts(storage.history.siblings(first.id)) == ["one", "another"]


def test_an_edited_answer_is_a_new_one_by_the_same_model(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answer = storage.history.branch(conversation)[1]
    edited = storage.history.add_edited(answer, "as I would say it")
    assert (edited.role, edited.model, edited.statistics) == (Role.ASSISTANT, "m.gguf", None)
    assert texts(storage.history.siblings(answer.id)) == ["one!", "as I would say it"]
    assert storage.history.conversation(conversation).model == "m.gguf"


def test_editing_a_question_leaves_the_model_of_the_conversation(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    storage.history.add_edited(storage.history.branch(conversation)[0], "two")
    assert storage.history.conversation(conversation).model == "m.gguf"


def test_going_on_with_a_cut_answer_keeps_the_cut_one(storage: Storage) -> None:
    turn = storage.history.begin_turn(None, "Tell", "", "m.gguf")
    cut = replace(turn.answer, content="Once upon", status=Status.CUT_OFF)
    storage.history.finish(cut)
    longer = storage.history.begin_continuation(cut, "other.gguf")
    assert (longer.content, longer.status) == ("Once upon", Status.STREAMING)
    assert (longer.parent_id, longer.model) == (turn.question.id, "other.gguf")
    ended(storage.history, longer, "Once upon a time.")
    versions = storage.history.siblings(cut.id)
    assert texts(versions) == ["Once upon", "Once upon a time."]
    assert versions[0].status is Status.CUT_OFF
    assert texts(storage.history.branch(turn.conversation.id)) == ["Tell", "Once upon a time."]


def test_a_question_can_follow_any_message_and_none(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answered(storage.history, conversation, "two")
    shown = storage.history.branch(conversation)
    turn = storage.history.begin_turn(conversation, "aside", "", "m", after=shown[1].id)
    assert texts(storage.history.branch(conversation)) == ["one", "one!", "aside", ""]
    assert (turn.question.sibling, turn.question.siblings) == (2, 2)
    storage.history.begin_turn(conversation, "anew", "", "m", after=None)
    assert texts(storage.history.branch(conversation)) == ["anew", ""]
    elsewhere = answered(storage.history, None, "elsewhere")
    with pytest.raises(ConversationNotFound):
        storage.history.begin_turn(elsewhere, "lost", "", "m", after=shown[1].id)
    assert len(storage.history.whole(conversation)) == 8


def test_choosing_shows_the_leaf_that_was_last_on_show_there(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    left = storage.history.branch(conversation)[1]
    answered(storage.history, conversation, "left a")
    a = storage.history.branch(conversation)[-1]
    storage.history.begin_turn(conversation, "left b", "", "m", after=left.id)
    storage.history.choose(a.id)
    right = storage.history.add_edited(left, "right")
    storage.history.choose(left.id)  # back: not to the newer b but to a, where the person was
    assert storage.history.branch(conversation)[-1] == a
    storage.history.choose(right.id)
    assert texts(storage.history.branch(conversation)) == ["one", "right"]
    storage.history.choose(MessageId("none"))
    assert texts(storage.history.branch(conversation)) == ["one", "right"]


def test_a_saved_text_never_overwrites_an_ended_answer(storage: Storage) -> None:
    conversation = answered(storage.history, None, "one")
    answer = storage.history.branch(conversation)[1]
    storage.history.save_text(answer.id, "late")
    assert storage.history.branch(conversation)[1].content == "one!"


def test_a_fork_is_a_conversation_of_its_own(storage: Storage) -> None:
    picture = storage.attachments.add("a.png", "image/png", b"picture")
    turn = storage.history.begin_turn(None, "Look", "Be brief.", "m", attachments=[picture.id])
    source = turn.conversation.id
    figures = Statistics(completion_tokens=7, thinking_s=1.5)
    problem = NotEnoughMemory("x", name="m", need="9", have="1").problem
    failed = replace(turn.answer, content="half", statistics=figures, problem=problem)
    storage.history.finish(replace(failed, status=Status.FAILED))
    answered(storage.history, source, "two")
    storage.history.begin_answer(turn.question, "m")
    folder = storage.organiser.add_folder("A")
    storage.organiser.move([source], folder.id)
    storage.organiser.tag([source], "work")
    storage.organiser.pin([source], True)
    before = storage.history.whole(source)
    fork = storage.history.fork(turn.answer.id, "Copy")
    assert (fork.title, fork.folder_id, fork.tags) == ("Copy", folder.id, ("work",))
    assert (fork.system_prompt, fork.model, fork.is_pinned) == ("Be brief.", "m", False)
    question, answer = storage.history.branch(fork.id)
    assert question.attachments == (picture,)
    assert (answer.content, answer.statistics, answer.problem) == ("half", figures, problem)
    assert places([question, answer]) == [(1, 1), (1, 1)]
    answered(storage.history, fork.id, "goes its own way")
    assert storage.history.whole(source) == before
    assert titles(storage.history) == ["Copy", "Look"]


def test_a_fork_of_what_is_being_written_does_not_wait_for_more(storage: Storage) -> None:
    turn = storage.history.begin_turn(None, "Tell", "", "m")
    storage.history.save_text(turn.answer.id, "Once")
    fork = storage.history.fork(turn.answer.id, "Copy")
    copy = storage.history.branch(fork.id)[1]
    assert (copy.content, copy.status) == ("Once", Status.INTERRUPTED)
    ended(storage.history, turn.answer, "Once upon a time.")
    assert storage.history.branch(fork.id)[1].content == "Once"
    with pytest.raises(ConversationNotFound):
        storage.history.fork(MessageId("none"), "nothing")


# As a whole


def sample(storage: Storage) -> tuple[Conversation, list[Message], dict[AttachmentId, bytes]]:
    """A conversation with everything in it, as an archive has it."""
    picture = storage.attachments.add("a.png", "image/png", b"picture")
    turn = storage.history.begin_turn(None, "Look", "Be brief.", "m", attachments=[picture.id])
    ended(storage.history, turn.answer, "first")
    storage.history.add_edited(turn.answer, "second")
    answered(storage.history, turn.conversation.id, "more")
    edited = storage.history.add_edited(turn.question, "Look again", [picture.id])
    storage.history.choose(turn.answer.id)
    storage.bin.delete_message(storage.history.add_edited(edited, "gone").id)
    storage.history.choose(turn.answer.id)
    storage.organiser.tag([turn.conversation.id], "work")
    storage.organiser.pin([turn.conversation.id], True)
    storage.organiser.archive([turn.conversation.id], True)
    conversation = storage.history.conversation(turn.conversation.id)
    return conversation, storage.history.whole(conversation.id), {picture.id: b"picture"}


def test_a_whole_conversation_arrives_as_it_left(storage: Storage, other: Storage) -> None:
    conversation, messages, data = sample(storage)
    assert texts(messages) == ["Look", "first", "second", "more", "more!", "Look again"]
    assert other.history.add_whole(conversation, messages, data) == conversation
    assert other.history.whole(conversation.id) == messages
    assert other.history.branch(conversation.id) == storage.history.branch(conversation.id)
    (picture,) = data
    assert other.attachments.data(picture) == b"picture"


def test_what_is_there_already_arrives_beside_it(storage: Storage) -> None:
    conversation, messages, data = sample(storage)
    copy = storage.history.add_whole(conversation, messages, data)
    assert copy.id != conversation.id
    again = storage.history.whole(copy.id)
    assert texts(again) == texts(messages)
    assert places(again) == places(messages)
    assert not {m.id for m in again} & {m.id for m in messages}
    assert storage.history.whole(conversation.id) == messages
    shown = (storage.history.branch(id_) for id_ in (conversation.id, copy.id))
    assert [texts(branch) for branch in shown] == [["Look", "first"]] * 2


def message(id_: str, parent: str | None, text: str) -> Message:
    """One from a file that somebody else wrote."""
    parent_id = MessageId(parent) if parent is not None else None
    return Message(
        MessageId(id_),
        ConversationId("whatever"),
        parent_id,
        Role.USER,
        text,
        Status.COMPLETE,
        utc_now(),
    )


@pytest.mark.parametrize(
    ("messages", "shown"),
    [
        ([], []),
        # children before their parents
        (
            [message("c", "b", "3"), message("b", "a", "2"), message("a", None, "1")],
            ["1", "2", "3"],
        ),
        # a parent that is nowhere
        ([message("b", "lost", "2"), message("c", "b", "3")], ["2", "3"]),
        # a circle, and one that follows itself
        ([message("a", "b", "1"), message("b", "a", "2")], ["1", "2"]),
        ([message("a", "a", "1")], ["1"]),
        # no ids, and the same one twice
        ([message("", None, "1"), message("", None, "2")], ["2"]),
        ([message("a", None, "1"), message("b", "a", "2"), message("b", "a", "3")], ["1", "3"]),
        # still being written where it was made
        ([replace(message("a", None, "1"), status=Status.STREAMING)], ["1"]),
    ],
)
def test_crooked_trees_are_taken_as_well_as_they_can_be(
    storage: Storage, messages: list[Message], shown: list[str]
) -> None:
    now = utc_now()
    conversation = Conversation(
        ConversationId(""), "Found", now, now, MessageId("lost"), folder_id=FolderId("lost")
    )
    new = storage.history.add_whole(conversation, messages, {})
    assert new.id
    assert new.folder_id is None
    assert texts(storage.history.branch(new.id)) == shown
    assert len(storage.history.whole(new.id)) == len(messages)
    assert storage.history.heal() == 0
    storage.bin.erase(new.id)
    assert titles(storage.history) == []


def test_a_file_without_its_bytes_keeps_its_text(storage: Storage) -> None:
    now = utc_now()
    attached = Attachment(AttachmentId("x"), "a.pdf", "application/pdf", 99, "what it says")
    whole = [
        replace(message("a", None, "1"), attachments=(attached,)),
        replace(message("b", "a", "2"), attachments=(attached,)),
    ]
    conversation = Conversation(ConversationId("c"), "Found", now, now)
    storage.history.add_whole(conversation, whole, {})
    for shown in storage.history.branch(conversation.id):
        (found,) = shown.attachments
        assert (found.name, found.text, found.size_bytes) == ("a.pdf", "what it says", 0)
        assert storage.attachments.data(found.id) == b""


def test_many_versions_and_a_short_branch(storage: Storage) -> None:
    """The branch is a small part of the tree: it is read by another road."""
    turn = storage.history.begin_turn(None, "one", "", "m")
    for number in range(40):
        ended(storage.history, storage.history.begin_answer(turn.question, "m"), f"{number}")
    shown = storage.history.branch(turn.conversation.id)
    assert (texts(shown), places(shown)) == (["one", "39"], [(1, 1), (41, 41)])
