"""A conversation that goes on after a restart: the time to the first token beside reading it all.

A worker reads a prompt of some 4,000 tokens and answers; it is shut down, which writes the state.
The state's pages are dropped from the kernel's cache, as after a restart of the computer. A new
worker with the same folder answers one more short question of that conversation.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.core.entities import KeepParams
from app.worker.states import ENDING
from benchmarks.answer_speed import starter_model
from benchmarks.engine_process import EngineProcess, assistant, greedy, user, words
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import Screen

LIMIT = 0.05
ROUNDS = 3
PROMPT_WORDS = 3_950  # with what the template puts around them some 4,000 tokens
MAX_TOKENS = 40
DISK_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Resumed:
    """Tokens and seconds of reading all of it, and of the first token after the restart."""

    tokens: int
    read_s: float
    ttft_s: float
    restore_s: float
    new_tokens: int
    state_bytes: int
    is_cold: bool


def measure(screen: Screen) -> list[Figure]:
    """Three times, each with a folder of its own; the screen is not used."""
    model = starter_model()
    found = [_once(model, variant) for variant in range(ROUNDS)]
    ratio = statistics.median(one.ttft_s / one.read_s for one in found)
    one = found[-1]
    words_ = (
        "first token after the restart / reading the prompt cold: "
        + ", ".join(f"{one.ttft_s:.2f}/{one.read_s:.2f} s" for one in found)
        + f"; {one.tokens} tokens, a file of {one.state_bytes / 1e6:.0f} MB,"
        f" {'read from the disk' if one.is_cold else 'NOT dropped from the cache before'};"
        f" restoring took {statistics.median(one.restore_s for one in found):.2f} s,"
        f" {one.new_tokens} tokens were new"
    )
    return [at_most("resume after a restart / reading again", round(ratio, 4), "", LIMIT, words_)]


def _once(model: Path, variant: int) -> Resumed:
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        keep = KeepParams(folder=Path(name), disk_bytes=DISK_BYTES)
        turns = [user(words(PROMPT_WORDS, variant) + ". What are these words about?")]
        with EngineProcess() as engine:
            engine.load(model, keep)
            first = engine.ask(turns, greedy(MAX_TOKENS), conversation="c1")
        files = list(Path(name).rglob(f"*{ENDING}"))
        if not files:
            raise MeasurementFailed("The worker wrote no state when it was shut down.")
        size = sum(file.stat().st_size for file in files)
        is_cold = min(map(_drop, files))
        turns += [assistant(first.text), user("And which of them is the shortest?")]
        with EngineProcess() as engine:
            engine.load(model, keep)
            again = engine.ask(turns, greedy(MAX_TOKENS), conversation="c1")
    if not again.statistics.restored_tokens:
        raise MeasurementFailed("The new worker did not use the state that was written.")
    return Resumed(
        first.new_tokens,
        first.statistics.read_s,
        again.ttft_s,
        again.statistics.restore_s,
        again.new_tokens,
        size,
        is_cold,
    )


def _drop(file: Path) -> bool:
    """Drop it from the kernel's cache; False where that cannot be asked for."""
    if not hasattr(os, "posix_fadvise"):
        return False
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return True
