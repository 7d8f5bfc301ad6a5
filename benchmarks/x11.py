"""Looks at and types into another process's window through libX11, as a person would.

Measuring from outside needs a clock finer than starting `xdotool` (10 ms) or `import` (100 ms) each
time: here a look at a strip of a window takes less than a millisecond. Only what the benchmarks
need is declared; libX11 and libXtst are there where Qt's xcb platform and xdotool are.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_ubyte, c_uint, c_ulong, c_void_p
from dataclasses import dataclass
from typing import Any

from benchmarks.report import MeasurementFailed

VIEWABLE, Z_PIXMAP, ALL_PLANES = 2, 2, 0xFFFFFFFF
PATCH = 6  # pixels; a square of one colour this large is no line and no letter
MOST_LONGS = 256  # of a window property that are read


class _Attributes(ctypes.Structure):
    """XWindowAttributes of Xlib.h."""

    _fields_ = [
        *((name, c_int) for name in ("x", "y", "width", "height", "border_width", "depth")),
        ("visual", c_void_p),
        ("root", c_ulong),
        *((name, c_int) for name in ("kind", "bit_gravity", "win_gravity", "backing_store")),
        *((name, c_ulong) for name in ("backing_planes", "backing_pixel")),
        ("save_under", c_int),
        ("colormap", c_ulong),
        *((name, c_int) for name in ("map_installed", "map_state")),
        *((name, c_long) for name in ("all_events", "own_events", "dont_propagate")),
        ("override_redirect", c_int),
        ("screen", c_void_p),
    ]


class _Image(ctypes.Structure):
    """The beginning of XImage of Xlib.h."""

    _fields_ = [
        *((name, c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", POINTER(c_ubyte)),
        *((name, c_int) for name in ("byte_order", "unit", "bit_order", "pad", "depth")),
        ("bytes_per_line", c_int),
    ]


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of a window, row by row; four bytes a pixel: blue, green, red, zero."""

    bytes_per_line: int
    data: bytes

    @property
    def is_painted(self) -> bool:
        """Whether there is more than one colour."""
        return self.data != self.data[:4] * (len(self.data) // 4)

    def has_patch(self, colour: str) -> bool:
        """Whether `colour` ("#rrggbb") fills a square of PATCH pixels somewhere."""
        red, green, blue = bytes.fromhex(colour.lstrip("#"))
        run = bytes((blue, green, red, 0)) * PATCH
        at = self.data.find(run)
        while at >= 0:
            rows = range(at, at + PATCH * self.bytes_per_line, self.bytes_per_line)
            if all(self.data.startswith(run, row) for row in rows):
                return True
            at = self.data.find(run, at + 1)
        return False


class Display:
    """A connection to an X server, for one thread."""

    def __init__(self, name: str) -> None:
        self._x, self._test = _libraries()
        self._display = self._x.XOpenDisplay(name.encode())
        if not self._display:
            raise MeasurementFailed(f"The X server {name} does not answer.")
        self._root = self._x.XDefaultRootWindow(self._display)

    def close(self) -> None:
        """End the connection."""
        self._x.XCloseDisplay(self._display)

    def has_window_manager(self) -> bool:
        """Whether one has announced itself."""
        return bool(self._property(self._root, b"_NET_SUPPORTING_WM_CHECK"))

    def window_of(self, pid: int) -> int:
        """The window on show of process `pid`, 0 if there is none yet."""
        for window in self._property(self._root, b"_NET_CLIENT_LIST"):
            if self._property(window, b"_NET_WM_PID") == [pid] and self._is_viewable(window):
                return window
        return 0

    def size_of(self, window: int) -> tuple[int, int]:
        """Width and height in pixels, 0 if it is gone."""
        found = self._attributes(window)
        return (found.width, found.height) if found else (0, 0)

    def look(self, window: int, x: int, y: int, width: int, height: int) -> Picture | None:
        """What is on the screen there; None if the window is not there to be seen."""
        image = self._x.XGetImage(self._display, window, x, y, width, height, ALL_PLANES, Z_PIXMAP)
        if not image:
            return None
        content = image.contents
        data = bytearray(ctypes.string_at(content.data, content.bytes_per_line * content.height))
        data[3::4] = bytes(len(data) // 4)  # the unused byte may be anything
        picture = Picture(content.bytes_per_line, bytes(data))
        self._x.XDestroyImage(image)
        return picture

    def tap(self, key: str) -> None:
        """Press and release a key; it goes to the window that has the focus, as from a keyboard."""
        code = self._x.XKeysymToKeycode(self._display, self._x.XStringToKeysym(key.encode()))
        for is_press in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, code, is_press, 0)
        self._x.XFlush(self._display)

    def _is_viewable(self, window: int) -> bool:
        found = self._attributes(window)
        return found is not None and found.map_state == VIEWABLE

    def _attributes(self, window: int) -> _Attributes | None:
        found = _Attributes()
        is_there = self._x.XGetWindowAttributes(self._display, window, byref(found))
        return found if is_there else None

    def _property(self, window: int, name: bytes) -> list[int]:
        """A property of 32-bit values (Xlib hands each out as a long)."""
        atom = self._x.XInternAtom(self._display, name, 0)
        kind, width, count, rest = c_ulong(), c_int(), c_ulong(), c_ulong()
        data = POINTER(c_ulong)()
        where = (self._display, window, atom, 0, MOST_LONGS, 0, 0)
        out = (byref(kind), byref(width), byref(count), byref(rest), byref(data))
        failed = self._x.XGetWindowProperty(*where, *out)
        if failed or not data:
            return []
        values = [data[index] for index in range(count.value)] if width.value == 32 else []
        self._x.XFree(data)
        return values


_ERROR_HANDLER = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)
_ignore = _ERROR_HANDLER(lambda _display, _event: 0)  # Xlib's own ends the process


def _libraries() -> tuple[Any, Any]:
    """libX11 and libXtst with the signatures that do not fit into ints."""
    try:
        x, test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    except OSError as error:
        raise MeasurementFailed(f"{error}. Run: make screen") from error
    window, display = c_ulong, c_void_p
    for name, result, arguments in (
        ("XOpenDisplay", display, [c_char_p]),
        ("XCloseDisplay", c_int, [display]),
        ("XDefaultRootWindow", window, [display]),
        ("XGetWindowAttributes", c_int, [display, window, c_void_p]),
        ("XInternAtom", c_ulong, [display, c_char_p, c_int]),
        ("XKeysymToKeycode", c_ubyte, [display, c_ulong]),
        ("XStringToKeysym", c_ulong, [c_char_p]),
        ("XFlush", c_int, [display]),
        ("XFree", c_int, [c_void_p]),
        ("XDestroyImage", c_int, [POINTER(_Image)]),
        (
            "XGetImage",
            POINTER(_Image),
            [display, window, c_int, c_int, c_uint, c_uint, c_ulong, c_int],
        ),
        (
            "XGetWindowProperty",
            c_int,
            [display, window, c_ulong, c_long, c_long, c_int, c_ulong, *[c_void_p] * 5],
        ),
    ):
        function = getattr(x, name)
        function.restype, function.argtypes = result, arguments
    test.XTestFakeKeyEvent.argtypes = [display, c_uint, c_int, c_ulong]
    x.XSetErrorHandler(_ignore)
    return x, test
