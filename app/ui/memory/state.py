"""How the conversation on show looks to the model: seen, kept, left out, or summarised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.core.entities import Message, MessageId
from app.core.remembered import MarkKind, Summary
from app.services.ledger import LedgerView

PINNED, LEFT_OUT = MarkKind.PINNED.value, MarkKind.LEFT_OUT.value
UNSEEN, SUMMARISED = "unseen", "summarised"


@dataclass(frozen=True, slots=True)
class Gap:
    """`count` messages above a message that the model does not see; all of them, from the first."""

    count: int
    from_start: bool


@dataclass(frozen=True, slots=True)
class MemoryState:
    """`of` says what is special about a message: pinned, left out, summarised, or just unseen.

    `gaps` are where something unseen ends, by the message that follows. `summary_at` is the first
    message after those that a summary stands for; `replaced` is how many these are.
    """

    of: Mapping[MessageId, str] = field(default_factory=dict)
    gaps: Mapping[MessageId, Gap] = field(default_factory=dict)
    summary_at: MessageId | None = None
    replaced: int = 0


def state_of(branch: Sequence[Message], ledger: LedgerView) -> MemoryState:
    """Look once at each message. What only makes room for the draft is seen until it is sent."""
    said = dict.fromkeys(ledger.pinned, PINNED) | dict.fromkeys(ledger.left_out, LEFT_OUT)
    unseen, summary = ledger.unseen - ledger.dropped, ledger.summary
    last = _last_replaced(branch, summary)
    of: dict[MessageId, str] = {}
    gaps: dict[MessageId, Gap] = {}
    missing, run_begin = 0, 0
    replaced, summary_at = 0, None
    for place, message in enumerate(branch):
        kind: str = said.get(message.id, "")
        is_replaced = place <= last and kind == ""
        replaced += is_replaced
        if place == last + 1 and replaced:
            summary_at = message.id
        if not kind:
            kind = SUMMARISED if is_replaced else UNSEEN if message.id in unseen else ""
        if kind:
            of[message.id] = kind
        if kind == UNSEEN:
            run_begin = run_begin if missing else place
            missing += 1
        elif kind != LEFT_OUT and missing:
            gaps[message.id] = Gap(missing, from_start=run_begin == 0)
            missing = 0
    return MemoryState(of, gaps, summary_at, replaced)


def _last_replaced(branch: Sequence[Message], summary: Summary | None) -> int:
    """The place of the last message that the summary stands for; -1 where it stands for none."""
    if summary is None:
        return -1
    places = range(len(branch) - 1, -1, -1)
    return next((i for i in places if branch[i].id == summary.through_id), -1)
