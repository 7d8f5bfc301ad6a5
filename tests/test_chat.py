"""Conversations as services: each change is a branch, answers wait their turn, nothing goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.entities import ConversationId, LoadParams, Message, MessageId, Role, Status
from app.core.errors import Problem, SideJobNotPossible
from app.core.paths import Paths
from app.core.settings import SettingsFile
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.loop import LoopScheduler
from app.services.ports import AnswerListener, ChatListener, ConversationsListener, EngineState
from app.storage.storage import open_storage

pytestmark = pytest.mark.engine
PATIENCE_S = 60.0
LONG = "Tell me a long story about a fox and a hen."


class Heard(ChatListener):
    """What a window would have been told."""

    def __init__(self) -> None:
        self.accepted: list[str] = []
        self.waiting: list[MessageId] = []
        self.text: dict[MessageId, str] = {}

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        self.accepted.append(text)

    def answer_waits(self, message_id: MessageId) -> None:
        self.waiting.append(message_id)

    def text_appended(self, message_id: MessageId, text: str) -> None:
        self.text[message_id] = self.text.get(message_id, "") + text


class Bench:
    """The services with a loaded model and one open chat."""

    def __init__(self, paths: Paths, model: Path) -> None:
        values = {"preset": "own", "temperature": 0.0, "max_tokens": 12, "seed": 1}
        paths.settings.write_text(json.dumps(values))
        file = SettingsFile(paths.settings)
        self.paths = paths
        self.scheduler = LoopScheduler()
        self.services = AppServices(paths, self.scheduler, file, file.load()[0])
        self.services.conversations.start()
        self.services.engine.load(model, LoadParams(context_tokens=1024, threads=1))
        self.chat = self.open_chat()
        self.heard = Heard()
        self.chat.add_listener(self.heard)
        self.until(
            lambda: (
                self.services.conversations.is_ready
                and self.services.engine.state is EngineState.READY
            )
        )

    def open_chat(self) -> Chat:
        services = self.services
        return Chat(services.conversations, services.answers, services.settings)

    def until(self, condition: object) -> None:
        assert self.scheduler.run_until(condition, PATIENCE_S)  # type: ignore[arg-type]

    def settle(self) -> None:
        """Everything that was asked for is done and stored."""
        self.until(lambda: not self.chat.is_answering)
        done: list[object] = []
        self.services.conversations.run(lambda _: None, done.append)
        self.until(lambda: done)

    def ask(self, text: str) -> list[Message]:
        """Send, wait, and return the branch."""
        self.chat.send(text)
        self.settle()
        return list(self.chat.branch)

    def end(self) -> None:
        self.services.close_storage()
        self.services.engine.shut_down(2.0)
        self.scheduler.drain(5.0)


@pytest.fixture
def bench(paths: Paths, starter: Path) -> Iterator[Bench]:
    made = Bench(paths, starter)
    yield made
    made.end()


def contents(branch: object) -> list[tuple[str, str]]:
    """Role and text of each message."""
    return [(m.role.value, m.content) for m in branch]  # type: ignore[attr-defined]


def test_another_answer_stands_beside_the_first_and_both_can_be_shown(bench: Bench) -> None:
    first = bench.ask("Name a colour.")[-1]
    bench.services.preferences.change(temperature=1.5, seed=7)
    bench.chat.regenerate(first.id)
    bench.settle()
    second = bench.chat.branch[-1]
    assert (second.sibling, second.siblings) == (2, 2)
    assert second.id != first.id
    bench.chat.choose_sibling(second.id, -1)
    bench.settle()
    assert bench.chat.branch[-1].content == first.content
    assert (bench.chat.branch[-1].sibling, bench.chat.branch[-1].siblings) == (1, 2)
    found: list[list[Message]] = []
    bench.chat.find_versions(first.id, found.append)
    bench.settle()
    assert [m.id for m in found[0]] == [first.id, second.id]


def test_a_changed_question_is_asked_again_and_the_old_one_stays(bench: Bench) -> None:
    before = bench.ask("Name a colour.")
    bench.ask("And another one.")
    bench.chat.edit(before[0].id, "Name a fruit.")
    bench.settle()
    changed = bench.chat.branch
    assert contents(changed)[0] == ("user", "Name a fruit.")
    assert len(changed) == 2
    assert changed[1].status in (Status.COMPLETE, Status.CUT_OFF)
    assert (changed[0].sibling, changed[0].siblings) == (2, 2)
    bench.chat.choose_sibling(changed[0].id, -1)
    bench.settle()
    assert len(bench.chat.branch) == 4  # with what followed
    assert bench.chat.branch[0].content == "Name a colour."


def test_a_changed_answer_is_a_version_and_is_what_the_model_goes_on_from(bench: Bench) -> None:
    answer = bench.ask("What is my name?")[-1]
    bench.chat.edit(answer.id, "Your name is Ada.")
    bench.settle()
    assert bench.chat.branch[-1].content == "Your name is Ada."
    assert bench.chat.branch[-1].siblings == 2
    branch = bench.ask("Say it again.")
    assert contents(branch)[1] == ("assistant", "Your name is Ada.")
    assert len(branch) == 4


def test_a_cut_answer_goes_on_where_it_ended_and_the_cut_one_stays(bench: Bench) -> None:
    cut = bench.ask(LONG)[-1]
    assert cut.status is Status.CUT_OFF
    bench.chat.continue_answer(cut.id)
    bench.settle()
    whole = bench.chat.branch[-1]
    assert whole.content.startswith(cut.content)
    assert len(whole.content) > len(cut.content)
    assert bench.heard.text[whole.id] == whole.content[len(cut.content) :]
    assert (whole.sibling, whole.siblings) == (2, 2)
    bench.chat.choose_sibling(whole.id, -1)
    bench.settle()
    assert bench.chat.branch[-1].content == cut.content


def test_a_deleted_message_takes_what_followed_along_and_comes_back(bench: Bench) -> None:
    bench.ask("Name a colour.")
    branch = bench.ask("And another one.")
    bench.chat.delete_message(branch[2].id)
    bench.settle()
    assert [m.id for m in bench.chat.branch] == [m.id for m in branch[:2]]
    bench.services.conversations.undo()
    bench.until(lambda: contents(bench.chat.branch) == contents(branch))


def test_a_fork_has_the_same_beginning_and_leaves_the_first_alone(bench: Bench) -> None:
    branch = bench.ask("Name a colour.")
    bench.ask("And another one.")
    original = bench.chat.open_conversation_id
    bench.chat.fork(branch[1].id)
    bench.until(lambda: bench.chat.open_conversation_id != original)
    assert contents(bench.chat.branch) == contents(branch[:2])
    bench.ask("Something else.")
    storage = open_storage(bench.paths.database)
    assert len(storage.history.branch(original)) == 4  # type: ignore[arg-type]
    storage.close()


def test_an_answer_waits_for_the_one_of_another_window(bench: Bench) -> None:
    bench.services.preferences.change(max_tokens=60)
    other, heard = bench.open_chat(), Heard()
    other.add_listener(heard)
    bench.chat.send(LONG)
    bench.until(lambda: bench.heard.text)
    other.send("Name a colour.")
    bench.until(lambda: heard.waiting)
    assert bench.chat.is_answering
    assert other.is_answering
    bench.until(lambda: not other.is_answering)
    assert not bench.chat.is_answering
    assert [m.role for m in other.branch] == [Role.USER, Role.ASSISTANT]
    assert other.branch[-1].content
    other.close()


def test_an_answer_that_waits_can_be_stopped_and_the_other_goes_on(bench: Bench) -> None:
    bench.services.preferences.change(max_tokens=60)
    other, heard = bench.open_chat(), Heard()
    other.add_listener(heard)
    bench.chat.send(LONG)
    bench.until(lambda: bench.heard.text)
    other.send("Name a colour.")
    bench.until(lambda: heard.waiting)
    other.stop()
    assert not other.is_answering
    assert other.branch[-1].status is Status.STOPPED
    assert bench.chat.is_answering
    bench.settle()
    assert bench.chat.branch[-1].status in (Status.COMPLETE, Status.CUT_OFF)


def test_the_end_of_the_app_keeps_what_was_written_and_what_waited(bench: Bench) -> None:
    bench.services.preferences.change(max_tokens=400)
    other, heard = bench.open_chat(), Heard()
    other.add_listener(heard)
    bench.chat.send(LONG)
    bench.until(lambda: bench.heard.text)
    other.send("Name a colour.")
    bench.until(lambda: heard.waiting)
    written = "".join(bench.heard.text.values())
    bench.services.close_storage()
    bench.scheduler.drain(5.0)
    storage = open_storage(bench.paths.database)
    branches = [storage.history.branch(c.id) for c in storage.history.conversations()]
    storage.close()
    by_question = {branch[0].content: branch[1] for branch in branches}
    assert by_question[LONG].status is Status.INTERRUPTED
    assert by_question[LONG].content.startswith(written)
    assert by_question["Name a colour."].status is Status.INTERRUPTED


def test_a_deleted_conversation_is_left_by_every_window_that_shows_it(bench: Bench) -> None:
    bench.ask("Name a colour.")
    other = bench.open_chat()
    conversation_id = bench.chat.open_conversation_id
    assert conversation_id is not None
    other.open_conversation(conversation_id)
    bench.until(lambda: other.open_conversation_id == conversation_id)
    bench.services.conversations.delete([conversation_id])
    bench.until(lambda: bench.chat.open_conversation_id is None)
    assert other.open_conversation_id is None
    assert other.branch == ()
    bench.until(lambda: bench.services.conversations.all == [])
    bench.services.conversations.undo()
    bench.until(lambda: [c.id for c in bench.services.conversations.all] == [conversation_id])


class Renames(AnswerListener):
    """A person who names the conversation just when its first answer has ended."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def answer_ended(self, message: Message) -> None:
        self._bench.services.conversations.rename(message.conversation_id, "Mine")


def test_a_title_never_replaces_one_that_a_person_gave_meanwhile(bench: Bench) -> None:
    bench.services.preferences.change(title_source="model", max_tokens=0)
    bench.services.answers.add_listener(Renames(bench))
    assert bench.ask("What is 2+2?")[-1].status is Status.COMPLETE
    counted: list[int] = []
    bench.services.engine.count("word", counted.append)
    bench.until(lambda: counted)
    bench.settle()  # what the model had found would be stored by now
    bench.settle()
    assert [c.title for c in bench.services.conversations.all] == ["Mine"]


def test_nobody_is_told_why_there_is_no_title_that_nobody_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[Problem] = []
    asked: list[ConversationId] = []

    class Told(ConversationsListener):
        def problem_occurred(self, problem: Problem) -> None:
            problems.append(problem)

    def refuse(
        _system: str,
        _turns: object,
        conversation: ConversationId,
        _done: object,
        failed: Callable[[Problem], None],
        **_memory: object,
    ) -> int:
        asked.append(conversation)
        failed(SideJobNotPossible(name="test").problem)
        return 1

    monkeypatch.setattr(bench.services.engine, "suggest_title", refuse)
    bench.services.conversations.add_listener(Told())
    bench.services.preferences.change(title_source="model", max_tokens=0)
    bench.ask("What is 2+2?")
    bench.until(lambda: asked)
    assert problems == []
    bench.services.titles.suggest(asked[0])
    bench.until(lambda: problems)
