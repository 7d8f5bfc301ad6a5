"""The prompts of the library by folder, with a search; own ones can be dragged between folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTreeWidget, QTreeWidgetItem

from app.core.prompts import Prompt
from app.ui.direction import directed
from app.ui.palette_filter import Command, found
from app.ui.prompts.words import folder_words
from app.ui.sizes import text_scale
from app.ui.theme import Theme
from app.ui.tips import tip

_ID = Qt.ItemDataRole.UserRole
_FOLDER = Qt.ItemDataRole.UserRole + 1  # of an own folder, as a path; None elsewhere
_KEY = Qt.ItemDataRole.UserRole + 2  # of a node with others below it
BUILT_IN = "built-in:"
UNSAVED = "•"
ARROW, INDENT = 14, 16  # pixels at 100 % text


class PromptTree(QTreeWidget):
    """Own folders and prompts, then those that come with Inglenook below a node of theirs."""

    chosen = Signal(str)  # the id of the prompt that is current now; empty without one
    opened = Signal(str)  # Enter or a double click
    delete_requested = Signal(list)  # list[str]
    moved = Signal(list, str)  # ids of own prompts, the folder's path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._items: dict[str, QTreeWidgetItem] = {}
        self._collapsed: set[str] = set()
        self._is_filling = False
        self._own: set[str] = set()
        self.setObjectName("promptTree")
        self.setAccessibleName(self.tr("Prompts"))
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.currentItemChanged.connect(lambda _now, _before: self._tell_current())
        self.itemActivated.connect(self._activate)
        self.itemExpanded.connect(lambda item: self._note_fold(item, is_open=True))
        self.itemCollapsed.connect(lambda item: self._note_fold(item, is_open=False))
        theme.changed.connect(self._restyle)

    def show_prompts(
        self, prompts: Sequence[Prompt], unsaved: Collection[str], query: str = ""
    ) -> None:
        """Fill it anew; what was current stays so. With a `query` what fits, the best first."""
        before = self.current_id()
        self._is_filling = True
        self.clear()
        self._items = {}
        nodes: dict[str, QTreeWidgetItem] = {}
        self._own = {prompt.id for prompt in prompts if not prompt.is_built_in}
        if query.strip():
            for prompt in _fitting(prompts, query):
                self._add(None, prompt, prompt.id in unsaved)
        else:
            for prompt in prompts:
                parent = self._folder_for(prompt, nodes)
                self._add(parent, prompt, prompt.id in unsaved)
        self._restyle()
        self._is_filling = False
        self.show_current(before if before in self._items else "")

    def current_id(self) -> str:
        """The id of the current prompt; empty where it is a folder, or nothing is."""
        item = self.currentItem()
        return str(item.data(0, _ID) or "") if item is not None else ""

    def show_current(self, prompt_id: str) -> None:
        """Make a prompt current, without telling of it."""
        self.blockSignals(True)
        item = self._items.get(prompt_id)
        self.setCurrentItem(item)  # type: ignore[arg-type]  # None is none
        if item is not None:
            self.scrollToItem(item)
        self.blockSignals(False)

    def enter(self) -> None:
        """The keyboard comes from the search: to the first prompt, where none is current."""
        first = next(iter(self._items.values()), None)
        if not self.current_id() and first is not None:
            self.setCurrentItem(first)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def selected_ids(self) -> list[str]:
        """What is selected, the prompts below a selected folder too, in order."""
        found_ids: list[str] = []
        for item in self.selectedItems():
            found_ids += _ids_below(item)
        return list(dict.fromkeys(found_ids))

    def ids(self) -> list[str]:
        """Every prompt on show."""
        return list(self._items)

    def folder_at(self, item: QTreeWidgetItem | None) -> str | None:
        """The own folder that a drop on `item` goes into; None where none may be dropped."""
        if item is None:
            return ""
        if str(item.data(0, _KEY) or "").startswith(BUILT_IN):
            return None
        if item.data(0, _FOLDER) is not None:
            return str(item.data(0, _FOLDER))
        if str(item.data(0, _ID)) not in self._own:
            return None
        return self.folder_at(item.parent())

    def drop_on(self, item: QTreeWidgetItem | None) -> bool:
        """Move the selected own prompts into the folder of `item`; whether that was possible."""
        ids = [prompt_id for prompt_id in self.selected_ids() if prompt_id in self._own]
        folder = self.folder_at(item)
        if folder is None or not ids:
            return False
        self.moved.emit(ids, folder)
        return True

    def drawBranches(  # noqa: N802 - Qt's name
        self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The window's own arrows before what can be folded, and no ground of their own."""
        painter.fillRect(rect, QColor(self._theme.colours.sidebar))
        item = self.itemFromIndex(index)
        if item is None or not item.childCount():
            return
        icon = "chevron-down" if item.isExpanded() else directed("chevron-right")
        side = round(ARROW * text_scale())
        box = QRect(0, 0, side, side)
        box.moveCenter(rect.center())
        if self.isRightToLeft():
            box.moveLeft(rect.left() + 1)
        else:
            box.moveRight(rect.right() - 1)
        self._theme.icon(icon, self._theme.colours.muted).paint(painter, box)

    # filling

    def _folder_for(
        self, prompt: Prompt, nodes: dict[str, QTreeWidgetItem]
    ) -> QTreeWidgetItem | None:
        parent: QTreeWidgetItem | None = None
        key = ""
        if prompt.is_built_in:
            key = BUILT_IN
            parent = nodes.get(key) or self._node(None, key, self.tr("Comes with Inglenook"), None)
            nodes[key] = parent
        path = ""
        for part in (part for part in prompt.folder.split("/") if part):
            path = f"{path}/{part}" if path else part
            key = f"{BUILT_IN if prompt.is_built_in else 'own:'}{path}"
            if key not in nodes:
                own = None if prompt.is_built_in else path
                nodes[key] = self._node(parent, key, part, own)
            parent = nodes[key]
        return parent

    def _node(
        self, parent: QTreeWidgetItem | None, key: str, text: str, folder: str | None
    ) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text])
        item.setData(0, _KEY, key)
        item.setData(0, _FOLDER, folder)
        item.setToolTip(0, tip(text))
        self._place(parent, item)
        item.setExpanded(key not in self._collapsed)
        return item

    def _add(self, parent: QTreeWidgetItem | None, prompt: Prompt, is_unsaved: bool) -> None:
        title = prompt.title or self.tr("New prompt")
        item = QTreeWidgetItem([f"{title} {UNSAVED}" if is_unsaved else title])
        item.setData(0, _ID, prompt.id)
        where = folder_words(prompt.folder)
        name = f"/{prompt.name}" if prompt.name else ""
        hint = " · ".join(part for part in (title, name, where) if part)
        item.setToolTip(0, tip(hint))
        words = self.tr("{title}, not saved").replace("{title}", title) if is_unsaved else title
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, words)
        self._place(parent, item)
        self._items[str(prompt.id)] = item

    def _place(self, parent: QTreeWidgetItem | None, item: QTreeWidgetItem) -> None:
        if parent is None:
            self.addTopLevelItem(item)
        else:
            parent.addChild(item)

    def _restyle(self) -> None:
        colours = self._theme.colours
        folder = self._theme.icon("folder", colours.muted)
        page = self._theme.icon("file-text", colours.muted)
        waiting = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        self.setIconSize(QSize(16, 16) * text_scale())
        self.setIndentation(round(INDENT * text_scale()))
        height = self.fontMetrics().lineSpacing() + 12
        while waiting:
            item = waiting.pop()
            if item is None:
                continue
            item.setIcon(0, page if item.data(0, _ID) else folder)
            item.setSizeHint(0, QSize(0, height))
            waiting += [item.child(row) for row in range(item.childCount())]

    # what the person does

    def _tell_current(self) -> None:
        if not self._is_filling:
            self.chosen.emit(self.current_id())

    def _activate(self, item: QTreeWidgetItem) -> None:
        if item.data(0, _ID):
            self.opened.emit(str(item.data(0, _ID)))

    def _note_fold(self, item: QTreeWidgetItem, *, is_open: bool) -> None:
        if not self._is_filling:
            change = self._collapsed.discard if is_open else self._collapsed.add
            change(str(item.data(0, _KEY)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.selected_ids():
            self.delete_requested.emit(self.selected_ids())
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is self:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        super().dragMoveEvent(event)
        item = self.itemAt(event.position().toPoint())
        if event.source() is self and self.folder_at(item) is not None:
            event.accept()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """The library moves them, and the tree is filled anew."""
        if event.source() is self:
            self.drop_on(self.itemAt(event.position().toPoint()))
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()


def _fitting(prompts: Sequence[Prompt], query: str) -> list[Prompt]:
    by_id = {prompt.id: prompt for prompt in prompts}
    commands = [
        Command(p.id, p.title, keywords=f"{p.name} {p.folder} {p.description}") for p in prompts
    ]
    return [by_id[command.id] for command in found(query, commands)]  # type: ignore[index]


def _ids_below(item: QTreeWidgetItem | None) -> list[str]:
    if item is None:
        return []
    if item.data(0, _ID):
        return [str(item.data(0, _ID))]
    return [key for row in range(item.childCount()) for key in _ids_below(item.child(row))]
