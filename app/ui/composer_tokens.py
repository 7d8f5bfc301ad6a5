"""How many tokens the message being written is, told quietly once it is a long one."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QWidget

from app.ui.models_parts import set_role
from app.ui.theme import SMALL, text_font
from app.ui.words import number_text

FROM_CHARACTERS = 200
PAUSE_MS = 150


class TokenCount(QLabel):
    """Keeps its place while it is empty. Asks for a count once typing pauses."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_long = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
        self.setWordWrap(True)
        self.setMinimumWidth(1)
        self.setFont(text_font(SMALL))
        self.setProperty("role", "muted")
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.wanted)

    def content_changed(self, characters: int) -> None:
        """The message, with what is attached, has another length."""
        self._is_long = characters > FROM_CHARACTERS
        if self._is_long:
            self._pause.start()
        else:
            self._pause.stop()
            self.clear()

    def show_count(self, count: int, room: int) -> None:
        """`count` tokens, and `room` for how many there is (0: not known)."""
        if not self._is_long:  # an answer that comes too late
            return
        if 0 < room < count:
            words = self.tr("%Ln tokens, there is room for {room}", "", count)
            set_role(self, "warn")
        else:
            words = self.tr("%Ln tokens", "", count)
            set_role(self, "muted")
        self.setText(words.replace("{room}", number_text(room)))
