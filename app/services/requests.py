"""What is asked of the model: the turns of a branch with the marks, summary and facts of today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.entities import (
    ChatMessage,
    Conversation,
    Message,
    MessageId,
    Role,
    SamplingParams,
)
from app.core.history import Sent, sendable
from app.core.memory import Memory, MemoryKind, MemoryPolicy, WhenFull
from app.core.remembered import MarkKind, Marks, Summary
from app.core.settings import Settings
from app.services.turns import as_turns
from app.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that the worker needs. `sampling` None: as the settings say.

    What is not in `turns` though it says something was left out by a person, or the summary stands
    for it. `summary` is the one that is told. `sent` is what of the turns fits into `context`
    tokens; None where no model is loaded.
    """

    conversation: Conversation
    system: str
    turns: tuple[ChatMessage, ...]
    memory: Memory
    sampling: SamplingParams | None
    summary: Summary | None = None
    pinned: frozenset[MessageId] = frozenset()
    left_out: frozenset[MessageId] = frozenset()
    left_out_files: frozenset[tuple[MessageId, str]] = frozenset()
    sent: Sent | None = None
    context: int = 0


def policy_of(conversation: Conversation | None, settings: Settings) -> MemoryPolicy:
    """What is told of a conversation: its own policy, else that of the settings."""
    if conversation is not None and conversation.memory is not None:
        return conversation.memory
    return settings.memory_policy()


def uses_summary(policy: MemoryPolicy) -> bool:
    """Whether a summary is made, and told, under this policy."""
    return policy.kind is MemoryKind.SUMMARY or policy.when_full is WhenFull.SUMMARISE


def asked(
    storage: Storage,
    conversation: Conversation,
    branch: Sequence[Message],
    settings: Settings,
    context: int = 0,
) -> Asked:
    """What is asked at the end of `branch`; on the storage lane. With the `context` of the loaded
    model it is found here what of it fits: of ten thousand messages the main thread has no time."""
    policy = policy_of(conversation, settings)
    marks = storage.memory.marks(conversation.id)
    pinned, left_out = marked_exchanges(branch, marks)
    files = frozenset(place for place, kind in marks.items() if place[1] and _is_out(kind))
    summary = None
    if uses_summary(policy):
        summary = storage.memory.summary(conversation.id, {message.id for message in branch})
    told = _told(branch, summary, pinned, left_out - _question(branch))
    is_remembering = settings.is_remembering and policy.uses_facts
    turns = tuple(as_turns(told, storage.attachments.data, pinned, files))
    return Asked(
        conversation,
        conversation.system_prompt,
        turns,
        Memory(
            policy,
            storage.memory.kept_facts() if is_remembering else (),
            summary.text if summary is not None else "",
        ),
        conversation.sampling,
        summary,
        pinned,
        left_out,
        files,
        sendable(turns, context, policy) if context else None,
        context,
    )


def exchanges(branch: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """The branch in exchanges: each begins with a question that follows an answer. What an
    assistant says before the first question is one of its own."""
    start = 0
    for place in range(1, len(branch)):
        if branch[place].role is Role.USER and branch[place - 1].role is Role.ASSISTANT:
            yield branch[start:place]
            start = place
    if branch:
        yield branch[start:]


def marked_exchanges(
    branch: Sequence[Message], marks: Marks
) -> tuple[frozenset[MessageId], frozenset[MessageId]]:
    """The messages of this branch that are pinned, and that are left out: whole exchanges. Where a
    person said both of an exchange, it is left out."""
    if not marks:
        return frozenset(), frozenset()
    pinned: set[MessageId] = set()
    left_out: set[MessageId] = set()
    for exchange in exchanges(branch):
        kinds = {marks.get((message.id, "")) for message in exchange}
        if MarkKind.LEFT_OUT in kinds:
            left_out.update(message.id for message in exchange)
        elif MarkKind.PINNED in kinds:
            pinned.update(message.id for message in exchange)
    return frozenset(pinned), frozenset(left_out)


def _question(branch: Sequence[Message]) -> frozenset[MessageId]:
    """The messages at the end that wait for an answer: they are asked in any case."""
    end = len(branch)
    while end and branch[end - 1].role is Role.USER:
        end -= 1
    return frozenset(message.id for message in branch[end:])


def _told(
    branch: Sequence[Message],
    summary: Summary | None,
    pinned: frozenset[MessageId],
    left_out: frozenset[MessageId],
) -> Sequence[Message]:
    """What of the branch can be told: without what is left out, and without what the summary
    stands for unless it is pinned."""
    if summary is None and not left_out:
        return branch
    after = 0
    if summary is not None:
        places = (i for i, message in enumerate(branch) if message.id == summary.through_id)
        after = next(places, -1) + 1
    return [
        message
        for place, message in enumerate(branch)
        if message.id not in left_out and (place >= after or message.id in pinned)
    ]


def _is_out(kind: MarkKind) -> bool:
    return kind is MarkKind.LEFT_OUT
