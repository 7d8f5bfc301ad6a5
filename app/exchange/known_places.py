"""Where other programs keep their conversations on this computer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from app.exchange import gpt4all, jan, lm_studio


class KnownPlace(NamedTuple):
    """A folder with conversations of another program."""

    origin: str
    folder: Path


def known_places(home: Path, environment: Mapping[str, str]) -> list[KnownPlace]:
    """Those that are there and hold something; looks at the disk."""
    found: dict[str, KnownPlace] = {}
    for origin, folder, pattern in _candidates(home, environment):
        if origin not in found and _has(folder, pattern):
            found[origin] = KnownPlace(origin, folder)
    return list(found.values())


def _candidates(home: Path, environment: Mapping[str, str]) -> list[tuple[str, Path, str]]:
    roaming = Path(environment.get("APPDATA") or home / "AppData" / "Roaming")
    local = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    support = home / "Library" / "Application Support"
    base = {"win32": roaming, "darwin": support}.get(sys.platform, data)
    jans = [base / "Jan" / "data", config / "Jan" / "data", base / "jan", home / "jan"]
    gpts = {"win32": local, "darwin": support}.get(sys.platform, data) / "nomic.ai" / "GPT4All"
    chats = "*.conversation.json"
    return [
        (lm_studio.ORIGIN, _lm_studio_home(home) / "conversations", chats),
        (lm_studio.ORIGIN, home / ".lmstudio" / "conversations", chats),
        (lm_studio.ORIGIN, home / ".cache" / "lm-studio" / "conversations", chats),
        *((jan.ORIGIN, folder / "threads", "thread.json") for folder in jans),
        (gpt4all.ORIGIN, gpts, "gpt4all-*.chat"),
    ]


def _lm_studio_home(home: Path) -> Path:
    """LM Studio writes down where its folder is."""
    try:
        text = (home / ".lmstudio-home-pointer").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return home / ".lmstudio"
    try:
        return Path(json.loads(text)) if text.startswith('"') else Path(text)
    except (ValueError, TypeError):
        return home / ".lmstudio"


def _has(folder: Path, pattern: str) -> bool:
    try:
        deeper = (f"*/{pattern}", f"*/*/{pattern}")
        return any(next(folder.glob(p), None) is not None for p in (pattern, *deeper))
    except (OSError, ValueError):
        return False
