"""The messages that have widgets: made piece by piece, laid out at a width, dropped and made again.

A long conversation has widgets only for what is on the screen and around it. What a person had
opened in a message (its reasoning, its figures, the wrapping of its code) is as it was when its
widget is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from app.core.entities import Message, MessageId, Role, Status
from app.ui.message_view import MessageView
from app.ui.theme import Theme

PIECE = 800  # characters of an answer that are laid out at once: a few milliseconds
FAR = -20_000  # where a widget waits, in pixels, until its height is known
ROUNDS = 4  # of laying out until nothing changes any more

DEPTH = 4  # layouts from a message down to a block's text, each of which asks the one above

Switches = tuple[bool, ...]


@dataclass(slots=True)
class Made:
    """A message's widget. `width` is what it was laid out at, 0 where it was not yet."""

    view: MessageView
    taken: int = 0  # characters of the message's text that it shows
    is_whole: bool = False
    width: int = 0
    is_styled: bool = True
    switches: Switches = ()  # as they were when it was made


class MadeViews:
    """Makes, lays out and drops the widgets of messages; knows nothing of where they belong."""

    def __init__(
        self, theme: Theme, ground: QWidget, prepare: Callable[[MessageView], None]
    ) -> None:
        self._theme = theme
        self._ground = ground
        self._prepare = prepare  # hears of each new widget
        self._made: dict[MessageId, Made] = {}
        self._switched: dict[MessageId, Switches] = {}

    def __len__(self) -> int:
        return len(self._made)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._made

    def ids(self) -> list[MessageId]:
        """Of the messages with a widget, in no order."""
        return list(self._made)

    def get(self, message_id: MessageId) -> MessageView | None:
        """The widget of a message, if it has one."""
        made = self._made.get(message_id)
        return made.view if made is not None else None

    def is_ready(self, message_id: MessageId, width: int) -> bool:
        """Whether it is whole and laid out at `width` in the present theme."""
        made = self._made.get(message_id)
        return made is not None and made.is_whole and made.is_styled and made.width == width

    def is_whole(self, message_id: MessageId) -> bool:
        """Whether its widget shows all of its text."""
        made = self._made.get(message_id)
        return made is not None and made.is_whole

    def known_height(self, message_id: MessageId) -> int | None:
        """Its height, or the one it had at another width; None where it was never laid out."""
        made = self._made[message_id]
        return made.view.height() if made.is_whole and made.width else None

    def work_on(self, message: Message, width: int) -> int:
        """Do the next piece of work until `message` is ready; returns its height so far."""
        made = self._made.get(message.id)
        if made is None:
            made = self._make(message)
        elif not made.is_styled:
            made.is_styled = True
            made.view.restyle()
        elif not made.is_whole:
            self._give_more(made, message)
        return self._lay_out(made, width)

    def height_of(self, message_id: MessageId) -> int | None:
        """What it wants to be high now, if it is laid out and that is another height than it has.

        Call `settle` before.
        """
        made = self._made[message_id]
        if not made.width or _wanted(made.view, made.width) == made.view.height():
            return None
        return self._lay_out(made, made.width)

    def update(self, message: Message) -> bool:
        """Take over a changed message; False where its widget had to go, to be made again."""
        made = self._made.get(message.id)
        if made is None:
            return True
        if message.role is Role.USER and made.view.text != message.content:
            self.drop(message.id)
            return False
        shown = made.view.text
        if not (message.content.startswith(shown) or shown.startswith(message.content)):
            self.drop(message.id)
            return False
        if made.is_whole:
            made.view.update_from(message)
            made.taken = len(message.content)
            show_new(made.view)
        return True

    def mark_unstyled(self) -> None:
        """The theme is another one: each takes it over with the next work on it."""
        for made in self._made.values():
            made.is_styled = False

    def mark_unlaid(self) -> None:
        """Sizes that were found while nothing was on the screen are not to be relied on."""
        for made in self._made.values():
            made.width = 0

    def drop(self, message_id: MessageId) -> None:
        """Take a message's widget away; what the person had opened in it is remembered."""
        conversation = self._ground.parentWidget()
        if conversation is not None and self.has_focus(message_id):
            # else Qt would look for the next control, which makes widgets
            conversation.setFocus(Qt.FocusReason.OtherFocusReason)
        made = self._made.pop(message_id)
        switches = _switches(made.view)
        if switches != made.switches:
            self._switched[message_id] = switches
        else:
            self._switched.pop(message_id, None)
        made.view.hide()
        made.view.deleteLater()

    def clear(self, kept: Iterable[MessageId] = ()) -> None:
        """Drop all widgets but those `kept`, and forget what was opened."""
        for message_id in self._made.keys() - set(kept):
            self.drop(message_id)
        self._switched.clear()

    def has_focus(self, message_id: MessageId) -> bool:
        """Whether the keyboard is in it: it must stay, or the focus would be lost."""
        focus = QApplication.focusWidget()
        return focus is not None and self._made[message_id].view.isAncestorOf(focus)

    def _make(self, message: Message) -> Made:
        is_long = message.role is Role.ASSISTANT and len(message.content) > PIECE
        shown = _beginning(message, PIECE) if is_long else message
        made = Made(MessageView(shown, self._theme, self._ground))
        made.taken = PIECE if is_long else len(message.content)
        self._made[message.id] = made
        view = made.view
        view.move(0, FAR)
        self._prepare(view)
        view.show()
        if not is_long:
            self._finish(made, message)
        return made

    def _give_more(self, made: Made, message: Message) -> None:
        made.taken += PIECE
        if made.taken < len(message.content):
            made.view.update_from(_beginning(message, made.taken))
            show_new(made.view)
            return
        made.taken = len(message.content)
        made.view.update_from(message)
        show_new(made.view)
        self._finish(made, message)

    def _finish(self, made: Made, message: Message) -> None:
        made.is_whole = True
        made.switches = _switches(made.view)
        for number, is_on in enumerate(self._switched.get(message.id, ())):
            # asked for each time: reasoning that is opened has buttons of its own, after its own
            buttons = _checkable(made.view)
            if number < len(buttons) and buttons[number].isChecked() != is_on:
                buttons[number].setChecked(is_on)

    def _lay_out(self, made: Made, width: int) -> int:
        view = made.view
        height = view.height()
        if made.width != width:
            view.resize(width, height)
        for _ in range(ROUNDS):
            settle()
            wanted = _wanted(view, width)
            if wanted == height:
                break
            height = wanted
            view.resize(width, height)
        made.width = width
        return height


def show_new(view: MessageView) -> None:
    """Show blocks that were added to a message on show now: Qt would do so a moment later."""
    for edit in view.text_edits():
        if edit.isVisible():
            continue
        widget = edit.parentWidget()
        while widget is not None and widget is not view:
            if _is_new(widget):
                widget.show()
            widget = widget.parentWidget()
        if _is_new(edit):
            edit.show()


def _is_new(widget: QWidget) -> bool:
    was_told = widget.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
    return widget.isHidden() and not was_told


def settle() -> None:
    """Carry out now all changes of layout that Qt has put off, and those that they bring."""
    for _ in range(DEPTH):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def _wanted(view: MessageView, width: int) -> int:
    return view.heightForWidth(width) if view.hasHeightForWidth() else view.sizeHint().height()


def _beginning(message: Message, length: int) -> Message:
    """As if it were still being written: more can follow."""
    return replace(message, content=message.content[:length], status=Status.STREAMING)


def _checkable(view: MessageView) -> list[QAbstractButton]:
    return [button for button in view.findChildren(QAbstractButton) if button.isCheckable()]


def _switches(view: MessageView) -> Switches:
    return tuple(button.isChecked() for button in _checkable(view))
