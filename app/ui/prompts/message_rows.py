"""The messages of a prompt that is being edited: who speaks, the text, and their order."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextCursor, QTextFormat
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from app.core.prompts import PromptMessage
from app.ui.choice import Choice
from app.ui.flow import FlowLayout
from app.ui.models_parts import IconButton, TextButton, label
from app.ui.prompts.long_text import LongText
from app.ui.prompts.words import role_name, too_long
from app.ui.setting_fields import keep_from_wheel
from app.ui.theme import GAP, SMALL, Theme

ROLES = ("system", "user", "assistant")
MOST_LINES = 16


class MessageRow(QFrame):
    """One message, with what is wrong in it below its text."""

    changed = Signal()
    move_requested = Signal(int)  # -1 up, 1 down
    remove_requested = Signal()

    def __init__(self, theme: Theme, message: PromptMessage) -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName("note")
        self.role = Choice(theme, self.tr("Who speaks"))
        for role in ROLES:
            self.role.addItem(role_name(role), role)
        self.role.setCurrentIndex(max(0, self.role.findData(message.role)))
        self.role.activated.connect(lambda _row: self.changed.emit())
        keep_from_wheel(self.role)
        self.up = IconButton(theme, "chevron-up", self.tr("Move up"))
        self.down = IconButton(theme, "chevron-down", self.tr("Move down"))
        self.remove = IconButton(theme, "x", self.tr("Remove the message"))
        self.up.clicked.connect(lambda: self.move_requested.emit(-1))
        self.down.clicked.connect(lambda: self.move_requested.emit(1))
        self.remove.clicked.connect(self.remove_requested)
        self.text = LongText(most=MOST_LINES)
        self.text.show_text(message.text)
        self.text.textChanged.connect(self._text_changed)
        self.text.refused.connect(lambda count: self.show_wrong(too_long(count)))
        self.note = label(role="bad", size=SMALL)
        self.note.hide()
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.role)
        head.addStretch(1)
        for button in (self.up, self.down, self.remove):
            head.addWidget(button)
        items = QVBoxLayout(self)
        items.setContentsMargins(10, 8, 10, 10)
        items.setSpacing(6)
        items.addLayout(head)
        items.addWidget(self.text)
        items.addWidget(self.note)

    def message(self) -> PromptMessage:
        """As it is written now."""
        return PromptMessage(str(self.role.currentData()), self.text.toPlainText())

    def say(self, number: int) -> None:
        """Its number, for screen readers."""
        words = self.tr("Text of message {number}").replace("{number}", str(number))
        self.text.setAccessibleName(words)
        words = self.tr("Who speaks in message {number}").replace("{number}", str(number))
        self.role.setAccessibleName(words)

    def show_wrong(self, words: str, line: int = 0) -> None:
        """What is wrong, in which line from 1; empty takes it away."""
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.text.setAccessibleDescription(words)
        block = self.text.document().findBlockByNumber(line - 1) if line > 0 else None
        marks = []
        if words and block is not None and block.isValid():
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(block)
            cursor.clearSelection()
            mark.cursor = cursor
            made = mark.format
            made.setBackground(QColor(self._theme.colours.danger_ground))
            made.setProperty(QTextFormat.Property.FullWidthSelection, True)
            marks.append(mark)
        self.text.setExtraSelections(marks)

    def _text_changed(self) -> None:
        self.changed.emit()


class MessageRows(QWidget):
    """All of them in order; at least one."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[MessageRow] = []
        self.add_system = TextButton(theme, self.tr("Add instructions"), "plus")
        self.add_example = TextButton(theme, self.tr("Add an example"), "plus")
        self.add_message = TextButton(theme, self.tr("Add a message"), "plus")
        self.add_system.clicked.connect(self._add_system)
        self.add_example.clicked.connect(self._add_example)
        self.add_message.clicked.connect(self._add_message)
        self._column = QVBoxLayout()
        self._column.setSpacing(GAP)
        buttons = FlowLayout()
        buttons.setSpacing(GAP)
        for button in (self.add_system, self.add_example, self.add_message):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(GAP)
        items.addLayout(self._column)
        items.addLayout(buttons)

    def show_messages(self, messages: Sequence[PromptMessage]) -> None:
        """Those of another prompt."""
        for row in self.rows:
            self._drop(row)
        self.rows = [self._made(message) for message in messages or (PromptMessage("user", ""),)]
        self._lay_out()

    def messages(self) -> tuple[PromptMessage, ...]:
        """As they are written now."""
        return tuple(row.message() for row in self.rows)

    def show_wrong(self, words: str, message: int, line: int) -> bool:
        """Say what is wrong in a message, counted from 1; whether there is such a message."""
        for number, row in enumerate(self.rows, 1):
            row.show_wrong(words if number == message else "", line)
        return bool(words) and 1 <= message <= len(self.rows)

    def editors(self) -> list[QWidget]:
        """What the keyboard goes through."""
        found: list[QWidget] = []
        for row in self.rows:
            found += [row.role, row.up, row.down, row.remove, row.text]
        return [*found, self.add_system, self.add_example, self.add_message]

    # changing

    def _made(self, message: PromptMessage) -> MessageRow:
        row = MessageRow(self._theme, message)
        row.changed.connect(self._role_or_text_changed)
        row.move_requested.connect(lambda by: self._move(row, by))
        row.remove_requested.connect(lambda: self._remove(row))
        return row

    def _drop(self, row: MessageRow) -> None:
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _insert(self, place: int, *messages: PromptMessage) -> None:
        made = [self._made(message) for message in messages]
        self.rows[place:place] = made
        self._lay_out()
        self.changed.emit()
        made[0].text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_system(self) -> None:
        self._insert(0, PromptMessage("system", ""))

    def _add_example(self) -> None:
        place = max(0, len(self.rows) - 1)
        self._insert(place, PromptMessage("user", ""), PromptMessage("assistant", ""))

    def _add_message(self) -> None:
        last = self.rows[-1].message().role if self.rows else "assistant"
        role = "assistant" if last == "user" else "user"
        self._insert(len(self.rows), PromptMessage(role, ""))

    def _move(self, row: MessageRow, by: int) -> None:
        place = self.rows.index(row)
        to = place + by
        if 0 <= to < len(self.rows):
            self.rows.insert(to, self.rows.pop(place))
            self._lay_out()
            button = row.up if by < 0 else row.down
            (button if button.isEnabled() else row.text).setFocus(Qt.FocusReason.OtherFocusReason)
            self.changed.emit()

    def _remove(self, row: MessageRow) -> None:
        if len(self.rows) < 2:
            return
        place = self.rows.index(row)
        self.rows.remove(row)
        self._drop(row)
        self._lay_out()
        near = self.rows[min(place, len(self.rows) - 1)]
        near.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _role_or_text_changed(self) -> None:
        self._say_system()
        self.changed.emit()

    def _lay_out(self) -> None:
        for place, row in enumerate(self.rows):
            self._column.insertWidget(place, row)
            row.say(place + 1)
            row.up.setEnabled(place > 0)
            row.down.setEnabled(place < len(self.rows) - 1)
            row.remove.setEnabled(len(self.rows) > 1)
        self._say_system()

    def _say_system(self) -> None:
        self.add_system.setVisible(all(m.role != "system" for m in self.messages()))
