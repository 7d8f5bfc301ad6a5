"""Memory of the window's process with a conversation open and the model loaded.

The real program is started on a stored conversation of 20 messages with Markdown, tables and code.
It is measured from outside (resident memory as the kernel counts it, shared libraries included)
once the conversation is painted and the model is loaded, which shows in the settings file: the
window writes the model's path there. The worker, which holds the model, is not counted; its size
is given beside it. MB are 10^6 bytes.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import psutil

from app.core.paths import find_paths
from benchmarks.app_process import Watched, app_words, bare_words, started
from benchmarks.report import Figure, at_most
from benchmarks.screen import Screen, wait_until
from benchmarks.stored import make_data_folder
from benchmarks.window_start import shows_conversation

LIMIT_MB = 160.0
SETTLE_S = 3.0  # after the last thing has come: lists filled, buffers given back
MB = 1e6


def measure(screen: Screen) -> list[Figure]:
    """One start with the conversation, one of a bare Qt window."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        data = make_data_folder(Path(name), "starter")
        with started(app_words(data), screen) as watched:
            wait_until(lambda: _window_is_ready(screen, watched), "the conversation is not shown")
            wait_until(lambda: _has_loaded(data), "the model is not loaded")
            time.sleep(SETTLE_S)
            process = psutil.Process(watched.process.pid)
            resident, own = process.memory_info().rss / MB, process.memory_full_info().uss / MB
            workers = sum(p.memory_info().rss for p in process.children(recursive=True)) / MB
    with started(bare_words(), screen) as watched:
        pid = watched.process.pid
        wait_until(lambda: screen.display.window_of(pid), "a bare Qt window is not shown")
        time.sleep(1.0)
        bare = psutil.Process(pid).memory_info().rss / MB
    words = (
        f"of it {own:.0f} MB its own, the rest shared libraries; a bare Qt window in the same run:"
        f" {bare:.0f} MB; beside it the processes with the model: {workers:.0f} MB"
    )
    name = "window memory, 20 messages open"
    return [at_most(name, round(resident, 1), "MB", LIMIT_MB, words)]


def _window_is_ready(screen: Screen, watched: Watched) -> bool:
    watched.seconds()
    window = screen.display.window_of(watched.process.pid)
    return bool(window) and shows_conversation(screen.display, window)


def _has_loaded(data: Path) -> bool:
    try:
        settings = json.loads(find_paths(data).settings.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(settings.get("model_path"))
