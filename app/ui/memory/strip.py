"""What stands over the composer: the ledger bar, its parts when opened, a sentence, a proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.memory.bar import LedgerBar
from app.ui.memory.blocks import Ledger
from app.ui.memory.fact_note import FactNote
from app.ui.memory.notice import LedgerNotice
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.memory.parts_panel import PartsPanel


class LedgerStrip(QWidget):
    """Takes no room before there is something to show."""

    opened = Signal()  # the parts: fill them
    focus_left = Signal()  # the parts are closed and had the keyboard

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_due = False  # whether there is a ledger
        self._is_place_open = True
        self.panel: PartsPanel | None = None  # made when it is first opened
        self.prepare_panel: Callable[[PartsPanel], None] = lambda _panel: None
        self.fact = FactNote(theme)
        self.bar = LedgerBar(theme)
        self.bar.clicked.connect(self.toggle_parts)
        self.notice = LedgerNotice(theme)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        for part in (self.fact, self.bar, self.notice):
            self._layout.addWidget(part)
        self.fact.changed.connect(self._fit)
        self._fit()

    def set_place_open(self, is_open: bool) -> None:
        """Whether the conversation is on show, and not something in its place."""
        self._is_place_open = is_open
        self._fit()

    def show_ledger(self, ledger: Ledger | None) -> None:
        """This one; None: nothing is known, or there is nothing yet."""
        self._is_due = ledger is not None and ledger.is_known
        if ledger is not None and self._is_due:
            self.bar.show_ledger(ledger)
            self.notice.show_ledger(ledger)
        elif self.is_open:
            self.close_parts()
        self._fit()

    @property
    def is_open(self) -> bool:
        """Whether the parts are on show."""
        return self.panel is not None and not self.panel.isHidden()

    def toggle_parts(self) -> None:
        """Show the parts, or hide them."""
        if self.is_open:
            self.close_parts()
        elif self._is_due:
            self.open_parts()

    def open_parts(self) -> None:
        """Show the parts; the keyboard goes there."""
        if self.panel is None:
            from app.ui.memory.parts_panel import PartsPanel

            self.panel = PartsPanel(self._theme)
            self.panel.closed.connect(self.close_parts)
            self.panel.hide()
            self._layout.insertWidget(1, self.panel)
            self.prepare_panel(self.panel)
        self.opened.emit()
        self.panel.fit(self.width(), self.window().height())
        self.panel.show()
        self.panel.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_parts(self) -> None:
        """Hide them; the keyboard goes back to the bar if it was there."""
        panel = self.panel
        if panel is None or panel.isHidden():
            return
        had_focus = panel.isAncestorOf(self.focusWidget() or self)
        panel.hide()
        if had_focus:
            self.focus_left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.panel is not None and self.is_open and event.oldSize().width() != self.width():
            self.panel.fit(self.width(), self.window().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_open:
            self.close_parts()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Escape closes the parts before it means anything else in the window."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and event.key() == Qt.Key.Key_Escape and self.is_open:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def _fit(self) -> None:
        self.bar.setVisible(self._is_due)
        self.setVisible(self._is_place_open and (self._is_due or self.fact.is_due))
