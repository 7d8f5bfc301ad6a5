"""The text of a prompt on show: control tokens coloured, and what the cache has on another ground.

A prompt may have a hundred thousand tokens: it is put in piece by piece, between two looks at
keyboard and mouse.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit

from app.core.memory import Piece
from app.ui.palettes import Colours
from app.ui.theme import Theme, code_font

SLICE_S = 0.008  # of the main thread at a time
MOST_RUN = 1000  # characters that are put in at once
# a line that is longer is broken on show: Qt lays out a line anew with every piece of it
MOST_LINE = 4000

Run = tuple[str, bool, bool]  # text, whether it is a control token, whether the cache has it


class PromptText(QPlainTextEdit):
    """Only to read, select and copy."""

    filled = Signal()  # all of it is there

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pieces: Sequence[Piece] = ()
        self._reused = 0
        self._runs: Iterator[Run] = iter(())
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._put_some)
        self.setProperty("field", True)
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAccessibleName(self.tr("What the model gets"))
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def is_filling(self) -> bool:
        """Whether there is more to come."""
        return self._timer.isActive()

    def show_pieces(self, pieces: Sequence[Piece], reused: int) -> None:
        """These, the first `reused` tokens of them from the cache."""
        self._pieces, self._reused = pieces, reused
        self.clear()
        self._runs = runs_of(pieces, reused)
        self._timer.start()

    def whole_text(self) -> str:
        """All of it, just as it is."""
        return "".join(piece.text for piece in self._pieces)

    def _restyle(self) -> None:
        self.setFont(code_font())
        if self._pieces:
            self.show_pieces(self._pieces, self._reused)

    def _put_some(self) -> None:
        began = time.monotonic()
        colours = self._theme.colours
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        while time.monotonic() - began < SLICE_S:
            run = next(self._runs, None)
            if run is None:
                self._timer.stop()
                self.filled.emit()
                return
            text, is_special, is_cached = run
            cursor.insertText(text, format_of(colours, is_special=is_special, is_cached=is_cached))


def format_of(colours: Colours, *, is_special: bool, is_cached: bool) -> QTextCharFormat:
    """How a run looks. Not by colour alone: control tokens are bold."""
    made = QTextCharFormat()
    made.setForeground(QColor(colours.link if is_special else colours.text))
    if is_special:
        made.setFontWeight(QFont.Weight.Bold)
    if is_cached:
        made.setBackground(QColor(cached_ground(colours)))
    return made


def cached_ground(colours: Colours) -> str:
    """The ground of what is in the cache."""
    return colours.selected


def runs_of(pieces: Sequence[Piece], reused: int) -> Iterator[Run]:
    """Neighbours that look the same as one, long ones and long lines in parts."""
    held: list[str] = []
    size, line, place = 0, 0, 0
    kind = (False, False)
    for piece in pieces:
        new = (piece.is_special, place + piece.tokens <= reused)
        if held and (new != kind or size >= MOST_RUN):
            yield "".join(held), *kind
            held, size = [], 0
        kind = new
        text = piece.text
        at = text.rfind("\n")
        line = line + len(text) if at < 0 else len(text) - at - 1
        if line >= MOST_LINE:
            text, line = text + "\n", 0
        held.append(text)
        size += len(text)
        place += piece.tokens
    if held:
        yield "".join(held), *kind
