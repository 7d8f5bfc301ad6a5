"""Everything that can be asked for by key or by name: one list for shortcuts, palette and sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Entry:
    """One command. `keys` are portable names such as 'Ctrl+K', the first one is shown."""

    id: str
    title: str
    group: str
    run: Callable[[], object]
    keys: tuple[str, ...] = ()
    is_elsewhere: bool = False  # its keys belong to a menu entry or a widget already
    is_listed: bool = True  # in the palette


class Commands(QObject):
    """The commands of one window, in the order in which they are shown."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._entries: dict[str, Entry] = {}

    @property
    def entries(self) -> list[Entry]:
        """All of them."""
        return list(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Take in a command; its keys work from now on while the window has the focus.

        One with the id of a command that is there takes its place, as with a title in another
        language, and its keys are left alone: taken twice they would do nothing.
        """
        is_known = entry.id in self._entries
        self._entries[entry.id] = entry
        if entry.is_elsewhere or is_known:
            return
        for keys in entry.keys:
            shortcut = QShortcut(QKeySequence(keys), self._window)
            # one press may be two keys of one command: Ctrl+? is Ctrl+Shift+/ on many keyboards
            for pressed in (shortcut.activated, shortcut.activatedAmbiguously):
                pressed.connect(lambda command_id=entry.id: self.run(command_id))

    def run(self, command_id: str) -> bool:
        """Do what the palette chose; False where there is no such command."""
        entry = self._entries.get(command_id)
        if entry is not None:
            entry.run()
        return entry is not None
