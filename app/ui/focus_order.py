"""Tab goes through a window as it is read: part by part, line by line, whenever things were made.

Qt's own chain is the order of making. It cannot even be asked: what PySide's `nextInFocusChain`
returns is taken for a child of the widget that was asked, and becomes invalid when that one goes.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from app.ui.focus_ring import show_focus
from app.ui.transcript_focus import can_be_reached
from app.ui.transcript_list import MessageList


class FocusOrder:
    """What a window inherits from first. A conversation goes through its messages by itself."""

    def focus_parts(self) -> Sequence[QWidget]:
        """The parts of the window in the order of reading."""
        raise NotImplementedError

    def focusNextPrevChild(self, next: bool) -> bool:
        parts = [part for part in self.focus_parts() if part.isVisible()]
        if move_focus(parts, forward=next):
            return True
        return super().focusNextPrevChild(next)  # type: ignore[misc, no-any-return]


def move_focus(parts: Sequence[QWidget], *, forward: bool) -> bool:
    """Give the keyboard to the next stop in `parts`, or to the one before; from the last to the
    first. False where it is in none of them, or nowhere else to go."""
    focus = QApplication.focusWidget()
    if focus is None or not any(part is focus or part.isAncestorOf(focus) for part in parts):
        return False
    stops = [stop for part in parts for stop in _stops(part)]
    around = next((s for s in stops if s is focus or s.isAncestorOf(focus)), None)
    if around is None or len(stops) < 2:
        return False
    place = (stops.index(around) + (1 if forward else -1)) % len(stops)
    found = stops[place]
    if isinstance(found, MessageList):
        found = found.way_in(forward=forward)
    show_focus(found, forward=forward)
    return True


def _stops(widget: QWidget) -> list[QWidget]:
    """What Tab stops at in `widget`, itself included."""
    if not widget.isVisible():
        return []
    found = [widget] if can_be_reached(widget, widget.window()) else []
    if found and not isinstance(widget, QScrollArea):
        return found  # what is in a field is part of it
    children = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    for child in _as_read([c for c in children if c.isVisible() and not c.isWindow()]):
        found.extend(_stops(child))
    return found


def _as_read(widgets: Sequence[QWidget]) -> list[QWidget]:
    """Neighbours line by line; one whose middle is above the end of a line belongs to it."""
    left = sorted(widgets, key=lambda w: (w.y(), w.x()))
    found: list[QWidget] = []
    while left:
        end = left[0].geometry().bottom()
        line = [w for w in left if w.geometry().center().y() <= end]
        line = line or left[:1]
        side = -1 if left[0].isRightToLeft() else 1
        found.extend(sorted(line, key=lambda w, s=side: s * w.geometry().center().x()))  # type: ignore[misc]
        left = [w for w in left if w not in line]
    return found
