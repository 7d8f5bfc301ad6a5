"""What a model thought and what it answered, as an export tells them apart: as the window does."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.reasoning import Kind, split


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of an answer: said, or only thought."""

    text: str
    is_thought: bool = False


def segments(text: str) -> list[Segment]:
    """The text in its stretches, trimmed; markers and empty stretches are left out."""
    parts = [Segment(part.text.strip(), part.kind is Kind.REASONING) for part in split(text)]
    return [part for part in parts if part.text]


def without_reasoning(text: str) -> str:
    """Only what was said."""
    return "\n\n".join(part.text for part in segments(text) if not part.is_thought)
