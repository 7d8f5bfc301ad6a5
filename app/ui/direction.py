"""Which way pictures point where text is read from right to left."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

_PAIRS = (
    ("arrow-left", "arrow-right"),
    ("chevron-left", "chevron-right"),
    ("panel-left", "panel-right"),
)
_TURNED = {name: other for pair in _PAIRS for name, other in (pair, pair[::-1])}


def is_mirrored() -> bool:
    """Whether the window is read from right to left."""
    return QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft


def directed(icon: str) -> str:
    """The icon that means here what `icon` means where text is read from the left."""
    return _TURNED.get(icon, icon) if is_mirrored() else icon
