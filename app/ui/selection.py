"""A selection that goes over any number of messages, those without widgets too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QClipboard, QGuiApplication, QTextCursor

from app.core.entities import Message, MessageId, Role
from app.core.reasoning import Kind, split, without_reasoning
from app.ui.message_view import MessageView
from app.ui.transcript_anchor import TextEdit

BEHIND = 1 << 30  # a block or position after all others
MOST_FOR_MIDDLE = 1_000_000  # characters that a middle click pastes: more is copied on purpose only


class Conversation(Protocol):
    """What a selection needs of the transcript."""

    @property
    def messages(self) -> Sequence[Message]: ...
    def place_of(self, message_id: MessageId) -> int: ...
    def has_message(self, message_id: MessageId) -> bool: ...
    def view_at(self, place: int) -> MessageView | None: ...
    def ready_view(self, place: int) -> MessageView: ...
    def message_text(self, place: int) -> str: ...
    def views(self) -> list[MessageView]: ...


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a message's text: the number of the block in it, the position in its document."""

    message_id: MessageId
    block: int
    position: int


Key = tuple[int, int, int]


class Selection:
    """From one spot to another. Within one block Qt's own selection does; beyond, it is *wide*."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._anchor: Spot | None = None
        self._end: Spot | None = None  # only while it is wide

    @property
    def is_wide(self) -> bool:
        """Whether it goes over more than one block."""
        return self._end is not None

    @property
    def can_extend(self) -> bool:
        """Whether there is a spot that it can go on from."""
        return self._anchor is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        if self.is_wide:
            return False
        return not any(_has_selection(view) for view in self._conversation.views())

    def begin(self, spot: Spot, edit: TextEdit) -> None:
        """A new one begins in `edit`; what was selected elsewhere is no longer."""
        was_wide, self._end = self.is_wide, None
        self._anchor = spot
        for view in self._conversation.views():
            for other in view.text_edits():
                if was_wide or other is not edit:
                    _select(other, 0, 0)

    def extend(self, spot: Spot) -> None:
        """Select from where it began to `spot`."""
        if self._anchor is not None and spot != self._end:
            self._end = spot
            self._apply()

    def select_all(self) -> None:
        """The whole conversation."""
        messages = self._conversation.messages
        if messages:
            self._anchor = Spot(messages[0].id, 0, 0)
            self._end = Spot(messages[-1].id, BEHIND, BEHIND)
            self._apply()
            self.offer_middle_click()

    def clear(self) -> None:
        """Select nothing."""
        self._anchor = self._end = None
        for view in self._conversation.views():
            for edit in view.text_edits():
                _select(edit, 0, 0)

    def messages_changed(self) -> None:
        """Other messages are on show: it stays where both its ends do."""
        ends = [spot for spot in (self._anchor, self._end) if spot is not None]
        if not all(self._conversation.has_message(spot.message_id) for spot in ends):
            self.clear()

    def apply_to(self, view: MessageView) -> None:
        """Show in a message's widget what of it is selected."""
        if self._anchor is None or self._end is None:
            return
        first, last = self._ends()
        place = self._conversation.place_of(view.message_id)
        for number, edit in enumerate(view.text_edits()):
            begin, end = (place, number, 0), (place, number, BEHIND)
            if last <= begin or first >= end:
                _select(edit, 0, 0)
            else:
                _select(edit, max(first, begin)[2], min(last, end)[2])

    def plain(self) -> str:
        """What is selected as plain text; whole messages among several as their Markdown."""
        return self._text(is_markdown=False)

    def markdown(self) -> str:
        """What is selected as Markdown."""
        return self._text(is_markdown=True)

    def copy(self, *, is_markdown: bool = False) -> None:
        """Put it on the clipboard; nothing selected leaves the clipboard as it is."""
        text = self._text(is_markdown=is_markdown)
        if text:
            QGuiApplication.clipboard().setText(text)

    def offer_middle_click(self) -> None:
        """Where a middle click pastes what is selected, let it paste this."""
        clipboard = QGuiApplication.clipboard()
        if not self.is_wide or not clipboard.supportsSelection():
            return
        (first, *_), (last, *_) = self._ends()
        messages = self._conversation.messages[first : last + 1]
        if sum(len(message.content) for message in messages) <= MOST_FOR_MIDDLE:
            clipboard.setText(self.plain(), QClipboard.Mode.Selection)

    def _apply(self) -> None:
        for view in self._conversation.views():
            self.apply_to(view)

    def _ends(self) -> tuple[Key, Key]:
        assert self._anchor is not None
        assert self._end is not None
        one, other = self._key(self._anchor), self._key(self._end)
        return (one, other) if one <= other else (other, one)

    def _key(self, spot: Spot) -> Key:
        return self._conversation.place_of(spot.message_id), spot.block, spot.position

    def _text(self, *, is_markdown: bool) -> str:
        if not self.is_wide:
            views = self._conversation.views()
            return "\n\n".join(_selected(v, is_markdown) for v in views if _has_selection(v))
        first, last = self._ends()
        if first[0] == last[0]:
            return self._part(first[0], is_markdown)
        found: list[tuple[int, str]] = []
        for place in range(first[0], last[0] + 1):
            is_whole = (place > first[0] or first[1:] == (0, 0)) and (
                place < last[0] or self._is_at_end(last)
            )
            text = self._whole(place, is_markdown) if is_whole else self._part(place, is_markdown)
            if text.strip():
                found.append((place, text))
        if len(found) == 1:
            return found[0][1]
        return "\n\n".join(f"{self._name(place, is_markdown)}{text}" for place, text in found)

    def _whole(self, place: int, is_markdown: bool) -> str:
        """All of a message as its Markdown; its reasoning only where that is unfolded."""
        text = self._conversation.message_text(place)
        if self._conversation.messages[place].role is Role.USER:
            return text
        view = self._conversation.view_at(place)
        if view is not None and view.shows_reasoning:
            return self._part(place, is_markdown)
        has_reasoning = any(part.kind is Kind.REASONING for part in split(text))
        return without_reasoning(text) if has_reasoning else text

    def _part(self, place: int, is_markdown: bool) -> str:
        view = self._conversation.ready_view(place)
        self.apply_to(view)
        return _selected(view, is_markdown)

    def _is_at_end(self, last: Key) -> bool:
        if last[1] == BEHIND:
            return True
        edits = self._conversation.ready_view(last[0]).text_edits()
        return last[1] == len(edits) - 1 and last[2] >= edits[-1].document().characterCount() - 1

    def _name(self, place: int, is_markdown: bool) -> str:
        role = self._conversation.messages[place].role
        translate = QCoreApplication.translate
        name = (
            translate("Selection", "You")
            if role is Role.USER
            else translate("Selection", "Assistant")
        )
        return f"**{name}:**\n\n" if is_markdown else f"{name}:\n"


def _has_selection(view: MessageView) -> bool:
    return any(edit.textCursor().hasSelection() for edit in view.text_edits())


def _selected(view: MessageView, is_markdown: bool) -> str:
    return view.selected_markdown() if is_markdown else view.selected_plain()


def _select(edit: TextEdit, begin: int, end: int) -> None:
    """Select without scrolling: code keeps the columns that are on show."""
    shown = edit.textCursor()
    most = max(0, edit.document().characterCount() - 1)
    begin, end = min(begin, most), min(end, most)
    if begin == end and not shown.hasSelection():
        return
    if (shown.selectionStart(), shown.selectionEnd()) == (begin, end):
        return
    cursor = QTextCursor(edit.document())
    cursor.setPosition(end)
    cursor.setPosition(begin, QTextCursor.MoveMode.KeepAnchor)
    bar = edit.horizontalScrollBar()
    value = bar.value()
    edit.setTextCursor(cursor)
    bar.setValue(value)
