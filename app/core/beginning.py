"""How a new conversation begins: what an assistant, or a prompt with examples, brings along."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.entities import SamplingParams
from app.core.memory import MemoryPolicy


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new conversation is made with. None and empty: as the settings say.

    `lead` are messages as (role, text) that stand before the first question: examples, or what an
    assistant says first. `model` is a file's name.
    """

    system: str | None = None
    assistant_id: str = ""
    memory: MemoryPolicy | None = None
    sampling: SamplingParams | None = None
    lead: tuple[tuple[str, str], ...] = ()
    model: str = ""
