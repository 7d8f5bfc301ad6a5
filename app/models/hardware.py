"""This computer's memory, and whether it runs on its battery."""

from __future__ import annotations

import ctypes
import os


def free_ram_bytes() -> int:
    """Bytes that programs could have without swapping; what the system only caches counts as free.

    INGLENOOK_MEMORY_LIMIT_BYTES stands in for it, to try a smaller machine.
    """
    limit = os.environ.get("INGLENOOK_MEMORY_LIMIT_BYTES", "")
    if limit.isdigit():
        return int(limit)
    import psutil  # the window starts without it

    return int(psutil.virtual_memory().available)


def total_ram_bytes() -> int:
    """Bytes of memory that are built in."""
    import psutil

    return int(psutil.virtual_memory().total)


def is_on_battery() -> bool:
    """Whether there is a battery and no mains."""
    import psutil

    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError):  # not known on this system
        return False
    return battery is not None and battery.power_plugged is False


def give_back_memory() -> None:
    """Let the C library give freed memory back to the system, where it does so only when asked."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return
