"""Logs of all our processes: rotating files on this computer, never sent anywhere."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 1_000_000
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def set_up_logging(path: Path) -> None:
    """Log to `path` (1 MB, three old files kept). Raises OSError if it cannot be opened."""
    handler = logging.handlers.RotatingFileHandler(
        path, maxBytes=MAX_BYTES, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter(FORMAT))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def redirect_native_output(path: Path) -> BinaryIO:
    """Send file descriptors 1 and 2 of this process to `path`: native code prints past Python.

    Returns an unbuffered file of its own on `path`: llama-cpp-python points 1 and 2 elsewhere while
    it loads a model, which is when the last words matter most.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > MAX_BYTES:
            os.replace(path, path.with_suffix(".old.log"))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="replace", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="replace", closefd=False)
    log = os.fdopen(descriptor, "ab", buffering=0)
    faulthandler.enable(log)
    return log


def record_faults(path: Path, last: Path) -> None:
    """If a signal ends this process, the stacks of all its threads are in `path`.

    What an earlier process left there is moved to `last`. Where the folder cannot be written to,
    nothing happens.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size:
            os.replace(path, last)
    with contextlib.suppress(OSError):
        faulthandler.enable(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


def forget_faults(path: Path) -> None:
    """The process ends in order: what is in `path` did not end it. Windows writes stacks there for
    faults that its own libraries deal with."""
    faulthandler.disable()
    with contextlib.suppress(OSError):
        os.truncate(path, 0)


def tail(path: Path, lines: int = 20) -> str:
    """The last `lines` lines of a log; empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
