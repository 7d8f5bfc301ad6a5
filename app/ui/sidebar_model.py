"""The rows of the sidebar as a Qt model that changes without disturbing what a view shows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import date, datetime

from PySide6.QtCore import (
    QAbstractListModel,
    QDate,
    QLocale,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import QWidget

from app.core.entities import Conversation, ConversationId, Folder
from app.ui.sidebar_drop import carry
from app.ui.sidebar_rows import Heading, Row, Section, arrange, key_of, tag_counts
from app.ui.tips import tip
from app.ui.words import number_text

Index = QModelIndex | QPersistentModelIndex
ID_ROLE = int(Qt.ItemDataRole.UserRole)
ROW_ROLE = ID_ROLE + 1  # the Heading or Conversation itself
NAME_LENGTH = 200  # characters at most of a title or a folder's name
DAY_CHECK_MS = 60_000


class ConversationList(QAbstractListModel):
    """Conversations under their headings; a new name goes out as a wish, not into the model."""

    rename_requested = Signal(str, str)
    folder_renamed = Signal(str, str)
    collapsed_changed = Signal(object)  # set[str] of headings' keys
    tags_changed = Signal()  # other tags, or other counts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conversations: list[Conversation] = []
        self._folders: list[Folder] = []
        self._collapsed: set[str] = {Section.ARCHIVE.value}
        self._tags: list[tuple[str, int]] = []
        self._filter: frozenset[str] = frozenset()
        self._rows: list[Row] = []
        self._places: dict[str, int] = {}
        self._heading_rows: list[int] = []
        self._today = datetime.now().date()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._look_at_calendar)
        self._clock.start(DAY_CHECK_MS)

    def show(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder] | None = None
    ) -> None:
        """Show these, newest first, without losing selection, place or what is being edited.

        Without `folders` they stay as they are.
        """
        self._conversations = list(conversations)
        if folders is not None:
            self._folders = list(folders)
        tags = tag_counts(self._conversations)
        has_other_tags, self._tags = tags != self._tags, tags
        self._filter &= {name for name, _ in tags}
        self._arrange()
        if has_other_tags:
            self.tags_changed.emit()

    @property
    def folders(self) -> Sequence[Folder]:
        """All folders, in their order."""
        return self._folders

    @property
    def tags(self) -> Sequence[tuple[str, int]]:
        """All tags with their number of conversations, the most used first."""
        return self._tags

    @property
    def tag_filter(self) -> frozenset[str]:
        """Only conversations with all of these are shown; empty shows all."""
        return self._filter

    def filter_by_tags(self, names: Collection[str]) -> None:
        """Narrow the list to conversations that have all these tags."""
        self._filter = frozenset(names)
        self._arrange()

    @property
    def collapsed(self) -> set[str]:
        """The keys of headings that hide their conversations."""
        return set(self._collapsed)

    def set_collapsed(self, keys: Collection[str]) -> None:
        """Collapse just these, as it was remembered; tells nobody."""
        self._collapsed = set(keys)
        self._arrange()

    def toggle(self, key: str) -> None:
        """Collapse a heading's group, or open it again."""
        self._collapsed ^= {key}
        self._arrange()
        self.collapsed_changed.emit(self.collapsed)

    def row(self, index: Index) -> Row | None:
        """What is in a row."""
        return self._rows[index.row()] if index.isValid() else None

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation of that id, on show or not."""
        return next((c for c in self._conversations if c.id == conversation_id), None)

    def conversations_of(self, ids: Collection[str]) -> list[Conversation]:
        """The conversations of these ids, in the order of the list."""
        wanted = set(ids)
        return [c for c in self._conversations if c.id in wanted]

    def conversations_at(self, indexes: Sequence[Index]) -> list[Conversation]:
        """The conversations in these rows, from top to bottom."""
        rows = sorted({index.row() for index in indexes if index.isValid()})
        return [row for row in map(self._rows.__getitem__, rows) if isinstance(row, Conversation)]

    def titles(self) -> list[str]:
        """The titles on show, from top to bottom."""
        return [row.title for row in self._rows if isinstance(row, Conversation)]

    def ids(self) -> list[ConversationId]:
        """The conversations on show, from top to bottom."""
        return [row.id for row in self._rows if isinstance(row, Conversation)]

    def row_of(self, conversation_id: ConversationId | str | None) -> int:
        """The row of a conversation, -1 if it is not on show."""
        return self._places.get(conversation_id or "", -1)

    def row_of_heading(self, key: str) -> int:
        """The row of a heading, -1 without one."""
        return self._places.get(f"#{key}", -1)

    def heading_above(self, row: int) -> Heading | None:
        """The heading a row belongs to; a heading belongs to itself."""
        place = bisect_right(self._heading_rows, row) - 1
        found = self._rows[self._heading_rows[place]] if place >= 0 else None
        return found if isinstance(found, Heading) else None

    def heading_text(self, heading: Heading) -> str:
        """The words of a heading in the person's language."""
        if heading.section is Section.FOLDER:
            return heading.name
        if heading.start is not None:
            # the format of a month in dates of Qt, such as MMMM yyyy or yyyy年M月
            day = QDate(heading.start.year, heading.start.month, 1)
            return QLocale().toString(day, self.tr("MMMM yyyy"))
        return {
            Section.PINNED: self.tr("Pinned"),
            Section.TODAY: self.tr("Today"),
            Section.YESTERDAY: self.tr("Yesterday"),
            Section.WEEK: self.tr("Previous 7 days"),
            Section.DAYS_30: self.tr("Previous 30 days"),
            Section.ARCHIVE: self.tr("Archive"),
        }[heading.section]

    def title_text(self, conversation: Conversation) -> str:
        """A title in one line, never empty."""
        return " ".join(conversation.title.split()) or self.tr("Untitled")

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._about(row))
        is_text = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole)
        if isinstance(row, Heading):
            if is_text:
                return self.heading_text(row)
            return self._heard_heading(row) if role == Qt.ItemDataRole.AccessibleTextRole else None
        if role == ID_ROLE:
            return row.id
        if is_text:
            return row.title if role == Qt.ItemDataRole.EditRole else self.title_text(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = self.title_text(row)
            if not row.tags:
                return words
            spoken = self.tr("{title}, tags: {tags}").replace("{tags}", ", ".join(row.tags))
            return spoken.replace("{title}", words)
        return None

    def _about(self, row: Row) -> str:
        """What the pointer is told of a row: all of its name, which may be cut, and its tags."""
        if isinstance(row, Heading):
            return self.heading_text(row)
        words = self.title_text(row)
        return f"{words}\n{', '.join(row.tags)}" if row.tags else words

    def _heard_heading(self, heading: Heading) -> str:
        """What a screen reader says of a heading."""
        words = (
            self.tr("{name}, collapsed, {count}")
            if heading.is_collapsed
            else self.tr("{name}, expanded, {count}")
        )
        if heading.section is Section.FOLDER:
            words = self.tr("Folder {name}").replace("{name}", words)
        words = words.replace("{count}", number_text(heading.count))
        return words.replace("{name}", self.heading_text(heading))

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name, row = " ".join(str(value).split())[:NAME_LENGTH], self.row(index)
        if role != Qt.ItemDataRole.EditRole or not name or row is None:
            return False
        if isinstance(row, Conversation):
            if name != row.title:
                self.rename_requested.emit(row.id, name)
        elif row.folder_id is None:
            return False
        elif name != row.name:
            self.folder_renamed.emit(row.folder_id, name)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self.row(index)
        if row is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
        if isinstance(row, Conversation):
            flags |= Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        if isinstance(row, Conversation) or row.folder_id is not None:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def mimeData(self, indexes: Sequence[Index]) -> QMimeData:
        return carry([c.id for c in self.conversations_at(indexes)])

    def _arrange(self) -> None:
        """Work out the rows and change to them; what views remember of rows goes along."""
        rows = arrange(
            self._conversations, self._folders, self._collapsed, self._filter, self._today
        )
        places = {key_of(row): place for place, row in enumerate(rows)}
        if list(places) == list(self._places):
            changed = [i for i, (a, b) in enumerate(zip(rows, self._rows, strict=True)) if a != b]
            self._rows = rows
            if changed:
                self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [key_of(self._rows[index.row()]) for index in before]
        self._rows, self._places = rows, places
        self._heading_rows = [i for i, row in enumerate(rows) if isinstance(row, Heading)]
        after = [self.index(places[key]) if key in places else QModelIndex() for key in keys]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _look_at_calendar(self) -> None:
        """A new day moves conversations from Today to Yesterday."""
        today: date = datetime.now().date()
        if today != self._today:
            self._today = today
            self._arrange()
