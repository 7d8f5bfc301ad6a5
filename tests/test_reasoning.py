"""Finding a model's reasoning in its answer, however the text arrives."""

from __future__ import annotations

import pytest

from app.core.reasoning import Kind, Part, Splitter, joined, split, without_reasoning

HARMONY = (
    "<|channel|>analysis<|message|>hm<|end|><|start|>assistant"
    "<|channel|>final<|message|>Hi<|return|>"
)
FAMILIES = {
    "<think>\nhm\n</think>\n\nHi": "DeepSeek, Qwen, GLM",
    "<thinking>hm</thinking>Hi": "Claude-like tunes",
    "<thought>\nhm\n</thought>\n\nHi": "EXAONE",
    "<reasoning>hm</reasoning>\nHi": "tunes",
    "[THINK]hm[/THINK]Hi": "Magistral",
    "<seed:think>hm</seed:think>Hi": "Seed-OSS",
    "◁think▷hm◁/think▷Hi": "Kimi",
    "<|begin_of_thought|>hm<|end_of_thought|><|begin_of_solution|>Hi<|end_of_solution|>": "Sky-T1",
    "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Hi<|END_RESPONSE|>": "Command",
    HARMONY: "gpt-oss",
    "<|channel>thought\nhm<channel|>Hi": "Gemma 4",
    "Here is my thought process:\nhm\nHere is my response:\nHi": "Granite 3.2",
    "<think>hm</think><answer>Hi</answer>": "Hunyuan",
    "hm\n</think>\n\nHi": "the template had opened it",
    "hm.</think>\nHi": "the template had opened it, closed at the end of a line",
}
NONE = [
    "Hi",
    "Use `<think>` and <think> in a line.",
    "The tag `</think>` ends it, </think> too.",
    "```\n<think>\nx\n</think>\n```\nHi",
    "~~~~\n</think>\n~~~\n<think>\n~~~~\nend",
    "<b>bold</b> <thin",
    "<|unknown|>text",
    "[TH",
    "",
]


@pytest.mark.parametrize("text", FAMILIES)
@pytest.mark.parametrize("step", [1, 2, 5, 1000])
def test_every_family_s_reasoning_is_told_from_its_answer(text: str, step: int) -> None:
    parts = pieces_of(text, step)
    assert [part.kind for part in parts] == [Kind.REASONING, Kind.ANSWER]
    assert parts[0].text.strip(".\n") == "hm"
    assert parts[1].text == "Hi"
    assert parts[0].is_closed
    assert without_reasoning(text) == "Hi"


@pytest.mark.parametrize("text", NONE)
@pytest.mark.parametrize("step", [1, 4, 1000])
def test_an_answer_that_speaks_of_markers_keeps_its_text(text: str, step: int) -> None:
    assert pieces_of(text, step) == ([Part(Kind.ANSWER, text)] if text else [])


def test_reasoning_that_goes_on_is_not_closed() -> None:
    assert split("<think>still") == [Part(Kind.REASONING, "still", is_closed=False)]
    assert without_reasoning("<think>still") == ""


def test_empty_reasoning_is_none() -> None:
    assert split("<think>\n\n</think>\n\nHi") == [Part(Kind.ANSWER, "Hi")]


def test_reasoning_between_two_answers() -> None:
    parts = split("One\n<think>hm</think>\nTwo")
    assert [part.kind for part in parts] == [Kind.ANSWER, Kind.REASONING, Kind.ANSWER]
    assert without_reasoning("One\n<think>hm</think>\nTwo") == "One\n\nTwo"


def test_reasoning_that_the_prompt_opened_is_known_from_the_first_word() -> None:
    splitter = Splitter(is_inside=True)
    assert splitter.feed("hm")[0].kind is Kind.REASONING
    assert splitter.is_reasoning
    assert [piece.text for piece in splitter.feed("</think>Hi", is_complete=True)] == ["Hi"]


@pytest.mark.parametrize("start", ["", "<think>", "```\n", "<think>a</think>"])
def test_little_is_held_back_however_long_the_answer_is(start: str) -> None:
    """Constant work: what is looked at again does not grow."""
    splitter = Splitter()
    splitter.feed(start)
    for _ in range(2_000):
        splitter.feed("word < [ `x` ")
        assert len(splitter._kept) < 60


def pieces_of(text: str, step: int) -> list[Part]:
    """The parts, the text fed in pieces of `step` characters."""
    splitter = Splitter()
    found = []
    for start in range(0, len(text), step):
        found += splitter.feed(text[start : start + step])
    found += splitter.feed("", is_complete=True)
    return joined(found, is_open=splitter)
