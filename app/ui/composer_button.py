"""The one button of the composer: sends, sends a changed message, or stops the model."""

from __future__ import annotations

from PySide6.QtGui import QIcon, QKeySequence
from PySide6.QtWidgets import QToolButton

from app.ui.sizes import fix_size, size_icon
from app.ui.theme import Theme

SIDE = 36  # pixels


class SendButton(QToolButton):
    """Its icon and name say what it does now."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("sendButton")
        size_icon(self, 20)
        fix_size(self, SIDE, SIDE)

    def show_state(
        self, *, is_answering: bool, is_editing: bool, can_send: bool, sends_with_ctrl: bool
    ) -> None:
        """What a press does now."""
        self.setEnabled(is_answering or can_send)
        icon = "square" if is_answering else "arrow-up"
        if is_answering:
            name = self.tr("Stop (Esc)")
        elif is_editing:
            name = self.tr("Send the changed message")
        elif sends_with_ctrl:
            native = QKeySequence.SequenceFormat.NativeText
            keys = QKeySequence("Ctrl+Return").toString(native)
            name = self.tr("Send ({key})").replace("{key}", keys)
        else:
            name = self.tr("Send (Enter)")
        colours = self._theme.colours
        tint = colours.on_accent if self.isEnabled() else colours.muted
        pixmap = self._theme.icon(icon, tint).pixmap(self.iconSize(), self.devicePixelRatioF())
        picture = QIcon(pixmap)
        picture.addPixmap(pixmap, QIcon.Mode.Disabled)  # greyed more, it would vanish
        self.setIcon(picture)
        self.setToolTip(name)
        self.setAccessibleName(name)
