"""The parts of the context, gathered into one block a kind, as the ledger bar shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.entities import MessageId
from app.core.memory import MemoryPolicy, Part, PartKind, WhenFull
from app.ui.memory.words import FREE, ROOM, MemoryWords
from app.ui.words import number_text

MANY = 400  # pieces of a block; of more nobody could see where one ends
NEARLY_FULL = 0.9  # of what there is beside the room for the answer


class Ledger(Protocol):
    """What is shown of the ledger's view."""

    @property
    def parts(self) -> Sequence[Part]: ...
    @property
    def total(self) -> int: ...
    @property
    def context(self) -> int: ...
    @property
    def room(self) -> int: ...
    @property
    def dropped(self) -> frozenset[MessageId]: ...
    @property
    def unseen(self) -> frozenset[MessageId]: ...
    @property
    def is_full(self) -> bool: ...
    @property
    def is_known(self) -> bool: ...
    @property
    def policy(self) -> MemoryPolicy: ...


@dataclass(frozen=True, slots=True)
class Block:
    """All parts of one kind. `pieces` are the tokens of each, empty where there are too many."""

    kind: str
    tokens: int
    pieces: tuple[int, ...] = ()


def blocks_of(ledger: Ledger) -> tuple[Block, ...]:
    """One block for each kind that there is, always in the same order, the free rest last."""
    found: dict[str, list[int]] = {kind.value: [] for kind in PartKind}
    for part in ledger.parts:
        if part.is_seen and part.tokens > 0:
            found[part.kind.value].append(part.tokens)
    blocks = [
        Block(kind, sum(pieces), tuple(pieces) if len(pieces) <= MANY else ())
        for kind, pieces in found.items()
        if pieces
    ]
    room = max(0, ledger.room)
    free = ledger.context - max(ledger.total, sum(block.tokens for block in blocks)) - room
    if room:
        blocks.append(Block(ROOM, room))
    if free > 0:
        blocks.append(Block(FREE, free))
    return tuple(blocks)


def is_nearly_full(ledger: Ledger) -> bool:
    """Whether there is little left beside the room for the answer."""
    beside = ledger.context - ledger.room
    return ledger.is_known and beside > 0 and ledger.total >= NEARLY_FULL * beside


def is_too_long(ledger: Ledger) -> bool:
    """Whether what is never left out is more than there is room for."""
    if not (ledger.is_known and ledger.is_full and ledger.total > ledger.context - ledger.room):
        return False
    if ledger.policy.when_full is not WhenFull.ASK:
        return True
    kinds = (PartKind.TURN, PartKind.PINNED, PartKind.DRAFT)
    # the last one is what is asked; of what goes before, a choice may leave something out
    before = [part for part in ledger.parts if part.kind in kinds][:-1]
    return not any(part.kind is PartKind.TURN and part.is_seen for part in before)


def lines_of(blocks: Sequence[Block], words: MemoryWords) -> list[str]:
    """Block by block, a line each."""
    return [f"{words.kind(block.kind)}: {number_text(block.tokens)}" for block in blocks]
