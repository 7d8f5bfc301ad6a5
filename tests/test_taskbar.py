"""Progress on the program's entry in the taskbar, heard on a real session bus."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

PROGRAM = """
from PySide6.QtCore import QCoreApplication, QTimer
from app.ui.taskbar import CONNECT_MS, Taskbar
app = QCoreApplication([])
taskbar = Taskbar("inglenook.desktop", lambda: 0)
for fraction in (-1.0, 0.1, 0.25):
    taskbar.show_progress(fraction)
def more():
    for fraction in (0.2501, 0.5, -1.0, -1.0):
        taskbar.show_progress(fraction)
    app.quit()
QTimer.singleShot(CONNECT_MS * 2, more)
app.exec()
"""


@pytest.fixture
def bus() -> Iterator[str]:
    """The address of a session bus of our own."""
    words = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    if not shutil.which("dbus-daemon") or not shutil.which("dbus-monitor"):
        pytest.skip("no D-Bus here")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.kill()


def run_program(bus: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Linux desktops listen on D-Bus")
def test_the_dock_hears_of_each_step_once(bus: str) -> None:
    listen = ["dbus-monitor", "--address", bus, "interface='com.canonical.Unity.LauncherEntry'"]
    with subprocess.Popen(listen, stdout=subprocess.PIPE, text=True, bufsize=1) as monitor:
        assert monitor.stdout is not None
        while "NameAcquired" not in monitor.stdout.readline():  # from here on it listens
            pass
        done = run_program(bus)
        assert (done.returncode, done.stderr) == (0, "")
        time.sleep(0.5)
        monitor.terminate()
        heard = monitor.stdout.read()
    assert set(re.findall(r'"application://[^"]*"', heard)) == {'"application://inglenook.desktop"'}
    assert re.findall(r"double (\S+)", heard) == ["0.25", "0.5", "0"]
    assert re.findall(r"boolean (\S+)", heard) == ["true", "true", "false"]


def test_a_desktop_without_a_bus_shows_nothing_and_nothing_breaks() -> None:
    done = run_program("unix:path=/nonexistent")
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
