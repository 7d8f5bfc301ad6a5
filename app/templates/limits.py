"""What a template may take: memory and processor time, bounded by the system where it can."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterable
from pathlib import Path

MEMORY_BYTES = 512 << 20  # on top of what the process has before it renders
# characters of a chat template's output, on top of twice what went in; real ones add 5000 at most,
# and 120 around each message. What is allowed here is read by llama.cpp's tokenizers, which nothing
# can interrupt and some of which take a second for every hundred thousand characters
CHAT_OUTPUT = 32 << 10
TURN_OUTPUT = 512
PROMPT_OUTPUT = 1 << 20  # characters of a prompt's
CPU_SPARE_S = 2  # after the time for which the parent waits
# Windows has no such limit for a process, macOS has it and does not look at it
HAS_MEMORY_LIMIT = sys.platform == "linux"


class OutputTooLarge(Exception):
    """A template made more text than is allowed."""


def limit_memory(more_bytes: int) -> None:
    """From now on this process may take `more_bytes` more than now, where the system can tell."""
    if sys.platform == "linux":
        import resource

        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
        now = int(pages) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        with contextlib.suppress(ValueError, OSError):  # a smaller limit of the person's own
            resource.setrlimit(resource.RLIMIT_AS, (now + more_bytes, most))


def limit_time(seconds: float) -> None:
    """The system ends this process when it computed for `seconds` more and a little.

    The parent ends it before. This is for a parent that was killed meanwhile: a computation that
    keeps Python's lock lets no thread of ours notice it.
    """
    if sys.platform != "win32":
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        now = used.ru_utime + used.ru_stime
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(now + seconds) + CPU_SPARE_S, most))


def joined(pieces: Iterable[str], most: int) -> str:
    """All pieces as one text. Raises OutputTooLarge as soon as they are more than `most`
    characters."""
    found, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            raise OutputTooLarge(f"more than {most} characters")
        found.append(piece)
    return "".join(found)
