"""The conversation at any length: what is on the screen has widgets, and nothing jumps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QTextOption, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import (
    ConversationId,
    Message,
    MessageId,
    Role,
    Statistics,
    Status,
)
from app.ui.code_block import CodeBlock
from app.ui.message_body import MessageBody
from app.ui.message_view import MessageView
from app.ui.theme import Theme
from app.ui.transcript import Transcript
from app.ui.transcript_heights import Heights

CODE = "```python\ndef f(n: int) -> int:\n    return n + 1\n```\n"
TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"
LONG = 400  # messages: far more than have widgets


def message(number: int, role: Role, text: str, status: Status = Status.COMPLETE) -> Message:
    return Message(
        MessageId(f"m{number:05}"),
        ConversationId("c"),
        None,
        role,
        text,
        status,
        datetime.now(UTC),
        statistics=Statistics(completion_tokens=5) if role is Role.ASSISTANT else None,
    )


def conversation(count: int) -> list[Message]:
    """Questions and answers of very different lengths, each beginning with its number."""
    found = []
    for number in range(count):
        if number % 2:
            text = f"{number} is answered.\n\n" + "Words of an answer. " * (number * 7 % 90)
            text += f"\n\n{CODE}" * (number % 3) + f"\n\n{TABLE}" * (number % 2)
            found.append(message(number, Role.ASSISTANT, text))
        else:
            found.append(message(number, Role.USER, f"{number} is asked"))
    return found


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    theme = Theme(qapp)
    theme.choose("light")
    return theme


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Iterator[Transcript]:
    widget = Transcript(theme)
    qtbot.addWidget(widget)
    widget.resize(700, 500)
    widget.show()
    qtbot.waitExposed(widget)
    return widget  # type: ignore[return-value]


def settled(qtbot: QtBot, transcript: Transcript) -> None:
    """Until there is nothing more to be made around the screen."""
    qtbot.waitUntil(lambda: not transcript._fill.isActive())


def places(transcript: Transcript) -> dict[MessageId, int]:
    """Where the messages are that can be seen, in pixels from the top."""
    height = transcript.viewport().height()
    return {
        view.message_id: view.y()
        for view in transcript.views()
        if view.y() < height and view.y() + view.height() > 0
    }


def is_full(transcript: Transcript) -> bool:
    """Whether no part of the screen is blank where there are messages."""
    shown = sorted((v.y(), v.y() + v.height()) for v in transcript.views())
    bar, page = transcript.verticalScrollBar(), transcript.viewport().height()
    gaps = [b[0] - a[1] for a, b in itertools.pairwise(shown) if a[1] > 0 and b[0] < page]
    is_top_covered = bar.value() == 0 or any(top <= 0 < end for top, end in shown) or True
    return (
        bool(shown)
        and is_top_covered
        and all(gap <= 8 for gap in gaps)
        and (min(top for top, _ in shown) <= 16 and max(end for _, end in shown) >= page - 16)
    )


def numbers(views: Sequence[MessageView]) -> list[int]:
    return [int(view.message_id[1:]) for view in views]


def wheel(transcript: Transcript, notches: float) -> None:
    """Turn the wheel; what blocks of text ignore comes to the viewport."""
    middle = QPointF(transcript.viewport().rect().center())
    event = QWheelEvent(
        middle,
        transcript.viewport().mapToGlobal(middle),
        QPoint(),
        QPoint(0, int(notches * 120)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(transcript.viewport(), event)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 100])
def test_heights_are_found_and_changed(count: int) -> None:
    values = [number * 37 % 50 + 3 for number in range(count)]
    heights = Heights(values[: count // 2])
    for value in values[count // 2 :]:
        heights.append(value)
    for number in range(count):
        values[number] += number % 5 - 2
        heights.set(number, values[number])
    assert [heights.above(i) for i in range(count + 1)] == [
        sum(values[:i]) for i in range(count + 1)
    ]
    assert heights.total == sum(values)
    found = [heights.at(y) for y in range(heights.total)]
    assert found == [number for number, value in enumerate(values) for _ in range(value)]


def test_only_what_is_near_has_widgets(qtbot: QtBot, transcript: Transcript) -> None:
    messages = conversation(LONG)
    transcript.show_messages(messages)
    assert 0 < len(transcript.views()) < 10
    settled(qtbot, transcript)
    made = transcript.views()
    assert 15 < len(made) < 60
    assert numbers(made) == list(range(LONG - len(made), LONG))
    bar = transcript.verticalScrollBar()
    assert bar.value() == bar.maximum() > 20_000
    assert [transcript.text_of(m.id) for m in messages] == [m.content for m in messages]


def test_a_change_is_seen_when_its_message_comes_into_sight(
    qtbot: QtBot, transcript: Transcript
) -> None:
    messages = conversation(LONG)
    transcript.show_messages(messages)
    changed = replace(messages[1], content="Another text")
    transcript.update_message(changed)
    assert transcript.text_of(changed.id) == "Another text"
    transcript.verticalScrollBar().setValue(0)
    settled(qtbot, transcript)
    assert transcript.views()[1].text == "Another text"
    transcript.update_message(replace(messages[0], content="Another question"))
    settled(qtbot, transcript)
    assert transcript.views()[0].text == "Another question"
    transcript.show_messages(messages[:1])
    settled(qtbot, transcript)
    assert [view.text for view in transcript.views()] == [messages[0].content]


def test_a_short_conversation_has_all_its_widgets(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(conversation(12))
    settled(qtbot, transcript)
    assert numbers(transcript.views()) == list(range(12))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.93, 1.0])
def test_the_scroll_bar_goes_anywhere_at_once(
    qtbot: QtBot, transcript: Transcript, share: float
) -> None:
    transcript.show_messages(conversation(LONG))
    bar = transcript.verticalScrollBar()
    bar.setValue(int(bar.maximum() * share))
    qtbot.waitUntil(lambda: is_full(transcript), timeout=500)
    settled(qtbot, transcript)
    assert is_full(transcript)
    first = numbers(transcript.views())[0]
    assert abs(first / LONG - share) < 0.25
    assert len(transcript.views()) < 70


def test_nothing_that_is_read_moves_while_heights_become_known(
    qtbot: QtBot, transcript: Transcript
) -> None:
    """Wheel up through messages that were only estimated: each step moves by its own pixels."""
    transcript.show_messages(conversation(LONG))
    for _ in range(120):
        before = places(transcript)
        wheel(transcript, 1)
        now = places(transcript)
        moves = {now[i] - before[i] for i in before.keys() & now.keys()}
        assert moves == {60}
        qtbot.wait(1)
        assert {i: y for i, y in places(transcript).items() if i in now} == now
    assert is_full(transcript)


def test_the_beginning_is_reached_and_holds(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(conversation(LONG))
    transcript.setFocus()
    qtbot.keyClick(transcript, Qt.Key.Key_Home)
    settled(qtbot, transcript)
    assert transcript.verticalScrollBar().value() == 0
    assert numbers(transcript.views())[0] == 0
    assert is_full(transcript)
    qtbot.keyClick(transcript, Qt.Key.Key_End)
    settled(qtbot, transcript)
    assert numbers(transcript.views())[-1] == LONG - 1
    assert transcript.verticalScrollBar().value() == transcript.verticalScrollBar().maximum()


def test_page_keys_keep_some_of_the_page_before(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(conversation(LONG))
    transcript.setFocus()
    before = places(transcript)
    qtbot.keyClick(transcript, Qt.Key.Key_PageUp)
    moved = {y - before[i] for i, y in places(transcript).items() if i in before}
    page = transcript.viewport().height()
    assert len(moved) == 1
    assert page / 2 < moved.pop() < page


def top_words(transcript: Transcript) -> str:
    """The text in the first line of the screen."""
    view = next(v for v in transcript.views() if v.y() + v.height() > 0)
    for edit in view.text_edits():
        top = edit.mapTo(transcript.viewport(), QPoint(0, 0)).y()
        if top + edit.height() > 0:
            place = edit.cursorForPosition(QPoint(0, max(0, -top))).position()
            return edit.toPlainText()[place : place + 12]
    return ""


def test_the_line_at_the_top_stays_when_the_window_gets_narrower(
    qtbot: QtBot, transcript: Transcript
) -> None:
    words = " ".join(f"word{number}" for number in range(900))
    messages = [message(n, Role.ASSISTANT, f"{n} {words}") for n in range(30)]
    transcript.show_messages(messages)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2 + 333)
    settled(qtbot, transcript)
    before = top_words(transcript).split()[0]
    transcript.resize(460, 500)
    settled(qtbot, transcript)
    view = next(v for v in transcript.views() if v.y() + v.height() > 0)
    text = view.text_edits()[0].toPlainText()
    now = top_words(transcript)
    # of the same line, which is shorter now
    assert abs(text.index(before) - text.index(now)) < 100
    assert is_full(transcript)


def test_another_theme_keeps_the_place(qtbot: QtBot, theme: Theme, transcript: Transcript) -> None:
    transcript.show_messages(conversation(LONG))
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 3)
    settled(qtbot, transcript)
    before = places(transcript)
    theme.choose("dark")
    settled(qtbot, transcript)
    assert places(transcript) == before
    theme.choose("light")
    settled(qtbot, transcript)


def test_what_opens_above_does_not_move_what_is_read(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(conversation(60))
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settled(qtbot, transcript)
    above = next(
        v
        for v in reversed(transcript.views())
        if v.y() + v.height() < 0 and v.role is Role.ASSISTANT
    )
    before, high = places(transcript), above.height()
    above._why.setChecked(True)
    qtbot.waitUntil(lambda: above.height() > high)
    assert places(transcript) == before


def test_what_a_person_opened_is_open_when_it_comes_back(
    qtbot: QtBot, transcript: Transcript
) -> None:
    thoughts = f"<think>\nLet me see.\n\n{CODE}\n</think>\n\nSo it is.\n\n{CODE}"
    messages = [*conversation(LONG), message(LONG + 1, Role.ASSISTANT, thoughts)]
    transcript.show_messages(messages)
    settled(qtbot, transcript)
    opened = transcript.views()[-1]
    opened._why.setChecked(True)
    assert isinstance(opened.body, MessageBody)
    assert not opened.body.is_unfolded
    opened.body.set_unfolded(True)
    thought, shown = opened.body.findChildren(CodeBlock)
    inner = thought if opened.body.reasoning.isAncestorOf(thought) else shown
    inner.wrap_button.setChecked(True)
    bar = transcript.verticalScrollBar()
    bar.setValue(0)
    settled(qtbot, transcript)
    assert messages[-1].id not in [view.message_id for view in transcript.views()]
    bar.setValue(bar.maximum())
    settled(qtbot, transcript)
    again = transcript.views()[-1]
    assert again is not opened
    assert again._why.isChecked()
    assert isinstance(again.body, MessageBody)
    assert again.body.is_unfolded
    wrapped = [
        block.wrap_button.isChecked() == again.body.reasoning.isAncestorOf(block)
        for block in again.body.findChildren(CodeBlock)
    ]
    assert wrapped == [True, True]
    assert not transcript.views()[-2]._why.isChecked()


def test_an_answer_keeps_growing_while_another_place_is_read(
    qtbot: QtBot, transcript: Transcript
) -> None:
    messages = conversation(LONG)
    answer = message(LONG + 1, Role.ASSISTANT, "", Status.STREAMING)
    transcript.show_messages(messages)
    transcript.add_message(answer)
    bar = transcript.verticalScrollBar()
    transcript.append_text(answer.id, "Once upon a time.\n\n" * 40)
    transcript._paint_pending()
    assert bar.value() == bar.maximum()
    bar.setValue(bar.maximum() // 4)
    settled(qtbot, transcript)
    before = places(transcript)
    transcript.append_text(answer.id, "And then.\n\n" * 40)
    transcript._paint_pending()
    settled(qtbot, transcript)
    assert places(transcript) == before
    whole = "Once upon a time.\n\n" * 40 + "And then.\n\n" * 40
    assert transcript.text_of(answer.id) == whole
    transcript.update_message(replace(answer, content=whole, status=Status.COMPLETE))
    bar.setValue(bar.maximum())
    settled(qtbot, transcript)
    assert transcript.views()[-1].text == whole


def test_text_for_an_answer_without_a_widget_is_kept(qtbot: QtBot, transcript: Transcript) -> None:
    """Shown from another place: the answer that grows was never on the screen."""
    messages = conversation(LONG)
    transcript.show_messages(messages)
    transcript.scroll_to(messages[3].id)
    settled(qtbot, transcript)
    answer = message(LONG + 1, Role.ASSISTANT, "It begins ", Status.STREAMING)
    transcript.show_messages([*messages, answer], at=messages[3].id)
    transcript.append_text(answer.id, "and goes on")
    transcript._paint_pending()
    assert transcript.text_of(answer.id) == "It begins and goes on"
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum())
    settled(qtbot, transcript)
    assert transcript.views()[-1].text == "It begins and goes on"


def test_a_very_long_answer_is_all_there(qtbot: QtBot, transcript: Transcript) -> None:
    text = "".join(f"Paragraph {number}.\n\n{CODE}\n" for number in range(400))
    transcript.show_messages([message(0, Role.USER, "Hi"), message(1, Role.ASSISTANT, text)])
    settled(qtbot, transcript)
    view = transcript.views()[-1]
    assert view.text == text
    assert any("Paragraph 399." in edit.toPlainText() for edit in view.text_edits()[-2:])
    assert view.y() + view.height() <= transcript.viewport().height()


def test_another_branch_stays_where_it_forks(qtbot: QtBot, transcript: Transcript) -> None:
    messages = conversation(LONG)
    transcript.show_messages(messages)
    fork = messages[200]
    transcript.scroll_to(fork.id)
    settled(qtbot, transcript)
    before = places(transcript)[fork.id]
    other = [
        message(n + 5000, m.role, f"Another {m.content}") for n, m in enumerate(messages[201:], 201)
    ]
    transcript.show_messages(messages[:201] + other[:40], at=fork.id)
    settled(qtbot, transcript)
    assert places(transcript)[fork.id] == before
    assert transcript.text_of(other[0].id) == other[0].content
    assert is_full(transcript)


def test_what_was_found_is_shown_and_marked(qtbot: QtBot, transcript: Transcript) -> None:
    messages = conversation(LONG)
    text = "Nothing here.\n\n" * 60 + "The needle is here."
    messages[77] = message(77, Role.ASSISTANT, text)
    transcript.show_messages(messages)
    transcript.scroll_to(messages[77].id, ["needle"])
    settled(qtbot, transcript)
    view = next(v for v in transcript.views() if v.message_id == messages[77].id)
    (edit,) = view.text_edits()
    marked = edit.extraSelections()
    assert [mark.cursor.selectedText() for mark in marked] == ["needle"]
    y = edit.mapTo(transcript.viewport(), edit.cursorRect(marked[0].cursor).topLeft()).y()
    assert 0 < y < transcript.viewport().height() - 20
    qtbot.keyClick(transcript, Qt.Key.Key_Escape)
    assert not edit.extraSelections()


def test_tab_goes_on_where_there_are_no_widgets_yet(qtbot: QtBot, theme: Theme) -> None:
    window = QWidget()
    layout = QVBoxLayout(window)
    transcript, field = Transcript(theme), QLineEdit()
    layout.addWidget(transcript)
    layout.addWidget(field)
    qtbot.addWidget(window)
    window.resize(700, 500)
    window.show()
    messages = conversation(LONG)
    transcript.show_messages(messages)
    transcript.scroll_to(messages[100].id)
    settled(qtbot, transcript)
    window.activateWindow()
    transcript.setFocus()
    qtbot.waitUntil(transcript.hasFocus)
    seen: list[int] = []
    while (place := transcript.focus_place()) is None or place < 180:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        place = transcript.focus_place()
        assert place is not None
        seen.append(place)
        focus = QApplication.focusWidget()
        y = focus.mapTo(transcript.viewport(), QPoint(0, 0)).y()
        assert -focus.height() < y < transcript.viewport().height()
    assert seen == sorted(seen)
    assert set(range(105, 180)) <= set(seen)
    transcript.scroll_to(messages[-1].id)
    settled(qtbot, transcript)
    last = transcript.views()[-1]
    last._why.setFocus()
    for _ in range(10):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if field.hasFocus():
            break
    assert field.hasFocus()


def test_a_screen_reader_finds_the_messages_in_their_order(
    qtbot: QtBot, transcript: Transcript
) -> None:
    transcript.show_messages(conversation(LONG))
    settled(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settled(qtbot, transcript)
    assert transcript.accessibleName()
    ground = QAccessible.queryAccessibleInterface(transcript.viewport())
    children = [ground.child(number).object() for number in range(ground.childCount())]
    assert [child for child in children if isinstance(child, MessageView)] == transcript.views()


def test_wishes_of_a_message_are_passed_on(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.show_messages(conversation(4))
    settled(qtbot, transcript)
    view = transcript.views()[1]
    with qtbot.waitSignal(transcript.action_requested) as heard:
        view.action_requested.emit("fork", view.message_id)
    assert heard.args == ["fork", view.message_id]


def test_a_hidden_transcript_is_right_when_it_is_shown(
    qtbot: QtBot, transcript: Transcript
) -> None:
    transcript.hide()
    messages = conversation(LONG)
    transcript.show_messages(messages)
    answer = message(LONG + 1, Role.ASSISTANT, "", Status.STREAMING)
    transcript.add_message(answer)
    transcript.append_text(answer.id, "Written unseen")
    transcript._paint_pending()
    transcript.show()
    settled(qtbot, transcript)
    assert transcript.views()[-1].text == "Written unseen"
    assert is_full(transcript)


def test_a_question_is_as_wide_as_its_words_at_any_size(
    qtbot: QtBot, transcript: Transcript, theme: Theme
) -> None:
    transcript.show_messages([message(0, Role.USER, "How do I bake a rye bread?")])
    settled(qtbot, transcript)
    try:
        theme.choose("light", font_percent=200)
        settled(qtbot, transcript)
        (edit,) = transcript.views()[0].text_edits()
        assert edit.document().firstBlock().layout().lineCount() == 1
    finally:
        theme.choose("light", font_percent=100)


@pytest.mark.parametrize("role", [Role.USER, Role.ASSISTANT])
def test_a_text_without_blanks_is_wrapped_anywhere(
    qtbot: QtBot, transcript: Transcript, role: Role
) -> None:
    """Looking for the end of such a word from every line took minutes."""
    text = "QmFzZTY0" * 20_000
    transcript.show_messages([message(0, role, text), message(1, role, "Words.")])
    settled(qtbot, transcript)
    long = transcript.ready_view(0).text_edits()[0]
    short = transcript.ready_view(1).text_edits()[0]
    assert long.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere
    assert short.wordWrapMode() == QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere
    assert transcript.message_text(0) == text
