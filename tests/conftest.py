"""What every test gets: a home and a data folder of its own, no network, no screen."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

from app.core.entities import LoadParams
from app.core.paths import Paths, find_paths, resources
from app.hub.starter import FILE_NAME
from tests.app_window import AppWindow
from tests.disks import read_only_folder, small_disk

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp

__all__ = ["read_only_folder", "small_disk"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is written to the real home folder; processes started here inherit it."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("DATA", "CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    for name in ("INGLENOOK_STARTER_DIR", "INGLENOOK_MEMORY_LIMIT_BYTES"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def empty_clipboard() -> Iterator[None]:
    """What Python put on the clipboard is gone before the interpreter is: Qt would crash on it."""
    yield
    if QGuiApplication.instance() is not None:
        QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Private by construction: a connection to anywhere but this machine fails the test, also one
    that was tried on a thread or whose failure the code under test swallowed."""
    tried: list[object] = []
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_this_machine(address):
            tried.append(address)
            raise PermissionError(f"a test may not connect to {address}")

    def guarded(self: socket.socket, address: object) -> None:
        check(self, address)
        connect(self, address)  # type: ignore[arg-type]

    def guarded_ex(self: socket.socket, address: object) -> int:
        check(self, address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield
    assert not tried, f"connections were tried to {tried}"


def _is_this_machine(address: object) -> bool:
    host = str(address[0]) if isinstance(address, tuple) else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A data folder of the test's own."""
    found = find_paths(tmp_path / "data")
    found.make()
    return found


@pytest.fixture
def open_window(qtbot: QtBot, starter: Path) -> Iterator[Callable[[Paths], AppWindow]]:
    """Opens windows, and closes at the end those that the test has left open."""
    opened: list[AppWindow] = []

    def open_one(paths: Paths) -> AppWindow:
        opened.append(AppWindow(qtbot, paths))
        return opened[-1]

    yield open_one
    for window in opened:
        window.close()


@pytest.fixture
def app(open_window: Callable[[Paths], AppWindow], paths: Paths) -> AppWindow:
    """A started window with the starter model loaded, found by itself."""
    window = open_window(paths)
    window.until_ready()
    return window


@pytest.fixture(scope="session")
def starter() -> Path:
    """The starter model."""
    found = resources() / "starter" / FILE_NAME
    if not found.is_file():
        pytest.fail("The starter model is not there: run 'make setup'.")
    return found


@pytest.fixture(scope="module")
def llm(starter: Path) -> Iterator[StreamingLlamaCpp]:
    """The starter model in this process, with a small context."""
    from app.worker.llm import AbortFlag, load

    # one thread: two would spin beside other programs (SPIN_COUNT is set in the worker only)
    params = LoadParams(context_tokens=1024, threads=1)
    loaded, _ = load(starter, params, 1024, AbortFlag(), (), [], lambda _: None)
    yield loaded
    loaded.close()
