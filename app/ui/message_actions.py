"""What can be done with one message: a row of quiet buttons, and a menu with the rest."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from app.core.entities import Message, Role, Status
from app.ui.direction import directed
from app.ui.memory.state import LEFT_OUT, PINNED
from app.ui.memory.words import MemoryWords
from app.ui.sizes import size_icon
from app.ui.theme import Theme
from app.ui.words import number_text

CUT_SHORT = (Status.CUT_OFF, Status.STOPPED, Status.INTERRUPTED)


class Action(StrEnum):
    """What a message can be asked for, as `action_requested` tells it."""

    COPY = "copy"  # as it is on show, without Markdown's marks
    COPY_MARKDOWN = "copy_markdown"
    EDIT = "edit"
    AGAIN = "again"
    CONTINUE = "continue"
    PREVIOUS = "previous"
    NEXT = "next"
    FORK = "fork"
    COMPARE = "compare"
    SPEAK = "speak"
    PIN = "pin"  # always told the model, see app.ui.memory
    UNPIN = "unpin"
    LEAVE_OUT = "leave_out"
    TAKE_BACK = "take_back"
    WHY_UNSEEN = "why_unseen"
    SHOW_SUMMARY = "show_summary"
    EDIT_SUMMARY = "edit_summary"
    UNDO_SUMMARY = "undo_summary"
    DELETE = "delete"


class QuietButton(QToolButton):
    """A small button that is painted only while its message is looked at, or has the focus.

    It keeps its place, and can be reached by keyboard, also while it is not painted.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_quiet = False
        size_icon(self, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.is_quiet or self.hasFocus():
            super().paintEvent(event)


class MessageActions(QWidget):
    """The row below a message. `chosen` says what is wanted of it."""

    chosen = Signal(str)

    def __init__(self, role: Role, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._role = role
        self._message: Message | None = None
        self._memory = ""  # what is special about it, see MemoryState.of
        self._buttons: dict[QToolButton, str] = {}
        is_answer = role is Role.ASSISTANT
        self.layout_row = QHBoxLayout(self)
        self.layout_row.setContentsMargins(0, 2, 0, 0)
        self.layout_row.setSpacing(2)
        if not is_answer:
            self.layout_row.addStretch(1)
        self._make_arrows()
        self.copy = self._button("copy", Action.COPY)
        self.edit = self._button("pencil", Action.EDIT)
        self.again = self._button("rotate-ccw", Action.AGAIN)
        self.go_on = self._button("step-forward", Action.CONTINUE)
        self.more = self._button("ellipsis", "")
        self.more.clicked.connect(self._show_menu)
        self.mark = self._button("eye-off", "")
        self.mark.hide()
        self.mark.clicked.connect(self._press_mark)
        self.edit.setVisible(not is_answer)
        self.again.setVisible(is_answer)
        self.go_on.setVisible(False)
        self._set_quiet(not is_answer)
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            self.restyle()

    def _say(self) -> None:
        is_answer = self._role is Role.ASSISTANT
        for button, name in (
            (self.copy, self.tr("Copy the answer") if is_answer else self.tr("Copy the message")),
            (self.edit, self.tr("Edit")),
            (self.again, self.tr("Answer again")),
            (self.go_on, self.tr("Continue the answer")),
            (self.more, self.tr("More")),
            (self.previous, self.tr("Version before this one")),
            (self.next, self.tr("Version after this one")),
        ):
            button.setToolTip(name)
            button.setAccessibleName(name)
        self._say_place()
        self._say_mark()

    def _say_place(self) -> None:
        if (message := self._message) is not None:
            words = self.tr("Version {number} of {count}")
            words = words.replace("{number}", number_text(message.sibling))
            self.place.setAccessibleName(words.replace("{count}", number_text(message.siblings)))

    def _make_arrows(self) -> None:
        self.previous = self._button("chevron-left", Action.PREVIOUS)
        self.place = QLabel()
        self.place.setProperty("role", "muted")
        self.layout_row.addWidget(self.place)
        self.next = self._button("chevron-right", Action.NEXT)

    def _button(self, icon: str, action: str) -> QuietButton:
        button = QuietButton()
        self._buttons[button] = icon
        button.setIcon(self._theme.icon(directed(icon), self._theme.colours.muted))
        if action:
            button.clicked.connect(lambda: self.chosen.emit(action))
        self.layout_row.addWidget(button)
        return button

    def show_message(self, message: Message, *, is_last: bool) -> None:
        """Offer what `message` can be asked for as it is now."""
        self._message = message
        is_answer, has_text = message.role is Role.ASSISTANT, bool(message.content)
        is_over = message.status is not Status.STREAMING
        has_versions = message.siblings > 1
        for widget in (self.previous, self.place, self.next):
            widget.setVisible(has_versions)
        self.place.setText(f"{message.sibling}/{message.siblings}")
        self._say_place()
        self.previous.setEnabled(message.sibling > 1)
        self.next.setEnabled(message.sibling < message.siblings)
        self.copy.setVisible(has_text)
        self.again.setVisible(is_answer and is_over)
        self.go_on.setVisible(is_answer and has_text and is_last and message.status in CUT_SHORT)
        self.more.setVisible(is_over)

    def show_memory(self, state: str) -> None:
        """What is special about the message for the model, as MemoryState.of has it."""
        if state != self._memory:
            self._memory = state
            name = self._buttons[self.mark] = "pin" if state == PINNED else "eye-off"
            self.mark.setIcon(self._theme.icon(name, self._theme.colours.muted))
            self.mark.setVisible(bool(state))
            self._say_mark()

    def _say_mark(self) -> None:
        words = MemoryWords().state(self._memory) if self._memory else ""
        self.mark.setToolTip(words)
        self.mark.setAccessibleName(words)

    def _press_mark(self) -> None:
        action = {PINNED: Action.UNPIN, LEFT_OUT: Action.TAKE_BACK}
        self.chosen.emit(action.get(self._memory, Action.WHY_UNSEEN))

    def reveal(self, is_on: bool) -> None:
        """Whether the message is looked at just now: those of a question show only then."""
        if self._role is Role.USER:
            self._set_quiet(not is_on)

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        for button, icon in self._buttons.items():
            button.setIcon(self._theme.icon(directed(icon), self._theme.colours.muted))

    def _set_quiet(self, is_quiet: bool) -> None:
        for button in (self.copy, self.edit, self.again, self.more):
            if button.is_quiet != is_quiet:
                button.is_quiet = is_quiet
                button.update()

    def _show_menu(self) -> None:
        menu = self.make_menu()
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def make_menu(self) -> QMenu:
        """Everything that can be done with the message; it deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        message = self._message
        has_text = message is not None and bool(message.content)
        is_answer = self._role is Role.ASSISTANT
        entries = [
            ("copy", self.tr("Copy"), Action.COPY, has_text),
            ("file-text", self.tr("Copy as Markdown"), Action.COPY_MARKDOWN, has_text),
            ("pencil", self.tr("Edit"), Action.EDIT, has_text),
            ("rotate-ccw", self.tr("Answer again"), Action.AGAIN, is_answer),
            (
                "columns-2",
                self.tr("Compare the versions"),
                Action.COMPARE,
                message is not None and message.siblings > 1,
            ),
            ("git-fork", self.tr("New conversation from here"), Action.FORK, True),
            *self._memory_entries(),
            ("volume-2", self.tr("Read aloud"), Action.SPEAK, has_text),
            ("trash-2", self.tr("Delete"), Action.DELETE, True),
        ]
        for icon, name, action, is_there in entries:
            if is_there:
                entry = menu.addAction(self._theme.icon(icon), name)
                entry.triggered.connect(lambda _=False, a=action: self.chosen.emit(a))
        return menu

    def _memory_entries(self) -> list[tuple[str, str, Action, bool]]:
        is_pinned, is_out = self._memory == PINNED, self._memory == LEFT_OUT
        unpin = self.tr("No longer keep in memory always")
        return [
            ("pin", self.tr("Keep in memory always"), Action.PIN, not is_pinned),
            ("pin-off", unpin, Action.UNPIN, is_pinned),
            ("eye-off", self.tr("Leave out of memory"), Action.LEAVE_OUT, not is_out),
            ("eye", self.tr("Take back into memory"), Action.TAKE_BACK, is_out),
        ]


class Reveal(QObject):
    """Reveals the buttons of a message while the pointer is over it."""

    def __init__(self, watched: QWidget, actions: MessageActions) -> None:
        super().__init__(watched)
        self._actions = actions
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Enter:
            self._actions.reveal(True)
        elif event.type() == QEvent.Type.Leave:
            self._actions.reveal(False)
        return super().eventFilter(watched, event)
