"""The colours and stripes of the ledger's blocks, in every theme."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from app.core.memory import PartKind
from app.ui.memory.words import FREE, ROOM
from app.ui.palettes import Colours

_LIGHT = {
    PartKind.SYSTEM: "#47525e",
    PartKind.FACTS: "#7a4fa0",
    PartKind.SUMMARY: "#0f7f86",
    PartKind.PINNED: "#8a5a00",
    PartKind.TURN: "#8f8478",
    PartKind.ATTACHMENT: "#2569c8",
}
_DARK = {
    PartKind.SYSTEM: "#b4c0cc",
    PartKind.FACTS: "#c3a0e8",
    PartKind.SUMMARY: "#58bfc0",
    PartKind.PINNED: "#e3b565",
    PartKind.TURN: "#8a7e73",
    PartKind.ATTACHMENT: "#7fb0f0",
}
_STRONG_LIGHT = {
    PartKind.SYSTEM: "#000000",
    PartKind.FACTS: "#55208a",
    PartKind.SUMMARY: "#004d50",
    PartKind.PINNED: "#503200",
    PartKind.TURN: "#666666",
    PartKind.ATTACHMENT: "#00309e",
}
_STRONG_DARK = {
    PartKind.SYSTEM: "#ffffff",
    PartKind.FACTS: "#d9b8ff",
    PartKind.SUMMARY: "#7fe8e8",
    PartKind.PINNED: "#ffd98a",
    PartKind.TURN: "#a8a8a8",
    PartKind.ATTACHMENT: "#9cc4ff",
}
# Beside the colour, for those who see few of them: stripes of the ground over it
_STRIPES = {
    PartKind.FACTS.value: Qt.BrushStyle.VerPattern,
    PartKind.SUMMARY.value: Qt.BrushStyle.FDiagPattern,
    PartKind.ATTACHMENT.value: Qt.BrushStyle.Dense5Pattern,
    ROOM: Qt.BrushStyle.BDiagPattern,
}
_ALPHA = 130  # of 255: the stripes


@dataclass(frozen=True, slots=True)
class Fill:
    """How a block is painted."""

    colour: str
    stripes: Qt.BrushStyle = Qt.BrushStyle.NoBrush
    is_hollow: bool = False  # only its stripes and an edge


def fill_of(kind: str, colours: Colours) -> Fill:
    """How a block of that kind is painted in this theme."""
    stripes = _STRIPES.get(kind, Qt.BrushStyle.NoBrush)
    if kind == FREE:
        return Fill(colours.hover)
    if kind == ROOM:
        return Fill(colours.frame, stripes, is_hollow=True)
    if kind == PartKind.DRAFT:
        return Fill(colours.accent)
    if colours.is_high_contrast:
        named = _STRONG_DARK if colours.is_dark else _STRONG_LIGHT
    else:
        named = _DARK if colours.is_dark else _LIGHT
    return Fill(named[PartKind(kind)], stripes)


def paint_fill(painter: QPainter, box: QRectF, fill: Fill, colours: Colours) -> None:
    """Fill `box`, and nothing beside it."""
    ground = QColor(colours.window)
    if fill.is_hollow:
        painter.fillRect(box, ground)
        stripes = QColor(fill.colour)
    else:
        painter.fillRect(box, QColor(fill.colour))
        stripes = ground
        stripes.setAlpha(_ALPHA)
    if fill.stripes is not Qt.BrushStyle.NoBrush:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(stripes)
        brush = painter.brush()
        brush.setStyle(fill.stripes)
        painter.fillRect(box, brush)


def paint_swatch(painter: QPainter, box: QRectF, kind: str, colours: Colours) -> None:
    """A sample of a block with an edge, for a legend."""
    paint_fill(painter, box, fill_of(kind, colours), colours)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(colours.frame))
    painter.drawRect(box)
