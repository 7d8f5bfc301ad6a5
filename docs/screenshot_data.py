"""Writes the sample conversations into a data folder, as the app itself would keep them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from screenshot_samples import Answer, Sample, Samples, Turn

from app.core.entities import (
    Attachment,
    Conversation,
    ConversationId,
    FolderId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
    utc_now,
)
from app.storage.storage import Storage, open_storage

MODEL = "Qwen3-8B-Q4_K_M.gguf"
WIDTH, HEIGHT = 560, 300  # pixels of the picture
LOAF = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 300">
<rect width="560" height="300" fill="#e9dcc8"/>
<path d="M0 205 Q140 190 280 202 T560 196 V300 H0 Z" fill="#b98a5c"/>
<path d="M0 214 Q140 199 280 211 T560 205 V216 Q420 222 280 221 T0 224 Z" fill="#a87a4e"/>
<ellipse cx="280" cy="234" rx="190" ry="20" fill="#7d5736" opacity="0.5"/>
<path d="M96 226 C80 110 190 62 282 62 S482 106 464 226 C458 246 104 246 96 226 Z" fill="#a4612b"/>
<path d="M112 214 C104 120 200 76 282 76 S456 118 448 206 C380 168 190 164 112 214 Z"
 fill="#c98643"/>
<g fill="none" stroke="#f3dcb4" stroke-width="9" stroke-linecap="round">
<path d="M196 118 Q222 142 214 186"/><path d="M252 100 Q282 130 274 180"/>
<path d="M310 100 Q342 128 336 182"/><path d="M364 116 Q390 144 388 188"/></g>
<g fill="none" stroke="#8c4f21" stroke-width="3" stroke-linecap="round">
<path d="M203 118 Q229 142 221 186"/><path d="M259 100 Q289 130 281 180"/>
<path d="M317 100 Q349 128 343 182"/><path d="M371 116 Q397 144 395 188"/></g>
<g fill="none" stroke="#ffffff" stroke-width="5" stroke-linecap="round" opacity="0.55">
<path d="M228 44 q-12 -14 0 -26"/><path d="M284 38 q-12 -14 0 -26"/>
<path d="M340 44 q-12 -14 0 -26"/></g>
</svg>"""


class Written:
    """What was written: ids by title, and of the messages that have a picture of their own."""

    def __init__(self, conversations: Mapping[str, str], main: str, questions: list[str]) -> None:
        self.conversations = conversations
        self.main = main  # the one with everything
        self.questions = questions  # of it, from the first


def write(database: Path, samples: Samples) -> Written:
    """Fill a new database with the samples."""
    storage = open_storage(database)
    names = sorted({sample.folder for sample in samples.conversations if sample.folder})
    folders = {name: storage.organiser.add_folder(name).id for name in names}
    picture, notes = _attachments(storage, samples)
    ids: dict[str, str] = {}
    for number, sample in enumerate(samples.conversations):
        conversation, messages = _tree(sample, number, folders, (picture, notes))
        storage.history.add_whole(conversation, messages, {})
        ids[sample.title] = conversation.id
    binned = [ids[s.title] for s in samples.conversations if s.is_binned]
    storage.bin.delete([ConversationId(each) for each in binned])
    soup = ConversationId(ids[samples.conversations[2].title])
    turn = storage.history.begin_turn(soup, samples.folder_question, "", MODEL)
    storage.history.finish(replace(turn.answer, content="…", status=Status.STOPPED))
    storage.bin.delete_message(turn.question.id)
    main = ids[samples.conversations[0].title]
    questions = [m.id for m in storage.history.branch(ConversationId(main)) if m.role is Role.USER]
    storage.close()
    return Written(ids, main, [str(q) for q in questions])


def picture_of_a_loaf() -> bytes:
    """A loaf of bread on a table, as PNG."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(LOAF.encode())).render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # it takes no bytes
    return bytes(buffer.data().data())


def _attachments(storage: Storage, samples: Samples) -> tuple[Attachment, Attachment]:
    add, notes = storage.attachments.add, samples.notes
    picture = add(samples.picture_name, "image/png", picture_of_a_loaf())
    return picture, add(samples.notes_name, "text/plain", notes.encode(), notes)


def _tree(
    sample: Sample,
    number: int,
    folders: Mapping[str, FolderId],
    files: tuple[Attachment, ...],
) -> tuple[Conversation, list[Message]]:
    now = utc_now()
    moment = now - timedelta(days=sample.days)
    conversation_id = ConversationId(f"sample-{number}")
    messages: list[Message] = []
    parent: MessageId | None = None

    def add(role: Role, text: str, answer: Answer | None = None, turn: Turn | None = None) -> None:
        figures = None if answer is None else _figures(answer)
        messages.append(
            Message(
                MessageId(f"{conversation_id}-{len(messages)}"),
                conversation_id,
                parent,
                role,
                text,
                answer.status if answer else Status.COMPLETE,
                moment + timedelta(seconds=len(messages)),
                MODEL if answer else "",
                figures,
                attachments=files if turn is not None and turn.has_files else (),
            )
        )

    for turn in sample.turns:
        add(Role.USER, turn.question, turn=turn)
        parent = messages[-1].id
        first = len(messages)
        for answer in turn.answers:
            add(Role.ASSISTANT, answer.text, answer)
        parent = messages[first + turn.shown].id
    conversation = Conversation(
        conversation_id,
        sample.title,
        moment,
        moment,
        head_id=parent,
        model=MODEL,
        folder_id=folders.get(sample.folder),
        is_pinned=sample.is_pinned,
        is_archived=sample.is_archived,
        tags=sample.tags,
    )
    return conversation, messages


def _figures(answer: Answer) -> Statistics:
    tokens = len(answer.text) // 3
    return Statistics(
        prompt_tokens=310,
        reused_tokens=280,
        completion_tokens=tokens,
        ttft_s=0.4,
        tokens_per_s=21.0,
        context_tokens=310 + tokens,
        read_s=0.3,
        write_s=tokens / 21.0,
        thinking_s=answer.thinking_s,
        stop_reason="limit" if answer.status is Status.CUT_OFF else "end",
        layers=37,
        gpu_layers=37,
    )
