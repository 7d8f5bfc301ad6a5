"""Summaries and facts by the model: beside the conversation, and never in a question's way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.entities import (
    ChatMessage,
    KeepParams,
    LoadParams,
    ModelDescription,
    Placement,
    Role,
    SamplingParams,
)
from app.core.errors import SideJobNotPossible
from app.core.messages import Event, Finished, Generate, Suggest, Suggested, TextProduced
from app.worker.chat_template import FALLBACK_TEMPLATE, ChatTemplate
from app.worker.keeping import Keeper
from app.worker.llm import StreamingLlamaCpp
from app.worker.loaded import Loaded
from app.worker.side_jobs import JOBS, clean_facts, clean_summary
from app.worker.states import States
from tests.worker_process import WorkerProcess, user

LIMIT_S = 0.3


@pytest.mark.parametrize(
    ("written", "summary"),
    [
        ("They spoke of bread and of wine.", "They spoke of bread and of wine."),
        ("**Summary:** They spoke of bread and wine.", "They spoke of bread and wine."),
        ("Summary:\n\nThey spoke of bread and wine.", "They spoke of bread and wine."),
        ("## 摘要\n他们谈到了面包和葡萄酒的做法。", "他们谈到了面包和葡萄酒的做法。"),
        ("<think>What now?</think>\nThey spoke of bread alone.", "They spoke of bread alone."),
        ("Summary judgement was what they spoke of.", "Summary judgement was what they spoke of."),
        ("It was good bread. " * 40, "It was good bread."),
        ("They spoke.\nOf this\nOf that\nOf this\nOf that\n", "They spoke.\nOf this\nOf that"),
        ("", ""),
        ("...", ""),
        ("OK", ""),
        ("1 2 3 4 5 6 7 8", ""),
    ],
)
def test_a_summary_is_cleaned(written: str, summary: str) -> None:
    assert clean_summary(written) == summary


@pytest.mark.parametrize(
    ("written", "facts"),
    [
        ("- Her name is Ada.\n- She lives in Bern.", "Her name is Ada.\nShe lives in Bern."),
        ("Here are the facts:\n1. She bakes.\n\n2. **She bakes.**", "She bakes."),
        ("none", ""),
        ("None.", ""),
        ("无。", ""),
        ("", ""),
        ("- none\n- ", ""),
        ("\n".join(f"Fact number {n} is this." for n in range(9)), None),
        ("x" * 500, ""),
    ],
)
def test_facts_are_cleaned(written: str, facts: str | None) -> None:
    found = clean_facts(written)
    if facts is None:
        assert found.count("\n") == 4  # five of them
    else:
        assert found == facts


def test_a_summary_is_a_tenth_of_the_context_at_most() -> None:
    assert JOBS["summary"].most_tokens(8192) == 819
    assert JOBS["summary"].most_tokens(512) == 64
    assert JOBS["facts"].most_tokens(8192) == 160


@pytest.fixture(scope="module")
def worker(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    process = WorkerProcess(tmp_path_factory.mktemp("worker") / "worker.log")
    process.load(starter, LoadParams(context_tokens=640))
    yield process
    process.close()


def talk(worker: WorkerProcess) -> tuple[ChatMessage, ...]:
    """A conversation that the cache holds."""
    told = user("My name is Ada, and I bake bread in Bern. " + "It is a small shop. " * 6)
    text, _ = worker.ask(told, SamplingParams(temperature=0.0, max_tokens=16))
    return (*told, ChatMessage(Role.ASSISTANT, text))


@pytest.mark.engine
def test_a_question_stops_a_summary_which_goes_on_later(worker: WorkerProcess) -> None:
    history = talk(worker)
    asked = worker.send(lambda i: Suggest(i, "", history, "summary"))
    time.sleep(1.0)  # it is at it
    more = (*history, ChatMessage(Role.USER, "What is 2+2?"))
    short = SamplingParams(temperature=0.0, max_tokens=1)
    began = time.monotonic()
    worker.send(lambda i: Generate(i, "", more, short))
    partial = worker.wait_for(Suggested)
    took = time.monotonic() - began
    end = worker.wait_for(Finished)
    assert partial.request_id == asked
    if partial.is_whole:
        pytest.skip("the model had nothing more to say by then")
    assert took < LIMIT_S
    # nothing of the conversation was lost: what is read is the question
    assert end.statistics.prompt_tokens - end.statistics.reused_tokens < 40
    again = worker.send(lambda i: Suggest(i, "", history, "summary", begun=partial.text))
    whole = worker.wait_for(Suggested)
    assert (whole.request_id, whole.is_whole) == (again, True)
    beginning = clean_summary(partial.text)[:20]
    assert not whole.text or whole.text.startswith(beginning)


@pytest.mark.engine
def test_a_question_ends_the_search_for_facts(worker: WorkerProcess) -> None:
    history = talk(worker)
    worker.send(lambda i: Suggest(i, "", history, "facts"))
    worker.send(lambda i: Generate(i, "", history[:1], SamplingParams(max_tokens=1)))
    ended = worker.wait_for(Suggested)
    assert (ended.text, ended.is_whole) == ("", False)
    worker.wait_for(Finished)


def one_loaded(llm: StreamingLlamaCpp, template: str) -> Loaded:
    """The starter model in this process, nothing read."""
    llm.states = States(KeepParams(None, 0), "test")
    llm.cache_.clear()
    description = ModelDescription(
        Path("test.gguf"), "Test", "llama", 8192, 1024, "model", placement=Placement(threads=1)
    )
    made = ChatTemplate(template, "<|im_start|>", "<|im_end|>", "test.gguf")
    return Loaded(llm, made, description, (), Keeper(llm.cache_, llm.states))


@pytest.mark.engine
@pytest.mark.parametrize("kind", ["summary", "facts"])
def test_the_cache_is_as_before(
    llm: StreamingLlamaCpp, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(JOBS, kind, replace(JOBS[kind], most=6, share=0))
    loaded = one_loaded(llm, FALLBACK_TEMPLATE)
    events: list[Event] = []
    question = user("My name is Ada, and I bake bread.")
    loaded.generate(Generate(1, "", question, SamplingParams(max_tokens=4)), events.append, 0.0)
    text = "".join(event.text for event in events if isinstance(event, TextProduced))
    history = (*question, ChatMessage(Role.ASSISTANT, text))
    held = list(llm.cache_.tokens)
    found = loaded.suggest(Suggest(2, "", history, kind), lambda: True)
    assert found.is_whole
    assert llm.cache_.tokens == held
    ended = loaded.suggest(Suggest(3, "", history, kind, begun="They spoke"), lambda: False)
    assert not ended.is_whole
    assert ended.text.startswith("They spoke") if kind == "summary" else not ended.text
    assert llm.cache_.tokens == held
    llm.states = None


@pytest.mark.engine
def test_a_summary_of_a_model_that_thinks_needs_no_memory(
    llm: StreamingLlamaCpp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last answer is another text in history than in the cache; of a large model there is no
    room to put that aside. The question stays in the cache, and what was before it."""
    job = replace(JOBS["summary"], most=6, share=0, most_state=0)
    monkeypatch.setitem(JOBS, "summary", job)
    loaded = one_loaded(llm, FALLBACK_TEMPLATE.replace("assistant\n", "assistant\n<think>\n"))
    question = user("My name is Ada, and I bake bread.")
    events: list[Event] = []
    loaded.generate(Generate(1, "", question, SamplingParams(max_tokens=4)), events.append, 0.0)
    end = events[-1]
    assert isinstance(end, Finished)
    history = (*question, ChatMessage(Role.ASSISTANT, "<think>\nhm\n</think>\nSo it is."))
    found = loaded.suggest(Suggest(2, "", history, "summary"), lambda: False)
    assert found.text
    assert len(llm.cache_.tokens) >= end.statistics.prompt_tokens - 8
    assert "".join(llm.pieces.whole(t).decode() for t in llm.cache_.tokens).endswith("assistant\n")
    llm.cache_.cut(3)  # of another conversation: rather no summary than reading it again
    with pytest.raises(SideJobNotPossible):
        loaded.suggest(Suggest(3, "Be kind.", history, "summary"), lambda: False)
    llm.states = None
