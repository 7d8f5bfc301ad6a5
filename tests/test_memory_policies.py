"""What the model is told of a conversation under each memory policy, and what it costs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from app.core import messages
from app.core.context_errors import ContextFull, KeptTooLong
from app.core.entities import (
    ChatMessage,
    KeepParams,
    LoadParams,
    ModelDescription,
    Placement,
    Role,
    SamplingParams,
)
from app.core.errors import PromptTooLong
from app.core.history import sendable, system_text
from app.core.memory import Memory, MemoryKind, MemoryPolicy, WhenFull
from app.core.messages import Finished, Generate
from app.worker.chat_template import FALLBACK_TEMPLATE, ChatTemplate
from app.worker.keeping import Keeper
from app.worker.llm import StreamingLlamaCpp
from app.worker.loaded import Loaded
from app.worker.memory import SentHistory
from app.worker.prompting import FittedPrompt, fit_prompt, turns_of
from app.worker.states import States
from tests.worker_process import WorkerProcess, user

CONTEXT = 600
GREEDY = SamplingParams(temperature=0.0, max_tokens=1, is_own=True)
LAST = MemoryPolicy(MemoryKind.LAST_TURNS, turns=3)
BUDGET = MemoryPolicy(MemoryKind.TOKENS, tokens=256)
MIDDLE = MemoryPolicy(when_full=WhenFull.DROP_MIDDLE)
ASK = MemoryPolicy(when_full=WhenFull.ASK)
POLICIES = {
    "all": MemoryPolicy(),
    "last": LAST,
    "tokens": BUDGET,
    "middle": MIDDLE,
    "summary": MemoryPolicy(MemoryKind.SUMMARY),
    "summarise": MemoryPolicy(when_full=WhenFull.SUMMARISE),
}


def count(text: str) -> int:
    """Four bytes are a token."""
    return len(text.encode()) // 4


def exchange(number: int, *, pinned: bool = False) -> tuple[ChatMessage, ChatMessage]:
    return (
        ChatMessage(Role.USER, f"Question {number}? " + "word " * 8, is_pinned=pinned),
        ChatMessage(Role.ASSISTANT, f"Answer {number}. " + "thing " * 8),
    )


def conversation(turns: int, pinned: Sequence[int] = ()) -> tuple[ChatMessage, ...]:
    pairs = (exchange(number, pinned=number in pinned) for number in range(turns))
    return (*itertools.chain.from_iterable(pairs), ChatMessage(Role.USER, "And now?"))


def fitted(
    history: Sequence[ChatMessage],
    policy: MemoryPolicy,
    *,
    system: str = "",
    memory: Memory | None = None,
    context: int = CONTEXT,
) -> FittedPrompt:
    """As the window and the worker do it together."""
    sent = sendable(history, context, policy)
    return fit_prompt(
        system,
        sent.messages,
        ChatTemplate(FALLBACK_TEMPLATE, "<s>", "</s>", "test.gguf"),
        count,
        context,
        omitted=(sent.omitted_turns, sent.omitted_weight),
        memory=replace(memory or Memory(), policy=policy),
    )


def told(prompt: FittedPrompt) -> list[int]:
    """The numbers of the questions that are in it."""
    return [number for number in range(2000) if f"Question {number}?" in prompt.text]


def test_the_last_exchanges_are_told_and_never_fewer() -> None:
    for turns in range(1, 12):
        numbers = told(fitted(conversation(turns), LAST, context=4000))
        assert numbers == list(range(max(turns - 3, 0), turns))
    eight = replace(LAST, turns=8)
    beginnings = []
    for turns in range(9, 60):
        numbers = told(fitted(conversation(turns), eight, context=8000))
        assert numbers == list(range(numbers[0], turns))
        assert 8 <= len(numbers) <= 9  # a quarter more, so that the beginning stays for a while
        beginnings.append(numbers[0])
    assert len(set(beginnings)) <= len(beginnings) // 2 + 1


def test_what_a_budget_of_tokens_holds_is_told() -> None:
    beginnings = []
    for turns in range(1, 80):
        prompt = fitted(conversation(turns), BUDGET, context=8000)
        numbers = told(prompt)
        assert numbers == list(range(numbers[0], turns))
        spent = sum(count(m.content) for n in numbers for m in exchange(n))
        assert spent <= BUDGET.tokens
        if numbers[0]:
            assert spent >= BUDGET.tokens // 3
        assert prompt.dropped_turns == 0  # nothing was left out for want of room
        beginnings.append(numbers[0])
    changes = sum(1 for one, other in itertools.pairwise(beginnings) if one != other)
    assert changes <= 80 // 2


def test_the_first_exchange_stays_where_the_middle_is_dropped() -> None:
    for turns in (5, 30, 300, 2000):
        numbers = told(fitted(conversation(turns), MIDDLE))
        assert numbers[0] == 0
        assert numbers[-1] == turns - 1
        assert numbers[1:] == list(range(numbers[1], turns))
    assert len(numbers) < 30


def test_an_opening_line_is_kept_with_the_first_exchange() -> None:
    opening = ChatMessage(Role.ASSISTANT, "Hello, I am Ada.")
    prompt = fitted((opening, *conversation(100)), MIDDLE)
    assert prompt.text.index("I am Ada") < prompt.text.index("Question 0?")
    dropped = fitted((opening, *conversation(100)), MemoryPolicy())
    assert "I am Ada" not in dropped.text


@pytest.mark.parametrize("name", POLICIES)
def test_pinned_exchanges_and_the_system_prompt_are_never_left_out(name: str) -> None:
    for turns in (8, 40, 400, 2000):
        prompt = fitted(conversation(turns, (1, 5)), POLICIES[name], system="Be kind.")
        numbers = told(prompt)
        assert {1, 5} <= set(numbers)
        assert numbers == sorted(numbers)
        assert "Answer 5." in prompt.text  # its answer too
        assert "Be kind." in prompt.text
        assert turns - 1 in numbers
        assert count(prompt.text) <= CONTEXT


@pytest.mark.parametrize("name", POLICIES)
def test_neither_role_comes_twice_in_a_row(name: str) -> None:
    failed = list(conversation(60, (3, 20)))
    del failed[21]  # an answer that never came
    prompt = fitted(failed, POLICIES[name])
    roles = [line for line in prompt.text.splitlines() if line.startswith("<|im_start|>")]
    assert all(one != other for one, other in itertools.pairwise(roles))


def test_what_does_not_fit_though_it_must_is_said_in_words() -> None:
    pinned = conversation(40, range(40))
    with pytest.raises(KeptTooLong) as refusal:
        fitted(pinned, MemoryPolicy())
    assert "Unpin" in refusal.value.problem.action_text
    with pytest.raises(KeptTooLong):
        fitted(user("And now?"), MemoryPolicy(), system="word " * 1000)
    with pytest.raises(PromptTooLong):  # the question itself: nothing to unpin
        fitted(user("word " * 1000), MemoryPolicy(), system="Be kind.")


def test_who_wants_to_be_asked_is_asked_before_anything_is_read() -> None:
    assert told(fitted(conversation(5), ASK)) == list(range(5))
    for turns in (40, 2000):
        with pytest.raises(ContextFull) as full:
            fitted(conversation(turns), ASK)
    assert full.value.problem.code == "context.full"
    few = replace(LAST, when_full=WhenFull.ASK)
    assert told(fitted(conversation(2000), few)) == [1997, 1998, 1999]  # that is not full


@pytest.mark.parametrize("policy", [MemoryPolicy(), MIDDLE], ids=["oldest", "middle"])
def test_what_is_known_of_a_shorter_question_holds_for_a_longer_one(policy: MemoryPolicy) -> None:
    """Else the ledger would say another thing than what happens, as it follows what is typed."""
    changes, more = 0, "a 漢字 "
    for turns in (14, 20, 29):
        history = list(conversation(turns))[:-1]
        before: FittedPrompt | None = None
        for size in range(1, 60):
            question = ChatMessage(Role.USER, more * size)
            prompt = fitted([*history, question], policy)
            if before is not None and prompt.turns != before.turns:
                would_fit = count(before.text + more) <= CONTEXT - CONTEXT // 4
                changes += would_fit
                assert not (would_fit and before.is_firm)
            before = prompt
    assert changes > 0 or policy is not MIDDLE  # there it does happen


def test_who_wants_to_be_asked_is_told_at_once_where_no_choice_would_help() -> None:
    history = [*conversation(12)[:-1], ChatMessage(Role.USER, "long " * 600)]
    with pytest.raises(PromptTooLong):
        fitted(history, ASK)
    with pytest.raises(KeptTooLong):
        fitted(conversation(12, pinned=range(12)), ASK)


def test_facts_and_summary_come_after_the_system_prompt() -> None:
    memory = Memory(facts=("Her name is Ada.",), summary="They spoke of bread.")
    prompt = fitted(conversation(2), MemoryPolicy(), system="Be kind.", memory=memory)
    places = [prompt.text.index(w) for w in ("Be kind.", "Ada", "bread", "Question 0?")]
    assert places == sorted(places)
    assert prompt.text.count("<|im_start|>system") == 1
    assert system_text("", Memory()) == ""
    assert "{x}" in fitted(conversation(1), MemoryPolicy(), memory=Memory(summary="{x}")).text


@pytest.mark.parametrize("name", POLICIES)
def test_what_is_not_sent_changes_nothing(name: str) -> None:
    policy = POLICIES[name]
    history = conversation(700, (2, 9))
    sent = sendable(history, CONTEXT, policy)
    assert len(sent.messages) < len(history)
    whole = fit_prompt(
        "",
        history,
        ChatTemplate(FALLBACK_TEMPLATE, "<s>", "</s>", "test.gguf"),
        count,
        CONTEXT,
        memory=Memory(policy),
    )
    assert fitted(history, policy).text == whole.text


def test_the_history_is_one_of_langchains() -> None:
    turns = turns_of(conversation(3))
    history = SentHistory(turns, range(2, 6))
    assert [int(message.id or -1) for message in history.messages] == [2, 3, 4, 5]
    assert isinstance(history.messages[0], HumanMessage)
    assert history.newest(1, lambda message: int(message.type == "human")) == 2
    with pytest.raises(NotImplementedError):
        history.clear()


# With a model


class Talk:
    """The starter model, its context 1024 tokens, answering under a policy."""

    def __init__(self, llm: StreamingLlamaCpp) -> None:
        description = ModelDescription(
            Path("test.gguf"), "Test", "llama", 8192, 1024, "model", placement=Placement(threads=1)
        )
        llm.states = States(KeepParams(None, 0), "test")
        llm.cache_.clear()
        template = ChatTemplate(FALLBACK_TEMPLATE, "<|im_start|>", "<|im_end|>", "test.gguf")
        self.loaded = Loaded(llm, template, description, (), Keeper(llm.cache_, llm.states))

    def ask(self, history: Sequence[ChatMessage], policy: MemoryPolicy) -> Finished:
        sent = sendable(history, 1024, policy)
        events: list[messages.Event] = []
        command = Generate(
            1,
            "Be brief.",
            sent.messages,
            GREEDY,
            omitted_turns=sent.omitted_turns,
            omitted_weight=sent.omitted_weight,
            memory=Memory(policy),
        )
        self.loaded.generate(command, events.append, 0.0)
        assert isinstance(events[-1], Finished)
        return events[-1]


@pytest.fixture
def talk(llm: StreamingLlamaCpp) -> Iterator[Talk]:
    yield Talk(llm)
    llm.states = None


@pytest.mark.engine
@pytest.mark.parametrize("name", ["all", "last", "tokens", "middle"])
def test_most_of_each_prompt_is_in_the_cache_already(talk: Talk, name: str) -> None:
    """Over twenty-two turns in a context that holds some twelve of them."""
    history: list[ChatMessage] = []
    read = 0
    for number in range(22):
        history += [exchange(number)[0]]
        statistics = talk.ask(history, POLICIES[name]).statistics
        assert statistics.context_tokens <= 1024
        read += statistics.prompt_tokens - statistics.reused_tokens
        history += [exchange(number)[1]]
    assert statistics.prompt_tokens > 128
    assert read / 22 < 120  # of a question and an answer that are some 50 tokens


@pytest.mark.engine
def test_a_policy_takes_no_time(talk: Talk) -> None:
    """At most 5 ms more than everything until it is full; the best of some, for other programs run
    on this machine too."""
    history = conversation(12)
    times = {}
    for name, policy in POLICIES.items():
        command = Generate(1, "", history, GREEDY, memory=Memory(policy))
        counted = talk.loaded.counts.tokens_of

        def fit(command: Generate = command, counted: Callable[..., list[int]] = counted) -> None:
            talk.loaded.fit(command, command.messages, lambda text: len(counted(text)))

        fit()  # what was counted once is kept
        taken = []
        for _ in range(15):
            began = time.perf_counter()
            fit()
            taken.append(time.perf_counter() - began)
        times[name] = min(taken)
    assert all(taken - times["all"] < 0.005 for taken in times.values()), times


@pytest.mark.engine
def test_the_worker_asks_before_it_reads(starter: Path, tmp_path: Path) -> None:
    worker = WorkerProcess(tmp_path / "worker.log")
    try:
        worker.load(starter, LoadParams(context_tokens=512))
        history = conversation(40)
        asked = worker.send(lambda i: Generate(i, "", history, GREEDY, memory=Memory(ASK)))
        event = worker.next_event()
        assert isinstance(event, messages.Failed)
        assert (event.request_id, event.problem.code) == (asked, "context.full")
        assert worker.ask(user("What is 2+2?"))[0]
    finally:
        worker.close()
