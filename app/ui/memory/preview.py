"""What another memory policy would mean for the conversation on show: about, and without the model.

Tokens of messages that were not counted are taken from those that were, by their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.entities import Message, MessageId, Role
from app.core.memory import MemoryKind, MemoryPolicy, Part, PartKind, WhenFull
from app.ui.memory.blocks import Ledger
from app.ui.memory.state import LEFT_OUT, PINNED, MemoryState

USUAL = 0.27  # tokens a character, where nothing was counted yet
SUMMARY = 250  # tokens of one that is not written yet
BEFORE = (PartKind.SYSTEM, PartKind.FACTS, PartKind.SUMMARY)


@dataclass(frozen=True, slots=True)
class Preview:
    """A ledger that nobody counted. `seen` of `messages` would be told."""

    parts: tuple[Part, ...]
    total: int
    context: int
    room: int
    policy: MemoryPolicy
    seen: int
    messages: int
    is_full: bool = False
    dropped: frozenset[MessageId] = frozenset()
    unseen: frozenset[MessageId] = frozenset()
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class _Exchange:
    """A question with its answers: tokens of messages, how many, and whether they are kept."""

    tokens: int
    messages: int
    is_pinned: bool


def preview_of(
    ledger: Ledger, branch: Sequence[Message], state: MemoryState, policy: MemoryPolicy
) -> Preview:
    """What would be told with `policy`, without what is being written."""
    exchanges = _exchanges(ledger, branch, state)
    parts = [
        replace(part, is_seen=True)
        for part in ledger.parts
        if part.kind in BEFORE and (part.kind is not PartKind.FACTS or policy.uses_facts)
    ]
    chosen = _chosen(exchanges, policy)
    summarises = policy.kind is MemoryKind.SUMMARY and not all(chosen)
    if summarises and not any(p.kind is PartKind.SUMMARY for p in parts):
        parts.append(Part(PartKind.SUMMARY, SUMMARY))
    if policy.kind is not MemoryKind.SUMMARY and policy.when_full is not WhenFull.SUMMARISE:
        parts = [part for part in parts if part.kind is not PartKind.SUMMARY]
    room = ledger.context - ledger.room - sum(part.tokens for part in parts)
    is_full = _drop(exchanges, chosen, room, policy)
    pinned = sum(e.tokens for e, c in zip(exchanges, chosen, strict=True) if c and e.is_pinned)
    turns = sum(e.tokens for e, c in zip(exchanges, chosen, strict=True) if c and not e.is_pinned)
    if pinned:
        parts.append(Part(PartKind.PINNED, pinned))
    if turns:
        parts.append(Part(PartKind.TURN, turns))
    seen = sum(e.messages for e, c in zip(exchanges, chosen, strict=True) if c)
    total = sum(part.tokens for part in parts)
    return Preview(
        tuple(parts), total, ledger.context, ledger.room, policy, seen, len(branch), is_full
    )


def _exchanges(ledger: Ledger, branch: Sequence[Message], state: MemoryState) -> list[_Exchange]:
    counted: dict[str, int] = {}
    for part in ledger.parts:
        if part.is_seen and (key := part.message or part.key):
            counted[key] = counted.get(key, 0) + part.tokens
    lengths = {m.id: _length(m) for m in branch}
    known = sum(lengths[m.id] for m in branch if m.id in counted)
    tokens = sum(counted[m.id] for m in branch if m.id in counted)
    rate = tokens / known if known else USUAL
    found: list[_Exchange] = []
    for message in branch:
        mark = state.of.get(message.id, "")
        count = counted.get(message.id, round(lengths[message.id] * rate))
        count = 0 if mark == LEFT_OUT else count
        number = 0 if mark == LEFT_OUT else 1
        if message.role is Role.USER or not found:
            found.append(_Exchange(count, number, mark == PINNED))
        else:
            last = found[-1]
            is_pinned = last.is_pinned or mark == PINNED
            found[-1] = _Exchange(last.tokens + count, last.messages + number, is_pinned)
    return found


def _length(message: Message) -> int:
    return len(message.content) + sum(len(a.text) for a in message.attachments)


def _chosen(exchanges: Sequence[_Exchange], policy: MemoryPolicy) -> list[bool]:
    """Which exchanges the policy tells, newest first where it counts."""
    chosen = [exchange.is_pinned for exchange in exchanges]
    left = policy.tokens - sum(e.tokens for e in exchanges if e.is_pinned)
    for number in range(len(exchanges) - 1, -1, -1):
        from_end = len(exchanges) - number
        if policy.kind is MemoryKind.ALL or (
            policy.kind is not MemoryKind.TOKENS and from_end <= policy.turns
        ):
            chosen[number] = True
        elif policy.kind is MemoryKind.TOKENS and not chosen[number]:
            left -= exchanges[number].tokens
            if left < 0:
                break
            chosen[number] = True
    return chosen


def _drop(
    exchanges: Sequence[_Exchange], chosen: list[bool], room: int, policy: MemoryPolicy
) -> bool:
    """Leave out what does not fit into `room`; whether something did not."""
    over = sum(e.tokens for e, c in zip(exchanges, chosen, strict=True) if c) - room
    if over <= 0:
        return False
    for number, exchange in enumerate(exchanges[:-1]):
        keeps_first = policy.when_full is WhenFull.DROP_MIDDLE and number == 0
        if over > 0 and chosen[number] and not exchange.is_pinned and not keeps_first:
            chosen[number] = False
            over -= exchange.tokens
    return True
