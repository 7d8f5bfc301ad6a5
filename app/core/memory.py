"""What the model is told of a conversation: memory policies, and the parts of its context."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

MOST_TURNS, LEAST_TOKENS, MOST_TOKENS = 1000, 128, 1_048_576


class MemoryKind(StrEnum):
    """How much of the earlier turns the model is told. The values reach the disk."""

    ALL = "all"  # everything, until the context is full
    LAST_TURNS = "last_turns"  # the last `turns` exchanges
    TOKENS = "tokens"  # the newest exchanges that fit into `tokens`
    SUMMARY = "summary"  # a summary of what is older than the last `turns` exchanges


class WhenFull(StrEnum):
    """What happens when the context is full. The values reach the disk."""

    DROP_OLDEST = "drop_oldest"
    DROP_MIDDLE = "drop_middle"  # the first exchange and the newest ones stay
    SUMMARISE = "summarise"  # a summary in place of the oldest, made before it is full
    ASK = "ask"  # no answer before the person has decided


@dataclass(frozen=True, slots=True)
class MemoryPolicy:
    """What is told of earlier turns. An exchange is a question with its answer, what people call a
    turn; the system prompt and what is pinned are told in any case."""

    kind: MemoryKind = MemoryKind.ALL
    turns: int = 10
    tokens: int = 2048
    when_full: WhenFull = WhenFull.DROP_OLDEST
    uses_facts: bool = False  # what shall be remembered across conversations is told

    def as_text(self) -> str:
        """As JSON, for the disk."""
        return json.dumps(asdict(self))


def policy_from(text: str) -> MemoryPolicy | None:
    """From `as_text`; None for an empty text, for one that is none, or with values out of range."""
    try:
        given = json.loads(text or "null")
        if not isinstance(given, dict):
            return None
        turns, tokens = given.get("turns", 10), given.get("tokens", 2048)
        uses_facts = given.get("uses_facts", False)
        is_sound = (
            _is_number(turns, 1, MOST_TURNS)
            and _is_number(tokens, LEAST_TOKENS, MOST_TOKENS)
            and isinstance(uses_facts, bool)
        )
        if not is_sound:
            return None
        return MemoryPolicy(
            MemoryKind(given.get("kind", MemoryKind.ALL)),
            turns,
            tokens,
            WhenFull(given.get("when_full", WhenFull.DROP_OLDEST)),
            uses_facts,
        )
    except (ValueError, RecursionError):
        return None


def _is_number(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


@dataclass(frozen=True, slots=True)
class Memory:
    """What goes to the worker beside system prompt and turns.

    Messages that `summary` replaces are not sent with it, unless they are pinned.
    """

    policy: MemoryPolicy = MemoryPolicy()
    facts: tuple[str, ...] = ()
    summary: str = ""


class PartKind(StrEnum):
    """What a part of the context is."""

    SYSTEM = "system"
    FACTS = "facts"
    SUMMARY = "summary"
    PINNED = "pinned"  # a message
    TURN = "turn"  # a message
    ATTACHMENT = "attachment"  # of a message
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the context. `key` is a message's or attachment's id, empty for the rest;
    `message` is the message's id of an attachment. `tokens` are those of its text with what the
    chat template puts around it. What is not `is_seen` is left out of the next prompt."""

    kind: PartKind
    tokens: int
    key: str = ""
    message: str = ""
    is_seen: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a prompt as text; `is_special` ones are the model's control tokens. Tokens that
    are a character only together come as one piece of `tokens`."""

    text: str
    is_special: bool = False
    tokens: int = 1
