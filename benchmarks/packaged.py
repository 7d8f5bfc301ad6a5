"""The packaged program of dist/: how large it is, and how long from the command to its window.

Measured as `window_start` does, from outside. Cold: the kernel's caches of pages, names and inodes
are dropped just before, as after the computer was switched on.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path

from benchmarks.answer_speed import starter_model
from benchmarks.library_list import empty_caches
from benchmarks.report import Figure, NothingToMeasure, at_most
from benchmarks.screen import ROOT, Screen
from benchmarks.window_start import watch

DIST = ROOT / "dist"
PROGRAM = DIST / "inglenook" / "inglenook"
WARM_S, COLD_S = 1.5, 4.0
PACKAGE_MB, INSTALLED_MB = 90.0, 380.0  # 10^6 bytes; the package without the starter model
ROUNDS, COLD_ROUNDS = 5, 3


def measure(screen: Screen) -> list[Figure]:
    """Sizes and starts; there is nothing to measure before `make package`."""
    packages = sorted(DIST.glob("inglenook_*.deb"))
    if not packages or not PROGRAM.exists():
        raise NothingToMeasure("Nothing is packaged here; run: make package")
    package, starter = packages[-1].stat().st_size / 1e6, starter_model().stat().st_size / 1e6
    installed = _disk_bytes(PROGRAM.parent) / 1e6
    figures = [
        at_most(
            "package without the starter model", round(package - starter, 1), "MB", PACKAGE_MB,
            f"{packages[-1].name}: {package:.0f} MB, of it the starter model {starter:.0f} MB",
        ),
        at_most(
            "installed, starter model included", round(installed, 1), "MB", INSTALLED_MB,
            "blocks on the disk, as du counts",
        ),
    ]  # fmt: skip
    _start(screen)  # the first fills the disk cache
    warm = [_start(screen) for _ in range(ROUNDS)]
    words = f"median of {ROUNDS}, {min(warm):.2f} to {max(warm):.2f}"
    figures.append(_figure("packaged window usable, warm", warm, WARM_S, words))
    if not empty_caches():
        return figures
    cold = [_start(screen, is_cold=True) for _ in range(COLD_ROUNDS)]
    words = f"median of {COLD_ROUNDS}, {min(cold):.2f} to {max(cold):.2f}; caches dropped before"
    return [*figures, _figure("packaged window usable, cold", cold, COLD_S, words)]


def _start(screen: Screen, *, is_cold: bool = False) -> float:
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as data:
        if is_cold:
            empty_caches()
        words = [str(PROGRAM), "--data-dir", data]
        return watch(screen, words, waits_for_conversation=False).usable


def _figure(name: str, seconds: list[float], limit: float, words: str) -> Figure:
    return at_most(name, round(statistics.median(seconds), 3), "s", limit, words)


def _disk_bytes(folder: Path) -> int:
    """Bytes of disk that a folder takes; a link takes almost none."""
    files = [Path(at) / name for at, _, names in os.walk(folder) for name in names]
    return sum(file.lstat().st_blocks * 512 for file in files)
