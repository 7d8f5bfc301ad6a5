"""Disks that are full or read-only: small file systems of their own, mounted for one test.

Permission bits do not bind root, and CI runs as root, so only a mount is a real test there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[Path]:
    """A memory file system at `folder`; skips the test where mounting is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.name != "posix" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a file system here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 2 MiB."""
    with mounted(tmp_path / "disk", "size=2m") as folder:
        yield folder


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty disk on which nothing can be written."""
    with mounted(tmp_path / "disk", "ro,size=1m") as folder:
        yield folder


def fill(folder: Path) -> Path:
    """Leave no byte free; removing the returned file makes room again."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for _ in range(shutil.disk_usage(folder).free // 4096 + 256):
            file.write(b"\0" * 4096)
    return filler
