"""Changing a conversation in the window: versions, deletions, forks, search, the bin, commands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu

from app.core.entities import Status
from app.core.paths import Paths
from app.ui.compare import Compare
from app.ui.message_actions import Action
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow

pytestmark = pytest.mark.engine


@pytest.fixture
def app(open_window: OpenWindow, paths: Paths) -> AppWindow:
    """A window whose model gives short answers, always the same ones."""
    paths.settings.write_text('{"preset": "own", "temperature": 0.0, "max_tokens": 12}')
    window = open_window(paths)
    window.until_ready()
    return window


def texts(app: AppWindow) -> list[str]:
    """What is shown of each message."""
    return [view.text for view in app.messages()]


def choose(app: AppWindow, view: int, entry: str) -> None:
    """An entry of a message's menu."""
    app.click(app.messages()[view].row.more)
    menu = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
    action = next(a for a in menu.actions() if a.text() == entry)
    action.trigger()
    menu.close()


def test_up_edits_the_last_question_and_the_arrows_go_back_to_the_old_one(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    app.press(Qt.Key.Key_Up)
    composer = app.window.composer
    assert composer.is_editing
    assert composer.text.toPlainText() == "Name a colour."
    composer.text.selectAll()
    app.ask("Name a fruit.")
    app.until(lambda: texts(app)[:1] == ["Name a fruit."])
    app.until(lambda: not app.chat.is_answering)
    assert not composer.is_editing
    assert composer.text.toPlainText() == ""
    question = app.messages()[0]
    assert question.row.place.text() == "2/2"
    app.click(question.row.previous)
    app.until(lambda: texts(app)[:1] == ["Name a colour."])
    assert app.messages()[0].row.place.text() == "1/2"
    assert not app.messages()[0].row.previous.isEnabled()


def test_a_cancelled_edit_brings_the_draft_back(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    app.type("half a th")
    app.messages()[0].row.edit.click()
    app.window.composer.text.selectAll()
    app.type("something else")
    app.press(Qt.Key.Key_Escape)
    app.until(lambda: app.window.composer.text.toPlainText() == "half a th")
    assert texts(app)[0] == "Name a colour."


def test_a_cut_answer_is_continued(app: AppWindow) -> None:
    cut = app.ask_and_wait("Tell me a long story about a fox and a hen.")
    assert "Cut off" in app.answer()._end.text()
    app.click(app.answer().row.go_on)
    app.until(lambda: app.answer().row.place.text() == "2/2")
    app.until(lambda: not app.chat.is_answering)
    assert app.answer().text.startswith(cut)
    assert len(app.answer().text) > len(cut)


def test_a_message_is_deleted_and_comes_back(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    app.ask_and_wait("And another one.")
    before = texts(app)
    choose(app, 2, "Delete")
    app.until(lambda: texts(app) == before[:2])
    assert app.window.toast.isVisible()
    app.click(app.window.toast.button)
    app.until(lambda: texts(app) == before)


def test_a_new_conversation_begins_from_a_message(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    app.ask_and_wait("And another one.")
    before, original = texts(app), app.chat.open_conversation_id
    choose(app, 1, "New conversation from here")
    app.until(lambda: app.chat.open_conversation_id != original)
    assert texts(app) == before[:2]
    app.until(lambda: len(app.window.sidebar.model.titles()) == 2)


def test_two_answers_are_compared_and_one_is_kept(app: AppWindow) -> None:
    first = app.ask_and_wait("Name a colour.")
    app.controller.preferences.change(temperature=1.5, seed=11)
    app.click(app.answer().row.again)
    app.until(lambda: app.answer().row.place.text() == "2/2")
    app.until(lambda: not app.chat.is_answering)
    choose(app, 1, "Compare the versions")
    app.until(lambda: app.window.findChild(Compare))
    dialog = app.window.findChild(Compare)
    assert dialog is not None
    left, right = dialog.sides
    assert left.message.content == first
    assert right.message.content == app.answer().text
    app.click(left.keep)
    app.until(lambda: app.answer().row.place.text() == "1/2")
    assert app.answer().text == first


def test_search_finds_a_message_on_a_branch_that_is_not_on_show(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour of the zeppelin.")
    app.messages()[0].row.edit.click()
    app.window.composer.text.selectAll()
    app.ask("Name a fruit.")
    app.until(lambda: texts(app)[:1] == ["Name a fruit."])
    app.until(lambda: not app.chat.is_answering)
    app.window.new_requested.emit()
    side = app.window.sidebar
    app.controller.commands.commands.run("search")
    app._qtbot.keyClicks(side.search, "zeppel")
    app.until(lambda: side.pages.currentWidget() is side.results)
    app._qtbot.keyClick(side.search, Qt.Key.Key_Down)
    app._qtbot.keyClick(side.results.view, Qt.Key.Key_End)
    app._qtbot.keyClick(side.results.view, Qt.Key.Key_Return)
    app.until(lambda: texts(app)[:1] == ["Name a colour of the zeppelin."])


def test_what_is_in_the_bin_is_listed_and_comes_back(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    app.controller.commands.commands.run("delete")
    app.until(lambda: app.window.sidebar.model.titles() == [])
    app.controller.commands.commands.run("bin")
    page = app.controller.sidebar.bin
    assert page is not None
    app.until(lambda: page._items)
    assert [item.title for item in page._items] == ["Name a colour."]
    page.restore_requested.emit(page._items[0].conversation_id, "")
    app.until(lambda: app.window.sidebar.model.titles() == ["Name a colour."])
    app.until(lambda: page._items == [])


def test_the_palette_opens_a_conversation_by_its_title(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    wanted = app.chat.open_conversation_id
    app.window.new_requested.emit()
    app.until(lambda: app.chat.open_conversation_id is None)
    app.controller.commands.show_palette()
    palette = app.controller.commands.palette
    assert palette is not None
    app._qtbot.keyClicks(palette.field, "a colour")
    app._qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    app.until(lambda: app.chat.open_conversation_id == wanted)
    assert not palette.isVisible()


def test_an_answer_in_another_window_waits_and_both_are_whole(app: AppWindow) -> None:
    app.controller.preferences.change(max_tokens=80)
    app.ask("Tell me a long story about a fox and a hen.")
    app.until_writing()
    other = app.controller.windows.open()
    other.composer.text.setPlainText("Name a colour.")
    app._qtbot.keyClick(other.composer.text, Qt.Key.Key_Return)
    app.until(lambda: len(other.transcript.views()) == 2)
    app.until(lambda: other.transcript.views()[-1].text)
    assert not app.chat.is_answering
    assert app.stored()
    app.until(lambda: len([s for _, _, s in app.stored() if s is Status.STREAMING]) == 0)
    other.close()


def test_every_command_of_the_palette_does_something_without_a_conversation(
    app: AppWindow,
) -> None:
    """None of them may fail where there is nothing to do it with."""
    for entry in list(app.controller.commands.commands.entries):
        if entry.id not in ("quit", "open_model", "attach", "export", "import", "print"):
            entry.run()
            QApplication.processEvents()
    assert app.banner_code() == "" or app.banner_code().startswith("model")


def test_actions_have_names_for_a_screen_reader(app: AppWindow) -> None:
    app.ask_and_wait("Name a colour.")
    row = app.answer().row
    for button in (row.copy, row.again, row.more, row.previous, row.next, row.go_on):
        assert button.accessibleName()
    assert {a.value for a in Action} >= {"copy", "edit", "again", "continue", "fork", "delete"}
