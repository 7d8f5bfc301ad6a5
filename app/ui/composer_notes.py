"""One-line notes above the message being written: that one edits, that a long text is a file."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from app.ui.models_parts import TextButton, label
from app.ui.theme import GAP, SMALL, Theme


class Note(QFrame):
    """An icon, a few words and one button."""

    pressed = Signal()

    def __init__(self, theme: Theme, icon: str) -> None:
        super().__init__()
        self._theme, self._icon = theme, icon
        self._picture = QLabel()
        self.words = label(role="muted", size=SMALL)
        self.button = TextButton(theme, "")
        self.button.setProperty("chip", True)
        self.button.clicked.connect(self.pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(self._picture)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def say(self, words: str, button: str) -> None:
        """What it says, and on its button."""
        self.words.setText(words)
        self.button.setText(button)
        self.setAccessibleName(words)

    def _restyle(self) -> None:
        icon = self._theme.icon(self._icon, self._theme.colours.muted)
        self._picture.setPixmap(icon.pixmap(QSize(16, 16)))


class LongPaste(Note):
    """A long text was pasted and became a file; it can still be had as text."""

    insert_wanted = Signal(str, str)  # the file's name, the text

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "file-text")
        self._name = self._text = ""
        self.say(
            self.tr("The long text you pasted goes with the message as a file."),
            self.tr("Insert as text"),
        )
        self.pressed.connect(self._insert)

    def offer(self, text: str, taken: Collection[str]) -> str:
        """Keep `text` in case it is wanted; returns a name for its file that is not `taken`."""
        base = self.tr("Pasted text")
        name, number = f"{base}.txt", 1
        while name in taken or name == self._name:
            number += 1
            name = f"{base} {number}.txt"
        self._name, self._text = name, text
        self.show()
        return name

    def forget(self) -> None:
        """The moment has passed."""
        self._name = self._text = ""
        self.hide()

    @property
    def name(self) -> str:
        """The name of the file it is about; empty while it is about none."""
        return self._name

    def _insert(self) -> None:
        name, text = self._name, self._text
        self.forget()
        if text:
            self.insert_wanted.emit(name, text)
