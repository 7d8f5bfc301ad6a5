"""Two things at the same moment: windows, answers, deletions and the storage's lane."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.entities import ChatMessage, ConversationId, Message, Status
from app.core.memory import Memory
from app.core.settings import Settings
from app.services import conversations as conversations_module
from app.services.conversations import Conversations
from app.services.loop import LoopScheduler
from app.services.ports import ChatListener, ConversationsListener
from app.services.titles import Titles
from app.storage.storage import Storage, open_storage
from tests.stand_in_engine import Desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    """One open chat."""
    made = Desk(path)
    yield made
    made.close()


class Accepted(ChatListener):
    """What a window was told to be on the disk."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        self.texts.append(text)


def texts(branch: Sequence[Message]) -> list[str]:
    """What is on show."""
    return [message.content for message in branch]


def test_a_question_follows_what_its_own_window_shows(desk: Desk) -> None:
    """Not what another window has chosen since."""
    desk.ask("one")
    desk.begin(lambda: desk.chat.edit(desk.chat.branch[0].id, "one, better"))
    desk.engine.end()
    other = desk.open_chat(desk.open_id)
    desk.chat.choose_sibling(desk.chat.branch[0].id, -1)
    desk.settle()
    assert texts(desk.chat.branch) == ["one", "answer"]
    assert texts(other.branch) == ["one, better", ""]
    desk.begin(lambda: other.send("and then?"))
    assert desk.engine.asked[-1] == ["one, better", "and then?"]


def test_an_undo_while_an_answer_is_written_does_not_move_the_next_question(desk: Desk) -> None:
    desk.ask("one")
    desk.ask("two")
    desk.chat.delete_message(desk.chat.branch[2].id)
    desk.settle()
    desk.begin(lambda: desk.chat.send("three"))
    desk.conversations.undo()
    desk.settle()
    desk.engine.say("yes")
    desk.engine.end()
    desk.ask("four")
    assert desk.engine.asked[-1] == ["one", "answer", "three", "yes", "four"]


def test_an_answer_that_ends_while_its_branch_is_read_is_shown_whole(desk: Desk) -> None:
    desk.begin(lambda: desk.chat.send("one"))
    desk.engine.say("half")
    desk.settle()
    other = desk.open_chat()
    other.open_conversation(desk.open_id)
    desk.scheduler.drain(5.0)  # it is read, and nobody has heard of it yet
    desk.engine.say(" and half")
    desk.engine.end()
    desk.settle()
    assert texts(other.branch) == ["one", "half and half"]
    assert other.branch[-1].status is Status.COMPLETE


def test_a_message_deleted_in_one_window_goes_in_the_other(desk: Desk) -> None:
    desk.ask("one")
    desk.ask("two")
    other = desk.open_chat(desk.open_id)
    desk.chat.delete_message(desk.chat.branch[2].id)
    desk.settle()
    assert texts(other.branch) == texts(desk.chat.branch) == ["one", "answer"]
    desk.ask("three", chat=other)
    assert texts(desk.chat.branch) == ["one", "answer", "three", "answer"]


def test_a_conversation_that_is_deleted_while_it_is_opened_is_not_shown(desk: Desk) -> None:
    desk.ask("one")
    gone = desk.open_id
    desk.chat.new_conversation()
    desk.conversations.delete([gone])
    desk.chat.open_conversation(gone)
    desk.settle()
    assert desk.chat.open_conversation_id is None


def test_a_new_conversation_stays_empty_though_a_question_was_just_sent(desk: Desk) -> None:
    heard = Accepted()
    desk.chat.add_listener(heard)

    def act() -> None:
        desk.chat.send("one")
        desk.chat.new_conversation()

    desk.begin(act)
    assert heard.texts == ["one"]
    assert desk.chat.open_conversation_id is None
    assert desk.chat.branch == ()


def test_an_edit_is_accepted_when_it_is_stored_and_a_picture_alone_is_enough(desk: Desk) -> None:
    desk.ask("one")
    heard = Accepted()
    desk.chat.add_listener(heard)
    desk.chat.edit(desk.chat.branch[1].id, "another answer")
    assert heard.texts == []
    desk.settle()
    assert heard.texts == ["another answer"]
    stored = desk.stored(lambda s: s.attachments.add("a.txt", "text/plain", b"a", "a"))
    desk.begin(lambda: desk.chat.edit(desk.chat.branch[0].id, "", [stored]))
    assert desk.chat.branch[0].attachments == (stored,)


def test_the_database_is_opened_once_whoever_asks_meanwhile(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []

    def counted(where: Path) -> Storage:
        opened.append(where)
        return open_storage(where)

    class Heard(ConversationsListener):
        count = 0

        def storage_ready(self) -> None:
            self.count += 1

    monkeypatch.setattr(conversations_module, "open_storage", counted)
    scheduler, heard = LoopScheduler(), Heard()
    conversations = Conversations(path, scheduler)
    conversations.add_listener(heard)
    conversations.start()
    for _ in range(3):
        assert not conversations.run(lambda _: None, lambda _: None)
    assert scheduler.run_until(lambda: conversations.is_ready, 10)
    done: list[object] = []
    conversations.run(lambda _: None, done.append)
    assert scheduler.run_until(lambda: bool(done), 10)
    assert (len(opened), heard.count) == (1, 1)
    conversations.close([])
    scheduler.drain(5.0)


def test_what_is_erased_is_told_so_that_nothing_is_kept_of_it(desk: Desk) -> None:
    erased: list[ConversationId] = []

    class Heard(ConversationsListener):
        def contents_erased(self, ids: Sequence[ConversationId]) -> None:
            erased.extend(ids)

    desk.conversations.add_listener(Heard())
    desk.ask("one")
    desk.ask("two")
    message = desk.chat.branch[2].id
    desk.chat.delete_message(message)
    desk.settle()
    desk.conversations.erase(desk.open_id, message)
    desk.settle()
    assert erased == [desk.open_id]
    desk.conversations.undo()  # there is nothing left to bring back
    desk.settle()
    assert desk.problems.codes == []
    assert texts(desk.chat.branch) == ["one", "answer"]
    whole = desk.open_id
    desk.conversations.delete([whole])
    desk.settle()
    desk.conversations.empty_bin()
    desk.settle()
    assert erased == [whole, whole]


class TitleEngine:
    """Has a title ready at once, or when it is asked to go on."""

    def __init__(self) -> None:
        self.model = object()
        self.waiting: list[Callable[[str], None]] = []

    def suggest_title(
        self,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str], None],
        failed: object,
        *,
        memory: Memory,
    ) -> int:
        self.waiting.append(done)
        return 1


def test_the_model_never_renames_what_a_person_has_named(path: Path) -> None:
    desk = Desk(path, replace(Settings(), title_source="model"))
    engine = TitleEngine()
    Titles(desk.conversations, desk.answers, engine, lambda: desk.settings)  # type: ignore[arg-type]

    def titles() -> list[str]:
        desk.settle()
        return [conversation.title for conversation in desk.conversations.all]

    desk.ask("one")
    desk.until(lambda: len(engine.waiting) == 1)
    desk.conversations.rename(desk.open_id, "Mine")
    desk.settle()
    engine.waiting[0]("The model's")  # it took a while
    assert titles() == ["Mine"]
    desk.begin(lambda: desk.chat.regenerate(desk.chat.branch[1].id))
    desk.engine.end()
    desk.settle()
    assert len(engine.waiting) == 1
    desk.chat.new_conversation()
    desk.ask("another one")
    desk.until(lambda: len(engine.waiting) == 2)
    engine.waiting[1]("The model's")
    assert titles() == ["The model's", "Mine"]
    desk.close()


def test_a_damaged_picture_does_not_keep_later_questions_from_the_model(desk: Desk) -> None:
    """One that was imported; a model that can see would refuse the whole conversation."""
    bad = desk.stored(lambda s: s.attachments.add("photo.png", "image/png", b"\x89PNG\r\n\x1a\n"))
    desk.begin(lambda: desk.chat.send("Look", [bad]))
    assert desk.engine.asked[-1] == ["[photo.png]\n\nLook"]
    assert desk.engine.pictures[-1] == [()]
