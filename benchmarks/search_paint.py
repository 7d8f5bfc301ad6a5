"""How long from a search's answer until its hits are on the screen.

In the real window words are typed into the search field and sent with the Enter key. The clock
starts in the process of the stand-in hub, just before the last bytes of its answer go out, and
stops in the window's when the last repaint of the list that the answer brought is over (both read
the machine's own clock). So reading the answer, its JSON and its checks, the way between the
threads, laying out and painting count. The slowest of eight searches is the figure, the first of
the session among them; each brings a page of 25 other hits.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.ui.controller import Controller
from benchmarks.local_hub import Published, serve
from benchmarks.models_window import opened, pause, run, until
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import Screen

LIMIT_MS = 100.0
FINDABLE = 400
WORDS = ("model-0", "model-1", "model-2", "model-3")  # a hundred repositories each
ROUNDS = 2
LEAST_HITS = 25
LINGER_MS = 400  # for the last repaint of the list


def measure(screen: Screen) -> list[Figure]:
    """One window, eight searches."""
    with serve(Published(findable=FINDABLE)) as hub:
        painted = run(screen, "search_paint", hub.endpoint)
    waits = []
    for moment in painted:
        answers = [answer for answer in hub.answered if answer <= moment]
        if not answers:
            raise MeasurementFailed("The hub noted no answer to a search.")
        waits.append((moment - answers[-1]) * 1000)
    words = (
        f"slowest of {len(waits)}, from the last bytes of the answer to the end of the last repaint"
        f" it brought; median {statistics.median(waits):.0f} ms, the first {waits[0]:.0f} ms;"
        f" {LEAST_HITS} hits each, {len(hub.answered)} answers"
    )
    return [at_most("search results painted", round(max(waits), 1), "ms", LIMIT_MS, words)]


def main() -> None:
    """Entry of the window's process: prints the moments at which the hits were painted."""
    with opened("search", hub_endpoint=json.loads(sys.argv[1])) as controller:
        searcher = _Searcher(controller)
        QApplication.setCursorFlashTime(0)
        painted = [searcher.search(words) for _ in range(ROUNDS) for words in WORDS]
    print(json.dumps(painted))


class _Searcher(QObject):
    """Searches as a person does, and watches the list."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller)
        self._tab = controller.window.models_page.search
        self._painted = 0.0
        self._tab.list.viewport().installEventFilter(self)

    def search(self, words: str) -> float:
        """Returns when the hits were painted, in seconds of `time.monotonic`."""
        field = self._tab.text
        field.setText(words)
        field.setFocus()
        pause(LINGER_MS)
        self._painted = 0.0
        enter = (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
        QApplication.sendEvent(field, QKeyEvent(QEvent.Type.KeyPress, *enter))
        until(lambda: self._shows(words), f"no hits for {words}")
        pause(LINGER_MS)
        return self._painted

    def _shows(self, words: str) -> bool:
        rows = self._tab.list.rows.rows
        hits = [row for row in rows if words in row.key.lower()]
        return len(hits) == len(rows) >= LEAST_HITS and self._painted > 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._repainted)  # comes after the repaint was carried out
        return False

    def _repainted(self) -> None:
        self._painted = time.monotonic()
