"""A short round of random clicks and keys; `make monkey` plays for ten minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECONDS = 20


@pytest.mark.engine
def test_random_clicks_and_keys_leave_no_error(starter: Path) -> None:
    """In a process of its own: it leaves language, theme and sizes as they came."""
    words = ["--seconds", str(SECONDS), "--seed", "6"]
    command = [sys.executable, "-m", "tests.monkey", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    counts = [int(part.rsplit(" ", 1)[1]) for part in done.stdout.strip().split(", ")]
    assert sum(counts) > 100
