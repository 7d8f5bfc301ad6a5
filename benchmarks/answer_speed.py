"""Tokens per second as painted in the window, beside `Llama.generate` alone.

Window and raw generation alternate, each time in new processes, so that what else the machine does
hits both alike; each window is compared with the raw generation next to it, and of these ratios the
median counts. Both read the same prompt and write the same tokens
(temperature 0), and are timed over the same tokens: from those the first paint showed to the last.
A moment of the window is the end of the repaint that brought the text, so the way through
LangChain, the pipe, storage, Markdown and painting all count.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from app.core.paths import resources
from app.hub.starter import FILE_NAME
from benchmarks.asking import Task, ask
from benchmarks.raw_generate import RawAnswer, generate
from benchmarks.report import Figure, MeasurementFailed, at_least
from benchmarks.screen import Screen

LIMIT = 0.93
ROUNDS = 9  # one pair differs from the next by 5 %
TOKENS = 400
QUESTION = "Write a long story about a lighthouse keeper and a storm."


def starter_model() -> Path:
    """The model everything is measured with. Raises MeasurementFailed if it is not there."""
    path = resources() / "starter" / FILE_NAME
    if not path.is_file():
        raise MeasurementFailed(f"{path} is missing. Run: make setup")
    return path


def measure(screen: Screen) -> list[Figure]:
    """Nine times each, one after the other in turn."""
    model = starter_model()
    window, raw = [], []
    is_same = True
    for _ in range(ROUNDS):
        answer = ask(screen, Task((QUESTION,), max_tokens=TOKENS)).answers[0]
        alone = generate(screen, model, QUESTION, TOKENS)
        first, last = answer.first_tokens, answer.completion_tokens
        window.append((last - first) / (answer.last_paint - answer.first_paint))
        raw.append(alone.tokens_per_s(first, last))
        is_same &= _is_same(alone, answer.text, answer.prompt_tokens)
    ratios = [ours / theirs for ours, theirs in zip(window, raw, strict=True)]
    ratio = statistics.median(ratios)
    pairs = ", ".join(f"{pair:.2f}" for pair in ratios)
    words = (
        f"Llama.generate alone in the same run: {statistics.median(raw):.0f} tokens/s, painted in"
        f" the window: {statistics.median(window):.0f}; the pairs: {pairs}; {last} tokens,"
        f" {'the same text' if is_same else 'NOT the same text'} both ways"
    )
    return [at_least("painted answer / Llama.generate", round(ratio, 3), "", LIMIT, words)]


def _is_same(alone: RawAnswer, text: str, prompt_tokens: int) -> bool:
    return alone.prompt_tokens == prompt_tokens and alone.text.strip() == text.strip()
