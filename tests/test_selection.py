"""Selecting over blocks and messages, with the mouse and by keyboard, and what is copied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.core.entities import Message, Role, Status
from app.ui.message_body import MessageBody
from app.ui.selection_menu import SelectionMenu
from app.ui.theme import Theme
from app.ui.transcript import Transcript
from app.ui.transcript_anchor import TextEdit
from tests.test_transcript import message, settled

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PROSE = "Alpha **beta** gamma.\n\n```python\nx = 1\n```\n\nDelta epsilon."


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp)
    theme.choose("light")
    return theme


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Iterator[Transcript]:
    widget = Transcript(theme)
    qtbot.addWidget(widget)
    widget.resize(700, 600)
    widget.show()
    qtbot.waitExposed(widget)
    QGuiApplication.clipboard().clear()
    return widget  # type: ignore[return-value]


def a_few() -> list[Message]:
    return [
        message(0, Role.USER, "First question"),
        message(1, Role.ASSISTANT, PROSE),
        message(2, Role.USER, "Second question"),
        message(3, Role.ASSISTANT, "The *last* words."),
    ]


def many() -> list[Message]:
    roles = (Role.USER, Role.ASSISTANT)
    return [message(1000 + n, roles[n % 2], f"Number {n} **says** so.\n\n" * 3) for n in range(300)]


def point_at(edit: TextEdit, position: int) -> QPoint:
    """On the screen, at the left of the character at `position`."""
    cursor = edit.textCursor()
    cursor.setPosition(position)
    area = edit.cursorRect(cursor)
    return edit.viewport().mapToGlobal(QPoint(area.left(), area.center().y()))


def end_of(edit: TextEdit) -> int:
    return edit.document().characterCount() - 1


class Mouse:
    """Presses in a block and drags; Qt sends all that follows to the block that was pressed."""

    def __init__(self, edit: TextEdit) -> None:
        self._ground = edit.viewport()

    def press(self, where: QPoint, modifier: Qt.KeyboardModifier | None = None) -> None:
        self._send(QEvent.Type.MouseButtonPress, where, LEFT, LEFT, modifier)

    def move(self, where: QPoint) -> None:
        self._send(QEvent.Type.MouseMove, where, NONE, LEFT)

    def release(self, where: QPoint) -> None:
        self._send(QEvent.Type.MouseButtonRelease, where, LEFT, NONE)

    def _send(
        self,
        kind: QEvent.Type,
        where: QPoint,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
        modifier: Qt.KeyboardModifier | None = None,
    ) -> None:
        local = QPointF(self._ground.mapFromGlobal(where))
        modifiers = modifier or Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, local, QPointF(where), button, held, modifiers)
        QApplication.sendEvent(self._ground, event)


def drag(one: TextEdit, begin: int, other: TextEdit, end: int) -> None:
    mouse = Mouse(one)
    mouse.press(point_at(one, begin))
    middle = (point_at(one, begin) + point_at(other, end)) / 2
    for where in (middle, point_at(other, end)):
        mouse.move(where)
    mouse.release(point_at(other, end))


def copied(qtbot: QtBot, transcript: Transcript) -> str:
    """What Ctrl+C puts on the clipboard."""
    QGuiApplication.clipboard().clear()
    qtbot.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


def edits(transcript: Transcript, place: int) -> list[TextEdit]:
    return list(transcript.views()[place].text_edits())


def test_a_drag_goes_over_blocks_and_messages(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    (first,), answer, (second,) = (edits(transcript, place) for place in range(3))
    drag(first, 6, second, 6)
    assert [e.textCursor().selectedText() for e in (first, *answer, second)] == [
        "question",
        "Alpha beta gamma.",
        "x = 1",
        "Delta epsilon.",
        "Second",
    ]
    assert copied(qtbot, transcript) == (f"You:\nquestion\n\nAssistant:\n{PROSE}\n\nYou:\nSecond")
    assert transcript.selection.markdown() == (
        f"**You:**\n\nquestion\n\n**Assistant:**\n\n{PROSE}\n\n**You:**\n\nSecond"
    )


def test_a_drag_upwards_within_one_answer(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    prose, code, end = edits(transcript, 1)
    drag(end, 5, prose, 6)
    assert [e.textCursor().selectedText() for e in (prose, code, end)] == [
        "beta gamma.",
        "x = 1",
        "Delta",
    ]
    plain = copied(qtbot, transcript)
    assert plain.split() == ["beta", "gamma.", "x", "=", "1", "Delta"]
    assert "You:" not in plain
    assert transcript.selection.markdown().startswith("**beta** gamma.")


def test_a_drag_within_one_block_is_qts_own(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    (last,) = edits(transcript, 3)
    drag(last, 4, last, 8)
    assert not transcript.selection.is_wide
    assert copied(qtbot, transcript) == "last"


def test_another_press_ends_the_selection(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    (first,), _, (second,) = (edits(transcript, place) for place in range(3))
    drag(first, 2, second, 6)
    mouse = Mouse(second)
    mouse.press(point_at(second, 3))
    mouse.release(point_at(second, 3))
    assert transcript.selection.is_empty
    assert copied(qtbot, transcript) == ""
    assert not any(
        e.textCursor().hasSelection() for v in transcript.views() for e in v.text_edits()
    )


def test_a_click_with_shift_extends(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    (first,), _, _, (last,) = (edits(transcript, place) for place in range(4))
    mouse = Mouse(first)
    mouse.press(point_at(first, 6))
    mouse.release(point_at(first, 6))
    other = Mouse(last)
    other.press(point_at(last, 8), Qt.KeyboardModifier.ShiftModifier)
    other.release(point_at(last, 8))
    assert first.textCursor().selectedText() == "question"
    assert last.textCursor().selectedText() == "The last"
    assert copied(qtbot, transcript).startswith("You:\nquestion\n\nAssistant:\nAlpha **beta**")


def test_all_of_a_long_conversation_is_copied(qtbot: QtBot, transcript: Transcript) -> None:
    messages = many()
    transcript.show_messages(messages)
    settled(qtbot, transcript)
    (edit,) = edits(transcript, -1)
    edit.setFocus()
    qtbot.keyClick(edit, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(edit, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QGuiApplication.clipboard().text()
    assert text.count("You:\n") == text.count("Assistant:\n") == 150
    assert all(one.content in text for one in messages)
    assert len(transcript.views()) < 60
    bar = transcript.verticalScrollBar()
    bar.setValue(0)
    settled(qtbot, transcript)
    for view in transcript.views():
        for edit in view.text_edits():
            cursor = edit.textCursor()
            assert (cursor.selectionStart(), cursor.selectionEnd()) == (0, end_of(edit))


def test_a_drag_beyond_the_edge_scrolls_on(qtbot: QtBot, transcript: Transcript) -> None:
    messages = many()
    transcript.show_messages(messages)
    settled(qtbot, transcript)
    (last,) = edits(transcript, -1)
    begun = transcript.views()[-1].message_id
    mouse = Mouse(last)
    mouse.press(point_at(last, 6))
    outside = transcript.viewport().mapToGlobal(QPoint(300, -220))
    mouse.move(outside)
    transcript._mouse.is_left_down = lambda: True  # the test has no mouse that is held
    qtbot.waitUntil(lambda: transcript.first_place() < 200, timeout=20_000)
    mouse.release(outside)
    place = transcript.first_place()
    qtbot.wait(80)
    assert transcript.first_place() == place
    text = copied(qtbot, transcript)
    assert text.rstrip().endswith("Number")
    assert all(one.content in text for one in messages[place + 2 : -1])
    assert begun == messages[-1].id


def test_what_is_selected_stays_while_it_is_out_of_sight(
    qtbot: QtBot, transcript: Transcript
) -> None:
    messages = many()
    transcript.show_messages(messages)
    settled(qtbot, transcript)
    one, other = edits(transcript, -3)[0], edits(transcript, -1)[0]
    drag(one, 7, other, 6)
    before = copied(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    for share in (0.0, 0.5):
        bar.setValue(int(bar.maximum() * share))
        settled(qtbot, transcript)
        assert transcript.selection.is_wide
    assert copied(qtbot, transcript) == before
    bar.setValue(bar.maximum())
    settled(qtbot, transcript)
    assert edits(transcript, -1)[0].textCursor().selectedText() == "Number"


def open_menu(qtbot: QtBot, edit: TextEdit) -> SelectionMenu:
    middle = edit.viewport().rect().center()
    where = edit.viewport().mapToGlobal(middle)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle, where)
    QApplication.sendEvent(edit.viewport(), event)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, SelectionMenu)
    return menu


def test_the_menu_copies_quotes_and_selects(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    prose, _, end = edits(transcript, 1)
    menu = open_menu(qtbot, prose)
    entries = {action.text(): action for action in menu.actions() if action.text()}
    assert [name for name, action in entries.items() if action.isEnabled()] == ["Select all"]
    menu.close()
    drag(prose, 6, end, 5)
    menu = open_menu(qtbot, prose)
    entries = {action.text(): action for action in menu.actions() if action.text()}
    entries["Copy as Markdown"].trigger()
    assert QGuiApplication.clipboard().text() == transcript.selection.markdown()
    assert "**beta**" in QGuiApplication.clipboard().text()
    with qtbot.waitSignal(transcript.quote_requested) as heard:
        entries["Quote in the message"].trigger()
    assert heard.args == [transcript.selection.markdown()]
    entries["Select all"].trigger()
    menu.close()
    assert "The *last* words." in copied(qtbot, transcript)


def test_another_conversation_has_nothing_selected(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(a_few())
    settled(qtbot, transcript)
    transcript.activateWindow()
    edits(transcript, 0)[0].setFocus()
    qtbot.waitUntil(edits(transcript, 0)[0].hasFocus)
    transcript.selection.select_all()
    transcript.show_messages(many())
    settled(qtbot, transcript)
    assert transcript.selection.is_empty
    assert transcript.hasFocus()  # the keyboard is still in the conversation
    assert not any(
        e.textCursor().hasSelection() for v in transcript.views() for e in v.text_edits()
    )


def test_a_selection_holds_while_the_answer_grows(qtbot: QtBot, transcript: Transcript) -> None:
    answer = message(4, Role.ASSISTANT, "", Status.STREAMING)
    transcript.show_messages([*a_few(), answer])
    settled(qtbot, transcript)
    transcript.append_text(answer.id, "It begins.")
    transcript._paint_pending()
    (first,), (growing,) = edits(transcript, 0), edits(transcript, 4)
    drag(first, 6, growing, 2)
    transcript.append_text(answer.id, " And more.\n\n```python\ny = 2\n```\n")
    transcript._paint_pending()
    assert first.textCursor().selectedText() == "question"
    assert growing.textCursor().selectedText() == "It"
    assert copied(qtbot, transcript).endswith("Assistant:\nIt")


def test_reasoning_is_copied_with_its_message_only_where_it_is_unfolded(
    qtbot: QtBot, transcript: Transcript
) -> None:
    answer = "<think>\nHidden thoughts.\n</think>\n\n**Yes**, `it` is."
    transcript.show_messages([message(0, Role.USER, "Is it?"), message(1, Role.ASSISTANT, answer)])
    settled(qtbot, transcript)
    transcript.selection.select_all()
    for text in (transcript.selection.plain(), transcript.selection.markdown()):
        assert text.endswith("\n**Yes**, `it` is.")
        assert "think" not in text
    body = transcript.views()[1].body
    assert isinstance(body, MessageBody)
    body.set_unfolded(True)
    assert "Hidden thoughts." in transcript.selection.plain()
