"""Joins the sidebar and the bin to the conversations: order, search, drag and drop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.entities import (
    Binned,
    Conversation,
    ConversationId,
    Folder,
    FolderId,
    MessageId,
    SearchHit,
)
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.ports import ConversationsListener
from app.services.titles import Titles
from app.ui.main_window import MainWindow
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.bin_page import BinPage


class SidebarControl(QObject, ConversationsListener):
    """What the person does in the sidebar becomes a call, news become rows."""

    export_requested = Signal(object)  # list of ids
    window_requested = Signal(str)

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        chat: Chat,
        conversations: Conversations,
        titles: Titles,
        open_at: Callable[[str, str, Sequence[str]], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._chat = chat
        self._conversations = conversations
        self._sought = ""
        self._open = open_at
        self.bin: BinPage | None = None
        side = window.sidebar
        side.rename_requested.connect(lambda i, title: conversations.rename(_id(i), title))
        side.delete_requested.connect(lambda ids: conversations.delete(_ids(ids)))
        side.pinned.connect(lambda ids, is_on: conversations.pin(_ids(ids), is_on))
        side.archived.connect(lambda ids, is_on: conversations.archive(_ids(ids), is_on))
        side.moved.connect(
            lambda ids, folder: conversations.move(_ids(ids), FolderId(folder) if folder else None)
        )
        side.tagged.connect(lambda ids, name: conversations.tag(_ids(ids), name, True))
        side.untagged.connect(lambda ids, name: conversations.tag(_ids(ids), name, False))
        side.folder_added.connect(lambda name, ids: conversations.add_folder(name, _ids(ids)))
        side.folder_renamed.connect(lambda i, name: conversations.rename_folder(FolderId(i), name))
        side.folder_deleted.connect(lambda i: conversations.delete_folder(FolderId(i)))
        side.title_requested.connect(lambda i: titles.suggest(_id(i)))
        side.search_requested.connect(self._search)
        side.hit_opened.connect(lambda i, message, text: open_at(i, message, text.split()))
        side.export_requested.connect(self.export_requested)
        side.window_requested.connect(self.window_requested)
        side.bin_requested.connect(self.open_bin)
        window.language_changed.connect(self._forget_bin)
        conversations.add_listener(self)

    def leave(self) -> None:
        """The window is going."""
        self._conversations.remove_listener(self)

    def show_open(self, conversation: Conversation | None) -> None:
        """Another conversation is on show in the window."""
        self._window.sidebar.select(conversation.id if conversation else None)

    def open_next(self, step: int) -> None:
        """Open the conversation below (1) or above (-1) the one on show in the list."""
        rows = self._window.sidebar.model
        ids = rows.ids()
        if not ids:
            return
        open_id = self._chat.open_conversation_id
        place = ids.index(open_id) + step if open_id in ids else 0
        if 0 <= place < len(ids):
            self._open(ids[place], "", ())

    def open_bin(self) -> None:
        """Show what was deleted."""
        if self.bin is None:
            from app.ui.bin_page import BinPage

            self.bin = BinPage(self._theme, self._window)
            self.bin.restore_requested.connect(
                lambda i, message: self._conversations.restore(_id(i), _message(message))
            )
            self.bin.erase_requested.connect(
                lambda i, message: self._conversations.erase(_id(i), _message(message))
            )
            self.bin.empty_requested.connect(self._conversations.empty_bin)
        self._show_bin()
        self.bin.open()

    def _forget_bin(self) -> None:
        """It is made again when it is asked for, in another language."""
        if self.bin is not None:
            self.bin.hide()
            self.bin.deleteLater()
            self.bin = None

    def conversations_changed(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        side, open_id = self._window.sidebar, self._chat.open_conversation_id
        side.show_conversations(conversations, folders)
        side.select(open_id)
        self._window.show_title(next((c.title for c in conversations if c.id == open_id), ""))
        if self.bin is not None and self.bin.isVisible():
            self._show_bin()
        if self._sought:  # what was found may be gone, or be called otherwise
            self._search(self._sought)

    def conversations_deleted(self, conversations: Sequence[Conversation]) -> None:
        if len(conversations) == 1:
            words = self.tr("Deleted “{title}”").replace("{title}", conversations[0].title)
        else:
            words = self.tr("Deleted %n conversations", "", len(conversations))
        self._window.toast.show_text(words, with_undo=True)

    def bin_restored(self, ids: Sequence[ConversationId]) -> None:
        if self._chat.open_conversation_id is None and len(ids) == 1:
            self._open(ids[0], "", ())

    def message_deleted(self, conversation_id: ConversationId, excerpt: str) -> None:
        words = self.tr("Deleted “{title}” and what followed").replace("{title}", excerpt)
        self._window.toast.show_text(words, with_undo=True)

    def _show_bin(self) -> None:
        def show(items: list[Binned]) -> None:
            if self.bin is not None:
                self.bin.show_items(items)

        self._conversations.find_binned(show)

    def _search(self, text: str) -> None:
        self._sought = text
        if not text.strip():
            return

        def show(hits: list[SearchHit]) -> None:
            if text == self._sought:
                self._window.sidebar.show_hits(text, hits)

        self._conversations.find(text, show)


def _id(text: str) -> ConversationId:
    return ConversationId(text)


def _ids(texts: Sequence[str] | str) -> list[ConversationId]:
    return [ConversationId(t) for t in ([texts] if isinstance(texts, str) else texts)]


def _message(text: str) -> MessageId | None:
    return MessageId(text) if text else None
