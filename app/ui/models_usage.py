"""When a model was used last and in which conversations, as words and as links to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from app.core.entities import ConversationId
from app.core.models_entities import ModelUsage
from app.ui.counts import Counts
from app.ui.models_parts import TextButton, chain_tabs, label
from app.ui.theme import Theme
from app.ui.tips import tip
from app.ui.words import number_text

FIRST_SHOWN = 5  # links; the others on demand
LEAST_WIDTH = 120  # pixels of a link in a narrow window
Links = Sequence[tuple[ConversationId, str]]


def used_text(usage: ModelUsage, today: date | None = None) -> str:
    """When it was used last, by this computer's calendar."""
    if usage.last_used is None:
        return QCoreApplication.translate("Models", "Not used yet")
    day = _local_day(usage.last_used)
    today = today or _local_day(datetime.now(UTC))
    if day == today:
        return QCoreApplication.translate("Models", "Used today")
    if day == today - timedelta(days=1):
        return QCoreApplication.translate("Models", "Used yesterday")
    words = QCoreApplication.translate("Models", "Used on {date}")
    shown = QLocale().toString(QDate(day.year, day.month, day.day), QLocale.FormatType.ShortFormat)
    return words.replace("{date}", shown)


def places_text(usage: ModelUsage) -> str:
    """In how many conversations; empty for none."""
    count = len(usage.conversations)
    if count == 1:
        return QCoreApplication.translate("Models", "In one conversation")
    return Counts().in_conversations(count) if count else ""


def loss_text(usage: ModelUsage) -> str:
    """What becomes of its conversations when the model is deleted; empty where there are none."""
    count = len(usage.conversations)
    if count == 1:
        return QCoreApplication.translate(
            "Models", "One conversation keeps its text, but must be continued with another model."
        )
    return Counts().conversations_that_stay(count) if count else ""


class ConversationLink(TextButton):
    """A title that opens its conversation, shortened where there is little room."""

    def __init__(self, theme: Theme, title: str) -> None:
        title = " ".join(title.split()) or "…"
        self._title = title
        self._full = QSize()
        super().__init__(theme, _plain(title), "message-square")
        self._full = super().sizeHint()
        self.setProperty("chip", True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setToolTip(tip(title))
        self.setAccessibleName(title)

    def sizeHint(self) -> QSize:
        """As wide as the whole title needs."""
        return self._full if self._full.isValid() else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Little: a long title does not widen the page."""
        return QSize(min(LEAST_WIDTH, self.sizeHint().width()), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        metrics = self.fontMetrics()
        around = self._full.width() - metrics.horizontalAdvance(self._title)
        shown = metrics.elidedText(
            self._title, Qt.TextElideMode.ElideRight, max(0, self.width() - around)
        )
        if _plain(shown) != self.text():
            self.setText(_plain(shown))


class UsageView(QWidget):
    """The number of conversations above a link to each; after the first few on demand."""

    conversation_requested = Signal(str)  # id

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: Links | None = None
        self._shows_all = False
        self._before: QWidget = self
        self.heading = label()
        self.links: list[ConversationLink] = []
        self.more = TextButton(theme, "", "chevron-down")
        self.more.clicked.connect(self._show_all)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.heading)
        layout.addLayout(self._column)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_usage(None)

    def follow(self, before: QWidget) -> None:
        """Tab comes here from `before`."""
        self._before = before

    def show_usage(self, usage: ModelUsage | None, *, is_new: bool = False) -> None:
        """Show where a model answered; None: not known. `is_new`: it is another model."""
        self._shows_all = self._shows_all and not is_new
        conversations = usage.conversations if usage is not None else ()
        self.setVisible(bool(conversations))
        self.heading.setText(places_text(usage) if usage is not None else "")
        if conversations != self._shown or is_new:  # else a link may have the keyboard
            self._shown = conversations
            self._fill(conversations)

    def _show_all(self) -> None:
        self._shows_all = True
        self._fill(self._shown or ())
        if len(self.links) > FIRST_SHOWN:
            self.links[FIRST_SHOWN].setFocus(Qt.FocusReason.OtherFocusReason)

    def _fill(self, conversations: Links) -> None:
        for link in self.links:
            self._column.removeWidget(link)
            link.hide()
            link.deleteLater()
        count = len(conversations) if self._shows_all else FIRST_SHOWN
        self.links = []
        for conversation_id, title in conversations[:count]:
            link = ConversationLink(self._theme, title)
            link.clicked.connect(
                lambda _checked=False, i=conversation_id: self.conversation_requested.emit(i)
            )
            self._column.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
            link.show()  # now, not when the layout gets to it: it may get the keyboard
            self.links.append(link)
        hidden = len(conversations) - len(self.links)
        words = self.tr("Show {count} more")
        self.more.setText(words.replace("{count}", number_text(hidden)))
        self.more.setVisible(hidden > 0)
        chain_tabs(self._before, *self.links, self.more)


def _local_day(moment: datetime) -> date:
    return moment.astimezone().date()


def _plain(title: str) -> str:
    """A button takes '&' for the mark of a key."""
    return title.replace("&", "&&")
