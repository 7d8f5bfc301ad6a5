"""Whether the system asks for less motion, on each of the three systems in its own way."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

Tell = Callable[[bool], None]

ASK_AFTER_MS = 1500  # connecting with the desktop takes some 10 ms; the start has enough to do
ANSWER_MS = 1000
PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
_GET_ANIMATION = 0x1042  # SPI_GETCLIENTAREAANIMATION of winuser.h


def ask_system(parent: QObject, tell: Tell) -> None:
    """Tell whether less motion is wanted, at once or later; where nobody says so, never."""
    if sys.platform == "win32":
        with contextlib.suppress(OSError, AttributeError):
            tell(_is_windows_still())
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError, AttributeError):
            tell(_is_mac_still())
    elif QGuiApplication.platformName() not in ("offscreen", "minimal"):
        QTimer.singleShot(ASK_AFTER_MS, parent, lambda: _ask_portal(parent, tell))


def _is_windows_still() -> bool:
    is_moving = ctypes.c_int(1)
    user32 = ctypes.windll.user32  # type: ignore[attr-defined,unused-ignore]
    user32.SystemParametersInfoW(_GET_ANIMATION, 0, ctypes.byref(is_moving), 0)
    return not is_moving.value


def _is_mac_still() -> bool:
    objc = ctypes.CDLL("/usr/lib/libobjc.A.dylib")
    objc.objc_getClass.restype = ctypes.c_void_p
    objc.sel_registerName.restype = ctypes.c_void_p

    def send(target: int, name: bytes, result: type) -> int:
        call = ctypes.CFUNCTYPE(result, ctypes.c_void_p, ctypes.c_void_p)
        function = call(("objc_msgSend", objc))
        return int(function(target, objc.sel_registerName(name)) or 0)

    space = send(objc.objc_getClass(b"NSWorkspace"), b"sharedWorkspace", ctypes.c_void_p)
    return bool(send(space, b"accessibilityDisplayShouldReduceMotion", ctypes.c_bool))


def _ask_portal(parent: QObject, tell: Tell) -> None:
    """GNOME's switch for animations, which the portal shows to sandboxed programs too."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    message = QDBusMessage.createMethodCall(*PORTAL, "org.freedesktop.portal.Settings", "Read")
    message.setArguments(["org.gnome.desktop.interface", "enable-animations"])
    call = QDBusConnection.sessionBus().asyncCall(message, ANSWER_MS)
    watcher = QDBusPendingCallWatcher(call, parent)

    def hear() -> None:
        arguments = watcher.reply().arguments() if watcher.isValid() else []
        value: Any = arguments[0] if arguments else None
        while hasattr(value, "variant"):  # a variant in a variant
            value = value.variant()
        if isinstance(value, bool):
            tell(not value)
        watcher.deleteLater()

    watcher.finished.connect(hear)
