"""Settings of the memory: what the model is told of earlier turns, and across conversations."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.memory import (
    LEAST_TOKENS,
    MOST_TOKENS,
    MOST_TURNS,
    MemoryKind,
    MemoryPolicy,
    WhenFull,
)
from app.core.settings_declaration import settings_of

_setting = settings_of("memory")


@dataclass(frozen=True)
class MemorySettings:
    """The person's choices about memory, for conversations without a choice of their own."""

    memory_kind: str = _setting(
        MemoryKind.ALL.value,
        "What the model is told of earlier messages",
        "The system prompt, and messages you keep always, are told in any case.",
        choices=(
            (MemoryKind.ALL.value, "Everything"),
            (MemoryKind.LAST_TURNS.value, "The last questions"),
            (MemoryKind.TOKENS.value, "A number of tokens"),
            (MemoryKind.SUMMARY.value, "A summary, and the last questions"),
        ),
    )
    memory_turns: int = _setting(
        10,
        "Last questions",
        "How many questions with their answers are told word for word.",
        minimum=1,
        maximum=MOST_TURNS,
    )
    memory_tokens: int = _setting(
        2048,
        "Tokens for earlier messages",
        "The newest messages that fit into so many tokens are told.",
        minimum=LEAST_TOKENS,
        maximum=MOST_TOKENS,
        step=256,
    )
    when_full: str = _setting(
        WhenFull.DROP_OLDEST.value,
        "When the context is full",
        "The bar above what you write shows it before it happens. Nothing is deleted.",
        choices=(
            (WhenFull.DROP_OLDEST.value, "Leave out the oldest"),
            (WhenFull.DROP_MIDDLE.value, "Leave out the middle"),
            (WhenFull.SUMMARISE.value, "Summarise"),
            (WhenFull.ASK.value, "Stop and ask"),
        ),
    )
    is_remembering: bool = _setting(
        False,
        "Remember things about me",
        "The model proposes what may be worth keeping. It is told only what you wrote or kept.",
    )

    def memory_policy(self) -> MemoryPolicy:
        """What is told of a conversation under these settings."""
        return MemoryPolicy(
            MemoryKind(self.memory_kind),
            self.memory_turns,
            self.memory_tokens,
            WhenFull(self.when_full),
            uses_facts=self.is_remembering,
        )
