"""Reading 512 and writing 128 tokens through the worker, beside llama-bench of the same source.

The worker is a process of its own as in the app: LangChain, sampling, text and the pipe count.
Reading is that of a prompt with some 506 new tokens (at most 512, what llama-bench reads at once),
writing that of an answer of 128 tokens (temperature 0) to a short question; llama-bench does the
same with random tokens, an empty context and no sampling. Worker and llama-bench alternate, with
the same threads and the same attention; of the pairs' ratios the median counts.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from app.core.entities import SamplingParams
from benchmarks import peers
from benchmarks.answer_speed import starter_model
from benchmarks.engine_process import Answer, EngineProcess, greedy, user, words
from benchmarks.report import Figure, MeasurementFailed, NothingToMeasure, at_least
from benchmarks.screen import Screen

READING_LIMIT = 0.95
ROUNDS = 9
READ_TOKENS = 512
SLACK = 16  # fewer tokens a prompt may have: some words are two tokens where they stand first
WRITE_TOKENS = 128
QUESTION = "Write a long story about a lighthouse keeper and a storm."
MODELS: tuple[tuple[str, Callable[[], Path], float], ...] = (
    ("starter", starter_model, 0.93),
    ("Gemma 270M", peers.gemma, 0.95),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Tokens per second of one turn: ours, and llama-bench's right after."""

    reading: float
    writing: float
    usual: float  # writing with the app's own defaults for sampling
    beside: peers.BenchSpeed


def measure(screen: Screen) -> list[Figure]:
    """Both models, nine pairs each; the screen is not used."""
    peers.tool("llama-bench")
    figures: list[Figure] = []
    for name, find, limit in MODELS:
        try:
            pairs = _pairs(find())
        except NothingToMeasure as error:
            print(f"benchmarks: {name} was left out. {error}", file=sys.stderr)
            continue
        figures += _figures(name, pairs, limit)
    return figures


def _pairs(model: Path) -> list[Pair]:
    found: list[Pair] = []
    variants = count()
    with EngineProcess() as engine:
        placement = engine.load(model).placement
        size = _fitting(engine, variants)
        for _ in range(ROUNDS):
            reading = _read(engine, size, next(variants))
            if not READ_TOKENS - SLACK <= reading.new_tokens <= READ_TOKENS:
                raise MeasurementFailed(f"The prompt had {reading.new_tokens} new tokens.")
            writing = _write(engine, greedy(WRITE_TOKENS))
            usual = _write(engine, SamplingParams(max_tokens=WRITE_TOKENS))
            beside = peers.llama_bench(model, placement.threads)
            found.append(
                Pair(
                    reading.new_tokens / reading.statistics.read_s,
                    writing.statistics.tokens_per_s,
                    usual.statistics.tokens_per_s,
                    beside,
                )
            )
    return found


def _fitting(engine: EngineProcess, variants: Iterator[int]) -> int:
    """How many words make a prompt with some 506 new tokens, never more than llama-bench reads at
    once; the reading warms up as well."""
    size, wanted = READ_TOKENS - 64, READ_TOKENS - 6
    for _ in range(3):
        size += wanted - _read(engine, size, next(variants)).new_tokens
    return size


def _read(engine: EngineProcess, size: int, variant: int) -> Answer:
    # its own system prompt, since a template's usual one would begin all prompts alike
    return engine.ask([user(words(size, variant))], greedy(1), system=words(8, variant))


def _write(engine: EngineProcess, sampling: SamplingParams) -> Answer:
    return engine.ask([user(QUESTION)], sampling)


def _figures(name: str, pairs: list[Pair], limit: float) -> list[Figure]:
    reading = [pair.reading / pair.beside.reading for pair in pairs]
    writing = [pair.writing / pair.beside.writing for pair in pairs]
    usual = [pair.usual / pair.beside.writing for pair in pairs]
    theirs = [pair.beside.reading for pair in pairs]
    read_words = _words("pp512", [pair.reading for pair in pairs], theirs, reading)
    theirs = [pair.beside.writing for pair in pairs]
    write_words = _words("tg128", [pair.writing for pair in pairs], theirs, writing)
    usual_words = _words("tg128", [pair.usual for pair in pairs], theirs, usual)
    return [
        at_least(f"{name}: reading / pp512", _median(reading), "", READING_LIMIT, read_words),
        at_least(f"{name}: writing / tg128", _median(writing), "", limit, write_words),
        Figure(
            f"{name}: usual sampling / tg128", _median(usual), "", usual_words, "none", holds=True
        ),
    ]


def _words(test: str, ours: list[float], theirs: list[float], ratios: list[float]) -> str:
    return (
        f"the worker: {statistics.median(ours):.0f} tokens/s, llama-bench {test}:"
        f" {statistics.median(theirs):.0f}; the pairs: "
        + ", ".join(f"{ratio:.2f}" for ratio in ratios)
    )


def _median(ratios: list[float]) -> float:
    return round(statistics.median(ratios), 3)
