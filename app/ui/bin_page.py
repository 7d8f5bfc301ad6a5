"""The bin: what was deleted, how long it stays, the way back, and the way out for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Binned, BinnedKind
from app.ui.counts import Counts
from app.ui.models_parts import Confirm, Placeholder, TextButton, label
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import number_text

KEPT_DAYS = 30
FIRST_SHOWN = 100  # rows; the others on demand


class BinPage(QDialog):
    """Not modal. Tells wishes; whoever fulfils them shows the items again."""

    restore_requested = Signal(str, str)  # conversation, message or ""
    erase_requested = Signal(str, str)  # the same, for good
    empty_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Bin"))
        self._theme = theme
        self._items: list[Binned] = []
        self._limit = FIRST_SHOWN
        self._agreed: Callable[[], None] | None = None
        self.rows: list[BinRow] = []
        words = self.tr("What was deleted stays here for {days} days.")
        self.explanation = label(words.replace("{days}", number_text(KEPT_DAYS)), role="muted")
        self.nothing = Placeholder(theme, "trash-2", self.tr("The bin is empty."))
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(self._do)
        self.more = TextButton(theme, self.tr("Show all"), "chevron-down")
        self.more.clicked.connect(self._show_all)
        self.empty_button = TextButton(theme, self.tr("Empty the bin…"), "trash-2")
        self.empty_button.clicked.connect(self._ask_empty)
        self.close_button = TextButton(theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        for button in (self.empty_button, self.close_button, self.more):
            button.setAutoDefault(False)
        self._make_layout()
        room = self.screen().availableSize()
        self.resize(min(620, room.width()), min(560, int(room.height() * 0.9)))
        self.show_items(())

    def _make_layout(self) -> None:
        self.area = QScrollArea()
        self.area.setAccessibleName(self.tr("What was deleted"))
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        self._column = QVBoxLayout()
        self._column.setSpacing(GAP)
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        self.area.verticalScrollBar().rangeChanged.connect(  # room beside the bar, if there is one
            lambda _least, most: inside.setContentsMargins(0, 0, GAP if most else 0, 0)
        )
        inside.addLayout(self._column)
        inside.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        self.area.setWidget(content)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.empty_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP + 4)
        heading = label(self.tr("Bin"), size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        layout.addWidget(heading)
        layout.addWidget(self.explanation)
        layout.addWidget(self.confirm)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(buttons)

    def show_items(self, items: Sequence[Binned]) -> None:
        """What is in the bin, what was deleted last first; the question of before is off."""
        self.confirm.decline()
        focused = next((i for i, row in enumerate(self.rows) if row.has_focus()), -1)
        self._items = sorted(items, key=lambda item: item.deleted_at, reverse=True)
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        now = datetime.now(UTC)
        self.rows = [BinRow(self._theme, item, now) for item in self._items[: self._limit]]
        for row in self.rows:
            self._column.addWidget(row)
            row.restore.clicked.connect(
                lambda _checked, item=row.item: self.restore_requested.emit(*_names(item))
            )
            row.erase.clicked.connect(lambda _checked, item=row.item: self._ask_erase(item))
        self.more.setVisible(len(self._items) > len(self.rows))
        self.nothing.setVisible(not self._items)
        self.area.setVisible(bool(self._items))
        self.empty_button.setEnabled(bool(self._items))
        if focused >= 0:  # the row that had the keyboard is gone: the next one has it
            if self.rows:
                self.rows[min(focused, len(self.rows) - 1)].restore.setFocus()
            else:
                self.close_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.confirm.isVisible():
            self.confirm.decline()
            return
        super().keyPressEvent(event)

    def _show_all(self) -> None:
        self._limit = len(self._items)
        self.show_items(self._items)

    def _ask_erase(self, item: Binned) -> None:
        self._agreed = lambda: self.erase_requested.emit(*_names(item))
        words = self.tr("Delete “{title}” for good? There is no way back.")
        self.confirm.ask(words.replace("{title}", _title(item)), self.tr("Delete for good"))

    def _ask_empty(self) -> None:
        self._agreed = self.empty_requested.emit
        words = self.tr("Delete everything in the bin for good? There is no way back.")
        self.confirm.ask(words, self.tr("Empty the bin"))

    def _do(self) -> None:
        agreed, self._agreed = self._agreed, None
        if agreed is not None:
            agreed()


class BinRow(QFrame):
    """One deleted thing with its two buttons."""

    def __init__(self, theme: Theme, item: Binned, now: datetime) -> None:
        super().__init__()
        self.item = item
        self.setObjectName("panel")
        title, excerpt = _title(item), " ".join(item.excerpt.split())
        self.what = label(title, weight=QFont.Weight.DemiBold)
        self.excerpt = label(excerpt, role="muted", size=SMALL)
        self.excerpt.setVisible(bool(excerpt) and excerpt != title)
        kind = {
            BinnedKind.CONVERSATION: self.tr("Conversation"),
            BinnedKind.MESSAGE: self.tr("Message and what followed"),
            BinnedKind.PROMPT: self.tr("Prompt"),
            BinnedKind.ASSISTANT: self.tr("Assistant"),
        }[item.kind]
        self.when = label(
            " · ".join((kind, self._deleted_text(item), self._left_text(item, now))),
            role="muted",
            size=SMALL,
        )
        self.restore = TextButton(theme, self.tr("Restore"), "undo-2")
        self.erase = TextButton(theme, self.tr("Delete for good…"))
        for button, words in (
            (self.restore, self.tr("Restore “{title}”")),
            (self.erase, self.tr("Delete “{title}” for good")),
        ):
            button.setAutoDefault(False)
            button.setAccessibleName(words.replace("{title}", title))
        self.erase.setProperty("danger", True)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.restore)
        buttons.addWidget(self.erase)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(4)
        for part in (self.what, self.excerpt, self.when):
            layout.addWidget(part)
        layout.addSpacing(4)
        layout.addLayout(buttons)
        self.setAccessibleName(f"{title}. {self.when.text()}")

    def has_focus(self) -> bool:
        """Whether the keyboard is on one of its buttons."""
        return self.restore.hasFocus() or self.erase.hasFocus()

    def _deleted_text(self, item: Binned) -> str:
        day = QDateTime.fromSecsSinceEpoch(int(item.deleted_at.timestamp())).date()
        shown = QLocale().toString(day, QLocale.FormatType.ShortFormat)
        return self.tr("deleted on {date}").replace("{date}", shown)

    def _left_text(self, item: Binned, now: datetime) -> str:
        days = (item.deleted_at + timedelta(days=KEPT_DAYS) - now).days
        if days < 1:
            return self.tr("goes today")
        if days == 1:
            return self.tr("one day left")
        return Counts().days_left(days)


def _names(item: Binned) -> tuple[str, str]:
    return item.conversation_id, item.message_id or ""


def _title(item: Binned) -> str:
    return " ".join(item.title.split()) or "…"
