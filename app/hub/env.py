"""What the Hub library must be told before it is used: no telemetry, no Xet, no progress bars.

It reads the environment once, when it is imported. Where it has been imported already, its own
constants are set, which it looks at whenever it needs them.
"""

from __future__ import annotations

import os
import sys

SWITCHED_ON = (
    "HF_HUB_DISABLE_TELEMETRY",  # else a request of its own goes out with the first of ours
    "HF_HUB_DISABLE_XET",  # ignores our proxy, and a broken store hangs for half a minute
    "HF_HUB_DISABLE_PROGRESS_BARS",
    "HF_HUB_DISABLE_SYMLINKS_WARNING",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",  # the token is what the settings say, or none
)


def prepare() -> None:
    """Call before the first use of huggingface_hub on the way to the network."""
    for name in SWITCHED_ON:
        os.environ[name] = "1"
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        for name in SWITCHED_ON:
            if hasattr(constants, name):
                setattr(constants, name, True)


def is_switched_offline() -> bool:
    """Whether the person has told all Hub programs of this computer to stay offline."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
