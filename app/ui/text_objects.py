"""What is drawn within text: formulas and the boxes of task lists."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPen,
    QPyTextObject,
    QTextCharFormat,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QTextEdit

from app.ui.maths import SIZE, Formula

FORMULA = QTextFormat.ObjectTypes.UserObject.value + 1
CHECK_BOX = FORMULA + 1
_DATA = QTextFormat.Property.UserProperty.value + 1
MATHS_SCALE = 1.08  # its letters are smaller than those of most fonts for text at the same size


class TextObjects(QPyTextObject):
    """Draws them; one for each document."""

    def __init__(self, edit: QTextEdit) -> None:
        super().__init__(edit)
        self._edit = edit
        self._formulas: list[Formula] = []
        self._selected: list[tuple[QRectF, QRectF, Formula]] = []
        layout = edit.document().documentLayout()
        layout.registerHandler(FORMULA, self)
        layout.registerHandler(CHECK_BOX, self)

    def formula_format(
        self, base: QTextCharFormat, formula: Formula, font: QFont
    ) -> QTextCharFormat:
        """The format of the sign that stands for `formula` in text of this font."""
        self._formulas.append(formula)
        style = QTextCharFormat(base)
        style.setObjectType(FORMULA)
        style.setProperty(_DATA, len(self._formulas) - 1)
        style.setProperty(_DATA + 1, _scale(font))
        # Qt sets an object so low as the font goes below its line: a font that goes as low as it
        style.setFont(_font_with_depth(font.family(), int(formula.depth * _scale(font) + 0.999)))
        style.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        return style

    def check_format(self, base: QTextCharFormat, font: QFont, *, is_done: bool) -> QTextCharFormat:
        """The format of the sign that stands for a box."""
        style = QTextCharFormat(base)
        style.setObjectType(CHECK_BOX)
        style.setProperty(_DATA, is_done)
        style.setProperty(_DATA + 1, QFontMetricsF(font).capHeight())
        return style

    def intrinsicSize(self, doc: QTextDocument, position: int, shape: QTextFormat) -> QSizeF:
        style = shape.toCharFormat()
        if shape.objectType() == CHECK_BOX:
            side = float(shape.property(_DATA + 1)) * 1.25
            return QSizeF(side, side * 0.9)
        formula, scale = self._formula(shape), _fitting(self._formula(shape), doc, shape)
        descent = QFontMetrics(style.font()).descent()
        return QSizeF(formula.width * scale, (formula.height - formula.depth) * scale + descent)

    def drawObject(
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        position: int,
        shape: QTextFormat,
    ) -> None:
        rect = QRectF(rect)
        colour = shape.toCharFormat().foreground().color()
        if shape.objectType() == CHECK_BOX:
            _draw_box(painter, rect, colour, is_done=bool(shape.property(_DATA)))
            return
        formula, scale = self._formula(shape), _fitting(self._formula(shape), doc, shape)
        base = rect.bottom() - QFontMetrics(shape.toCharFormat().font()).descent()
        top = base - (formula.height - formula.depth) * scale
        place = QRectF(rect.left(), top, formula.width * scale, formula.height * scale)
        cursor = self._edit.textCursor()
        if cursor.selectionStart() <= position < cursor.selectionEnd():
            area = painter.worldTransform().mapRect(rect)
            moved = painter.worldTransform().mapRect(place)
            self._selected.append((area, moved, formula))
            return
        _paint(painter, place, formula, colour)

    def draw_selected(self, painter: QPainter) -> None:
        """Once all is painted: Qt lays half the colour of the selection over what is drawn."""
        palette = self._edit.palette()
        for area, place, formula in self._selected:
            painter.fillRect(area, palette.highlight())
            _paint(painter, place, formula, palette.highlightedText().color())
        self._selected.clear()

    @property
    def has_selected(self) -> bool:
        """Whether a formula that was just painted is selected."""
        return bool(self._selected)

    def _formula(self, shape: QTextFormat) -> Formula:
        return self._formulas[int(shape.property(_DATA))]


def _scale(font: QFont) -> float:
    return QFontMetricsF(font).height() / 1.17 / SIZE * MATHS_SCALE


def _fitting(formula: Formula, document: QTextDocument, shape: QTextFormat) -> float:
    """The scale, smaller where the column is too narrow: a formula cannot be broken."""
    scale = float(shape.property(_DATA + 1))
    room = document.textWidth() - 4
    return min(scale, room / formula.width) if room > 40 else scale


@lru_cache(maxsize=256)
def _font_with_depth(family: str, depth: int) -> QFont:
    """The smallest font of the family whose letters go `depth` pixels below the line."""
    font = QFont(family)
    size = max(1, depth * 2)
    font.setPixelSize(size)
    while QFontMetrics(font).descent() < depth and size < 2_000:
        size += 1
        font.setPixelSize(size)
    return font


@lru_cache(maxsize=512)
def _picture(svg: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg.replace('"black"', f'"{colour}"').encode()))


def _paint(painter: QPainter, place: QRectF, formula: Formula, colour: QColor) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _picture(formula.svg, colour.name()).render(painter, place)
    painter.restore()


def _draw_box(painter: QPainter, rect: QRectF, colour: QColor, *, is_done: bool) -> None:
    side = rect.width() - 2
    box = QRectF(rect.left() + 1, rect.bottom() - side, side, side)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, max(1.0, side / 12)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, side / 6, side / 6)
    if is_done:
        pen = QPen(colour, max(1.4, side / 8))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        points = [(0.24, 0.52), (0.43, 0.71), (0.77, 0.30)]
        painter.drawPolyline(
            [QPointF(box.left() + x * side, box.top() + y * side) for x, y in points]
        )
    painter.restore()
