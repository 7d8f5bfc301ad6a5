"""The conversation on show: what is added, grows or is looked for, and keys that go through it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.core.entities import AttachmentId, Message, MessageId
from app.core.messages import Reading
from app.ui.focus_order import FocusOrder, move_focus
from app.ui.focus_ring import show_focus
from app.ui.memory.marks import MemoryMarks
from app.ui.memory.state import MemoryState
from app.ui.message_view import MessageView
from app.ui.selection import Selection
from app.ui.selection_mouse import SelectionMouse
from app.ui.theme import Theme
from app.ui.transcript_anchor import Anchor
from app.ui.transcript_focus import last_control, next_control
from app.ui.transcript_list import END, OPENING_S, MessageList, grown
from app.ui.transcript_marks import Marks
from app.ui.transcript_views import show_new

FRAME_MS = 60  # text is painted at most this often: 16 times a second reads as continuous
MAX_FRAME_MS = 200
# Of the time: on two cores what the window takes is taken from the model, which needs them both
PAINT_SHARE = 0.03
FOUND_AT = 4  # what was looked for is shown at this part of the height: a fourth from the top


class Transcript(MessageList):
    """Shows messages; text of a growing answer is gathered and painted once a frame."""

    retry_requested = Signal()
    action_requested = Signal(str, str)  # an action, the message's id
    picture_wanted = Signal(str)  # an attachment's id; its bytes go to `show_picture`
    quote_requested = Signal(str)  # Markdown that was selected, without marks of quotation
    menu_made = Signal(object)  # QMenu of selected text, before it is shown: entries may be added
    full_chosen = Signal(str)  # a WhenFull, where the context was full
    text_painted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._pending: dict[MessageId, list[str]] = {}
        self.setAccessibleName(self.tr("Conversation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.selection = Selection(self)
        self._mouse = SelectionMouse(self, self.selection)
        self._mouse.quote_requested.connect(self.quote_requested)
        self._mouse.menu_made.connect(self.menu_made)
        self._marks = Marks(theme, self.viewport())
        self._memory = MemoryMarks(theme, self)
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.timeout.connect(self._paint_pending)
        self._frame_ms = FRAME_MS
        self._painted_at = 0.0

    def show_messages(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        """Replace everything by `messages` and go to the end.

        With `at`, a message that is there before and after, it stays where it is on the screen.
        """
        self._frame.stop()
        self._pending.clear()
        self._marks.clear()
        stays = at is not None and at in self._places
        anchor = Anchor(at, self._top_of(self._places[at])) if stays and at is not None else None
        self._is_arranging = True
        try:
            self._set_messages(messages)
            self.selection.messages_changed()
        finally:
            self._is_arranging = False
        self._anchor = anchor if at in self._places else None
        self._follows_end = self._anchor is None
        self.arrange(OPENING_S)
        self.viewport().update()

    def add_message(self, message: Message) -> None:
        """One more at the end; the view goes there."""
        self._append(message)
        self._follows_end = True
        self.arrange()

    def append_text(self, message_id: MessageId, text: str) -> None:
        """The answer grew; painted with the next frame."""
        if message_id not in self._places:
            return
        self._pending.setdefault(message_id, []).append(text)
        if not self._frame.isActive():
            passed_ms = int((time.monotonic() - self._painted_at) * 1000)
            self._frame.start(max(0, self._frame_ms - passed_ms))

    def show_reading(self, message_id: MessageId, reading: Reading) -> None:
        """How far the prompt of an answer was read."""
        if (view := self._made.get(message_id)) is not None:
            view.show_reading(reading.done, reading.total, reading.seconds_left)

    def show_waiting(self, message_id: MessageId) -> None:
        """The answer waits until another conversation's is written."""
        if (view := self._made.get(message_id)) is not None:
            view.show_waiting()

    def show_picture(self, attachment_id: AttachmentId, data: bytes) -> None:
        """The bytes of a picture that was wanted."""
        for view in self.views():
            if view.attachments is not None:
                view.attachments.show_picture(attachment_id, data)

    def update_message(self, message: Message) -> None:
        """Its status is another one now."""
        self._paint_pending()
        if message.id in self._places:
            self._change(message)
            self._mark_last()
            self.arrange()

    def text_of(self, message_id: MessageId) -> str:
        """What is shown of a message, as Markdown; raises KeyError if it is not in it."""
        return self.message_text(self._places[message_id])

    def message_text(self, place: int) -> str:
        """The Markdown of the message with that number, as far as it was shown."""
        message = self._messages[place]
        is_whole = self._made.is_whole(message.id)
        view = self._made.get(message.id)
        return view.text if view is not None and is_whole else message.content

    def show_memory(self, state: MemoryState) -> None:
        """What the model sees of the conversation; what is being read stays in its place."""
        if state != self._memory.state:
            self._memory.show(state)
            self.arrange()

    def scroll_to(self, message_id: MessageId, words: Sequence[str] = ()) -> None:
        """Jump to a message, show for a moment which it is, and mark `words` in it."""
        if message_id not in self._places:
            return
        self._marks.show(message_id, words)
        self.show_place(self._places[message_id])
        view = self._made.get(message_id)
        if view is None:  # nothing is on the screen yet; it is marked when it is
            return
        self._marks.apply(view)
        first = self._marks.first_y(view)
        if first is not None:
            self.show_place(self._places[message_id], first)

    def show_place(self, place: int, y: int = 0) -> None:
        """Go to the message with that number, to `y` pixels below its top."""
        self._follows_end = False
        page = self.viewport().height()
        self._anchor = Anchor(self._messages[place].id, page // FOUND_AT - y if y else END)
        self.arrange(OPENING_S)

    # for the selection

    @property
    def messages(self) -> Sequence[Message]:
        """All messages, those without a widget too."""
        return self._messages

    def place_of(self, message_id: MessageId) -> int:
        """The number of a message; raises KeyError if it is not on show."""
        return self._places[message_id]

    def view_at(self, place: int) -> MessageView | None:
        """The widget of the message with that number, if it has one."""
        return self._made.get(self._messages[place].id)

    def has_message(self, message_id: MessageId) -> bool:
        """Whether it is on show, with a widget or without."""
        return message_id in self._places

    def ready_view(self, place: int) -> MessageView:
        """The widget of the message with that number, made and laid out now if it was not."""
        if not self._is_ready(place):
            self._finish(place)
        view = self._made.get(self._messages[place].id)
        assert view is not None
        return view

    def place_at(self, y: int) -> int:
        """The number of the message `y` pixels below the top of the viewport."""
        return self._heights.at(y + self.verticalScrollBar().value() - END)

    def _prepare(self, view: MessageView) -> None:
        view.retry_requested.connect(self.retry_requested)
        view.action_requested.connect(self.action_requested)
        view.picture_wanted.connect(self.picture_wanted)
        view.full_chosen.connect(self.full_chosen)
        self._memory.apply(view)
        if view.attachments is not None:
            view.attachments.ask_for_pictures()

    def _must_stay(self, message: Message) -> bool:
        # the mouse's events go to the block that it was pressed in, however far it is by now
        return super()._must_stay(message) or self._mouse.pressed == message.id

    def _view_changed(self, view: MessageView) -> None:
        self._mouse.watch(view)
        self.selection.apply_to(view)
        self._marks.apply(view)

    def _put(self) -> None:
        super()._put()
        self._memory.moved()

    def _paint_pending(self) -> None:
        self._frame.stop()
        started = time.monotonic()
        pending, self._pending = self._pending, {}
        for message_id, pieces in pending.items():
            text = "".join(pieces)
            view = self._made.get(message_id)
            if view is not None and self._made.is_whole(message_id):
                view.append(text)
                show_new(view)
                self._view_changed(view)
            else:
                place = self._places[message_id]
                self._messages[place] = grown(self._messages[place], text)
        if pending:
            self.arrange()
            # the repaint that follows takes about as long again
            self._painted_at = time.monotonic()
            cost_ms = (self._painted_at - started) * 1000 * 2
            self._frame_ms = min(max(FRAME_MS, int(cost_ms / PAINT_SHARE)), MAX_FRAME_MS)
            self.text_painted.emit()

    # keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.handle_key(event):
            super().keyPressEvent(event)

    def handle_key(self, event: QKeyEvent) -> bool:
        """Do what a key means for the whole conversation; whether it means anything."""
        bar = self.verticalScrollBar()
        page = max(1, self.viewport().height() - 3 * bar.singleStep())
        no_modifier = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.selection.select_all()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.selection.copy()
        elif event.matches(QKeySequence.StandardKey.MoveToStartOfDocument):
            bar.setValue(0)
        elif event.matches(QKeySequence.StandardKey.MoveToEndOfDocument):
            bar.setValue(bar.maximum())
        elif no_modifier and event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            bar.setValue(bar.value() + (page if event.key() == Qt.Key.Key_PageDown else -page))
        elif no_modifier and event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            bar.setValue(bar.maximum() if event.key() == Qt.Key.Key_End else 0)
        elif event.key() == Qt.Key.Key_Escape and (self.selection.is_wide or self._marks.is_on):
            self.selection.clear()
            self._marks.clear()
        else:
            return False
        return True

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes through the messages in their order, also to those without a widget yet."""
        found = next_control(self, forward=next)
        if found is None and isinstance(self.window(), FocusOrder):
            return super().focusNextPrevChild(next)
        if found is None:
            return move_focus([self.window()], forward=next)
        show_focus(found, forward=next)
        self.show_widget(found)
        return True

    def count(self) -> int:
        """How many messages there are."""
        return len(self._messages)

    def first_place(self) -> int:
        """The number of the first message on the screen."""
        return self._on_screen()[0]

    def last_place(self) -> int:
        """The number of the last message on the screen; -1 without messages."""
        return self._on_screen()[-1] if self._messages else -1

    def way_in(self, *, forward: bool) -> QWidget:
        found = None if forward else last_control(self)
        if found is not None:
            self.show_widget(found)
        return found or self

    def focus_place(self) -> int | None:
        """The number of the message that has the keyboard's focus, if one has."""
        has_focus = self._made.has_focus
        return next((p for p in self._order() if has_focus(self._messages[p].id)), None)

    def make(self, place: int) -> MessageView | None:
        """The widget of the message with that number, made now if there is none, and shown."""
        if self.view_at(place) is None:
            self.show_place(place)
        return self.view_at(place)

    def show_widget(self, widget: QWidget) -> None:
        """Scroll as little as is needed for `widget`, something in a message, to be seen."""
        if not self.viewport().isAncestorOf(widget):
            return
        top = widget.mapTo(self.viewport(), widget.rect().topLeft()).y()
        bottom, page, bar = (
            top + widget.height(),
            self.viewport().height(),
            self.verticalScrollBar(),
        )
        if top < 0 or widget.height() > page:
            bar.setValue(bar.value() + top)
        elif bottom > page:
            bar.setValue(bar.value() + bottom - page)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(self.tr("Conversation"))
            self._memory.renew()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        if (lit := self._marks.lit) is not None:
            self._marks.paint(painter, self._made.get(lit))
        self._memory.paint(painter)
        painter.end()
