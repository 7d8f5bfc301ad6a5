"""The sidebar as a person uses it: groups, keys, selection, drag and drop, search, menus, bin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from PySide6.QtCore import (
    QCoreApplication,
    QItemSelectionModel,
    QMimeData,
    QPoint,
    QPointF,
    Qt,
)
from PySide6.QtGui import (
    QAccessible,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
    QTextDocument,
)
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import (
    Binned,
    BinnedKind,
    Conversation,
    ConversationId,
    Folder,
    FolderId,
    MessageId,
    Role,
    SearchHit,
)
from app.ui.bin_page import BinPage
from app.ui.sidebar import Sidebar
from app.ui.sidebar_drop import carry
from app.ui.sidebar_menu import ConversationMenu, FolderMenu
from app.ui.sidebar_names import NameQuestion
from app.ui.sidebar_results import results_of
from app.ui.sidebar_rows import Heading, Row, arrange
from app.ui.theme import Theme

TODAY = date(2026, 11, 26)
WORK, HOME = Folder(FolderId("w"), "Work"), Folder(FolderId("h"), "Home & garden")
NO_KEYS = Qt.KeyboardModifier.NoModifier


def conversation(name: str, days_ago: float = 0.0, **fields: object) -> Conversation:
    """One called and identified by `name`, changed at noon so many days before today."""
    noon = datetime(TODAY.year, TODAY.month, TODAY.day, 12).astimezone()
    moment = (noon - timedelta(days=days_ago)).astimezone(UTC)
    made = Conversation(ConversationId(name), name, moment, moment)
    return replace(made, **fields)  # type: ignore[arg-type]


def outline(rows: list[Row]) -> list[str]:
    """Headings with a colon and their count, conversations as they are."""
    return [f"{r.key}:{r.count}" if isinstance(r, Heading) else r.title for r in rows]


def now_conversations(*names: str, **fields: object) -> list[Conversation]:
    now = datetime.now(UTC)
    made = [Conversation(ConversationId(n), n, now, now) for n in names]
    return [replace(c, **fields) for c in made]  # type: ignore[arg-type]


# rows


def test_rows_are_pins_folders_dates_archive() -> None:
    rows = arrange(
        [
            conversation("a"),
            conversation("b", 1),
            conversation("pin", 1, is_pinned=True, folder_id=WORK.id),
            conversation("c", 7),
            conversation("work", 8, folder_id=WORK.id),
            conversation("d", 8),
            conversation("e", 30),
            conversation("f", 31),
            conversation("old", 400),
            conversation("lost", 401, folder_id=FolderId("gone")),
            conversation("kept", 0, is_archived=True, is_pinned=True),
        ],
        [WORK, HOME],
        collapsed=(),
        today=TODAY,
    )
    assert outline(rows) == [
        *("pinned:1", "pin"),
        *("folder:w:1", "work"),
        "folder:h:0",
        *("today:1", "a"),
        *("yesterday:1", "b"),
        *("week:1", "c"),
        *("days30:2", "d", "e"),
        *("2026-10:1", "f"),
        *("2025-10:2", "old", "lost"),
        *("archive:1", "kept"),
    ]


def test_a_collapsed_group_keeps_heading_and_count() -> None:
    rows = arrange([conversation("a"), conversation("b")], [], collapsed={"today"}, today=TODAY)
    assert outline(rows) == ["today:2"]


def test_a_day_begins_at_midnight_here() -> None:
    midnight = datetime(TODAY.year, TODAY.month, TODAY.day).astimezone()
    first, before = conversation("first"), conversation("before")
    first = replace(first, updated_at=midnight.astimezone(UTC))
    before = replace(before, updated_at=(midnight - timedelta(seconds=1)).astimezone(UTC))
    future = conversation("future", -3)
    rows = arrange([future, first, before], [], (), today=TODAY)
    assert outline(rows) == ["today:2", "future", "first", "yesterday:1", "before"]


def test_tags_narrow_to_conversations_that_have_all() -> None:
    rows = arrange(
        [
            conversation("a", tags=("x", "y")),
            conversation("b", tags=("x",)),
            conversation("c"),
        ],
        [WORK],
        (),
        tags={"x", "y"},
        today=TODAY,
    )
    assert outline(rows) == ["today:1", "a"]


def test_the_order_given_does_not_matter_for_the_groups() -> None:
    """A conversation touched again while the list is old: still under its own day."""
    rows = arrange(
        [conversation("a", 40), conversation("b"), conversation("c", 41)], [], (), (), TODAY
    )
    assert outline(rows) == ["today:1", "b", "2026-10:2", "a", "c"]


# the list


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme(qapp)
    made.choose("light")
    return made


@pytest.fixture
def sidebar(qtbot: QtBot, theme: Theme) -> Iterator[Sidebar]:
    made = Sidebar(theme)
    qtbot.addWidget(made)
    made.resize(260, 600)
    made.show()
    qtbot.waitExposed(made)
    yield made
    for menu in made.findChildren(QMenu):
        menu.close()


def spot(sidebar: Sidebar, row: int) -> QPoint:
    """The middle of a row."""
    sidebar.view.scrollTo(sidebar.model.index(row))
    return sidebar.view.visualRect(sidebar.model.index(row)).center()


def click(qtbot: QtBot, sidebar: Sidebar, row: int, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    qtbot.mouseClick(sidebar.view.viewport(), Qt.MouseButton.LeftButton, keys, spot(sidebar, row))


def told(signal: object) -> list[tuple[object, ...]]:
    """What a signal tells from now on."""
    found: list[tuple[object, ...]] = []
    signal.connect(lambda *values: found.append(values))  # type: ignore[attr-defined]
    return found


def selected(sidebar: Sidebar) -> list[str]:
    return [c.title for c in sidebar.view.selected()]


def menu_of(sidebar: Sidebar, kind: type[QMenu]) -> QMenu:
    menus = sidebar.findChildren(kind)
    assert menus
    return menus[-1]


def press(menu: QMenu, text: str) -> None:
    next(a for a in menu.actions() if a.text() == text).trigger()


def test_a_click_opens_and_a_click_on_a_heading_collapses(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", "b"))
    opened, collapsed = told(sidebar.open_requested), told(sidebar.collapsed_changed)
    click(qtbot, sidebar, 2)
    assert opened == [("b",)]
    click(qtbot, sidebar, 0)
    assert sidebar.model.titles() == []
    assert collapsed == [({"archive", "today"},)]
    click(qtbot, sidebar, 0)
    assert sidebar.model.titles() == ["a", "b"]
    assert selected(sidebar) == []  # the row was away in between
    assert opened == [("b",)]


def test_the_archive_is_folded_until_asked_for(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show([*now_conversations("a"), *now_conversations("old", is_archived=True)])
    assert sidebar.model.titles() == ["a"]
    sidebar.set_collapsed(set())
    assert sidebar.model.titles() == ["a", "old"]


def test_all_of_the_list_by_keyboard(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", "b", folder_id=WORK.id), [WORK])
    opened = told(sidebar.open_requested)
    view = sidebar.view
    view.setFocus()
    view.choose(2)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened == [("b",)]
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.currentIndex().row() == 0
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert sidebar.model.titles() == []
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert sidebar.model.titles() == ["a", "b"]
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert sidebar.model.titles() == []
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.currentIndex().data() == "a"


def test_left_and_right_follow_the_direction_of_the_language(
    qtbot: QtBot, sidebar: Sidebar
) -> None:
    sidebar.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    sidebar.model.show(now_conversations("a"))
    sidebar.view.choose(1)
    qtbot.keyClick(sidebar.view, Qt.Key.Key_Right)
    assert sidebar.view.currentIndex().row() == 0
    qtbot.keyClick(sidebar.view, Qt.Key.Key_Right)
    assert sidebar.model.titles() == []


def test_delete_takes_all_selected_but_nothing_from_a_heading(
    qtbot: QtBot, sidebar: Sidebar
) -> None:
    sidebar.model.show(now_conversations("a", "b", "c"))
    deleted, opened = told(sidebar.delete_requested), told(sidebar.open_requested)
    click(qtbot, sidebar, 1)
    click(qtbot, sidebar, 3, Qt.KeyboardModifier.ControlModifier)
    assert selected(sidebar) == ["a", "c"]
    assert opened == [("a",)]  # selecting is not opening
    qtbot.keyClick(sidebar.view, Qt.Key.Key_Delete)
    assert deleted == [(["a", "c"],)]
    click(qtbot, sidebar, 1)
    click(qtbot, sidebar, 3, Qt.KeyboardModifier.ShiftModifier)
    assert selected(sidebar) == ["a", "b", "c"]
    sidebar.view.selectionModel().setCurrentIndex(
        sidebar.model.index(0), QItemSelectionModel.SelectionFlag.NoUpdate
    )
    qtbot.keyClick(sidebar.view, Qt.Key.Key_Delete)
    assert len(deleted) == 1


def test_what_changes_leaves_selection_and_editing_alone(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", "b", "c"))
    sidebar.select(ConversationId("a"))
    click(qtbot, sidebar, 2)
    click(qtbot, sidebar, 3, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(sidebar.view, Qt.Key.Key_F2)
    editor = sidebar.view.findChild(QLineEdit)
    assert editor is not None
    qtbot.keyClicks(editor, "half")
    sidebar.model.show(now_conversations("new", "c", "a", "b"))
    sidebar.select(ConversationId("a"))  # as every refresh does
    assert selected(sidebar) == ["c", "b"]
    assert editor.isVisible()
    assert editor.text() == "half"
    renamed = told(sidebar.rename_requested)
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: renamed == [("c", "half")])


def test_what_comes_above_does_not_move_what_is_read(qtbot: QtBot, sidebar: Sidebar) -> None:
    names = [f"c{i}" for i in range(200)]
    sidebar.model.show(now_conversations(*names))
    view = sidebar.view
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 1500)
    view.verticalScrollBar().setValue(1500)
    at = QPoint(40, 40)
    before, place = view.indexAt(at).data(), view.visualRect(view.indexAt(at))
    sidebar.model.show(now_conversations("x", "y", *names))
    assert view.indexAt(at).data() == before
    assert view.visualRect(view.indexAt(at)) == place
    view.scrollToTop()
    sidebar.model.show(now_conversations("z", "x", "y", *names))
    assert view.verticalScrollBar().value() == 0  # there the newest is what one looks for


def test_another_conversation_is_marked_also_when_others_were_selected(
    qtbot: QtBot, sidebar: Sidebar
) -> None:
    sidebar.model.show(now_conversations("a", "b"))
    sidebar.select(ConversationId("a"))
    assert selected(sidebar) == ["a"]
    sidebar.select(ConversationId("b"))
    assert selected(sidebar) == ["b"]
    sidebar.select(None)
    assert selected(sidebar) == []


def test_the_open_conversation_is_marked_again_when_its_folder_opens(
    qtbot: QtBot, sidebar: Sidebar
) -> None:
    sidebar.model.show(now_conversations("a", folder_id=WORK.id), [WORK])
    sidebar.select(ConversationId("a"))
    sidebar.model.toggle("folder:w")
    assert selected(sidebar) == []
    sidebar.new_button.setFocus()
    sidebar.model.toggle("folder:w")
    assert selected(sidebar) == ["a"]


def test_the_list_is_a_sound_model_all_the_way(qtmodeltester: object, sidebar: Sidebar) -> None:
    """Qt's own checker follows every change."""
    model = sidebar.model
    model.show(now_conversations("a", "b", "c"), [WORK])
    qtmodeltester.check(model)  # type: ignore[attr-defined]
    model.show([*now_conversations("c"), *now_conversations("a", folder_id=WORK.id)])
    model.toggle("folder:w")
    model.show([], [])
    assert model.rowCount() == 0
    model.show(now_conversations("d"))
    assert model.titles() == ["d"]


def test_a_screen_reader_hears_kind_and_state(sidebar: Sidebar) -> None:
    sidebar.model.show(
        [*now_conversations("a", folder_id=WORK.id), *now_conversations("b", tags=("x", "y"))],
        [WORK],
    )
    face = QAccessible.queryAccessibleInterface(sidebar.view)

    def heard(row: int) -> str:
        return face.child(row).text(QAccessible.Text.Name)

    assert face.text(QAccessible.Text.Name) == "Conversations"
    assert heard(0) == "Folder Work, expanded, 1"
    assert heard(1) == "a"
    assert heard(2) == "Today, expanded, 1"
    assert heard(3) == "b, tags: x, y"
    sidebar.model.toggle("folder:w")
    assert heard(0) == "Folder Work, collapsed, 1"


# folders and menus


def test_a_folder_is_renamed_in_place(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a"), [WORK])
    renamed = told(sidebar.folder_renamed)
    sidebar.view.setFocus()
    sidebar.view.choose(0)
    qtbot.keyClick(sidebar.view, Qt.Key.Key_F2)
    editor = sidebar.view.findChild(QLineEdit)
    assert editor is not None
    editor.setText("  Office  ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: renamed == [("w", "Office")])
    today = sidebar.model.index(1)
    assert not today.flags() & Qt.ItemFlag.ItemIsEditable


def test_a_folder_is_deleted_from_its_menu(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", folder_id=WORK.id), [WORK])
    deleted = told(sidebar.folder_deleted)
    sidebar.view.menu_requested.emit(sidebar.model.index(0), QPoint(10, 10))
    press(menu_of(sidebar, FolderMenu), "Delete the folder, keep its conversations")
    assert deleted == [("w",)]


def test_the_menu_of_one_conversation(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", tags=("x",), folder_id=WORK.id), [WORK, HOME])
    sidebar.view.choose(1)
    told_all = {
        name: told(getattr(sidebar, name))
        for name in (
            *("open_requested", "window_requested", "title_requested", "pinned", "archived"),
            *("moved", "untagged", "export_requested", "delete_requested"),
        )
    }

    def choose(text: str) -> None:
        sidebar.view.menu_requested.emit(sidebar.model.index(1), QPoint(10, 10))
        menu = menu_of(sidebar, ConversationMenu)
        assert isinstance(menu, ConversationMenu)
        every = [*menu.actions(), *menu.folder_menu.actions(), *menu.tag_menu.actions()]
        next(a for a in every if a.text() == text).trigger()
        menu.close()

    for text in (
        *("Open", "Open in a new window", "Suggest a title", "Pin", "Archive"),
        *("Home && garden", "No folder", "x", "Export…", "Delete"),
    ):
        choose(text)
    assert told_all == {
        "open_requested": [("a",)],
        "window_requested": [("a",)],
        "title_requested": [("a",)],
        "pinned": [(["a"], True)],
        "archived": [(["a"], True)],
        "moved": [(["a"], "h"), (["a"], "")],
        "untagged": [(["a"], "x")],
        "export_requested": [(["a"],)],
        "delete_requested": [(["a"],)],
    }


def test_the_menu_of_several_names_how_many(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a", "b", is_pinned=True))
    sidebar.view.selectAll()
    deleted, pinned = told(sidebar.delete_requested), told(sidebar.pinned)
    sidebar.view.menu_requested.emit(sidebar.model.index(1), QPoint(10, 10))
    menu = menu_of(sidebar, ConversationMenu)
    texts = [a.text() for a in menu.actions()]
    assert "Open" not in texts
    assert "Rename" not in texts
    press(menu, "Unpin")
    press(menu, "Delete 2 conversations")
    assert pinned == [(["a", "b"], False)]
    assert deleted == [(["a", "b"],)]


def test_a_new_folder_and_a_new_tag_are_asked_for(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a"))
    added, tagged = told(sidebar.folder_added), told(sidebar.tagged)
    for text, name in (("New folder…", " Trips "), ("New tag…", "fun")):
        sidebar.view.menu_requested.emit(sidebar.model.index(1), QPoint(10, 10))
        menu = menu_of(sidebar, ConversationMenu)
        assert isinstance(menu, ConversationMenu)
        every = [*menu.folder_menu.actions(), *menu.tag_menu.actions()]
        next(a for a in every if a.text() == text).trigger()
        menu.close()
        question = next(q for q in sidebar.findChildren(NameQuestion) if q.isVisible())
        qtbot.keyClick(question.field, Qt.Key.Key_Return)
        assert question.isVisible()  # no name yet
        assert not question.make_button.isEnabled()
        qtbot.keyClicks(question.field, name)
        qtbot.keyClick(question.field, Qt.Key.Key_Return)
        assert not question.isVisible()
    assert added == [("Trips", ["a"])]
    assert tagged == [(["a"], "fun")]


# dragging


def drop(target: QWidget, at: QPoint, data: QMimeData) -> bool:
    """Drag `data` in and let go of it; whether it was taken."""
    taken = False
    for kind in (QDragEnterEvent, QDropEvent):
        where = at if kind is QDragEnterEvent else QPointF(at)
        event = kind(where, Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, NO_KEYS)
        QCoreApplication.sendEvent(target, event)
        taken = event.isAccepted()
    return taken


def test_dropping_moves_pins_archives_and_takes_out(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(
        [
            *now_conversations("pin", is_pinned=True),
            *now_conversations("work", folder_id=WORK.id),
            *now_conversations("a"),
            *now_conversations("kept", is_archived=True),
        ],
        [WORK],
    )
    signals = (sidebar.moved, sidebar.pinned, sidebar.archived)
    moved, pinned, archived = map(told, signals)

    def drop_on(key: str, *ids: str) -> list[list[tuple[object, ...]]]:
        for found in (moved, pinned, archived):
            found.clear()
        row = sidebar.model.row_of_heading(key)
        assert drop(sidebar.view.viewport(), spot(sidebar, row), carry(ids))
        return [list(moved), list(pinned), list(archived)]

    assert drop_on("folder:w", "a", "work") == [[(["a"], "w")], [], []]
    assert drop_on("folder:w", "pin") == [[(["pin"], "w")], [(["pin"], False)], []]
    assert drop_on("pinned", "a", "pin") == [[], [(["a"], True)], []]
    assert drop_on("today", "work", "a") == [[(["work"], "")], [], []]
    assert drop_on("archive", "a", "kept") == [[], [], [(["a"], True)]]
    assert drop_on("today", "kept") == [[], [], [(["kept"], False)]]
    foreign = QMimeData()
    foreign.setText("a")
    assert not drop(sidebar.view.viewport(), spot(sidebar, 0), foreign)


def test_places_to_drop_are_always_in_sight(qtbot: QtBot, sidebar: Sidebar) -> None:
    """Nothing is pinned or archived, so the list has no heading for either."""
    sidebar.model.show(now_conversations("a", "b"))
    foot = sidebar.foot
    assert not any(target.isVisible() for target in foot.targets)
    sidebar.view.drag_changed.emit(True)
    assert all(target.isVisible() for target in foot.targets)
    pinned, archived, deleted = map(
        told, (sidebar.pinned, sidebar.archived, sidebar.delete_requested)
    )
    for target in foot.targets:
        assert drop(target, target.rect().center(), carry(["a", "b"]))
    assert pinned == [(["a", "b"], True)]
    assert archived == [(["a", "b"], True)]
    assert deleted == [(["a", "b"],)]
    sidebar.view.drag_changed.emit(False)
    assert foot.bin.isVisible()


# tags


def test_tags_narrow_the_list_and_tag_what_is_dropped(qtbot: QtBot, sidebar: Sidebar) -> None:
    assert not sidebar.tags.isVisible()
    sidebar.model.show([*now_conversations("a", tags=("x",)), *now_conversations("b")])
    assert sidebar.tags.isVisible()
    chip = sidebar.tags.chips[0]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert sidebar.model.titles() == ["a"]
    tagged = told(sidebar.tagged)
    assert drop(chip, chip.rect().center(), carry(["b"]))
    assert tagged == [(["b"], "x")]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert sidebar.model.titles() == ["a", "b"]


def test_a_tag_that_is_gone_narrows_nothing(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show([*now_conversations("a", tags=("x",)), *now_conversations("b")])
    qtbot.mouseClick(sidebar.tags.chips[0], Qt.MouseButton.LeftButton)
    sidebar.model.show(now_conversations("a", "b"))
    assert sidebar.model.titles() == ["a", "b"]
    assert not sidebar.tags.isVisible()


def test_rare_tags_are_in_a_menu_until_chosen(qtbot: QtBot, sidebar: Sidebar) -> None:
    made = [now_conversations(f"{n}{i}", tags=(n,))[0] for n in "abcde" for i in range(2)]
    sidebar.model.show([*made, *now_conversations("rare", tags=("z & y",))])
    assert [chip.name for chip in sidebar.tags.chips] == ["a", "b", "c", "d"]
    qtbot.mouseClick(sidebar.tags.more, Qt.MouseButton.LeftButton)
    press(sidebar.tags.findChildren(QMenu)[-1], "z && y")
    assert sidebar.model.titles() == ["rare"]
    assert [c.name for c in sidebar.tags.chips if c.isChecked()] == ["z & y"]


# search


def hit(name: str, message: str | None, excerpt: str, *marks: tuple[int, int]) -> SearchHit:
    return SearchHit(
        ConversationId(name),
        f"Title of {name}",
        MessageId(message) if message else None,
        Role.USER if message else None,
        excerpt,
        marks,
        datetime.now(UTC),
    )


def test_hits_are_grouped_by_conversation() -> None:
    rows = results_of(
        [
            hit("a", "m1", "one\nblue", (4, 4)),
            hit("b", "m2", "two"),
            hit("a", None, "Title blue", (6, 4)),
            hit("a", "m3", "three"),
        ]
    )
    assert [(r.conversation_id, r.message_id, r.text, r.marks) for r in rows] == [
        ("a", None, "Title blue", ((6, 4),)),
        ("a", "m1", "one blue", ((4, 4),)),
        ("a", "m3", "three", ()),
        ("b", None, "Title of b", ()),
        ("b", "m2", "two", ()),
    ]


def test_search_by_keyboard_from_typing_to_the_message(qtbot: QtBot, sidebar: Sidebar) -> None:
    sidebar.model.show(now_conversations("a"))
    asked, opened = told(sidebar.search_requested), told(sidebar.hit_opened)
    sidebar.focus_search()
    qtbot.keyClicks(sidebar.search, "blue")
    qtbot.waitUntil(lambda: asked == [("blue",)])
    assert sidebar.view.isVisible()  # nothing flickers before there is an answer
    sidebar.show_hits("blue", [hit("a", "m1", "so blue", (3, 4))])
    assert not sidebar.view.isVisible()
    assert sidebar.results.summary.text() == "One result"
    qtbot.keyClick(sidebar.search, Qt.Key.Key_Down)
    results = sidebar.results.view
    qtbot.keyClick(results, Qt.Key.Key_Return)
    qtbot.keyClick(results, Qt.Key.Key_Down)
    qtbot.keyClick(results, Qt.Key.Key_Return)
    assert opened == [("a", "", "blue"), ("a", "m1", "blue")]
    qtbot.keyClick(results, Qt.Key.Key_Escape)
    assert sidebar.view.isVisible()
    assert sidebar.search.text() == ""
    assert asked[-1] == ("",)


def test_late_answers_are_ignored_and_nothing_is_said_in_words(
    qtbot: QtBot, sidebar: Sidebar
) -> None:
    sidebar.search.setText("zebra")
    sidebar.show_hits("zeb", [hit("a", "m1", "zeb")])
    assert not sidebar.results.isVisible()
    sidebar.show_hits("zebra", [])
    assert sidebar.results.isVisible()
    assert sidebar.results.summary.text() == "Nothing found for “zebra”."
    sidebar.search.clear()
    sidebar.show_hits("zebra", [hit("a", "m1", "zebra")])
    assert sidebar.view.isVisible()


def test_found_words_are_painted_on_another_ground(qtbot: QtBot, sidebar: Sidebar) -> None:
    """Just the words, also after a character of two units, and nothing where the text is cut."""
    sidebar.search.setText("blue")

    def paint(excerpt: str, *marks: tuple[int, int]) -> Counter[int]:
        """How often each colour is in the picture of the results."""
        sidebar.show_hits("blue", [hit("a", "m1", excerpt, *marks)])
        picture = sidebar.results.view.grab().toImage()
        pixels = memoryview(picture.constBits()).cast("I")
        return Counter(pixels)

    def ground(excerpt: str, mark: tuple[int, int]) -> int:
        """The size of the mark in pixels."""
        fresh = paint(excerpt, mark) - paint(excerpt)
        return fresh.most_common(1)[0][1]

    assert ground("😀😀😀 iiiiii", (4, 6)) == pytest.approx(
        ground("iiiiii 😀😀😀", (0, 6)), rel=0.12
    )
    long = "blue " + "and so on " * 30
    assert paint(long, (290, 4)) == paint(long)


# the bin


@pytest.fixture
def bin_page(qtbot: QtBot, theme: Theme) -> BinPage:
    made = BinPage(theme)
    qtbot.addWidget(made)
    made.show()
    return made


def binned(name: str, days: float, message: str | None = None) -> Binned:
    moment = datetime.now(UTC) - timedelta(days=days, minutes=1)
    kind = BinnedKind.MESSAGE if message else BinnedKind.CONVERSATION
    message_id = MessageId(message) if message else None
    return Binned(ConversationId(name), name, message_id, "words", moment, kind)


def test_the_bin_says_what_and_for_how_long(bin_page: BinPage) -> None:
    assert bin_page.nothing.isVisible()
    assert not bin_page.empty_button.isEnabled()
    bin_page.show_items([binned("old", 29.5, "m"), binned("new", 2)])
    assert not bin_page.nothing.isVisible()
    assert [row.what.text() for row in bin_page.rows] == ["new", "old"]
    assert bin_page.rows[0].when.text().startswith("Conversation")
    assert bin_page.rows[0].when.text().endswith("27 days left")
    assert bin_page.rows[1].when.text().startswith("Message and what followed")
    assert bin_page.rows[1].when.text().endswith("goes today")


def test_the_bin_restores_at_once_and_asks_before_erasing(qtbot: QtBot, bin_page: BinPage) -> None:
    bin_page.show_items([binned("a", 1), binned("b", 2, "m")])
    restored, erased, emptied = map(
        told, (bin_page.restore_requested, bin_page.erase_requested, bin_page.empty_requested)
    )
    bin_page.rows[0].restore.click()
    assert restored == [("a", "")]
    bin_page.rows[1].erase.click()
    assert erased == []
    assert "“b”" in bin_page.confirm.question
    assert bin_page.confirm.no.hasFocus()
    qtbot.keyClick(bin_page, Qt.Key.Key_Escape)
    assert not bin_page.confirm.isVisible()
    assert bin_page.isVisible()
    bin_page.rows[1].erase.click()
    bin_page.confirm.yes.click()
    assert erased == [("b", "m")]
    bin_page.empty_button.click()
    assert emptied == []
    bin_page.confirm.yes.click()
    assert len(emptied) == 1


def test_the_keyboard_stays_in_the_bin_when_a_row_goes(qtbot: QtBot, bin_page: BinPage) -> None:
    bin_page.activateWindow()
    bin_page.show_items([binned("a", 1), binned("b", 2)])
    bin_page.rows[0].restore.setFocus()
    bin_page.show_items([binned("b", 2)])
    assert bin_page.rows[0].restore.hasFocus()
    bin_page.show_items([])
    assert bin_page.close_button.hasFocus()


def test_tooltips_show_markup_of_strangers_as_text(sidebar: Sidebar) -> None:
    """Qt would read the file that it names."""
    words = 'See <img src="file:///etc/hostname">'
    sidebar.search.setText("see")
    sidebar.show_hits("see", [hit("a", "m1", words, (0, 3))])
    role = Qt.ItemDataRole.ToolTipRole
    shown = [sidebar.results.model.index(1).data(role)]
    sidebar.model.show([replace(c, title=words) for c in now_conversations("a")])
    shown += [sidebar.model.index(1).data(role)]
    for text in shown:
        document = QTextDocument()
        document.setHtml(text)
        assert document.toPlainText() == words


def test_escape_ends_a_search_before_it_is_the_windows(qtbot: QtBot, sidebar: Sidebar) -> None:
    stopped: list[int] = []
    QShortcut(QKeySequence("Esc"), sidebar).activated.connect(lambda: stopped.append(1))
    sidebar.activateWindow()
    qtbot.waitUntil(sidebar.isActiveWindow)
    sidebar.focus_search()
    qtbot.keyClicks(sidebar.search, "blue")
    qtbot.keyClick(sidebar.search, Qt.Key.Key_Escape)
    assert sidebar.search.text() == ""
    assert stopped == []
    sidebar.focus_search()
    qtbot.keyClick(sidebar.search, Qt.Key.Key_Escape)
    assert stopped == [1]
