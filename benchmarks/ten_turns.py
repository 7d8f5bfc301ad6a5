"""A conversation of ten turns: what comes before the first token, beside two other programs.

The app's worker, llama-server (the same llama.cpp, over HTTP, cache_prompt on) and node-llama-cpp
hold the same conversation in turn, question by question, greedily, each continuing its own answer
of at most sixty tokens. All have answered once before, so that none reads the model's pages for
the first time. Each round is a conversation that begins with other words; of a turn's three ratios
the median counts, and of the ten turns the worst.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

from app.core.entities import ChatMessage
from benchmarks.answer_speed import starter_model
from benchmarks.chat_peers import ChatPeer, LlamaServer, NodeChat, Setup
from benchmarks.engine_process import Answer, EngineProcess, assistant, greedy, user
from benchmarks.report import Figure, NothingToMeasure, at_most
from benchmarks.screen import Screen

OVERHEAD_LIMIT_S = 0.030
RATIO_LIMIT = 1.1  # not slower in any turn, with the 10 % that one measurement differs from another
ROUNDS = 5
MAX_TOKENS = 60
REST_S = 0.2  # until the threads of the one before have gone to sleep
NAMES = ("Agnes", "Bertram", "Clara", "Dorian", "Edith")
SYSTEM = "{name} is your name. You are a patient teacher who answers in full sentences."
QUESTIONS = (
    "I would like to plant a small vegetable garden this spring. What should I think of first?",
    "The ground here is heavy clay. What can I do so that roots grow well in it?",
    "Which three vegetables would you give to somebody who has never grown anything before?",
    "How often should I water them, and at what time of the day is it best to do so?",
    "Last year slugs ate nearly everything in my neighbour's garden. How can I keep them away?",
    "Is it worth making my own compost, and how long does it take until I can use it?",
    "My garden lies in the shade of a large tree until noon. Does that change your advice?",
    "When do I know that beans and tomatoes are ready to be picked?",
    "What should I do with the beds in autumn, once everything has been harvested?",
    "Please sum up in a few sentences what we have talked about so far.",
)


class Ours:
    """The worker as a conversation's other side; keeps each answer for its figures."""

    def __init__(self, engine: EngineProcess) -> None:
        self._engine = engine
        self._system = ""
        self._turns: list[ChatMessage] = []
        self.answers: list[Answer] = []

    def begin(self, system: str) -> None:
        """See ChatPeer."""
        self._system, self._turns = system, []

    def ask(self, question: str) -> float:
        """See ChatPeer."""
        self._turns.append(user(question))
        answer = self._engine.ask(
            self._turns, greedy(MAX_TOKENS), self._system, conversation="ten-turns"
        )
        self._turns.append(assistant(answer.text))
        self.answers.append(answer)
        return answer.ttft_s


def measure(screen: Screen) -> list[Figure]:
    """Five conversations, turn by turn in turn; the screen is not used."""
    with ExitStack() as stack:
        engine = stack.enter_context(EngineProcess())
        loaded = engine.load(starter_model())
        setup = Setup(loaded.path, loaded.placement.threads, loaded.context, MAX_TOKENS)
        ours = Ours(engine)
        all_: dict[str, ChatPeer] = {"ours": ours}
        others: tuple[tuple[str, LlamaServer | NodeChat], ...] = (
            ("llama-server", LlamaServer(setup)),
            ("node-llama-cpp", NodeChat(setup)),
        )
        for name, other in others:
            try:
                stack.enter_context(other)
                all_[name] = other
            except NothingToMeasure as error:
                print(f"benchmarks: {name} was left out. {error}", file=sys.stderr)
        rounds = [_converse(all_, SYSTEM.format(name=name)) for name in NAMES[:ROUNDS]]
    figures = [_overhead(ours.answers)]
    figures += [_beside(name, rounds) for name in all_ if name != "ours"]
    return figures


def _converse(all_: dict[str, ChatPeer], system: str) -> dict[str, list[float]]:
    """Seconds to the first token by program and turn."""
    found: dict[str, list[float]] = {name: [] for name in all_}
    for peer in all_.values():
        peer.begin("This is to warm up. " + system)
        peer.ask("Hello, who are you?")
        peer.begin(system)
    for question in QUESTIONS:
        for name, peer in all_.items():
            time.sleep(REST_S)
            found[name].append(peer.ask(question))
    return found


def _overhead(answers: Sequence[Answer]) -> Figure:
    """What is before the first token beside reading, the worst turn of all rounds."""
    asked = 1 + len(QUESTIONS)  # the first of each round is for warming up
    measured = [answer for index, answer in enumerate(answers) if index % asked]
    besides = [answer.ttft_s - answer.statistics.read_s for answer in measured]
    inside = [answer.statistics.ttft_s - answer.statistics.read_s for answer in measured]
    read = [answer.new_tokens for answer in measured]
    share = statistics.median(a.statistics.read_s / a.ttft_s for a in measured)
    words = (
        f"worst of {len(measured)} turns; median {statistics.median(besides) * 1000:.1f} ms, within"
        f" the worker at most {max(inside) * 1000:.1f} ms; {min(read)} to {max(read)} new tokens"
        f" a turn, reading them is {share:.0%} of the time to the first token"
    )
    return at_most(
        "ten turns: first token beside reading",
        round(max(besides), 4),
        "s",
        OVERHEAD_LIMIT_S,
        words,
    )


def _beside(name: str, rounds: Sequence[dict[str, list[float]]]) -> Figure:
    turns = range(len(QUESTIONS))
    ratios = [
        statistics.median(one["ours"][turn] / one[name][turn] for one in rounds) for turn in turns
    ]
    pairs = [
        f"{_milliseconds(rounds, 'ours', turn)}/{_milliseconds(rounds, name, turn)}"
        for turn in turns
    ]
    words = (
        f"worst turn; medians of ours/{name} in ms, turn by turn: {', '.join(pairs)}; ratios "
        + ", ".join(f"{ratio:.2f}" for ratio in ratios)
    )
    return at_most(
        f"ten turns: first token / {name}", round(max(ratios), 3), "", RATIO_LIMIT, words
    )


def _milliseconds(rounds: Sequence[dict[str, list[float]]], name: str, turn: int) -> str:
    return f"{statistics.median(one[name][turn] for one in rounds) * 1000:.0f}"
