"""One window per data folder: real processes, the second one hands over to the first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.core.paths import Paths
from app.ui.single_instance import SingleInstance

ROOT = Path(__file__).parents[1]


def start(paths: Paths, *arguments: str) -> subprocess.Popen[str]:
    """The app as a person starts it, on the same data folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", "--data-dir", str(paths.data), *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_start_brings_the_first_to_the_front(
    qtbot: QtBot, paths: Paths, starter: Path
) -> None:
    first = SingleInstance(paths.data)
    assert first.claim()
    with qtbot.waitSignal(first.raise_requested, timeout=20_000) as signal_:
        second = start(paths)
    assert signal_.args == [""]
    assert second.wait(20) == 0
    assert second.stderr is not None
    assert second.stderr.read() == ""
    second.stderr.close()


def test_a_model_file_is_handed_over(qtbot: QtBot, paths: Paths, starter: Path) -> None:
    first = SingleInstance(paths.data)
    assert first.claim()
    with qtbot.waitSignal(first.raise_requested, timeout=20_000) as signal_:
        second = start(paths, str(starter))
    assert signal_.args == [str(starter)]
    assert second.wait(20) == 0
    assert second.stderr is not None
    second.stderr.close()


def test_another_folder_is_another_window(paths: Paths, tmp_path: Path) -> None:
    first, second = SingleInstance(paths.data), SingleInstance(tmp_path)
    assert first.claim()
    assert second.claim()


def test_a_killed_window_leaves_no_lock_behind(paths: Paths, starter: Path) -> None:
    process = start(paths)
    lock = paths.data / "inglenook.lock"
    while not lock.exists() and process.poll() is None:
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
    assert SingleInstance(paths.data).claim()


@pytest.mark.parametrize("message", [b"nonsense\n", b'{"model": 3}\n', b"[]\n"])
def test_nonsense_from_another_program_only_raises_the_window(
    qtbot: QtBot, paths: Paths, message: bytes
) -> None:
    from PySide6.QtNetwork import QLocalSocket

    first = SingleInstance(paths.data)
    assert first.claim()
    socket = QLocalSocket()
    with qtbot.waitSignal(first.raise_requested, timeout=5000) as signal_:
        socket.connectToServer(first._name)
        assert socket.waitForConnected(2000)
        socket.write(message)
        socket.flush()
    assert signal_.args in ([""], ["3"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_in_order(paths: Paths, starter: Path, number: int) -> None:
    """Ctrl+C in the terminal, or the session's end: what was open is remembered, no traceback."""
    process = start(paths)
    while not paths.database.exists() and process.poll() is None:
        os.sched_yield()
    process.send_signal(number)
    assert process.wait(20) == 0
    assert paths.window_state.exists()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
