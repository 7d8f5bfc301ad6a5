"""The real window with the real worker, asked questions from inside: a process of its own.

Used by the measurements of answer speed and of the event loop, which need a clock inside the
window's process. The window is built by the app's own composition root, and a question goes through
the composer and the Enter key. `main` takes a `Task` as JSON from the command line and prints
`Findings` as JSON; `ask` starts it and reads them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.core.entities import Statistics, StopReason
from app.core.errors import Problem
from app.core.messages import TextProduced
from app.core.paths import find_paths
from app.core.settings import SettingsFile
from app.services.ports import EngineListener, EngineState
from app.ui.application import build, make_application
from app.ui.controller import Controller
from benchmarks.heartbeat import Heartbeat, Lateness
from benchmarks.report import MeasurementFailed
from benchmarks.screen import ROOT, Screen

# `-c`, because the worker is spawned and a spawned child would import its parent's main module
START = "from benchmarks.asking import main; main()"
PATIENCE_S = 90
SETTLE_MS = 1000  # after the model is loaded, and between two questions
LINGER_MS = 300  # after the end of an answer, for its last repaint


@dataclass(frozen=True, slots=True)
class Task:
    """What to do in the window. Zero means: no limit."""

    questions: tuple[str, ...]
    max_tokens: int = 0  # of one answer
    idle_s: float = 0.0  # how long the event loop is watched before; 0: not at all


@dataclass(slots=True)
class Answer:
    """One answer as it reached the screen; moments in seconds of `time.perf_counter`."""

    text: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    asked: float = 0.0
    first_paint: float = 0.0
    first_tokens: int = 0  # in what the first paint showed
    last_paint: float = 0.0
    paints: int = 0
    lateness: Lateness | None = None


@dataclass(slots=True)
class Findings:
    """What came out."""

    answers: list[Answer] = field(default_factory=list)
    idle: Lateness | None = None


def ask(screen: Screen, task: Task) -> Findings:
    """Do `task` in a new window process with an empty data folder."""
    words = [sys.executable, "-c", START, json.dumps(asdict(task))]
    done = subprocess.run(
        words, cwd=ROOT, env=screen.environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementFailed(f"The window ended with {done.returncode}: {done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    answers = [
        Answer(**{**answer, "lateness": _lateness(answer["lateness"])})
        for answer in found["answers"]
    ]
    return Findings(answers, _lateness(found["idle"]))


def _lateness(found: dict[str, float] | None) -> Lateness | None:
    return Lateness(**found) if found else None


def main() -> None:
    """Entry of the window's process."""
    task = Task(**json.loads(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as folder:
        paths = find_paths(Path(folder))
        paths.make()
        # temperature 0: the same answer every time, and none of the sampling differs
        chosen = {"temperature": 0.0, "max_tokens": task.max_tokens}
        paths.settings.write_text(json.dumps(chosen), encoding="utf-8")
        file = SettingsFile(paths.settings)
        settings, _ = file.load()
        controller = build(make_application(), paths, file, settings)
        controller.window.show()
        controller.start(None)
        findings = Asker(controller).work(task)
        controller.window.close()
    print(json.dumps(asdict(findings)))


class Asker(QObject, EngineListener):
    """Asks in the window as a person does, and notes when text was painted."""

    def __init__(self, controller: Controller) -> None:
        super().__init__()
        self._controller = controller
        self._window = controller.window
        self._answer = Answer()
        self._tokens = 0
        self._awaits_repaint = False
        self._problem: Problem | None = None
        self._heartbeat = Heartbeat(self)
        self._loop = QEventLoop(self)
        controller.engine.add_listener(self)
        self._window.transcript.text_painted.connect(self._text_laid_out)
        for receiver in (self._window, self._window.windowHandle()):
            receiver.installEventFilter(self)

    def work(self, task: Task) -> Findings:
        """Ask all that is to be asked."""
        findings = Findings()
        self._until(self._is_ready)
        self._pause(SETTLE_MS)
        if task.idle_s:
            self._heartbeat.start()
            begin = time.perf_counter()
            self._pause(int(task.idle_s * 1000))
            findings.idle = self._heartbeat.lateness(begin, time.perf_counter())
        for question in task.questions:
            findings.answers.append(self._ask(question, watched=findings.idle is not None))
        return findings

    def _ask(self, question: str, *, watched: bool) -> Answer:
        self._window.new_requested.emit()  # a conversation of its own: the same answer every time
        self._pause(SETTLE_MS)
        composer = self._window.composer.text
        answer = self._answer = Answer()
        self._tokens = 0
        composer.setPlainText(question)
        answer.asked = time.perf_counter()
        enter = (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
        QApplication.sendEvent(composer, QKeyEvent(QEvent.Type.KeyPress, *enter))
        QTimer.singleShot(PATIENCE_S * 1000, self._loop, self._loop.quit)
        self._loop.exec()
        if not answer.completion_tokens:
            raise MeasurementFailed(f"There was no answer: {self._problem}")
        answer.text = self._window.transcript.views()[-1].text
        if watched:
            answer.lateness = self._heartbeat.lateness(answer.asked, answer.last_paint)
        return answer

    def _is_ready(self) -> bool:
        engine, chat = self._controller.engine, self._controller.chat
        return engine.state is EngineState.READY and chat.is_ready

    def _until(self, is_so: Callable[[], bool]) -> None:
        loop, timer = QEventLoop(), QTimer()

        def look() -> None:
            if is_so():
                loop.quit()

        timer.timeout.connect(look)
        timer.start(20)
        QTimer.singleShot(PATIENCE_S * 1000, loop, loop.quit)
        loop.exec()
        if not is_so():
            raise MeasurementFailed("The window did not get ready.")

    @staticmethod
    def _pause(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop, loop.quit)
        loop.exec()

    # what happens to an answer

    def text_produced(self, piece: TextProduced) -> None:
        self._tokens = piece.completion_tokens

    def generation_finished(
        self, request_id: int, reason: StopReason, statistics: Statistics
    ) -> None:
        self._answer.prompt_tokens = statistics.prompt_tokens
        self._answer.completion_tokens = statistics.completion_tokens
        QTimer.singleShot(LINGER_MS, self._loop, self._loop.quit)

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        self._problem = problem
        self._loop.quit()

    def _text_laid_out(self) -> None:
        """New text is in the widgets; it is on the screen after the next repaint."""
        self._answer.paints += 1
        self._awaits_repaint = True
        if not self._answer.first_tokens:
            self._answer.first_tokens = self._tokens

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.UpdateRequest and self._awaits_repaint:
            self._awaits_repaint = False
            QTimer.singleShot(0, self, self._repainted)  # comes after this request was carried out
        return False

    def _repainted(self) -> None:
        self._answer.last_paint = time.perf_counter()
        if not self._answer.first_paint:
            self._answer.first_paint = self._answer.last_paint
