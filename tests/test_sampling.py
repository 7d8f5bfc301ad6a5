"""How words are chosen: every sampler has its effect, a model's recommendation its limits."""

from __future__ import annotations

import contextlib
import json
import math
from collections import Counter
from dataclasses import replace

import pytest

from app.core.entities import SamplingParams
from app.core.errors import DecodeFailed, GrammarBroken
from app.core.presets import OWN_FIELDS, PRESETS, parse_bias, sampling_of, wrong_bias_line
from app.core.settings import Settings, declarations
from app.models.advice import ADVICE, LIMITS, advice_of, advised
from app.worker.cache import Aborted, Cache
from app.worker.generation import Generation, Request
from app.worker.llm import StreamingLlamaCpp

pytestmark = pytest.mark.engine
PROMPT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
GREEDY = SamplingParams(temperature=0.0, max_tokens=24, is_own=True)
VARIED = SamplingParams(temperature=1.0, max_tokens=16, seed=7, is_own=True)


def answer(llm: StreamingLlamaCpp, params: SamplingParams, question: str = "Name a fruit.") -> str:
    """The text that comes of `params`."""
    return text_after(llm, params, PROMPT.format(question))


def text_after(llm: StreamingLlamaCpp, params: SamplingParams, prompt: str) -> str:
    """What follows `prompt`, which has no template around it."""
    tokens = llm.tokens_of(prompt)
    generation = Generation(llm, list(tokens), Request(params), list(params.stop))
    return "".join(chunk.text for chunk in generation.run())


def test_the_same_seed_gives_the_same_answer(llm: StreamingLlamaCpp) -> None:
    first = answer(llm, VARIED)
    assert answer(llm, VARIED) == first
    assert {answer(llm, replace(VARIED, seed=seed)) for seed in range(20, 26)} != {first}


def test_temperature_nothing_takes_the_likeliest_word(llm: StreamingLlamaCpp) -> None:
    assert len({answer(llm, replace(GREEDY, seed=seed)) for seed in (1, 2, 3)}) == 1
    # and so does top-k 1, however hot
    hot = SamplingParams(temperature=2.0, top_k=1, max_tokens=24, seed=3, is_own=True)
    assert answer(llm, hot) == answer(llm, GREEDY)


def test_a_word_that_is_never_wanted_does_not_come(llm: StreamingLlamaCpp) -> None:
    plain = answer(llm, GREEDY)
    word = plain.split()[0]
    assert not answer(llm, replace(GREEDY, logit_bias=((word, -100.0),))).startswith(word)
    wanted = answer(llm, replace(GREEDY, logit_bias=(("Banana", 100.0),), max_tokens=1))
    assert wanted.strip()
    assert "Banana".startswith(wanted.strip())


@pytest.mark.parametrize("params", [GREEDY, VARIED])
def test_a_grammar_is_followed(llm: StreamingLlamaCpp, params: SamplingParams) -> None:
    found = answer(llm, replace(params, grammar='root ::= "yes" | "no"'), "Is water wet?")
    assert found in ("yes", "no")


def test_a_json_schema_is_followed(llm: StreamingLlamaCpp) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"enum": ["apple", "pear"]}, "count": {"type": "integer"}},
        "required": ["name", "count"],
    }
    params = replace(GREEDY, json_schema=json.dumps(schema), max_tokens=60)
    found = json.loads(answer(llm, params, "Describe a basket of fruit."))
    assert found["name"] in ("apple", "pear")
    assert isinstance(found["count"], int)


def test_every_text_of_a_schema_can_be_answered(llm: StreamingLlamaCpp) -> None:
    for text in ('a "b" c', "C:\\new", "two\nlines", "🦊", "你好", "5"):
        schema = {"type": "object", "properties": {text: {"const": text}}, "required": [text]}
        params = replace(GREEDY, json_schema=json.dumps(schema), max_tokens=60)
        assert json.loads(answer(llm, params, "Which?")) == {text: text}


@pytest.mark.parametrize(
    "params",
    [
        replace(GREEDY, grammar="root ::= ((("),
        replace(GREEDY, grammar="leaf ::= [a-z]"),
        replace(GREEDY, grammar='root ::= "a" b\nb ::= [^\\x00-\\U0010FFFF]'),  # no way on
        replace(GREEDY, json_schema="{not json"),
        replace(GREEDY, json_schema='{"type": "no such type"}'),
    ],
)
def test_a_grammar_that_is_none_is_refused_and_the_next_answer_comes(
    llm: StreamingLlamaCpp, params: SamplingParams
) -> None:
    with pytest.raises(GrammarBroken) as caught:
        answer(llm, params)
    assert dict(caught.value.problem.params)["reason"]
    assert answer(llm, GREEDY)


def repeats(text: str) -> int:
    """How often the most frequent three words in a row come."""
    words = text.split()
    grams = Counter(zip(words, words[1:], words[2:], strict=False))
    return max(grams.values(), default=0)


@pytest.mark.parametrize(
    "change",
    [
        {"dry_multiplier": 2.0, "dry_allowed_length": 1},
        {"repeat_penalty": 1.5},
        {"frequency_penalty": 2.0},
        {"presence_penalty": 20.0, "penalty_window": -1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_penalties_keep_it_from_repeating(llm: StreamingLlamaCpp, change: dict[str, float]) -> None:
    # so often that every processor, whose last digits differ, goes on with it
    prompt = "The cat sat on the mat. " * 24 + "The cat sat"
    params = replace(GREEDY, max_tokens=60)
    plain, penal = (
        text_after(llm, params, prompt),
        text_after(llm, replace(params, **change), prompt),
    )
    assert repeats(plain) > 4  # what is to be kept away
    assert penal != plain
    assert repeats(penal) < repeats(plain) / 2


@pytest.mark.parametrize(
    "change",
    [
        {"xtc_probability": 1.0, "xtc_threshold": 0.01},
        {"mirostat": 1},
        {"mirostat": 2, "mirostat_tau": 1.0},
        {"typical_p": 0.2},
        {"min_p": 0.9},
        {"top_p": 0.1},
    ],
    ids=str,
)
def test_other_samplers_choose_otherwise_and_the_same_each_time(
    llm: StreamingLlamaCpp, change: dict[str, float]
) -> None:
    params = replace(VARIED, **change)
    first = answer(llm, params)
    assert first == answer(llm, params)
    others = [
        answer(llm, replace(base, seed=seed)) for seed in (7, 8, 9) for base in (VARIED, params)
    ]
    assert others[0::2] != others[1::2]


def test_an_answer_ends_before_a_stop_text(llm: StreamingLlamaCpp) -> None:
    plain = answer(llm, GREEDY)
    stop = plain.split()[2]
    found = answer(llm, replace(GREEDY, stop=(stop,)))
    assert plain.startswith(found)
    assert stop not in found


# A model's recommendation, presets and a person's own values


def test_what_a_model_recommends_counts_before_the_defaults() -> None:
    advice = advice_of(
        {"general.sampling.temp": 0.25, "general.sampling.top_k": 64, "general.name": "x"}
    )
    assert dict(advice) == {"temperature": 0.25, "top_k": 64}
    found = advised(SamplingParams(pinned=("top_k",)), advice)
    assert (found.temperature, found.top_k, found.top_p) == (0.25, 40, 0.95)
    assert advised(SamplingParams(is_own=True), advice).temperature == 0.7


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -1.0, 1e9, "hot", True, None, (1.0,)], ids=str
)
def test_a_recommendation_that_makes_no_sense_is_left_out(value: object) -> None:
    assert advice_of({"general.sampling.temp": value}) == ()


def test_every_recommendation_is_a_field_with_limits() -> None:
    assert set(ADVICE.values()) <= set(SamplingParams.__dataclass_fields__)
    assert set(LIMITS) == set(ADVICE.values())


def test_presets_change_what_they_say_and_own_values_all() -> None:
    assert not sampling_of(Settings()).is_own
    precise = sampling_of(Settings(preset="precise", temperature=1.9))
    assert precise.is_own
    assert precise.temperature == PRESETS["precise"]["temperature"]
    own = Settings(preset="own", temperature=1.9, dry_multiplier=0.8, seed=5, stop_texts="a\n\nb")
    found = sampling_of(own)
    assert (found.temperature, found.dry_multiplier, found.seed) == (1.9, 0.8, 5)
    assert found.stop == ("a", "b")
    assert set(OWN_FIELDS) <= set(declarations())


def test_favoured_words_are_read_line_by_line() -> None:
    text = "delve = -5\n\ntapestry: 3.5\n你好 = 200"
    assert parse_bias(text) == (("delve", -5.0), ("tapestry", 3.5), ("你好", 100.0))
    assert wrong_bias_line(text) == ""
    assert wrong_bias_line("fine = 1\nno number here") == "no number here"


@pytest.mark.parametrize("error", [Aborted(), DecodeFailed("out of memory", code=-3)])
def test_no_word_is_lost_where_an_answer_is_stopped_or_fails(
    llm: StreamingLlamaCpp, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Text is handed on some times a second: what was not yet comes with the end."""
    plain = answer(llm, replace(GREEDY, max_tokens=8))
    left = iter(range(8))
    step = Cache.step

    def fails(cache: Cache, token: int) -> None:
        if next(left) == 7:  # the eighth token was sampled by then
            raise error
        step(cache, token)

    monkeypatch.setattr(Cache, "step", fails)
    tokens = llm.tokens_of(PROMPT.format("Name a fruit."))
    generation = Generation(llm, list(tokens), Request(GREEDY), [])
    pieces: list[str] = []
    with contextlib.suppress(DecodeFailed):
        for chunk in generation.run():
            pieces.append(chunk.text)
    assert "".join(pieces) == plain
