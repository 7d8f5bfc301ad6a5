"""The parts of the next prompt and the prompt itself, while an answer is written too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core import messages
from app.core.entities import ChatMessage, LoadParams, Role
from app.core.history import Sent, sendable
from app.core.memory import Memory, MemoryKind, MemoryPolicy, PartKind, WhenFull
from app.core.messages import Finished, Generate, Inspect, Inspected, Weigh, Weighed
from tests.worker_process import GREEDY, WorkerProcess, user

pytestmark = pytest.mark.engine
CONTEXT = 8192
SHORT = replace(GREEDY, max_tokens=1)
POLICIES = (
    MemoryPolicy(),
    MemoryPolicy(MemoryKind.LAST_TURNS, turns=2),
    MemoryPolicy(MemoryKind.TOKENS, tokens=128),
)
FULL = (
    MemoryPolicy(),
    MemoryPolicy(when_full=WhenFull.DROP_MIDDLE),
    MemoryPolicy(when_full=WhenFull.ASK),
    MemoryPolicy(MemoryKind.LAST_TURNS, turns=20),
    MemoryPolicy(MemoryKind.TOKENS, tokens=2048),
)


@pytest.fixture(scope="module")
def worker(starter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    process = WorkerProcess(tmp_path_factory.mktemp("worker") / "worker.log")
    process.load(starter, LoadParams(context_tokens=CONTEXT))
    yield process
    process.close()


def conversation(turns: int, words: int = 6) -> tuple[ChatMessage, ...]:
    found = []
    for number in range(turns):
        question = f"Question {number}: how many apples, pears and plums? " + "fruit " * words
        answer = f"There are {number} of them.\n\n- apples\n- pears\n" + "and more " * words
        found.append(ChatMessage(Role.USER, question, key=f"q{number}"))
        found.append(ChatMessage(Role.ASSISTANT, answer, key=f"a{number}"))
    return tuple(found)


def weigh(
    worker: WorkerProcess,
    sent: Sent,
    draft: ChatMessage | None,
    memory: Memory,
    system: str = "Be kind.",
) -> Weighed:
    asked = worker.send(
        lambda i: Weigh(
            i, system, sent.messages, draft, sent.omitted_turns, sent.omitted_weight, memory
        )
    )
    while True:
        found = worker.wait_for(Weighed)
        if found.request_id == asked:
            return found


def inspect(
    worker: WorkerProcess, sent: Sent, memory: Memory, system: str = "Be kind."
) -> Inspected:
    worker.send(
        lambda i: Inspect(
            i, system, sent.messages, "", sent.omitted_turns, sent.omitted_weight, memory
        )
    )
    return worker.wait_for(Inspected)


def test_what_is_weighed_is_what_is_read(worker: WorkerProcess) -> None:
    """The same number three times: weighed, shown, and counted by the answer itself."""
    history = conversation(5)
    draft = ChatMessage(Role.USER, "And what is the sum of all that?", key="draft")
    for policy in POLICIES:
        memory = Memory(policy, ("Her name is Ada.",), "They spoke of fruit.")
        weighed = weigh(worker, Sent(history), draft, memory)
        shown = inspect(worker, Sent((*history, draft)), memory)
        worker.send(
            lambda i, m=memory: Generate(  # type: ignore[misc]
                i, "Be kind.", (*history, draft), SHORT, memory=m
            )
        )
        answered = worker.wait_for(Finished).statistics.prompt_tokens
        assert weighed.total == shown.total == answered
        assert sum(piece.tokens for piece in shown.pieces) == shown.total
        parts = sum(part.tokens for part in weighed.parts if part.is_seen)
        assert abs(parts - weighed.total) <= 4
        text = "".join(piece.text for piece in shown.pieces)
        seen = {part.key for part in weighed.parts if part.is_seen and part.key.startswith("q")}
        assert seen == {f"q{n}" for n in range(5) if f"Question {n}:" in text}
        assert not weighed.is_full
        kinds = [part.kind for part in weighed.parts]
        assert kinds[:3] == [PartKind.SYSTEM, PartKind.FACTS, PartKind.SUMMARY]
        assert kinds[-1] is PartKind.DRAFT


def test_files_images_and_pins_are_parts_of_their_own(worker: WorkerProcess) -> None:
    text = "notes.txt\n```\n" + "word " * 50 + "\n```\n\n"
    question = ChatMessage(
        Role.USER, text + "What is it?", key="q", attached=(("file", len(text)),), is_pinned=True
    )
    history = (question, ChatMessage(Role.ASSISTANT, "<think>hm</think>Words.", key="a"))
    draft = ChatMessage(Role.USER, text + "And?", attached=(("new", len(text)),))
    found = weigh(worker, Sent(history), draft, Memory(), "")
    shown = [(part.kind, part.key, part.message) for part in found.parts]
    assert shown == [
        (PartKind.SYSTEM, "", ""),  # what the template says by itself
        (PartKind.ATTACHMENT, "file", "q"),
        (PartKind.PINNED, "q", ""),
        (PartKind.TURN, "a", ""),
        (PartKind.ATTACHMENT, "new", ""),
        (PartKind.DRAFT, "", ""),
    ]
    assert found.parts[1].tokens > 50 > found.parts[2].tokens
    assert abs(found.total - sum(part.tokens for part in found.parts)) <= 4


def test_without_a_draft_and_without_anything(worker: WorkerProcess) -> None:
    history = conversation(3)
    nothing = weigh(worker, Sent(()), None, Memory(), "Be kind.")
    assert [part.kind for part in nothing.parts] == [PartKind.SYSTEM]
    assert abs(nothing.total - nothing.parts[0].tokens) <= 4
    before = weigh(worker, Sent(history), None, Memory())
    after = weigh(worker, Sent(history), ChatMessage(Role.USER, "x"), Memory())
    assert PartKind.DRAFT not in {part.kind for part in before.parts}
    assert before.total < after.total == before.total + after.parts[-1].tokens


def test_what_makes_room_is_told_before_it_does(worker: WorkerProcess) -> None:
    history, number = conversation(0), 0
    while weigh(worker, Sent(history), None, Memory()).total < CONTEXT - 800:
        number += 2
        history = conversation(number, 60)
    assert not weigh(worker, Sent(history), ChatMessage(Role.USER, "x"), Memory()).is_full
    draft = ChatMessage(Role.USER, "word " * 600)
    full = weigh(worker, Sent(history), draft, Memory())
    assert full.is_full
    assert full.total <= CONTEXT - full.room
    gone = [part.key for part in full.parts if not part.is_seen]
    assert gone[0] == "q0"
    assert list(full.dropped) == gone
    asking = Memory(MemoryPolicy(when_full=WhenFull.ASK))
    asked = weigh(worker, Sent(history), draft, asking)
    assert asked.is_full
    assert asked.total > CONTEXT - asked.room
    assert all(part.is_seen for part in asked.parts)


def test_the_cache_is_told_and_control_tokens_are_marked(worker: WorkerProcess) -> None:
    question = user("What is 2+2? 你好 🙂")
    worker.ask(question, SHORT, system="Be brief.")
    shown = inspect(worker, Sent(question), Memory(), "Be brief.")
    assert shown.reused >= shown.total - 1  # the last one may be read again, for its scores
    specials = {piece.text for piece in shown.pieces if piece.is_special}
    assert {"<|im_start|>", "<|im_end|>"} <= specials
    assert all("2+2" not in piece.text for piece in shown.pieces if piece.is_special)
    assert "你好 🙂" in "".join(piece.text for piece in shown.pieces)
    other = inspect(worker, Sent(user("Something else")), Memory(), "Be brief.")
    assert 0 < other.reused < other.total - 1
    assert (shown.context, shown.template_name) == (CONTEXT, "")


def test_typing_is_followed_while_the_worker_reads(worker: WorkerProcess) -> None:
    """At most 100 ms behind, with a context full of turns; the best of some, for other programs
    run on this machine too."""
    history = conversation(400, 8)
    for policy in FULL:
        memory = Memory(policy)
        sent = sendable(history, CONTEXT, policy)
        reading = worker.send(
            lambda i, s=sent: Generate(  # type: ignore[misc]
                i,
                "Be kind.",
                (*s.messages, *user("And now?")),
                SHORT,
                omitted_turns=s.omitted_turns,
                omitted_weight=s.omitted_weight,
            )
        )
        weigh(worker, sent, ChatMessage(Role.USER, "A"), memory)
        times = []
        for length in range(8):
            began = time.monotonic()
            weigh(worker, sent, ChatMessage(Role.USER, "A little more. " * length), memory)
            times.append(time.monotonic() - began)
        worker.stop(reading)
        assert worker.wait_for(Finished).reason.value == "stopped"  # it was at it all the time
        assert min(times) < 0.1, (policy, times)


def test_many_weights_at_once_are_one(worker: WorkerProcess) -> None:
    """The newest is found; those that were not begun are dropped."""
    sent = Sent(conversation(50))
    for number in range(200):
        last = worker.send(
            lambda i, n=number: Weigh(  # type: ignore[misc]
                i, "", sent.messages, ChatMessage(Role.USER, "word " * n)
            )
        )
    found = [worker.wait_for(Weighed)]
    while found[-1].request_id != last:
        found.append(worker.wait_for(Weighed))
    assert len(found) < 200


def test_without_a_model_nothing_is_known(tmp_path: Path) -> None:
    process = WorkerProcess(tmp_path / "worker.log")
    try:
        asked = process.send(lambda i: Weigh(i, "", user("x")))
        assert process.wait_for(Weighed) == Weighed(asked, (), 0, -1, 0)
        process.send(lambda i: Inspect(i, "", user("x")))
        event = process.next_event()
        assert isinstance(event, messages.Failed)
        assert event.problem.code == "model.not-loaded"
    finally:
        process.close()
