"""The ledger as a thin bar: what the context is made of, in proportion. One widget, painted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.ui.memory.blocks import Block, Ledger, blocks_of, lines_of
from app.ui.memory.colours import fill_of, paint_fill
from app.ui.memory.words import MemoryWords
from app.ui.sizes import text_scale
from app.ui.theme import Theme
from app.ui.tips import tip

HEIGHT, THICK = 18, 7  # pixels at 100 %: of what can be clicked, of the bar in it
NEAR = 2  # pixels that it is thicker under the pointer, or with the keyboard
LEAST = 2  # pixels of a block however few its tokens are
APART = 1.0  # pixels between two blocks
SEPARATED_FROM = 5.0  # pixels of a piece; of narrower ones the line between would be half


class LedgerPicture:
    """The blocks of a ledger, and how they are painted."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._whole = 1  # tokens of the bar's width
        self.blocks: tuple[Block, ...] = ()

    def take(self, ledger: Ledger) -> bool:
        """Of this one from now on; false where that looks the same."""
        blocks = blocks_of(ledger)
        is_other = blocks != self.blocks
        self.blocks, self._whole = blocks, max(1, sum(block.tokens for block in blocks))
        return is_other

    def spans(self, width: float) -> list[tuple[Block, float, float]]:
        """Each block with its beginning and its end, in pixels from where reading begins."""
        least = min(float(LEAST), width / max(1, len(self.blocks)))
        wanted = [max(least, width * block.tokens / self._whole) for block in self.blocks]
        over = sum(wanted) - width
        if over > 0 and wanted:  # what small ones have too much the largest one has too little
            largest = wanted.index(max(wanted))
            wanted[largest] = max(least, wanted[largest] - over)
        found, left = [], 0.0
        for block, wide in zip(self.blocks, wanted, strict=True):
            found.append((block, left, min(left + wide, width)))
            left += wide
        return found

    def paint(self, painter: QPainter, widget: QWidget, thick: float) -> None:
        """A rounded bar in the middle of the widget."""
        colours = self._theme.colours
        bar = QRectF(0, (widget.height() - thick) / 2, widget.width(), thick)
        shape = QPainterPath()
        shape.addRoundedRect(bar, thick / 2, thick / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(shape)
        painter.fillRect(bar, QColor(colours.window))
        is_mirrored = widget.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for block, begin, end in self.spans(bar.width()):
            self._paint_block(painter, bar, block, (begin, end), is_mirrored=is_mirrored)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        edge = colours.edge if colours.is_high_contrast else colours.border
        painter.setPen(QPen(QColor(edge), 1))
        painter.drawPath(shape)

    def _paint_block(
        self,
        painter: QPainter,
        bar: QRectF,
        block: Block,
        between: tuple[float, float],
        *,
        is_mirrored: bool,
    ) -> None:
        begin, end = between
        gap = APART if end < bar.width() - 0.5 and end - begin > LEAST else 0.0
        box = _turned(bar, begin, end - gap, is_mirrored=is_mirrored)
        paint_fill(painter, box, fill_of(block.kind, self._theme.colours), self._theme.colours)
        if len(block.pieces) < 2 or (end - begin) / len(block.pieces) < SEPARATED_FROM:
            return
        painter.setPen(QPen(QColor(self._theme.colours.window), 1))
        x, per_token = begin, (end - begin) / max(1, block.tokens)
        for piece in block.pieces[:-1]:
            x += piece * per_token
            line = _turned(bar, x, x, is_mirrored=is_mirrored)
            painter.drawLine(line.topLeft(), line.bottomLeft())


class LedgerPreview(QWidget):
    """A ledger to be looked at only; words beside it say what it shows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._picture = LedgerPicture(theme)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_ledger(self, ledger: Ledger) -> None:
        """Paint this one."""
        if self._picture.take(ledger):
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, round(HEIGHT * text_scale()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._picture.paint(painter, self, THICK * text_scale())
        painter.end()


class LedgerBar(QAbstractButton):
    """Shows a ledger; pressed, it opens the parts. Numbers stand in the tooltip only."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture = LedgerPicture(theme)
        self._words = MemoryWords(self)
        self._ledger: Ledger | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.changed.connect(self._restyle)
        self._say()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """What is on show."""
        return self._picture.blocks

    def spans(self) -> list[tuple[Block, float, float]]:
        """Each block with its beginning and its end, in pixels from where reading begins."""
        return self._picture.spans(float(self.width()))

    def show_ledger(self, ledger: Ledger) -> None:
        """Paint this one; the same blocks again cost nothing."""
        self._ledger = ledger
        if self._picture.take(ledger):
            self.update()
        self._say()

    def sizeHint(self) -> QSize:
        return QSize(120, round(HEIGHT * text_scale()))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, round(HEIGHT * text_scale()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it, as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        is_near = self.underMouse() or self.hasFocus()
        self._picture.paint(painter, self, (THICK + (NEAR if is_near else 0)) * text_scale())
        if self.hasFocus():
            colours = self._theme.colours
            painter.setPen(QPen(QColor(colours.accent), max(2, colours.focus_px)))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)
        painter.end()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()

    def _say(self) -> None:
        if self._ledger is None:
            return
        used = self._words.used(self._ledger.total, self._ledger.context)
        lines = lines_of(self.blocks, self._words)
        hint = self.tr("Press for all parts")
        self.setAccessibleName(self.tr("Context: {used}").replace("{used}", used))
        self.setAccessibleDescription(". ".join([*lines, hint]))
        self.setToolTip(tip("\n".join((used, *lines, hint))))


def _turned(bar: QRectF, begin: float, end: float, *, is_mirrored: bool) -> QRectF:
    left = bar.width() - end if is_mirrored else begin
    return QRectF(left, bar.top(), end - begin, bar.height())
