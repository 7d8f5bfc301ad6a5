"""A column of any number of messages of which only those on the screen and around have widgets.

The heights of the others are estimated. When one becomes known, the scroll bar follows it, and what
is being read stays in its place; only who is at the end stays there when it grows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from app.core.entities import Message, MessageId, Role, Status
from app.ui.message_view import MessageView
from app.ui.theme import GAP, READING, READING_WIDTH, Theme, text_font
from app.ui.transcript_anchor import Anchor, anchor_of, place_now
from app.ui.transcript_heights import Heights, Measure, estimates
from app.ui.transcript_views import FAR, MadeViews, settle

SIDE, END = GAP * 3, GAP * 2  # pixels beside, and above and below all messages
NEAR_END = 40  # pixels from the end that still count as being there
SLICE_S = 0.004  # seconds of work, and the piece in hand, until keyboard, mouse and frames go first
REPAINT_MS = 7  # until Qt has painted; what is not on the screen waits for that
SCROLL_S = 0.008  # of it, for what has come into sight
OPENING_S = 0.12  # a conversation that is opened is painted once its screen is full
KEPT = 40  # messages that have widgets, unless the page above and below needs more
REACH = 6000  # pixels from the screen; farther ones have no widget all the same: a megabyte each
SPARE = 8  # more of them before the farthest go
GOING = 4  # that go in one slice
STEP = 20  # pixels; a notch of the wheel is three of them
AROUND = 60  # pixels of a message besides its text


class MessageList(QAbstractScrollArea):
    """Places messages, makes their widgets when they are needed, and scrolls."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._messages: list[Message] = []
        self._places: dict[MessageId, int] = {}
        self._heights = Heights()
        self._made = MadeViews(theme, self.viewport(), self._prepare)
        self._anchor: Anchor | None = None
        self._follows_end = True
        self._width = 0  # of the column, in pixels
        self._is_arranging = self._must_again = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setBackgroundRole(QPalette.ColorRole.Window)
        self.verticalScrollBar().setSingleStep(STEP)
        self._fill = QTimer(self)
        self._fill.setSingleShot(True)
        self._fill.timeout.connect(self._fill_more)
        theme.changed.connect(self._restyle)

    def views(self) -> list[MessageView]:
        """The messages that have widgets just now, first one first."""
        found = [(place, self._made.get(self._messages[place].id)) for place in self._order()]
        return [view for _, view in found if view is not None]

    def is_full(self) -> bool:
        """Whether nothing on the screen is still to be laid out."""
        return self._missing_on_screen() is None

    def _prepare(self, view: MessageView) -> None:
        """A widget was made; who derives connects it."""

    def _view_changed(self, view: MessageView) -> None:
        """A widget was laid out, or has other blocks than before; who derives may look at them."""

    def _must_stay(self, message: Message) -> bool:
        """Whether its widget is needed wherever it is: it grows, or the keyboard is in it."""
        return is_growing(message) or self._made.has_focus(message.id)

    # what there is

    def _set_messages(self, messages: Sequence[Message]) -> None:
        """Replace all of them; widgets of messages that stay are kept as they are."""
        before = {message.id: message for message in self._messages}
        self._messages = list(messages)
        self._places = {message.id: place for place, message in enumerate(messages)}
        stay = [i for i in self._made.ids() if i in self._places]
        self._made.clear(stay)
        for message_id in stay:
            message = self._messages[self._places[message_id]]
            if message is not before[message_id] and message != before[message_id]:
                self._made.update(message)
        self._estimate()
        self._mark_last()

    def _append(self, message: Message) -> None:
        self._places[message.id] = len(self._messages)
        self._messages.append(message)
        self._heights.append(estimates([message], self._measure())[0])
        self._mark_last()

    def _change(self, message: Message) -> None:
        place = self._places[message.id]
        self._messages[place] = message
        if not self._made.update(message):
            self._heights.set(place, estimates([message], self._measure())[0])

    def _mark_last(self) -> None:
        for message in self._messages[-4:]:
            if (view := self._made.get(message.id)) is not None:
                view.set_last(message is self._messages[-1])

    def _estimate(self) -> None:
        """Heights of all: known ones as they are, the others by their text."""
        heights = estimates(self._messages, self._measure())
        for message_id in self._made.ids():
            if (height := self._made.known_height(message_id)) is not None:
                heights[self._places[message_id]] = height + GAP
        self._heights = Heights(heights)

    def _measure(self) -> Measure:
        metrics = QFontMetricsF(text_font(READING))
        line = metrics.height() * 1.3
        character = metrics.averageCharWidth()
        return Measure(self._width or READING_WIDTH, character, line, AROUND, AROUND)

    # where things are

    def _order(self) -> list[int]:
        return sorted(self._places[message_id] for message_id in self._made.ids())

    def _top_of(self, place: int) -> int:
        """Pixels below the top of the viewport."""
        return END + self._heights.above(place) - self.verticalScrollBar().value()

    def way_in(self, *, forward: bool) -> QWidget:
        """What gets the keyboard when Tab comes from above, or from below."""
        return self

    def _on_screen(self) -> tuple[int, int]:
        """The first and the last message of which something is on the screen."""
        value = self.verticalScrollBar().value() - END
        return self._heights.at(value), self._heights.at(value + self.viewport().height() - 1)

    def _around(self) -> tuple[int, int]:
        """The first and the last message that shall have widgets."""
        page = self.viewport().height()
        return self._heights.around(*self._on_screen(), page, REACH, KEPT)

    # putting everything in its place

    def arrange(self, budget_s: float = SLICE_S) -> None:
        """Show what belongs on the screen; what takes longer than `budget_s` follows in slices."""
        if self._is_arranging or not self.isVisible():
            self._must_again = True
            return
        until = time.monotonic() + budget_s
        self._is_arranging = True
        try:
            for _ in range(3):  # the scroll bar may come or go, and with it the width changes
                self._must_again = False
                self._fit_changed()
                self._keep_in_place()
                while (place := self._missing_on_screen()) is not None:
                    self._work_on(place)
                    self._keep_in_place()
                    if time.monotonic() > until:
                        break
                self._put()
                if not self._must_again:
                    break
        finally:
            self._is_arranging = False
        if self._messages and self.is_full():
            self._fill.start(REPAINT_MS)  # also where a slice was due: the repaint goes first
        elif self._messages and not self._fill.isActive():
            self._fill.start(0)

    def _fit_changed(self) -> None:
        settle()
        for message_id in self._made.ids():
            height = self._made.height_of(message_id)
            if height is not None and self._made.is_ready(message_id, self._width):
                self._heights.set(self._places[message_id], height + GAP)
                view = self._made.get(message_id)
                assert view is not None
                self._view_changed(view)

    def _missing_on_screen(self) -> int | None:
        if not self._messages:
            return None
        first, last = self._on_screen()
        # from the end where the reader is
        places = range(last, first - 1, -1) if self._follows_end else range(first, last + 1)
        return next((p for p in places if not self._is_ready(p)), None)

    def _is_ready(self, place: int) -> bool:
        return self._made.is_ready(self._messages[place].id, self._width)

    def _work_on(self, place: int) -> None:
        message = self._messages[place]
        is_new = message.id not in self._made
        height = self._made.work_on(message, self._width) + GAP
        is_whole = self._is_ready(place)
        self._heights.set(place, height if is_whole else max(height, self._heights[place]))
        view = self._made.get(message.id)
        assert view is not None
        if is_new:
            view.set_last(place == len(self._messages) - 1)
            following = next((p for p in self._order() if p > place), None)
            if following is not None:  # children in the order in which they are read
                other = self._made.get(self._messages[following].id)
                assert other is not None
                view.stackUnder(other)
        self._view_changed(view)

    def _finish(self, place: int) -> None:
        """Do all work on one message now, wherever it is."""
        was_arranging, self._is_arranging = self._is_arranging, True
        try:
            while not self._is_ready(place):
                self._work_on(place)
        finally:
            self._is_arranging = was_arranging
        self.arrange()

    def _keep_in_place(self) -> None:
        """Set the scroll bar so that what is being read is where it was."""
        bar, page = self.verticalScrollBar(), self.viewport().height()
        whole = self._heights.total - GAP + 2 * END if self._messages else 0
        maximum = max(0, whole - page)
        value = bar.value()
        anchor = self._anchor
        place = self._places.get(anchor.message_id) if anchor is not None else None
        if self._follows_end:
            value = maximum
        elif anchor is not None and place is not None:
            y, view = anchor.y, self._made.get(anchor.message_id)
            if anchor.height and y < 0:  # only estimated then: the same share of it
                y = int(y * self._heights[place] / anchor.height)
            elif view is not None:
                y = place_now(anchor, view)
            value = END + self._heights.above(place) - y
        bar.setPageStep(page)
        bar.setRange(0, maximum)
        bar.setValue(min(max(value, 0), maximum))

    def _put(self) -> None:
        """Move all widgets where they belong."""
        x, page = self._column_x(), self.viewport().height()
        wanted = []
        for place in self._order():
            message_id, y = self._messages[place].id, self._top_of(place)
            view = self._made.get(message_id)
            assert view is not None
            # what is half made would move while it is read, as its end is where it belongs
            is_early = y < 0 and not self._made.is_whole(message_id) and self._anchor_is_other(view)
            wanted.append((view, FAR if is_early else y))
        for view, y in wanted:
            moved = y - view.y()
            if moved and abs(moved) < page and -view.height() < view.y() < page:
                self.viewport().scroll(0, moved)  # what is painted already is moved as it is
                break
        for view, y in wanted:
            if view.y() != y or view.x() != x:
                view.move(x, y)
        self._anchor = self._find_anchor()

    def _anchor_is_other(self, view: MessageView) -> bool:
        return self._anchor is None or self._anchor.message_id != view.message_id

    def _find_anchor(self, *, with_text: bool = False) -> Anchor | None:
        """The first message on the screen whose height is known, else just the first."""
        if not self._messages:
            return None
        first, last = self._on_screen()
        for place in range(first, last + 1):
            view, top = self._made.get(self._messages[place].id), self._top_of(place)
            is_known = with_text or self._is_ready(place)
            if view is not None and is_known and top + view.height() > 0:
                return anchor_of(view, top, with_text=with_text)
            if top >= 0:  # its beginning can be seen: it grows downwards
                return Anchor(self._messages[place].id, top)
        return Anchor(self._messages[first].id, self._top_of(first), self._heights[first])

    def _column_x(self) -> int:
        # of the whole width, so that the scroll bar's coming and going moves nothing
        side = SIDE + max(0, self.width() - READING_WIDTH - SIDE * 2) // 2
        return max(GAP, side - self.viewport().x())

    # what comes in slices

    def _fill_more(self) -> None:
        """Make widgets around the screen, nearest first; then let the farthest go."""
        if self._is_arranging or not self.isVisible() or not self._messages:
            return
        until = time.monotonic() + SLICE_S
        self._is_arranging = True
        try:
            has_more = True
            while has_more and time.monotonic() < until:
                place = self._next_to_make()
                has_more = place is not None
                if place is not None:
                    self._work_on(place)
                    self._keep_in_place()
            self._put()
            has_dropped = self._drop_far()
        finally:
            self._is_arranging = False
        if has_more or has_dropped:
            self._fill.start(0)

    def _next_to_make(self) -> int | None:
        missing = self._missing_on_screen()
        if missing is not None:
            return missing
        first, last = self._on_screen()
        low, high = self._around()
        for distance in range(1, max(first - low, high - last) + 1):
            for place in (last + distance, first - distance):
                if low <= place <= high and not self._is_ready(place):
                    return place
        return None

    def _drop_far(self) -> bool:
        """Let some of those too many go; whether there were any that could."""
        low, high = self._around()
        over = len(self._made) - (high - low + 1 + SPARE)
        if over <= 0:
            return False
        first, last = self._on_screen()
        far = sorted(self._order(), key=lambda place: max(first - place, place - last))
        can_go = [self._messages[p] for p in far if not low <= p <= high]
        can_go = [message for message in can_go if not self._must_stay(message)]
        going = can_go[-min(over, GOING) :]
        for message in going:
            self._made.drop(message.id)
        return bool(going)

    # what Qt tells

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        if self._is_arranging:
            return
        bar = self.verticalScrollBar()
        self._follows_end = bar.value() >= bar.maximum() - NEAR_END
        self._anchor = self._find_anchor()
        self.arrange(SCROLL_S)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            if not self._is_arranging:
                self.arrange()
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().width() - self._column_x() - GAP
        width = max(1, min(READING_WIDTH, self.width() - SIDE * 2, room))
        if width != self._width:
            if self._made and self._width and not self._is_arranging:
                self._anchor = self._find_anchor(with_text=True)
            self._width = width
            self._estimate()
        self.arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._made.mark_unlaid()
        self.arrange(OPENING_S)

    def _restyle(self) -> None:
        self._anchor = self._find_anchor(with_text=True)
        self._made.mark_unstyled()
        self.arrange()
        self.viewport().update()


def grown(message: Message, text: str) -> Message:
    """The message with `text` at its end."""
    return replace(message, content=message.content + text)


def is_growing(message: Message) -> bool:
    """Whether its text may still be written."""
    return message.role is Role.ASSISTANT and message.status is Status.STREAMING
