"""Why the worker's process ended, read from its exit code and its last words, for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from app.core.crashes import reason_of_exit
from app.core.errors import (
    AppError,
    Problem,
    WorkerCardFull,
    WorkerCrashed,
    WorkerDriverFailed,
    WorkerGaveUp,
    WorkerKilled,
    WorkerOutOfMemory,
)
from app.core.logs import tail

LINES = 160  # a stack of every thread may follow the words that matter
LAST_WORDS = 40  # lines; what was said earlier was survived
SHOWN_LINES = 20
STACK = "Fatal Python error: "  # faulthandler's first words
KILLED = "SIGKILL"
# What llama.cpp and its backends write; the first that is found is the reason
CARD_FULL = re.compile(
    r"OutOfDeviceMemory|OutOfPoolMemory|Device memory allocation of size|"
    r"CUDA error: out of memory|cudaMalloc failed|hipMalloc failed|"
    r"CallbackErrorOutOfMemory|failed to allocate \w*(?:Vulkan|CUDA|ROCm|SYCL|Metal)\w*",
    re.I,
)
MEMORY = re.compile(
    r"failed to allocate|unable to allocate|out of memory|bad_alloc|OutOfHostMemory|"
    r"cannot allocate memory|MemoryError|not enough space",
    re.I,
)
DRIVER = re.compile(
    r"ErrorDeviceLost|DeviceLostError|device lost|ErrorInitializationFailed|"
    r"CUDA error|ROCm error|SYCL error|CallbackErrorTimeout|CallbackErrorHang|vk::\w+Error",
    re.I,
)
ASSERTION = re.compile(r"GGML_ASSERT|GGML_ABORT|ggml_abort", re.I)
# each with the error it is
_KINDS: tuple[tuple[re.Pattern[str], Callable[[str, str], AppError]], ...] = (
    (CARD_FULL, lambda details, reason: WorkerCardFull(details, reason=reason)),
    (MEMORY, lambda details, reason: WorkerOutOfMemory(details, reason=reason)),
    (DRIVER, lambda details, reason: WorkerDriverFailed(details, reason=reason)),
    (ASSERTION, lambda details, reason: WorkerGaveUp(details, reason=reason)),
)


def why_ended(exit_code: int, log: Path) -> Problem:
    """How the process ended that wrote to `log`; a negative code is the number of a signal."""
    return problem_of(exit_code, tail(log, LINES))


def problem_of(exit_code: int, text: str) -> Problem:
    """The same, from the last lines of its log."""
    reason = reason_of_exit(exit_code)
    shown = "\n".join(text.splitlines()[-SHOWN_LINES:])
    if reason == KILLED:
        return WorkerKilled(shown).problem  # whatever the log says: it could not write its end
    for pattern, make in _KINDS:
        line = _last_line(pattern, text)
        if line:
            details = shown if line in shown else f"{line}\n...\n{shown}"
            return make(details, reason).problem
    return WorkerCrashed(shown, reason=reason.removeprefix("exit code ")).problem


def _last_line(pattern: re.Pattern[str], text: str) -> str:
    """The last line with such words, before the stack that a signal left; empty without one."""
    words = (text.rpartition(STACK)[0] or text).splitlines()[-LAST_WORDS:]
    return next((line for line in reversed(words) if pattern.search(line)), "")
