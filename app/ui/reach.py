"""How the app is reached while another program has the screen: tray, shortcut, quick question."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWidget

from app.core.settings import Settings
from app.services.app import AppServices
from app.ui.global_shortcut import GlobalShortcut
from app.ui.main_window import MainWindow
from app.ui.quick_ask import QuickAsk
from app.ui.theme import Theme
from app.ui.tray import Tray

logger = logging.getLogger(__name__)

START_MS = 1500  # asking the desktop takes some 10 ms; the start has enough to do


class Reach(QObject):
    """Has what the settings ask for, from `start` until `close`."""

    spoken = Signal(str)  # a text that is to be read aloud
    library_requested = Signal()  # the dialog "Prompts"

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        open_conversation: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._services = services
        self._window = window
        self._theme = theme
        self._open_conversation = open_conversation
        self._has_told = False
        self._is_closed = False
        self.tray: Tray | None = None
        self.shortcut: GlobalShortcut | None = None
        self.quick_ask: QuickAsk | None = None
        window.stays_in_tray = self._stay

    def start(self) -> None:
        """The window is on show: the rest has time."""
        QTimer.singleShot(START_MS, self, self._begin)

    def setting_changed(self, name: str) -> None:
        """One is another now."""
        if name == "is_tray":
            self._show_tray(is_told=True)
        elif name == "quick_ask_shortcut":
            self._hold_shortcut(is_told=True)
        elif name == "send_key" and self.quick_ask is not None:
            self.quick_ask.session.settings_changed()

    def toggle_quick_ask(self) -> None:
        """Show the window for a quick question, or hide it."""
        if self._is_closed:
            return
        if self.quick_ask is None:
            self.quick_ask = QuickAsk(self._services, self._theme, self)
            self.quick_ask.open_requested.connect(self._open_in_main)
            self.quick_ask.spoken.connect(self.spoken)
            self.quick_ask.session.library_requested.connect(self.library_requested)
        self.quick_ask.toggle(self._bring_to_front)

    def close(self) -> None:
        """The app ends."""
        self._is_closed = True
        if self.shortcut is not None:
            self.shortcut.close()
        if self.quick_ask is not None:
            self.quick_ask.close()
        self._hide_tray()

    def _begin(self) -> None:
        if not self._is_closed:
            self._show_tray(is_told=False)
            shortcut = self._services.settings().quick_ask_shortcut
            self._hold_shortcut(is_told=shortcut != Settings().quick_ask_shortcut)

    # the tray

    def _show_tray(self, *, is_told: bool) -> None:
        is_wanted = self._services.settings().is_tray
        if not is_wanted:
            self._hide_tray()
        elif self.tray is None and Tray.can_show():
            self.tray = Tray(self)
            self.tray.show_requested.connect(self._window.come_to_front)
            self.tray.new_requested.connect(self._begin_conversation)
            self.tray.quick_ask_requested.connect(self.toggle_quick_ask)
            self.tray.quit_requested.connect(self._window.quit)
        elif self.tray is None and is_told:
            self._window.toast.show_text(self.tr("This desktop has no tray for icons."))
        QGuiApplication.setQuitOnLastWindowClosed(self.tray is None)

    def _hide_tray(self) -> None:
        if self.tray is not None:
            self.tray.close()
            self.tray = None
            if not self._is_closed:
                self._window.show()  # else nobody could get at it any more

    def _stay(self) -> bool:
        """Whether closing the main window only hides it."""
        if self.tray is None or self._is_closed or self._is_session_ending() or not Tray.can_show():
            return False
        if not self._has_told:
            self._has_told = True
            self.tray.tell(
                self.tr("Inglenook is still there"),
                self.tr("You find it in the tray. “Quit” in the menu ends it."),
            )
        return True

    @staticmethod
    def _is_session_ending() -> bool:
        application = QGuiApplication.instance()
        return isinstance(application, QGuiApplication) and application.isSavingSession()

    def _begin_conversation(self) -> None:
        self._window.come_to_front()
        self._window.show_chat()
        self._window.new_requested.emit()

    # the shortcut

    def _hold_shortcut(self, *, is_told: bool) -> None:
        if self.shortcut is not None:
            self.shortcut.close()
            self.shortcut.deleteLater()
            self.shortcut = None
        text = self._services.settings().quick_ask_shortcut
        keys = QKeySequence(text, QKeySequence.SequenceFormat.PortableText)
        if keys.isEmpty():
            return
        self.shortcut = GlobalShortcut(keys, self)
        self.shortcut.activated.connect(self.toggle_quick_ask)
        self.shortcut.failed.connect(lambda reason: self._not_held(keys, reason, is_told=is_told))

    def _not_held(self, keys: QKeySequence, reason: str, *, is_told: bool) -> None:
        logger.info("the shortcut %s is not held: %s", keys.toString(), reason)
        if is_told:  # who has not chosen it does not miss it
            shown = keys.toString(QKeySequence.SequenceFormat.NativeText)
            self._window.toast.show_text(f"{shown}: {reason}")

    # the quick question

    def _bring_to_front(self, window: QWidget) -> None:
        if self.shortcut is not None:
            self.shortcut.bring_to_front(window)

    def _open_in_main(self, conversation_id: str) -> None:
        self._window.come_to_front()
        self._open_conversation(conversation_id)
