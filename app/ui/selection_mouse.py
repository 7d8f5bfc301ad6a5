"""Mouse and keyboard of the blocks of text, where they mean the whole conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit

from app.core.entities import MessageId
from app.ui.message_view import MessageView
from app.ui.selection import Selection, Spot
from app.ui.selection_menu import SelectionMenu
from app.ui.transcript_anchor import TextEdit

if TYPE_CHECKING:
    from app.ui.transcript import Transcript

WATCHED = frozenset(
    (
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonRelease,
        QEvent.Type.ContextMenu,
        QEvent.Type.KeyPress,
    )
)
MARK = "isWatchedForSelection"  # property of a block that has our filter
TICK_MS = 25  # between two steps of scrolling at the edge
LEAST_STEP, MOST_STEP = 4, 120  # pixels
CARET_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


class SelectionMouse(QObject):
    """Filters the events of all blocks; a drag that leaves its block becomes a wide selection."""

    quote_requested = Signal(str)
    menu_made = Signal(object)  # SelectionMenu, before it is shown

    def __init__(self, transcript: Transcript, selection: Selection) -> None:
        super().__init__(transcript)
        self._transcript = transcript
        self._selection = selection
        self.is_left_down = _is_left_down
        self._pressed: TextEdit | None = None  # where a drag began
        self.pressed: MessageId | None = None  # the message it is in
        self._is_wide_drag = False
        self._pointer = QPoint()  # on the screen
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(TICK_MS)
        self._scrolling.timeout.connect(self._scroll_on)

    def watch(self, view: MessageView) -> None:
        """Hear of what happens in the blocks of a message; those known already are left alone."""
        for edit in view.text_edits():
            if not edit.property(MARK):
                edit.setProperty(MARK, True)
                edit.installEventFilter(self)
                edit.viewport().installEventFilter(self)

    def spot_at(self, pointer: QPoint) -> Spot:
        """The text at a point of the screen, or the nearest to it; there must be a message."""
        transcript = self._transcript
        ground = transcript.viewport()
        inside = ground.mapFromGlobal(pointer)
        inside.setY(min(max(inside.y(), 0), ground.height() - 1))
        place = transcript.place_at(inside.y())
        view = transcript.ready_view(place)
        number = 0
        edits = view.text_edits()
        for number, edit in enumerate(edits):
            if not edit.isVisibleTo(view):
                continue
            area = QRect(edit.viewport().mapTo(ground, QPoint(0, 0)), edit.viewport().size())
            if inside.y() < area.top():
                return Spot(view.message_id, number, 0)
            if inside.y() <= area.bottom():
                local = inside - area.topLeft()
                local.setX(min(max(local.x(), 0), area.width() - 1))
                return Spot(view.message_id, number, edit.cursorForPosition(local).position())
        end = edits[number].document().characterCount() - 1 if edits else 0
        return Spot(view.message_id, number, end)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in WATCHED:
            return False
        edit = watched if isinstance(watched, QTextEdit | QPlainTextEdit) else watched.parent()
        if not isinstance(edit, QTextEdit | QPlainTextEdit):
            return False
        is_ground = edit is not watched
        if isinstance(event, QKeyEvent):
            return not is_ground and self._key(edit, event)
        if isinstance(event, QContextMenuEvent):
            self._open_menu(edit, event)
            return True
        if isinstance(event, QMouseEvent) and is_ground:
            self._pointer = event.globalPosition().toPoint()
            if event.type() == QEvent.Type.MouseButtonPress:
                return self._press(edit, event)
            if event.type() == QEvent.Type.MouseMove:
                return self._move(edit, event)
            if event.type() == QEvent.Type.MouseButtonRelease:
                return self._release(event)
        return False

    def _key(self, edit: TextEdit, event: QKeyEvent) -> bool:
        has_caret = edit.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
        if has_caret and event.key() in CARET_KEYS and not event.modifiers():
            return False
        return self._transcript.handle_key(event)

    def _press(self, edit: TextEdit, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        spot = self.spot_at(self._pointer)
        self._pressed, self.pressed = edit, spot.message_id
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._selection.can_extend:
            edit.setFocus(Qt.FocusReason.MouseFocusReason)
            self._is_wide_drag = True
            self._selection.extend(spot)
            return True
        self._is_wide_drag = False
        self._selection.begin(spot, edit)
        return False

    def _move(self, edit: TextEdit, event: QMouseEvent) -> bool:
        if not event.buttons() & Qt.MouseButton.LeftButton or self._pressed is not edit:
            return False
        y = event.position().y()
        if not self._is_wide_drag and 0 <= y < edit.viewport().height() and not self._overshoot():
            return False
        if self._overshoot():
            if not self._scrolling.isActive():
                self._scrolling.start()
        else:
            self._scrolling.stop()
        self._is_wide_drag = True
        self._selection.extend(self.spot_at(self._pointer))
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() == Qt.MouseButton.LeftButton:
            self._scrolling.stop()
            self._pressed = self.pressed = None
            if self._is_wide_drag:
                self._is_wide_drag = False
                # the block sets the selection for the middle click to its own part: after that
                QTimer.singleShot(0, self, self._selection.offer_middle_click)
        return False

    def _overshoot(self) -> int:
        """Pixels that the pointer is above (negative) or below the conversation."""
        ground = self._transcript.viewport()
        y = ground.mapFromGlobal(self._pointer).y()
        return y if y < 0 else max(0, y - ground.height() + 1)

    def _scroll_on(self) -> None:
        over = self._overshoot()
        if not over or self._pressed is None or not self.is_left_down():
            self._scrolling.stop()
            return
        step = min(max(abs(over) // 2, LEAST_STEP), MOST_STEP)
        bar = self._transcript.verticalScrollBar()
        bar.setValue(bar.value() + (step if over > 0 else -step))
        self._selection.extend(self.spot_at(self._pointer))

    def _open_menu(self, edit: TextEdit, event: QContextMenuEvent) -> None:
        link = edit.anchorAt(event.pos()) if isinstance(edit, QTextEdit) else ""
        menu = SelectionMenu(self._transcript, self._selection, link)
        menu.quote_requested.connect(self.quote_requested)
        self.menu_made.emit(menu)
        menu.popup(event.globalPos())


def _is_left_down() -> bool:
    return bool(QApplication.mouseButtons() & Qt.MouseButton.LeftButton)
