"""Memory in a person's hands: marks, policies, summaries and facts, as they are told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.beginning import Beginning
from app.core.context_errors import ContextFull
from app.core.entities import (
    ConversationId,
    MessageId,
    ModelDescription,
    SamplingParams,
)
from app.core.memory import Memory, MemoryKind, MemoryPolicy, Part, PartKind, WhenFull
from app.core.messages import Weighed
from app.core.remembered import Fact, FactState, MarkKind, Summary
from app.core.sampling_text import sampling_as_text, sampling_from
from app.core.settings import Settings
from app.services.facts import MOST_KEPT, Facts
from app.services.memory import MemoryService
from app.services.memory_news import MemoryListener, MemoryNews
from app.services.ports import ChatListener
from app.services.summaries import Summaries
from app.services.titles import Titles
from app.storage.database import open_database
from app.storage.storage import Storage
from tests.stand_in_engine import Desk

ROOT = Path(__file__).parents[1]
SUMMARISING = MemoryPolicy(MemoryKind.SUMMARY, turns=2)
CONTEXT, ROOM = 1000, 200
MODEL = ModelDescription(Path("m.gguf"), "m", "llama", 1000, 1000, "model")


class Heard(MemoryListener, ChatListener):
    """What windows were told."""

    def __init__(self) -> None:
        self.news: list[str] = []
        self.facts: Sequence[Fact] = ()
        self.beginnings: list[Beginning] = []

    def memory_changed(self, conversation_id: ConversationId | None) -> None:
        self.news.append("changed")

    def summary_begun(self, conversation_id: ConversationId) -> None:
        self.news.append("begun")

    def summary_made(self, conversation_id: ConversationId) -> None:
        self.news.append("made")

    def summary_stopped(self, conversation_id: ConversationId) -> None:
        self.news.append("stopped")

    def facts_changed(self, facts: Sequence[Fact]) -> None:
        self.facts = facts

    def marks_changed(self) -> None:
        self.news.append("marks")

    def beginning_changed(self, beginning: Beginning) -> None:
        self.beginnings.append(beginning)


class Bench(Desk):
    """A desk with memory; a message is as many tokens as it has characters."""

    def __init__(self, database: Path, settings: Settings | None = None) -> None:
        super().__init__(database, settings)
        self.engine.model = MODEL
        self.news, self.heard = MemoryNews(), Heard()
        parts = (self.answers, self.engine, self.news, lambda: self.settings)
        summaries = Summaries(self.conversations, *parts)
        self.memory = MemoryService(self.conversations, summaries, self.news, lambda: self.settings)
        self.facts = Facts(self.conversations, *parts)
        self.news.add(self.heard)
        self.chat.add_listener(self.heard)

    @property
    def told(self) -> list[str]:
        """The turns of the last prompt."""
        return self.engine.asked[-1]

    @property
    def memory_told(self) -> Memory:
        """What went with it."""
        return self.engine.memories[-1]

    def id_of(self, text: str) -> MessageId:
        """The message on show with this text."""
        return next(m.id for m in self.chat.branch if m.content == text)

    def mark(self, text: str, kind: str | None) -> None:
        """Say it of a message on show."""
        self.memory.mark(self.id_of(text), kind)
        self.settle()

    def weigh(self, context: int = CONTEXT) -> None:
        """Answer what the engine was asked to weigh."""
        self.settle()
        for asked in self.engine.weighing:
            parts = tuple(
                Part(PartKind.TURN, len(turn.content), turn.key) for turn in asked.history
            )
            total = sum(part.tokens for part in parts) + len(asked.memory.summary)
            asked.done(Weighed(0, parts, total, context, ROOM))
        self.engine.weighing.clear()
        self.settle()

    def suggest(self, text: str, *, is_whole: bool = True) -> None:
        """Answer the last suggestion that was asked for."""
        self.engine.suggesting.pop().done(text, is_whole)
        self.settle()

    def summary(self) -> Summary | None:
        """The newest of the branch on show."""
        found: list[Summary | None] = []
        self.memory.summary_of(self.open_id, found.append)
        self.until(lambda: bool(found))
        return found[0]

    def talk(self, count: int, first: int = 0, size: int = 10) -> None:
        """So many exchanges: "q0", "a0" and so on, padded to `size` characters."""
        for number in range(first, first + count):
            self.ask(f"q{number}".ljust(size, "."), f"a{number}".ljust(size, "."))
            self.weigh()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database lies."""
    return tmp_path / "conversations.sqlite3"


@pytest.fixture
def bench(path: Path) -> Iterator[Bench]:
    """One open chat."""
    made = Bench(path)
    yield made
    made.close()


def short(texts: Sequence[str]) -> list[str]:
    """Without the padding."""
    return [text.rstrip(".") for text in texts]


# How a conversation begins


def test_a_conversation_begins_with_its_assistant(bench: Bench, path: Path) -> None:
    sampling = SamplingParams(temperature=0.1, stop=("END",), logit_bias=(("no", -1.0),))
    beginning = Beginning(
        system="Be a cat.",
        memory=SUMMARISING,
        sampling=sampling,
        lead=(("assistant", "Meow?"),),
        assistant_id="gone",
    )
    bench.chat.begin_with(beginning)
    assert bench.chat.beginning == beginning
    bench.ask("Hello")
    assert bench.told == ["Meow?", "Hello"]
    assert bench.engine.systems == ["Be a cat."]
    assert bench.engine.samplings == [sampling]
    assert bench.memory_told.policy == SUMMARISING
    assert bench.heard.beginnings == [beginning, Beginning()]  # used up
    conversation = bench.chat.conversation
    assert conversation is not None
    assert (conversation.title, conversation.sampling) == ("Hello", sampling)
    assert conversation.assistant_id == ""  # there is no such assistant: the message goes out
    bench.chat.new_conversation()
    bench.ask("Another")
    assert (bench.engine.systems[-1], bench.told) == ("", ["Another"])
    other = Storage(open_database(path))
    stored = other.history.branch(conversation.id)
    assert [(m.role.value, m.content, m.status.value) for m in stored] == [
        ("assistant", "Meow?", "complete"),
        ("user", "Hello", "complete"),
        ("assistant", "answer", "complete"),
    ]
    assert other.search.find("meow")[0].message_id == stored[0].id
    other.close()


def test_what_a_new_conversation_would_begin_with_is_forgotten_for_another(bench: Bench) -> None:
    bench.ask("one")
    first = bench.open_id
    bench.chat.new_conversation()
    bench.chat.begin_with(Beginning(system="Be a cat."))
    bench.chat.open_conversation(first)
    bench.settle()
    bench.chat.new_conversation()
    bench.ask("two")
    assert bench.engine.systems[-1] == ""


@pytest.mark.parametrize(
    ("assistant", "prompt", "told"),
    [
        (None, "", "From the settings."),
        (None, "Translate.", "Translate."),
        ("Be a cat.", "Translate.", "Be a cat.\n\nTranslate."),
        ("", "", ""),  # an assistant without any is not told the settings' either
    ],
)
def test_the_system_prompt_of_a_new_conversation(
    path: Path, assistant: str | None, prompt: str, told: str
) -> None:
    bench = Bench(path, replace(Settings(), system_prompt="From the settings."))
    bench.chat.begin_with(Beginning(system=assistant))
    bench.begin(lambda: bench.chat.send("Bonjour", system=prompt))
    assert bench.engine.systems == [told]
    assert bench.told == ["Bonjour"]
    bench.close()


def test_a_prompt_with_examples_in_a_conversation_that_runs(bench: Bench) -> None:
    bench.ask("one")
    lead = (("user", "chien"), ("assistant", "dog"))
    bench.begin(lambda: bench.chat.send("chat", lead=lead, system="Translate."))
    bench.engine.say("cat")
    bench.engine.end()
    bench.settle()
    assert bench.told == ["one", "answer", "chien", "dog", "Translate.\n\nchat"]
    assert bench.engine.systems[-1] == ""
    assert [m.content for m in bench.chat.branch][2:4] == ["chien", "dog"]


@pytest.mark.parametrize("is_longer", [False, True])
def test_a_title_comes_after_the_first_answer_whatever_stands_before_it(
    path: Path, is_longer: bool
) -> None:
    bench = Bench(path, replace(Settings(), title_source="model"))
    Titles(bench.conversations, bench.answers, bench.engine, lambda: bench.settings)  # type: ignore[arg-type]
    lead = (("assistant", "Meow?"), ("user", "chien"), ("assistant", "dog"))
    bench.chat.begin_with(Beginning(lead=lead))
    if is_longer:
        bench.settings = replace(bench.settings, title_source="words")
        bench.ask("Hello")
        bench.settings = replace(bench.settings, title_source="model")
    bench.ask("Hello")
    asked = [suggesting.kind for suggesting in bench.engine.suggesting]
    assert asked == ([] if is_longer else ["title"])
    if not is_longer:
        assert [turn.content for turn in bench.engine.suggesting[-1].history] == [
            *(text for _, text in lead), "Hello", "answer",
        ]  # fmt: skip
        bench.suggest("Cats")
        assert [c.title for c in bench.conversations.all] == ["Cats"]
    bench.close()


def test_a_beginning_that_cannot_be_stored_leaves_nothing(bench: Bench) -> None:
    bench.stored(
        lambda s: (
            s.history._database.execute(  # as SQLite itself would refuse it
                "CREATE TRIGGER planted BEFORE INSERT ON message WHEN NEW.status = 'streaming'"
                " BEGIN SELECT RAISE(ABORT, 'planted'); END"
            )
            or True
        )
    )
    beginning = Beginning(lead=(("assistant", "Meow?"),))
    bench.chat.begin_with(beginning)
    bench.chat.send("Hello")
    bench.settle()
    assert bench.stored(lambda s: (s.history.conversations(), s.search.find("meow"))) == ([], [])
    assert bench.chat.beginning == beginning  # sent again it begins so


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "7", "{", '{"temperature": "hot"}', '{"temperature": 9}',
        '{"top_k": true}', '{"seed": NaN}', '{"stop": "END"}', '{"logit_bias": [["a", 1000]]}',
        '{"logit_bias": [1]}', '{"grammar": 1}', '{"is_own": 1}', "[" * 100_000,
    ],
)  # fmt: skip
def test_rubbish_is_no_sampling(text: str) -> None:
    assert sampling_from(text) is None


def test_sampling_comes_back_and_fields_of_another_version_are_left_out() -> None:
    sampling = SamplingParams(
        temperature=1, stop=("a", "b"), logit_bias=(("x", -3.5),), pinned=("top_k",), is_own=True
    )
    assert sampling_from(sampling_as_text(sampling)) == sampling
    assert sampling_from('{"temperature": 0.5, "entropy": 3}') == SamplingParams(temperature=0.5)
    assert sampling_as_text(None) == ""


# Marks


def test_what_is_left_out_is_not_told_and_its_answer_neither(bench: Bench) -> None:
    bench.talk(3)
    bench.mark("a1........", "left_out")
    bench.ask("next")
    assert short(bench.told) == ["q0", "a0", "q2", "a2", "next"]
    assert bench.heard.news.count("marks") == 1
    bench.mark("q1........", None)  # of the other one of the two
    bench.ask("more")
    assert short(bench.told)[:6] == ["q0", "a0", "q1", "a1", "q2", "a2"]


def test_what_is_pinned_is_told_as_such_with_its_answer(bench: Bench) -> None:
    bench.talk(2)
    bench.mark("q0........", "left_out")
    bench.mark("a0........", "pinned")  # what is said last counts
    bench.ask("next")
    pins = [turn.content[:2] for turn in bench.engine.histories[-1] if turn.is_pinned]
    assert pins == ["q0", "a0"]
    assert bench.stored(lambda s: s.memory.marks(bench.open_id)) == {
        (bench.id_of("a0........"), ""): MarkKind.PINNED
    }


def test_a_question_that_is_left_out_is_asked_again_all_the_same(bench: Bench) -> None:
    bench.talk(2)
    bench.mark("q1........", "left_out")
    bench.begin(bench.chat.try_again)
    assert short(bench.told) == ["q0", "a0", "q1"]


def test_a_file_can_be_left_out_alone(bench: Bench) -> None:
    note = bench.stored(lambda s: s.attachments.add("note.txt", "text/plain", b"x", "the note"))
    bench.begin(lambda: bench.chat.send("Look", [note]))
    assert "the note" in bench.told[0]
    attached = bench.engine.histories[0][0].attached
    assert bench.told[0][: attached[0][1]].startswith("note.txt")
    assert bench.told[0][attached[0][1] :] == "Look"
    bench.engine.end()
    bench.settle()
    bench.memory.mark(bench.chat.branch[0].id, "left_out", note.id)
    bench.settle()
    bench.ask("And?")
    assert bench.told[0] == "Look"
    bench.memory.mark(bench.chat.branch[0].id, "pinned", note.id)  # it is pinned with its message
    bench.settle()
    bench.ask("And now?")
    assert "the note" in bench.told[0]
    assert bench.engine.histories[-1][0].is_pinned


def test_a_mark_of_a_message_that_is_gone_is_no_error(bench: Bench) -> None:
    bench.memory.mark(MessageId("gone"), "pinned")
    bench.settle()
    assert bench.problems.codes == []
    assert "changed" not in bench.heard.news


def test_a_copy_keeps_policy_marks_and_summary(bench: Bench) -> None:
    bench.talk(2)
    bench.memory.set_policy(bench.open_id, SUMMARISING)
    bench.settle()
    bench.talk(2, first=2)
    bench.suggest("They talked.")
    bench.mark("q3........", "pinned")
    first = bench.open_id
    bench.chat.fork(bench.chat.branch[-1].id)
    bench.until(lambda: bench.chat.open_conversation_id != first)
    bench.settle()
    bench.ask("next")
    assert bench.memory_told == Memory(SUMMARISING, summary="They talked.")
    assert [t.content[:2] for t in bench.engine.histories[-1] if t.is_pinned] == ["q3", "a3"]


# Policies


def test_a_policy_is_the_conversations_own_or_that_of_the_settings(bench: Bench) -> None:
    bench.settings = replace(Settings(), memory_kind="last_turns", memory_turns=3)
    bench.ask("one")
    own = MemoryPolicy(MemoryKind.LAST_TURNS, turns=3)
    assert bench.memory_told.policy == own
    bench.memory.set_policy(bench.open_id, SUMMARISING)
    bench.settle()
    bench.ask("two")
    assert bench.memory_told.policy == SUMMARISING
    assert bench.memory.policy_of(bench.chat.conversation) == SUMMARISING
    bench.memory.set_policy(bench.open_id, None)
    bench.settle()
    bench.ask("three")
    assert bench.memory_told.policy == own


def test_settings_of_memory_are_told_once_they_change(bench: Bench) -> None:
    bench.settings = replace(bench.settings, theme="dark")
    bench.memory.settings_changed()
    assert bench.heard.news == []
    bench.settings = replace(bench.settings, when_full="ask")
    bench.memory.settings_changed()
    assert bench.heard.news == ["changed"]
    assert bench.settings.memory_policy().when_full is WhenFull.ASK


# Summaries


@pytest.fixture
def rolling(path: Path) -> Iterator[Bench]:
    """A bench whose conversations keep two exchanges and a summary."""
    made = Bench(path, replace(Settings(), memory_kind="summary", memory_turns=2))
    yield made
    made.close()


def test_a_summary_stands_for_what_is_older_than_the_last_exchanges(rolling: Bench) -> None:
    rolling.talk(3)
    assert rolling.engine.suggesting == []  # not one after each answer: the prompt would be new
    rolling.talk(1, first=3)
    asked = rolling.engine.suggesting[-1]
    assert (asked.kind, asked.conversation) == ("summary", rolling.open_id)
    assert asked.history[:-2] == rolling.engine.histories[-1][:-1]  # what the cache has already
    rolling.suggest("They talked of 0 and 1.")
    assert rolling.heard.news[-2:] == ["changed", "made"]
    rolling.ask("next")
    assert short(rolling.told) == ["q2", "a2", "q3", "a3", "next"]
    assert rolling.memory_told.summary == "They talked of 0 and 1."


def test_what_is_pinned_is_told_beside_the_summary(rolling: Bench) -> None:
    rolling.talk(4)
    rolling.suggest("They talked of 0 and 1.")
    rolling.mark("q0........", "pinned")
    rolling.ask("next")
    assert short(rolling.told) == ["q0", "a0", "q2", "a2", "q3", "a3", "next"]


def test_the_next_summary_takes_the_first_one_in_and_can_be_undone(rolling: Bench) -> None:
    rolling.talk(4)
    rolling.suggest("First.")
    rolling.talk(2, first=4)
    assert rolling.engine.suggesting[-1].memory.summary == "First."
    rolling.suggest("Second.")
    second = rolling.summary()
    assert second is not None
    assert second.text == "Second."
    rolling.memory.set_summary_off(second.id, True)
    rolling.settle()
    rolling.ask("next")
    assert rolling.memory_told.summary == "First."
    rolling.weigh()
    assert rolling.engine.suggesting == []  # none is made against the person's will
    rolling.memory.set_summary_off(second.id, False)
    rolling.settle()
    rolling.ask("more")
    assert rolling.memory_told.summary == "Second."


def test_a_summary_can_be_edited(rolling: Bench) -> None:
    rolling.talk(4)
    rolling.suggest("They talked of cats.")
    made = rolling.summary()
    assert made is not None
    rolling.memory.edit_summary(made.id, "  They talked of dogs. ")
    rolling.settle()
    edited = rolling.summary()
    assert edited is not None
    assert (edited.text, edited.is_edited) == ("They talked of dogs.", True)
    rolling.ask("next")
    assert rolling.memory_told.summary == "They talked of dogs."
    rolling.memory.edit_summary(made.id, " ")  # nothing is no summary
    rolling.settle()
    rolling.ask("more")
    assert (rolling.memory_told.summary, short(rolling.told)[0]) == ("", "q0")


def test_one_that_is_stopped_is_gone_on_with_after_the_next_answer(
    rolling: Bench, path: Path
) -> None:
    rolling.talk(4)
    rolling.suggest("They talked", is_whole=False)
    assert rolling.heard.news[-1] == "stopped"
    assert rolling.summary() is None
    rolling.ask("q4")
    assert rolling.memory_told.summary == ""  # half a summary is told to nobody
    rolling.weigh()
    assert rolling.engine.suggesting[-1].begun == "They talked"
    rolling.suggest("They talked of 0, 1 and 2.")
    whole = rolling.summary()
    assert whole is not None
    assert whole.is_whole
    assert whole.through_id == rolling.id_of("a2........")
    other = Storage(open_database(path))
    assert len(other.memory.summaries(rolling.open_id)) == 1
    other.close()


def test_a_question_goes_before_a_summary(rolling: Bench) -> None:
    rolling.talk(3)
    rolling.ask("q3")
    rolling.settle()
    assert rolling.engine.weighing
    rolling.begin(lambda: rolling.chat.send("at once"))
    rolling.weigh()
    assert rolling.engine.suggesting == []


@pytest.mark.parametrize("change", ["delete", "edit"])
def test_a_summary_is_of_its_branch_alone(rolling: Bench, change: str) -> None:
    rolling.talk(4)
    rolling.suggest("They talked of 0 and 1.")
    question = rolling.chat.branch[2]
    if change == "delete":
        rolling.chat.delete_message(question.id)
        rolling.settle()
        rolling.ask("next")
    else:
        rolling.begin(lambda: rolling.chat.edit(question.id, "another"))
        rolling.engine.end()
        rolling.settle()
    assert rolling.memory_told.summary == ""
    assert short(rolling.told)[:2] == ["q0", "a0"]
    if change == "delete":
        rolling.conversations.undo()
        rolling.settle()
        rolling.ask("back")
    else:
        rolling.chat.show_version(question.id)
        rolling.settle()
        rolling.ask("back")
    assert rolling.memory_told.summary == "They talked of 0 and 1."


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_summary_holds_no_words_of_another_branch_but_a_persons_own(
    rolling: Bench, is_edited: bool
) -> None:
    rolling.talk(4)
    rolling.suggest("First.")
    rolling.talk(2, first=4)
    rolling.suggest("The PIN is 1234.")  # written from the last question too
    if is_edited:
        made = rolling.summary()
        assert made is not None
        rolling.memory.edit_summary(made.id, "Mine.")
        rolling.settle()
    last = rolling.chat.branch[-2]
    rolling.begin(lambda: rolling.chat.edit(last.id, "without a PIN"))
    rolling.engine.end()
    rolling.settle()
    assert rolling.memory_told.summary == ("Mine." if is_edited else "First.")
    shown = rolling.summary()
    assert shown is not None
    assert shown.text == rolling.memory_told.summary
    rolling.chat.show_version(last.id)
    rolling.settle()
    rolling.ask("back")
    assert rolling.memory_told.summary == ("Mine." if is_edited else "The PIN is 1234.")


def test_words_that_are_erased_are_in_no_summary_any_more(rolling: Bench, path: Path) -> None:
    rolling.talk(4)
    rolling.suggest("The secret is 1234.")
    last = rolling.chat.branch[-2]  # the summary stands for less, and was written from it too
    rolling.chat.delete_message(last.id)
    rolling.settle()
    rolling.conversations.erase(rolling.open_id, last.id)
    rolling.settle()
    rolling.conversations.close([])
    rolling.scheduler.drain(5.0)
    assert b"1234" not in path.read_bytes()


def test_leaving_out_what_a_summary_tells_of_takes_it_out_of_use(rolling: Bench) -> None:
    rolling.talk(4)
    rolling.suggest("The secret is 1234.")
    rolling.mark("q1........", "left_out")
    rolling.ask("q4")
    assert rolling.memory_told.summary == ""
    assert "q1" not in short(rolling.told)
    old = rolling.summary()
    assert old is not None
    assert (old.is_off, old.is_stale) == (True, True)
    rolling.weigh()
    assert "q1........" not in [t.content for t in rolling.engine.suggesting[-1].history]
    rolling.suggest("Without it.")
    rolling.ask("next")
    assert rolling.memory_told.summary == "Without it."


def test_a_full_context_is_summarised_where_the_policy_says_so(bench: Bench) -> None:
    bench.settings = replace(Settings(), when_full="summarise")
    bench.talk(3, size=90)  # 540 of 800 tokens
    assert bench.engine.suggesting == []
    bench.talk(1, first=3, size=90)
    bench.suggest("They talked.")
    bench.ask("next")
    assert short(bench.told) == ["q3", "a3", "next"]  # no more than a third word for word


def test_a_conversation_longer_than_the_context_is_summarised_piece_by_piece(
    bench: Bench,
) -> None:
    for number in range(8):
        bench.ask(f"q{number}".ljust(100, "."), f"a{number}".ljust(100, "."))
    bench.memory.set_policy(bench.open_id, MemoryPolicy(MemoryKind.SUMMARY, turns=2))
    bench.settle()
    bench.ask("q8", "a8")
    pieces = []
    for number in range(9):
        bench.weigh()
        if not bench.engine.suggesting:
            break
        pieces.append([t.content[:2] for t in bench.engine.suggesting[-1].history])
        memory = bench.engine.suggesting[-1].memory
        assert memory.summary == (f"Summary {number - 1}." if number else "")
        bench.suggest(f"Summary {number}.")
    told = [text for piece in pieces for text in piece]
    assert told == [f"{who}{number}" for number in range(6) for who in "qa"]
    assert all(len(piece) * 100 <= CONTEXT / 2 for piece in pieces)
    bench.ask("next")
    assert short(bench.told) == ["q6", "a6", "q7", "a7", "q8", "a8", "next"]


def test_a_person_can_ask_for_one(bench: Bench) -> None:
    bench.talk(1)
    bench.memory.summarise(bench.open_id)
    bench.weigh()
    assert bench.problems.codes == ["memory.nothing-to-summarise"]
    bench.talk(3, first=1)
    bench.memory.summarise(bench.open_id)
    assert bench.memory.is_summarising(bench.open_id)
    bench.weigh()
    bench.suggest("They talked.")
    assert not bench.memory.is_summarising(bench.open_id)
    bench.ask("next")
    assert bench.memory_told.summary == "They talked."
    assert bench.memory_told.policy.when_full is WhenFull.SUMMARISE  # else it were never told
    assert short(bench.told) == ["q2", "a2", "q3", "a3", "next"]


def test_one_that_a_person_asked_for_during_an_answer_comes_after_it(bench: Bench) -> None:
    bench.talk(3)
    bench.begin(lambda: bench.chat.send("long"))
    bench.memory.summarise(bench.open_id)
    bench.settle()
    assert bench.engine.weighing == []
    bench.engine.say("yes")
    bench.engine.end()
    bench.weigh()
    assert bench.engine.suggesting[-1].kind == "summary"


@pytest.mark.parametrize("is_begun", [False, True])
def test_one_that_a_person_asked_for_comes_after_an_answer_of_another_conversation(
    bench: Bench, is_begun: bool
) -> None:
    bench.talk(3)
    wanted, other = bench.open_id, bench.open_chat()
    if is_begun:
        bench.memory.summarise(wanted)
        bench.weigh()
    bench.begin(lambda: other.send("elsewhere"))
    if is_begun:
        bench.suggest("They", is_whole=False)
    else:
        bench.memory.summarise(wanted)
    bench.settle()
    assert bench.engine.suggesting == []
    bench.engine.say("yes")
    bench.engine.end()
    bench.weigh()
    assert [one.conversation for one in bench.engine.suggesting] == [wanted]
    assert bench.engine.suggesting[0].begun == ("They" if is_begun else "")
    other.close()


def test_a_summary_made_after_an_answer_that_failed_is_told_with_the_next_try(
    bench: Bench,
) -> None:
    bench.talk(4)
    bench.begin(lambda: bench.chat.send("q4"))
    for listener in list(bench.engine._listeners):
        problem = ContextFull(tokens=900, room=800).problem
        listener.generation_failed(bench.engine._last, problem, worker_died=False)
    bench.settle()
    bench.memory.summarise(bench.open_id)
    bench.weigh()
    bench.suggest("They talked.")
    bench.begin(bench.chat.try_again)
    assert bench.memory_told.summary == "They talked."
    bench.engine.end()
    bench.settle()


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "memory.no-summary"), (None, "model.not-loaded")],
    ids=["empty", "no model"],
)
def test_a_person_is_told_why_there_is_no_summary(
    bench: Bench, text: str | None, code: str
) -> None:
    bench.talk(4)
    if text is None:
        bench.engine.model = None
    bench.memory.summarise(bench.open_id)
    bench.weigh()
    if text is not None:
        bench.suggest(text)
    assert bench.problems.codes == [code]
    assert bench.summary() is None


def test_a_summary_of_what_is_gone_meanwhile_is_not_stored(rolling: Bench) -> None:
    rolling.talk(4)
    gone = rolling.open_id
    rolling.conversations.delete([gone])
    rolling.settle()
    rolling.conversations.empty_bin()
    rolling.settle()
    rolling.suggest("They talked.")
    assert rolling.stored(lambda s: [s.memory.summaries(gone)]) == [[]]
    assert rolling.problems.codes == []


# Facts


@pytest.fixture
def remembering(path: Path) -> Iterator[Bench]:
    """A bench with facts on."""
    made = Bench(path, replace(Settings(), is_remembering=True))
    yield made
    made.close()


def proposed(facts: Facts) -> list[str]:
    """Texts that wait for the person."""
    return [fact.text for fact in facts.all if fact.state is FactState.PROPOSED]


def fact(facts: Facts, text: str) -> Fact:
    """The one with this text."""
    return next(one for one in facts.all if one.text == text)


def test_facts_are_off_until_a_person_wants_them(bench: Bench) -> None:
    bench.facts.add("Likes tea")
    bench.settle()
    bench.ask("one")
    bench.settle()
    assert bench.engine.suggesting == []  # nothing is proposed either
    assert bench.memory_told.facts == ()
    bench.facts.propose(bench.open_id)
    bench.settle()
    assert bench.engine.suggesting == []


def test_a_proposal_is_told_only_after_it_was_kept(remembering: Bench) -> None:
    remembering.ask("I am Ada, and I like tea.")
    asked = remembering.engine.suggesting[-1]
    assert asked.kind == "facts"
    remembering.suggest("Is called Ada\nLikes tea\n\nlikes TEA.")
    assert proposed(remembering.facts) == ["Is called Ada", "Likes tea"]
    assert list(remembering.heard.facts) == remembering.facts.all
    remembering.ask("two")
    assert not remembering.memory_told.facts
    remembering.facts.keep(fact(remembering.facts, "Likes tea").id)
    remembering.facts.refuse(fact(remembering.facts, "Is called Ada").id)
    remembering.settle()
    remembering.chat.new_conversation()
    remembering.ask("three")
    assert remembering.memory_told.facts == ("Likes tea",)
    remembering.suggest("Is called Ada.\nLikes tea")  # what was refused is not proposed again
    assert proposed(remembering.facts) == []


def test_facts_are_a_persons_own(remembering: Bench) -> None:
    facts = remembering.facts
    facts.add("  Lives in\nBerlin ")
    facts.add("")
    remembering.settle()
    facts.edit(fact(facts, "Lives in Berlin").id, "Lives in Rome")
    remembering.settle()
    remembering.ask("one")
    facts.edit(fact(facts, "Lives in Rome").id, " ")
    remembering.settle()
    remembering.ask("two")
    assert [memory.facts for memory in remembering.engine.memories] == [("Lives in Rome",), ()]
    assert facts.all == []


def test_a_conversation_can_do_without_them(remembering: Bench) -> None:
    remembering.facts.add("Likes tea")
    remembering.settle()
    remembering.chat.begin_with(Beginning(memory=MemoryPolicy()))
    remembering.ask("one")
    assert remembering.memory_told.facts == ()
    assert remembering.engine.suggesting == []
    remembering.settings = replace(remembering.settings, is_remembering=False)
    remembering.memory.set_policy(remembering.open_id, MemoryPolicy(uses_facts=True))
    remembering.settle()
    remembering.ask("two")
    assert remembering.memory_told.facts == ()


def test_a_proposal_goes_with_the_messages_it_came_from(remembering: Bench) -> None:
    remembering.ask("My PIN is 1234.")
    remembering.suggest("Has the PIN 1234")
    assert proposed(remembering.facts) == ["Has the PIN 1234"]
    remembering.conversations.delete([remembering.open_id])
    remembering.settle()
    remembering.conversations.empty_bin()
    remembering.settle()
    assert remembering.facts.all == []


def test_what_was_refused_goes_with_the_messages_it_came_from(
    remembering: Bench, path: Path
) -> None:
    remembering.ask("My PIN is 1234.")
    remembering.suggest("Has the PIN 1234")
    remembering.facts.refuse(remembering.facts.all[0].id)
    remembering.settle()
    remembering.conversations.delete([remembering.open_id])
    remembering.conversations.empty_bin()
    remembering.settle()
    assert remembering.facts.all == []
    remembering.conversations.close([])
    remembering.scheduler.drain(5.0)
    assert b"1234" not in path.read_bytes()


def test_a_person_is_told_when_no_more_can_be_remembered(remembering: Bench) -> None:
    texts = [f"Likes {number}" for number in range(MOST_KEPT)]
    remembering.stored(lambda s: [s.memory.add_facts(texts, FactState.KEPT)])
    remembering.ask("I like tea.")
    remembering.suggest("Likes tea")
    remembering.facts.add("One more")
    remembering.facts.keep(fact(remembering.facts, "Likes tea").id)
    remembering.settle()
    assert remembering.problems.codes == ["memory.too-many-facts"] * 2
    assert proposed(remembering.facts) == ["Likes tea"]
    assert len(remembering.facts.all) == MOST_KEPT + 1


def test_after_how_many_answers_the_model_is_asked(remembering: Bench) -> None:
    asked = []
    for number in range(9):
        remembering.ask(f"q{number}")
        if remembering.engine.suggesting:
            asked.append(number + 1)
            remembering.suggest("")
    assert asked == [1, 4, 8]


# Storage


def test_memory_is_there_after_the_next_start(rolling: Bench, path: Path) -> None:
    rolling.talk(4)
    rolling.suggest("They talked.")
    rolling.mark("q2........", "pinned")
    rolling.facts.add("Likes tea")
    rolling.settle()
    here = rolling.open_id
    rolling.close()
    other = Bench(path, rolling.settings)
    other.until(lambda: bool(other.facts.all))
    other.chat.open_conversation(here)
    other.settle()
    other.ask("next")
    assert other.memory_told.summary == "They talked."
    assert [t.content[:2] for t in other.engine.histories[-1] if t.is_pinned] == ["q2", "a2"]
    other.close()


def test_a_conversation_that_comes_whole_keeps_how_it_is_told(path: Path) -> None:
    storage = Storage(open_database(path))
    turn = storage.history.begin_turn(None, "one", "", "")
    whole = replace(
        turn.conversation,
        id=ConversationId("elsewhere"),
        memory=SUMMARISING,
        sampling=SamplingParams(top_k=3),
        assistant_id="of another computer",
    )
    added = storage.history.add_whole(whole, [turn.question], {})
    assert (added.memory, added.sampling) == (SUMMARISING, SamplingParams(top_k=3))
    assert added.assistant_id == ""
    storage.close()


# In a process of its own: forks one that is killed before its first statement, one before its
# second, and so on, each with a copy of the database, until one comes to its end
KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from app.core.beginning import Beginning
from app.core.memory import MemoryPolicy
from app.core.remembered import MarkKind, Summary
from app.storage.database import Database
from app.storage.storage import open_storage

def act(path, name, left):
    storage = open_storage(path)
    conversation = storage.history.conversations()[0]
    branch = storage.history.branch(conversation.id)
    execute = Database.execute
    def counted(self, sql, values=()):
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return execute(self, sql, values)
    Database.execute = counted
    if name == "begin":
        lead = (("user", "chien"), ("assistant", "dog"))
        beginning = Beginning(memory=MemoryPolicy())
        storage.history.begin_turn(None, "chat", "", "", beginning=beginning, lead=lead)
    elif name == "summary":
        storage.memory.store_summary(Summary(
            "new", conversation.id, branch[1].id, branch[1].id, "Whole.", conversation.created_at))
    else:
        storage.memory.mark(branch[0].id, MarkKind.LEFT_OUT)

for left in range(100):
    copy = Path(sys.argv[1]).with_name(f"copy-{left:02}.sqlite3")
    shutil.copy(sys.argv[1], copy)
    pid = os.fork()
    if pid == 0:
        act(copy, sys.argv[2], left)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""


def state(path: Path) -> tuple[object, ...]:
    """All that the acts of KILLED touch."""
    storage = Storage(open_database(path))
    conversations = storage.history.conversations()
    first = conversations[-1].id
    found = (
        [(c.title, c.memory) for c in conversations],
        [m.content for c in conversations for m in storage.history.branch(c.id)],
        [(s.text, s.is_whole, s.is_stale) for s in storage.memory.summaries(first)],
        sorted(kind.value for kind in storage.memory.marks(first).values()),
    )
    storage.close()
    return found


@pytest.mark.parametrize("act", ["begin", "summary", "mark"])
def test_a_kill_at_any_moment_leaves_all_or_nothing(path: Path, act: str) -> None:
    storage = Storage(open_database(path))
    turn = storage.history.begin_turn(None, "one", "", "")
    here, answer = turn.conversation.id, turn.answer.id
    now = turn.answer.created_at
    storage.memory.mark(turn.question.id, MarkKind.PINNED)
    storage.memory.save_summary(Summary("old", here, answer, answer, "Half", now, is_whole=False))
    storage.close()
    before = state(path)
    subprocess.run([sys.executable, "-c", KILLED, str(path), act], cwd=ROOT, check=True)
    seen = [state(copy) for copy in sorted(path.parent.glob("copy-*.sqlite3"))]
    assert len(seen) > 3
    assert seen[0] == before
    after = seen[-1]
    assert after != before
    assert all(one in (before, after) for one in seen)
