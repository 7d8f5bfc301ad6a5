"""A shortcut while another program has the focus: on a real X server, a portal, Windows' calls."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest
from PySide6.QtGui import QGuiApplication, QKeySequence
from pytestqt.qtbot import QtBot

from app.ui import global_shortcut_windows as windows
from app.ui.global_shortcut_keys import Chord, chord_of
from app.ui.global_shortcut_portal import PortalShortcut

ROOT = Path(__file__).parents[1]
PATIENCE_MS = 20_000
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="a matter of Linux desktops")

HOLDER = """
import sys
from PySide6.QtCore import QSocketNotifier
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication
from app.ui.global_shortcut import GlobalShortcut
application = QApplication([])
application.setQuitOnLastWindowClosed(False)
shortcut = GlobalShortcut(QKeySequence(sys.argv[1]))
shortcut.activated.connect(lambda: print("activated", flush=True))
shortcut.failed.connect(lambda reason: print(reason, flush=True))
notifier = QSocketNotifier(0, QSocketNotifier.Type.Read)
def hear():
    if sys.stdin.readline() == "":
        application.quit()
    print("listening", flush=True)
notifier.activated.connect(hear)
application.exec()
"""


def chord(keys: str) -> Chord:
    found = chord_of(QKeySequence(keys))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("keys", "keysym", "trigger", "virtual_key"),
    [
        ("Ctrl+Alt+Space", 0x20, "CTRL+ALT+space", 0x20),
        ("Ctrl+Shift+K", 0x6B, "CTRL+SHIFT+k", 0x4B),
        ("Meta+7", 0x37, "LOGO+7", 0x37),
        ("F12", 0xFFC9, "F12", 0x7B),
        ("Ctrl+/", 0x2F, "CTRL+slash", 0),
        ("Alt+PgUp", 0xFF55, "ALT+Page_Up", 0x21),
        ("Ctrl+Ä", 0xE4, "CTRL+U00C4", 0),
        ("Ctrl+Я", 0x0100044F, "CTRL+U042F", 0),
        ("Volume Mute", 0, None, 0),
    ],
)
def test_a_shortcut_in_the_terms_of_each_system(
    keys: str, keysym: int, trigger: str | None, virtual_key: int
) -> None:
    found = chord(keys)
    assert found.keysym == keysym
    assert trigger is None or found.trigger == trigger
    assert found.virtual_key == virtual_key


def test_no_shortcut_is_no_chord() -> None:
    assert chord_of(QKeySequence("")) is None


# X11


@pytest.fixture
def display() -> Iterator[str]:
    """The name of an X server of our own."""
    if not shutil.which("Xvfb") or not shutil.which("xdotool"):
        pytest.skip("no X server here; 'make screen' installs one")
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=(writing,), stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        yield f":{os.read(reading, 16).decode().strip()}"
        os.close(reading)
        server.terminate()


class Holder:
    """A program that holds a shortcut and says what happens to it."""

    def __init__(self, display: str, keys: str) -> None:
        kept = {k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, keys],
            env={**kept, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def heard(self) -> list[str]:
        """What happened until now."""
        self._input.write("\n")
        self._input.flush()
        found: list[str] = []
        while (line := self._output.readline().strip()) != "listening":
            assert line, "it has ended"
            found.append(line)
        return found

    def close(self) -> None:
        self._input.close()
        self._process.wait(timeout=60)
        self._output.close()

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _output(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


def xdotool(display: str, *words: str) -> None:
    subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": display}, check=True)


@linux_only
def test_on_x11_a_key_is_heard_without_a_window_also_with_the_locks_on(display: str) -> None:
    holder = Holder(display, "Ctrl+Alt+Space")
    assert holder.heard() == []
    xdotool(display, "key", "ctrl+alt+space")
    assert holder.heard() == ["activated"]
    xdotool(display, "key", "ctrl+space", "key", "alt+space", "key", "ctrl+alt+shift+space")
    assert holder.heard() == []
    for lock in ("Num_Lock", "Caps_Lock"):
        xdotool(display, "key", lock, "key", "ctrl+alt+space")
        assert holder.heard() == ["activated"], lock
    holder.close()


@linux_only
def test_on_x11_a_shortcut_that_is_taken_is_told_and_free_after_its_holder(display: str) -> None:
    first = Holder(display, "Ctrl+Alt+K")
    assert first.heard() == []
    second = Holder(display, "Ctrl+Alt+K")
    assert second.heard() == ["Another program uses this shortcut already."]
    second.close()
    first.close()
    third = Holder(display, "Ctrl+Alt+K")
    assert third.heard() == []
    xdotool(display, "key", "ctrl+alt+k")
    assert third.heard() == ["activated"]
    third.close()


# the portal


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A session bus of our own, which this process uses too."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("no D-Bus here")
    words = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
        yield address
        daemon.kill()


class Desktop:
    """The stand-in portal of `shortcut_portal.py`."""

    def __init__(self, mode: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.shortcut_portal", mode],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.line() == ["ready"]

    def line(self) -> list[str]:
        """The next thing it was asked for."""
        assert self._process.stdout is not None
        return list(json.loads(self._process.stdout.readline()))

    def press(self) -> None:
        """The person presses the shortcut."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.communicate(timeout=60)


@linux_only
def test_the_portal_is_told_who_asks_and_for_what_and_its_signal_is_heard(
    bus: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop = Desktop("grants")
    QGuiApplication.setDesktopFileName("inglenook")
    shortcut = PortalShortcut(chord("Ctrl+Alt+Space"))
    pressed: list[str | None] = []
    shortcut.activated.connect(lambda: pressed.append(os.environ.pop("XDG_ACTIVATION_TOKEN", None)))
    shortcut.start()
    qtbot.waitUntil(lambda: shortcut._session != "", timeout=PATIENCE_MS)
    asked = [desktop.line() for _ in range(4)]
    assert asked == [
        ["Register", "inglenook"],
        ["CreateSession", ""],
        ["BindShortcuts", ""],
        ["shortcut", "CTRL+ALT+space"],
    ]
    desktop.press()
    qtbot.waitUntil(lambda: bool(pressed), timeout=PATIENCE_MS)
    assert pressed == ["from-the-portal"], "with it the window may take the focus"
    shortcut.close()
    desktop.close()


@linux_only
@pytest.mark.parametrize(
    ("mode", "words"), [("refuses", "was told not to"), ("lacks", "offers no shortcuts")]
)
def test_a_portal_that_does_not_give_it_says_why(
    bus: str, qtbot: QtBot, mode: str, words: str
) -> None:
    desktop = Desktop(mode)
    shortcut = PortalShortcut(chord("Ctrl+Alt+Space"))
    with qtbot.waitSignal(shortcut.failed, timeout=PATIENCE_MS) as failure:
        shortcut.start()
    assert words in failure.args[0]
    desktop.close()


@linux_only
@pytest.mark.parametrize("has_bus", [True, False])
def test_a_desktop_without_a_portal_or_without_a_bus_says_so(
    bus: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, has_bus: bool
) -> None:
    if not has_bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    shortcut = PortalShortcut(chord("Ctrl+Alt+Space"))
    with qtbot.waitSignal(shortcut.failed, timeout=PATIENCE_MS) as failure:
        shortcut.start()
    assert "offers no shortcuts" in failure.args[0]


# Windows, by what it is called with


class FakeWindows:
    """What is used of user32 and kernel32."""

    def __init__(self, error: int = 0) -> None:
        self._error = error
        self.calls: list[tuple[object, ...]] = []
        self.user32 = SimpleNamespace(RegisterHotKey=self._hold, UnregisterHotKey=self._free)
        self.kernel32 = SimpleNamespace(GetLastError=lambda: self._error)

    def _hold(self, *words: object) -> bool:
        self.calls.append(words)
        return not self._error

    def _free(self, *words: object) -> None:
        self.calls.append(("free", *words))


def test_windows_is_asked_for_the_key_and_its_message_is_heard(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = FakeWindows()
    monkeypatch.setattr(ctypes, "windll", system, raising=False)
    shortcut = windows.WindowsShortcut(chord("Ctrl+Alt+Space"))
    pressed: list[int] = []
    shortcut.activated.connect(lambda: pressed.append(1))
    shortcut.start()
    assert system.calls == [(None, 1, 0x4000 | 1 | 2, 0x20)]
    heard = windows._Filter(shortcut)
    other = windows._Message(None, 0x0100, 1)
    assert heard.nativeEventFilter(b"windows_generic_MSG", ctypes.addressof(other)) == (False, 0)
    assert pressed == []
    message = windows._Message(None, 0x0312, 1)
    assert heard.nativeEventFilter(b"windows_generic_MSG", ctypes.addressof(message)) == (True, 0)
    assert pressed == [1]
    shortcut.close()
    assert system.calls[-1] == ("free", None, 1)


@pytest.mark.parametrize(
    ("keys", "error", "words"),
    [
        ("Ctrl+Alt+Space", 1409, "Another program"),
        ("Ctrl+Alt+Space", 5, "does not give"),
        ("Ctrl+Я", 0, "does not have that key"),
    ],
)
def test_windows_that_does_not_give_it_says_why(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, keys: str, error: int, words: str
) -> None:
    monkeypatch.setattr(ctypes, "windll", FakeWindows(error), raising=False)
    shortcut = windows.WindowsShortcut(chord(keys))
    with qtbot.waitSignal(shortcut.failed, timeout=PATIENCE_MS) as failure:
        shortcut.start()
    assert words in failure.args[0]
