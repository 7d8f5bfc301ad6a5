"""Windows beside the main one, the quick question and the tray, used as a person does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import Draft
from app.core.errors import DiskFull
from app.core.paths import Paths
from app.services.ports import EngineState
from app.storage.history import History
from app.ui import quick_ask, tray
from app.ui.conversation_window import ChatWindow, ConversationWindow
from app.ui.main_window import MainWindow
from app.ui.quick_ask import QuickAsk
from tests.app_window import AppWindow

pytestmark = pytest.mark.engine
OpenWindow = Callable[[Paths], AppWindow]
STORY = "Write a very long story about a fireplace."


def press(window: QWidget, keys: str) -> None:
    """A shortcut of that window; a screen is not needed for it."""
    wanted = QKeySequence(keys)
    found = [s for s in window.findChildren(QShortcut) if s.key() == wanted]
    assert len(found) == 1, f"{keys} means {len(found)} things"
    found[0].activated.emit()


def ask(qtbot: QtBot, window: ChatWindow, text: str) -> None:
    qtbot.keyClicks(window.composer.text, text)
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)


def texts(window: ChatWindow | MainWindow) -> list[str]:
    return [view.text for view in window.transcript.views()]


def answered(app: AppWindow, window: ChatWindow | MainWindow, count: int = 2) -> None:
    """Wait for the whole answer."""
    answers = app.controller.services.answers
    app.until(lambda: len(texts(window)) == count and not answers.is_answering())


def stored(app: AppWindow) -> None:
    """Wait until the database has done what was asked of it until now."""
    done: list[object] = []
    app.controller.conversations.run(lambda _: None, done.append)
    app.until(lambda: done)


def open_quick_ask(app: AppWindow) -> QuickAsk:
    app.controller.reach.toggle_quick_ask()
    found = app.controller.reach.quick_ask
    assert found is not None
    assert found.window.isVisible()
    return found


# windows


def test_a_conversation_has_one_window_which_comes_again(app: AppWindow) -> None:
    app.ask_and_wait("What is 2+2?")
    open_id = app.chat.open_conversation_id
    assert open_id is not None
    windows = app.controller.windows
    first = windows.open(open_id)
    assert windows.open(open_id) is first, "asked for before it was read"
    app.until(lambda: texts(first) == texts(app.window))
    first.showMinimized()
    assert windows.open(open_id) is first
    assert not first.isMinimized()
    other = windows.open()
    assert windows.open_windows == [first, other]
    assert other.pos() != first.pos()
    assert other.size() == first.size()
    assert texts(other) == []


def test_a_window_is_called_as_its_conversation_also_after_a_new_name(app: AppWindow) -> None:
    app.ask_and_wait("What is 2+2?")
    open_id = app.chat.open_conversation_id
    assert open_id is not None
    window = app.controller.windows.open(open_id)
    app.until(lambda: window.windowTitle() == "What is 2+2? – Inglenook")
    app.controller.conversations.rename(open_id, "Sums")
    app.until(lambda: window.windowTitle() == "Sums – Inglenook")
    press(window, "Ctrl+N")
    assert window.windowTitle() == "Inglenook"
    assert texts(window) == []
    assert texts(app.window) != []


def test_asking_in_a_window_answers_there_and_in_any_other_with_that_conversation(
    app: AppWindow, qtbot: QtBot
) -> None:
    app.ask_and_wait("What is 2+2?")
    open_id = app.chat.open_conversation_id
    assert open_id is not None
    window = app.controller.windows.open(open_id)
    app.until(lambda: len(texts(window)) == 2)
    ask(qtbot, window, "And what is 3+3?")
    answered(app, window, 4)
    assert texts(window)[2] == "And what is 3+3?"
    app.until(lambda: texts(app.window) == texts(window))
    app.until(lambda: not app.chat.is_answering)


def test_escape_stops_the_answer_of_the_window_it_is_pressed_in(
    app: AppWindow, qtbot: QtBot
) -> None:
    window = app.controller.windows.open()
    ask(qtbot, window, STORY)
    app.until(lambda: len(texts(window)) == 2 and len(texts(window)[1]) > 20)
    press(window, "Esc")
    answered(app, window)
    assert "Stopped" in window.transcript.views()[-1]._end.text()


def test_what_is_written_in_a_window_is_kept_and_stays_apart_from_other_windows(
    app: AppWindow, qtbot: QtBot
) -> None:
    app.type("for the main window")
    app.controller.chat_control.drafts.save()
    windows = app.controller.windows
    window = windows.open()
    qtbot.keyClicks(window.composer.text, "for the other window")
    press(window, "Ctrl+W")
    assert windows.open_windows == []
    again = windows.open()
    app.until(lambda: again.composer.text.toPlainText() == "for the other window")
    assert app.window.composer.text.toPlainText() == "for the main window"
    third = windows.open()
    stored(app)
    assert third.composer.draft() == Draft()


def test_what_cannot_be_stored_is_told_in_the_window_where_it_was_asked(
    app: AppWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("no space left")

    window = app.controller.windows.open()
    monkeypatch.setattr(History, "begin_turn", full)
    ask(qtbot, window, "What is 2+2?")
    app.until(lambda: window.banner.isVisible())
    assert window.banner.problem is not None
    assert window.banner.problem.code == DiskFull("").problem.code
    assert app.banner_code() == ""
    assert window.composer.text.toPlainText() == "What is 2+2?"
    monkeypatch.undo()
    window.banner.clear()
    qtbot.keyClick(window.composer.text, Qt.Key.Key_Return)
    answered(app, window)
    app.ask("Hello")
    answered(app, app.window)
    monkeypatch.setattr(History, "begin_turn", full)
    app.ask("Hello again")
    app.until(lambda: app.banner_code() == DiskFull("").problem.code)
    assert not window.banner.isVisible()


def test_size_of_text_and_key_of_sending_reach_a_window_and_a_closed_one_does_no_harm(
    app: AppWindow, qtbot: QtBot
) -> None:
    window, gone = app.controller.windows.open(), app.controller.windows.open()
    gone.close()
    QApplication.sendPostedEvents()

    def height() -> int:
        return QFontMetrics(window.composer.text.font()).height()

    before = height()
    press(window, "Ctrl++")
    app.until(lambda: height() > before)
    press(window, "Ctrl+0")
    app.until(lambda: height() == before)
    app.window.setting_chosen.emit("theme", "dark")
    app.window.setting_chosen.emit("send_key", "ctrl_enter")
    ask(qtbot, window, "What is 2+2?")
    assert window.composer.text.toPlainText() == "What is 2+2?\n"
    assert app.banner_code() == ""


def test_without_a_model_a_window_takes_a_text_and_sends_it_once_there_is_one(
    open_window: OpenWindow,
    paths: Paths,
    qtbot: QtBot,
    starter: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "none"))
    app = open_window(paths)
    app.until(lambda: app.engine.state is EngineState.IDLE and app.chat.is_ready)
    window = app.controller.windows.open()
    ask(qtbot, window, "What is 2+2?")
    assert not window.composer.button.isEnabled()
    assert window.composer.text.toPlainText() == "What is 2+2?"
    app.controller.models.load(starter)
    app.until(window.composer.button.isEnabled)
    app.click(window.composer.button)
    answered(app, window)


def test_keys_that_mean_the_same_everywhere_work_in_a_window(app: AppWindow) -> None:
    window = app.controller.windows.open()
    press(window, "Ctrl+K")
    palette = app.controller.commands.palette
    assert palette is not None
    assert palette.isVisible()
    palette.close()
    press(window, "F1")
    sheet = app.controller.commands.sheet
    assert sheet is not None
    assert sheet.isVisible()
    sheet.close()
    press(window, "Ctrl+Shift+N")
    assert len(app.controller.windows.open_windows) == 2


def test_windows_go_with_the_main_one(app: AppWindow, qtbot: QtBot) -> None:
    window = app.controller.windows.open()
    qtbot.keyClicks(window.composer.text, "not sent")
    seen: list[str] = []
    window.closing.connect(lambda: seen.append("closing"))
    quick = open_quick_ask(app)
    app.window.close()
    assert seen == ["closing"]
    assert not quick.window.isVisible()
    assert app.controller.windows.open_windows == []


def test_a_window_may_be_closed_while_it_reads_a_file(app: AppWindow, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The fireplace is warm.")
    window = app.controller.windows.open()
    attaching = app.controller.windows._open[window][0].attaching
    window.files_dropped.emit([notes])
    window.close()
    QApplication.sendPostedEvents()
    app.until(lambda: not attaching._reading)
    stored(app)
    again = app.controller.windows.open()
    app.until(lambda: [a.name for a in again.composer.attachments()] == ["notes.txt"])
    assert app.banner_code() == ""


# the quick question


def test_a_quick_question_is_answered_below_it(app: AppWindow, qtbot: QtBot) -> None:
    quick = open_quick_ask(app)
    window = quick.window
    assert window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    low = window.height()
    assert low < 160
    ask(qtbot, window, STORY)
    app.until(lambda: window.height() > low * 2)
    assert window.transcript.isVisible()
    app.until(lambda: window.height() > 400 or not quick.session.chat.is_answering)
    assert window.height() <= quick_ask.MOST_HEIGHT
    press(window, "Esc")
    app.until(lambda: not quick.session.chat.is_answering)
    assert window.isVisible(), "the first Esc stops"
    press(window, "Esc")
    assert not window.isVisible(), "the second one closes"
    assert texts(app.window) == []


def test_an_answer_is_still_there_for_a_while_and_then_no_more(
    app: AppWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = open_quick_ask(app)
    ask(qtbot, quick.window, "What is 2+2?")
    answered(app, quick.window)
    quick.window.close()
    assert not quick.window.isVisible()
    open_quick_ask(app)
    assert texts(quick.window)[0] == "What is 2+2?"
    quick.window.hide()
    monkeypatch.setattr(quick_ask, "KEPT_S", 0.0)
    open_quick_ask(app)
    assert texts(quick.window) == []
    assert quick.window.transcript.isHidden()
    assert quick.window.height() < 160


def test_a_quick_question_goes_on_in_the_main_window(app: AppWindow, qtbot: QtBot) -> None:
    app.ask_and_wait("What is a fire?")
    app.window.hide()
    quick = open_quick_ask(app)
    ask(qtbot, quick.window, STORY)
    app.until(lambda: len(texts(quick.window)) == 2 and len(texts(quick.window)[1]) > 20)
    app.click(quick.window.open_button)
    assert not quick.window.isVisible()
    app.until(lambda: app.window.isVisible() and texts(app.window)[:1] == [STORY])
    assert app.chat.is_answering, "the answer goes on"
    app.chat.stop()
    app.until(lambda: not app.chat.is_answering)
    open_quick_ask(app)
    assert texts(quick.window) == []


def test_a_quick_question_and_the_draft_of_the_main_window_do_not_mix(
    app: AppWindow, qtbot: QtBot
) -> None:
    app.type("a long thought")
    app.controller.chat_control.drafts.save()
    quick = open_quick_ask(app)
    assert quick.window.composer.text.toPlainText() == ""
    qtbot.keyClicks(quick.window.composer.text, "half a question")
    quick.window.hide()
    open_quick_ask(app)
    assert quick.window.composer.text.toPlainText() == "half a question", "closed by mistake"
    assert app.window.composer.text.toPlainText() == "a long thought"


# the tray


@pytest.fixture
def desktop_tray(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A desktop that has a tray; what was told from it."""
    told: list[str] = []
    monkeypatch.setattr(tray.Tray, "can_show", staticmethod(lambda: True))
    monkeypatch.setattr(tray.Tray, "tell", lambda _self, _title, text: told.append(text))
    return told


def with_tray(app: AppWindow) -> tray.Tray:
    app.window.setting_chosen.emit("is_tray", True)
    found = app.controller.reach.tray
    assert found is not None
    return found


def test_with_an_icon_in_the_tray_closing_only_hides_the_window(
    app: AppWindow, desktop_tray: list[str]
) -> None:
    icon = with_tray(app)
    assert not QApplication.quitOnLastWindowClosed()
    app.window.close()
    assert not app.window.isVisible()
    assert len(desktop_tray) == 1
    assert app.engine.state is EngineState.READY
    icon.show_action.trigger()
    assert app.window.isVisible()
    app.window.close()
    assert len(desktop_tray) == 1, "told once"
    icon.quick_ask_action.trigger()
    quick = app.controller.reach.quick_ask
    assert quick is not None
    assert quick.window.isVisible()
    icon.new_action.trigger()
    assert app.window.isVisible()
    app.window.close()
    icon.quit_action.trigger()
    assert app.engine.state is EngineState.STOPPED
    assert not app.window.isVisible()
    assert app.controller.reach.tray is None


def test_the_end_of_the_session_ends_the_app_although_there_is_a_tray(
    app: AppWindow, desktop_tray: list[str]
) -> None:
    with_tray(app)
    app.window.close()
    assert app.engine.state is EngineState.READY
    app.window.quit()  # what SIGTERM and the system's Quit come to, see application.py
    assert app.engine.state is EngineState.STOPPED


def test_without_the_icon_closing_ends_the_app_again(
    app: AppWindow, desktop_tray: list[str]
) -> None:
    with_tray(app)
    app.window.close()
    app.window.setting_chosen.emit("is_tray", False)
    assert app.window.isVisible(), "else nobody could get at it"
    assert QApplication.quitOnLastWindowClosed()
    app.window.close()
    assert app.engine.state is EngineState.STOPPED
    assert desktop_tray


def test_a_desktop_without_a_tray_says_so_and_closing_ends_the_app(app: AppWindow) -> None:
    app.window.setting_chosen.emit("is_tray", True)
    assert app.controller.reach.tray is None
    assert app.window.toast.isVisible()
    assert "tray" in app.window.toast._label.text()
    app.window.close()
    assert app.engine.state is EngineState.STOPPED


def test_a_shortcut_that_cannot_be_had_is_told_to_who_chooses_it(app: AppWindow) -> None:
    app.window.setting_chosen.emit("quick_ask_shortcut", "Ctrl+Alt+K")
    app.until(lambda: app.window.toast.isVisible())
    assert "Ctrl+Alt+K" in app.window.toast._label.text()
    app.window.toast.hide()
    app.window.setting_chosen.emit("quick_ask_shortcut", "")
    assert app.controller.reach.shortcut is None
    assert isinstance(app.controller.windows.open(), ConversationWindow)
