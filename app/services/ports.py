"""What services need from outside and what they tell: threads as a Scheduler, news as listeners.

Listeners are classes with empty methods, so that one may hear only what it cares about. Every
listener method is called on the main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from app.core.beginning import Beginning
from app.core.entities import (
    Conversation,
    ConversationId,
    Folder,
    Message,
    MessageId,
    ModelDescription,
    Statistics,
    StopReason,
)
from app.core.errors import Problem
from app.core.messages import Reading, TextProduced
from app.core.models_entities import Download

T = TypeVar("T")


class Lane(StrEnum):
    """One thread each; jobs of a lane run one after another, in order."""

    STORAGE = "storage"
    DISK = "disk"
    NETWORK = "network"
    HUB = "hub"  # searches and pages of repositories
    BULK = "bulk"  # gigabytes are copied or read again
    BATCH = "batch"  # a prompt is run over a table
    TEMPLATES = "templates"  # prompts are rendered, in a process of their own


class Scheduler(Protocol):
    """The one road off the main thread and the one road back."""

    def post(self, job: Callable[[], None]) -> None:
        """Run `job` on the main thread soon. May be called from any thread."""

    def run(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """Run `work` on the lane's thread, then `done` or `failed` on the main thread.

        An AppError becomes its Problem; any other exception an InternalError with traceback.
        """

    def call_later(self, delay_s: float, job: Callable[[], None]) -> Callable[[], None]:
        """Run `job` on the main thread after `delay_s` seconds.

        The result calls it off; calling it too late, or twice, does nothing.
        """

    def drain(self, timeout_s: float) -> bool:
        """Wait until the lanes are empty (at quit only). False if it took too long."""


class EngineState(StrEnum):
    """What the worker is doing."""

    STOPPED = "stopped"  # no process
    STARTING = "starting"
    IDLE = "idle"  # process, no model
    LOADING = "loading"
    READY = "ready"
    GENERATING = "generating"


class EngineListener:
    """News of the engine. `request_id` is what Engine.generate returned."""

    def engine_changed(self, state: EngineState) -> None:
        """The state is another one now."""

    def model_loading(self, path: Path, fraction: float) -> None:
        """Reading the model, 0 to 1."""

    def model_loaded(self, model: ModelDescription) -> None:
        """Ready to answer."""

    def model_failed(self, path: Path, problem: Problem) -> None:
        """The load failed, or the worker died while loading."""

    def prompt_read(self, reading: Reading) -> None:
        """How far a long prompt was read."""

    def text_produced(self, piece: TextProduced) -> None:
        """The next piece of an answer."""

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        """An answer is over."""

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        """An answer could not be given, or not to its end."""

    def worker_died(self, problem: Problem) -> None:
        """The process is gone without having been asked to (after model_/generation_failed)."""


class DownloadListener:
    """News of downloads."""

    def downloads_changed(self, downloads: Sequence[Download]) -> None:
        """All of them in their order; at most ten times a second."""

    def download_done(self, download: Download) -> None:
        """Verified and in its place; the model may be used."""


class ConversationsListener:
    """News of all conversations, for every window."""

    def storage_ready(self) -> None:
        """The database is open; conversations may be opened."""

    def storage_failed(self, problem: Problem) -> None:
        """The database cannot be opened; see Problem.code for what can be offered."""

    def conversations_changed(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        """The list for the sidebar, newest first, those in the bin left out."""

    def conversations_deleted(self, conversations: Sequence[Conversation]) -> None:
        """Moved to the bin; offer to undo."""

    def message_deleted(self, conversation_id: ConversationId, excerpt: str) -> None:
        """A message and what followed went to the bin; offer to undo."""

    def contents_erased(self, ids: Sequence[ConversationId]) -> None:
        """Of these conversations something, or all, is gone for good: nothing may be kept of it."""

    def bin_restored(self, ids: Sequence[ConversationId]) -> None:
        """These came back from the bin, or a message in them: they may be another way now."""

    def marks_changed(self, conversation_id: ConversationId) -> None:
        """What is pinned, or left out, of this conversation is another way now."""

    def problem_occurred(self, problem: Problem) -> None:
        """Something asked for could not be done."""


class AnswerListener:
    """News of answers in the making, of any conversation."""

    def answer_waits(self, message: Message) -> None:
        """Another answer is written first."""

    def answer_begun(self, message: Message) -> None:
        """It is this one's turn."""

    def reading_progressed(self, message_id: MessageId, reading: Reading) -> None:
        """How far the prompt of an answer was read."""

    def text_appended(self, message_id: MessageId, text: str) -> None:
        """An answer grew."""

    def answer_ended(self, message: Message) -> None:
        """How it ended; its text stays as it is now."""


class ChatListener:
    """News of the one conversation that a window shows."""

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        """What to show from now on, first message first. None: a new, empty conversation.

        `at` is the message to look at; without one it is the end.
        """

    def branch_changed(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        """The same conversation along another branch; `at` stays in its place."""

    def message_added(self, message: Message) -> None:
        """At the end of the open conversation; already on disk."""

    def message_changed(self, message: Message) -> None:
        """Its status (and perhaps text) is another one now."""

    def answer_waits(self, message_id: MessageId) -> None:
        """The answer on show waits for another one, of another conversation."""

    def reading_progressed(self, message_id: MessageId, reading: Reading) -> None:
        """How far the prompt of the answer on show was read."""

    def text_appended(self, message_id: MessageId, text: str) -> None:
        """The answer on show grew."""

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        """What was sent is on disk: the composer may forget it."""

    def answering_changed(self) -> None:
        """Whether an answer is being written here is another way now."""

    def beginning_changed(self, beginning: Beginning) -> None:
        """The next new conversation begins another way now."""

    def marks_changed(self) -> None:
        """What is pinned, or left out, of the conversation on show is another way now."""

    def problem_occurred(self, problem: Problem) -> None:
        """What was to be sent could not be stored."""
