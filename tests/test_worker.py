"""The real worker with the starter model: loads, answers, stops, and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core import messages
from app.core.entities import ChatMessage, LoadParams, Role, SamplingParams, StopReason
from tests.gguf_files import not_gguf, truncated, unknown_architecture, without_template
from tests.weightless_models import bert, mamba
from tests.worker_process import GREEDY, WorkerProcess, user

pytestmark = pytest.mark.engine
LONG_TEXT = "The quick brown fox jumps over the lazy dog near the old stone fireplace. " * 400


@pytest.fixture(scope="module")
def worker_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where llama.cpp's own words go."""
    return tmp_path_factory.mktemp("worker") / "worker.log"


@pytest.fixture(scope="module")
def worker(worker_log: Path, starter: Path) -> Iterator[WorkerProcess]:
    """One worker with the starter model, shared: every test leaves it as it was."""
    process = WorkerProcess(worker_log)
    process.load(starter)
    yield process
    process.close()


def test_says_what_it_is(worker: WorkerProcess) -> None:
    ready = worker.ready
    assert ready.protocol == messages.PROTOCOL_VERSION
    assert ready.engine_version.startswith("llama-cpp-python 0.")
    cpu = [device for device in ready.devices if device.kind == "cpu"]
    assert cpu
    assert cpu[0].total_bytes > 0


def test_describes_the_model(worker: WorkerProcess, starter: Path) -> None:
    model = worker.load(starter, LoadParams(context_tokens=1024)).model
    assert (model.architecture, model.trained_context, model.context) == ("llama", 8192, 1024)
    assert model.template_source == "model"
    assert "SmolLM2" in model.name or "Smol" in model.name
    assert worker.load(starter).model.context == 8192


def test_answers_with_figures(worker: WorkerProcess) -> None:
    text, end = worker.ask(user("What is 2+2?"))
    assert "4" in text
    assert end.reason is StopReason.END
    figures = end.statistics
    assert figures.prompt_tokens > 10
    assert figures.completion_tokens > 3
    assert figures.ttft_s > 0
    assert figures.tokens_per_s > 0
    assert figures.context_tokens == figures.prompt_tokens + figures.completion_tokens


def test_the_models_own_template_is_used(worker: WorkerProcess, tmp_path: Path) -> None:
    """SmolLM2's template puts a system prompt of its own in front when there is none."""
    _, plain = worker.ask(user("Hi"), SamplingParams(max_tokens=1))
    _, with_system = worker.ask(user("Hi"), SamplingParams(max_tokens=1), system="Be brief.")
    assert plain.statistics.prompt_tokens > with_system.statistics.prompt_tokens


def test_rope_and_batch_are_what_llama_cpp_says_it_uses(
    worker: WorkerProcess, worker_log: Path
) -> None:
    """The wrapper's own defaults, 10000 and 8, would make every modern model answer worse."""
    words = " ".join(worker_log.read_text().split())
    assert "llama_context: freq_base = 100000.0" in words
    assert "llama_context: freq_scale = 1" in words
    assert "llama_context: n_batch = 512" in words


def test_no_parameter_is_left_to_the_wrapper(starter: Path) -> None:
    from app.worker.llm import LlamaCpp, parameters_for

    given = set(parameters_for(starter, LoadParams(), 512))
    own = {name for name in LlamaCpp.model_fields if name not in ("name", "disable_streaming")}
    assert own - given == set()


def test_same_seed_same_answer(worker: WorkerProcess) -> None:
    def answer(seed: int) -> str:
        sampling = SamplingParams(temperature=1.0, seed=seed, max_tokens=40)
        return worker.ask(user("Tell me something about the sea."), sampling)[0]

    assert answer(7) == answer(7)
    assert answer(7) != answer(8)


def test_unseeded_answers_differ(worker: WorkerProcess) -> None:
    sampling = SamplingParams(temperature=1.2, max_tokens=40)
    answers = {worker.ask(user("Invent a name for a cat."), sampling)[0] for _ in range(3)}
    assert len(answers) > 1


def test_a_limit_cuts_off(worker: WorkerProcess) -> None:
    _, end = worker.ask(user("Count to one hundred."), SamplingParams(temperature=0, max_tokens=9))
    assert end.reason is StopReason.LIMIT
    assert end.statistics.completion_tokens == 9


def test_a_stop_string_never_shows(worker: WorkerProcess) -> None:
    whole, _ = worker.ask(user("What is 2+2?"))
    word = whole.split()[3]
    cut, end = worker.ask(user("What is 2+2?"), SamplingParams(temperature=0, stop=(word,)))
    assert end.reason is StopReason.END
    assert cut == whole[: whole.index(word)]


def test_the_next_turn_reads_only_what_is_new(worker: WorkerProcess) -> None:
    first = user("Tell me a joke about a teapot.")
    answer, end = worker.ask(first, SamplingParams(temperature=0, max_tokens=60))
    turns = (*first, ChatMessage(Role.ASSISTANT, answer), ChatMessage(Role.USER, "Another one."))
    _, second = worker.ask(turns, SamplingParams(temperature=0, max_tokens=5))
    assert second.statistics.reused_tokens >= end.statistics.prompt_tokens


def test_braces_and_template_words_in_a_message_stay_text(worker: WorkerProcess) -> None:
    text = "{system} {{ 7*7 }} {% raw %} {0} $PATH %s"
    _, end = worker.ask(user(text), SamplingParams(temperature=0, max_tokens=3), system="{history}")
    assert end.statistics.completion_tokens > 0


def test_unicode_arrives_whole(worker: WorkerProcess) -> None:
    text, _ = worker.ask(
        user("Repeat exactly: 你好 🙂 naïve"), SamplingParams(temperature=0, max_tokens=40)
    )
    assert "�" not in text.removesuffix("�")


def test_counts_tokens(worker: WorkerProcess) -> None:
    request_id = worker.send(lambda i: messages.Count(i, ("one two", " three")))
    counted = worker.wait_for(messages.Counted)
    assert (counted.request_id, counted.tokens) == (request_id, 3)


def test_stops_between_tokens_within_300_ms(worker: WorkerProcess) -> None:
    asked_at = 0.0

    def stop(request_id: int) -> None:
        nonlocal asked_at
        if not asked_at:
            asked_at = worker.stop(request_id)

    text, end = worker.ask(user("Write a very long story."), on_text=stop)
    waited = time.monotonic() - asked_at
    assert end.reason is StopReason.STOPPED
    assert text
    assert waited < 0.3  # the promise itself, not a speed


def test_stops_while_reading_a_long_prompt_within_300_ms(worker: WorkerProcess) -> None:
    request_id = worker.send(lambda i: messages.Generate(i, "", user(LONG_TEXT), GREEDY))
    time.sleep(1.0)  # well inside the reading, which takes several seconds
    asked_at = worker.stop(request_id)
    end = worker.wait_for(messages.Finished)
    waited = time.monotonic() - asked_at
    assert end.reason is StopReason.STOPPED
    assert end.statistics.completion_tokens == 0
    assert waited < 0.3  # the promise itself, not a speed


def test_answers_are_the_same_after_a_stop_in_the_prompt(worker: WorkerProcess) -> None:
    """What was half read must not stay in the KV cache as if it had been read."""
    short = SamplingParams(temperature=0, max_tokens=30)
    before, _ = worker.ask(user("What is the capital of France?"), short)
    request_id = worker.send(lambda i: messages.Generate(i, "", user(LONG_TEXT), GREEDY))
    time.sleep(0.5)
    worker.stop(request_id)
    worker.wait_for(messages.Finished)
    after, _ = worker.ask(user("What is the capital of France?"), short)
    assert after == before


def test_a_stop_for_something_else_does_nothing(worker: WorkerProcess) -> None:
    worker.stop(9999)
    text, end = worker.ask(user("What is 2+2?"))
    assert end.reason is StopReason.END
    assert "4" in text


def test_stopped_before_it_began(worker: WorkerProcess) -> None:
    first = worker.send(lambda i: messages.Generate(i, "", user("Write a long story."), GREEDY))
    second = worker.send(lambda i: messages.Generate(i, "", user("And another."), GREEDY))
    worker.stop(second)
    worker.stop(first)
    ends = [worker.wait_for(messages.Finished) for _ in range(2)]
    assert [(e.request_id, e.reason) for e in ends] == [
        (first, StopReason.STOPPED),
        (second, StopReason.STOPPED),
    ]
    assert ends[1].statistics.completion_tokens == 0


def test_too_long_a_message_is_refused_in_words(worker: WorkerProcess) -> None:
    request_id = worker.send(lambda i: messages.Generate(i, "", user(LONG_TEXT * 2), GREEDY))
    event = worker.next_event()
    assert isinstance(event, messages.Failed)
    assert event.request_id == request_id
    assert event.problem.code == "model.prompt-too-long"


def test_old_turns_are_left_out_when_the_context_is_full(
    worker: WorkerProcess, starter: Path
) -> None:
    context = worker.load(starter, LoadParams(context_tokens=1024)).model.context
    turns: list[ChatMessage] = []
    for number in range(40):
        turns += [
            ChatMessage(Role.USER, f"Question {number}: " + "why is that so? " * 8),
            ChatMessage(Role.ASSISTANT, "Because of the weather. " * 3),
        ]
    turns.append(ChatMessage(Role.USER, "What is 2+2?"))
    few = SamplingParams(temperature=0, max_tokens=8)
    text, end = worker.ask(tuple(turns), few)
    assert text
    assert context // 3 < end.statistics.prompt_tokens < context
    turns += [ChatMessage(Role.ASSISTANT, text), ChatMessage(Role.USER, "And 3+3?")]
    _, next_end = worker.ask(tuple(turns), few)
    assert next_end.statistics.reused_tokens >= end.statistics.prompt_tokens  # not read anew
    assert next_end.statistics.dropped_turns == end.statistics.dropped_turns > 0
    more = turns
    for number in range(12):  # until another step of old turns has to go
        more += [
            ChatMessage(Role.ASSISTANT, f"Because of reason {number}. " * 4),
            ChatMessage(Role.USER, f"Question {number}: " + "and why is that so? " * 6),
        ]
        _, last = worker.ask(tuple(more), few)
        if last.statistics.dropped_turns > end.statistics.dropped_turns:
            break
    assert last.statistics.shifted_tokens > 100  # moved up rather than read again
    assert last.statistics.prompt_tokens - last.statistics.reused_tokens < 100
    worker.load(starter)


@pytest.mark.timeout(300)  # thousands of tokens, also on a machine that others use
def test_a_long_prompt_tells_how_far_it_is(worker: WorkerProcess) -> None:
    request_id = worker.send(lambda i: messages.Generate(i, "", user(LONG_TEXT), GREEDY))
    told = []
    while len(told) < 3:
        event = worker.next_event()
        assert isinstance(event, messages.Reading)
        told.append(event)
    worker.stop(request_id)
    end = worker.wait_for(messages.Finished)
    done = [event.done for event in told]
    assert done == sorted(set(done))
    assert all(event.total == told[0].total > 3000 for event in told)
    assert all(event.seconds_left > 0 for event in told)
    # and what was read until then is not read again
    _, again = worker.ask(user(LONG_TEXT), SamplingParams(temperature=0, max_tokens=1))
    assert again.statistics.reused_tokens >= done[-1]
    assert end.reason is StopReason.STOPPED


def test_a_load_tells_how_far_it_is(worker: WorkerProcess, starter: Path) -> None:
    worker.send(lambda i: messages.Load(i, starter, LoadParams()))
    fractions = []
    while not isinstance(event := worker.next_event(), messages.ModelLoaded):
        assert isinstance(event, messages.Loading)
        fractions.append(event.fraction)
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert any(0 < fraction < 1 for fraction in fractions)


def test_where_it_is_and_how_it_was_loaded(worker: WorkerProcess, starter: Path) -> None:
    params = LoadParams(context_tokens=1024, kv_type="q8_0", threads=1)
    model = worker.load(starter, params).model
    place = model.placement
    assert (place.gpu_layers, place.layers, place.device) == (0, 31, "")
    assert (place.kv_type, place.is_flash, place.threads) == ("q8_0", True, 1)
    smaller = place.host_bytes
    assert model.params == params
    assert model.load_s > 0
    place = worker.load(
        starter, LoadParams(context_tokens=1024, flash_attention="off")
    ).model.placement
    assert not place.is_flash
    assert place.host_bytes > smaller  # f16
    worker.load(starter)


@pytest.mark.parametrize(
    ("may_guess", "sampling", "guesses"),
    [
        (False, SamplingParams(temperature=0.3, max_tokens=80), False),
        (True, SamplingParams(temperature=0.3, max_tokens=80), True),
        (True, SamplingParams(temperature=0.3, max_tokens=80, seed=5), False),  # to be the same
        (True, SamplingParams(temperature=0.0, max_tokens=80), False),
    ],
)
def test_guesses_only_where_it_may(
    worker: WorkerProcess, starter: Path, may_guess: bool, sampling: SamplingParams, guesses: bool
) -> None:
    worker.load(starter)  # what was measured before is forgotten
    question = user("Repeat: " + "the cat sat on the mat, the dog sat on the log, " * 8)
    worker.send(lambda i: messages.Generate(i, "", question, sampling, may_guess=may_guess))
    figures = worker.wait_for(messages.Finished).statistics
    assert (figures.drafted_tokens > 0) is guesses
    assert figures.accepted_tokens <= figures.drafted_tokens


def test_an_answer_says_whether_it_waited_for_the_load(
    worker: WorkerProcess, starter: Path
) -> None:
    worker.send(lambda i: messages.Load(i, starter, LoadParams()))
    few = SamplingParams(temperature=0, max_tokens=2)
    _, waited = worker.ask_after_load(user("Hi"), few)
    _, next_one = worker.ask(user("Hi again"), few)
    assert waited.statistics.load_s > 0
    assert next_one.statistics.load_s == 0
    assert waited.statistics.stop_reason == "limit"
    assert waited.statistics.layers == 31


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda source, folder: not_gguf(folder), "model.not-gguf"),
        (truncated, "model.truncated"),
        (unknown_architecture, "model.unsupported"),
        (lambda source, folder: folder / "nothing.gguf", "model.missing"),
        (lambda source, folder: bert(folder / "bert.gguf"), "model.cannot-write"),
        (lambda source, folder: mamba(folder / "wordless.gguf"), "model.damaged"),
    ],
)
def test_a_bad_file_fails_in_words_and_the_worker_goes_on(
    worker: WorkerProcess, starter: Path, tmp_path: Path, make: object, code: str
) -> None:
    path = make(starter, tmp_path)  # type: ignore[operator]
    worker.send(lambda i: messages.Load(i, path, LoadParams()))
    event = worker.next_event()
    while isinstance(event, messages.Loading):
        event = worker.next_event()
    assert isinstance(event, messages.Failed)
    assert event.problem.code == code
    assert "Traceback" not in event.problem.details
    if event.loaded is None:  # llama.cpp itself had to look at the file
        worker.load(starter)
    text, _ = worker.ask(user("What is 2+2?"))
    assert "4" in text


def test_a_model_without_a_template_still_answers(
    worker: WorkerProcess, starter: Path, tmp_path: Path
) -> None:
    model = worker.load(without_template(starter, tmp_path)).model
    assert model.template_source == "fallback"
    text, end = worker.ask(user("What is 2+2?"), SamplingParams(temperature=0, max_tokens=64))
    assert text.strip()
    assert "<|im" not in text
    assert end.reason in (StopReason.END, StopReason.LIMIT)
    worker.load(starter)


def test_unload_gives_the_memory_back(worker: WorkerProcess, starter: Path) -> None:
    process = psutil.Process(worker.child.pid)
    worker.ask(user("Hi"), SamplingParams(max_tokens=2))
    loaded = process.memory_info().rss
    worker.send(messages.Unload)
    worker.wait_for(messages.ModelUnloaded)
    assert process.memory_info().rss < loaded - 150_000_000  # 98 MB of file, 190 MB of KV cache
    worker.send(lambda i: messages.Generate(i, "", user("Hi"), GREEDY))
    failed = worker.next_event()
    assert isinstance(failed, messages.Failed)
    assert failed.problem.code == "model.not-loaded"
    worker.load(starter)


def test_a_machine_with_too_little_memory_is_told_before_the_load(
    tmp_path: Path, starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGLENOOK_MEMORY_LIMIT_BYTES", "100000000")
    process = WorkerProcess(tmp_path / "worker.log")
    process.send(lambda i: messages.Load(i, starter, LoadParams()))
    process.wait_for(messages.Loading)
    failed = process.next_event()
    process.close()
    assert isinstance(failed, messages.Failed)
    assert failed.problem.code == "model.memory"
    assert "95 MiB" in failed.problem.summary_text


def test_it_ends_with_its_parent(tmp_path: Path, starter: Path) -> None:
    """A window that is killed leaves no worker behind, not even one that is writing."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.worker_process import *\n"
        "if __name__ == '__main__':\n"
        "    w = WorkerProcess(Path(sys.argv[1])); w.load(Path(sys.argv[2]))\n"
        "    w.send(lambda i: messages.Generate(i, '', user('Write a long story.'), GREEDY))\n"
        "    w.wait_for(messages.TextProduced)\n"
        "    print(w.child.pid, flush=True); time.sleep(60)\n"
    )
    file = tmp_path / "parent.py"
    file.write_text(script)
    parent = subprocess.Popen(
        [sys.executable, str(file), str(tmp_path / "worker.log"), str(starter)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert psutil.wait_procs([worker], timeout=5.0)[1] == []
