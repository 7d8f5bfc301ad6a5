"""The list of assistants: a picture and a name each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem

from app.core.assistants import is_built_in
from app.core.prompts import Assistant
from app.ui.assistants.pictures import portrait_icon
from app.ui.sizes import text_scale
from app.ui.theme import SMALL, Theme, text_font

SIDE = 28  # pixels of a picture
_ID = Qt.ItemDataRole.UserRole


class AssistantRows(QListWidget):
    """The person's own first, then those that come with Inglenook, below a line of words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sectionList")
        self.setAccessibleName(self.tr("Assistants"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._assistants: list[Assistant] = []
        theme.changed.connect(self._restyle)

    def show_assistants(self, assistants: Sequence[Assistant]) -> None:
        """These; the one that was current stays so, and nobody hears of it."""
        current = self.current_id()
        self._assistants = list(assistants)
        side = round(SIDE * text_scale())
        self.setIconSize(QSize(side, side))
        self.blockSignals(True)
        self.clear()
        has_own = any(not is_built_in(a.id) for a in assistants)
        has_heading = False
        for assistant in assistants:
            if has_own and is_built_in(assistant.id) and not has_heading:
                has_heading = True
                self._add_heading(self.tr("Come with Inglenook"))
            item = QListWidgetItem(
                portrait_icon(assistant, side, self.devicePixelRatioF()), assistant.name
            )
            item.setData(_ID, assistant.id)
            item.setSizeHint(QSize(100, side + round(14 * text_scale())))
            words = ". ".join(part for part in (assistant.name, assistant.description) if part)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            self.addItem(item)
        self.blockSignals(False)
        self.select(current)

    def _restyle(self) -> None:
        self.show_assistants(self._assistants)

    def select(self, assistant_id: str) -> None:
        """Make it the current one, if it is there; nobody hears of it."""
        self.blockSignals(True)
        for number in range(self.count()):
            if self.item(number).data(_ID) == assistant_id:
                self.setCurrentRow(number)
        self.blockSignals(False)

    def current_id(self) -> str:
        """The id of the current one; empty without."""
        item = self.currentItem()
        return str(item.data(_ID) or "") if item is not None else ""

    def ids(self) -> list[str]:
        """All of them from the top."""
        found = [self.item(number).data(_ID) for number in range(self.count())]
        return [str(each) for each in found if each]

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setFont(text_font(SMALL, QFont.Weight.DemiBold))
        item.setSizeHint(QSize(100, round(34 * text_scale())))
        self.addItem(item)
