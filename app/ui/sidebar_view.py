"""The list of the sidebar: its keys, collapsing, dragging and dropping, and a place that stays."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
)
from PySide6.QtWidgets import QListView

from app.core.entities import Conversation
from app.ui.counts import Counts
from app.ui.sidebar_drop import carried
from app.ui.sidebar_model import ConversationList
from app.ui.sidebar_rows import Heading
from app.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ConversationView(QListView):
    """Rows of headings and conversations; several conversations may be selected."""

    open_requested = Signal(str)
    delete_requested = Signal(object)  # list[str]
    menu_requested = Signal(QModelIndex, QPoint)  # at a place on the screen
    dropped = Signal(object, object)  # list[str], Heading
    drag_changed = Signal(bool)  # whether conversations are being dragged
    left_upwards = Signal()  # Up on the first row

    def __init__(self, model: ConversationList, theme: Theme) -> None:
        super().__init__()
        self._model, self._theme = model, theme
        self._anchor: tuple[QPersistentModelIndex, int] | None = None
        self._is_menu_press = False
        self.target: Heading | None = None  # what a drag is over
        self.setModel(model)
        self.setObjectName("conversationList")
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setDragDropMode(QListView.DragDropMode.DragDrop)
        self.setDropIndicatorShown(False)
        self.clicked.connect(self._clicked)
        model.layoutAboutToBeChanged.connect(self._remember_place)
        model.layoutChanged.connect(self._keep_place)

    def selected(self) -> list[Conversation]:
        """The selected conversations, from top to bottom."""
        return self._model.conversations_at(self.selectedIndexes())

    def choose(self, row: int) -> None:
        """Select one row alone and make it current."""
        self.selectionModel().setCurrentIndex(
            self._model.index(row), QItemSelectionModel.SelectionFlag.ClearAndSelect
        )

    def activate(self, index: Index) -> None:
        """What Enter and a click do: open a conversation, collapse or expand a heading."""
        row = self._model.row(index)
        if isinstance(row, Conversation):
            self.open_requested.emit(row.id)
        elif row is not None:
            self._model.toggle(row.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, current = event.key(), self.currentIndex()
        row = self._model.row(current)
        bare = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        is_editing = self.state() == QListView.State.EditingState  # its keys come by here too
        if bare != Qt.KeyboardModifier.NoModifier or row is None or is_editing:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) or (
            key == Qt.Key.Key_Space and isinstance(row, Heading)
        ):
            self.activate(current)
        elif key == Qt.Key.Key_Delete:
            if isinstance(row, Conversation) and self.selected():
                self.delete_requested.emit([c.id for c in self.selected()])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            is_inwards = (key == Qt.Key.Key_Left) == self.isRightToLeft()
            self._step(row, current.row(), is_inwards=is_inwards)
        elif key == Qt.Key.Key_Up and current.row() == 0:
            self.left_upwards.emit()
        else:
            super().keyPressEvent(event)

    def _step(self, row: Heading | Conversation, place: int, *, is_inwards: bool) -> None:
        """As in trees: outwards to the heading and to collapse it, inwards to expand and enter."""
        if isinstance(row, Conversation):
            heading = self._model.heading_above(place)
            if heading is not None and not is_inwards:
                self.choose(self._model.row_of_heading(heading.key))
        elif row.is_collapsed == is_inwards:
            self._model.toggle(row.key)
        elif is_inwards and row.count:
            self.choose(place + 1)

    def selectionCommand(  # noqa: N802 - Qt's name
        self, index: Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        """A click on a heading leaves the selection alone."""
        if isinstance(event, QMouseEvent) and isinstance(self._model.row(index), Heading):
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = event.position().toPoint()
        index = self.indexAt(spot)
        is_left = event.button() == Qt.MouseButton.LeftButton
        self._is_menu_press = is_left and self.menu_rect(index).contains(spot)
        if not self._is_menu_press:
            super().mousePressEvent(event)
            return
        is_conversation = isinstance(self._model.row(index), Conversation)
        if is_conversation and not self.selectionModel().isSelected(index):
            self.choose(index.row())
        self.menu_requested.emit(index, event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_menu_press:  # else it would count as a click on the row
            self._is_menu_press = False
            return
        super().mouseReleaseEvent(event)

    def _clicked(self, index: QModelIndex) -> None:
        """Without Ctrl and Shift, which select."""
        if QGuiApplication.keyboardModifiers() == Qt.KeyboardModifier.NoModifier:
            self.activate(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second click of two is a click like the first."""
        self.mousePressEvent(event)

    def menu_rect(self, index: QModelIndex) -> QRect:
        """Where the button for the menu of a row is; empty where it has none."""
        row = self._model.row(index)
        if row is None or (isinstance(row, Heading) and row.folder_id is None):
            return QRect()
        spot = menu_rect(self.visualRect(index), self.layoutDirection())
        return spot.adjusted(-6, 0, 8, 0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self.currentIndex()
            self.scrollTo(index)
            where = self.viewport().mapToGlobal(self.visualRect(index).center())
        else:
            index, where = self.indexAt(event.pos()), event.globalPos()
        if index.isValid():
            self.menu_requested.emit(index, where)

    # dragging

    def startDrag(self, actions: Qt.DropAction) -> None:  # noqa: N802
        chosen = self.selected()
        if not chosen:
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData(self.selectedIndexes()))
        drag.setPixmap(self._picture(chosen))
        self.drag_changed.emit(True)
        try:
            drag.exec(Qt.DropAction.MoveAction)
        finally:
            self._aim(None)
            self.drag_changed.emit(False)

    def _picture(self, chosen: list[Conversation]) -> QPixmap:
        """What is under the pointer in a drag: the title, or how many."""
        words = self._model.title_text(chosen[0])
        if len(chosen) > 1:
            words = Counts().conversations(len(chosen))
        metrics, colours = QFontMetrics(self.font()), self._theme.colours
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, 220)
        size = metrics.size(0, words)
        ratio = self.devicePixelRatioF()
        picture = QPixmap(int((size.width() + 24) * ratio), int((size.height() + 12) * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(colours.surface))
        painter.setPen(QColor(colours.accent))
        frame = QRect(0, 0, size.width() + 23, size.height() + 11)
        painter.drawRoundedRect(frame, 6, 6)
        painter.setPen(QColor(colours.text))
        painter.setFont(self.font())
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
        return picture

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if carried(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)  # scrolls near the edges
        self._aim(self._heading_at(event.position().toPoint()))
        if self.target is not None and carried(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._aim(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        target, ids = self._heading_at(event.position().toPoint()), carried(event.mimeData())
        self._aim(None)
        self.stopAutoScroll()
        self.setState(QListView.State.NoState)
        if target is not None and ids:
            event.acceptProposedAction()
            self.dropped.emit(ids, target)

    def _heading_at(self, spot: QPoint) -> Heading | None:
        index = self.indexAt(spot)
        return self._model.heading_above(index.row()) if index.isValid() else None

    def _aim(self, target: Heading | None) -> None:
        if target != self.target:
            self.target = target
            self.viewport().update()

    # staying where one reads

    def _remember_place(self) -> None:
        top = self.indexAt(QPoint(self.viewport().width() // 2, 1))
        has_scrolled = self.verticalScrollBar().value() > 0 and top.isValid()
        self._anchor = (
            (QPersistentModelIndex(top), self.visualRect(top).top()) if has_scrolled else None
        )

    def _keep_place(self) -> None:
        """What came or went above the rows on show does not move them."""
        anchor, self._anchor = self._anchor, None
        if anchor is None or not anchor[0].isValid():
            return
        self.executeDelayedItemsLayout()
        now = self.visualRect(self._model.index(anchor[0].row())).top()
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + now - anchor[1])


def menu_rect(row: QRect, direction: Qt.LayoutDirection) -> QRect:
    """The menu button's place in a row, at the end of the line."""
    size = 16
    left = row.left() + 16 if direction == Qt.LayoutDirection.RightToLeft else row.right() - 31
    return QRect(left, row.top() + 1, size, row.height() - 2)
