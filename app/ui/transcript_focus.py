"""Where the keyboard goes from a control of the conversation: in the order of the messages."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.ui.message_view import MessageView


class _Conversation(Protocol):
    """What is needed of the transcript."""

    def make(self, place: int) -> MessageView | None: ...
    def focus_place(self) -> int | None: ...
    def first_place(self) -> int: ...
    def last_place(self) -> int: ...
    def count(self) -> int: ...


def next_control(conversation: _Conversation, *, forward: bool) -> QWidget | None:
    """What has the focus after, or before, the one that has it; None leaves the conversation."""
    focus, place = QApplication.focusWidget(), conversation.focus_place()
    if place is None or focus is None:  # the conversation itself
        if not forward or not conversation.count():
            return None
        return _first_from(conversation, conversation.first_place(), forward=True)
    view = conversation.make(place)
    found = controls_of(view) if view is not None else []
    if focus in found:
        index = found.index(focus) + (1 if forward else -1)
        if 0 <= index < len(found):
            return found[index]
    return _first_from(conversation, place + (1 if forward else -1), forward=forward)


def last_control(conversation: _Conversation) -> QWidget | None:
    """Where the keyboard comes in from below: the last control of what is on the screen."""
    return _first_from(conversation, conversation.last_place(), forward=False)


def _first_from(conversation: _Conversation, place: int, *, forward: bool) -> QWidget | None:
    while 0 <= place < conversation.count():
        view = conversation.make(place)
        if view is not None and (found := controls_of(view)):
            return found[0 if forward else -1]
        place += 1 if forward else -1
    return None


def controls_of(view: MessageView) -> list[QWidget]:
    """What Tab can reach in a message, in reading order."""
    found = [widget for widget in view.findChildren(QWidget) if can_be_reached(widget, view)]
    side = -1 if view.isRightToLeft() else 1

    def place(widget: QWidget) -> tuple[int, int]:
        corner = widget.mapTo(view, QPoint(0, 0))
        return corner.y(), side * corner.x()

    return sorted(found, key=place)


def can_be_reached(widget: QWidget, within: QWidget) -> bool:
    """Whether Tab may stop at `widget` while `within` is on show."""
    has_policy = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return has_policy and widget.isEnabled() and widget.isVisibleTo(within)
