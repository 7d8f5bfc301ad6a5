"""A part of the context to be read as it is: the system prompt, an attached text."""

from __future__ import annotations

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from app.ui.models_parts import TextButton, label
from app.ui.theme import GAP, HEADING, Theme
from app.ui.wrapping import wrap_mode

MOST = 1_000_000  # characters on show; Qt would take minutes for a hundred megabytes


class TextDialog(QDialog):
    """Not modal; only to read and copy."""

    def __init__(self, theme: Theme, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.text = QPlainTextEdit()
        self.text.setProperty("field", True)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(title)
        self.text.setWordWrapMode(wrap_mode(text[:MOST]))
        self.text.setPlainText(text[:MOST])
        self.close_button = TextButton(theme, self.tr("Close"))
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        layout.addWidget(label(title, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        layout.addWidget(self.text, 1)
        layout.addLayout(buttons)
        room = self.screen().availableSize()
        self.resize(min(560, room.width()), min(480, int(room.height() * 0.9)))
