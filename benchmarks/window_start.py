"""How long from the command until the window can be used.

From just before the process is started until a key that was typed has become visible in the
composer. All of it is seen from outside, through the X server: the window is on show, something is
painted, and the send button lights up, which it does only once there is text to send. A key is
tapped every 20 ms from the moment the window is on show, as an impatient person would; one that
comes before the composer has the focus is lost, and does not count. With a stored conversation the
conversation must be painted too. The model is loaded meanwhile by the worker, on the same cores.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.ui.palettes import LIGHT
from benchmarks.app_process import Watched, app_words, bare_words, started
from benchmarks.report import Figure, at_most
from benchmarks.screen import Screen
from benchmarks.stored import make_data_folder
from benchmarks.x11 import Display

LIMIT_S = 1.0
ROUNDS = 5
LOOK_S, TAP_S = 0.005, 0.02
STRIP = 160  # pixels from the lower edge: composer and status line
COLUMN = 32  # pixels wide, through the middle of the transcript


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from just before the start."""

    on_show: float
    painted: float
    key_taken: float
    conversation: float

    @property
    def usable(self) -> float:
        """All there and reacting."""
        return max(self.key_taken, self.conversation)


def measure(screen: Screen) -> list[Figure]:
    """Starts without and with a stored conversation, a bare Qt window between them."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        folder = Path(name)
        stored = make_data_folder(folder / "stored", "starter")
        empty = folder / "empty"
        empty.mkdir()
        commands: dict[str, Callable[[], Start]] = {
            "empty": lambda: start_app(screen, empty, waits_for_conversation=False),
            "stored": lambda: start_app(screen, stored, waits_for_conversation=True),
            "bare": lambda: watch(screen, bare_words(), waits_for_conversation=False),
        }
        found: dict[str, list[Start]] = {kind: [] for kind in commands}
        for number in range(ROUNDS + 1):
            for kind, command in commands.items():
                start = command()
                if number:  # the first fills the disk cache and writes the byte code
                    found[kind].append(start)
    bare = statistics.median(start.usable for start in found["bare"])
    return [
        _figure("window usable, first start", found["empty"], bare),
        _figure("window usable, 20 messages open", found["stored"], bare),
    ]


def _figure(name: str, starts: list[Start], bare: float) -> Figure:
    usable = [start.usable for start in starts]
    on_show = statistics.median(start.on_show for start in starts)
    key = statistics.median(start.key_taken for start in starts)
    words = (
        f"median of {len(usable)}, {min(usable):.2f} to {max(usable):.2f}; on show after"
        f" {on_show:.2f}, key taken after {key:.2f}; a bare Qt window in the same run: {bare:.2f} s"
    )
    return at_most(name, round(statistics.median(usable), 3), "s", LIMIT_S, words)


def start_app(screen: Screen, data: Path, *, waits_for_conversation: bool) -> Start:
    """Start on a copy of `data`, so that no start finds what another one left."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        copy = Path(shutil.copytree(data, Path(name) / "data"))
        words = app_words(copy)
        return watch(screen, words, waits_for_conversation=waits_for_conversation)


def watch(screen: Screen, words: list[str], *, waits_for_conversation: bool) -> Start:
    """Start `words` and look on until its window can be used, then end it."""
    with started(words, screen) as watched:
        display = screen.display
        while not (window := display.window_of(watched.process.pid)):
            watched.seconds()
            time.sleep(LOOK_S)
        on_show = watched.seconds()
        eyes = _Eyes(screen, watched, window, waits_for_conversation=waits_for_conversation)
        painted, key_taken, conversation = eyes.wait()
        return Start(on_show, painted, key_taken, conversation)


class _Eyes:
    """Looks at the window and taps keys until everything wanted has been seen."""

    def __init__(
        self, screen: Screen, watched: Watched, window: int, *, waits_for_conversation: bool
    ) -> None:
        self._display = screen.display
        self._watched = watched
        self._window = window
        self._tapped = 0.0
        self._seen: dict[str, float] = {}
        if not waits_for_conversation:
            self._seen["conversation"] = 0.0

    def wait(self) -> tuple[float, float, float]:
        """When it was painted, when a key was taken, when the conversation was there."""
        while len(self._seen) < 3:
            self._look()
            time.sleep(LOOK_S)
        return self._seen["painted"], self._seen["key"], self._seen["conversation"]

    def _look(self) -> None:
        now = self._watched.seconds()  # raises when patience ends, also while there is no window
        width, height = self._display.size_of(self._window)
        if not width:  # what was found first may have been a window that lived only for a moment
            self._window = self._display.window_of(self._watched.process.pid) or self._window
            return
        strip = self._display.look(self._window, 0, height - STRIP, width, STRIP)
        self._note("painted", strip is not None and strip.is_painted)
        self._note("key", strip is not None and strip.has_patch(LIGHT.accent))
        if "conversation" not in self._seen:
            self._note("conversation", shows_conversation(self._display, self._window))
        if "key" not in self._seen and now - self._tapped >= TAP_S:
            self._display.tap("x")
            self._tapped = now

    def _note(self, what: str, is_so: bool) -> None:
        if is_so:
            self._seen.setdefault(what, self._watched.seconds())


def shows_conversation(display: Display, window: int) -> bool:
    """Whether the stored conversation is painted: the ground of code has a colour of its own."""
    width, height = display.size_of(window)
    if not width:
        return False
    column = display.look(window, width * 6 // 10, 0, COLUMN, height)
    return column is not None and column.has_patch(LIGHT.code)
