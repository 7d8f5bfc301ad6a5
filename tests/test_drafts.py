"""What is being written, through everything that can come between: nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import Draft
from app.core.errors import DiskFull
from app.core.settings import Settings
from app.services.chat import Chat
from app.storage.drafts import Drafts as StoredDrafts
from app.storage.history import History
from app.ui.application import make_application
from app.ui.attach_control import AttachControl
from app.ui.chat_control import ChatControl
from app.ui.composer import Composer
from app.ui.message_actions import Action
from app.ui.problem_view import Toast
from app.ui.theme import Theme
from app.ui.transcript import Transcript
from tests.stand_in_engine import Desk


class Window(QWidget):
    """What shows a conversation, and nothing else."""

    def __init__(self, theme: Theme, desk: Desk, chat: Chat, key: str = "") -> None:
        super().__init__()
        self.desk, self.chat = desk, chat
        self.transcript, self.composer = Transcript(theme), Composer(theme)
        self.toast = Toast()
        layout = QVBoxLayout(self)
        for part in (self.transcript, self.composer):
            layout.addWidget(part)
        self.control = ChatControl(self, chat, desk.conversations, self, new_draft_key=key)
        self.drafts = self.control.drafts
        self.composer.set_can_send(True)

    def show_conversation_page(self, *, is_empty: bool) -> None:
        """One page is all there is."""

    def show_title(self, title: str) -> None:
        """There is no title."""

    @property
    def text(self) -> str:
        """What is written."""
        return self.composer.text.toPlainText()

    def type(self, text: str) -> None:
        self.composer.text.insertPlainText(text)

    def send(self) -> None:
        self.composer.text.submitted.emit()

    def ask(self, text: str) -> None:
        """A question and its whole answer."""
        self.type(text)
        self.desk.begin(self.send)
        self.desk.engine.say("answer")
        self.desk.engine.end()
        self.desk.settle()

    def edit_first(self, text: str) -> None:
        """Begin to change the first message."""
        self.transcript.action_requested.emit(Action.EDIT, self.chat.branch[0].id)
        self.composer.text.selectAll()
        self.type(text)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """Light, as it comes."""
    made = Theme(make_application())
    made.apply(Settings())
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The services."""
    made = Desk(tmp_path / "conversations.sqlite3")
    yield made
    made.close()


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, desk: Desk) -> Window:
    """On an empty conversation."""
    made = Window(theme, desk, desk.chat)
    qtbot.addWidget(made)
    made.drafts.show(None)
    desk.settle()
    return made


def stored(desk: Desk, key: str) -> Draft:
    """What is on the disk."""
    desk.settle()
    return desk.stored(lambda s: s.drafts.load(key))


def fail(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> None:
    """The disk is full for one kind of write."""

    def full(*_: object, **__: object) -> None:
        raise DiskFull("no space left")

    monkeypatch.setattr(owner, name, full)


def test_an_edit_that_cannot_be_stored_stays_in_the_composer(
    window: Window, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.ask("one")
    window.type("a draft")
    window.edit_first("one, at length")
    fail(monkeypatch, History, "begin_turn")
    window.send()
    desk.settle()
    assert window.composer.is_editing
    assert window.text == "one, at length"
    monkeypatch.undo()
    desk.begin(window.send)
    assert not window.composer.is_editing
    assert window.text == "a draft"
    assert desk.engine.asked[-1] == ["one, at length"]


def test_an_edited_answer_ends_the_edit_when_it_is_stored(window: Window, desk: Desk) -> None:
    window.ask("one")
    window.transcript.action_requested.emit(Action.EDIT, window.chat.branch[1].id)
    window.type(", better")
    window.send()
    desk.settle()
    assert not window.composer.is_editing
    assert window.text == ""
    assert [m.content for m in window.chat.branch] == ["one", "answer, better"]


def test_an_edit_waits_while_another_conversation_is_open(window: Window, desk: Desk) -> None:
    window.ask("one")
    first = desk.open_id
    window.type("a draft")
    window.edit_first("one, at length")
    window.control.new_conversation()
    desk.settle()
    assert window.text == ""
    window.control.open(first)
    desk.settle()
    assert window.composer.is_editing
    assert window.text == "one, at length"
    window.composer.edit_bar.pressed.emit()
    assert window.text == "a draft"
    window.control.new_conversation()
    window.control.open(first)
    desk.settle()
    assert window.text == "a draft"  # what was cancelled does not come again


def test_what_is_sent_while_another_conversation_opens_is_no_draft_of_any(
    window: Window, desk: Desk
) -> None:
    window.ask("one")
    first = desk.open_id
    window.type("two")
    window.send()
    window.control.new_conversation()
    window.type("another thought")
    desk.settle()
    window.drafts.save()
    assert stored(desk, first) == Draft()
    assert stored(desk, "") == Draft("another thought")
    assert window.text == "another thought"


def test_a_draft_of_before_goes_above_what_was_typed_meanwhile(window: Window, desk: Desk) -> None:
    window.ask("one")
    first = desk.open_id
    window.type("half a thought")
    window.control.new_conversation()
    desk.settle()
    window.control.open(first)
    desk.until(lambda: window.chat.open_conversation_id == first)
    window.type("more")  # the draft is not read yet
    desk.settle()
    assert window.text == "half a thought\n\nmore"
    window.drafts.save()
    assert stored(desk, first) == Draft("half a thought\n\nmore")


def test_one_who_leaves_before_the_draft_was_read_loses_neither(window: Window, desk: Desk) -> None:
    window.ask("one")
    first = desk.open_id
    window.type("half a thought")
    window.control.new_conversation()
    desk.settle()
    window.control.open(first)
    desk.until(lambda: window.chat.open_conversation_id == first)
    window.type("more")
    window.drafts.close()
    assert stored(desk, first) == Draft("half a thought\n\nmore")


def test_a_draft_that_could_not_be_written_is_written_later(
    window: Window, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.ask("one")
    first = desk.open_id
    fail(monkeypatch, StoredDrafts, "save")
    window.type("precious")
    window.drafts.save()
    desk.settle()
    window.control.new_conversation()
    desk.settle()
    monkeypatch.undo()
    window.control.open(first)
    desk.settle()
    assert window.text == "precious"
    window.drafts.close()
    assert stored(desk, first) == Draft("precious")


def test_what_another_window_sends_does_not_take_this_ones_draft_along(
    qtbot: QtBot, theme: Theme, window: Window, desk: Desk
) -> None:
    window.ask("one")
    first = desk.open_id
    other = Window(theme, desk, desk.open_chat(), "window:0")
    qtbot.addWidget(other)
    other.control.open(first)
    desk.settle()
    other.type("mine")
    other.drafts.save()
    window.ask("two")
    other.drafts.close()
    assert stored(desk, first) == Draft("mine")


@pytest.mark.parametrize("stored_text", ["", "of this conversation"])
def test_what_the_last_run_could_not_store_comes_once(
    window: Window, desk: Desk, stored_text: str
) -> None:
    window.ask("one")
    first = desk.open_id
    window.type(stored_text)
    window.control.new_conversation()
    desk.settle()
    window.drafts.recover("of the last run")
    window.control.open(first)
    desk.settle()
    assert window.text == "\n\n".join(filter(None, [stored_text, "of the last run"]))
    window.control.new_conversation()
    desk.settle()
    assert window.text == ""


def test_no_message_is_edited_while_a_file_for_the_draft_is_read(
    window: Window, desk: Desk
) -> None:
    """It would be put to the message, and be missing in the draft."""
    window.ask("one")
    window.composer.show_reading(["report.pdf"])
    window.transcript.action_requested.emit(Action.EDIT, window.chat.branch[0].id)
    assert not window.composer.is_editing
    window.composer.show_reading([])
    found = desk.stored(lambda s: s.attachments.add("report.pdf", "application/pdf", b"x", "x"))
    window.composer.show_attachments([found])
    window.transcript.action_requested.emit(Action.EDIT, window.chat.branch[0].id)
    window.composer.edit_bar.pressed.emit()
    assert [a.name for a in window.composer.attachments()] == ["report.pdf"]


def test_a_file_given_right_after_the_first_message_stays_in_sight(
    window: Window, desk: Desk, tmp_path: Path
) -> None:
    """The conversation has no id when the reading begins, and has one when it ends."""
    services: Any = SimpleNamespace(
        conversations=desk.conversations, scheduler=desk.scheduler, engine=desk.engine
    )
    chat = window.chat
    attaching = AttachControl(
        window.composer, services, lambda: chat.open_conversation_id or "", print, window
    )
    window.control.opened.connect(attaching.show_place)
    file = tmp_path / "notes.txt"
    file.write_text("what it says")
    window.type("one")
    window.send()
    attaching.attach([file])
    desk.until(lambda: bool(window.composer.attachments()))
    desk.settle()
    assert desk.open_id
    assert stored(desk, "") == Draft()
    window.drafts.save()
    assert [a.name for a in stored(desk, desk.open_id).attachments] == ["notes.txt"]
