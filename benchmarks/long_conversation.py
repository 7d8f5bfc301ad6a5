"""A conversation of 10,000 messages, 20 MB of Markdown: opening, scrolling, an answer at its end.

In the real window, from inside: a process of its own. The conversation lies in the database; the
clock of the opening runs from the call that a click in the list makes to the end of the first
repaint that shows its end. Scrolling turns the wheel one notch a frame, 3,600 pixels a second,
through messages that were never laid out; a frame is what comes between the wheel's event and the
end of the repaint it brings. Then the scroll bar jumps to forty places. An answer of code, lists
and tables comes token by token, 200 a second, while a 1 ms timer in the window's own event loop is
watched. No model is loaded: its process would take the processor, not the event loop.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QEventLoop, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from app.core.entities import (
    Conversation,
    ConversationId,
    Message,
    MessageId,
    Role,
    Status,
    new_id,
    utc_now,
)
from app.core.paths import Paths, find_paths
from app.core.settings import SettingsFile
from app.storage.storage import open_storage
from app.ui.application import build, make_application
from app.ui.controller import Controller
from app.ui.transcript import Transcript
from benchmarks.heartbeat import Heartbeat, Lateness
from benchmarks.models_window import pause, run, until
from benchmarks.report import Figure, at_most
from benchmarks.screen import Screen
from benchmarks.stored import CODE, PROSE

PAINT_LIMIT_MS, FRAME_LIMIT_MS = 200.0, 1000 / 60
STALL_LIMIT_MS, P99_LIMIT_MS, MEMORY_LIMIT_MB = 50.0, 16.0, 250.0
MESSAGES, BYTES = 10_000, 20_000_000
FRAMES, JUMPS = 600, 40
TOKENS_PER_S, TOKENS = 200, 3000
SETTLE_MS = 2000
TITLE = "A very long conversation"


@dataclass(frozen=True, slots=True)
class Found:
    """What came out; times in milliseconds, memory in MB of 10^6 bytes."""

    open_ms: float  # from the click to the first paint, reading the database included
    show_ms: float  # of it the window's part: the messages are there
    frames_ms: list[float]
    jumps_ms: list[float]  # until nothing on the screen is blank
    writing: Lateness
    idle: Lateness
    before_mb: float
    with_mb: float


def measure(screen: Screen) -> list[Figure]:
    """One window, one conversation."""
    said = run(screen, "long_conversation", None)
    lateness = {name: Lateness(**said[name]) for name in ("writing", "idle")}
    found = Found(**{**said, **lateness})
    frames = sorted(found.frames_ms)
    worst = frames[int(len(frames) * 0.99)]
    late = sum(frame > FRAME_LIMIT_MS for frame in frames)
    opening = f"{MESSAGES:,} messages, 20 MB; of it the window's part: {found.show_ms:.0f} ms"
    scrolling = (
        f"99th percentile of {len(frames)} frames, {late} of them late; median"
        f" {statistics.median(frames):.1f} ms, longest {frames[-1]:.0f} ms; a jump with the scroll"
        f" bar: median {statistics.median(found.jumps_ms):.0f} ms, longest"
        f" {max(found.jumps_ms):.0f} ms until all of the screen is there"
    )
    at = f"at {found.writing.longest_at_s:.1f} of {found.writing.seconds:.1f} s"
    stall = (
        f"{at}, {TOKENS_PER_S} tokens/s; the same window at rest: {found.idle.longest_ms:.1f} ms"
    )
    p99 = f"of moments; the same window at rest: {found.idle.p99_ms:.1f} ms"
    memory = (
        f"after scrolling and writing, no model; without the conversation {found.before_mb:.0f} MB"
    )
    longest, waiting = found.writing.longest_ms, found.writing.p99_ms
    return [
        at_most(
            "long conversation painted", round(found.open_ms, 1), "ms", PAINT_LIMIT_MS, opening
        ),
        at_most("frame while scrolling it", round(worst, 1), "ms", 16.7, scrolling),
        at_most("longest stall, answer in it", round(longest, 1), "ms", STALL_LIMIT_MS, stall),
        at_most("99th percentile, answer in it", round(waiting, 1), "ms", P99_LIMIT_MS, p99),
        at_most("window memory with it", round(found.with_mb, 1), "MB", MEMORY_LIMIT_MB, memory),
    ]


def main() -> None:
    """Entry of the window's process."""
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        paths.make()
        paths.settings.write_text(json.dumps({"unload_after_min": 0}), encoding="utf-8")
        conversation_id = store(paths)
        file = SettingsFile(paths.settings)
        settings, _ = file.load()
        controller = build(make_application(), paths, file, settings)
        controller.window.resize(1100, 850)
        controller.window.show()
        controller.conversations.start()
        until(lambda: controller.chat.is_ready, "the database does not open")
        pause(SETTLE_MS)
        gc.freeze()  # as the app does at the end of its start, which this one leaves out
        found = _watch(controller, conversation_id)
        controller.window.close()
    print(json.dumps(asdict(found)))


def conversation() -> Iterator[Message]:
    """10,000 messages; answers of one to six sections with lists, a table and code."""
    conversation_id, parent = ConversationId(new_id()), None
    for number in range(MESSAGES):
        if number % 2:
            sections = range(1 + number // 2 % 6)
            text = "\n".join(
                PROSE.format(n=number + part, water=300 + part) + CODE.format(n=part)
                for part in sections
            )
            role = Role.ASSISTANT
        else:
            text = f"What comes after step {number}, and how much water do I need for it?"
            role = Role.USER
        message_id = MessageId(new_id())
        yield Message(message_id, conversation_id, parent, role, text, Status.COMPLETE, utc_now())
        parent = message_id


def store(paths: Paths) -> ConversationId:
    """Write the conversation into the database; returns its identifier."""
    messages = list(conversation())
    size = sum(len(message.content.encode()) for message in messages)
    assert abs(size / BYTES - 1) < 0.1, size
    first, last = messages[0], messages[-1]
    whole = Conversation(first.conversation_id, TITLE, utc_now(), utc_now(), last.id)
    with closing(open_storage(paths.database)) as storage:
        return storage.history.add_whole(whole, messages, {}).id


def _watch(controller: Controller, conversation_id: ConversationId) -> Found:
    transcript = controller.window.transcript
    process = psutil.Process()
    before = process.memory_info().rss / 1e6
    probe = Probe(transcript)
    open_ms = probe.painted(lambda: controller.chat.open_conversation(conversation_id))
    pause(SETTLE_MS)
    messages = list(transcript.messages)
    transcript.show_messages(())
    pause(SETTLE_MS)
    show_ms = probe.painted(lambda: transcript.show_messages(messages))
    pause(SETTLE_MS)
    frames, jumps = probe.scroll(), probe.jump()
    idle, writing = probe.write(messages[-1])
    return Found(
        open_ms, show_ms, frames, jumps, writing, idle, before, process.memory_info().rss / 1e6
    )


class Probe(QObject):
    """Uses a transcript as a person does, and holds the clock."""

    def __init__(self, transcript: Transcript) -> None:
        super().__init__(transcript)
        self._transcript = transcript
        self._loop = QEventLoop(self)
        self._awaits_repaint = False
        for receiver in (transcript.window(), transcript.window().windowHandle()):
            receiver.installEventFilter(self)

    def painted(self, do: object) -> float:
        """Milliseconds from `do()` to the end of the first repaint that shows messages."""
        assert callable(do)
        begin = time.perf_counter()
        self._awaits_repaint = True
        do()
        self._loop.exec()
        return (time.perf_counter() - begin) * 1000

    def scroll(self) -> list[float]:
        """The milliseconds of each frame, upwards from the end."""
        found = []
        for _ in range(FRAMES):
            begin = time.perf_counter()
            self._awaits_repaint = True
            self._turn_wheel()
            self._loop.exec()
            frame_s = time.perf_counter() - begin
            found.append(frame_s * 1000)
            pause(max(0, int(FRAME_LIMIT_MS - frame_s * 1000)))
        return found

    def jump(self) -> list[float]:
        """The milliseconds from setting the scroll bar until the screen is full."""
        bar, found = self._transcript.verticalScrollBar(), []
        for number in range(JUMPS):
            begin = time.perf_counter()
            bar.setValue(bar.maximum() * (number * 17 % JUMPS) // JUMPS)
            while not self._transcript.is_full():
                QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 1)
            found.append((time.perf_counter() - begin) * 1000)
            pause(100)
        return found

    def write(self, last: Message) -> tuple[Lateness, Lateness]:
        """How late the event loop is at rest, and while an answer comes at full speed."""
        transcript = self._transcript
        bar = transcript.verticalScrollBar()
        bar.setValue(bar.maximum())
        pause(SETTLE_MS)
        heartbeat = Heartbeat(self)
        heartbeat.start()
        begin = time.perf_counter()
        pause(SETTLE_MS)
        idle = heartbeat.lateness(begin, time.perf_counter())
        answer = replace(last, id=MessageId(new_id()), content="", status=Status.STREAMING)
        transcript.add_message(answer)
        text = "".join(PROSE.format(n=n, water=n) + CODE.format(n=n % 10) for n in range(20))
        pieces = [text[start : start + 4] for start in range(0, TOKENS * 4, 4)]
        timer, begin, given = QTimer(self), time.perf_counter(), 0

        def give() -> None:
            nonlocal given
            due = min(TOKENS, int((time.perf_counter() - begin) * TOKENS_PER_S))
            if due > given:
                transcript.append_text(answer.id, "".join(pieces[given:due]))
                given = due
            if given == TOKENS:
                timer.stop()
                self._loop.quit()

        timer.timeout.connect(give)
        timer.start(1000 // TOKENS_PER_S)
        self._loop.exec()
        complete = replace(answer, content="".join(pieces), status=Status.COMPLETE)
        transcript.update_message(complete)
        pause(SETTLE_MS // 4)
        return idle, heartbeat.lateness(begin, time.perf_counter())

    def _turn_wheel(self) -> None:
        ground = self._transcript.viewport()
        middle = QPointF(ground.rect().center())
        event = QWheelEvent(
            middle,
            ground.mapToGlobal(middle),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(ground, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_repaint = event.type() == QEvent.Type.UpdateRequest
        if is_repaint and self._awaits_repaint and self._transcript.views():
            self._awaits_repaint = False
            QTimer.singleShot(0, self, self._loop.quit)  # comes after it was carried out
        return False


if __name__ == "__main__":
    sys.exit(main())
