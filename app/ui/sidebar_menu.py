"""The context menus of the sidebar: of one or several conversations, and of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.core.entities import Conversation, Folder
from app.ui.theme import Theme


class ConversationMenu(QMenu):
    """What can be done with conversations; signals tell what was chosen."""

    open_requested = Signal(str)
    window_requested = Signal(str)
    edit_requested = Signal()  # rename in place
    title_requested = Signal(str)
    pinned = Signal(object, bool)  # list[str] of ids
    archived = Signal(object, bool)
    moved = Signal(object, str)  # to the folder's id, empty for none
    new_folder_requested = Signal(object)
    tagged = Signal(object, str)
    untagged = Signal(object, str)
    new_tag_requested = Signal(object)
    export_requested = Signal(object)
    delete_requested = Signal(object)

    def __init__(
        self,
        theme: Theme,
        conversations: Sequence[Conversation],
        folders: Sequence[Folder],
        tags: Sequence[str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._theme = theme
        self._conversations = conversations
        self._ids: list[str] = [c.id for c in conversations]
        if len(conversations) == 1:
            self._add_single(self._ids[0])
        self._add_pin()
        self._add_folders(folders)
        self._add_tags(tags)
        self._add_archive()
        self.addSeparator()
        self._add("upload", self.tr("Export…"), lambda: self.export_requested.emit(self._ids))
        words = self.tr("Delete")
        if len(self._ids) > 1:
            words = self.tr("Delete %Ln conversations", "", len(self._ids))
        delete = self._add("trash-2", words, lambda: self.delete_requested.emit(self._ids))
        delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)

    def _add(self, icon: str, text: str, chosen: Callable[[], object]) -> QAction:
        action = self.addAction(self._theme.icon(icon), text)
        action.triggered.connect(lambda: chosen())
        return action

    def _add_single(self, one: str) -> None:
        """What needs just one conversation."""
        self._add("message-square", self.tr("Open"), lambda: self.open_requested.emit(one))
        words = self.tr("Open in a new window")
        self._add("app-window", words, lambda: self.window_requested.emit(one))
        self.addSeparator()
        rename = self._add("pencil", self.tr("Rename"), self.edit_requested.emit)
        rename.setShortcut(QKeySequence(Qt.Key.Key_F2))
        rename.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        words = self.tr("Suggest a title")
        self._add("sparkles", words, lambda: self.title_requested.emit(one))
        self.addSeparator()

    def _add_pin(self) -> None:
        if all(c.is_pinned for c in self._conversations):
            self._add("pin-off", self.tr("Unpin"), lambda: self.pinned.emit(self._ids, False))
        else:
            self._add("pin", self.tr("Pin"), lambda: self.pinned.emit(self._ids, True))

    def _add_archive(self) -> None:
        if all(c.is_archived for c in self._conversations):
            words = self.tr("Take out of the archive")
            self._add("archive-restore", words, lambda: self.archived.emit(self._ids, False))
        else:
            words = self.tr("Archive")
            self._add("archive", words, lambda: self.archived.emit(self._ids, True))

    def _add_folders(self, folders: Sequence[Folder]) -> None:
        menu = self.addMenu(self._theme.icon("folder"), self.tr("Move to folder"))
        self.folder_menu = menu
        inside = {c.folder_id for c in self._conversations}
        for folder in folders:
            action = menu.addAction(_plain(folder.name))
            action.setCheckable(True)
            action.setChecked(inside == {folder.id})
            action.triggered.connect(
                lambda _checked, chosen=folder.id: self.moved.emit(self._ids, chosen)
            )
        if folders:
            menu.addSeparator()
        make = menu.addAction(self._theme.icon("folder-plus"), self.tr("New folder…"))
        make.triggered.connect(lambda: self.new_folder_requested.emit(self._ids))
        if inside != {None}:
            none = menu.addAction(self.tr("No folder"))
            none.triggered.connect(lambda: self.moved.emit(self._ids, ""))

    def _add_tags(self, tags: Sequence[str]) -> None:
        menu = self.addMenu(self._theme.icon("tag"), self.tr("Tags"))
        self.tag_menu = menu
        for name in sorted(tags, key=str.casefold):
            action = menu.addAction(_plain(name))
            action.setCheckable(True)
            action.setChecked(all(name in c.tags for c in self._conversations))
            action.triggered.connect(lambda is_on, name=name: self._tag(name, is_on=is_on))
        if tags:
            menu.addSeparator()
        make = menu.addAction(self.tr("New tag…"))
        make.triggered.connect(lambda: self.new_tag_requested.emit(self._ids))

    def _tag(self, name: str, *, is_on: bool) -> None:
        (self.tagged if is_on else self.untagged).emit(self._ids, name)


class FolderMenu(QMenu):
    """What can be done with a folder."""

    edit_requested = Signal()  # rename in place
    delete_requested = Signal()
    new_folder_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = self.addAction(theme.icon("pencil"), self.tr("Rename"))
        rename.triggered.connect(self.edit_requested)
        make = self.addAction(theme.icon("folder-plus"), self.tr("New folder…"))
        make.triggered.connect(self.new_folder_requested)
        self.addSeparator()
        words = self.tr("Delete the folder, keep its conversations")
        delete = self.addAction(theme.icon("trash-2"), words)
        delete.triggered.connect(self.delete_requested)


def _plain(name: str) -> str:
    """A person's words, in which & is no mark of a key."""
    return name.replace("&", "&&")
