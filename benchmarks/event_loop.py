"""How long the window does not react while the model writes at full speed.

A timer in the window's own event loop should fire every millisecond; how late it fires is how long
a key or a click would have waited. It is watched from the Enter key to the last repaint of each
answer, the first answer of a fresh window included. The model writes a code block and a list, over
1000 tokens together; a list is hardest, since all of it is one block that is laid out anew as it
grows. The same window at rest, model loaded, is watched for comparison.
"""

from __future__ import annotations

import re

from benchmarks.asking import Answer, Task, ask
from benchmarks.heartbeat import Lateness
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import Screen

STALL_LIMIT_MS, P99_LIMIT_MS = 50.0, 16.0
LONGEST_ANSWER, ENOUGH_TOKENS = 1200, 1000
IDLE_S = 3.0
QUESTIONS = (  # what the starter model writes: a long code block; one list that grows to the limit
    "Write a Python class for a bank account with ten methods in a code block, then explain each"
    " method in a bullet list.",
    "Write a long list of things to pack for a journey, in sections with headings and bullet"
    " points.",
)


def measure(screen: Screen) -> list[Figure]:
    """One window, questions until it has written enough."""
    found = ask(screen, Task(QUESTIONS, LONGEST_ANSWER, IDLE_S))
    answers, idle = found.answers, found.idle
    watched = [answer.lateness for answer in answers if answer.lateness]
    if idle is None or len(watched) != len(answers):
        raise MeasurementFailed("The event loop was not watched.")
    worst = max(range(len(watched)), key=lambda number: watched[number].longest_ms)
    where = (
        f"at {watched[worst].longest_at_s:.2f} of {watched[worst].seconds:.2f} s of answer"
        f" {worst + 1}; the same window at rest: {idle.longest_ms:.1f} ms; {_content(answers)}"
    )
    beats = max(found.beats_p99_ms for found in watched)
    how = (
        f"of moments, worst answer (of beats: {beats:.1f} ms); the same window at rest:"
        f" {idle.p99_ms:.1f} ms"
    )
    return [
        at_most("longest stall", round(_longest(watched), 1), "ms", STALL_LIMIT_MS, where),
        at_most("99th percentile of waiting", round(_p99(watched), 1), "ms", P99_LIMIT_MS, how),
    ]


def _longest(watched: list[Lateness]) -> float:
    return max(lateness.longest_ms for lateness in watched)


def _p99(watched: list[Lateness]) -> float:
    return max(lateness.p99_ms for lateness in watched)


def _content(answers: list[Answer]) -> str:
    """What was written; it must be enough, and not too easy."""
    tokens = sum(answer.completion_tokens for answer in answers)
    text = "\n".join(answer.text for answer in answers)
    blocks = text.count("```") // 2
    items = len(re.findall(r"^ *([-*]|\d+\.) ", text, re.MULTILINE))
    words = f"{tokens} tokens, {blocks} code blocks, {items} list items"
    if tokens < ENOUGH_TOKENS or not blocks or not items:
        raise MeasurementFailed(f"The model wrote too little: {words}.")
    return words
