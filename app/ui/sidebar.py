"""The list of conversations: newest first, renamed in place, deleted with a way back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeySequence, QMouseEvent, QPainter, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Conversation, ConversationId
from app.ui.models_entry import ModelsEntry
from app.ui.theme import GAP, HEADING, Theme, app_icon, text_font

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 36
ID_ROLE = int(Qt.ItemDataRole.UserRole)


class ConversationList(QAbstractListModel):
    """Conversations as rows; a new title goes out as a wish, not into the model."""

    rename_requested = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conversations: list[Conversation] = []

    def show(self, conversations: Sequence[Conversation]) -> None:
        """Replace the rows; where the same ones stay in place only their titles change."""
        new = list(conversations)
        same = [c.id for c in new] == [c.id for c in self._conversations]
        if same:
            self._conversations = new
            if new:
                self.dataChanged.emit(self.index(0), self.index(len(new) - 1))
            return
        self.beginResetModel()
        self._conversations = new
        self.endResetModel()

    def row_of(self, conversation_id: ConversationId | None) -> int:
        """The row of a conversation, -1 if it is not in the list."""
        ids = [c.id for c in self._conversations]
        return ids.index(conversation_id) if conversation_id in ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._conversations)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        conversation = self._conversations[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return conversation.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return conversation.title
        return conversation.id if role == ID_ROLE else None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not title:
            return False
        if title != self._conversations[index.row()].title:
            self.rename_requested.emit(self._conversations[index.row()].id, title)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.isValid() else flags


class _RowPainter(QStyledItemDelegate):
    """Paints a row as a rounded plate with its title and, under the pointer, a menu button."""

    menu_requested = Signal(QModelIndex, QPoint)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours = self._theme.colours
        rect: QRect = option.rect.adjusted(GAP, 1, -GAP, -1)
        state: QStyle.StateFlag = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_selected or is_hovered:
            painter.setBrush(QColor(colours.selected if is_selected else colours.hover))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect, 6, 6)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(colours.accent))
            painter.drawRoundedRect(rect, 6, 6)
        text = rect.adjusted(10, 0, -34 if is_hovered else -10, 0)
        painter.setPen(QColor(colours.text))
        title = option.fontMetrics.elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, text.width()
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        if is_hovered:
            self._theme.icon("ellipsis", colours.muted).paint(painter, _menu_rect(option))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        metrics = option.fontMetrics
        return QSize(100, max(ROW_HEIGHT, metrics.height() + 16))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(option.rect.adjusted(GAP, 2, -GAP, -2))

    def editorEvent(
        self,
        event: QEvent,
        model: QAbstractItemModel,
        option: QStyleOptionViewItem,
        index: Index,
    ) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            spot = event.position().toPoint()
            if event.button() == Qt.MouseButton.LeftButton and _menu_rect(option).contains(spot):
                self.menu_requested.emit(
                    model.index(index.row(), 0), event.globalPosition().toPoint()
                )
                return True
        return super().editorEvent(event, model, option, index)


def _menu_rect(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return QRect(rect.right() - GAP - 26, rect.center().y() - 8, 18, 18)


class Sidebar(QWidget):
    """New conversation and the models on top, the conversations below."""

    new_requested = Signal()
    models_requested = Signal()
    open_requested = Signal(str)
    rename_requested = Signal(str, str)
    delete_requested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self.model = ConversationList(self)
        self.model.rename_requested.connect(self.rename_requested)
        self._make_view()
        self.new_button = QToolButton()
        self.new_button.setObjectName("newButton")
        self.new_button.setToolTip(self.tr("New conversation (Ctrl+N)"))
        self.new_button.setAccessibleName(self.tr("New conversation"))
        self.new_button.setIconSize(QSize(20, 20))
        self.new_button.clicked.connect(self.new_requested)
        logo = QLabel()
        logo.setPixmap(app_icon().pixmap(24, 24))
        name = QLabel("Inglenook")
        name.setFont(text_font(HEADING, QFont.Weight.DemiBold))
        head = QHBoxLayout()
        head.setContentsMargins(GAP * 2, 10, GAP, 6)
        head.setSpacing(GAP)
        head.addWidget(logo)
        head.addWidget(name, 1)
        head.addWidget(self.new_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.models_entry = ModelsEntry(theme)
        self.models_entry.clicked.connect(self.models_requested)
        entry = QHBoxLayout()
        entry.setContentsMargins(GAP, 0, GAP, 6)
        entry.addWidget(self.models_entry)
        layout.addLayout(head)
        layout.addLayout(entry)
        layout.addWidget(self.view, 1)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _make_view(self) -> None:
        self.view = QListView()
        self.view.setObjectName("conversationList")
        self.view.setAccessibleName(self.tr("Conversations"))
        self.view.setModel(self.model)
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setEditTriggers(QListView.EditTrigger.EditKeyPressed)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self._painter = _RowPainter(self._theme, self.view)
        self._painter.menu_requested.connect(self._show_menu)
        self.view.setItemDelegate(self._painter)
        self.view.clicked.connect(self._open)
        self.view.activated.connect(self._open)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._show_context_menu)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.view)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._delete_current)

    def select(self, conversation_id: ConversationId | None) -> None:
        """Mark the conversation that is open; none for a new one."""
        row = self.model.row_of(conversation_id)
        if row < 0:
            self.view.clearSelection()
            self.view.setCurrentIndex(QModelIndex())
        elif self.view.currentIndex().row() != row or not self.view.selectedIndexes():
            self.view.setCurrentIndex(self.model.index(row))

    def _open(self, index: QModelIndex) -> None:
        self.open_requested.emit(str(index.data(ID_ROLE)))

    def _delete_current(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            self.delete_requested.emit(str(index.data(ID_ROLE)))

    def _show_context_menu(self, spot: QPoint) -> None:
        index = self.view.indexAt(spot)
        if index.isValid():
            self._show_menu(index, self.view.viewport().mapToGlobal(spot))

    def _show_menu(self, index: QModelIndex, where: QPoint) -> None:
        """The menu of one conversation, without a nested event loop."""
        conversation_id = str(index.data(ID_ROLE))
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(self._theme.icon("pencil"), self.tr("Rename"))
        delete = menu.addAction(self._theme.icon("trash-2"), self.tr("Delete"))
        row = QPersistentModelIndex(index)
        rename.triggered.connect(lambda: self.view.edit(self.model.index(row.row())))
        delete.triggered.connect(lambda: self.delete_requested.emit(conversation_id))
        menu.popup(where)

    def _restyle(self) -> None:
        self.new_button.setIcon(self._theme.icon("square-pen"))
        self.view.viewport().update()
