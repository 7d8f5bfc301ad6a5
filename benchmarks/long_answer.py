"""An answer of 3,000 tokens through the worker, beside `Llama.generate` over the same tokens.

Both read the same prompt and choose the same tokens (temperature 0), each in new processes, in
turn. Both are timed from the first text to the last: the worker's where it comes out of the pipe,
those of `Llama.generate` as it yields them, without text made of them. Work that grows with the
answer would show here.
"""

from __future__ import annotations

import statistics

from benchmarks.answer_speed import starter_model
from benchmarks.engine_process import EngineProcess, greedy, user
from benchmarks.raw_generate import generate
from benchmarks.report import Figure, MeasurementFailed, at_least
from benchmarks.screen import Screen

LIMIT = 0.97
ROUNDS = 3
TOKENS = 3_000
QUESTION = "Write a long story about a lighthouse keeper and a storm."


def measure(screen: Screen) -> list[Figure]:
    """Three pairs."""
    model = starter_model()
    ours: list[float] = []
    theirs: list[float] = []
    is_same = True
    for _ in range(ROUNDS):
        with EngineProcess() as engine:
            engine.load(model)
            answer = engine.ask([user(QUESTION)], greedy(TOKENS))
        alone = generate(screen, model, QUESTION, TOKENS)
        (began, first), (ended, last) = answer.pieces[0], answer.pieces[-1]
        if last != TOKENS or len(alone.moments) != TOKENS:
            raise MeasurementFailed(
                f"{TOKENS} tokens were wanted, the worker wrote {last}, Llama.generate"
                f" {len(alone.moments)}."
            )
        ours.append((last - first) / (ended - began))
        theirs.append(alone.tokens_per_s(first, last))
        is_same &= alone.text.strip() == answer.text.strip()
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    ratio = round(statistics.median(ratios), 3)
    words = (
        f"the worker: {statistics.median(ours):.0f} tokens/s over {TOKENS} tokens,"
        f" Llama.generate: {statistics.median(theirs):.0f}; the pairs: "
        + ", ".join(f"{one:.2f}" for one in ratios)
        + f"; {'the same text' if is_same else 'NOT the same text'} both ways"
    )
    return [at_least("long answer / Llama.generate", ratio, "", LIMIT, words)]
