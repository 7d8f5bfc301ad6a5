"""Editors of settings that are numbers, between their limits."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox, QWidget

from app.ui.setting_fields import Field, keep_from_wheel

DECIMALS = 4
RING = 2  # pixels, of the frame around a number that has the keyboard


class NumberField(Field):
    """A whole number between its limits. `unit` follows it, `lowest` stands in for the least."""

    def __init__(self, name: str, unit: str = "", lowest: str = "", step: int = 0) -> None:
        super().__init__(name)
        unit = unit or self.declaration.unit
        self.editor: QSpinBox = _Whole()
        self.editor.setRange(
            int(self.declaration.minimum or 0), int(self.declaration.maximum or 1_000_000)
        )
        self.editor.setSuffix(unit)
        self.editor.setSpecialValueText(lowest)
        self.editor.setSingleStep(step or int(self.declaration.step))
        self.editor.setGroupSeparatorShown(True)
        self.editor.setKeyboardTracking(False)  # not at every digit
        self.editor.setMinimumWidth(150)
        self.editor.valueChanged.connect(lambda value: self.changed.emit(name, value))
        keep_from_wheel(self.editor)
        self._fill(self.editor, is_narrow=True)

    def show_value(self, value: int) -> None:
        """The value in force; the same again leaves alone what is being typed."""
        if value != self.editor.value():
            self.editor.blockSignals(True)
            self.editor.setValue(value)
            self.editor.blockSignals(False)
        self._mark(value)

    def words_of(self, value: object) -> str:
        """With its unit, or in words where it stands for something."""
        if value == self.editor.minimum() and self.editor.specialValueText():
            return self.editor.specialValueText()
        return f"{self.editor.locale().toString(int(str(value)))}{self.editor.suffix()}"


class DecimalField(Field):
    """A number with decimals between its limits."""

    def __init__(self, name: str, step: float = 0.05) -> None:
        super().__init__(name)
        self.editor: QDoubleSpinBox = _Decimal()
        self.editor.setDecimals(DECIMALS)
        self.editor.setRange(self.declaration.minimum or 0.0, self.declaration.maximum or 1.0)
        self.editor.setSingleStep(step)
        self.editor.setKeyboardTracking(False)
        self.editor.setMinimumWidth(150)
        self.editor.valueChanged.connect(self._take)
        keep_from_wheel(self.editor)
        self._fill(self.editor, is_narrow=True)

    def show_value(self, value: float) -> None:
        """The value in force; the same again leaves alone what is being typed."""
        if round(value, DECIMALS) != round(self.editor.value(), DECIMALS):
            self.editor.blockSignals(True)
            self.editor.setValue(value)
            self.editor.blockSignals(False)
        self._mark(value)

    def words_of(self, value: object) -> str:
        """As the editor shows it."""
        return self.editor.textFromValue(float(str(value)))

    def _take(self, value: float) -> None:
        self.changed.emit(self.name, round(value, DECIMALS))


class _Whole(QSpinBox):
    """One as high as the other fields, with a frame that shows the keyboard."""

    def sizeHint(self) -> QSize:
        return _with_height(super().sizeHint(), self)

    def minimumSizeHint(self) -> QSize:
        return _with_height(super().minimumSizeHint(), self)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_ring(self)


class _Decimal(QDoubleSpinBox):
    """The same, without zeros that say nothing."""

    def sizeHint(self) -> QSize:
        return _with_height(super().sizeHint(), self)

    def minimumSizeHint(self) -> QSize:
        return _with_height(super().minimumSizeHint(), self)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        _paint_ring(self)

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        locale = self.locale()
        text = locale.toString(value, "f", DECIMALS)
        return text.rstrip(locale.zeroDigit()).removesuffix(locale.decimalPoint())


def _with_height(size: QSize, editor: QWidget) -> QSize:
    return QSize(size.width(), max(size.height(), editor.fontMetrics().lineSpacing() + 15))


def _paint_ring(editor: QWidget) -> None:
    if editor.hasFocus():
        painter = QPainter(editor)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(editor.palette().highlight(), RING))
        inside = RING / 2
        box = QRectF(editor.rect()).adjusted(inside, inside, -inside, -inside)
        painter.drawRoundedRect(box, 3, 3)
        painter.end()
