"""What a model was used for: told by the history, shown in the library, said before deleting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId, utc_now
from app.core.models_entities import ModelUsage
from app.core.paths import Paths
from app.hub.starter import FILE_NAME
from app.storage.bin import Bin
from app.storage.database import open_database
from app.storage.history import History
from app.ui.models_page import ModelsPage
from app.ui.models_usage import FIRST_SHOWN, used_text
from app.ui.theme import Theme
from tests.app_window import AppWindow
from tests.models_samples import local
from tests.test_models_page import click_row, press, rows, words_on

NOW = datetime.now(UTC)


@pytest.fixture
def history(paths: Paths) -> Iterator[History]:
    made = History(open_database(paths.database))
    yield made
    made.close()


def chat(history: History, title: str, *models: str) -> ConversationId:
    """A conversation in which each of `models` gave an answer."""
    turn = history.begin_turn(None, title, "", models[0])
    for model in models[1:]:
        history.begin_turn(turn.conversation.id, "And then?", "", model)
    return turn.conversation.id


# the history


def test_each_model_has_the_conversations_it_answered_in(history: History) -> None:
    before = utc_now()
    first = chat(history, "Owls", "owl.gguf")
    both = chat(history, "Birds", "owl.gguf", "wren.gguf", "wren.gguf")
    chat(history, "Nobody", "")
    found = history.usage()
    assert set(found) == {"owl.gguf", "wren.gguf"}
    assert found["owl.gguf"].conversations == ((both, "Birds"), (first, "Owls"))
    assert found["wren.gguf"].conversations == ((both, "Birds"),)
    times = [found[name].last_used or before for name in ("owl.gguf", "wren.gguf")]
    assert before < times[0] < times[1] <= utc_now()


def test_an_answer_on_another_branch_counts(history: History) -> None:
    turn = history.begin_turn(None, "Owls", "", "owl.gguf")
    history.begin_answer(turn.question, "wren.gguf")
    assert history.usage()["owl.gguf"].conversations == ((turn.conversation.id, "Owls"),)


def test_what_is_in_the_bin_is_not_listed_yet_was_a_use(history: History) -> None:
    gone = chat(history, "Owls", "owl.gguf")
    used = history.usage()["owl.gguf"].last_used
    Bin(history._database).delete([gone])
    assert history.usage() == {"owl.gguf": ModelUsage(used, ())}
    Bin(history._database).restore(gone)
    assert history.usage()["owl.gguf"].conversations == ((gone, "Owls"),)


# the words


@pytest.mark.parametrize(
    ("days", "words"), [(0, "Used today"), (1, "Used yesterday"), (2, "Used on"), (-1, "Used on")]
)
def test_the_day_is_named(days: int, words: str) -> None:
    used = datetime(2026, 3, 10, 12, tzinfo=UTC)
    day = used.astimezone().date()
    said = used_text(ModelUsage(used), today=day + timedelta(days=days))
    assert said.startswith(words)
    if words == "Used on":
        assert QLocale().toString(day, QLocale.FormatType.ShortFormat) in said


def test_today_is_this_computers_today() -> None:
    assert used_text(ModelUsage(utc_now())) == "Used today"
    assert used_text(ModelUsage(utc_now() - timedelta(days=400))).startswith("Used on")
    assert used_text(ModelUsage(None), today=date(2026, 1, 1)) == "Not used yet"


# the library


@pytest.fixture
def page(qapp: QApplication) -> Iterator[ModelsPage]:
    """The library with an owl that was used and a wren that was not."""
    theme = Theme(qapp)
    theme.choose("light")
    made = ModelsPage(theme)
    made.resize(1100, 700)
    made.show()
    made.activateWindow()
    QApplication.processEvents()
    made.open_tab("library")
    made.show_library([local("owl"), local("wren"), local("torn", is_broken=True)], None)
    yield made
    made.close()
    made.deleteLater()
    QApplication.sendPostedEvents()


def used(count: int, days_ago: int = 0) -> ModelUsage:
    places = tuple((ConversationId(f"id-{n}"), f"Talk {n}") for n in range(count))
    return ModelUsage(NOW - timedelta(days=days_ago), places)


def test_the_list_says_when_and_where(page: ModelsPage) -> None:
    assert "sed" not in rows(page.library.list)[0].note  # nothing is claimed before it is known
    page.library.show_usage({"owl.gguf": used(3)})
    owl, wren, torn = rows(page.library.list)
    assert "Used today · In 3 conversations" in owl.note
    assert "Not used yet" in wren.note
    assert "incomplete" in torn.note
    page.library.show_usage({"owl.gguf": used(1, days_ago=1)})
    assert "Used yesterday · In one conversation" in rows(page.library.list)[0].note


def test_the_details_open_each_conversation(qtbot: QtBot, page: ModelsPage) -> None:
    asked = QSignalSpy(page.library.conversation_requested)
    page.library.show_usage({"owl.gguf": used(2)})
    click_row(qtbot, page.library.list, 0)
    detail = page.library.detail
    assert "Used today" in words_on(detail)
    assert "In 2 conversations" in words_on(detail)
    assert [link.accessibleName() for link in detail.usage.links] == ["Talk 0", "Talk 1"]
    qtbot.mouseClick(detail.usage.links[1], Qt.MouseButton.LeftButton)
    detail.usage.links[0].setFocus()
    press(qtbot, Qt.Key.Key_Return)
    assert [asked.at(0), asked.at(1)] == [["id-1"], ["id-0"]]
    click_row(qtbot, page.library.list, 1)
    assert "Not used yet" in words_on(detail)
    assert not detail.usage.isVisible()


def test_many_conversations_fold_out(qtbot: QtBot, page: ModelsPage) -> None:
    page.library.show_usage({"owl.gguf": used(12)})
    click_row(qtbot, page.library.list, 0)
    view = page.library.detail.usage
    assert len(view.links) == FIRST_SHOWN
    assert view.more.text() == f"Show {12 - FIRST_SHOWN} more"
    qtbot.mouseClick(view.more, Qt.MouseButton.LeftButton)
    assert [link.accessibleName() for link in view.links] == [f"Talk {n}" for n in range(12)]
    assert not view.more.isVisible()
    assert view.links[FIRST_SHOWN].hasFocus()
    page.library.show_usage({"owl.gguf": used(12, days_ago=1)})
    assert view.links[FIRST_SHOWN].hasFocus()  # what stays the same is not built anew
    click_row(qtbot, page.library.list, 1)
    click_row(qtbot, page.library.list, 0)
    assert len(view.links) == FIRST_SHOWN


def test_tab_reaches_the_links_after_the_buttons(qtbot: QtBot, page: ModelsPage) -> None:
    page.library.show_usage({"owl.gguf": used(12)})
    click_row(qtbot, page.library.list, 0)
    detail = page.library.detail
    detail.delete_button.setFocus()
    for widget in (*detail.usage.links, detail.usage.more):
        press(qtbot, Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget


def test_a_strangers_title_stays_one_line_of_plain_text(qtbot: QtBot, page: ModelsPage) -> None:
    title = "<b>Q&A</b>\n" + "very long " * 60
    page.resize(390, 430)
    page.library.show_usage({"owl.gguf": ModelUsage(NOW, ((ConversationId("a"), title),))})
    click_row(qtbot, page.library.list, 0)
    (link,) = page.library.detail.usage.links
    qtbot.waitUntil(link.isVisible)
    assert link.text().startswith("<b>Q&&A</b> very")
    assert link.text().endswith("…")
    assert link.mapTo(page, link.rect().bottomRight()).x() < page.width() == 390


def test_deleting_says_what_becomes_of_the_conversations(qtbot: QtBot, page: ModelsPage) -> None:
    detail = page.library.detail
    for count, words in (
        (2, "2 conversations keep their text, but must be continued with another model."),
        (1, "One conversation keeps its text, but must be continued with another model."),
        (0, ""),
    ):
        page.library.show_usage({"owl.gguf": used(count)})
        click_row(qtbot, page.library.list, 0)
        qtbot.mouseClick(detail.delete_button, Qt.MouseButton.LeftButton)
        assert "cannot be undone" in detail.confirm.question
        assert detail.confirm.question.endswith(words or "undone.")
        press(qtbot, Qt.Key.Key_Return)


# the whole window


def test_a_link_leads_to_the_conversation(
    open_window: Callable[[Paths], AppWindow], paths: Paths, history: History, qtbot: QtBot
) -> None:
    chat(history, "About owls", FILE_NAME)
    chat(history, "Unrelated", "wren.gguf")
    app = open_window(paths)
    app.until(lambda: app.chat.is_ready)
    app.click(app.window.sidebar.models_entry)
    library = app.window.models_page.library
    app.window.models_page.open_tab("library")
    app.until(lambda: rows(library.list) and "In one" in rows(library.list)[0].note)
    click_row(qtbot, library.list, 0)
    (link,) = library.detail.usage.links
    # heard of while it is on show
    app.controller.conversations.rename(history.conversations()[1].id, "Owls & more")
    app.until(lambda: [x.accessibleName() for x in library.detail.usage.links] == ["Owls & more"])
    (link,) = library.detail.usage.links
    app.click(link)
    app.until(app.window.transcript.isVisible)
    assert app.messages()[0].text == "About owls"
    assert not app.window.models_page.isVisible()


def test_without_a_database_the_library_is_there(
    open_window: Callable[[Paths], AppWindow], paths: Paths
) -> None:
    paths.database.write_bytes(b"no database at all" * 100)
    app = open_window(paths)
    app.until(lambda: app.banner_code() == "storage.damaged")
    app.click(app.window.sidebar.models_entry)
    library = app.window.models_page.library
    app.until(lambda: rows(library.list))
    app.window.models_page.open_tab("library")
    assert "sed" not in rows(library.list)[0].note
    assert not Path(f"{paths.database}-wal").exists()
