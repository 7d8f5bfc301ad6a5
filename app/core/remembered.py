"""What is stored about the memory of conversations: marks, summaries, facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.entities import ConversationId, MessageId


class MarkKind(StrEnum):
    """What a person said about a message or a file of one. The values reach the disk."""

    PINNED = "pinned"  # always told, with its exchange
    LEFT_OUT = "left_out"  # never told; of a message: nor its exchange


# message and attachment, which is empty for the message itself -> what was said about it
Marks = dict[tuple[MessageId, str], MarkKind]


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands for the messages of a branch from its beginning down to `through_id`.

    The model wrote it having read down to `seen_id`, so it may hold words of all of these.
    One that is not whole was stopped in the middle, and is never told; nor is one that `is_off`: a
    person said so, or (`is_stale`) something it holds words of was left out since.
    """

    id: str
    conversation_id: ConversationId
    through_id: MessageId
    seen_id: MessageId
    text: str
    created_at: datetime
    is_whole: bool = True
    is_edited: bool = False
    is_off: bool = False
    is_stale: bool = False

    def is_of(self, branch: Collection[str]) -> bool:
        """Whether it is one of the branch with these messages: it holds no words of another one,
        but for those that a person gave it."""
        return self.through_id in branch and (self.is_edited or self.seen_id in branch)


class FactState(StrEnum):
    """What became of a fact. The values reach the disk."""

    PROPOSED = "proposed"  # by the model; never told to it before a person keeps it
    KEPT = "kept"
    REFUSED = "refused"  # remembered so that it is not proposed again


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to remember across conversations. `source_id` is the answer after which the model
    proposed it; None where a person wrote it, or that answer is gone."""

    id: str
    text: str
    state: FactState
    source_id: MessageId | None
    created_at: datetime
    changed_at: datetime
