"""After a failure: the smaller setting that is offered, taken, remembered for the next start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from app.core.entities import Device, LoadParams, Placement
from app.core.errors import (
    AppError,
    DecodeFailed,
    GpuLoadFailed,
    LoadCutShort,
    ModelFileDamaged,
    NotEnoughMemory,
    Problem,
    WorkerCardFull,
    WorkerCrashed,
    WorkerDriverFailed,
    WorkerGaveUp,
    WorkerKilled,
    WorkerNotResponding,
    WorkerOutOfMemory,
)
from app.core.paths import Paths
from app.models.gguf import read_header
from app.models.memory import memory_bytes
from app.services.loop import LoopScheduler
from app.services.ports import EngineState
from app.services.proven import KEPT, Proven, smaller_of
from app.services.recovery import ModelFacts, Step, StepKind, next_step, read_facts
from app.services.worker_end import problem_of
from app.ui.words import number_text
from tests.app_window import AppWindow

OpenWindow = Callable[[Paths], AppWindow]
MIB = 1 << 20
ENDLESS = 1 << 50
ROOT = Path(__file__).parents[1]
KILLED = WorkerKilled().problem
PLAIN = LoadParams(context_tokens=8192)
CARD = Device("Vulkan0", "A graphics card", "gpu", 8 << 30, 8 << 30)
LOADED = Placement(device="Vulkan0", gpu_layers=25, layers=25)


def crashed(reason: str, details: str = "") -> Problem:
    """The worker's end by a signal, or with an exit code."""
    return WorkerCrashed(details, reason=reason).problem


def kinds(params: LoadParams, facts: ModelFacts, problem: Problem) -> list[Step]:
    """The steps that are offered one after another, each of them failing too."""
    found: list[Step] = []
    while (step := next_step(params, facts, problem)) is not None:
        assert step.params != params
        found.append(step)
        params = step.params
        if step.kind is StepKind.LAYERS:
            placement = replace(LOADED, gpu_layers=params.gpu_layers)
            facts = replace(facts, placement=placement)
    return found


# the ladder


def test_without_a_card_the_ladder_goes_from_the_kv_cache_to_the_least_context() -> None:
    steps = kinds(PLAIN, ModelFacts(), KILLED)
    assert [(s.kind, s.params.kv_type, s.params.context_tokens) for s in steps] == [
        (StepKind.KV_CACHE, "q8_0", 8192),
        (StepKind.HALF_CONTEXT, "q8_0", 4096),
        (StepKind.HALF_CONTEXT, "q8_0", 2048),
        (StepKind.HALF_CONTEXT, "q8_0", 1024),
    ]


def test_on_a_card_fewer_layers_follow_and_the_processor_is_last() -> None:
    facts = ModelFacts(has_card=True, placement=LOADED)
    steps = kinds(replace(PLAIN, context_tokens=2048), facts, WorkerCardFull().problem)
    assert [s.kind for s in steps[:2]] == [StepKind.KV_CACHE, StepKind.HALF_CONTEXT]
    layers = [s.params.gpu_layers for s in steps[2:]]
    assert layers == [18, 13, 9, 6, 4, 3, 2, 1, 0]
    assert [s.kind for s in steps[2:-1]] == [StepKind.LAYERS] * 8
    assert (steps[-1].kind, steps[-1].params.device) == (StepKind.PROCESSOR, "cpu")


@pytest.mark.parametrize(
    "problem",
    [
        GpuLoadFailed("vk::Device::createDevice: ErrorInitializationFailed").problem,
        WorkerDriverFailed().problem,
        crashed("SIGSEGV"),
        crashed("SIGABRT"),
        WorkerGaveUp("GGML_ASSERT(x) failed").problem,
    ],
)
def test_a_driver_that_fails_is_left_alone_at_once(problem: Problem) -> None:
    step = next_step(PLAIN, ModelFacts(has_card=True, placement=LOADED), problem)
    assert step is not None
    assert step.kind is StepKind.PROCESSOR
    assert next_step(step.params, ModelFacts(has_card=True), crashed("SIGILL")) is None


@pytest.mark.parametrize(
    "problem",
    [
        NotEnoughMemory().problem,
        KILLED,
        WorkerOutOfMemory().problem,
        DecodeFailed(code=-3).problem,
        LoadCutShort().problem,
        crashed("SIGABRT", "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate"),
        GpuLoadFailed("ErrorOutOfDeviceMemory").problem,
    ],
)
def test_want_of_memory_begins_with_the_kv_cache_also_on_a_card(problem: Problem) -> None:
    step = next_step(PLAIN, ModelFacts(has_card=True, placement=LOADED), problem)
    assert step == Step(StepKind.KV_CACHE, replace(PLAIN, kv_type="q8_0"))


@pytest.mark.parametrize(
    "problem",
    [
        ModelFileDamaged().problem,
        WorkerNotResponding().problem,
        crashed("SIGILL"),
        crashed("3"),
        crashed("SIGTERM"),
    ],
)
def test_what_no_setting_helps_against_has_no_step(problem: Problem) -> None:
    assert next_step(PLAIN, ModelFacts(has_card=True, placement=LOADED), problem) is None


def test_a_signal_without_a_card_may_be_want_of_memory() -> None:
    step = next_step(PLAIN, ModelFacts(), crashed("SIGBUS"))
    assert step is not None
    assert step.kind is StepKind.KV_CACHE


def test_the_automatic_context_is_halved_from_what_it_comes_to(starter: Path) -> None:
    facts = read_facts(starter)
    step = next_step(LoadParams(kv_type="q8_0"), facts, KILLED)
    assert step is not None
    assert step.params.context_tokens == 4096
    odd = next_step(LoadParams(context_tokens=5000, kv_type="q8_0"), facts, KILLED)
    assert odd is not None
    assert odd.params.context_tokens == 2304  # llama.cpp would round 2500 up


def test_layers_nobody_counted_are_counted_from_the_header(starter: Path) -> None:
    facts = replace(read_facts(starter), has_card=True)
    few = LoadParams(context_tokens=1024, kv_type="q8_0")
    step = next_step(few, facts, KILLED)
    assert step == Step(StepKind.LAYERS, replace(few, gpu_layers=31 * 3 // 4))
    asked = next_step(replace(few, gpu_layers=8), facts, KILLED)
    assert asked == Step(StepKind.LAYERS, replace(few, gpu_layers=6))
    on_processor = replace(few, device="cpu")
    assert next_step(on_processor, facts, KILLED) is None


def test_a_step_that_would_be_refused_again_is_passed_over(starter: Path) -> None:
    header = read_header(starter)
    room = memory_bytes(header, LoadParams(), 2048) + MIB
    facts = ModelFacts(header=header, free_ram=room)
    step = next_step(PLAIN, facts, NotEnoughMemory().problem)
    assert step is not None
    assert step.params.context_tokens == 2048
    assert step.kind is StepKind.CONTEXT
    assert facts.fits(step.params)
    too_little = replace(facts, free_ram=header.file_size)
    assert next_step(PLAIN, too_little, NotEnoughMemory().problem) is None


def test_a_cards_own_memory_and_that_of_the_loaded_model_count(
    starter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the computer's memory cannot hold alone, it holds together with the card."""
    header = read_header(starter)
    need = memory_bytes(header, LoadParams(kv_type="q8_0"), 8192)
    monkeypatch.setenv("INGLENOOK_MEMORY_LIMIT_BYTES", str(need // 2))
    card = Device("Vulkan0", "a card", "gpu", 4 * need, need)
    placed = Placement("Vulkan0", "a card", 20, 31, need, 0)
    facts = ModelFacts(header=header).now([card], placed)
    assert facts.fits(LoadParams(kv_type="q8_0"))
    assert not facts.fits(LoadParams(kv_type="q8_0", device="cpu"))
    on_cpu = Placement(layers=31, host_bytes=need)
    assert not ModelFacts(header=header).now([], on_cpu).fits(LoadParams(kv_type="q8_0"))
    loaded = ModelFacts(header=header).now([], on_cpu, is_loaded=True)
    assert loaded.fits(LoadParams(kv_type="q8_0"))  # its own memory is free before the next load


def test_a_file_that_cannot_be_read_still_has_a_ladder(tmp_path: Path) -> None:
    facts = read_facts(tmp_path / "gone.gguf")
    assert facts == ModelFacts()
    assert next_step(LoadParams(), facts, KILLED) is not None


# why the worker ended


@pytest.mark.parametrize(
    ("code", "log", "expected"),
    [
        (-9, "GGML_ASSERT(x)", WorkerKilled),
        (-6, "ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory", WorkerCardFull),
        (-6, "terminate called: 'vk::OutOfDeviceMemoryError'", WorkerCardFull),
        (-6, "CUDA error: out of memory", WorkerCardFull),
        (-6, "terminate called after throwing an instance of 'std::bad_alloc'", WorkerOutOfMemory),
        (-11, "alloc: failed to allocate buffer of size 123", WorkerOutOfMemory),
        (-6, "terminate called: vk::DeviceLostError", WorkerDriverFailed),
        (-6, "/src/ggml.c:123: GGML_ASSERT(a != b) failed", WorkerGaveUp),
        (-11, "llama_context: n_ctx = 8192", WorkerCrashed),
        (3, "", WorkerCrashed),
    ],
)
def test_the_last_words_say_why(code: int, log: str, expected: type[AppError]) -> None:
    problem = problem_of(code, f"loading\n{log}\nbye")
    assert problem.code == expected.code
    assert "{" not in problem.summary_text


def test_the_words_are_found_before_the_stack_and_shown() -> None:
    stack = "\n".join(f'  File "main.py", line {n} in run' for n in range(80))
    log = f"failed to allocate CPU buffer\nFatal Python error: Aborted\n\nThread 1:\n{stack}"
    problem = problem_of(-6, log)
    assert problem.code == WorkerOutOfMemory.code
    assert problem.details.startswith("failed to allocate CPU buffer")
    assert "SIGABRT" in problem.summary_text


def test_what_was_survived_long_before_is_not_the_reason() -> None:
    log = "\n".join(["failed to allocate pinned memory", *["llama_decode: fine"] * 80])
    assert problem_of(-11, log).code == WorkerCrashed.code


# what worked


class Disk:
    """proven.json of one test, and the lane it is written on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scheduler = LoopScheduler()

    def open(self) -> Proven:
        """As the next start reads it."""
        self.scheduler.drain(10.0)
        return Proven(self.path, self.scheduler)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "proven.json")


SMALL = replace(PLAIN, context_tokens=4096, kv_type="q8_0")


def test_what_worked_is_there_at_the_next_start(disk: Disk) -> None:
    disk.open().remember("a.gguf", 100, PLAIN, SMALL, ["card"])
    proven = disk.open()
    assert proven.lowered("a.gguf", 100, PLAIN) == SMALL
    assert proven.lowered("a.gguf", None, PLAIN) == SMALL
    assert proven.lowered("a.gguf", 101, PLAIN) == PLAIN
    assert proven.lowered("b.gguf", 100, PLAIN) == PLAIN
    assert proven.lowered("a.gguf", 100, replace(PLAIN, threads=2)) == replace(SMALL, threads=2)


def test_a_changed_setting_ends_it_for_good(disk: Disk) -> None:
    proven = disk.open()
    proven.remember("a.gguf", 100, PLAIN, SMALL, [])
    proven.remember("b.gguf", 100, PLAIN, SMALL, [])
    other = replace(PLAIN, context_tokens=16384)
    assert proven.lowered("a.gguf", 100, other) == other
    assert disk.open().lowered("a.gguf", 100, PLAIN) == PLAIN
    assert disk.open().lowered("b.gguf", 100, PLAIN) == SMALL


def test_more_memory_ends_it(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.proven.total_ram_bytes", lambda: 8 << 30)
    disk.open().remember("a.gguf", 100, PLAIN, SMALL, [])
    monkeypatch.setattr("app.services.proven.total_ram_bytes", lambda: (8 << 30) + MIB)
    assert disk.open().lowered("a.gguf", 100, PLAIN) == SMALL
    monkeypatch.setattr("app.services.proven.total_ram_bytes", lambda: 16 << 30)
    assert disk.open().lowered("a.gguf", 100, PLAIN) == PLAIN


def test_it_never_makes_a_load_larger() -> None:
    asked = LoadParams(context_tokens=2048, kv_type="q4_0", gpu_layers=3)
    assert smaller_of(asked, replace(SMALL, gpu_layers=10)) == asked
    assert smaller_of(asked, LoadParams()) == asked
    on_cpu = smaller_of(LoadParams(), LoadParams(gpu_layers=0, device="cpu"))
    assert (on_cpu.gpu_layers, on_cpu.device) == (0, "cpu")
    assert smaller_of(LoadParams(), SMALL) == LoadParams(context_tokens=4096, kv_type="q8_0")


def test_only_the_newest_are_kept(disk: Disk) -> None:
    proven = disk.open()
    for number in range(KEPT + 5):
        proven.remember(f"{number}.gguf", 1, PLAIN, SMALL, [])
    proven = disk.open()
    assert proven.lowered("4.gguf", 1, PLAIN) == PLAIN
    assert proven.lowered("5.gguf", 1, PLAIN) == SMALL


def test_a_begun_load_is_known_until_it_ends(disk: Disk) -> None:
    proven = disk.open()
    proven.begin("a.gguf", PLAIN)
    found = disk.open().cut_short
    assert found is not None
    assert (found.name, found.params) == ("a.gguf", PLAIN)
    proven.end()
    assert disk.open().cut_short is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{ this is not JSON",
        "[]",
        '{"version": 2}',
        '{"version": 1, "models": 3, "attempting": "x"}',
        '{"version": 1, "models": [null, {"name": 3}, {"name": "a", "asked": {}, "worked": {}}]}',
        '{"version": 1, "attempting": {"name": "a", "params": {"context_tokens": "many"}}}',
        '{"version": 1, "attempting": {"name": "a", "params": {"kv_type": "f64"}}}',
        '{"version": 1, "models": ' + "[" * 5000,
    ],
)
def test_a_damaged_file_is_ignored_and_written_anew(disk: Disk, text: str) -> None:
    disk.path.write_text(text)
    proven = disk.open()
    assert proven.cut_short is None
    assert proven.lowered("a", None, PLAIN) == PLAIN
    proven.remember("a.gguf", 100, PLAIN, SMALL, [])
    assert disk.open().lowered("a.gguf", 100, PLAIN) == SMALL


def test_a_disk_that_takes_nothing_is_no_reason_to_stop(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "none" / "proven.json")
    proven = disk.open()
    proven.remember("a.gguf", 100, PLAIN, SMALL, [])
    assert proven.lowered("a.gguf", 100, PLAIN) == SMALL
    assert disk.open().lowered("a.gguf", 100, PLAIN) == PLAIN


# the window


def trials(app: AppWindow) -> list[QPushButton]:
    """The buttons of the banner on show that try something smaller."""
    shown = app.window.banner.buttons() if app.banner_code() else []
    return [b for b in shown if b.text().startswith("Try ") and b.text() != "Try again"]


def own_settings(app: AppWindow) -> bool:
    """Whether the menu offers the way back."""
    return app.controller.models.recovery.own_settings_action.isVisible()


def context(app: AppWindow) -> int:
    """Of the model that is loaded."""
    assert app.engine.model is not None
    return app.engine.model.context


@pytest.fixture
def narrow(starter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer on which the starter model fits with 2048 tokens of context, whatever the KV
    cache is made of, and not with 8192."""
    room = memory_bytes(read_header(starter), LoadParams(), 2048) + MIB
    monkeypatch.setenv("INGLENOOK_MEMORY_LIMIT_BYTES", str(room))


@pytest.mark.engine
def test_a_model_that_does_not_fit_is_loaded_smaller_now_and_at_the_next_start(
    open_window: OpenWindow, paths: Paths, narrow: None
) -> None:
    app = open_window(paths)
    app.until(app.banner_code)
    assert app.banner_code() == "model.memory"
    app.until(lambda: trials(app))
    offer = trials(app)[0]
    assert offer is app.window.banner.buttons()[0]
    assert f"{number_text(2048)} tokens" in offer.text()
    app.click(offer)
    assert app.window.composer.text.hasFocus()  # and not whatever button comes next
    app.until_ready()
    assert app.banner_code() == ""
    assert context(app) == 2048
    assert "remembered" in app.window.toast._label.text()
    assert own_settings(app)
    assert "4" in app.ask_and_wait("What is 2+2?")
    app.close()

    again = open_window(paths)
    problems: list[str] = []
    again.window.banner.closed.connect(lambda: problems.append("closed"))
    again.until_ready()
    assert again.banner_code() == ""
    assert problems == []
    assert context(again) == 2048
    assert not again.window.toast.isVisible()


@pytest.mark.engine
def test_the_settings_come_back_when_the_person_wants(
    open_window: OpenWindow, paths: Paths, narrow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_window(paths)
    app.until(lambda: trials(app))
    app.click(trials(app)[0])
    app.until_ready()
    monkeypatch.setenv("INGLENOOK_MEMORY_LIMIT_BYTES", str(ENDLESS))
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)  # the next worker sees the larger computer
    app.until(app.banner_code)
    app.until(lambda: trials(app))
    app.click(app.offer("Use my settings again"))
    app.until_ready()
    assert context(app) == 8192
    assert not own_settings(app)
    app.close()
    assert json.loads(paths.proven.read_text())["models"] == []


@pytest.mark.engine
def test_another_setting_ends_what_was_remembered(
    open_window: OpenWindow, paths: Paths, narrow: None, starter: Path
) -> None:
    app = open_window(paths)
    app.until(lambda: trials(app))
    app.click(trials(app)[0])
    app.until_ready()
    app.controller.preferences.change(context_tokens=1024)
    app.controller.models.load(starter)
    app.until(lambda: app.engine.state is EngineState.READY and context(app) == 1024)
    assert not own_settings(app)
    app.close()
    assert json.loads(paths.proven.read_text())["models"] == []


@pytest.mark.engine
def test_another_graphics_card_ends_it_by_itself(
    open_window: OpenWindow, paths: Paths, starter: Path
) -> None:
    scheduler = LoopScheduler()
    size = starter.stat().st_size
    small = LoadParams(context_tokens=1024)
    Proven(paths.proven, scheduler).remember(starter.name, size, LoadParams(), small, ["Old card"])
    scheduler.drain(10.0)
    app = open_window(paths)
    app.until(lambda: app.engine.state is EngineState.READY and context(app) == 8192)
    app.close()
    assert json.loads(paths.proven.read_text())["models"] == []


@pytest.mark.engine
def test_a_worker_that_is_killed_while_loading_is_tried_smaller(
    app: AppWindow, starter: Path
) -> None:
    app.window.model_chosen.emit(starter)
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)
    app.until(lambda: trials(app))
    assert app.banner_code() == "worker.killed"
    assert trials(app)[0].text() == "Try with a smaller KV cache"
    app.click(trials(app)[0])
    app.until_ready()
    assert app.engine.model is not None
    assert app.engine.model.placement.kv_type == "q8_0"
    assert app.window.toast.isVisible()
    assert "a smaller KV cache; remembered" in app.window.toast._label.text()
    assert "4" in app.ask_and_wait("What is 2+2?")


@pytest.mark.engine
def test_a_worker_that_is_killed_while_answering_goes_on_down_the_ladder(app: AppWindow) -> None:
    app.controller.preferences.change(preset="own", temperature=0.0)  # a long answer each time
    for words, kv_type, tokens in (
        ("Try with a smaller KV cache", "q8_0", 8192),
        (f"Try with half the context ({number_text(4096)} tokens)", "q8_0", 4096),
    ):
        # a conversation of its own: what was cut off at some word could make the next answer short
        app.window.new_requested.emit()
        app.until(lambda: not app.messages())
        app.ask("Write a very long story about a fireplace.")
        app.until(lambda: len(app.messages()) == 2)
        app.until_writing()
        assert app.engine.worker_pid is not None
        os.kill(app.engine.worker_pid, signal.SIGKILL)
        app.until(lambda: trials(app))
        assert trials(app)[0].text() == words
        app.click(app.offer(words))
        app.until_ready()
        assert app.engine.model is not None
        assert (app.engine.model.placement.kv_type, context(app)) == (kv_type, tokens)
        assert not app.chat.is_answering  # that is for the person to ask for


def kill_while_loading(paths: Paths) -> None:
    """Start the real window in a process of its own, and kill it as soon as it loads a model."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.kill_target", str(paths.data), "What is 2+2?"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not paths.proven.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert "attempting" in json.loads(paths.proven.read_text())


@pytest.mark.engine
def test_a_load_that_took_the_app_with_it_is_not_begun_again_by_itself(
    open_window: OpenWindow, paths: Paths, starter: Path
) -> None:
    kill_while_loading(paths)
    app = open_window(paths)
    app.until(lambda: trials(app))
    assert app.banner_code() == "model.load-cut-short"
    assert starter.name in app.window.banner._summary.text()
    assert app.engine.model_path is None
    assert not app.window.composer.button.isEnabled()
    assert trials(app)[0].text() == "Try with a smaller KV cache"

    app.window.banner.clear()
    looks: list[int] = []
    app.controller.models.models_found.connect(lambda *_: looks.append(1))
    app.window.model_menu.aboutToShow.emit()  # neither loaded nor told once more
    app.until(lambda: looks)
    assert app.banner_code() == ""
    assert app.engine.model_path is None

    app.window.model_chosen.emit(starter)  # whoever asks for it gets it
    app.until_ready()
    assert app.engine.model is not None
    assert app.engine.model.placement.kv_type == "f16"
    app.close()
    assert "attempting" not in json.loads(paths.proven.read_text())


@pytest.mark.engine
def test_a_load_that_was_cut_short_can_be_tried_again_as_it_was(
    open_window: OpenWindow, paths: Paths
) -> None:
    kill_while_loading(paths)
    app = open_window(paths)
    app.until(lambda: trials(app))
    app.click(app.offer("Try again"))
    app.until_ready()
    assert app.engine.load_params == LoadParams()
    assert "4" in app.ask_and_wait("What is 2+2?")


@pytest.mark.engine
def test_a_worker_that_died_while_loading_is_not_loaded_again_at_the_next_start(
    app: AppWindow, open_window: OpenWindow, starter: Path
) -> None:
    app.window.model_chosen.emit(starter)
    assert app.engine.worker_pid is not None
    os.kill(app.engine.worker_pid, signal.SIGKILL)
    app.until(app.banner_code)
    app.close()
    again = open_window(app.paths)
    again.until(lambda: trials(again))
    assert again.banner_code() == "model.load-cut-short"
    again.click(trials(again)[0])
    again.until_ready()
    assert again.banner_code() == ""
    again.close()

    third = open_window(app.paths)
    third.until_ready()
    assert third.banner_code() == ""
    assert third.engine.model is not None
    assert third.engine.model.placement.kv_type == "q8_0"


@pytest.mark.engine
def test_closing_the_window_while_it_loads_is_no_crash(
    open_window: OpenWindow, paths: Paths
) -> None:
    app = open_window(paths)
    app.until(lambda: app.engine.state is EngineState.LOADING)
    app.close()
    again = open_window(paths)
    again.until_ready()
    assert again.banner_code() == ""


@pytest.mark.engine
def test_a_damaged_file_changes_nothing_for_the_person(
    open_window: OpenWindow, paths: Paths
) -> None:
    paths.proven.write_text("{ this is not JSON")
    app = open_window(paths)
    app.until_ready()
    assert app.banner_code() == ""
    assert context(app) == 8192


@pytest.mark.engine
def test_an_answer_that_could_not_go_on_is_offered_a_smaller_setting(app: AppWindow) -> None:
    """No real decode fails on purpose: the engine's listeners are told of one."""
    problem = DecodeFailed("llama_decode returned -3", code=-3).problem
    app.controller.models.recovery.generation_failed(1, problem, worker_died=False)
    app.until(lambda: trials(app))
    assert app.banner_code() == "worker.decode"
    assert trials(app)[0].text() == "Try with a smaller KV cache"
