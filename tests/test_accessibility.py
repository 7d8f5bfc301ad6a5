"""The window without seeing it and without a mouse: names, roles, the way of Tab, what keys do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QRadioButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId
from app.core.paths import Paths
from app.ui.focus_ring import show_focus
from app.ui.models_page import TABS
from app.ui.settings_dialog import SettingsDialog
from tests.accessible_tree import Node, nodes
from tests.app_window import AppWindow
from tests.engine_window import OpenWindow
from tests.rich_conversation import store_conversation

pytestmark = pytest.mark.engine

Role = QAccessible.Role
Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
BUTTONS = (Role.Button, Role.CheckBox, Role.RadioButton, Role.ButtonMenu, Role.ButtonDropDown)
MANY_TABS = 300
COMMANDS = (
    "settings",
    "shortcuts",
    "palette",
    "bin",
    "prompts",
    "export",
    "import",
    "about",
    "compare",
    "window",
    "quick_ask",
    "memory",
    "facts",
)


@pytest.fixture(autouse=True)
def screen_reader() -> Iterator[None]:
    """Somebody asks for the tree."""
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


@pytest.fixture
def app(open_window: OpenWindow, paths: Paths) -> AppWindow:
    """A window with a conversation of everything on show; its model gives short answers."""
    paths.settings.write_text('{"preset": "own", "temperature": 0.0, "max_tokens": 12}')
    conversation = store_conversation(paths)
    window = open_window(paths)
    window.until_ready()
    window.window.activateWindow()
    show(window, conversation)
    return window


def show(app: AppWindow, conversation: ConversationId) -> None:
    app.controller.open(conversation)
    app.until(lambda: len(app.messages()) == 4)
    app.until(lambda: app.messages()[-1].isVisible())


def run(app: AppWindow, command: str) -> None:
    assert app.controller.commands.commands.run(command)


def others(app: AppWindow) -> list[QWidget]:
    """Windows beside the main one that are on show."""
    found = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
    return [w for w in found if w is not app.window]


def open_other(app: AppWindow, qtbot: QtBot, command: str) -> QWidget:
    """The window that a command opens, with what it shows; the palette is within the main one."""
    before = others(app)
    run(app, command)
    if command == "palette":
        return app.window
    app.until(lambda: set(others(app)) - set(before))
    opened = next(iter(set(others(app)) - set(before)))
    opened.activateWindow()
    app.until(lambda: QApplication.activeWindow() is opened)
    qtbot.wait(100)  # what it shows comes from the disk
    return opened


# names and roles


def complaints(window: QWidget) -> list[str]:
    """What is wrong for somebody who hears the window."""
    found: list[str] = []
    names: Counter[tuple[object, ...]] = Counter()
    for node in nodes(window):
        can_press = "Press" in node.actions or "Toggle" in node.actions
        if (node.is_focusable or can_press) and not node.name.strip():
            found.append(f"no name: {node}")
        if isinstance(node.thing, QAbstractButton):
            if node.role not in BUTTONS:
                found.append(f"not a button: {node}")
            names[(node.path, node.name, id(node.thing.parent()))] += 1
        if isinstance(node.thing, QComboBox) and not _is_labelled(node):
            found.append(f"only its value is said: {node}")
        if isinstance(node.thing, QLineEdit) and node.role is not Role.EditableText:
            found.append(f"not a field: {node}")
        if _is_for_the_mouse_only(node):
            found.append(f"no key gets there: {node}")
    found += [f"{count} times the same name: {name}" for name, count in names.items() if count > 1]
    return found


def _is_labelled(node: Node) -> bool:
    """On Linux the name of a combo box is what is chosen in it."""
    interface = QAccessible.queryAccessibleInterface(node.thing)
    relations = interface.relations(QAccessible.RelationFlag.Label)
    return bool(relations) or bool(node.description)


def _is_for_the_mouse_only(node: Node) -> bool:
    widget = node.thing
    if not isinstance(widget, QAbstractButton):
        return False
    if isinstance(widget.parent(), QLineEdit) or isinstance(widget, QRadioButton):
        return False  # what a field's buttons do, other keys do; arrows go through a choice
    return not widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_everything_in_the_conversation_has_a_name(app: AppWindow) -> None:
    assert complaints(app.window) == []
    tree = nodes(app.window)
    names = [node.name for node in tree]
    assert "Your message: What is it?" in names
    assert {"Code in python", "Code in sh", "Table", "Version 2 of 2", "Status"} <= set(names)
    assert "Thought for 12 s" in names
    copy = [node for node in tree if node.name == "Copy the code"]
    assert {node.path[-2] for node in copy} == {"Code in python", "Code in sh"}


def test_the_sidebar_is_before_the_conversation_as_it_is_seen(app: AppWindow) -> None:
    names = [node.name for node in nodes(app.window)]
    order = ["New conversation", "Conversations", "Menu", "Conversation", "Message", "Status"]
    assert [name for name in names if name in order] == order


def test_the_empty_page_has_names(app: AppWindow) -> None:
    run(app, "new")
    app.until(lambda: not app.messages())
    assert complaints(app.window) == []
    message = next(node for node in nodes(app.window) if node.name == "Message")
    assert message.role is Role.EditableText


def test_the_model_button_says_which_model(app: AppWindow) -> None:
    assert any(node.name.startswith("Model: SmolLM2") for node in nodes(app.window))


@pytest.mark.parametrize("command", COMMANDS)
def test_everything_in_another_window_has_a_name_and_tab_gets_there(
    app: AppWindow, qtbot: QtBot, command: str
) -> None:
    opened = open_other(app, qtbot, command)
    assert complaints(opened) == []
    start = opened.focusWidget()
    assert start is not None
    assert start.isVisibleTo(opened)
    if command != "palette":  # there, Tab stays in the field
        assert left_out(opened, walk_from(start, qtbot, Key.Key_Tab)) == []
        walk_from(start, qtbot, Key.Key_Backtab)


def test_every_section_of_the_settings_too(app: AppWindow, qtbot: QtBot) -> None:
    dialog = open_other(app, qtbot, "settings")
    assert isinstance(dialog, SettingsDialog)
    for row in range(dialog.sections.count()):
        dialog.sections.setCurrentRow(row)
        qtbot.wait(20)
        assert complaints(dialog) == [], row
        assert left_out(dialog, walk_from(dialog.sections, qtbot, Key.Key_Tab)) == [], row


def test_every_page_of_the_models_too(app: AppWindow, qtbot: QtBot) -> None:
    for tab in TABS:
        app.window.models_requested.emit(tab)
        qtbot.wait(100)
        assert complaints(app.window) == [], tab
        tabs = app.window.models_page.tabs
        assert left_out(app.window, walk_from(tabs, qtbot, Key.Key_Tab)) == [], tab


# the way of Tab


def regions(app: AppWindow) -> dict[str, QWidget]:
    window = app.window
    return {
        "sidebar": window.sidebar,
        "bar": window._top_bar,
        "conversation": window.transcript,
        "ledger": window.ledger,
        "composer": window.composer,
    }


def region_of(app: AppWindow, widget: QWidget) -> str:
    found = [
        name for name, part in regions(app).items() if part is widget or part.isAncestorOf(widget)
    ]
    return found[0] if found else "elsewhere"


def walk(app: AppWindow, qtbot: QtBot, key: Qt.Key) -> list[QWidget]:
    """What has the focus, one Tab after the other, from the message box until it is back there."""
    app.until(app.window.ledger.isVisible)  # it comes when the conversation is counted
    start, bar = app.window.composer.text, app.window.transcript.verticalScrollBar()
    bar.setValue(0 if key == Qt.Key.Key_Tab else bar.maximum())
    return walk_from(start, qtbot, key)


def walk_from(start: QWidget, qtbot: QtBot, key: Qt.Key) -> list[QWidget]:
    """The same from any widget."""
    start.setFocus()
    found: list[QWidget] = []
    for _ in range(MANY_TABS):
        focus = QApplication.focusWidget()
        assert focus is not None, [str(w) for w in found]
        if found and focus is start:
            return found
        found.append(focus)
        qtbot.keyClick(focus, key)
    raise AssertionError([str(widget) for widget in found[-10:]])


def test_tab_goes_through_the_whole_window_in_its_order(app: AppWindow, qtbot: QtBot) -> None:
    run_through = walk(app, qtbot, Qt.Key.Key_Tab)
    order = [region_of(app, widget) for widget in run_through]
    parts = [name for place, name in enumerate(order) if place == 0 or order[place - 1] != name]
    assert parts == ["composer", "sidebar", "bar", "conversation", "ledger"]
    assert all(widget.isVisible() for widget in run_through)
    assert left_out(app.window, run_through) == []


def left_out(window: QWidget, run_through: list[QWidget]) -> list[str]:
    """Names of buttons that can have the focus and had not."""
    return [
        w.accessibleName() or w.text()
        for w in window.findChildren(QAbstractButton)
        if w.isVisible() and w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        if w not in run_through
    ]


def test_back_tab_goes_the_same_way_back(app: AppWindow, qtbot: QtBot) -> None:
    there = walk(app, qtbot, Qt.Key.Key_Tab)
    back = walk(app, qtbot, Qt.Key.Key_Backtab)
    there.remove(app.window.transcript)  # it is passed by where one comes from what is in it
    assert [w.accessibleName() for w in back[1:]] == [w.accessibleName() for w in there[:0:-1]]


class Windows(QObject):
    """Notes which widgets come up as windows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(type(watched).__name__)
        return False


def test_nothing_takes_the_keyboard_by_being_a_window_for_a_moment(
    app: AppWindow, qtbot: QtBot
) -> None:
    windows = Windows()
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(windows)
    for tab in TABS:
        app.window.models_requested.emit(tab)
        qtbot.wait(50)
    run(app, "palette")
    qtbot.wait(50)
    run(app, "new")
    qtbot.wait(50)
    assert windows.shown == []
    for command in (c for c in COMMANDS if c not in ("palette", "compare")):
        run(app, command)
        qtbot.wait(50)
    application.removeEventFilter(windows)
    assert len(windows.shown) == len(COMMANDS) - 2, windows.shown


def test_it_is_seen_where_the_keyboard_is(app: AppWindow, qtbot: QtBot) -> None:
    unseen: list[str] = []
    for widget in walk(app, qtbot, Qt.Key.Key_Tab):
        app.window.setFocus()
        app.window.transcript.show_widget(widget)
        if (before := picture(app, widget)) is None:
            continue
        show_focus(widget, forward=True)
        if picture(app, widget) == before:
            unseen.append(f"{type(widget).__name__} {widget.accessibleName()}")
    assert unseen == []


def picture(app: AppWindow, widget: QWidget) -> QImage | None:
    """The window around a widget."""
    corner = widget.mapTo(app.window, QPoint(0, 0))
    place = QRect(corner, widget.size()).adjusted(-16, -16, 16, 60)
    return app.window.grab(place).toImage() if app.window.rect().contains(corner) else None


# what is done without a mouse


def press(qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    """Keys where the keyboard is."""
    for key in keys:
        target = QApplication.activePopupWidget() or QApplication.focusWidget()
        assert target is not None
        qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def write(qtbot: QtBot, text: str) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None
    qtbot.keyClicks(focus, text)


def tab_to(qtbot: QtBot, name: str, key: Qt.Key = Key.Key_Tab) -> None:
    """Tab until what has the keyboard is called `name`."""
    for _ in range(MANY_TABS):
        focus = QApplication.focusWidget()
        if focus is not None and focus.accessibleName() == name:
            return
        press(qtbot, key)
    raise AssertionError(name)


def texts(app: AppWindow) -> list[str]:
    return [view.text for view in app.messages()]


def idle(app: AppWindow) -> None:
    app.until(lambda: not app.chat.is_answering)


def test_writing_stopping_and_asking_again_by_keys(app: AppWindow, qtbot: QtBot) -> None:
    press(qtbot, Key.Key_N, modifier=CTRL)
    app.until(lambda: not app.messages())
    write(qtbot, "Name a colour.")
    press(qtbot, Key.Key_Return)
    app.until(lambda: len(app.messages()) == 2 and app.chat.is_answering)
    press(qtbot, Key.Key_Escape)
    idle(app)
    press(qtbot, Key.Key_R, modifier=CTRL)
    app.until(lambda: len(app.messages()) == 2 and app.messages()[1].row.place.text() == "2/2")
    idle(app)
    tab_to(qtbot, "Version before this one", Key.Key_Backtab)
    press(qtbot, Key.Key_Space)
    app.until(lambda: app.messages()[1].row.place.text() == "1/2")
    focus = QApplication.focusWidget()
    assert focus is not None  # the keyboard is still somewhere sensible
    assert app.window.isAncestorOf(focus)
    press(qtbot, Key.Key_E, modifier=CTRL)
    app.until(lambda: app.window.composer.is_editing)
    press(qtbot, Key.Key_A, modifier=CTRL)
    write(qtbot, "Name a fruit.")
    press(qtbot, Key.Key_Return)
    app.until(lambda: texts(app)[:1] == ["Name a fruit."])
    idle(app)


def test_copying_by_keys(app: AppWindow, qtbot: QtBot) -> None:
    clipboard = QGuiApplication.clipboard()
    press(qtbot, Key.Key_K, modifier=CTRL | SHIFT)
    assert clipboard.text() == "ls"
    press(qtbot, Key.Key_C, modifier=CTRL | SHIFT)
    assert clipboard.text().startswith("A title")
    assert "Is it long?" not in clipboard.text()
    tab_to(qtbot, "Copy the code", Key.Key_Backtab)
    clipboard.clear()
    press(qtbot, Key.Key_Space)
    assert clipboard.text() == "ls"


def test_searching_and_jumping_by_keys(app: AppWindow, qtbot: QtBot) -> None:
    press(qtbot, Key.Key_N, modifier=CTRL)
    app.until(lambda: not app.messages())
    press(qtbot, Key.Key_F, modifier=CTRL)
    write(qtbot, "And then")
    results = app.window.sidebar.results
    app.until(lambda: results.isVisible() and results.model.rowCount())
    press(qtbot, Key.Key_Down, Key.Key_Return)
    app.until(lambda: len(app.messages()) == 4)


def test_sorting_and_deleting_by_keys(app: AppWindow, qtbot: QtBot) -> None:
    conversations = app.controller.conversations
    press(qtbot, Key.Key_D, modifier=CTRL)
    app.until(lambda: conversations.all[0].is_pinned)
    tab_to(qtbot, "Conversations")
    view = app.window.sidebar.view
    row = app.window.sidebar.model.row_of(app.chat.open_conversation_id)
    press(qtbot, Key.Key_Home)
    while view.currentIndex().row() < row:
        press(qtbot, Key.Key_Down)
    QApplication.sendEvent(
        view.viewport(),
        QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0)),
    )
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    folder = next(a for a in menu.actions() if a.text() == "Move to folder").menu()
    assert isinstance(folder, QMenu)
    menu.close()
    app.window.activateWindow()
    next(a for a in folder.actions() if a.text() == "Work").trigger()
    app.until(lambda: conversations.all[0].folder_id == conversations.folders[0].id)
    tab_to(qtbot, "Conversations")
    row = app.window.sidebar.model.row_of(app.chat.open_conversation_id)
    press(qtbot, Key.Key_Home)
    while view.currentIndex().row() < row:
        press(qtbot, Key.Key_Down)
    press(qtbot, Key.Key_Delete)
    app.until(lambda: not conversations.all)
    assert app.window.toast.isVisible()
    press(qtbot, Key.Key_Z, modifier=CTRL)
    app.until(lambda: len(conversations.all) == 1)
    app.until(lambda: len(app.messages()) == 4)
    assert not app.window.toast.isVisible()


def test_undo_is_the_texts_own_while_there_is_text(app: AppWindow, qtbot: QtBot) -> None:
    run(app, "delete")
    app.until(lambda: not app.controller.conversations.all)
    app.window.composer.setFocus()
    write(qtbot, "abc")
    press(qtbot, Key.Key_Z, modifier=CTRL)
    assert app.window.composer.text.toPlainText() == ""
    assert app.controller.conversations.all == []
    press(qtbot, Key.Key_Z, modifier=CTRL)
    app.until(lambda: len(app.controller.conversations.all) == 1)


def test_settings_and_models_by_keys(app: AppWindow, qtbot: QtBot) -> None:
    press(qtbot, Key.Key_Comma, modifier=CTRL)
    app.until(lambda: any(isinstance(w, SettingsDialog) for w in others(app)))
    dialog = next(w for w in others(app) if isinstance(w, SettingsDialog))
    dialog.activateWindow()
    app.until(lambda: QApplication.activeWindow() is dialog)
    tab_to(qtbot, "Theme")
    press(qtbot, Key.Key_Down)
    app.until(lambda: app.controller.preferences.settings.theme == "light")
    press(qtbot, Key.Key_Escape)
    app.until(lambda: not dialog.isVisible())
    app.window.activateWindow()
    app.until(lambda: QApplication.activeWindow() is app.window)
    press(qtbot, Key.Key_M, modifier=CTRL)
    app.until(lambda: app.window.shows_models)
    press(qtbot, Key.Key_Escape)
    app.until(lambda: not app.window.shows_models)
    assert app.window.composer.text.hasFocus()
