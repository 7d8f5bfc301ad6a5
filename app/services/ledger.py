"""What the next prompt is made of, while it is written: counted by the worker, never waited for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from app.core.beginning import Beginning
from app.core.entities import (
    Attachment,
    AttachmentId,
    ChatMessage,
    Conversation,
    ConversationId,
    Message,
    MessageId,
    ModelDescription,
    Role,
    Status,
    utc_now,
)
from app.core.errors import ConversationNotFound
from app.core.history import Sent
from app.core.memory import Memory, MemoryPolicy, Part
from app.core.messages import Weighed
from app.core.remembered import Summary
from app.core.settings import Settings
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.memory_news import MemoryListener, MemoryNews
from app.services.ports import (
    ChatListener,
    ConversationsListener,
    EngineListener,
    EngineState,
)
from app.services.requests import Asked, asked
from app.services.turns import as_draft
from app.storage.reading import without_garbage_search
from app.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The next prompt, all in tokens.

    `parts` in the order of the prompt. `room` is kept free for the answer at least. `dropped` are
    messages that would make room for what is being written; `unseen` all of the branch that the
    model is not told any more, these included. `is_known`: a model is loaded that counts.
    `pinned` and `left_out` are whole exchanges; `left_out_files` are files alone, with their
    message. `summary` is the one that is told.
    """

    parts: tuple[Part, ...] = ()
    total: int = 0
    context: int = 0
    room: int = 0
    dropped: frozenset[MessageId] = frozenset()
    unseen: frozenset[MessageId] = frozenset()
    is_full: bool = False
    is_known: bool = False
    policy: MemoryPolicy = field(default_factory=MemoryPolicy)
    pinned: frozenset[MessageId] = frozenset()
    left_out: frozenset[MessageId] = frozenset()
    left_out_files: frozenset[tuple[MessageId, str]] = frozenset()
    summary: Summary | None = None


class LedgerListener:
    """Who shows it; main thread."""

    def ledger_changed(self, view: LedgerView) -> None:
        """It is another one now."""


class LedgerEngine(Protocol):
    """What a ledger needs of the engine."""

    model: ModelDescription | None

    def add_listener(self, listener: EngineListener) -> None: ...

    def remove_listener(self, listener: EngineListener) -> None: ...

    def prepare(
        self, history: Sequence[ChatMessage], memory: Memory, context: int, sent: Sent
    ) -> None: ...

    def weigh(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        draft: ChatMessage | None,
        done: Callable[[Weighed], None],
    ) -> None: ...


class _WhenReady(ConversationsListener):
    """Reads once the database is open."""

    def __init__(self, read: Callable[[], None]) -> None:
        self._read = read

    def storage_ready(self) -> None:
        self._read()


class Ledger(ChatListener, EngineListener, MemoryListener):
    """Of one window; main thread only. `close` it with the window.

    It asks the worker at once when nothing is asked yet, else when the answer came: never more than
    one at a time, and always for what is written by then.
    """

    def __init__(
        self,
        chat: Chat,
        conversations: Conversations,
        engine: LedgerEngine,
        news: MemoryNews,
        settings: Callable[[], Settings],
    ) -> None:
        self._chat = chat
        self._conversations = conversations
        self._engine = engine
        self._news = news
        self._settings = settings
        self._listeners: list[LedgerListener] = []
        self._when_ready = _WhenReady(self._read)
        self._is_closed = False
        self._times_read = 0
        self._asked: Asked | None = None
        self._speaking: frozenset[str] = frozenset()  # the messages it was made of
        self._text = ""
        self._attachments: tuple[Attachment, ...] = ()
        self._pictures: dict[AttachmentId, bytes] = {}  # of those
        self._is_weighing = False
        self._is_other = False  # than what is being weighed
        self.view = LedgerView()
        chat.add_listener(self)
        engine.add_listener(self)
        news.add(self)
        conversations.add_listener(self._when_ready)
        self._read()

    def add_listener(self, listener: LedgerListener) -> None:
        """Tell `listener` from now on."""
        self._listeners.append(listener)

    @property
    def contents(self) -> tuple[Asked, ChatMessage | None] | None:
        """What the next question would be asked with, and the question as far as it is written;
        None while that is not read yet."""
        return None if self._asked is None else (self._asked, self._draft())

    def close(self) -> None:
        """Hear nothing more; the window is gone."""
        self._is_closed = True
        self._listeners.clear()
        self._chat.remove_listener(self)
        self._engine.remove_listener(self)
        self._news.remove(self)
        self._conversations.remove_listener(self._when_ready)

    def draft_changed(self, text: str, attachments: Sequence[Attachment] = ()) -> None:
        """What is being written is this now."""
        files = tuple(attachments)
        if (text, files) == (self._text, self._attachments):
            return
        self._text, self._attachments = text, files
        known = {a.id for a in files if a.is_image}
        self._pictures = {key: data for key, data in self._pictures.items() if key in known}
        missing = known - self._pictures.keys()
        if missing:
            self._read_pictures(missing)
        self._weigh()

    # news

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        self._asked = None
        self._read()

    def branch_changed(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        self._read()

    def message_added(self, message: Message) -> None:
        if message.status is Status.STREAMING:  # the last one that is added
            self._read()

    def message_changed(self, message: Message) -> None:
        if message.status is not Status.STREAMING:
            self._read()

    def beginning_changed(self, beginning: Beginning) -> None:
        if self._chat.open_conversation_id is None:
            self._read()

    def memory_changed(self, conversation_id: ConversationId | None) -> None:
        if conversation_id in (None, self._chat.open_conversation_id):
            self._read()

    def model_loaded(self, model: ModelDescription) -> None:
        self._read()  # another context may hold more

    def engine_changed(self, state: EngineState) -> None:
        if self._engine.model is None and self.view.is_known:
            self._weigh()

    # inside

    def _read(self) -> None:
        """The turns of the branch on show, with marks, summary and facts of today."""
        self._times_read += 1
        times, settings = self._times_read, self._settings()
        open_id, beginning = self._chat.open_conversation_id, self._chat.beginning
        branch = [m for m in self._chat.branch if m.status is not Status.STREAMING]
        context = self._engine.model.context if self._engine.model is not None else 0
        if not self._conversations.is_ready:
            return  # storage_ready comes

        def work(storage: Storage) -> tuple[Asked, frozenset[str]] | None:
            with without_garbage_search():
                found = _asked(storage, open_id, branch, beginning, settings, context)
                if found is None:
                    return None
                return found, frozenset(m.id for m in branch if _says_something(m))

        def done(result: tuple[Asked, frozenset[str]] | None) -> None:
            if times == self._times_read and result is not None and not self._is_closed:
                self._asked, self._speaking = result
                self._weigh()

        # nobody asked for it: what is wrong with the disk is told where something is sent
        self._conversations.run(work, done, lambda _: None)

    def _read_pictures(self, missing: set[AttachmentId]) -> None:
        def work(storage: Storage) -> dict[AttachmentId, bytes]:
            return {key: storage.attachments.data(key) for key in missing}

        def done(found: dict[AttachmentId, bytes]) -> None:
            here = {a.id for a in self._attachments}
            self._pictures |= {key: data for key, data in found.items() if key in here}
            self._weigh()

        self._conversations.run(work, done, lambda _: None)  # as above

    def _weigh(self) -> None:
        if self._asked is None or self._is_closed:
            return
        if self._is_weighing:
            self._is_other = True
            return
        self._is_weighing, self._is_other = True, False
        request, speaking = self._asked, self._speaking
        if request.sent is not None:  # each time: an answer may have been asked for meanwhile
            self._engine.prepare(request.turns, request.memory, request.context, request.sent)
        self._engine.weigh(
            request.system,
            request.turns,
            request.memory,
            self._draft(),
            lambda weighed: self._weighed(request, speaking, weighed),
        )

    def _draft(self) -> ChatMessage | None:
        return as_draft(self._text, self._attachments, tuple(self._pictures.values()))

    def _weighed(self, request: Asked, speaking: frozenset[str], weighed: Weighed) -> None:
        self._is_weighing = False
        if self._is_closed:
            return
        if request is self._asked:  # else it is of another branch, or of before a change
            self._show(request, speaking, weighed)
        if self._is_other or request is not self._asked:
            self._weigh()

    def _show(self, request: Asked, speaking: frozenset[str], weighed: Weighed) -> None:
        is_known = weighed.context >= 0
        seen = {part.key for part in weighed.parts if part.is_seen}
        unseen = cast("frozenset[MessageId]", speaking - seen) if is_known else request.left_out
        view = LedgerView(
            parts=weighed.parts,
            total=weighed.total,
            context=max(0, weighed.context),
            room=weighed.room,
            dropped=frozenset(map(MessageId, weighed.dropped)),
            unseen=unseen,
            is_full=weighed.is_full,
            is_known=is_known,
            policy=request.memory.policy,
            pinned=request.pinned,
            left_out=request.left_out,
            left_out_files=request.left_out_files,
            summary=request.summary,
        )
        if view != self.view:
            self.view = view
            for listener in list(self._listeners):
                listener.ledger_changed(view)


def _says_something(message: Message) -> bool:
    """Else the model is not told it in any case."""
    return bool(message.attachments or (message.content and not message.content.isspace()))


def _asked(
    storage: Storage,
    open_id: ConversationId | None,
    branch: Sequence[Message],
    beginning: Beginning,
    settings: Settings,
    context: int,
) -> Asked | None:
    """None where the conversation is gone meanwhile."""
    if open_id is None:
        return _asked_new(storage, beginning, settings)
    try:
        conversation = storage.history.conversation(open_id)
    except ConversationNotFound:
        return None
    return asked(storage, conversation, branch, settings, context)


def _asked_new(storage: Storage, beginning: Beginning, settings: Settings) -> Asked:
    """Of a conversation that has not begun: what its first question would be told with."""
    system = settings.system_prompt if beginning.system is None else beginning.system
    policy = beginning.memory or settings.memory_policy()
    is_remembering = settings.is_remembering and policy.uses_facts
    facts = storage.memory.kept_facts() if is_remembering else ()
    now = utc_now()
    return Asked(
        Conversation(ConversationId(""), "", now, now, None, system, ""),
        system,
        tuple(ChatMessage(Role(role), text) for role, text in beginning.lead),
        Memory(policy, facts),
        beginning.sampling,
    )
