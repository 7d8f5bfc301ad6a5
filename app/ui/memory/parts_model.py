"""The parts of the context as rows: what is told before the turns, each message, each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QStringListModel, Qt
from PySide6.QtWidgets import QWidget

from app.core.entities import Message, Role
from app.core.memory import PartKind
from app.core.reasoning import without_reasoning
from app.services.ledger import LedgerView
from app.ui.memory.state import LEFT_OUT, MemoryState
from app.ui.memory.words import MemoryWords
from app.ui.tips import tip
from app.ui.words import number_text, percent_text

Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
BEGINNING = 160  # characters of a text that are shown
NOT_SENT = -1  # as a number of tokens


@dataclass(frozen=True, slots=True)
class Row:
    """One part. `place` is the number of its `message` in the conversation, -1 without one; `file`
    that of an attachment in the message, -1 for the message itself. `state` as in MemoryState."""

    kind: PartKind
    key: str = ""
    place: int = -1
    file: int = -1
    tokens: int = NOT_SENT
    state: str = ""
    message: str = ""

    @property
    def is_message(self) -> bool:
        """Whether it is a message, or a file of one, and can be kept or left out."""
        return self.place >= 0


class Parts(Sequence[Row]):
    """All parts in the order of the prompt, and the messages that are not sent in their places.

    A row is made when it is looked at: of ten thousand messages a screenful is.
    """

    def __init__(
        self,
        ledger: LedgerView,
        branch: Sequence[Message],
        state: MemoryState,
        before: Parts | None = None,
    ) -> None:
        """`before`: those on show, which are about the same messages while a draft is written."""
        self._branch, self._state = branch, state
        self._left_out = ledger.left_out_files
        self._tokens = {(part.kind is PartKind.ATTACHMENT, part.key): part for part in ledger.parts}
        first = (PartKind.SYSTEM, PartKind.FACTS, PartKind.SUMMARY)
        self._before = [Row(p.kind, tokens=p.tokens) for p in ledger.parts if p.kind in first]
        drafts = (part for part in ledger.parts if part.kind is PartKind.DRAFT)
        self._after = [Row(part.kind, tokens=part.tokens) for part in drafts]
        # of each row of a message: its place, and the number of a file in it or -1
        known = before.places_in(branch) if before is not None else None
        self._places: list[tuple[int, int]] = known or [
            (place, file)
            for place, message in enumerate(branch)
            for file in range(-1, len(message.attachments))
        ]

    def places_in(self, branch: Sequence[Message]) -> list[tuple[int, int]] | None:
        """Place and file of each row, where these are the same messages; else None."""
        return self._places if branch == self._branch else None

    @property
    def shape(self) -> tuple[object, ...]:
        """The same for parts that stand in the same rows."""
        kinds = [row.kind for row in (*self._before, *self._after)]
        return kinds, self._places

    def __len__(self) -> int:
        return len(self._before) + len(self._places) + len(self._after)

    def __getitem__(self, number: Any) -> Any:
        """The row with that number."""
        if isinstance(number, slice):
            return [self[n] for n in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        if number < len(self._before):
            return self._before[number]
        number -= len(self._before)
        if number < len(self._places):
            return self._row(*self._places[number])
        return self._after[number - len(self._places)]

    def number_of(self, message_id: str) -> int:
        """The row of a message; 0 if it is not there."""
        ids = (message.id for message in self._branch)
        place = next((place for place, found in enumerate(ids) if found == message_id), -1)
        return len(self._before) + self._places.index((place, -1)) if place >= 0 else 0

    def number_like(self, before: Row | None) -> int:
        """The row of the same part as `before`; the first one where there is none."""
        if before is not None and before.place >= 0:
            wanted = (before.place, before.file)
            return len(self._before) + self._places.index(wanted) if wanted in self._places else 0
        ends = (*range(len(self._before)), *range(len(self) - len(self._after), len(self)))
        kind = before.kind if before is not None else None
        return next((n for n in ends if self[n].kind is kind), 0)

    def _row(self, place: int, file: int) -> Row:
        message = self._branch[place]
        state = self._state.of.get(message.id, "")
        if file < 0:
            part = self._tokens.get((False, message.id))
            if part is None or not part.is_seen:
                return Row(PartKind.TURN, message.id, place, state=state, message=message.id)
            return Row(part.kind, message.id, place, -1, part.tokens, state, message.id)
        attachment = message.attachments[file]
        if (message.id, attachment.id) in self._left_out:
            state = LEFT_OUT
        part = self._tokens.get((True, attachment.id))
        count = part.tokens if part is not None and part.is_seen else NOT_SENT
        return Row(PartKind.ATTACHMENT, attachment.id, place, file, count, state, message.id)


class PartsModel(QStringListModel):
    """Rows of any number; texts are made for those that are looked at.

    Qt counts the strings of this kind of model itself: it asks for the number of rows twice a row.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = MemoryWords(self)
        self.rows: Sequence[Row] = ()
        self._shape: tuple[object, ...] = ()
        self._branch: Sequence[Message] = ()
        self._context = 0

    def replace(self, rows: Parts, branch: Sequence[Message], context: int) -> bool:
        """Show `rows`; true if there are other ones than before, so that the selection is gone."""
        self.rows, self._branch, self._context = rows, branch, context
        if rows.shape == self._shape:
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return False
        self._shape = rows.shape
        self.setStringList([""] * len(rows))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text_of(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            texts = (self.title_of(row), self.text_of(row), self.numbers_of(row))
            return ", ".join(t for t in (*texts, self.state_of(row)) if t)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self.state_of(row)) or None
        return None

    def title_of(self, row: Row) -> str:
        """What kind of part it is, or who wrote it."""
        if row.place < 0:
            return self._words.kind(row.kind.value)
        message = self._branch[row.place]
        if row.file >= 0:
            return message.attachments[row.file].name
        return self.tr("You") if message.role is Role.USER else self.tr("Answer")

    def text_of(self, row: Row) -> str:
        """How its text begins."""
        if row.place < 0:
            return ""
        message = self._branch[row.place]
        if row.file >= 0:
            text = message.attachments[row.file].text[: BEGINNING * 2]
        elif message.role is Role.ASSISTANT:
            text = without_reasoning(message.content)[: BEGINNING * 2]
        else:
            text = message.content[: BEGINNING * 2]
        return " ".join(text.split())[:BEGINNING]

    def numbers_of(self, row: Row) -> str:
        """Its tokens and its share of the context; that it is not sent."""
        if row.tokens == NOT_SENT:
            return self.tr("not sent")
        share = percent_text(row.tokens / self._context) if self._context > 0 else ""
        words = self.tr("{tokens} · {share}").replace("{share}", share)
        return words.replace("{tokens}", number_text(row.tokens))

    def state_of(self, row: Row) -> str:
        """What is special about it, in words."""
        return self._words.state(row.state)
