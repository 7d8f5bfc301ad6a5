"""What the engine does, as the window shows it: where the model is, figures, reading, answers."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import psutil
import pytest
from PySide6.QtCore import Qt

from app.core.entities import Statistics, Status
from app.core.paths import Paths
from app.models.hardware import is_on_battery
from app.services.ports import EngineState
from app.ui.answer_figures import lines_of
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow, figures, long_text, paste

OLD = Statistics(
    prompt_tokens=40, reused_tokens=30, completion_tokens=12, ttft_s=0.25, tokens_per_s=50.0
)
READING = re.compile(r"Reading… (\d+) %, [\d.]+ s left")


@pytest.fixture
def short(paths: Paths) -> Paths:
    """A data folder whose settings ask for short answers, always the same ones."""
    values = {"preset": "own", "temperature": 0.0, "max_tokens": 24}
    paths.settings.write_text(json.dumps(values))
    return paths


@pytest.fixture
def brief(short: Paths, open_window: OpenWindow) -> AppWindow:
    """A started window that gives short answers."""
    window = open_window(short)
    window.until_ready()
    return window


# where it is


@pytest.mark.engine
def test_the_status_line_says_where_the_model_is_and_why_there(app: AppWindow) -> None:
    place = app.window.status.place
    assert place.isVisible()
    assert re.fullmatch(r"on the processor, [\d.]+ [MG]iB", place.text())
    model = app.engine.model
    assert model is not None
    held = int(re.findall(r"\d+", place.text())[0]) << 20
    assert held > model.size_bytes / 2  # weights, KV cache and buffers
    assert app.engine.no_gpu is not None
    assert app.engine.no_gpu.code == "gpu.not-built-in"
    assert "graphics card" in place.toolTip()


# how an answer was made


@pytest.mark.engine
def test_the_info_button_tells_how_an_answer_was_made_also_after_a_restart(
    short: Paths, open_window: OpenWindow
) -> None:
    first = open_window(short)
    first.until_ready()
    first.ask_and_wait("Name three animals.")
    made = figures(first)
    view = first.answer()
    assert not view._figures_text.isVisible()
    first.click(view._why)
    assert view._figures_text.isVisible()
    shown = view._figures_text.text()
    assert f"Writing {made.completion_tokens} tokens took" in shown
    assert f"Reading {made.prompt_tokens - made.reused_tokens} tokens took" in shown
    assert "The first word came after" in shown
    assert "All was computed by the processor." in shown
    first.click(view._why)
    assert not view._figures_text.isVisible()
    first.close()
    second = open_window(short)
    second.until(lambda: len(second.messages()) == 2)
    second.click(second.answer()._why)
    assert second.answer()._figures_text.isVisible()
    assert second.answer()._figures_text.text() == shown


@pytest.mark.engine
def test_a_question_that_waits_for_the_load_says_so(short: Paths, open_window: OpenWindow) -> None:
    app = open_window(short)
    app.until(lambda: app.chat.is_ready and app.engine.state is EngineState.LOADING)
    paste(app, "Name three animals.")
    app.until(lambda: app.messages() and not app.chat.is_answering)
    app.click(app.answer()._why)
    assert "It waited for the model to load" in app.answer()._figures_text.text()
    app.ask_and_wait("And three more?")
    app.click(app.answer()._why)
    assert "to load" not in app.answer()._figures_text.text()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Statistics(load_s=1.5), "It waited for the model to load: 1.5 s."),
        (OLD, "30 of 40 tokens had been read before."),
        (
            Statistics(prompt_tokens=40, reused_tokens=30, restored_tokens=30),
            "30 of 40 tokens had been read before and were kept.",
        ),
        (
            Statistics(prompt_tokens=40, reused_tokens=30, shifted_tokens=20),
            "30 of 40 tokens had been read before; some moved up.",
        ),
        (
            Statistics(prompt_tokens=40, reused_tokens=30, read_s=0.5),
            "Reading 10 tokens took 0.50 s (20 tokens/s).",
        ),
        (
            Statistics(dropped_turns=4),
            "The context was full: the oldest messages were left out (4).",
        ),
        (OLD, "The first word came after 0.25 s."),
        (
            Statistics(completion_tokens=120, write_s=12.3, tokens_per_s=9.67),
            "Writing 120 tokens took 12 s (9.7 tokens/s).",
        ),
        (
            Statistics(drafted_tokens=20, accepted_tokens=15),
            "15 of 20 guessed tokens were right.",
        ),
        (Statistics(stop_reason="end"), "The model ended it by itself."),
        (
            Statistics(stop_reason="limit"),
            "It ended at the longest answer or the end of the context.",
        ),
        (Statistics(stop_reason="stopped"), "It was stopped."),
        (
            Statistics(gpu_layers=12, layers=25),
            "12 of 25 layers were computed by the graphics card.",
        ),
        (Statistics(gpu_layers=0, layers=25), "All was computed by the processor."),
    ],
)
def test_each_figure_is_a_sentence(made: Statistics, words: str) -> None:
    assert words in lines_of(made)


def test_what_is_not_known_is_not_said() -> None:
    """Answers of before there were more figures, and those that ended before their first word."""
    assert lines_of(OLD) == [
        "30 of 40 tokens had been read before.",
        "The first word came after 0.25 s.",
    ]
    assert lines_of(Statistics()) == []
    assert lines_of(Statistics(ttft_s=3.0, stop_reason="stopped")) == ["It was stopped."]
    assert lines_of(Statistics(stop_reason="a reason of a later version")) == []


# reading


@pytest.mark.engine
def test_a_long_prompt_says_how_far_it_was_read(brief: AppWindow) -> None:
    paste(brief, long_text("a valley", 190))
    brief.until(lambda: brief.messages())
    waiting = brief.answer()._waiting
    brief.until(lambda: READING.fullmatch(waiting.text()))
    assert waiting.isVisible()
    assert brief.answer().text == ""
    found = READING.fullmatch(waiting.text())
    assert found is not None
    assert 0 < int(found[1]) <= 100
    brief.until(lambda: brief.answer().text)
    assert not waiting.isVisible()
    brief.until(lambda: not brief.chat.is_answering)
    assert figures(brief).prompt_tokens > 2000


@pytest.mark.engine
def test_stopped_while_a_long_prompt_is_read_it_is_not_read_twice(brief: AppWindow) -> None:
    paste(brief, long_text("a harbour", 190))
    brief.until(lambda: brief.messages() and READING.fullmatch(brief.answer()._waiting.text()))
    found = READING.fullmatch(brief.answer()._waiting.text())
    assert found is not None
    brief.press(Qt.Key.Key_Escape)
    brief.until(lambda: not brief.chat.is_answering)
    stopped = brief.answer()
    assert stopped.text == ""
    assert stopped._end.text() == "Stopped"
    assert stopped._end.isVisible()
    assert stopped.row.again.isVisible()
    assert not stopped.row.copy.isVisible()  # nothing is there to copy
    brief.click(stopped._why)
    assert "It was stopped." in stopped._figures_text.text()
    assert "first word" not in stopped._figures_text.text()
    read = figures(brief).prompt_tokens * int(found[1]) // 100
    brief.ask_and_wait("Is it large?")
    assert figures(brief).reused_tokens >= read - 100  # the end of the question is another one
    assert brief.answer().text


# how words are chosen


@pytest.mark.engine
def test_own_values_reach_the_model(brief: AppWindow) -> None:
    def answers() -> set[str]:
        found = set()
        for _ in range(2):
            brief.window.new_requested.emit()
            brief.until(lambda: not brief.messages())
            found.add(brief.ask_and_wait("Tell me a story about a fox."))
        return found

    assert len(answers()) == 1
    brief.window.setting_chosen.emit("temperature", 1.8)
    assert len(answers()) == 2


@pytest.mark.engine
def test_a_grammar_holds_and_a_broken_one_is_explained(brief: AppWindow) -> None:
    choose, pid = brief.window.setting_chosen.emit, brief.engine.worker_pid
    choose("grammar", 'root ::= "yes" | (')
    brief.ask_and_wait("Is the grass green?")
    failed = brief.answer()
    assert failed._problem.isVisible()
    assert "The grammar or JSON schema for answers cannot be used (" in failed._problem_text.text()
    assert "Correct it under" in failed._problem_text.text()
    choose("grammar", "")
    assert len(brief.ask_and_wait("Tell me a story about snow.")) > len("yes")
    choose("grammar", 'root ::= "yes" | "no"')
    assert brief.ask_and_wait("Is the sky blue?") in ("yes", "no")
    assert brief.engine.worker_pid == pid
    brief.controller.close()
    assert brief.stored()[1][2] is Status.FAILED


# on battery


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=False), True),
        (SimpleNamespace(power_plugged=None), False),  # a battery, but nobody knows of the mains
        (None, False),
    ],
)
def test_on_battery_is_a_battery_without_mains(
    monkeypatch: pytest.MonkeyPatch, battery: object, *, expected: bool
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert is_on_battery() is expected


def test_a_battery_that_cannot_be_asked_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError("no such device")

    monkeypatch.setattr(psutil, "sensors_battery", refuse, raising=False)
    assert is_on_battery() is False
    monkeypatch.delattr(psutil, "sensors_battery")  # as on a system that psutil does not know
    assert is_on_battery() is False
