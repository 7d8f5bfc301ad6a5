"""A shortcut that works while another program has the focus, in the way of each system."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from app.ui.global_shortcut_keys import Chord, chord_of


class _Holder(Protocol):
    """What holds the shortcut on one system."""

    activated: SignalInstance
    failed: SignalInstance

    def start(self) -> None: ...

    def close(self) -> None: ...

    def bring_to_front(self, window_id: int) -> None: ...


class GlobalShortcut(QObject):
    """Holds `shortcut` until `close`; `failed` says in words why it cannot."""

    activated = Signal()
    failed = Signal(str)

    def __init__(self, shortcut: QKeySequence, parent: QObject | None = None) -> None:
        """Nothing is asked of the system before the event loop comes round."""
        super().__init__(parent)
        self._holder: _Holder | None = None
        self._chord = chord_of(shortcut)
        QTimer.singleShot(0, self, self._start)

    def close(self) -> None:
        """Give it back."""
        self._chord = None
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def bring_to_front(self, window: QWidget) -> None:
        """Give the focus to `window`, which the pressed shortcut has just put on show."""
        window.raise_()
        window.activateWindow()
        if self._holder is not None:
            self._holder.bring_to_front(int(window.winId()))

    def _start(self) -> None:
        if self._chord is None:
            return
        self._holder = _holder_of(self._chord, self)
        if self._holder is None:
            self.failed.emit(self.tr("This system offers no shortcuts to programs."))
            return
        self._holder.activated.connect(self.activated)
        self._holder.failed.connect(self.failed)
        self._holder.start()


def _holder_of(chord: Chord, parent: QObject) -> _Holder | None:
    """None where there is no way. A Mac wants a permission for it that nothing else here needs."""
    platform = QGuiApplication.platformName()
    if sys.platform == "win32":
        from app.ui.global_shortcut_windows import WindowsShortcut

        return WindowsShortcut(chord, parent)
    # under Wayland an X server hears only of keys that are pressed in windows of its own
    if platform.startswith("wayland") or (platform == "xcb" and os.environ.get("WAYLAND_DISPLAY")):
        from app.ui.global_shortcut_portal import PortalShortcut

        return PortalShortcut(chord, parent)
    if platform == "xcb":
        from app.ui.global_shortcut_x11 import X11Shortcut

        return X11Shortcut(chord, parent)
    return None
