"""The conversation on show: messages one under the other, following the end while it grows."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.core.entities import Message, MessageId
from app.core.messages import Reading
from app.ui.message_view import MessageView
from app.ui.theme import GAP, READING_WIDTH, Theme

FRAME_MS = 60  # text is painted at most this often: 16 times a second reads as continuous
MAX_FRAME_MS = 200
# Of the time: on two cores what the window takes is taken from the model, which needs them both
PAINT_SHARE = 0.03
NEAR_END = 40  # pixels from the end that still count as being there
AT_ONCE = 4  # messages at the end that are shown first; those above follow in slices
BATCH = 16  # messages that get their places together, at least
SLICE_S = 0.008  # seconds of work between two looks at keyboard and mouse
SETTLE_MS = 200  # until Qt has laid out what was put in place


class Transcript(QScrollArea):
    """Shows messages; text of a growing answer is gathered and painted once a frame."""

    retry_requested = Signal()
    text_painted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._views: dict[MessageId, MessageView] = {}
        self._pending: dict[MessageId, list[str]] = {}
        self._above: list[Message] = []  # older ones without a view yet, newest last
        self._ready: list[MessageView] = []  # views that wait for their places, newest first
        self._follows_end = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Conversation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        ground = QWidget()
        outer = QVBoxLayout(ground)
        outer.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        self._column = QWidget()
        self._column.setMaximumWidth(READING_WIDTH)
        self._messages = QVBoxLayout(self._column)
        self._messages.setContentsMargins(0, 0, 0, 0)
        self._messages.setSpacing(GAP)
        self._messages.addStretch(1)
        # a stretch on both sides would starve the column: centre it by hand in the event filter
        outer.addWidget(self._column)
        self._outer = outer
        self.setWidget(ground)
        self.viewport().installEventFilter(self)
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.timeout.connect(self._paint_pending)
        self._frame_ms = FRAME_MS
        self._painted_at = 0.0
        self._fill = QTimer(self)
        self._fill.setSingleShot(True)
        self._fill.timeout.connect(self._add_above)
        self._is_filling = False
        self._end = 0  # the scroll bar's maximum
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._keep_end)
        bar.valueChanged.connect(self._notice_scroll)
        theme.changed.connect(self._restyle)

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Replace everything by `messages` and go to the end; the first ones follow in a moment."""
        self._frame.stop()
        self._fill.stop()
        self._pending.clear()
        for view in self._views.values():
            self._messages.removeWidget(view)
            view.hide()
            view.deleteLater()
        self._views.clear()
        self._ready.clear()
        self._is_filling = False
        self._follows_end = True
        self._above = list(messages[:-AT_ONCE])
        self.setUpdatesEnabled(False)
        for message in messages[-AT_ONCE:]:
            self._add(message)
        self._mark_last()
        self.setUpdatesEnabled(True)
        if self._above:
            self._fill.start(0)

    def add_message(self, message: Message) -> None:
        """One more at the end; the view goes there."""
        self._follows_end = True
        self._add(message)
        self._mark_last()

    def append_text(self, message_id: MessageId, text: str) -> None:
        """The answer grew; painted with the next frame."""
        if message_id not in self._views:
            return
        self._pending.setdefault(message_id, []).append(text)
        if not self._frame.isActive():
            passed_ms = int((time.monotonic() - self._painted_at) * 1000)
            self._frame.start(max(0, self._frame_ms - passed_ms))

    def show_reading(self, message_id: MessageId, reading: Reading) -> None:
        """How far the prompt of an answer was read."""
        if (view := self._views.get(message_id)) is not None:
            view.show_reading(reading.done, reading.total, reading.seconds_left)

    def update_message(self, message: Message) -> None:
        """Its status is another one now."""
        self._paint_pending()
        self._above = [message if old.id == message.id else old for old in self._above]
        view = self._views.get(message.id)
        if view is not None:
            view.update_from(message)
            self._mark_last()

    def text_of(self, message_id: MessageId) -> str:
        """What is shown of a message, as Markdown."""
        return self._views[message_id].text

    def views(self) -> list[MessageView]:
        """The messages on show, first one first."""
        return [self._view_at(place) for place in range(self._count)]

    @property
    def _count(self) -> int:
        """Messages in their places; below them there is only the stretch."""
        return self._messages.count() - 1

    def _view_at(self, place: int) -> MessageView:
        item = self._messages.itemAt(place)
        view = item.widget() if item is not None else None
        assert isinstance(view, MessageView)
        return view

    def _add(self, message: Message) -> None:
        self._messages.insertWidget(self._count, self._make_view(message))

    def _make_view(self, message: Message) -> MessageView:
        view = MessageView(message, self._theme, self._column)
        view.retry_requested.connect(self.retry_requested)
        self._views[message.id] = view
        return view

    def _add_above(self) -> None:
        """Prepare some of the older messages; those ready get their places in growing batches.

        Each batch lays out the whole column again: it is worth it for as many as are there.
        """
        self._is_filling = bool(self._above or self._ready)
        if not self._is_filling:
            return
        end = time.monotonic() + SLICE_S
        while self._above and time.monotonic() < end:
            view = self._make_view(self._above.pop())
            view.set_last(False)
            self._ready.append(view)
        if not self._above or len(self._ready) >= max(BATCH, self._count):
            for view in self._ready:
                self._messages.insertWidget(0, view)
            self._ready.clear()
        # after the last batch once more, when it has changed the height
        self._fill.start(0 if self._above or self._ready else SETTLE_MS)

    def _mark_last(self) -> None:
        count = self._count
        for place in range(max(0, count - 4), count):
            self._view_at(place).set_last(place == count - 1)

    def _paint_pending(self) -> None:
        self._frame.stop()
        started = time.monotonic()
        pending, self._pending = self._pending, {}
        for message_id, pieces in pending.items():
            view = self._views.get(message_id)
            if view is not None:
                view.append("".join(pieces))
        if pending:
            # the repaint that follows takes about as long again
            self._painted_at = time.monotonic()
            cost_ms = (self._painted_at - started) * 1000 * 2
            self._frame_ms = min(max(FRAME_MS, int(cost_ms / PAINT_SHARE)), MAX_FRAME_MS)
            self.text_painted.emit()

    def _notice_scroll(self, value: int) -> None:
        self._follows_end = value >= self.verticalScrollBar().maximum() - NEAR_END

    def _keep_end(self, _minimum: int, maximum: int) -> None:
        bar, grown = self.verticalScrollBar(), maximum - self._end
        self._end = maximum
        if self._follows_end:
            bar.setValue(maximum)
        elif self._is_filling:  # it grew above what is being read
            bar.setValue(bar.value() + grown)

    def _restyle(self) -> None:
        for view in self._views.values():
            view.restyle()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.viewport():
            # of the whole width, so that the scroll bar's coming and going moves nothing
            side = GAP * 3 + max(0, self.width() - READING_WIDTH - GAP * 6) // 2
            right = max(GAP, side - (self.width() - self.viewport().width()))
            self._outer.setContentsMargins(side, GAP * 2, right, GAP * 2)
        return super().eventFilter(watched, event)
