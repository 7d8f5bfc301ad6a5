"""A shortcut that works everywhere on Windows: RegisterHotKey, heard of among Qt's messages."""

from __future__ import annotations

import ctypes
from typing import Any

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QObject, Signal

from app.ui.global_shortcut_keys import Chord

HOT_KEY = 1  # our number of it; there is one
# of WinUser.h and WinError.h
_ALT, _CONTROL, _SHIFT, _WIN, _NO_REPEAT = 1, 2, 4, 8, 0x4000
_WM_HOTKEY = 0x0312
_ERROR_HOTKEY_ALREADY_REGISTERED = 1409


class _Message(ctypes.Structure):
    """The beginning of MSG of WinUser.h."""

    _fields_ = [
        ("window", ctypes.c_void_p),
        ("message", ctypes.c_uint),
        ("wparam", ctypes.c_size_t),
    ]


class WindowsShortcut(QObject):
    """Holds one shortcut until it is closed; tells when it is pressed, or why it is not held."""

    activated = Signal()
    failed = Signal(str)

    def __init__(self, chord: Chord, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chord = chord
        self._filter: _Filter | None = None

    def start(self) -> None:
        """Ask the system for the key."""
        key = self._chord.virtual_key
        if not key:
            self.failed.emit(self.tr("This keyboard does not have that key."))
            return
        modifiers = (
            _NO_REPEAT
            | _CONTROL * self._chord.is_ctrl
            | _ALT * self._chord.is_alt
            | _SHIFT * self._chord.is_shift
            | _WIN * self._chord.is_meta
        )
        user32, kernel32 = _libraries()
        if user32.RegisterHotKey(None, HOT_KEY, modifiers, key):
            self._filter = _Filter(self)
            if (application := QCoreApplication.instance()) is not None:
                application.installNativeEventFilter(self._filter)
        elif kernel32.GetLastError() == _ERROR_HOTKEY_ALREADY_REGISTERED:
            self.failed.emit(self.tr("Another program uses this shortcut already."))
        else:
            self.failed.emit(self.tr("This system does not give the shortcut away."))

    def close(self) -> None:
        """Give the key back."""
        if self._filter is not None:
            if (application := QCoreApplication.instance()) is not None:
                application.removeNativeEventFilter(self._filter)
            _libraries()[0].UnregisterHotKey(None, HOT_KEY)
            self._filter = None

    def bring_to_front(self, window_id: int) -> None:
        """Nothing to do: whose hot key is pressed may take the focus."""


class _Filter(QAbstractNativeEventFilter):
    """Looks at every message of the process: the first comparison decides nearly always."""

    def __init__(self, shortcut: WindowsShortcut) -> None:
        super().__init__()
        self._shortcut = shortcut

    def nativeEventFilter(  # noqa: N802  (Qt's name)
        self, event_type: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> object:
        found = _Message.from_address(int(message))
        if found.message == _WM_HOTKEY and found.wparam == HOT_KEY:
            self._shortcut.activated.emit()
            return True, 0
        return False, 0


def _libraries() -> tuple[Any, Any]:
    windll = ctypes.windll  # type: ignore[attr-defined,unused-ignore]
    return windll.user32, windll.kernel32
