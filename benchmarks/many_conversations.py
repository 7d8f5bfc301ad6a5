"""10,000 conversations: the start of the app, and a search over all of them as one types.

The database has 40,000 messages, a fifth of them Chinese, in folders, with tags and pins; one
conversation of 20 messages is open. The start is that of `window_start`, beside one with 31
conversations in the same run. The search runs in the real window: the clock begins when the search
field asks (60 ms after the last key, which is not counted) and ends when the results were painted.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QObject

from app.core.entities import Message, Status, utc_now
from app.core.paths import find_paths
from app.core.settings import SettingsFile
from app.storage.storage import open_storage
from app.ui.application import build, make_application
from app.ui.controller import Controller
from benchmarks import window_start
from benchmarks.models_window import pause, run, until
from benchmarks.report import Figure, at_most
from benchmarks.screen import Screen
from benchmarks.stored import make_data_folder

CONVERSATIONS, TURNS, FOLDERS = 10_000, 2, 12
START_LIMIT_S, SEARCH_LIMIT_MS = 1.0, 50.0
ROUNDS = 5
WORDS = [
    "bread",
    "water",
    "salt",
    "river",
    "garden",
    "letter",
    "winter",
    "engine",
    "market",
    "window",
    "paper",
    "stone",
    "music",
    "glass",
    "island",
    "forest",
    "summer",
    "bridge",
    "colour",
    "kitchen",
    "teacher",
    "number",
    "planet",
    "story",
    "animal",
    "doctor",
]
CHINESE = "面包和水在冬天的花园里写信给老师听音乐看星星做饭读书走过桥"
QUERIES = ("bread", "wat", "river gard", "面包", "星", "写信给", '"winter engine"', "zebra", "s")


def measure(screen: Screen) -> list[Figure]:
    """Starts with many and with few conversations in turn, then searches."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        few = make_data_folder(Path(name) / "few", "starter")
        many = make_data_folder(Path(name) / "many", "starter")
        fill(many)
        found: dict[str, list[float]] = {"few": [], "many": []}
        for number in range(ROUNDS + 1):
            for kind, folder in (("few", few), ("many", many)):
                start = window_start.start_app(screen, folder, waits_for_conversation=True)
                if number:
                    found[kind].append(start.usable)
        searches = run(screen, "many_conversations", str(many))
    start_words = (
        f"median of {ROUNDS}, {min(found['many']):.2f} to {max(found['many']):.2f};"
        f" with 31 conversations in the same run: {statistics.median(found['few']):.2f} s"
    )
    took = sorted(searches["took_ms"])
    search_words = (
        f"longest of {len(took)} searches, from the question to the painted results;"
        f" median {statistics.median(took):.0f} ms"
    )
    return [
        at_most(
            "window usable, 10,000 conversations",
            round(statistics.median(found["many"]), 3),
            "s",
            START_LIMIT_S,
            start_words,
        ),
        at_most(
            "search in them, results painted",
            round(took[-1], 1),
            "ms",
            SEARCH_LIMIT_MS,
            search_words,
        ),
    ]


def fill(folder: Path) -> None:
    """Put the conversations into the database of a data folder, the same ones every time."""
    chance = random.Random(6)
    with closing(open_storage(find_paths(folder).database)) as storage:
        folders = [storage.organiser.add_folder(f"Folder {n}") for n in range(FOLDERS)]
        ids = []
        for number in range(CONVERSATIONS):
            conversation = None
            for _ in range(TURNS):
                turn = storage.history.begin_turn(conversation, _text(chance, 12), "", "starter")
                conversation = turn.conversation.id
                answer = _text(chance, 60)
                storage.history.finish(_ended(turn.answer, answer))
            ids.append(conversation)
            if number % 20 == 0:
                storage.organiser.move([conversation], folders[number // 20 % FOLDERS].id)
        storage.organiser.tag(ids[:500], "kitchen")
        storage.organiser.pin(ids[-5:], True)


def _ended(answer: Message, text: str) -> Message:
    return replace(answer, content=text, status=Status.COMPLETE, created_at=utc_now())


def _text(chance: random.Random, words: int) -> str:
    if chance.random() < 0.2:
        return "".join(chance.choice(CHINESE) for _ in range(words * 2))
    return " ".join(chance.choice(WORDS) for _ in range(words))


def main() -> None:
    """Entry of the window's process."""
    paths = find_paths(Path(json.loads(sys.argv[1])))
    file = SettingsFile(paths.settings)
    settings, _ = file.load()
    controller = build(make_application(), paths, file, settings)
    controller.window.resize(1100, 850)
    controller.window.show()
    controller.conversations.start()
    until(lambda: controller.chat.is_ready, "the database does not open")
    pause(2000)
    took = Searcher(controller).search()
    controller.window.close()
    print(json.dumps({"took_ms": took}), flush=True)
    os._exit(0)  # as the app ends: Qt's objects are not taken apart in no particular order


class Searcher(QObject):
    """Asks as the search field does, and waits for the paint that shows what was found."""

    def __init__(self, controller: Controller) -> None:
        super().__init__(controller.window)
        self._side = controller.window.sidebar
        self._loop = QEventLoop(self)
        self._is_waiting = False
        results = self._side.results
        for shown in (results, results.summary, results.view.viewport()):
            shown.installEventFilter(self)

    def search(self) -> list[float]:
        """Milliseconds of each query, twice over."""
        found = []
        for query in (*QUERIES, *QUERIES):
            self._side.search.setText(query)
            begin = time.perf_counter()
            self._is_waiting = True
            self._side.search_requested.emit(self._side.search.words)
            self._loop.exec()
            found.append((time.perf_counter() - begin) * 1000)
            self._side.search.clear()
            pause(300)
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        shows = self._side.results.text == self._side.search.words
        if event.type() == QEvent.Type.Paint and self._is_waiting and shows:
            self._is_waiting = False
            self._loop.quit()
        return super().eventFilter(watched, event)
