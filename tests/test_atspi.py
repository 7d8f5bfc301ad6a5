"""The real app as an assistive technology on Linux has it: over AT-SPI, in a session of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI is Linux's"),
]
if sys.platform == "linux":
    from tests.atspi import Accessible, Desktop, until

LAUNCHERS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher")
PROGRAMS = ("Xvfb", "openbox", "dbus-daemon", "xdotool")
SETTINGS = '{"preset": "own", "temperature": 0.0, "max_tokens": 60}'


@pytest.fixture
def session(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a desktop of our own: screen, window manager, session bus."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if not any(Path(launcher).exists() for launcher in LAUNCHERS):
        missing.append("at-spi2-core")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("QT_", "WAYLAND_", "DBUS_", "AT_SPI_"))
    }
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    with contextlib.ExitStack() as stack:
        reading, writing = os.pipe()
        words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24"]
        start(stack, [*words, "-nolisten", "tcp"], kept, pass_fds=(writing,))
        os.close(writing)
        number = stack.enter_context(os.fdopen(reading)).readline().strip()
        environment = {**kept, "DISPLAY": f":{number}", "XDG_RUNTIME_DIR": str(runtime)}
        bus = start(
            stack,
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            environment,
            stdout=subprocess.PIPE,
        )
        assert bus.stdout is not None
        address = bus.stdout.readline().decode().strip()
        environment["DBUS_SESSION_BUS_ADDRESS"] = address
        start(stack, ["openbox", "--sm-disable"], environment)
        yield {
            **environment,
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
        }


def start(
    stack: contextlib.ExitStack,
    words: list[str],
    environment: dict[str, str],
    pass_fds: tuple[int, ...] = (),
    stdout: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        words, env=environment, pass_fds=pass_fds, stdout=stdout, stderr=subprocess.DEVNULL
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


@pytest.fixture
def desktop(session: dict[str, str]) -> Iterator[Desktop]:
    """The accessibility bus of that session, listened to."""
    found = Desktop(session["DBUS_SESSION_BUS_ADDRESS"])
    yield found
    found.close()


@pytest.fixture
def program(session: dict[str, str], desktop: Desktop, tmp_path: Path) -> Iterator[Accessible]:
    """The app, started as from a terminal."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "settings.json").write_text(SETTINGS)
    root = Path(__file__).parents[1]
    with contextlib.ExitStack() as stack:
        words = [sys.executable, "-m", "app", "--data-dir", str(data)]
        process = subprocess.Popen(words, env=session, cwd=root, stderr=subprocess.PIPE)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        yield until(lambda: desktop.application("Inglenook"))


def test_asking_and_hearing_the_answer(
    starter: Path, program: Accessible, desktop: Desktop
) -> None:
    window = until(lambda: program.find("frame", "Inglenook"))
    box = until(lambda: window.find("text", "Message"))
    assert "EditableText" in box.interfaces()
    until(lambda: window.find("label", "SmolLM2"))  # the model is there
    box.write("Hello, who are you?")
    assert box.text == "Hello, who are you?"
    button = until(lambda: window.find("push button", "Send"))
    until(lambda: button.is_enabled)
    button.press()
    heard: list[str] = []

    def is_over() -> bool:
        heard.extend(desktop.heard())
        return any("Answer" in words for words in heard)

    until(is_over)
    told = "\n".join(heard).split("\n")
    assert told[-1].startswith("Answer c")  # complete, or cut off
    answer = until(lambda: window.find("panel", "Answer") or window.find("filler", "Answer"))
    text = next(one.text for one in answer.below() if "Text" in one.interfaces())
    assert len(text) > 20
    said = " ".join(told[:-1])
    assert " ".join(text.split()) == " ".join(said.split())
    assert box.text == ""
    assert window.find("push button", "Copy the answer")


def test_other_windows_are_windows_for_it_too(
    starter: Path, program: Accessible, session: dict[str, str]
) -> None:
    window = until(lambda: program.find("frame", "Inglenook"))
    until(lambda: window.is_active)

    def frames() -> list[str]:
        return [one.name for one in program.children() if one.role == "frame" and one.is_showing]

    def keys(*words: str) -> None:
        subprocess.run(["xdotool", *words], env=session, check=True)

    until(lambda: program.find("text", "Message"))
    keys("key", "ctrl+shift+n")
    until(lambda: len(frames()) == 2)
    keys("key", "ctrl+k")
    until(lambda: program.find("text", "Command palette"))
    keys("type", "Quick question")
    keys("key", "Return")
    until(lambda: "Quick question" in frames())
    assert program.find("filler", "Quick question") is None
