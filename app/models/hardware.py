"""How much memory of this computer is free."""

from __future__ import annotations

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
