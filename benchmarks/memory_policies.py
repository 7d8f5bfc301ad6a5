"""Memory policies: how much of a prompt each has to read, and what choosing the turns takes.

A conversation of thirty turns with the starter model in this process, its context 1024 tokens, so
that it is full after a third of them. Answers are one token long, and the conversation goes on with
texts of its own: a turn is about 80 tokens. Of each policy: the part of all prompts that came from
the KV cache, and the time that making a prompt takes more than without a policy, of the thirty
turns the median; of each turn the best of five, both one after the other in turn.
"""

from __future__ import annotations

import statistics
import time

from app.core.entities import (
    ChatMessage,
    KeepParams,
    LoadParams,
    ModelDescription,
    Placement,
    SamplingParams,
)
from app.core.history import sendable
from app.core.memory import Memory, MemoryKind, MemoryPolicy, WhenFull
from app.core.messages import Event, Finished, Generate
from benchmarks.answer_speed import starter_model
from benchmarks.engine_process import assistant, greedy, user, words
from benchmarks.report import Figure, MeasurementFailed, at_least, at_most
from benchmarks.screen import Screen

CONTEXT, TURNS, THREADS = 1024, 30, 2
QUESTION_WORDS, ANSWER_WORDS = 20, 50
TRIES = 5
TIME_LIMIT_MS, REUSE_LIMIT = 5.0, 0.6
SYSTEM = "You are a patient teacher."
ALL = MemoryPolicy()
POLICIES = {
    "all, drop the oldest": ALL,
    "all, drop the middle": MemoryPolicy(when_full=WhenFull.DROP_MIDDLE),
    "last 4 turns": MemoryPolicy(MemoryKind.LAST_TURNS, turns=4),
    "last 8 turns": MemoryPolicy(MemoryKind.LAST_TURNS, turns=8),
    "512 tokens": MemoryPolicy(MemoryKind.TOKENS, tokens=512),
    "summary": MemoryPolicy(MemoryKind.SUMMARY),
}


def measure(screen: Screen) -> list[Figure]:
    """One conversation for each policy."""
    del screen  # no window
    talk = _Talk()
    figures: list[Figure] = []
    try:
        for name, policy in POLICIES.items():
            reused, more_ms = talk.hold(policy)
            figures.append(
                at_least(f"{name}: reused", reused, "of all", REUSE_LIMIT, "reading all anew: 0")
            )
            figures.append(
                at_most(f"{name}: choosing", more_ms, "ms", TIME_LIMIT_MS, "without a policy: 0 ms")
            )
    finally:
        talk.loaded.close()
    return figures


class _Talk:
    """The starter model in this process."""

    def __init__(self) -> None:
        from app.models.parts import read_model_header
        from app.worker.chat_template import ChatTemplate
        from app.worker.keeping import Keeper
        from app.worker.llm import AbortFlag, load
        from app.worker.loaded import Loaded
        from app.worker.states import States

        path = starter_model()
        params = LoadParams(context_tokens=CONTEXT, threads=THREADS)
        llm, _ = load(path, params, CONTEXT, AbortFlag(), (), [], lambda _: None)
        llm.states = States(KeepParams(None, 0), "benchmark")
        source = read_model_header(path).chat_template
        if not source:
            raise MeasurementFailed(f"{path.name} has no chat template.")
        description = ModelDescription(
            path,
            path.stem,
            "llama",
            CONTEXT,
            CONTEXT,
            "model",
            placement=Placement(threads=THREADS),
        )
        template = ChatTemplate(source, "<|im_start|>", "<|im_end|>", path.name)
        self.loaded = Loaded(llm, template, description, (), Keeper(llm.cache_, llm.states))

    def hold(self, policy: MemoryPolicy) -> tuple[float, float]:
        """The part of all prompts that was reused, and milliseconds that the policy takes."""
        self.loaded.llm.cache_.clear()
        history: list[ChatMessage] = []
        read = total = 0
        more_ms: list[float] = []
        for number in range(TURNS):
            history.append(user(words(QUESTION_WORDS, number * 2)))
            more_ms.append(self._time_more(history, policy))
            end = self._answer(_request(history, policy, greedy(1)))
            read += end.statistics.prompt_tokens - end.statistics.reused_tokens
            total += end.statistics.prompt_tokens
            history.append(assistant(words(ANSWER_WORDS, number * 2 + 1)))
        return 1 - read / total, statistics.median(more_ms)

    def _answer(self, request: Generate) -> Finished:
        events: list[Event] = []
        self.loaded.generate(request, events.append, 0.0)
        end = events[-1]
        if not isinstance(end, Finished):
            raise MeasurementFailed(f"The model could not answer: {end}")
        return end

    def _count(self, prompt: str) -> int:
        return len(self.loaded.counts.tokens_of(prompt))

    def _time_more(self, history: list[ChatMessage], policy: MemoryPolicy) -> float:
        best = {True: 1e9, False: 1e9}
        for _ in range(TRIES):
            for is_policy in (True, False):
                request = _request(history, policy if is_policy else ALL, greedy(1))
                begun = time.perf_counter()
                self.loaded.fit(request, request.messages, self._count)
                took = (time.perf_counter() - begun) * 1000
                best[is_policy] = min(best[is_policy], took)
        return best[True] - best[False]


def _request(
    history: list[ChatMessage], policy: MemoryPolicy, sampling: SamplingParams
) -> Generate:
    sent = sendable(history, CONTEXT, policy)
    return Generate(
        1,
        SYSTEM,
        sent.messages,
        sampling,
        omitted_turns=sent.omitted_turns,
        omitted_weight=sent.omitted_weight,
        memory=Memory(policy),
    )
