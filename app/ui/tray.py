"""The icon in the system's tray, with a menu to reach the app while its window is closed."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.ui.theme import app_icon

SHOWN_MS = 8000


class Tray(QObject):
    """Says what was chosen in it. `can_show` first: not every desktop has a tray."""

    show_requested = Signal()
    new_requested = Signal()
    quick_ask_requested = Signal()
    quit_requested = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.menu = QMenu()
        self.show_action = self.menu.addAction("")
        self.new_action = self.menu.addAction("")
        self.quick_ask_action = self.menu.addAction("")
        self.menu.addSeparator()
        self.quit_action = self.menu.addAction("")
        self.show_action.triggered.connect(self.show_requested)
        self.new_action.triggered.connect(self.new_requested)
        self.quick_ask_action.triggered.connect(self.quick_ask_requested)
        self.quit_action.triggered.connect(self.quit_requested)
        self.menu.aboutToShow.connect(self._say)  # the language may be another one by then
        self._icon = QSystemTrayIcon(app_icon(), self)
        self._icon.setToolTip("Inglenook")
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.show_requested)
        self._say()
        self._icon.show()

    @staticmethod
    def can_show() -> bool:
        """Whether the desktop has a tray now; asks the desktop, which takes a moment."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def tell(self, title: str, text: str) -> None:
        """A word from the icon, as the desktop shows such things."""
        self._icon.showMessage(title, text, app_icon(), SHOWN_MS)

    def close(self) -> None:
        """Take the icon away."""
        self._icon.hide()
        self.menu.deleteLater()
        self.deleteLater()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        # a click on a Mac opens the menu
        if reason is QSystemTrayIcon.ActivationReason.Trigger and sys.platform != "darwin":
            self.show_requested.emit()

    def _say(self) -> None:
        self.show_action.setText(self.tr("Show Inglenook"))
        self.new_action.setText(self.tr("New conversation"))
        self.quick_ask_action.setText(self.tr("Quick question"))
        self.quit_action.setText(self.tr("Quit"))
