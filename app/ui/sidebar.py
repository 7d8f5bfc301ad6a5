"""The sidebar: search, tags, the conversations with their menus, and the ways to other pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Conversation, ConversationId, Folder, SearchHit
from app.ui.models_entry import ModelsEntry
from app.ui.sidebar_delegate import RowPainter
from app.ui.sidebar_drop import SidebarFoot
from app.ui.sidebar_menu import ConversationMenu, FolderMenu
from app.ui.sidebar_model import ID_ROLE, ConversationList
from app.ui.sidebar_names import NameQuestion
from app.ui.sidebar_rows import Heading, Section, changes_of_drop
from app.ui.sidebar_search import ResultsPane, SearchField
from app.ui.sidebar_tags import TagRow
from app.ui.sidebar_view import ConversationView
from app.ui.sizes import size_icon
from app.ui.theme import GAP, HEADING, Theme, app_icon, text_font

__all__ = ["ID_ROLE", "ConversationList", "Sidebar"]


class Sidebar(QWidget):
    """New conversation and the models on top, the conversations below; wishes go out as signals.

    Ids are of conversations where nothing else is said; lists of them are list[str].
    """

    new_requested = Signal()
    models_requested = Signal()
    bin_requested = Signal()
    open_requested = Signal(str)
    window_requested = Signal(str)
    rename_requested = Signal(str, str)
    title_requested = Signal(str)
    delete_requested = Signal(object)
    export_requested = Signal(object)
    pinned = Signal(object, bool)
    archived = Signal(object, bool)
    moved = Signal(object, str)  # to a folder's id, empty for none
    tagged = Signal(object, str)
    untagged = Signal(object, str)
    folder_added = Signal(str, object)  # name, conversations to put into it
    folder_renamed = Signal(str, str)  # folder's id
    folder_deleted = Signal(str)
    collapsed_changed = Signal(object)  # set[str]
    search_requested = Signal(str)
    hit_opened = Signal(str, str, str)  # conversation, message or "", what was looked for

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._open_id: ConversationId | None = None
        self.model = ConversationList(self)
        self.view = ConversationView(self.model, theme)
        self._painter = RowPainter(theme, self.view, self.model)
        self.view.setItemDelegate(self._painter)
        self.search = SearchField(theme)
        self.results = ResultsPane(theme)
        self.tags = TagRow(theme)
        self.foot = SidebarFoot(theme)
        self.models_entry = ModelsEntry(theme)
        self.new_button = QToolButton()
        self.new_button.setObjectName("newButton")
        size_icon(self.new_button, 20)
        self._make_layout()
        self._join_list()
        self._join_others()
        theme.changed.connect(self._restyle)
        self._restyle()
        self._translate()

    def _make_layout(self) -> None:
        logo = QLabel()
        logo.setPixmap(app_icon().pixmap(24, 24))
        self._name = QLabel("Inglenook")
        self._name.setFont(text_font(HEADING, QFont.Weight.DemiBold))
        self._name.setMinimumWidth(1)  # a large font must not widen the sidebar
        head = QHBoxLayout()
        head.setContentsMargins(GAP * 2, 10, GAP, 6)
        head.setSpacing(GAP)
        head.addWidget(logo)
        head.addWidget(self._name)
        head.addStretch(1)
        head.addWidget(self.new_button)
        tools = QVBoxLayout()
        tools.setContentsMargins(GAP, 0, GAP, 6)
        tools.setSpacing(6)
        for widget in (self.models_entry, self.search, self.tags):
            tools.addWidget(widget)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.view)
        self.pages.addWidget(self.results)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(tools)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.foot)

    def _join_list(self) -> None:
        self.model.rename_requested.connect(self.rename_requested)
        self.model.folder_renamed.connect(self.folder_renamed)
        self.model.collapsed_changed.connect(self.collapsed_changed)
        self.model.tags_changed.connect(self._show_tags)
        self.model.layoutChanged.connect(self._reselect)
        self.view.open_requested.connect(self.open_requested)
        self.view.delete_requested.connect(self._delete)
        self.view.menu_requested.connect(self._show_menu)
        self.view.dropped.connect(self._drop)
        self.view.left_upwards.connect(self.focus_search)
        self.view.drag_changed.connect(lambda is_on: self.foot.show_targets(is_dragging=is_on))

    def _join_others(self) -> None:
        self.new_button.clicked.connect(self.new_requested)
        self.models_entry.clicked.connect(self.models_requested)
        self.tags.chosen.connect(self.model.filter_by_tags)
        self.tags.dropped.connect(self.tagged)
        self.foot.bin_requested.connect(self.bin_requested)
        self.foot.bin_dropped.connect(self._delete)
        self.foot.pin_dropped.connect(lambda ids: self._drop_on(Section.PINNED, ids))
        self.foot.archive_dropped.connect(lambda ids: self._drop_on(Section.ARCHIVE, ids))
        self.search.search_requested.connect(self.search_requested)
        self.search.emptied.connect(self._show_list)
        self.search.emptied.connect(lambda: self.search_requested.emit(""))
        self.search.left.connect(self._leave_search)
        self.search.down_pressed.connect(self._enter_list)
        self.results.hit_opened.connect(self.hit_opened)
        self.results.left.connect(self._leave_search)
        self.results.left_upwards.connect(self.focus_search)

    # what is on show

    def show_conversations(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        """All conversations, newest change first, and the folders."""
        self.model.show(conversations, folders)

    def select(self, conversation_id: ConversationId | None) -> None:
        """Mark the conversation that is open; none for a new one.

        The same one again leaves a selection alone that the person has made meanwhile.
        """
        is_other = conversation_id != self._open_id
        self._open_id = self._painter.open_id = conversation_id
        if is_other or not self.view.selectedIndexes():
            row = self.model.row_of(conversation_id)
            if row >= 0:
                self.view.choose(row)
            elif is_other or conversation_id is None:
                self.view.clearSelection()
                self.view.setCurrentIndex(QModelIndex())
        self.view.viewport().update()

    def _reselect(self) -> None:
        """The open conversation has come back into the list, such as with its folder."""
        row = self.model.row_of(self._open_id)
        if row >= 0 and not self.view.selectedIndexes() and not self.view.hasFocus():
            self.view.choose(row)

    def set_collapsed(self, keys: Collection[str]) -> None:
        """Collapse just these headings, as `collapsed_changed` has told them."""
        self.model.set_collapsed(keys)

    def focus_search(self) -> None:
        """Go to the search field, with what is in it selected."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_hits(self, text: str, hits: Sequence[SearchHit]) -> None:
        """Show what was found for `text`; too late an answer, for another text, is ignored."""
        if text.strip() == self.search.words and text.strip():
            self.results.show_hits(text.strip(), hits)
            self.tags.hide()
            self.pages.setCurrentWidget(self.results)

    def _show_list(self) -> None:
        self.pages.setCurrentWidget(self.view)
        self._show_tags()

    def _show_tags(self) -> None:
        self.tags.show_tags(self.model.tags, self.model.tag_filter)
        if self.pages.currentWidget() is self.results:
            self.tags.hide()

    def _leave_search(self) -> None:
        self.search.clear()
        self._show_list()
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter_list(self) -> None:
        if self.pages.currentWidget() is self.results:
            self.results.enter()
        else:
            self.view.setFocus(Qt.FocusReason.TabFocusReason)

    # wishes

    def _delete(self, ids: Sequence[str]) -> None:
        if ids:
            self.delete_requested.emit(list(ids))

    def _drop_on(self, section: Section, ids: Sequence[str]) -> None:
        self._drop(ids, Heading(section, section.value, 0, is_collapsed=False))

    def _drop(self, ids: Sequence[str], target: Heading) -> None:
        found = self.model.conversations_of(ids)
        signals = {"archived": self.archived, "pinned": self.pinned, "moved": self.moved}
        for what, changed, value in changes_of_drop(found, target):
            signals[what].emit(changed, value)

    def _show_menu(self, index: QModelIndex, where: QPoint) -> None:
        """The menu of a row or of all selected ones, without a nested event loop."""
        row = self.model.row(index)
        place = QPersistentModelIndex(index)
        if isinstance(row, Heading):
            if row.folder_id is not None:
                self._show_folder_menu(row, place, where)
            return
        chosen = self.view.selected()
        if row is None or row not in chosen:
            chosen = [row] if row is not None else []
        names = [name for name, _ in self.model.tags]
        menu = ConversationMenu(self._theme, chosen, self.model.folders, names, self)
        menu.open_requested.connect(self.open_requested)
        menu.window_requested.connect(self.window_requested)
        menu.edit_requested.connect(lambda: self._edit(place))
        menu.title_requested.connect(self.title_requested)
        menu.pinned.connect(self.pinned)
        menu.archived.connect(self.archived)
        menu.moved.connect(self.moved)
        menu.new_folder_requested.connect(self._ask_folder)
        menu.tagged.connect(self.tagged)
        menu.untagged.connect(self.untagged)
        menu.new_tag_requested.connect(self._ask_tag)
        menu.export_requested.connect(self.export_requested)
        menu.delete_requested.connect(self._delete)
        menu.popup(where)

    def _show_folder_menu(self, row: Heading, place: QPersistentModelIndex, where: QPoint) -> None:
        menu = FolderMenu(self._theme, self)
        menu.edit_requested.connect(lambda: self._edit(place))
        menu.new_folder_requested.connect(lambda: self._ask_folder([]))
        menu.delete_requested.connect(lambda: self.folder_deleted.emit(row.folder_id))
        menu.popup(where)

    def _edit(self, place: QPersistentModelIndex) -> None:
        if place.isValid():
            self.view.edit(self.model.index(place.row()))

    def _ask_folder(self, ids: Sequence[str]) -> None:
        question = NameQuestion(
            self._theme, self.tr("New folder"), self.tr("Name of the folder"), parent=self
        )
        question.named.connect(lambda name: self.folder_added.emit(name, list(ids)))
        question.open()

    def _ask_tag(self, ids: Sequence[str]) -> None:
        names = [name for name, _ in self.model.tags]
        question = NameQuestion(
            self._theme, self.tr("New tag"), self.tr("Name of the tag"), names, parent=self
        )
        question.named.connect(lambda name: self.tagged.emit(list(ids), name))
        question.open()

    def _delete_current(self) -> None:
        self._delete([c.id for c in self.view.selected()])

    # look

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_name()

    def _fit_name(self) -> None:
        """The program's name is whole or not there."""
        around = 24 + self.new_button.sizeHint().width() + GAP * 5
        self._name.setVisible(self._name.sizeHint().width() + around <= self.width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self.new_button.setToolTip(self.tr("New conversation (Ctrl+N)"))
        self.new_button.setAccessibleName(self.tr("New conversation"))
        self.view.setAccessibleName(self.tr("Conversations"))

    def _restyle(self) -> None:
        self.new_button.setIcon(self._theme.icon("square-pen"))
        self._fit_name()
        self.view.viewport().update()
