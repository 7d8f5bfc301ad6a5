"""How much of a long conversation can matter to the model: cheap weights instead of tokens.

The window has no tokenizer, and a conversation may have ten thousand messages. Weights say about
how many bytes a message is; the worker drops old turns at places that depend on them alone, so it
chooses the same places whether or not what is before them was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.entities import ChatMessage, Role
from app.core.memory import Memory, MemoryPolicy, WhenFull
from app.core.reasoning import reasoning_length

SAMPLE = 64  # characters by which the bytes of a text are estimated
IMAGE_WEIGHT = 1024  # of an image, which is some hundred tokens: as much as so many bytes of text
# bytes a token has at most on average: English has 4, code full of spaces 8. Of a conversation this
# many times the context is sent; where a text is denser still, more of it is left out
MOST_BYTES = 16
USUAL = MemoryPolicy()
FACTS = "What the person wants you to remember:"
SUMMARY = "Summary of the earlier part of this conversation, which is not shown:"


@dataclass(frozen=True, slots=True)
class Sent:
    """The end of a conversation, and what was left out before it."""

    messages: tuple[ChatMessage, ...]
    omitted_turns: int = 0
    omitted_weight: int = 0


def weight(message: ChatMessage) -> int:
    """About the bytes of what the model reads of a message, looking at its beginning only.

    The reasoning that an answer begins with is searched for its end, and does not count: in history
    it is left out, and it may be many times as long as the answer.
    """
    text = message.content
    start = reasoning_length(text) if message.role is Role.ASSISTANT else 0
    size = len(text) - start
    if size and not text.isascii():  # known without looking at it
        sample = text[start : start + SAMPLE]
        size = size * len(sample.encode("utf-8", "replace")) // len(sample)
    return size + len(message.images) * IMAGE_WEIGHT


def sendable(history: Sequence[ChatMessage], context: int, policy: MemoryPolicy = USUAL) -> Sent:
    """What may fit into `context` tokens: it begins with a question that follows an answer.

    Before it come pinned exchanges, and the first one where the middle is what is dropped."""
    most, held, start = context * MOST_BYTES, 0, 0
    for index in range(len(history) - 1, 0, -1):
        held += weight(history[index])
        if held > most and _is_start(history, index):
            start = index
            break
    if not start:
        return Sent(tuple(history))
    has_first = policy.when_full is WhenFull.DROP_MIDDLE
    kept: list[ChatMessage] = []
    turns = omitted = begin = 0
    for end in range(1, start + 1):
        if not _is_start(history, end):
            continue
        exchange = history[begin:end]
        if has_first or any(message.is_pinned for message in exchange):
            kept += exchange
            # an opening line alone is not what the person began with
            has_first = has_first and all(m.role is Role.ASSISTANT for m in exchange)
        else:
            turns += _turns(exchange)
            omitted += sum(map(weight, exchange))
        begin = end
    return Sent((*kept, *history[start:]), turns, omitted)


def _is_start(history: Sequence[ChatMessage], index: int) -> bool:
    """Whether an exchange begins there: with a question that follows an answer."""
    return history[index].role is Role.USER and history[index - 1].role is Role.ASSISTANT


def _turns(exchange: Sequence[ChatMessage]) -> int:
    """Neighbours of the same role are one turn to the model."""
    return sum(1 for i, m in enumerate(exchange) if i == 0 or m.role is not exchange[i - 1].role)


def system_text(system: str, memory: Memory) -> str:
    """What the model is told before the turns: system prompt, facts, summary.

    In the order of how seldom they change: what is before a change stays in the KV cache."""
    parts = [system.strip() and system]
    if memory.facts:
        parts.append("\n".join((FACTS, *(f"- {fact}" for fact in memory.facts))))
    if memory.summary.strip():
        parts.append(f"{SUMMARY}\n{memory.summary.strip()}")
    return "\n\n".join(part for part in parts if part)
