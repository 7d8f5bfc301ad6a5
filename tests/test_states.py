"""What was read once is not read again, and what was kept of it is never wrong."""

from __future__ import annotations

import os
import random
import stat
from array import array
from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from app.core import messages
from app.core.entities import ChatMessage, KeepParams, LoadParams, Role, SamplingParams
from app.worker.cache import Aborted, Cache, common_prefix, spliced
from app.worker.generation import prepare
from app.worker.llm import AbortFlag, StreamingLlamaCpp, load
from app.worker.sampling import Sampler
from app.worker.speculation import REST, TRIAL, Record, Speculation
from app.worker.states import States
from tests.weightless_models import mamba, transformer, with_weights
from tests.worker_process import WorkerProcess, user

pytestmark = pytest.mark.engine
WORDS = Path(__file__).read_text(encoding="utf-8").split()
GREEDY = SamplingParams(temperature=0.0, max_tokens=24, is_own=True)
SYSTEM = "You are a patient gardener. " + " ".join(f"Rule {n}: be kind." for n in range(40))


@pytest.fixture
def cache(llm: StreamingLlamaCpp) -> Cache:
    """Its cache, empty."""
    found: Cache = llm.cache_
    found.clear()
    return found


def tokens_of(llm: StreamingLlamaCpp, rng: random.Random, words: int) -> list[int]:
    text = " ".join(rng.choice(WORDS) for _ in range(words))
    found: list[int] = llm.client.tokenize(text.encode(), add_bos=True, special=False)
    return found


def write(llm: StreamingLlamaCpp, count: int, params: SamplingParams = GREEDY) -> list[int]:
    """`count` tokens after what is in the cache, the likeliest unless `params` say otherwise."""
    sampler = Sampler(llm.client, params)
    found = []
    for _ in range(count):
        found.append(sampler.sample())
        llm.cache_.step(found[-1])
    sampler.close()
    return found


def test_answers_with_and_without_a_restored_state_are_the_same(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    """Fifty random histories: going on at once, and after the state was kept and brought back."""
    rng = random.Random(20261126)
    for _ in range(50):
        history, question = tokens_of(llm, rng, rng.randint(4, 24)), tokens_of(llm, rng, 4)[1:]
        cache.clear()
        cache.read(history)
        state = cache.state()
        cache.read(question)
        at_once = write(llm, 6)
        other = tokens_of(llm, rng, 6)
        cache.clear()
        cache.read(other)  # what is left of another conversation must not shine through
        assert cache.restore(history, state)
        cache.read(question)
        assert write(llm, 6) == at_once


def test_a_state_that_is_cut_or_of_other_tokens_is_refused(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    history = tokens_of(llm, random.Random(1), 30)
    cache.read(history)
    state = cache.state()
    before = write(llm, 8)
    for wrong in (state[: len(state) // 2], b"", state[:8] + os.urandom(len(state) - 8)):
        assert not cache.restore(history, bytearray(wrong))
        assert cache.tokens == []
    assert not cache.restore(history[:-1], state)
    cache.read(history)  # and it goes on working
    assert write(llm, 8) == before


def test_only_what_follows_the_common_beginning_is_read(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    history = tokens_of(llm, random.Random(2), 40)
    cache.read(history)
    assert cache.keep([*history, 5, 6]) == len(history)
    assert cache.keep([*history[:10], 7, 8]) == 10
    assert cache.tokens == history[:10]


def test_a_prompt_that_is_all_there_needs_nothing_while_its_scores_are(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    history = tokens_of(llm, random.Random(3), 20)
    cache.read(history)
    assert cache.keep(history) == len(history)
    state = cache.state()
    assert cache.restore(history, state)
    assert cache.keep(history) == len(history) - 1  # a state brings no scores: one token again


def test_turns_dropped_from_the_middle_are_not_read_again(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    rng = random.Random(4)
    system, old, rest = (tokens_of(llm, rng, count) for count in (20, 60, 80))
    cache.read([*system, *old, *rest])
    wanted = [*system, *rest, 9, 10]
    reuse, _ = prepare(cache, None, wanted, llm.pieces.whole)
    assert reuse.shifted >= len(rest) - 2
    assert reuse.reused == len(system) + len(rest)
    assert cache.tokens == [*system, *rest]
    cache.read(wanted[len(cache.tokens) :])
    assert len(write(llm, 5)) == 5


def test_a_stop_while_keys_are_turned_leaves_nothing_half_turned(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    rng = random.Random(6)
    system, old, rest = (tokens_of(llm, rng, count) for count in (20, 60, 80))
    cache.read([*system, *old, *rest])
    wanted = [*system, *rest, 9, 10]
    prepare(cache, None, wanted, llm.pieces.whole)
    assert cache.state() == b""  # not worth keeping before the keys are turned
    llm.abort_flag.set()
    with pytest.raises(Aborted):
        cache.read(wanted[len(cache.tokens) :])
    llm.abort_flag.clear()
    assert cache.tokens == []
    cache.read(wanted)
    stopped = write(llm, 6)
    cache.clear()
    cache.read(wanted)
    assert write(llm, 6) == stopped


def test_common_prefix() -> None:
    rng = random.Random(5)
    for _ in range(300):
        ours = [rng.randint(0, 2) for _ in range(rng.randint(0, 12))]
        theirs = [rng.randint(0, 2) for _ in range(rng.randint(0, 12))]
        same = common_prefix(ours, theirs)
        assert ours[:same] == theirs[:same]
        assert same == min(len(ours), len(theirs)) or ours[same] != theirs[same]


TEXTS = {1: b"<s>", 2: b"ab", 3: b"a", 4: b"b", 5: b"abc", 6: b"c", 7: b"x", 8: b""}


@pytest.mark.parametrize(
    ("held", "wanted", "found"),
    [
        ([1, 3, 4], [1, 2, 7], [1, 3, 4, 7]),  # the same text in other tokens
        ([1, 3, 4, 6], [1, 5, 7], [1, 3, 4, 6, 7]),
        ([1, 5], [1, 2, 6, 7], [1, 5, 7]),
        ([1, 3, 4, 7], [1, 2, 6], [1, 3, 4, 6]),  # and then another one
        ([1, 3, 6], [1, 2, 7], [1, 2, 7]),  # no point where both end together
        ([1, 2], [1, 2, 7], [1, 2, 7]),
        ([1, 8, 2], [1, 2, 7], [1, 2, 7]),  # what has no text is not passed over
        ([], [1, 2], [1, 2]),
        ([1, 2, 3], [1], [1]),
        ([7], [1], [1]),
    ],
)
def test_what_the_model_wrote_stands_for_the_same_text(
    held: list[int], wanted: list[int], found: list[int]
) -> None:
    assert spliced(held, wanted, TEXTS.__getitem__) == found


# A memory that cannot be rolled back


@pytest.fixture(scope="module")
def recurrent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamingLlamaCpp]:
    """A small Mamba with random weights: it has a state, and no past to go back to."""
    path = with_weights(mamba(tmp_path_factory.mktemp("mamba") / "mamba.gguf"))
    params = LoadParams(context_tokens=512, threads=1)
    loaded, _ = load(path, params, 512, AbortFlag(), (), [], lambda _: None)
    yield loaded
    loaded.close()


def test_a_recurrent_model_goes_on_from_its_end_only(recurrent: StreamingLlamaCpp) -> None:
    cache: Cache = recurrent.cache_
    cache.clear()
    assert not cache.can_roll_back
    history = [n * 7 % 900 + 5 for n in range(80)]
    cache.read(history)
    assert cache.keep([*history, 6]) == len(history)
    assert cache.keep([*history[:40], 6]) == 0  # all is read again, rather than wrong
    assert cache.tokens == []


def test_a_recurrent_model_answers_again_from_the_state_before_its_answer(
    recurrent: StreamingLlamaCpp,
) -> None:
    cache: Cache = recurrent.cache_
    cache.clear()
    prompt = [n * 11 % 900 + 5 for n in range(90)]
    kept = states(None, memory=1 << 28)
    cache.read(prompt[:-1])
    kept.keep("c1-start", cache.tokens, cache.state())
    cache.read(prompt[-1:])
    varied = SamplingParams(temperature=3.0, top_k=0, top_p=1.0, min_p=0.0, seed=3, is_own=True)
    first = write(recurrent, 12, varied)
    reuse, _ = prepare(cache, kept, prompt, lambda token: b"%d " % token)
    assert reuse.restored == len(prompt) - 1
    cache.read(prompt[len(cache.tokens) :])
    assert write(recurrent, 12, varied) == first
    assert len(set(first)) > 3  # the weights do something


# A window that slides: cells before it may be gone


@pytest.fixture(scope="module")
def sliding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StreamingLlamaCpp]:
    """A Gemma 3 of 4 layers with random weights and a window of 64 tokens."""
    path = tmp_path_factory.mktemp("gemma") / "gemma3.gguf"
    with_weights(transformer(path, "gemma3", 1, **{"attention.sliding_window": 64}))
    params = LoadParams(context_tokens=1024, threads=1)
    loaded, _ = load(path, params, 1024, AbortFlag(), (), [], lambda _: None)
    yield loaded
    loaded.close()


def scores(llm: StreamingLlamaCpp) -> np.ndarray:
    """What the model thinks of each token as the next one."""
    found = llama_cpp.llama_get_logits_ith(llm.client.ctx, -1)
    return np.ctypeslib.as_array(found, shape=(32_000,)).copy()


@pytest.mark.parametrize("length", [120, 299, 300])
def test_a_restored_window_is_not_cut_into(sliding: StreamingLlamaCpp, length: int) -> None:
    """A state of a sliding window has its last tokens only: what lacks its window is read again."""
    cache: Cache = sliding.cache_
    history = [n * 7 % 900 + 5 for n in range(300)]
    wanted = [*history[:length], *range(2000, 2030)]
    cache.clear()
    cache.read(wanted)
    right = scores(sliding)
    cache.clear()
    cache.read(history)
    state = cache.state()
    assert cache.restore(history, state)
    kept = cache.keep(wanted)
    assert kept in (0, length)
    assert cache.tokens == wanted[:kept]
    cache.read(wanted[kept:])
    assert np.abs(scores(sliding) - right).max() < 0.05 * np.abs(right).max()


def test_a_model_with_a_window_reads_again_rather_than_shift(sliding: StreamingLlamaCpp) -> None:
    cache: Cache = sliding.cache_
    cache.clear()
    system, old, rest = list(range(10, 50)), list(range(1000, 1200)), list(range(5000, 5200))
    cache.read([*system, *old, *rest])
    wanted = [*system, *rest, 9]
    reuse, _ = prepare(cache, None, wanted, lambda token: b"%d " % token)
    assert reuse.shifted == 0
    cache.read(wanted[len(cache.tokens) :])
    found = scores(sliding)
    cache.clear()
    cache.read(wanted)
    assert np.abs(scores(sliding) - found).max() < 0.05 * np.abs(found).max()


# Guessing ahead


def test_guessed_tokens_are_those_that_would_have_come(
    llm: StreamingLlamaCpp, cache: Cache
) -> None:
    """On a text that repeats itself most guesses are right, and none changes the text."""
    text = "The cat sat on the mat. The dog sat on the log. " * 6
    prompt = llm.client.tokenize(text.encode(), add_bos=True, special=False)
    cache.read(prompt)
    plain = write(llm, 40)
    cache.keep(prompt[:-1])
    cache.read(prompt[len(cache.tokens) :])
    record = Record()
    record.plain_s = 3600.0  # so slow without that guessing is worth it
    speculation, sampler = Speculation(cache, record), Sampler(llm.client, GREEDY)
    tokens = speculation.tokens(sampler)
    guessed = [next(tokens) for _ in range(40)]
    sampler.close()
    assert guessed == plain
    assert speculation.accepted > 20
    assert speculation.accepted <= speculation.drafted
    assert cache.tokens[: len(prompt)] == prompt
    same = common_prefix(cache.tokens[len(prompt) :], guessed)
    assert same == min(len(cache.tokens) - len(prompt), len(guessed))


def test_no_more_is_guessed_than_is_read_at_once(starter: Path) -> None:
    params = LoadParams(context_tokens=256, batch_tokens=3, threads=1)
    loaded, _ = load(starter, params, 256, AbortFlag(), (), [], lambda _: None)
    text = b"The cat sat on the mat. The dog sat on the log. " * 6
    prompt = loaded.client.tokenize(text, add_bos=True, special=False)
    loaded.cache_.read(prompt)
    record = Record()
    record.plain_s = 3600.0
    speculation, sampler = Speculation(loaded.cache_, record), Sampler(loaded.client, GREEDY)
    tokens = speculation.tokens(sampler)
    assert len([next(tokens) for _ in range(20)]) == 20
    assert speculation.drafted > 0
    sampler.close()
    loaded.close()


def test_guessing_rests_where_it_is_not_faster() -> None:
    record = Record()
    record.wrote_plain(0.01)
    for rest in (REST, 2 * REST):  # longer each time
        for _ in range(TRIAL):
            record.wrote_guessed(0.05, 4)  # 12 ms a token
        assert record.waits == rest
        for _ in range(rest):
            record.wrote_plain(0.01)
        assert record.waits == 0
    fast = Record()
    fast.wrote_plain(0.01)
    for _ in range(TRIAL):
        fast.wrote_guessed(0.02, 4)
    assert fast.waits == 0


# Kept states, without an engine


def states(folder: Path | None, *, memory: int = 1 << 20, disk: int = 1 << 20) -> States:
    return States(KeepParams(folder, memory, disk), "key")


LONG = list(range(1000, 1300))


def test_a_large_state_is_not_restored_for_a_few_tokens(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("long", [*LONG[:70], *range(3000)], bytearray(b"x" * 10))
    assert first.best([*LONG[:70], 1], held=0, is_whole=False) is None
    first.keep("short", [*LONG[:70], 5, 6], bytearray(b"y" * 10))
    first.keep("longer", [*LONG[:70], *range(100)], bytearray(b"z" * 10))
    found = first.best([*LONG[:70], 1], held=0, is_whole=False)
    assert found is not None
    assert found.conversation == "short"


def test_of_a_sliding_window_only_a_whole_state_serves(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"x" * 10))
    assert first.best([*LONG, 1], held=0, is_whole=False, window=100) is not None
    assert first.best([*LONG[:200], 1], held=0, is_whole=False, window=100) is None
    assert first.best([*LONG[:200], 1], held=0, is_whole=False, window=400) is not None


def test_what_waits_to_be_written_is_forgotten_too(tmp_path: Path) -> None:
    first = states(tmp_path, memory=0)  # evicted at once: it is in the queue only
    first.keep("c1", LONG, bytearray(b"x" * 200_000))
    first.forget(())
    first.close(10)
    assert not list(tmp_path.rglob("*.state"))


def test_one_that_is_too_large_throws_no_other_away(tmp_path: Path) -> None:
    first = states(tmp_path, disk=10_000)
    first.keep("small", LONG, bytearray(b"x" * 2000))
    first.close(10)
    second = states(tmp_path, disk=10_000)
    second.keep("large", [9, *LONG], bytearray(b"y" * 20_000))
    second.close(10)
    assert [file.stem for file in tmp_path.rglob("*.state")] == ["small"]
    assert second.most_bytes == 1 << 20


def test_nothing_is_read_once_it_is_stopped(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"x" * 1000))
    first.close(10)
    second = states(tmp_path)
    found = second.best([*LONG, 1], held=0, is_whole=False)
    assert found is not None
    assert second.load(found, lambda: True) == b""
    assert second.load(found) == b"x" * 1000  # and it is still there


def test_a_state_is_found_by_its_beginning_after_a_restart(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content" * 100))
    first.keep("c2", [*LONG[:200], *range(50)], bytearray(b"other" * 100))
    first.close(10)
    second = states(tmp_path)
    found = second.best([*LONG, 1, 2], held=0, is_whole=False)
    assert found is not None
    assert found.conversation == "c1"
    assert second.load(found) == b"content" * 100
    assert second.best([*LONG, 1, 2], held=len(LONG) - 10, is_whole=False) is None  # no gain
    assert second.best(list(range(80)), held=0, is_whole=False) is None
    assert second.best(LONG[:250], held=0, is_whole=True) is None  # it cannot be cut


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other", "header"])
def test_a_damaged_file_is_left_out_and_removed(tmp_path: Path, damage: str) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content" * 100))
    first.close(10)
    (file,) = tmp_path.rglob("*.state")
    whole = file.read_bytes()
    file.write_bytes(
        {
            "cut": whole[:-5],
            "flipped": whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:],
            "empty": b"",
            "other": b"GGUF" + whole,
            "header": whole.replace(b'"tokens": 300', b'"tokens": 900'),
        }[damage]
    )
    second = states(tmp_path)
    found = second.best([*LONG, 1], held=0, is_whole=False)
    assert found is None or second.load(found) == b""
    assert second.best([*LONG, 1], held=0, is_whole=False) is None


def test_another_model_does_not_see_it(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content"))
    first.close(10)
    other = States(KeepParams(tmp_path, 1 << 20, 1 << 20), "another key")
    assert other.best([*LONG, 1], held=0, is_whole=False) is None


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    first = states(tmp_path, disk=6000)
    for number, name in enumerate(("old", "middle", "new")):
        first.keep(name, [number, *LONG], bytearray(b"x" * 1500))
        first.save()
    first.close(10)
    for number, name in enumerate(("middle", "new")):
        os.utime(next(tmp_path.rglob(f"{name}.state")), (1000 + number, 1000 + number))
    assert not list(tmp_path.rglob("old.state"))
    second = states(tmp_path, disk=6000)
    second.keep("newest", [9, *LONG], bytearray(b"y" * 1500))
    second.close(10)
    assert sorted(file.stem for file in tmp_path.rglob("*.state")) == ["new", "newest"]


def test_a_budget_of_nothing_removes_what_there_is(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content"))
    first.close(10)
    (tmp_path / "key" / "half.part").write_bytes(b"what a kill left")
    second = states(tmp_path, disk=0)
    second.close(10)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content"))
    first.close(10)
    (file,) = tmp_path.rglob("*.state")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_forgotten_is_gone_at_once(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"content"))
    first.save()
    first.forget(["c1"])
    first.close(10)
    assert not list(tmp_path.rglob("*.state"))
    assert first.best([*LONG, 1], held=0, is_whole=False) is None


def test_memory_holds_only_so_much(tmp_path: Path) -> None:
    first = states(None, memory=2500)
    for name in ("a", "b", "c"):
        first.keep(name, [ord(name), *LONG], bytearray(b"x" * 1000))
    assert first.best([ord("a"), *LONG, 1], held=0, is_whole=False) is None
    assert first.best([ord("c"), *LONG, 1], held=0, is_whole=False) is not None


def test_a_disk_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    first = states(blocked)
    first.keep("c1", LONG, bytearray(b"content"))
    first.close(10)
    assert first.best([*LONG, 1], held=0, is_whole=False) is not None  # in memory


# The whole worker


def turns(*texts: str) -> tuple[ChatMessage, ...]:
    roles = (Role.USER, Role.ASSISTANT)
    return tuple(ChatMessage(roles[n % 2], text) for n, text in enumerate(texts))


def ask(
    worker: WorkerProcess, conversation: str, history: tuple[ChatMessage, ...]
) -> tuple[str, messages.Finished]:
    return worker.ask(history, GREEDY, SYSTEM, conversation=conversation)


def test_a_conversation_goes_on_after_a_restart_without_being_read_again(
    tmp_path: Path, starter: Path
) -> None:
    keep = KeepParams(tmp_path / "kept", disk_bytes=1 << 30)
    first = WorkerProcess(tmp_path / "worker.log")
    first.load(starter, keep=keep)
    answer, end = ask(first, "c1", user("How do I plant a tree?"))
    held = end.statistics.context_tokens
    history = turns("How do I plant a tree?", answer, "And water it?")
    _, live_end = ask(first, "c1", history)
    first.close()
    assert live_end.statistics.restored_tokens == 0

    again = WorkerProcess(tmp_path / "worker.log")
    again.load(starter, keep=keep)
    text, end = ask(again, "c1", history)
    again.close()
    # the kept state is of the second answer: the same question again goes on from its prompt
    assert end.statistics.restored_tokens >= held - 24
    assert end.statistics.prompt_tokens - end.statistics.reused_tokens < 40
    assert text.strip()


def test_going_back_to_another_conversation_does_not_read_it_again(
    tmp_path: Path, starter: Path
) -> None:
    worker = WorkerProcess(tmp_path / "worker.log")
    worker.load(starter)
    rose = "What is a rose? " + "It is red and has thorns. " * 30
    first, _ = ask(worker, "c1", user(rose))
    ask(worker, "c2", user("Count: " + "one two three " * 60))
    text, end = ask(worker, "c1", turns(rose, first, "And a tulip?"))
    worker.close()
    assert end.statistics.restored_tokens > 300
    assert end.statistics.prompt_tokens - end.statistics.reused_tokens < 40
    # and it is what it would have been without leaving
    other = WorkerProcess(tmp_path / "worker.log")
    other.load(starter)
    ask(other, "c1", user(rose))
    stayed, _ = ask(other, "c1", turns(rose, first, "And a tulip?"))
    other.close()
    assert text == stayed


def test_a_new_conversation_begins_warm_where_the_system_prompt_is_the_same(
    tmp_path: Path, starter: Path
) -> None:
    keep = KeepParams(tmp_path / "kept", disk_bytes=1 << 30)
    first = WorkerProcess(tmp_path / "worker.log")
    first.load(starter, keep=keep)
    ask(first, "c1", user("What is a rose?"))
    first.close()
    again = WorkerProcess(tmp_path / "worker.log")
    again.load(starter, keep=keep)
    _, end = ask(again, "c9", user("Something else entirely, please."))
    again.close()
    assert end.statistics.restored_tokens > 250


def test_kill_nine_while_states_are_written_leaves_nothing_half(
    tmp_path: Path, starter: Path
) -> None:
    keep = KeepParams(tmp_path / "kept", disk_bytes=1 << 30)
    for delay in (0.0, 0.01, 0.05):
        worker = WorkerProcess(tmp_path / "worker.log")
        worker.load(starter, keep=keep)
        ask(worker, "c1", user("What is a rose?"))
        worker.send(messages.ShutDown)
        worker.child.wait(delay)
        worker.child.kill()
        worker.child.wait(5)
    last = WorkerProcess(tmp_path / "worker.log")
    last.load(starter, keep=keep)
    _, end = ask(last, "c1", user("What is a rose?"))
    assert end.statistics.completion_tokens > 0
    last.close()


def test_the_longest_beginning_counts(tmp_path: Path) -> None:
    first = states(tmp_path)
    first.keep("c1", LONG, bytearray(b"1" * 10))
    first.keep("c2", LONG[:150], bytearray(b"2" * 10))
    found = first.best([*LONG[:280], 1], held=0, is_whole=False)
    assert found is not None
    assert array("i", found.tokens) == array("i", LONG)
