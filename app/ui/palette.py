"""The command palette: a field and a list over the window, for everything that can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.ui.models_parts import label
from app.ui.palette_filter import Command, found
from app.ui.palette_list import PickList, Row
from app.ui.theme import GAP, READING, Theme, text_font

__all__ = ["Command", "Palette"]

WIDTH, MOST_ROWS, MOST_RECENT = 600, 12, 20  # pixels; rows on show; ids kept
SHOWN_RECENT = 5


class Palette(QWidget):
    """Covers its window while it is open; a click beside it closes it.

    `chosen` comes after it has closed and the keyboard is back where it was.
    """

    chosen = Signal(str)  # the command's id
    query_changed = Signal(str)  # what was typed, for `show_more`
    closed = Signal()

    def __init__(self, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._theme = theme
        self._commands: list[Command] = []
        self._more: list[Command] = []
        self._before: QWidget | None = None
        self.recent: list[str] = []  # ids, the last one used first; whoever keeps it sets it
        self.field = _Field()
        self.field.setPlaceholderText(self.tr("Search commands and conversations"))
        self.field.setAccessibleName(self.tr("Command palette"))
        self.field.key_pressed = self._key
        self.field.left = self._give_way
        self.list = PickList(theme, self.tr("Commands"), is_detail_at_end=True)
        self._nothing = label(self.tr("Nothing fits"), role="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.hide()
        self._panel = QFrame(self)
        self._panel.setObjectName("panel")
        self._panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        shadow = QGraphicsDropShadowEffect(self._panel)
        shadow.setBlurRadius(40)
        shadow.setOffset(0, 8)
        shadow.setColor(QColor(0, 0, 0, 90))
        self._panel.setGraphicsEffect(shadow)
        layout = QVBoxLayout(self._panel)
        layout.setContentsMargins(GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._nothing)
        self.field.textChanged.connect(self._filter)
        self.list.picked.connect(self._choose)
        window.installEventFilter(self)
        self.hide()

    def show_commands(self, commands: Sequence[Command]) -> None:
        """Open with these commands and an empty field."""
        self._commands, self._more = list(commands), []
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self.field.clear()
        self.field.setFont(text_font(READING))
        self._filter()
        self._place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def show_more(self, commands: Sequence[Command]) -> None:
        """What else fits what was typed, as a second group: conversations by their titles."""
        if not self.isVisible() or list(commands) == self._more:
            return
        self._more = list(commands)
        self._show_rows(self.list.current_id())

    def dismiss(self) -> None:
        """Close, with the keyboard back where it was."""
        if not self.isVisible():
            return
        self.hide()
        before, self._before = self._before, None
        if before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()

    def _give_way(self) -> None:
        """A shortcut has taken the keyboard elsewhere: it stays there."""
        self._before = None
        self.dismiss()

    # what is typed

    def _filter(self) -> None:
        self._more = []
        self._show_rows("")
        self.query_changed.emit(self.field.text().strip())

    def _show_rows(self, current: str) -> None:
        query = self.field.text().strip()
        rows = self._rows_for(query) if query else self._rows_of_all()
        if self._more:
            rows.append(Row("", self._more[0].group or self.tr("Conversations")))
            rows += [_row(command) for command in self._more]
        self.list.show_rows(rows, current)
        self.list.setVisible(bool(rows))
        self._nothing.setVisible(not rows)
        self._place()
        self.list.say_current()

    def _rows_for(self, query: str) -> list[Row]:
        fitting = found(query, self._commands, self.recent)
        heading = [Row("", self.tr("Commands"))] if fitting and self._more else []
        return heading + [_row(command) for command in fitting]

    def _rows_of_all(self) -> list[Row]:
        by_id = {command.id: command for command in self._commands}
        recent = [by_id[key] for key in self.recent if key in by_id][:SHOWN_RECENT]
        groups: dict[str, list[Command]] = {self.tr("Recently used"): recent} if recent else {}
        for command in self._commands:
            if command not in recent:
                groups.setdefault(command.group, []).append(command)
        rows = []
        for group, commands in groups.items():
            rows += [Row("", group)] if group else []
            rows += [_row(command) for command in commands]
        return rows

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key
        page = MOST_ROWS - 2
        steps = {key.Key_Up: -1, key.Key_Down: 1, key.Key_PageUp: -page, key.Key_PageDown: page}
        if event.key() in steps:
            self.list.step(steps[Qt.Key(event.key())])
        elif event.key() in (key.Key_Return, key.Key_Enter):
            self._choose(self.list.current_id())
        elif event.key() == key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True

    def _choose(self, command_id: str) -> None:
        if not command_id:
            return
        if any(command.id == command_id for command in self._commands):
            rest = [key for key in self.recent if key != command_id]
            self.recent = [command_id, *rest][:MOST_RECENT]
        self.dismiss()
        self.chosen.emit(command_id)

    # where it is

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        self.setGeometry(window.rect())
        width = min(WIDTH, window.width() - GAP * 4)
        top = min(window.height() // 8, 96)
        rows = self.list.height_of_rows(MOST_ROWS) if self.list.count() else 0
        rest = rows or self._nothing.fontMetrics().height() + GAP * 3
        height = self.field.sizeHint().height() + rest + GAP * 3 + 4
        height = min(height, window.height() - top - GAP * 2)
        self._panel.setGeometry((window.width() - width) // 2, top, width, height)

    def focusNextPrevChild(self, _next: bool) -> bool:
        """Tab stays: the field is all there is."""
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._panel.geometry().contains(event.position().toPoint()):
            self.dismiss()

    def paintEvent(self, event: QPaintEvent) -> None:
        """What lies below steps back."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 90 if self._theme.colours.is_dark else 40))
        painter.end()


class _Field(QLineEdit):
    """Asks about keys before it takes them, but for those of an input method."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("field", True)
        self._is_composing = False
        self.key_pressed: Callable[[QKeyEvent], bool] = lambda _event: False
        self.left: Callable[[], None] = lambda: None

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        reasons = Qt.FocusReason
        if event.reason() not in (reasons.ActiveWindowFocusReason, reasons.PopupFocusReason):
            self.left()

    def event(self, event: QEvent) -> bool:
        """Esc is not the window's shortcut here; Tab leads nowhere."""
        is_asking = event.type() == QEvent.Type.ShortcutOverride
        if is_asking and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._is_composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_composing or not self.key_pressed(event):
            super().keyPressEvent(event)


def _row(command: Command) -> Row:
    return Row(command.id, command.title, command.shortcut)
