"""The column of a conversation's window below the messages: banner, toast, composer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.theme import GAP, READING_WIDTH


def centred_column(widgets: Sequence[QWidget]) -> QHBoxLayout:
    """The widgets one below the other, as wide as the text above them."""
    column = QWidget()
    column.setMaximumWidth(READING_WIDTH)
    below = QVBoxLayout(column)
    below.setContentsMargins(0, 0, 0, 4)
    below.setSpacing(GAP)
    for widget in widgets:
        below.addWidget(widget)
    centred = QHBoxLayout()
    centred.setContentsMargins(GAP * 3, 0, GAP * 3, 0)
    centred.addStretch(1)
    centred.addWidget(column, 1000)  # takes all there is up to its limit
    centred.addStretch(1)
    return centred
