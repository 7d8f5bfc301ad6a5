"""What the sample conversations of the pictures are made of; they are written by hand."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.entities import Status


@dataclass(frozen=True, slots=True)
class Answer:
    """One version of an answer. `thinking_s` are the seconds its reasoning took."""

    text: str
    thinking_s: float = 0.0
    status: Status = Status.COMPLETE


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and the versions of its answer; the one numbered `shown`, from 0, goes on."""

    question: str
    answers: tuple[Answer, ...]
    shown: int = 0
    has_files: bool = False  # a picture and a text


@dataclass(frozen=True, slots=True)
class Sample:
    """A conversation of `days` ago."""

    title: str
    days: float
    turns: tuple[Turn, ...]
    folder: str = ""
    tags: tuple[str, ...] = ()
    is_pinned: bool = False
    is_archived: bool = False
    is_binned: bool = False


@dataclass(frozen=True, slots=True)
class Samples:
    """Everything of one language."""

    conversations: tuple[Sample, ...]  # the first one has everything that can be shown
    picture_name: str
    notes_name: str
    notes: str
    draft: str  # a long one, whose tokens are counted
    sought: str  # a word that several conversations have
    command: str  # the beginning of a command
    setting: str  # a word of a setting
    story: str  # a question with a long answer
    quick: str  # a short one
    folder_question: str  # a message that is in the bin
    facts: tuple[str, ...]  # that are remembered


def said(question: str, answer: str) -> tuple[Turn, ...]:
    """A conversation of one question."""
    return (Turn(question, (Answer(answer),)),)
