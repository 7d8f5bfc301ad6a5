"""Memory policies: which turns of a conversation the model is told.

What was sent of the conversation is a LangChain history, and `trim_messages` finds the newest
exchanges that a policy allows, with the model's own tokenizer. Where turns are left out, they are
left out in steps whose places depend on the conversation's beginning only: so the prompt begins the
same for many turns, and the KV cache holds it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, trim_messages

from app.core.entities import ChatMessage, Role
from app.core.memory import MemoryKind, MemoryPolicy, WhenFull

# Old turns are dropped at places that are so many bytes of the conversation apart, as multiples of
# the room: with 4 bytes to a token a third of it, and a twelfth where these places are too far
# apart, as in Chinese
STEPS = (4 / 3, 1 / 3)
LIKELY_BYTES = 4  # of a token
# the window of the last exchanges moves on when it is so much larger than was asked for
TURN_STEP = 4

Fits = Callable[[tuple[int, ...]], bool]  # whether a prompt of the turns with these numbers fits


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as a template gets it; `weight` is that of the messages it was made of, `sources`
    are their places in what was sent."""

    role: Role
    content: str
    weight: int
    is_pinned: bool = False
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer: turns from `start` on, before `end`."""

    start: int
    end: int
    is_pinned: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """What the window sent of a conversation, and how much before it was not sent."""

    turns: Sequence[Turn]
    exchanges: Sequence[Exchange]
    omitted_turns: int = 0
    omitted_weight: int = 0

    @property
    def last(self) -> tuple[int, ...]:
        """The numbers of the last exchange's turns: what is to be answered."""
        return tuple(range(self.exchanges[-1].start, len(self.turns))) if self.exchanges else ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The numbers of the turns that are told; `dropped_turns` had no room, the omitted ones
    included. It `is_firm` where a longer question changes nothing as long as it fits."""

    turns: tuple[int, ...]
    dropped_turns: int = 0
    is_full: bool = False
    is_firm: bool = True


class NeedsDecision(Exception):
    """The context is full, and the person wants to be asked."""

    def __init__(self, turns: tuple[int, ...]) -> None:
        self.turns = turns
        super().__init__()


class NothingFits(Exception):
    """Not even what is never left out."""

    def __init__(self, turns: tuple[int, ...]) -> None:
        self.turns = turns
        super().__init__()


class SentHistory(BaseChatMessageHistory):
    """Some turns as LangChain keeps a history, their numbers as ids. For reading only: the window's
    database is the truth."""

    def __init__(self, turns: Sequence[Turn], numbers: Sequence[int]) -> None:
        self._messages = [as_message(turns[number], number) for number in numbers]

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # as LangChain's own do it
        return self._messages

    def clear(self) -> None:
        raise NotImplementedError

    def newest(self, most: int, size: Callable[[BaseMessage], int]) -> int:
        """How many of its messages are left when the oldest exchanges go until the rest is `most`
        by `size`."""
        kept = trim_messages(
            self.messages,
            max_tokens=most,
            token_counter=lambda messages: sum(map(size, messages)),
            strategy="last",
            start_on="human",
        )
        return len(kept)


def as_message(turn: Turn | ChatMessage, number: int | None = None) -> BaseMessage:
    """The turn as LangChain's message."""
    kind = HumanMessage if turn.role is Role.USER else AIMessage
    return kind(turn.content, id=None if number is None else str(number))


def exchanges_of(turns: Sequence[Turn]) -> list[Exchange]:
    """An exchange begins with a question; what an assistant says before the first is one too."""
    starts = [i for i, turn in enumerate(turns) if i == 0 or turn.role is Role.USER]
    return [
        Exchange(start, end, any(turn.is_pinned for turn in turns[start:end]))
        for start, end in itertools.pairwise([*starts, len(turns)])
    ]


def choose(
    sent: Sent, policy: MemoryPolicy, room: int, fits: Fits, tokens_of: Callable[[Turn], int]
) -> Choice:
    """What is told of it, where a prompt may have `room` tokens at most.

    Raises NeedsDecision, NothingFits."""
    first = _first_allowed(sent, policy, tokens_of)
    begin = sent.exchanges[first].start if sent.exchanges else 0
    is_cut = first == 0 and sent.omitted_turns > 0  # there is more than was sent
    allowed = _told(sent, begin, has_first=False)
    if not is_cut and fits(allowed):
        return Choice(allowed)
    last = _told(sent, sent.exchanges[-1].start if sent.exchanges else 0, has_first=False)
    if policy.when_full is WhenFull.ASK:
        # where nothing that is left out would help, there is nothing to decide
        raise NeedsDecision(allowed) if fits(last) else NothingFits(last)
    is_middle = policy.when_full is WhenFull.DROP_MIDDLE and begin == 0
    for has_first in (True, False) if is_middle else (False,):
        start, is_firm = _first_that_fits(sent, begin, room, fits, has_first=has_first)
        if start is not None:
            told = _told(sent, start, has_first=has_first)
            gone = len(allowed) - len(set(told) & set(allowed))
            gone += sent.omitted_turns if is_cut else 0
            return Choice(told, gone, is_full=True, is_firm=is_firm)
    raise NothingFits(last)


def _told(sent: Sent, start: int, *, has_first: bool) -> tuple[int, ...]:
    """The turns from `start` on, and what stays of those before."""
    kept: list[int] = []
    for exchange in sent.exchanges:
        if exchange.start >= start:
            break
        if exchange.is_pinned or has_first:
            kept += range(exchange.start, exchange.end)
        if sent.turns[exchange.start].role is Role.USER:  # else an opening line before the first
            has_first = False
    return (*kept, *range(start, len(sent.turns)))


def _first_allowed(sent: Sent, policy: MemoryPolicy, tokens_of: Callable[[Turn], int]) -> int:
    """The number of the first exchange that the policy allows, pinned ones left aside."""
    is_open = bool(sent.turns) and sent.turns[-1].role is Role.USER
    earlier = sent.exchanges[:-1] if is_open else sent.exchanges
    if policy.kind is MemoryKind.LAST_TURNS:
        return _first_of_last(sent, earlier, policy.turns)
    if policy.kind is MemoryKind.TOKENS:
        return _first_within(sent, earlier, policy.tokens, tokens_of)
    return 0


def _first_of_last(sent: Sent, earlier: Sequence[Exchange], most: int) -> int:
    """The window of the last `most` exchanges, and up to a quarter more so that it stays."""
    if len(earlier) <= most:
        return 0
    step = max(most // TURN_STEP, 1)
    numbers = range(earlier[-most - 1].start, earlier[-1].end)
    history = SentHistory(sent.turns, numbers)
    kept = history.newest(most, lambda message: int(isinstance(message, HumanMessage)))
    start = numbers.stop - kept
    first = next((i for i, exchange in enumerate(earlier) if exchange.start >= start), len(earlier))
    before = (sent.omitted_turns + 1) // 2  # exchanges
    return max((first + before) // step * step - before, 0)


def _first_within(
    sent: Sent, earlier: Sequence[Exchange], most: int, tokens_of: Callable[[Turn], int]
) -> int:
    """The newest exchanges whose turns are `most` tokens together, less where that lets the
    beginning stay; what is pinned takes its part first."""
    sizes = [sum(map(tokens_of, sent.turns[e.start : e.end])) for e in earlier]
    free = most - sum(size for size, e in zip(sizes, earlier, strict=True) if e.is_pinned)
    loose = [i for i, exchange in enumerate(earlier) if not exchange.is_pinned]
    held, low = 0, len(loose)
    while low and held <= free:  # one more than there is room for: the rest cannot matter
        low -= 1
        held += sizes[loose[low]]
    if held <= free:
        return 0
    numbers = [n for i in loose[low:] for n in range(earlier[i].start, earlier[i].end)]
    history = SentHistory(sent.turns, numbers)
    kept = history.newest(max(free, 0), lambda m: tokens_of(sent.turns[int(m.id or 0)]))
    if not kept:
        return len(earlier)
    start = numbers[-kept]
    first = next(i for i, exchange in enumerate(earlier) if exchange.start >= start)
    ends = _ends(sent)
    for share in STEPS:
        step = max(int(most * share), 1)
        later = (
            i
            for i in range(max(first, 1), len(earlier))
            if ends[earlier[i].start] // step > ends[earlier[i - 1].start] // step
        )
        found = next(later, None)
        # a step that forgets more than half of what may be told is not worth it
        if found is not None and sum(sizes[found:]) * 2 >= sum(sizes[first:]):
            return found
    return first


def _ends(sent: Sent) -> list[int]:
    """Bytes of the conversation before each turn, and of all of it."""
    weights = (turn.weight for turn in sent.turns)
    return list(itertools.accumulate(weights, initial=sent.omitted_weight))


def _first_that_fits(
    sent: Sent, begin: int, room: int, fits: Fits, *, has_first: bool
) -> tuple[int | None, bool]:
    """The question from `begin` on that the prompt goes on with after what is never left out; None
    where not even the last one fits. And whether that is so with a longer last one too."""
    ends = _ends(sent)
    last = sent.exchanges[-1] if sent.exchanges else None
    starts = [e.start for e in sent.exchanges if e.start > begin and (not e.is_pinned or e is last)]
    found: list[int] = []

    def fits_from(start: int) -> bool:
        return fits(_told(sent, start, has_first=has_first))

    for share in STEPS:
        step = max(int(room * share), 1)
        before = [-1 if sent.omitted_turns and not begin else begin, *starts]
        places = [
            new
            for old, new in itertools.pairwise(before)
            if old >= 0 and ends[new] // step > ends[old] // step
        ]
        # what begins later is shorter: from where it should fit, back or on to where it just does
        likely = sum(1 for place in places if ends[-1] - ends[place] > room * LIKELY_BYTES)
        at = min(likely, len(places))
        while at > 0 and fits_from(places[at - 1]):
            at -= 1
        while at < len(places) and not fits_from(places[at]):
            at += 1
        found += places[at : at + 1]
        # with less than a quarter of the room too much would be forgotten for the step's sake
        if found and ends[-1] - ends[found[0]] >= room:
            return found[0], True
    found += starts[-1:] or [begin]
    return next((start for start in sorted(found) if fits_from(start)), None), False
