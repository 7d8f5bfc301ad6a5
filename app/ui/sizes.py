"""Sizes of icons and their buttons, which follow the text: at 200 % they are twice as large."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

BASE_FONT = "inglenook.baseFont"  # of the application: what the system gives it
_ICON, _FIXED = "inglenook.iconSize", "inglenook.fixedSize"  # of a widget: at 100 %


def size_icon(button: QAbstractButton, width: int, height: int | None = None) -> None:
    """Give a button an icon of so many pixels at 100 %; square without a `height`."""
    size = QSize(width, width if height is None else height)
    button.setProperty(_ICON, size)
    button.setIconSize(_scaled(size))


def fix_size(widget: QWidget, width: int, height: int) -> None:
    """Give a widget a size that does not change by itself, in pixels at 100 %."""
    size = QSize(width, height)
    widget.setProperty(_FIXED, size)
    widget.setFixedSize(_scaled(size))


def rescale(application: QApplication) -> None:
    """The text has another size now: everything that was sized here follows."""
    for widget in application.allWidgets():
        icon, fixed = widget.property(_ICON), widget.property(_FIXED)
        if isinstance(icon, QSize) and isinstance(widget, QAbstractButton):
            widget.setIconSize(_scaled(icon))
        if isinstance(fixed, QSize):
            widget.setFixedSize(_scaled(fixed))


def text_scale() -> float:
    """How large the text is by the person's wish: 1 at 100 %."""
    application = QApplication.instance()
    base = application.property(BASE_FONT) if application is not None else None
    if not isinstance(base, QFont) or base.pointSizeF() <= 0:
        return 1.0
    return QApplication.font().pointSizeF() / base.pointSizeF()


def _scaled(size: QSize) -> QSize:
    return size * text_scale()
