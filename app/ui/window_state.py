"""Window geometry, the open conversation and the draft, between two starts."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.settings import write_json


@dataclass(slots=True)
class WindowState:
    """`geometry` and `splitter` are Qt's own bytes in base64; empty means: never saved."""

    geometry: str = ""
    splitter: str = ""
    conversation_id: str = ""
    draft: str = ""
    collapsed: str = "archive"  # keys of the sidebar's headings, one a line
    recent: str = ""  # commands of the palette, the last one used first, one a line

    def geometry_bytes(self) -> bytes:
        """What QWidget.restoreGeometry takes; empty if damaged."""
        return _decoded(self.geometry)

    def splitter_bytes(self) -> bytes:
        """What QSplitter.restoreState takes; empty if damaged."""
        return _decoded(self.splitter)


def load_state(path: Path) -> WindowState:
    """What was saved; the defaults where there is nothing or nonsense."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return WindowState()
    if not isinstance(data, dict):
        return WindowState()
    known = {
        name: value
        for name, value in data.items()
        if name in WindowState.__dataclass_fields__ and isinstance(value, str)
    }
    return WindowState(**known)


def save_state(path: Path, state: WindowState) -> None:
    """Write it; a failure is not worth a word, the next start just uses the defaults."""
    try:
        write_json(path, asdict(state))
    except OSError:
        return


def encoded(raw: bytes) -> str:
    """Qt's bytes as text for JSON."""
    return base64.b64encode(raw).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
