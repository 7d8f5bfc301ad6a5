"""A shortcut that works everywhere on an X11 desktop: the server sends us the key before others.

Through libxcb, which Qt's own X11 platform needs too, on a connection of our own: Qt's cannot be
used from Python, and errors of Xlib would go to a handler that the whole process shares.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_int,
    c_uint,
    c_uint8,
    c_uint16,
    c_uint32,
    c_void_p,
)
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from app.ui.global_shortcut_keys import Chord

SHIFT, LOCK, CONTROL, ALT, NUM_LOCK, SUPER = 1, 2, 4, 8, 16, 64  # modifiers of X.h, as XKB has them
# with these on or off the shortcut is the same
INDIFFERENT = (0, LOCK, NUM_LOCK, LOCK | NUM_LOCK)
_PRESS, _RELEASE, _CLIENT_MESSAGE, _MAPPING = 2, 3, 33, 34
_BAD_ACCESS = 10
_ASYNC = 1
_SUBSTRUCTURE = 0x180000  # SubstructureNotify and SubstructureRedirect: to the window manager
_FROM_PAGER = 2  # a person's wish, which no protection against stolen focus refuses
_EVENT_BYTES = 32
_MAPPING_HEAD = 32  # bytes before the keysyms of a reply


class _Cookie(Structure):
    _fields_ = [("sequence", c_uint)]


class _Screens(Structure):
    """xcb_screen_iterator_t; a screen begins with its root window."""

    _fields_ = [("data", POINTER(c_uint32)), ("rem", c_int), ("index", c_int)]


class _Setup(Structure):
    """The beginning of xcb_setup_t."""

    _fields_ = [
        ("before", c_uint8 * 34),
        ("min_keycode", c_uint8),
        ("max_keycode", c_uint8),
    ]


class _Error(Structure):
    """The beginning of xcb_generic_error_t."""

    _fields_ = [("kind", c_uint8), ("code", c_uint8)]


class _Key(Structure):
    """The beginning of xcb_key_press_event_t."""

    _fields_ = [
        ("kind", c_uint8),
        ("code", c_uint8),
        ("sequence", c_uint16),
        ("time", c_uint32),
    ]


class _Message(Structure):
    """xcb_client_message_event_t with numbers of 32 bits."""

    _fields_ = [
        ("kind", c_uint8),
        ("format", c_uint8),
        ("sequence", c_uint16),
        ("window", c_uint32),
        ("type", c_uint32),
        ("data", c_uint32 * 5),
    ]


class X11Shortcut(QObject):
    """Holds one shortcut until it is closed; tells when it is pressed, or why it is not held."""

    activated = Signal()
    failed = Signal(str)

    def __init__(self, chord: Chord, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chord = chord
        self._xcb: Any = None
        self._libc = ctypes.CDLL(None)
        self._libc.free.argtypes = [c_void_p]
        self._connection: int | None = None
        self._notifier: QSocketNotifier | None = None
        self._root = 0
        self._pressed_at = 0  # X server's time in ms, which the window manager asks for
        self._released_at = -1

    def start(self) -> None:
        """Ask the server for the key. It is on this machine and answers at once."""
        try:
            self._xcb = _library()
        except OSError:
            self.failed.emit(self.tr("This system offers no shortcuts to programs."))
            return
        number = c_int()
        self._connection = self._xcb.xcb_connect(None, byref(number))
        if self._xcb.xcb_connection_has_error(self._connection):
            self.close()
            self.failed.emit(self.tr("This system offers no shortcuts to programs."))
            return
        self._root = self._find_root(number.value)
        if self._grab():
            descriptor = self._xcb.xcb_get_file_descriptor(self._connection)
            self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
            self._notifier.activated.connect(self._read)
            self._read()
        else:
            self.close()

    def close(self) -> None:
        """Give the key back."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._connection is not None:
            self._xcb.xcb_disconnect(self._connection)
            self._connection = None

    def bring_to_front(self, window_id: int) -> None:
        """Have the window manager give the focus to a window, as the person wished by the key."""
        if self._connection is None:
            return
        name = b"_NET_ACTIVE_WINDOW"
        cookie = self._xcb.xcb_intern_atom(self._connection, 0, len(name), name)
        reply = self._xcb.xcb_intern_atom_reply(self._connection, cookie, None)
        if not reply:
            return
        atom = ctypes.cast(reply, POINTER(c_uint32))[2]
        self._libc.free(reply)
        data = (c_uint32 * 5)(_FROM_PAGER, self._pressed_at, 0, 0, 0)
        message = _Message(_CLIENT_MESSAGE, 32, 0, window_id, atom, data)
        self._xcb.xcb_send_event(
            self._connection, 0, self._root, _SUBSTRUCTURE, ctypes.addressof(message)
        )
        self._xcb.xcb_flush(self._connection)

    def _find_root(self, number: int) -> int:
        setup = self._xcb.xcb_get_setup(self._connection)
        screens = self._xcb.xcb_setup_roots_iterator(setup)
        for _ in range(number):
            self._xcb.xcb_screen_next(byref(screens))
        return int(screens.data[0])

    def _grab(self) -> bool:
        code = self._find_code(self._chord.keysym)
        if not code:
            self.failed.emit(self.tr("This keyboard does not have that key."))
            return False
        pressed = (
            CONTROL * self._chord.is_ctrl
            | ALT * self._chord.is_alt
            | SHIFT * self._chord.is_shift
            | SUPER * self._chord.is_meta
        )
        cookies = [
            self._xcb.xcb_grab_key_checked(
                self._connection, 0, self._root, pressed | others, code, _ASYNC, _ASYNC
            )
            for others in INDIFFERENT
        ]
        errors = [self._error_of(cookie) for cookie in cookies]
        if _BAD_ACCESS in errors:
            self.failed.emit(self.tr("Another program uses this shortcut already."))
        elif any(errors):
            self.failed.emit(self.tr("This system does not give the shortcut away."))
        return not any(errors)

    def _error_of(self, cookie: _Cookie) -> int:
        error = self._xcb.xcb_request_check(self._connection, cookie)
        if not error:
            return 0
        code = int(ctypes.cast(error, POINTER(_Error)).contents.code)
        self._libc.free(error)
        return code

    def _find_code(self, keysym: int) -> int:
        """The key with that symbol, alone or with Shift; 0 if there is none."""
        setup = self._xcb.xcb_get_setup(self._connection).contents
        first, count = setup.min_keycode, setup.max_keycode - setup.min_keycode + 1
        cookie = self._xcb.xcb_get_keyboard_mapping(self._connection, first, count)
        reply = self._xcb.xcb_get_keyboard_mapping_reply(self._connection, cookie, None)
        if not reply or not keysym:
            return 0
        columns = ctypes.cast(reply, POINTER(c_uint8))[1]
        symbols = ctypes.cast(reply + _MAPPING_HEAD, POINTER(c_uint32))
        found = next(
            (
                first + place
                for column in range(columns)  # the layout in use stands in the first two
                for place in range(count)
                if symbols[place * columns + column] == keysym
            ),
            0,
        )
        self._libc.free(reply)
        return found

    def _read(self) -> None:
        is_pressed = has_new_keys = False
        while self._connection is not None:
            event = self._xcb.xcb_poll_for_event(self._connection)
            if not event:
                break
            key = ctypes.cast(event, POINTER(_Key)).contents
            kind = key.kind & 0x7F
            if kind == _PRESS:
                # held down it is released and pressed again at the same moment, again and again
                is_pressed = is_pressed or key.time != self._released_at
                self._pressed_at = key.time
            elif kind == _RELEASE:
                self._released_at = key.time
            elif kind == _MAPPING:
                has_new_keys = True
            self._libc.free(event)
        if self._connection is not None and self._xcb.xcb_connection_has_error(self._connection):
            self.close()
        elif has_new_keys and self._connection is not None:  # the symbol may be on another key
            self._xcb.xcb_ungrab_key(self._connection, 0, self._root, 1 << 15)
            self._grab()
        if is_pressed:
            self.activated.emit()


def _library() -> Any:
    """libxcb with what is used of it declared; raises OSError where it is not there."""
    xcb = None
    for name in ("libxcb.so.1", ctypes.util.find_library("xcb") or "libxcb.so"):
        with contextlib.suppress(OSError):
            xcb = ctypes.CDLL(name)
            break
    if xcb is None:
        raise OSError("libxcb is not there")
    returns: dict[str, tuple[Any, list[Any]]] = {
        "xcb_connect": (c_void_p, [c_char_p, POINTER(c_int)]),
        "xcb_disconnect": (None, [c_void_p]),
        "xcb_connection_has_error": (c_int, [c_void_p]),
        "xcb_get_file_descriptor": (c_int, [c_void_p]),
        "xcb_get_setup": (POINTER(_Setup), [c_void_p]),
        "xcb_setup_roots_iterator": (_Screens, [POINTER(_Setup)]),
        "xcb_screen_next": (None, [POINTER(_Screens)]),
        "xcb_flush": (c_int, [c_void_p]),
        "xcb_poll_for_event": (c_void_p, [c_void_p]),
        "xcb_request_check": (c_void_p, [c_void_p, _Cookie]),
        "xcb_grab_key_checked": (
            _Cookie,
            [c_void_p, c_uint8, c_uint32, c_uint16, c_uint8, c_uint8, c_uint8],
        ),
        "xcb_ungrab_key": (_Cookie, [c_void_p, c_uint8, c_uint32, c_uint16]),
        "xcb_get_keyboard_mapping": (_Cookie, [c_void_p, c_uint8, c_uint8]),
        "xcb_get_keyboard_mapping_reply": (c_void_p, [c_void_p, _Cookie, c_void_p]),
        "xcb_intern_atom": (_Cookie, [c_void_p, c_uint8, c_uint16, c_char_p]),
        "xcb_intern_atom_reply": (c_void_p, [c_void_p, _Cookie, c_void_p]),
        "xcb_send_event": (_Cookie, [c_void_p, c_uint8, c_uint32, c_uint32, c_void_p]),
    }
    for name, (result, arguments) in returns.items():
        function = getattr(xcb, name)
        function.restype, function.argtypes = result, arguments
    return xcb
