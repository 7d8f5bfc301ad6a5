"""The ground of a row in a list: selected, below the mouse, and with the focus."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle

from app.ui.palettes import Colours


def paint_plate(
    painter: QPainter, plate: QRect, state: QStyle.StateFlag, colours: Colours, radius: int
) -> None:
    """Paint it with corners of `radius` pixels."""
    is_selected = bool(state & QStyle.StateFlag.State_Selected)
    if is_selected or state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(colours.selected if is_selected else colours.hover))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(plate, radius, radius)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(colours.accent))
        painter.drawRoundedRect(plate, radius, radius)
