"""A shortcut in the terms of each system: X11's keysyms, their names, and Windows' virtual keys."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

_FIRST_F, _LAST_F = Qt.Key.Key_F1.value, Qt.Key.Key_F24.value
_XK_F1, _VK_F1 = 0xFFBE, 0x70
_UNICODE = 0x01000000  # added to a character's code it is its keysym
_SPECIAL = 0x01000000  # from here on Qt's keys are no characters
# Qt's key -> keysym, its name in keysymdef.h, virtual key of WinUser.h (0: differs by layout)
_NAMED: dict[Qt.Key, tuple[int, str, int]] = {
    Qt.Key.Key_Space: (0x20, "space", 0x20),
    Qt.Key.Key_Escape: (0xFF1B, "Escape", 0x1B),
    Qt.Key.Key_Tab: (0xFF09, "Tab", 0x09),
    Qt.Key.Key_Backspace: (0xFF08, "BackSpace", 0x08),
    Qt.Key.Key_Return: (0xFF0D, "Return", 0x0D),
    Qt.Key.Key_Enter: (0xFF8D, "KP_Enter", 0x0D),
    Qt.Key.Key_Insert: (0xFF63, "Insert", 0x2D),
    Qt.Key.Key_Delete: (0xFFFF, "Delete", 0x2E),
    Qt.Key.Key_Pause: (0xFF13, "Pause", 0x13),
    Qt.Key.Key_Print: (0xFF61, "Print", 0x2C),
    Qt.Key.Key_Home: (0xFF50, "Home", 0x24),
    Qt.Key.Key_End: (0xFF57, "End", 0x23),
    Qt.Key.Key_Left: (0xFF51, "Left", 0x25),
    Qt.Key.Key_Up: (0xFF52, "Up", 0x26),
    Qt.Key.Key_Right: (0xFF53, "Right", 0x27),
    Qt.Key.Key_Down: (0xFF54, "Down", 0x28),
    Qt.Key.Key_PageUp: (0xFF55, "Page_Up", 0x21),
    Qt.Key.Key_PageDown: (0xFF56, "Page_Down", 0x22),
    Qt.Key.Key_Exclam: (0x21, "exclam", 0),
    Qt.Key.Key_QuoteDbl: (0x22, "quotedbl", 0),
    Qt.Key.Key_NumberSign: (0x23, "numbersign", 0),
    Qt.Key.Key_Dollar: (0x24, "dollar", 0),
    Qt.Key.Key_Percent: (0x25, "percent", 0),
    Qt.Key.Key_Ampersand: (0x26, "ampersand", 0),
    Qt.Key.Key_Apostrophe: (0x27, "apostrophe", 0),
    Qt.Key.Key_ParenLeft: (0x28, "parenleft", 0),
    Qt.Key.Key_ParenRight: (0x29, "parenright", 0),
    Qt.Key.Key_Asterisk: (0x2A, "asterisk", 0),
    Qt.Key.Key_Plus: (0x2B, "plus", 0xBB),
    Qt.Key.Key_Comma: (0x2C, "comma", 0xBC),
    Qt.Key.Key_Minus: (0x2D, "minus", 0xBD),
    Qt.Key.Key_Period: (0x2E, "period", 0xBE),
    Qt.Key.Key_Slash: (0x2F, "slash", 0),
    Qt.Key.Key_Colon: (0x3A, "colon", 0),
    Qt.Key.Key_Semicolon: (0x3B, "semicolon", 0),
    Qt.Key.Key_Less: (0x3C, "less", 0),
    Qt.Key.Key_Equal: (0x3D, "equal", 0),
    Qt.Key.Key_Greater: (0x3E, "greater", 0),
    Qt.Key.Key_Question: (0x3F, "question", 0),
    Qt.Key.Key_At: (0x40, "at", 0),
    Qt.Key.Key_BracketLeft: (0x5B, "bracketleft", 0),
    Qt.Key.Key_Backslash: (0x5C, "backslash", 0),
    Qt.Key.Key_BracketRight: (0x5D, "bracketright", 0),
    Qt.Key.Key_AsciiCircum: (0x5E, "asciicircum", 0),
    Qt.Key.Key_Underscore: (0x5F, "underscore", 0),
    Qt.Key.Key_QuoteLeft: (0x60, "grave", 0),
}


@dataclass(frozen=True, slots=True)
class Chord:
    """One key with its modifiers; `is_meta` is the key with the system's logo."""

    key: Qt.Key
    is_ctrl: bool = False
    is_alt: bool = False
    is_shift: bool = False
    is_meta: bool = False

    @property
    def keysym(self) -> int:
        """X11's number of the key; 0 where it has none."""
        if self.key in _NAMED:
            return _NAMED[self.key][0]
        code = self.key.value
        if _FIRST_F <= code <= _LAST_F:
            return _XK_F1 + code - _FIRST_F
        if code >= _SPECIAL:
            return 0
        character = ord(chr(code).lower())
        return character if character < 0x100 else _UNICODE + character

    @property
    def trigger(self) -> str:
        """As the desktops' specification of shortcuts writes it: 'CTRL+ALT+space'."""
        parts = [
            name
            for name, is_on in (
                ("CTRL", self.is_ctrl),
                ("ALT", self.is_alt),
                ("SHIFT", self.is_shift),
                ("LOGO", self.is_meta),
            )
            if is_on
        ]
        return "+".join([*parts, self._keysym_name])

    @property
    def virtual_key(self) -> int:
        """Windows' number of the key; 0 where it has none in every layout."""
        if self.key in _NAMED:
            return _NAMED[self.key][2]
        code = self.key.value
        if _FIRST_F <= code <= _LAST_F:
            return _VK_F1 + code - _FIRST_F
        return code if chr(min(code, 0x7F)).isalnum() and code < 0x7F else 0

    @property
    def _keysym_name(self) -> str:
        if self.key in _NAMED:
            return _NAMED[self.key][1]
        code = self.key.value
        if _FIRST_F <= code <= _LAST_F:
            return f"F{code - _FIRST_F + 1}"
        return chr(code).lower() if code < 0x7F else f"U{code:04X}"


def chord_of(shortcut: QKeySequence) -> Chord | None:
    """The first chord of `shortcut`; None where there is none."""
    if shortcut.isEmpty():
        return None
    first = shortcut[0]  # type: ignore[index]  # PySide's stubs lack it
    modifiers = first.keyboardModifiers()
    return Chord(
        first.key(),
        is_ctrl=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
        is_alt=bool(modifiers & Qt.KeyboardModifier.AltModifier),
        is_shift=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
        is_meta=bool(modifiers & Qt.KeyboardModifier.MetaModifier),
    )
