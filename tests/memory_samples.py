"""Made-up ledgers, and stored conversations that fill a small context."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtWidgets import QApplication, QMenu

from app.core.entities import (
    Attachment,
    AttachmentId,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
    new_id,
)
from app.core.memory import MemoryPolicy, Part, PartKind
from app.core.paths import Paths
from app.core.remembered import Summary
from app.services.ledger import LedgerView
from app.storage.storage import open_storage
from app.ui.message_view import MessageView
from tests.app_window import AppWindow

CONTEXT = 512  # tokens of the small context
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def settle_on(paths: Paths, **settings: object) -> None:
    """A small context and short answers, the same ones every time."""
    usual = {"preset": "own", "temperature": 0.0, "context_tokens": CONTEXT, "max_tokens": 6}
    paths.settings.write_text(json.dumps({**usual, **settings}))


def store_exchanges(
    paths: Paths, count: int, *, words: int = 60, policy: MemoryPolicy | None = None
) -> ConversationId:
    """A conversation of so many questions with answers of about so many tokens."""
    storage = open_storage(paths.database)
    history, found = storage.history, None
    for number in range(count):
        turn = history.begin_turn(found, f"Tell me of number {number}.", "Be kind.", "m")
        text = f"Number {number} is " + "very " * words + "well."
        history.finish(replace(turn.answer, content=text, status=Status.COMPLETE))
        found = turn.conversation.id
    assert found is not None
    if policy is not None:
        storage.memory.set_policy(found, policy)
    storage.close()
    return found


def store_summary(paths: Paths, conversation: ConversationId, exchanges: int, text: str) -> Summary:
    """A summary that stands for the first so many exchanges."""
    storage = open_storage(paths.database)
    last = storage.history.branch(conversation)[2 * exchanges - 1].id
    made = Summary(new_id(), conversation, last, last, text, NOW)
    storage.memory.save_summary(made)
    storage.close()
    return made


def open_stored(app: AppWindow, conversation: ConversationId) -> None:
    """Show it, and wait until its ledger is there."""
    app.controller.open(conversation)
    app.until(lambda: app.messages() and app.window.ledger.bar.isVisible())
    app.until(lambda: app.controller.memory.ledger.view.total > 0)


def branch_of(count: int) -> list[Message]:
    """So many messages; one of the last questions has a file."""
    found = []
    for number in range(count):
        is_question = number % 2 == 0
        files = (
            (Attachment(AttachmentId("file"), "report.txt", "text/plain", 900, "It says. " * 30),)
            if number == count - 4
            else ()
        )
        found.append(
            Message(
                MessageId(f"m{number:05}"),
                ConversationId("c"),
                None,
                Role.USER if is_question else Role.ASSISTANT,
                f"{number} is asked" if is_question else f"{number} is answered. " * 4,
                Status.COMPLETE,
                NOW,
                attachments=files,
            )
        )
    return found


def ledger_of(branch: Sequence[Message], unseen: int = 0, **others: object) -> LedgerView:
    """One in which the first `unseen` messages are not told."""
    parts = [Part(PartKind.SYSTEM, 300), Part(PartKind.FACTS, 60)]
    for place, message in enumerate(branch[unseen:], unseen):
        parts.append(Part(PartKind.TURN, 50 + place % 7, message.id))
        parts.extend(Part(PartKind.ATTACHMENT, 200, a.id, message.id) for a in message.attachments)
    parts.append(Part(PartKind.DRAFT, 40))
    total = sum(part.tokens for part in parts)
    view = LedgerView(
        parts=tuple(parts),
        total=total,
        context=max(4096, total + 1024),
        room=1024,
        unseen=frozenset(m.id for m in branch[:unseen]),
        is_known=True,
    )
    return replace(view, **others)  # type: ignore[arg-type]


def choose(view: MessageView, entry: str) -> None:
    """An entry of a message's menu."""
    view.row.more.click()
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    next(action for action in menu.actions() if action.text() == entry).trigger()
    menu.close()


def entries(view: MessageView) -> list[str]:
    """What a message's menu offers."""
    menu = view.row.make_menu()
    found = [action.text() for action in menu.actions()]
    menu.deleteLater()
    return found
