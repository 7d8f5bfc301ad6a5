"""A screen without a screen: Xvfb with a window manager, and the environment to use it in."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.report import MeasurementFailed
from benchmarks.x11 import Display

ROOT = Path(__file__).parents[1]
SIZE = "1920x1080x24"
PATIENCE_S = 60.0
# what would make a start here differ from one at home: Python's own switches (without them the
# byte code of the app is kept between starts), other screens, the session's theme and scaling
FOREIGN = ("PYTHON", "QT_", "QML_", "INGLENOOK_", "WAYLAND_", "DBUS_SESSION", "XDG_CURRENT")


class Screen:
    """A running X server of our own."""

    def __init__(self, name: str, display: Display) -> None:
        self.name = name
        self.display = display

    def environment(self) -> dict[str, str]:
        """The environment for processes that shall be seen here."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
        return {**kept, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}


@contextlib.contextmanager
def screen() -> Iterator[Screen]:
    """Start Xvfb and openbox, end them afterwards."""
    with contextlib.ExitStack() as stack:
        reading, writing = os.pipe()
        stack.callback(os.close, reading)
        words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", SIZE, "-nolisten", "tcp"]
        _start(stack, words, None, pass_fds=(writing,))
        os.close(writing)
        number = os.read(reading, 16).decode().strip()
        if not number:
            raise MeasurementFailed("Xvfb does not start.")
        display = Display(f":{number}")
        stack.callback(display.close)
        found = Screen(f":{number}", display)
        _start(stack, ["openbox", "--sm-disable"], found.environment())
        wait_until(display.has_window_manager, "openbox does not start")
        yield found


def wait_until(is_so: Callable[[], object], failure: str, interval_s: float = 0.05) -> None:
    """Ask every `interval_s` seconds; raises MeasurementFailed when patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise MeasurementFailed(f"Waited {PATIENCE_S:.0f} s in vain: {failure}.")
        time.sleep(interval_s)


def _start(
    stack: contextlib.ExitStack,
    words: list[str],
    environment: dict[str, str] | None,
    pass_fds: tuple[int, ...] = (),
) -> None:
    try:
        process = subprocess.Popen(
            words,
            env=environment,
            pass_fds=pass_fds,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise MeasurementFailed(f"{words[0]} is not installed. Run: make screen") from None
    stack.callback(process.wait)
    stack.callback(process.terminate)
