"""The windows beside the main one: each shows one conversation of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtGui import QKeySequence, QShortcut

from app.services.app import AppServices
from app.ui.chat_session import ChatSession, compare
from app.ui.conversation_window import ConversationWindow
from app.ui.theme import Theme

__all__ = ["Windows", "compare"]


class Windows(QObject):
    """Opens them, and closes them with the main one; an answer in the making goes on."""

    spoken = Signal(str)  # a text that is to be read aloud
    library_requested = Signal()  # the dialog "Prompts"

    def __init__(
        self,
        services: AppServices,
        theme: Theme,
        equip: Callable[[ConversationWindow], None],
        parent: QObject,
    ) -> None:
        """`equip` gives a window the shortcuts that are the same in all of them."""
        super().__init__(parent)
        self._services = services
        self._theme = theme
        self._equip = equip
        self._open: dict[ConversationWindow, tuple[ChatSession, int]] = {}
        self._last_place: QRect | None = None

    @property
    def open_windows(self) -> list[ConversationWindow]:
        """Those on show, opened first first."""
        return list(self._open)

    def open(self, conversation_id: str = "") -> ConversationWindow:
        """The window with this conversation, or one with a new conversation; in front of others."""
        if conversation_id:
            for window, (session, _) in self._open.items():
                if session.conversation_id == conversation_id:
                    window.come_to_front()
                    return window
        window = self._make()
        self._open[window][0].open(conversation_id)
        window.come_to_front()
        return window

    def settings_changed(self) -> None:
        """They are others now."""
        for session, _ in self._open.values():
            session.settings_changed()

    def close_all(self) -> None:
        """The main window goes."""
        for window in self.open_windows:
            window.close()

    def _make(self) -> ConversationWindow:
        place = self.open_windows[-1].geometry() if self._open else None
        window = ConversationWindow(self._theme, place)
        if place is None and self._last_place is not None:
            window.setGeometry(self._last_place)
        taken = {number for _, number in self._open.values()}
        number = next(n for n in range(len(taken) + 1) if n not in taken)
        session = ChatSession(window, self._services, self._theme, f"window:{number}")
        session.spoken.connect(self.spoken)
        session.library_requested.connect(self.library_requested)
        self._open[window] = (session, number)
        window.closing.connect(lambda: self._closed(window))
        for keys, action in (
            ("Esc", session.stop),
            ("Ctrl+N", session.control.new_conversation),
            ("Ctrl+W", window.close),
            ("Ctrl+Shift+L", window.ledger.toggle_parts),
        ):
            QShortcut(QKeySequence(keys), window).activated.connect(action)
        self._equip(window)
        return window

    def _closed(self, window: ConversationWindow) -> None:
        session, _ = self._open.pop(window, (None, 0))
        if session is not None:
            self._last_place = window.geometry()
            session.close()
