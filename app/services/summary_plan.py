"""Whether a conversation wants a summary, of which messages, and what the model reads for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.entities import ChatMessage, Message, MessageId
from app.core.history import weight
from app.core.memory import Memory, MemoryKind, MemoryPolicy, PartKind
from app.core.messages import Weighed
from app.core.remembered import Summary
from app.services.requests import Asked, exchanges

FULL_SHARE = 0.7  # of what there is room for: more than that wants a summary
KEPT_SHARE = 0.35  # of it: the newest exchanges that stay word for word then
LEAST_GAIN = 0.1  # of it: what a summary stands for at least, or it is not worth its reading
# of the context, what a summary is written from at most: question and summary need the rest
WHOLE_SHARE, QUESTION_TOKENS = 0.85, 100
PIECE_SHARE = 0.5  # of the context, of a conversation that is longer: it is read in pieces
BYTES_A_TOKEN = 2  # fewest on average, for what was not counted

Exchange = Sequence[Message]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask for: a summary that stands for all down to `through`, written after `turns`, the
    last of which is `seen`. More is left for another summary unless it `is_last`."""

    through: MessageId
    seen: MessageId
    turns: tuple[ChatMessage, ...]
    memory: Memory
    begun: str = ""
    is_last: bool = True


def plan(
    branch: Sequence[Message],
    asked: Asked,
    weighed: Weighed,
    *,
    is_wanted: bool = False,
    unfinished: Summary | None = None,
) -> Plan | None:
    """What to summarise at the end of `branch`; None where nothing is to be.

    `is_wanted`: a person asked for it, so that less is enough. `unfinished` is one that was stopped
    in the middle, which is taken up again where it fits.
    """
    if weighed.context <= 0:
        return None
    tokens = _Tokens(asked.turns, weighed)
    open_ = _open_exchanges(branch, asked)
    keep = _kept(open_, asked, weighed, tokens, is_wanted=is_wanted)
    older = open_[: max(0, len(open_) - keep)] if keep else []
    if not older or all(exchange[0].id in asked.pinned for exchange in older):
        return None
    ids = {message.id for message in branch}
    begun = unfinished if unfinished is not None and unfinished.seen_id in ids else None
    most = weighed.context * WHOLE_SHARE - QUESTION_TOKENS
    if tokens.is_all_seen and weighed.total <= most:
        # at the end of what the model has read already, which costs least
        through = older[-1][-1].id
        text = begun.text if begun is not None else ""
        # not an answer that says nothing: another one may take its place
        seen = asked.turns[-1].key if asked.turns else branch[-1].id
        return Plan(through, MessageId(seen), asked.turns, asked.memory, text)
    return _piece(older, asked, weighed, tokens, begun)


def _piece(
    older: Sequence[Exchange],
    asked: Asked,
    weighed: Weighed,
    tokens: _Tokens,
    begun: Summary | None,
) -> Plan:
    """The beginning of what is older, as much as can be read at once."""
    most, chosen, held = weighed.context * PIECE_SHARE, 0, 0
    for exchange in older:
        held += tokens.of(exchange)
        if chosen and held > most:
            break
        chosen += 1
    ids = {message.id for exchange in older[:chosen] for message in exchange}
    through = older[chosen - 1][-1].id
    return Plan(
        through,
        through,
        tuple(turn for turn in asked.turns if turn.key in ids),
        replace(asked.memory, policy=MemoryPolicy()),
        begun.text if begun is not None and begun.through_id == through else "",
        is_last=chosen == len(older),
    )


def _open_exchanges(branch: Sequence[Message], asked: Asked) -> list[Exchange]:
    """Those that no summary stands for yet and nobody left out."""
    after = 0
    if asked.summary is not None:
        through = asked.summary.through_id
        after = next((i + 1 for i, m in enumerate(branch) if m.id == through), 0)
    return [one for one in exchanges(branch[after:]) if one[0].id not in asked.left_out]


def _kept(
    open_: Sequence[Exchange],
    asked: Asked,
    weighed: Weighed,
    tokens: _Tokens,
    *,
    is_wanted: bool,
) -> int:
    """How many of the newest stay word for word; 0: all, nothing is to be summarised."""
    policy, room = asked.memory.policy, max(1, weighed.context - weighed.room)
    limits: list[int] = []
    if policy.kind is MemoryKind.SUMMARY:
        # several at a time: each new summary makes the model read its prompt anew
        step = 0 if is_wanted else max(1, policy.turns // 2)
        if len(open_) > policy.turns + step:
            limits.append(policy.turns)
    is_full = weighed.total > FULL_SHARE * room or not tokens.is_all_seen
    if is_full or (is_wanted and not limits):
        fitting = _fitting(open_, tokens, KEPT_SHARE * room)
        gain = sum(
            tokens.of(one) for one in open_[: len(open_) - fitting] if one[0].id not in asked.pinned
        )
        if is_wanted and not is_full:
            limits.append(min(fitting, max(1, len(open_) // 2)))
        elif is_wanted or limits or gain >= LEAST_GAIN * room:
            limits.append(fitting)
    return min(limits, default=0)


def _fitting(open_: Sequence[Exchange], tokens: _Tokens, most: float) -> int:
    """How many of the newest have at most so many tokens; one in any case."""
    held, count = 0, 0
    for exchange in reversed(open_):
        held += tokens.of(exchange)
        if count and held > most:
            break
        count += 1
    return count


class _Tokens:
    """Tokens of messages: counted where the worker did so, else guessed rather too high."""

    def __init__(self, turns: Sequence[ChatMessage], weighed: Weighed) -> None:
        self._counted: dict[str, int] = {}
        seen: set[str] = set()
        for part in weighed.parts:
            key = part.message if part.kind is PartKind.ATTACHMENT else part.key
            if key:
                self._counted[key] = self._counted.get(key, 0) + part.tokens
                if part.is_seen:
                    seen.add(key)
        self._turns: Mapping[str, ChatMessage] = {turn.key: turn for turn in turns}
        self.is_all_seen = self._turns.keys() <= seen

    def of(self, exchange: Exchange) -> int:
        """Of all its messages together."""
        return sum(map(self._of_message, exchange))

    def _of_message(self, message: Message) -> int:
        if message.id in self._counted:
            return self._counted[message.id]
        turn = self._turns.get(message.id)
        return weight(turn) // BYTES_A_TOKEN if turn is not None else 0
