"""The real window with the real worker, used as a person does: keys, clicks, and what is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.entities import Status
from app.core.paths import Paths
from app.storage.storage import open_storage
from app.ui.code_block import CodeBlock
from tests.app_window import AppWindow

pytestmark = pytest.mark.engine
OpenWindow = Callable[[Paths], AppWindow]


def test_a_question_gets_an_answer(app: AppWindow) -> None:
    assert app.window.pages.currentWidget() is app.window.empty
    answer = app.ask_and_wait("What is 2+2?")
    assert "4" in answer
    assert app.window.pages.currentWidget() is app.window.transcript
    assert [view.text for view in app.messages()] == ["What is 2+2?", answer]
    assert app.window.composer.text.toPlainText() == ""
    app.controller.close()
    assert app.stored() == [
        ("user", "What is 2+2?", Status.COMPLETE),
        ("assistant", answer, Status.COMPLETE),
    ]


def test_the_status_line_says_what_is_going_on(app: AppWindow) -> None:
    status = app.window.status
    assert "SmolLM2" in status.model.text()
    assert "of 8" in status.context.text()
    assert "iB" in status.memory.text()
    app.ask_and_wait("What is 2+2?")
    assert "tokens/s" in status.speed.text()
    assert not status.context.text().startswith("0 of")


def test_the_answer_grows_and_the_button_stops_it(app: AppWindow) -> None:
    app.ask("Write a very long story about a fireplace.")
    app.until_writing()
    button = app.window.composer.button
    assert "Stop" in button.toolTip()
    app.click(button)
    app.until(lambda: not app.chat.is_answering)
    text = app.answer().text
    assert "Send" in button.toolTip()
    assert "Stopped" in app.answer()._end.text()
    app.controller.close()
    assert app.stored()[-1] == ("assistant", text, Status.STOPPED)


def test_escape_stops_too(app: AppWindow) -> None:
    app.ask("Write a very long story about the sea.")
    app.until_writing()
    app.press(Qt.Key.Key_Escape)
    app.until(lambda: not app.chat.is_answering)
    assert "Stopped" in app.answer()._end.text()


def test_stop_pressed_while_the_question_is_being_stored_is_not_lost(app: AppWindow) -> None:
    app.ask("Write a very long story about the wind.")
    assert app.chat.is_answering
    app.chat.stop()
    app.until(lambda: not app.chat.is_answering)
    assert "Stopped" in app.answer()._end.text()
    app.ask("Write a very long story about rain.")
    app.until_writing()  # the next one is not stopped as well
    app.chat.stop()


def test_while_it_writes_one_may_type_but_not_send(app: AppWindow) -> None:
    app.ask("Write a very long story about the moon.")
    app.until_writing()
    app.ask("and another")
    assert app.window.composer.text.toPlainText() == "and another"
    app.chat.stop()
    app.until(lambda: not app.chat.is_answering)
    assert len(app.messages()) == 2


def test_shift_enter_breaks_the_line_and_the_composer_grows(app: AppWindow) -> None:
    height = app.window.composer.height()
    app.type("one")
    for word in ("two", "three", "four"):
        app.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        app.type(word)
    assert app.window.composer.text.toPlainText() == "one\ntwo\nthree\nfour"
    assert app.messages() == []
    app.until(lambda: app.window.composer.height() > height)


def test_enter_in_an_input_method_does_not_send(app: AppWindow) -> None:
    """A Chinese or Japanese candidate is confirmed by the input method, which sends its text."""
    text = app.window.composer.text
    QApplication.sendEvent(text, QInputMethodEvent("nihao", []))
    commit = QInputMethodEvent()
    commit.setCommitString("你好")
    QApplication.sendEvent(text, commit)
    assert text.toPlainText() == "你好"
    assert app.messages() == []


def test_nothing_is_sent_for_nothing(app: AppWindow) -> None:
    app.ask("   ")
    assert app.messages() == []
    assert not app.window.composer.button.isEnabled()


def test_conversations_are_listed_renamed_deleted_and_brought_back(app: AppWindow) -> None:
    app.ask_and_wait("What is 2+2?")
    app.window.new_requested.emit()
    app.ask_and_wait("Say hello.")
    rows = app.window.sidebar.model
    app.until(lambda: rows.titles() == ["Say hello.", "What is 2+2?"])
    hello, sums = (rows.index(rows.row_of(i)) for i in rows.ids())
    rows.setData(sums, "Sums")
    app.until(lambda: rows.titles() == ["Say hello.", "Sums"])
    app.window.sidebar.view.setCurrentIndex(hello)
    app.window.sidebar._delete_current()
    app.until(lambda: rows.titles() == ["Sums"])
    assert app.window.pages.currentWidget() is app.window.empty
    assert app.window.toast.isVisible()
    app.click(app.window.toast.button)
    app.until(lambda: rows.titles() == ["Say hello.", "Sums"])
    app.until(lambda: len(app.messages()) == 2)
    assert not app.window.toast.isVisible()


def test_another_conversation_while_one_is_written(app: AppWindow) -> None:
    """Late text never lands in the wrong conversation, and is all there on coming back."""
    app.ask_and_wait("Say hello.")
    first = app.chat.open_conversation_id
    app.window.new_requested.emit()
    app.ask("Write a long story about a river.")
    app.until_writing()
    second = app.chat.open_conversation_id
    assert first is not None
    assert second is not None
    app.chat.open_conversation(first)
    app.until(lambda: app.messages()[0].text == "Say hello.")
    shown = app.answer().text
    written = app.controller.services.answers
    app.until(lambda: not written.is_answering() or len(written.text) > 200)
    assert app.answer().text == shown
    app.chat.open_conversation(second)
    app.until(lambda: len(app.answer().text) > 200)
    app.chat.stop()
    app.until(lambda: not app.chat.is_answering)


def test_answer_again_makes_a_branch(app: AppWindow) -> None:
    first = app.ask_and_wait("Say hello.")
    old_id = app.answer().message_id
    app.click(app.answer().row.again)
    app.until(lambda: app.answer().message_id != old_id)
    app.until(lambda: not app.chat.is_answering)
    assert len(app.messages()) == 2
    assert app.answer().text
    assert first  # the first answer is still in the database: test_storage


def test_what_was_open_opens_again(open_window: OpenWindow, paths: Paths, starter: Path) -> None:
    first = open_window(paths)
    first.until_ready()
    answer = first.ask_and_wait("What is 2+2?")
    first.type("half a thou")
    first.window.resize(760, 600)  # the offscreen screen is 800 wide
    first.close()
    second = open_window(paths)
    second.until(lambda: len(second.messages()) == 2)
    assert second.answer().text == answer
    second.until(lambda: second.window.composer.text.toPlainText() == "half a thou")
    assert (second.window.width(), second.window.height()) == (760, 600)


def test_a_draft_is_on_disk_soon(app: AppWindow) -> None:
    app.type("never lose a word")
    storage = open_storage(app.paths.database)
    app.until(lambda: storage.drafts.load("").text == "never lose a word")
    storage.close()


def test_closing_in_the_middle_keeps_what_was_written(
    open_window: OpenWindow, paths: Paths, starter: Path
) -> None:
    first = open_window(paths)
    first.until_ready()
    first.ask("Write a very long story about rain.")
    first.until_writing()
    shown = first.answer().text
    first.close()
    role, text, status = first.stored()[-1]
    assert (role, status) == ("assistant", Status.INTERRUPTED)
    assert text.startswith(shown)
    second = open_window(paths)
    second.until(lambda: len(second.messages()) == 2)
    assert "Interrupted" in second.answer()._end.text()
    assert second.answer().row.again.isVisible()


def test_code_can_be_copied(app: AppWindow, qtbot: QtBot) -> None:
    app.ask_and_wait("Write a Python function that reverses a list. Use a code block.")
    blocks = app.answer().findChildren(CodeBlock)
    if not blocks:  # a model may answer without one: then there is nothing to copy
        pytest.fail(f"no code block in {app.answer().text!r}")
    app.click(blocks[0].copy_button)
    assert QGuiApplication.clipboard().text() == blocks[0].code
    assert "def " in blocks[0].code


def test_a_suggestion_fills_the_composer(app: AppWindow) -> None:
    app.window.empty.suggestion_chosen.emit("Suggest a dinner")
    assert app.window.composer.text.toPlainText() == "Suggest a dinner"
    assert app.messages() == []


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_the_theme_can_be_chosen_and_is_remembered(app: AppWindow, choice: str) -> None:
    app.ask_and_wait("Say hello.")
    app.window.menu._choices[("theme", choice)][0].trigger()
    is_dark = app.window.palette().window().color().lightness() < 128
    assert is_dark == (choice == "dark")
    app.controller.close()
    assert json.loads(app.paths.settings.read_text())["theme"] == choice
    app.controller.theme.choose("system")


def test_it_works_at_its_smallest(app: AppWindow) -> None:
    app.window.resize(640, 480)
    app.ask_and_wait("What is 2+2?")
    for widget in (app.window.composer.button, app.window.menu_button, app.window.model_button):
        corner = widget.mapTo(app.window, widget.rect().bottomRight())
        assert app.window.rect().contains(corner)


def test_files_that_are_copied_in_appear_in_the_menu(app: AppWindow, starter: Path) -> None:
    (app.paths.models / "mine.gguf").symlink_to(starter.resolve())
    (app.paths.models / "broken.gguf").write_bytes(b"GGUF")
    app.window.model_menu.aboutToShow.emit()

    def names() -> list[str]:
        return [action.text().split()[0] for action in app.window.model_menu.actions()[:-2]]

    app.until(lambda: "broken" in names())
    broken = next(a for a in app.window.model_menu.actions() if a.text().startswith("broken"))
    assert not broken.isEnabled()
    assert "incomplete" in broken.toolTip()
