"""What is different in the packaged program: where it lies, what its children must not inherit."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

PORTABLE_DATA = "inglenook-data"  # beside the program
# set by PyInstaller's start: a browser that inherited them would load our libraries
_OURS = ("QT_PLUGIN_PATH", "QML2_IMPORT_PATH", "QML_IMPORT_PATH")
_REPLACED = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")


def is_frozen() -> bool:
    """Whether this is the packaged program, not Python with our source."""
    return bool(getattr(sys, "frozen", False))


def program_folder() -> Path:
    """Where the program lies: its folder, for a checkout the one with `app` in it."""
    if not is_frozen():
        return Path(__file__).resolve().parents[2]
    program = Path(sys.executable).resolve()
    bundle = next((folder for folder in program.parents if folder.suffix == ".app"), None)
    return bundle.parent if bundle is not None else program.parent


def portable_data() -> Path:
    """The data folder of portable use, as on a USB stick, whether it is there or not."""
    return program_folder() / PORTABLE_DATA


def free_children(environment: MutableMapping[str, str] = os.environ) -> None:
    """What is started from here on (browser, file manager) gets the environment of before.

    Call it when Qt has found its plugins. Our own children set it up for themselves, if they are
    told that they are not a part of this process (PyInstaller 6.10 and newer).
    """
    if not is_frozen():
        return
    environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    for name in _REPLACED:
        before = environment.pop(f"{name}_ORIG", None)
        environment.pop(name, None)
        if before:
            environment[name] = before
    bundle = str(getattr(sys, "_MEIPASS", ""))
    for name in _OURS:
        if bundle and environment.get(name, "").startswith(bundle):
            del environment[name]
