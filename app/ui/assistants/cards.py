"""Assistants to begin with, on the page of an empty conversation: a few, and a way to all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QWidget

from app.core.prompts import Assistant
from app.ui.assistants.pictures import show_beside_words
from app.ui.elided_button import ElidedButton
from app.ui.flow import FlowLayout
from app.ui.sizes import text_scale
from app.ui.tips import tip

MOST = 5
SIDE, NAME_WIDTH = 20, 180  # pixels
STEP = 20  # pixels by which rows are tried to be shorter


class AssistantCards(QWidget):
    """Takes no room while there are none."""

    chosen = Signal(str)  # an assistant's id
    more_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._assistants: list[Assistant] = []
        self.buttons: list[QPushButton] = []
        self._row = _CentredFlow(self)
        self.more = QPushButton()
        self.more.setProperty("chip", True)
        self.more.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more.clicked.connect(self.more_requested)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._say()
        self.hide()

    def show_assistants(self, assistants: Sequence[Assistant]) -> None:
        """These; the same again cost nothing."""
        if list(assistants[:MOST]) == self._assistants:
            return
        self._assistants = list(assistants[:MOST])
        for button in (*self.buttons, self.more):
            self._row.removeWidget(button)
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons = [self._make(assistant) for assistant in self._assistants]
        for button in (*self.buttons, self.more):
            self._row.addWidget(button)
        self.setVisible(bool(self.buttons))

    @property
    def has_any(self) -> bool:
        """Whether there are some to show."""
        return bool(self.buttons)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.LanguageChange, QEvent.Type.LayoutDirectionChange):
            self._say()

    def _make(self, assistant: Assistant) -> QPushButton:
        button = ElidedButton(assistant.name)
        button.setProperty("chip", True)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setMaximumWidth(round((NAME_WIDTH + SIDE) * text_scale()))
        show_beside_words(button, assistant, SIDE)
        button.setToolTip(tip(assistant.description or assistant.name))
        words = self.tr("New conversation with {name}").replace("{name}", assistant.name)
        button.setAccessibleName(words)
        button.setAccessibleDescription(assistant.description)
        button.clicked.connect(lambda _on=False, key=assistant.id: self.chosen.emit(key))
        return button

    def _say(self) -> None:
        self.more.setText(self.tr("More…"))
        words = self.tr("All assistants")
        self.more.setToolTip(words)
        self.more.setAccessibleName(words)
        self.setAccessibleName(self.tr("Assistants to begin with"))
        shown, self._assistants = self._assistants, []
        self.show_assistants(shown)


class _CentredFlow(FlowLayout):
    """Rows that stand in the middle, and are about as long as each other."""

    def _place(self, rect: QRect, *, is_trial: bool) -> int:
        sizes = [
            item.sizeHint().boundedTo(item.maximumSize()).boundedTo(QSize(rect.width(), 10_000))
            for item in self._items
        ]
        top = rect.top()
        for row in self._rows(sizes, rect.width()):
            used = sum(sizes[n].width() for n in row) + self.spacing() * (len(row) - 1)
            left = rect.left() + max(0, (rect.width() - used) // 2)
            high = max(sizes[n].height() for n in row)
            for number in row:
                size = sizes[number]
                if not is_trial:
                    box = QRect(QPoint(left, top + (high - size.height()) // 2), size)
                    placed = QStyle.visualRect(self._direction(), rect, box)
                    self._items[number].setGeometry(placed)
                left += size.width() + self.spacing()
            top += high + self.spacing()
        return max(0, top - rect.top() - self.spacing())

    def _rows(self, sizes: Sequence[QSize], width: int) -> list[list[int]]:
        """As few rows as there can be, and of these the shortest ones."""
        rows = self._filled(sizes, width)
        for limit in range(width, 0, -STEP):
            shorter = self._filled(sizes, limit)
            if len(shorter) > len(rows):
                break
            rows = shorter
        return rows

    def _filled(self, sizes: Sequence[QSize], width: int) -> list[list[int]]:
        rows: list[list[int]] = []
        left = 0
        for number, size in enumerate(sizes):
            if not rows or left + size.width() > width:
                rows.append([])
                left = 0
            rows[-1].append(number)
            left += size.width() + self.spacing()
        return rows
