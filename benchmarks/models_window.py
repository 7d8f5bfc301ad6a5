"""The real window at its Models page, driven from inside: a process of its own.

Used by the measurements that need a clock inside the window's process and a hub to talk to. The
window is built by the app's own composition root on an empty data folder whose settings name the
stand-in hub; the starter model is loaded and rests. `run` starts such a process from outside.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QTimer

from app.core.paths import find_paths
from app.core.settings import SettingsFile
from app.services.ports import EngineState
from app.ui.application import build, make_application
from app.ui.controller import Controller
from benchmarks.report import MeasurementFailed
from benchmarks.screen import ROOT, Screen

PATIENCE_S = 90.0
SETTLE_MS = 1000  # after the model is loaded and the page is open
LOOK_MS = 20


def run(screen: Screen, module: str, task: object) -> Any:
    """Run `main` of the benchmark `module` in a new process with `task`; returns what it prints.

    Both are JSON. No token or proxy of this person is used, no file of theirs taken over.
    """
    # `-c`, because children are spawned and would import their parent's main module
    start = f"from benchmarks.{module} import main; main()"
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as folder:
        kept = {
            name: value
            for name, value in screen.environment().items()
            if not name.startswith("HF_") and not name.lower().endswith("_proxy")
        }
        done = subprocess.run(
            [sys.executable, "-c", start, json.dumps(task)],
            cwd=ROOT,
            env={**kept, "HOME": folder, "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise MeasurementFailed(f"The window ended with {done.returncode}: {done.stderr[-800:]}")
    return json.loads(done.stdout.splitlines()[-1])


@contextlib.contextmanager
def opened(tab: str, **settings: object) -> Iterator[Controller]:
    """The window with the model loaded, at `tab` of the Models page, with nothing left to do."""
    with tempfile.TemporaryDirectory() as folder:
        paths = find_paths(Path(folder))
        paths.make()
        paths.settings.write_text(json.dumps(settings), encoding="utf-8")
        file = SettingsFile(paths.settings)
        chosen, _ = file.load()
        controller = build(make_application(), paths, file, chosen)
        controller.window.show()
        controller.start(None)
        until(lambda: controller.engine.state is EngineState.READY, "the model is not loaded")
        controller.window.models_requested.emit(tab)
        pause(SETTLE_MS)
        yield controller
        controller.window.close()


def until(is_so: Callable[[], bool], failure: str) -> None:
    """Run the event loop until `is_so()`; raises MeasurementFailed when patience ends."""
    loop, timer = QEventLoop(), QTimer()
    timer.timeout.connect(lambda: loop.quit() if is_so() else None)
    timer.start(LOOK_MS)
    QTimer.singleShot(int(PATIENCE_S * 1000), loop, loop.quit)
    loop.exec()
    if not is_so():
        raise MeasurementFailed(f"Waited {PATIENCE_S:.0f} s in vain: {failure}.")


def pause(milliseconds: int) -> None:
    """Run the event loop for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop, loop.quit)
    loop.exec()
