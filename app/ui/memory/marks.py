"""What the model does not see of a conversation: lines between messages, small marks in them.

The lines are painted into the room that there is between two messages anyhow, so nothing that is
being read moves when one comes; and only messages near the screen have a mark to be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from app.ui.memory.state import MemoryState
from app.ui.memory.words import MemoryWords
from app.ui.message_view import MessageView
from app.ui.theme import GAP, SMALL, Theme, text_font

HIGH = 3 * GAP  # pixels between an answer's buttons and the bubble below
LINE = 24  # pixels that are left of a line at least beside its words


class _Conversation(Protocol):
    """What is needed of the transcript."""

    def views(self) -> list[MessageView]: ...
    def viewport(self) -> QWidget: ...


class MemoryMarks:
    """Remembers the state, and shows it wherever a message has a widget."""

    def __init__(self, theme: Theme, conversation: _Conversation) -> None:
        self._theme = theme
        self._conversation = conversation
        self._words = MemoryWords()
        self._drawn: list[QRect] = []
        self.state = MemoryState()

    def show(self, state: MemoryState) -> None:
        """This one from now on."""
        if state == self.state:
            return
        self.state = state
        self.renew()

    def renew(self) -> None:
        """Show it again, as in another language."""
        for view in self._conversation.views():
            self.apply(view)
        self._conversation.viewport().update()

    def apply(self, view: MessageView) -> None:
        """What there is to say about this message; the same again costs nothing."""
        state = self.state
        view.show_memory(state.of.get(view.message_id, ""))
        is_summary = state.summary_at == view.message_id
        view.show_summary(self._words.summarised(state.replaced) if is_summary else "")

    def moved(self) -> None:
        """Messages have other places: lines are painted anew, there and where they were."""
        if not (self._drawn or self.state.gaps):
            return
        found = [box for box, _ in self._lines()]
        if found != self._drawn:
            for box in (*self._drawn, *found):
                self._conversation.viewport().update(box)

    def paint(self, painter: QPainter) -> None:
        """The lines that are on the screen."""
        self._drawn = []
        for box, words in self._lines():
            self._drawn.append(box)
            self._paint_line(painter, box, words)

    def _lines(self) -> Iterator[tuple[QRect, str]]:
        if not self.state.gaps:
            return
        page = self._conversation.viewport().height()
        for view in self._conversation.views():
            gap = self.state.gaps.get(view.message_id)
            # a summary says it better, where it stands for what is above
            if gap is None or view.message_id == self.state.summary_at:
                continue
            box = QRect(view.x(), view.y() + GAP - HIGH, view.width(), HIGH)
            if box.bottom() >= 0 and box.top() < page:
                words = self._words.not_seen_above(gap.count, from_start=gap.from_start)
                yield box, words

    def _paint_line(self, painter: QPainter, box: QRect, words: str) -> None:
        font = _that_fits(text_font(SMALL), box, words)
        metrics = QFontMetrics(font)
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width() - 2 * LINE)
        wide = metrics.horizontalAdvance(shown) + 2 * GAP
        colours, middle = self._theme.colours, box.center().y()
        begin, end = box.center().x() - wide // 2, box.center().x() + wide // 2
        painter.setPen(QPen(QColor(colours.frame), 1, Qt.PenStyle.DashLine))
        painter.drawLine(box.left(), middle, begin, middle)
        painter.drawLine(end, middle, box.right(), middle)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)


def _that_fits(font: QFont, box: QRect, words: str) -> QFont:
    """Smaller where the text is so large that it would not fit between two messages."""
    room = box.width() - 2 * LINE
    while font.pointSizeF() > 7:
        metrics = QFontMetrics(font)
        if metrics.height() <= box.height() and metrics.horizontalAdvance(words) <= room:
            break
        font.setPointSizeF(font.pointSizeF() - 1)
    return font
