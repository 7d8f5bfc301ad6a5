"""Progress on the program's entry in the taskbar or dock, where the desktop shows such a thing.

Linux: the signal `com.canonical.Unity.LauncherEntry.Update`, which KDE Plasma, Ubuntu's dock,
Dash to Dock and Plank heed. Windows: `ITaskbarList3`. macOS has nothing that a program may use
without painting its own dock tile. A desktop without it just does not show any.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import uuid
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

Show = Callable[[float], None]  # 0 to 1; below 0 nothing is going on

LAUNCHER = "com.canonical.Unity.LauncherEntry"
CONNECT_MS = 500
STEP = 0.01  # smaller changes cannot be seen
_NO_PROGRESS, _NORMAL = 0, 2  # TBPF_NOPROGRESS, TBPF_NORMAL of shobjidl_core.h


class Taskbar(QObject):
    """Connects with the desktop a moment after there is something to show for the first time.

    Connecting takes some 10 ms, and in that first moment the window has enough to do.
    """

    def __init__(
        self, desktop_file: str, window_id: Callable[[], int], parent: QObject | None = None
    ) -> None:
        """`desktop_file`: the program's, as `NAME.desktop`; `window_id`: the main window's."""
        super().__init__(parent)
        self._desktop_file = desktop_file
        self._window_id = window_id
        self._show: Show | None = None
        self._shown = -1.0
        self._connecting = QTimer(self)
        self._connecting.setSingleShot(True)
        self._connecting.timeout.connect(self._connect)

    def show_progress(self, fraction: float) -> None:
        """`fraction` from 0 to 1; below 0 nothing is going on."""
        if (fraction < 0) == (self._shown < 0) and abs(fraction - self._shown) < STEP:
            return
        self._shown = fraction
        if self._show is not None:
            self._show(fraction)
        elif not self._connecting.isActive():
            self._connecting.start(CONNECT_MS)

    def _connect(self) -> None:
        self._show = self._find_desktop()
        self._show(self._shown)

    def _find_desktop(self) -> Show:
        if sys.platform == "linux":
            return _launcher_entry(self._desktop_file)
        if sys.platform == "win32":
            with contextlib.suppress(OSError, AttributeError):  # Windows without a shell
                return _taskbar_list(self._window_id())
        return lambda _fraction: None


def _launcher_entry(desktop_file: str) -> Show:
    from PySide6.QtDBus import QDBusConnection, QDBusMessage  # only where something is shown

    bus = QDBusConnection.sessionBus()

    def show(fraction: float) -> None:
        message = QDBusMessage.createSignal("/app/inglenook", LAUNCHER, "Update")
        values = {"progress": max(0.0, fraction), "progress-visible": fraction >= 0}
        message.setArguments([f"application://{desktop_file}", values])
        bus.send(message)  # without a bus nobody hears it

    return show


def _taskbar_list(window_id: int) -> Show:
    """Calls the COM object's methods by place: IUnknown has 3, ITaskbarList 5, ITaskbarList2 1."""
    ole = ctypes.OleDLL("ole32")  # type: ignore[attr-defined,unused-ignore]
    method = ctypes.WINFUNCTYPE  # type: ignore[attr-defined,unused-ignore]
    pointer = ctypes.c_void_p()
    identity = uuid.UUID("56fdf344-fd6d-11d0-958a-006097c9a090").bytes_le  # CLSID_TaskbarList
    interface = uuid.UUID("ea1afb91-9e28-4b86-90e9-9e9f8a5eefaf").bytes_le  # IID_ITaskbarList3
    ole.CoCreateInstance(identity, None, 1, interface, ctypes.byref(pointer))
    table = ctypes.cast(pointer, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
    result, window = ctypes.c_long, ctypes.c_void_p
    start = method(result, window)(table[3])
    set_value = method(result, window, window, ctypes.c_uint64, ctypes.c_uint64)(table[9])
    set_state = method(result, window, window, ctypes.c_int)(table[10])
    start(pointer)

    def show(fraction: float) -> None:
        set_state(pointer, window_id, _NO_PROGRESS if fraction < 0 else _NORMAL)
        if fraction >= 0:
            set_value(pointer, window_id, int(fraction * 1000), 1000)

    return show
