"""The command palette and the sheet of shortcuts: what fits, the keys, the way back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QInputMethodEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from app.ui import announce, palette_list
from app.ui.commands import Commands, Entry
from app.ui.palette import Palette
from app.ui.palette_filter import Command, found
from app.ui.shortcut_sheet import Shortcut, ShortcutGroup, ShortcutSheet
from app.ui.theme import Theme

KEY = Qt.Key
COMMANDS = [
    Command("new", "New conversation", "Ctrl+N", "Conversations"),
    Command("find", "Search conversations", "Ctrl+Shift+F", "Conversations"),
    Command("export", "Export as Markdown…", "", "Conversations", "save file"),
    Command("dark", "Theme: Dark", "", "Appearance"),
    Command("zen", "Zen mode", "F11", "Appearance"),
    Command("zh", "新建对话", "", "对话"),
]


def ids(query: str, recent: tuple[str, ...] = ()) -> list[str]:
    return [command.id for command in found(query, COMMANDS, recent)]


# what fits


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("new", "new"),
        ("NEW CONV", "new"),
        ("conv new", "new"),  # in any order
        ("nc", "new"),  # initials
        ("sc", "find"),
        ("markdown", "export"),
        ("save", "export"),  # a keyword
        ("appear", "dark"),  # the group's name
        ("dark", "dark"),
        ("dàrk", "dark"),
        ("ｚｅｎ", "zen"),  # wide letters, as input methods write them
        ("对话", "zh"),
        ("建对", "zh"),
        ("ode", "zen"),  # inside a word
    ],
)
def test_the_best_fit_comes_first(query: str, best: str) -> None:
    assert ids(query)[0] == best


@pytest.mark.parametrize("query", ["xyz", "new xyz", "newconversation2", "谢谢"])
def test_what_does_not_fit_all_words_is_left_out(query: str) -> None:
    assert ids(query) == []


def test_an_empty_query_fits_all_the_last_used_first() -> None:
    assert ids("") == [command.id for command in COMMANDS]
    assert ids("  ", ("zen", "dark"))[:2] == ["zen", "dark"]


def test_a_title_goes_before_a_keyword_and_a_beginning_before_an_inside() -> None:
    commands = [
        Command("keyword", "Other", keywords="model"),
        Command("inside", "Remodel"),
        Command("beginning", "Models"),
        Command("whole", "Load the model"),
    ]
    order = [command.id for command in found("model", commands)]
    assert order == ["whole", "beginning", "inside", "keyword"]


def test_marks_alone_break_nothing() -> None:
    assert ids("…") == [command.id for command in COMMANDS]


# the palette


class Board:
    """A window with a field that has the keyboard, and its palette."""

    def __init__(self, qtbot: QtBot, theme: Theme) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.resize(640, 480)
        self.edit = QLineEdit()
        self.window.setCentralWidget(self.edit)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)
        self.edit.setFocus()
        self.palette = Palette(theme, self.window)
        self.chosen: list[str] = []
        self.queries: list[str] = []
        self.palette.chosen.connect(self.chosen.append)
        self.palette.query_changed.connect(self.queries.append)
        self.palette.show_commands(COMMANDS)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.palette.field, key)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.palette.field, text)

    def titles(self) -> list[str]:
        view = self.palette.list
        return [view.item(number).text() for number in range(view.count())]


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp)


@pytest.fixture
def board(qtbot: QtBot, theme: Theme) -> Board:
    return Board(qtbot, theme)


def test_it_opens_with_the_keyboard_and_gives_it_back(board: Board) -> None:
    assert board.palette.field.hasFocus()
    board.type("new")
    board.press(KEY.Key_Return)
    assert board.chosen == ["new"]
    assert not board.palette.isVisible()
    assert board.edit.hasFocus()


def test_escape_closes_it_and_is_not_the_windows(board: Board) -> None:
    stopped: list[bool] = []
    QShortcut(QKeySequence("Esc"), board.window).activated.connect(lambda: stopped.append(True))
    board.press(KEY.Key_Escape)
    assert not board.palette.isVisible()
    assert (board.chosen, stopped) == ([], [])
    assert board.edit.hasFocus()


def test_it_closes_also_where_what_had_the_keyboard_is_gone(board: Board) -> None:
    board.window.takeCentralWidget().deleteLater()
    del board.edit
    QApplication.sendPostedEvents(None, 52)  # QEvent.Type.DeferredDelete
    board.press(KEY.Key_Escape)
    assert not board.palette.isVisible()


def test_a_click_beside_it_closes_it(board: Board) -> None:
    QTest.mouseClick(board.palette, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert not board.palette.isVisible()
    assert board.chosen == []


def test_a_row_can_be_clicked_but_no_heading(board: Board) -> None:
    view = board.palette.list
    for number, expected in ((0, []), (1, ["new"])):
        place = view.visualItemRect(view.item(number)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert board.chosen == expected


def test_arrows_go_round_and_leave_headings_out(board: Board) -> None:
    assert board.titles()[0] == "Conversations"
    assert board.palette.list.current_id() == "new"
    board.press(KEY.Key_Up)
    assert board.palette.list.current_id() == "zh"
    board.press(KEY.Key_Down)
    for _ in range(3):
        board.press(KEY.Key_Down)
    assert board.palette.list.current_id() == "dark"
    board.press(KEY.Key_PageDown)
    assert board.palette.list.current_id() == "zh"
    board.press(KEY.Key_PageUp)
    assert board.palette.list.current_id() == "new"


def test_tab_leads_nowhere(board: Board) -> None:
    board.press(KEY.Key_Tab)
    assert board.palette.field.hasFocus()


def test_what_was_used_last_comes_first_the_next_time(board: Board) -> None:
    board.type("zen")
    board.press(KEY.Key_Return)
    board.palette.show_commands(COMMANDS)
    assert board.palette.field.text() == ""
    assert board.titles()[:2] == ["Recently used", "Zen mode"]
    assert board.titles().count("Zen mode") == 1
    assert board.palette.recent == ["zen"]


def test_conversations_are_a_second_group(board: Board) -> None:
    board.type("new")
    assert board.queries == ["", "n", "ne", "new"]
    more = [Command("c1", "News of the week", "", "Conversations")]
    board.palette.show_more(more)
    assert board.titles() == ["Commands", "New conversation", "Conversations", "News of the week"]
    assert board.palette.list.current_id() == "new"
    board.press(KEY.Key_Down)
    board.press(KEY.Key_Return)
    assert board.chosen == ["c1"]
    assert board.palette.recent == []  # only commands are kept


def test_conversations_that_come_later_do_not_move_the_choice(board: Board) -> None:
    board.type("con")
    board.press(KEY.Key_Down)
    before = board.palette.list.current_id()
    board.palette.show_more([Command("c1", "Concert", "", "Conversations")])
    assert board.palette.list.current_id() == before


def test_where_nothing_fits_it_says_so_and_enter_does_nothing(board: Board) -> None:
    board.type("xyz")
    words = [w.text() for w in board.palette.findChildren(QLabel) if w.isVisible()]
    assert words == ["Nothing fits"]
    board.press(KEY.Key_Return)
    assert board.chosen == []
    assert board.palette.isVisible()


def test_enter_in_an_input_method_chooses_nothing(board: Board) -> None:
    QApplication.sendEvent(board.palette.field, QInputMethodEvent("xin", []))
    board.press(KEY.Key_Return)
    board.press(KEY.Key_Escape)
    assert board.palette.isVisible()
    assert board.chosen == []


def test_it_stays_within_its_window(board: Board) -> None:
    many = [Command(str(n), f"Command number {n}", "Ctrl+Alt+Shift+F12") for n in range(80)]
    board.palette.show_commands(many)
    for size in ((640, 480), (1400, 900), (320, 300)):
        board.window.resize(*size)
        QApplication.processEvents()
        assert board.palette.size() == board.window.size()
        assert board.palette.rect().contains(board.palette._panel.geometry())


def test_each_move_is_told_to_screen_readers(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keyboard stays in the field, so nothing else would tell."""
    said: list[str] = []

    class Reader:
        AnnouncementPoliteness = QAccessible.AnnouncementPoliteness

        @staticmethod
        def isActive() -> bool:  # noqa: N802
            return True

        @staticmethod
        def updateAccessibility(event: object) -> None:  # noqa: N802
            said.append(event.message())  # type: ignore[attr-defined]

    for module in (announce, palette_list):
        monkeypatch.setattr(module, "QAccessible", Reader)
    board.press(KEY.Key_Down)
    assert said == ["Search conversations, Ctrl+Shift+F, 2 of 6"]
    assert board.palette.field.accessibleName() == "Command palette"


# the sheet

GROUPS = [
    ShortcutGroup(
        "Conversations",
        (Shortcut("New conversation", ("Ctrl+N",)), Shortcut("Find", ("Ctrl+F", "F3"))),
    ),
    ShortcutGroup("Writing", (Shortcut("Send", ("Return",)), Shortcut("Prompts", ("/",)))),
    ShortcutGroup("View", (Shortcut("Larger text", ("Ctrl++",)), Shortcut("Zen", ("F11",)))),
]


@pytest.fixture
def sheet(qtbot: QtBot, theme: Theme) -> Iterator[ShortcutSheet]:
    window = QMainWindow()
    qtbot.addWidget(window)
    made = ShortcutSheet(theme, GROUPS, window)
    made.show()
    yield made
    made.close()


def shown(sheet: ShortcutSheet) -> list[str]:
    """Every word on show in the groups."""
    labels = (w for view in sheet.views for w in view.findChildren(QLabel))
    return [w.text() for w in labels if w.isVisible()]


def test_the_sheet_shows_all_with_the_platforms_names_of_keys(sheet: ShortcutSheet) -> None:
    words = shown(sheet)
    native = QKeySequence("Ctrl+N").toString(QKeySequence.SequenceFormat.NativeText)
    assert {"Conversations", "New conversation", native, "F3", "/", "Larger text"} <= set(words)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("send", ["Send"]),
        ("f11", ["Zen"]),
        ("ctrl+n", ["New conversation"]),
        ("writing", ["Send", "Prompts"]),
        ("/", ["Prompts"]),
    ],
)
def test_the_sheet_is_searched_by_words_keys_and_groups(
    sheet: ShortcutSheet, query: str, fits: list[str]
) -> None:
    QTest.keyClicks(sheet.field, query)
    titles = [s.title for group in GROUPS for s in group.shortcuts]
    assert [word for word in shown(sheet) if word in titles] == fits
    sheet.field.clear()
    assert [word for word in shown(sheet) if word in titles] == titles


def test_a_search_without_a_result_says_so(sheet: ShortcutSheet) -> None:
    QTest.keyClicks(sheet.field, "nothing like this")
    assert shown(sheet) == []
    assert "Nothing fits" in [w.text() for w in sheet.findChildren(QLabel) if w.isVisible()]


def test_groups_stand_side_by_side_where_there_is_room(sheet: ShortcutSheet) -> None:
    sheet.resize(1000, 600)
    QApplication.processEvents()
    assert len({view.mapTo(sheet, QPoint(0, 0)).x() for view in sheet.views}) == 2
    sheet.resize(480, 600)
    QApplication.processEvents()
    assert len({view.mapTo(sheet, QPoint(0, 0)).x() for view in sheet.views}) == 1
    assert all(view.width() > 350 for view in sheet.views)


def test_a_screen_reader_reads_each_group_as_a_text(sheet: ShortcutSheet) -> None:
    first = sheet.views[0]
    assert first.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert first.accessibleName() == "Conversations"
    assert first.accessibleDescription() == "New conversation: Ctrl+N\nFind: Ctrl+F or F3"


def test_escape_closes_the_sheet_and_enter_does_not(sheet: ShortcutSheet) -> None:
    QTest.keyClick(sheet.field, KEY.Key_Return)
    assert sheet.isVisible()
    QTest.keyClick(sheet.field, KEY.Key_Escape)
    assert not sheet.isVisible()


def test_it_gives_way_where_a_shortcut_takes_the_keyboard_elsewhere(board: Board) -> None:
    QShortcut(QKeySequence("Ctrl+L"), board.window).activated.connect(board.edit.setFocus)
    QTest.keyClick(board.palette.field, KEY.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not board.palette.isVisible()
    assert board.edit.hasFocus()


def test_a_key_that_is_two_of_one_command_runs_it_once(qtbot: QtBot) -> None:
    """Ctrl+? is also Ctrl+Shift+/ on many keyboards, which Qt finds ambiguous."""
    window = QMainWindow()
    qtbot.addWidget(window)
    ran: list[str] = []
    commands = Commands(window)
    commands.add(Entry("sheet", "Sheet", "", lambda: ran.append("sheet"), ("Ctrl+J", "Ctrl+J")))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, KEY.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert ran == ["sheet"]
