"""The real program as a process of its own, watched from outside; and the least Qt can do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from app.ui.palettes import LIGHT
from benchmarks.report import MeasurementFailed
from benchmarks.screen import PATIENCE_S, ROOT, Screen

BARE = f"""
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QVBoxLayout, QWidget
application = QApplication([])
window = QWidget()
text, light = QPlainTextEdit(), QLabel("the key has come")
text.textChanged.connect(lambda: light.setStyleSheet("background: {LIGHT.accent}"))
layout = QVBoxLayout(window)
layout.addWidget(text)
layout.addWidget(light)
window.resize(1080, 720)
window.show()
application.exec()
"""


def app_words(data: Path) -> list[str]:
    """The command a person types, on a data folder of its own."""
    return [sys.executable, "-m", "app", "--data-dir", str(data)]


def bare_words() -> list[str]:
    """A window with one text field that lights up at a key: what Python and Qt cost anyone."""
    return [sys.executable, "-c", BARE]


class Watched:
    """A started process and the moment just before its start."""

    def __init__(self, words: list[str], screen: Screen) -> None:
        self._screen = screen
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            words, cwd=ROOT, env=screen.environment(), stderr=subprocess.PIPE, text=True
        )

    def seconds(self) -> float:
        """Since just before the start; raises MeasurementFailed if it is over or takes too long."""
        passed = time.perf_counter() - self.started
        if self.process.poll() is not None:
            words = self.process.stderr.read()[-500:] if self.process.stderr else ""
            raise MeasurementFailed(f"It ended with code {self.process.returncode}: {words}")
        if passed > PATIENCE_S:
            raise MeasurementFailed("It did not get there in a minute.")
        return passed


@contextlib.contextmanager
def started(words: list[str], screen: Screen) -> Iterator[Watched]:
    """Start it; end it and its children afterwards, so that nothing disturbs what comes next."""
    watched = Watched(words, screen)
    try:
        yield watched
    finally:
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(watched.process.pid).children(recursive=True)
            watched.process.terminate()
            psutil.wait_procs(family, timeout=10)
        watched.process.wait()
        if watched.process.stderr:
            watched.process.stderr.close()
