"""The Models page as a person meets it: what is shown, what keys and clicks ask for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QEvent, QLocale, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.hub_errors import HubUnreachable, NeedsLogin, NoSpaceForModel
from app.core.models_entities import (
    DownloadState,
    ModelHit,
    SearchPage,
    SearchQuery,
    SearchSort,
)
from app.ui.code_block import CodeBlock
from app.ui.main_window import MainWindow
from app.ui.models_list import ROW_ROLE, Row, RowList
from app.ui.models_page import ModelsPage
from app.ui.palettes import DARK, LIGHT, Colours
from app.ui.theme import Theme
from app.ui.words import size_text
from tests.models_samples import (
    CATALOGUE,
    FITS,
    FOLDER,
    GIB,
    HITS,
    VARIANT_FITS,
    details,
    download,
    local,
    variant,
)
from tests.test_widgets import contrast

WIDE, NARROW = (1100, 700), (390, 430)
OWL = CATALOGUE[0].repo
Shown = TypeVar("Shown", bound=QWidget)


@pytest.fixture(scope="module")
def theme(qapp: QApplication) -> Theme:
    """One for all: choosing a theme restyles every widget there is."""
    made = Theme(qapp)
    made.choose("light")
    return made


@pytest.fixture
def page(theme: Theme) -> Iterator[ModelsPage]:
    """A wide page with a catalogue."""
    made = ModelsPage(theme)
    made.resize(*WIDE)
    made.show_catalogue(CATALOGUE, FITS)
    yield from shown(made)


def shown(widget: Shown) -> Iterator[Shown]:
    """Show a widget for the time of a test; after it, it is really gone."""
    widget.show()
    widget.activateWindow()
    QApplication.processEvents()
    yield widget
    widget.close()
    widget.deleteLater()
    QApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)


def rows(view: RowList) -> list[Row]:
    model = view.model()
    return [model.index(i, 0).data(ROW_ROLE) for i in range(model.rowCount())]


def titles(view: RowList) -> list[str]:
    return [row.title for row in rows(view)]


def click_row(qtbot: QtBot, view: RowList, number: int) -> None:
    spot = view.visualRect(view.model().index(number, 0)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def press(qtbot: QtBot, key: Qt.Key) -> None:
    """A key where the keyboard is."""
    qtbot.keyClick(QApplication.focusWidget(), key)


def open_owl(qtbot: QtBot, page: ModelsPage) -> None:
    click_row(qtbot, page.catalogue.list, 0)
    page.show_details(details(), VARIANT_FITS, "Q4_K_M")


def words_on(widget: QWidget) -> str:
    """All words of the visible labels below `widget`."""
    QApplication.processEvents()  # new widgets are shown by the layout
    shown = [w.text() for w in widget.findChildren(QLabel) if w.isVisible()]
    shown += [w.toPlainText() for w in widget.findChildren(QTextBrowser) if w.isVisible()]
    return "\n".join(shown).replace("\u200b", "")


# catalogue


def test_the_catalogue_says_what_fits(page: ModelsPage) -> None:
    shown = rows(page.catalogue.list)
    assert [row.title for row in shown] == ["Owl 7B", "Wren Coder", "Heron"]
    assert [row.badge for row in shown] == ["Fits on the GPU", "Partly on the GPU", "Too big"]
    assert "7.6B" in shown[0].facts
    assert size_text(5 * GIB) in shown[0].facts
    assert "21" in shown[1].tooltip  # layers on the GPU
    assert size_text(7 * GIB) in shown[0].tooltip


def test_the_catalogue_is_filtered_by_words_and_kinds(qtbot: QtBot, page: ModelsPage) -> None:
    tab = page.catalogue
    qtbot.keyClicks(tab.filter, "wREN")
    assert titles(tab.list) == ["Wren Coder"]
    tab.filter.clear()
    qtbot.keyClicks(tab.filter, "zh")
    assert titles(tab.list) == ["Owl 7B"]
    tab.filter.clear()
    qtbot.mouseClick(tab.chips["chat"], Qt.MouseButton.LeftButton)
    assert titles(tab.list) == ["Owl 7B", "Wren Coder"]
    qtbot.mouseClick(tab.chips["code"], Qt.MouseButton.LeftButton)
    assert titles(tab.list) == ["Wren Coder"]
    qtbot.mouseClick(tab.chips["vision"], Qt.MouseButton.LeftButton)
    assert not tab.list.isVisible()
    assert "No model in the catalogue" in words_on(tab)


@pytest.mark.parametrize(
    ("language", "words", "others"),
    [("zh_CN", "猫头鹰很聪明。", "Owls are wise."), ("en", "Owls are wise.", "猫头鹰很聪明。")],
)
def test_a_model_is_described_in_the_windows_language_and_found_in_both(
    qtbot: QtBot, theme: Theme, language: str, words: str, others: str
) -> None:
    before = QLocale()
    owl = replace(CATALOGUE[0], summary="Owls are wise.", summary_zh_CN="猫头鹰很聪明。")
    wren = CATALOGUE[1]  # nobody has said anything in Chinese of it
    page = ModelsPage(theme)
    qtbot.addWidget(page)
    page.resize(*WIDE)
    page.show()
    try:
        QLocale.setDefault(QLocale(language))
        page.show_catalogue((owl, wren), FITS)
        view = page.catalogue.list
        assert [row.note for row in rows(view)] == [words, wren.summary]
        assert rows(view)[0].facts.endswith(owl.licence)  # an identifier, in every language
        click_row(qtbot, view, 0)
        described = words_on(page.catalogue.detail)
        assert words in described
        assert others not in described
        for searched in ("聪明", "wise"):
            page.catalogue.filter.setText(searched)
            assert titles(view) == ["Owl 7B"]
    finally:
        QLocale.setDefault(before)


def test_a_chosen_model_is_described_before_the_hub_answers(qtbot: QtBot, page: ModelsPage) -> None:
    asked = QSignalSpy(page.details_requested)
    click_row(qtbot, page.catalogue.list, 0)
    assert asked.count() == 1
    assert asked.at(0) == [OWL]
    words = words_on(page.catalogue.detail)
    for part in ("Owl 7B", OWL, "About Owl 7B", "Fits on the GPU", "Asking the hub"):
        assert part in words
    page.show_details(details(), VARIANT_FITS, "Q4_K_M")
    assert "Asking the hub" not in words_on(page.catalogue.detail)
    click_row(qtbot, page.catalogue.list, 0)
    assert asked.count() == 1  # it is there already


def test_arrow_keys_ask_only_for_the_model_where_they_rest(qtbot: QtBot, page: ModelsPage) -> None:
    asked = QSignalSpy(page.details_requested)
    view = page.catalogue.list
    view.setFocus()
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    assert "Heron" in words_on(page.catalogue.detail)
    assert asked.count() == 0
    qtbot.waitUntil(lambda: asked.count() > 0, timeout=3000)
    assert [asked.at(i) for i in range(asked.count())] == [["acme/heron-GGUF"]]


# one repository


def test_variants_name_size_fit_and_numbers(qtbot: QtBot, page: ModelsPage) -> None:
    open_owl(qtbot, page)
    shown = page.catalogue.detail.variants.rows
    assert [row.variant.name for row in shown] == ["Q4_K_M", "Q2_K", "BF16"]  # recommended first
    first = words_on(shown[0])
    for part in ("Q4_K_M", "Recommended", size_text(5 * GIB), "In memory, slow"):
        assert part in first
    assert "Recommended" not in words_on(shown[1])
    assert shown[0].numbers == ""
    qtbot.mouseClick(shown[0].more, Qt.MouseButton.LeftButton)
    for part in (size_text(7 * GIB), size_text(16 * GIB), "Estimated"):
        assert part in shown[0].numbers
    qtbot.mouseClick(shown[0].more, Qt.MouseButton.LeftButton)
    assert shown[0].numbers == ""


def test_a_variant_is_downloaded_once(qtbot: QtBot, page: ModelsPage) -> None:
    wanted = QSignalSpy(page.download_requested)
    open_owl(qtbot, page)
    shown = page.catalogue.detail.variants.rows
    qtbot.mouseClick(shown[1].button, Qt.MouseButton.LeftButton)
    assert wanted.at(0) == [details(), variant("Q2_K", 3)]
    assert not shown[2].button.isEnabled()  # parts of it are missing
    assert "Parts are missing" in words_on(shown[2])
    going = download(1, DownloadState.RUNNING)
    going = replace(going, job=replace(going.job, files=variant("Q2_K", 3).files))
    page.show_downloads([going])
    assert not shown[1].button.isEnabled()
    assert shown[1].button.text() == "In the downloads"
    assert shown[0].button.isEnabled()
    page.show_downloads([])
    assert shown[1].button.isEnabled()


def test_an_answer_about_another_model_is_not_shown(qtbot: QtBot, page: ModelsPage) -> None:
    click_row(qtbot, page.catalogue.list, 1)
    page.show_details(details(OWL), VARIANT_FITS, "Q4_K_M")
    page.show_details_problem(OWL, HubUnreachable(host="hub.example").problem)
    words = words_on(page.catalogue.detail)
    assert "Wren Coder" in words
    assert "Q4_K_M" not in words
    assert "cannot be reached" not in words


def test_the_card_is_readable_and_loads_nothing(qtbot: QtBot, page: ModelsPage) -> None:
    open_owl(qtbot, page)
    words = words_on(page.catalogue.detail)
    for part in ("About it", "Some prose", "nested"):
        assert part in words
    assert page.catalogue.detail.page_button.isVisible()  # where the pictures are
    for part in ("tracker.example", "license:", "a comment", "<div", "<br>"):
        assert part not in words
    code = page.catalogue.detail.findChild(CodeBlock)
    assert code is not None
    assert code.findChild(QPlainTextEdit).toPlainText() == "<b>code stays</b>"


def test_a_hostile_card_does_not_hold_up_the_window(qtbot: QtBot, page: ModelsPage) -> None:
    click_row(qtbot, page.catalogue.list, 0)
    for piece in (
        "<a ",
        "![",
        "[![",
        "<!--",
        "```\n\n```\n",
        "|a|\n|-|\n\n",
        "# a\n",
        "- " * 200 + "\n",
    ):
        start = time.perf_counter()
        page.show_details(details(card=piece * 50_000), {}, "")
        page.grab()
        assert time.perf_counter() - start < 3, piece


def test_terms_are_read_in_the_browser(qtbot: QtBot, page: ModelsPage) -> None:
    opened = QSignalSpy(page.open_url_requested)
    click_row(qtbot, page.catalogue.list, 0)
    page.show_details(details(), VARIANT_FITS, "")
    detail = page.catalogue.detail
    assert not detail.terms_button.isVisible()
    page.show_details(details(is_gated=True), VARIANT_FITS, "")
    qtbot.mouseClick(detail.terms_button, Qt.MouseButton.LeftButton)
    assert opened.at(0) == [f"https://hub.example/{OWL}"]


def test_a_refused_repository_offers_its_page_and_another_try(
    qtbot: QtBot, page: ModelsPage
) -> None:
    opened, asked = QSignalSpy(page.open_url_requested), QSignalSpy(page.details_requested)
    click_row(qtbot, page.catalogue.list, 0)
    problem = NeedsLogin(repo=OWL, url="https://hub.example/terms").problem
    page.show_details_problem(OWL, problem)
    detail = page.catalogue.detail
    assert "only to people who are logged in" in words_on(detail)
    assert "About Owl 7B" in words_on(detail)  # what the catalogue knows stays
    terms, again = detail.banner.buttons()[:2]
    qtbot.mouseClick(terms, Qt.MouseButton.LeftButton)
    assert opened.at(0) == ["https://hub.example/terms"]
    page.show_details_problem(OWL, problem)
    again = next(b for b in detail.banner.buttons() if b.text() == "Try again")
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    assert asked.count() == 2
    assert "Asking the hub" in words_on(detail)


# search


def test_a_search_says_all_that_was_chosen(qtbot: QtBot, page: ModelsPage) -> None:
    asked = QSignalSpy(page.search_requested)
    page.open_tab("search")
    tab = page.search
    qtbot.keyClicks(QApplication.focusWidget(), " small owl ")
    for choice, text in (
        (tab.sort, "Most downloads"),
        (tab.largest, "Up to 9B"),
        (tab.licence, "apache-2.0"),
        (tab.architecture, "llama"),
    ):
        choice.setCurrentText(text)
    tab.language.setCurrentIndex(tab.language.findData("de"))
    tab.licence.activated.emit(tab.licence.currentIndex())
    assert asked.count() == 0  # nothing is sent before the person asks
    press(qtbot, Qt.Key.Key_Return)
    assert asked.at(0) == [
        SearchQuery(
            text="small owl",
            sort=SearchSort.DOWNLOADS,
            licence="apache-2.0",
            language="de",
            architecture="llama",
            max_parameters=9_000_000_000,
        )
    ]
    tab.licence.setCurrentIndex(0)
    tab.licence.activated.emit(0)
    assert asked.count() == 2  # after that a filter is enough
    assert asked.at(1)[0].licence == ""


def test_results_come_page_by_page(qtbot: QtBot, page: ModelsPage) -> None:
    more = QSignalSpy(page.more_requested)
    page.open_tab("search")
    tab = page.search
    qtbot.keyClicks(tab.text, "owl")
    press(qtbot, Qt.Key.Key_Return)
    page.show_searching()
    assert "Searching" in words_on(tab)
    page.show_results(SearchPage(HITS, next_cursor="two"), append=False)
    assert "Searching" not in words_on(tab)
    assert titles(tab.list) == ["owl-GGUF", "wren-GGUF"]
    first, second = rows(tab.list)
    for part in ("acme", "135M", "1.2M downloads", "mit"):
        assert part in first.facts
    assert second.badge == "Terms to accept"
    qtbot.mouseClick(tab.more, Qt.MouseButton.LeftButton)
    assert more.at(0) == [SearchQuery(text="owl", cursor="two")]
    page.show_results(SearchPage((HITS[1], ModelHit("acme/heron"))), append=True)
    assert titles(tab.list) == ["owl-GGUF", "wren-GGUF", "heron"]  # none twice
    assert not tab.more.isVisible()
    page.show_results(SearchPage(()), append=False)
    assert "Nothing was found" in words_on(tab)


def test_a_failed_search_can_be_tried_again(qtbot: QtBot, page: ModelsPage) -> None:
    asked = QSignalSpy(page.search_requested)
    page.open_tab("search")
    page.search.search()
    page.show_searching()
    page.show_search_problem(HubUnreachable(host="hub.example").problem)
    assert "hub.example cannot be reached" in words_on(page.search)
    assert "Searching" not in words_on(page.search)
    qtbot.mouseClick(page.search.banner.buttons()[0], Qt.MouseButton.LeftButton)
    assert asked.count() == 2
    page.show_results(SearchPage(HITS), append=False)
    assert "cannot be reached" not in words_on(page.search)


def test_the_name_of_a_repository_opens_it(qtbot: QtBot, page: ModelsPage) -> None:
    """Mirrors that cannot be searched still give what one asks for by name."""
    asked = QSignalSpy(page.details_requested)
    page.open_tab("search")
    qtbot.keyClicks(page.search.text, "acme/Owl-7B_v2.GGUF")
    press(qtbot, Qt.Key.Key_Return)
    assert asked.at(0) == ["acme/Owl-7B_v2.GGUF"]
    page.show_details(details("acme/Owl-7B_v2.GGUF"), VARIANT_FITS, "Q4_K_M")
    assert "Q4_K_M" in words_on(page.search.detail)


# downloads


def test_a_download_goes_on_in_its_row(page: ModelsPage) -> None:
    page.open_tab("downloads")
    assert "Nothing is being downloaded" in words_on(page.downloads)
    page.show_downloads([download(1, DownloadState.RUNNING, 1, speed=10 << 20)])
    row = page.downloads.rows["job1"]
    assert row.isVisible()
    before = row.bar.value()
    page.show_downloads([download(1, DownloadState.RUNNING, 5, speed=10 << 20)])
    assert page.downloads.rows["job1"] is row
    assert row.bar.value() == row.bar.maximum() / 2 > before
    assert row.state_text == "Downloading"
    for part in (size_text(5 * GIB), size_text(10 * GIB), "10 MiB/s", "9 min left"):
        assert part in row.figures
    assert page.tabs.tabText(3) == "Downloads (1)"
    page.show_downloads([])
    assert "Nothing is being downloaded" in words_on(page.downloads)
    assert page.tabs.tabText(3) == "Downloads"


@pytest.mark.parametrize(
    ("state", "buttons"),
    [
        (DownloadState.QUEUED, {"Pause", "Cancel"}),
        (DownloadState.RUNNING, {"Pause", "Cancel"}),
        (DownloadState.WAITING, {"Pause", "Cancel"}),
        (DownloadState.PAUSED, {"Resume", "Cancel"}),
        (DownloadState.FAILED, {"Try again", "Cancel"}),
        (DownloadState.DONE, {"Chat with it", "Take off the list"}),
    ],
)
def test_each_state_offers_what_one_can_do(
    page: ModelsPage, state: DownloadState, buttons: set[str]
) -> None:
    page.open_tab("downloads")
    page.show_downloads([download(1, state)])
    row = page.downloads.rows["job1"]
    shown = (row.up, row.down, row.pause, row.resume, row.retry, row.chat, row.cancel)
    assert {b.text() or b.accessibleName() for b in shown if b.isVisible()} == buttons


def test_the_buttons_of_a_download(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("downloads")
    said: list[object] = []
    for signal in (page.pause_requested, page.resume_requested, page.retry_requested):
        signal.connect(said.append)
    page.chat_requested.connect(said.append)
    page.show_downloads([download(1, DownloadState.RUNNING)])
    row = page.downloads.rows["job1"]
    row.pause.setFocus()
    press(qtbot, Qt.Key.Key_Space)
    page.show_downloads([download(1, DownloadState.PAUSED)])
    assert row.resume.hasFocus()  # the keyboard stays where it was
    press(qtbot, Qt.Key.Key_Space)
    page.show_downloads([download(1, DownloadState.FAILED)])
    qtbot.mouseClick(row.retry, Qt.MouseButton.LeftButton)
    page.show_downloads([download(1, DownloadState.DONE, path="/models/owl.gguf")])
    qtbot.mouseClick(row.chat, Qt.MouseButton.LeftButton)
    assert said == ["job1", "job1", "job1", Path("/models/owl.gguf")]


def test_what_has_arrived_is_not_thrown_away_by_one_click(qtbot: QtBot, page: ModelsPage) -> None:
    cancelled = QSignalSpy(page.cancel_requested)
    page.open_tab("downloads")
    page.show_downloads([download(1, DownloadState.RUNNING, 3), download(2, DownloadState.QUEUED)])
    qtbot.waitUntil(lambda: len(page.downloads.rows) == 2)
    first, second = page.downloads.rows["job1"], page.downloads.rows["job2"]
    qtbot.mouseClick(first.cancel, Qt.MouseButton.LeftButton)
    assert cancelled.count() == 0
    assert size_text(3 * GIB) in first.confirm.question
    press(qtbot, Qt.Key.Key_Escape)
    assert not first.confirm.isVisible()
    assert page.isVisible()
    qtbot.mouseClick(first.cancel, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(first.confirm.yes, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(second.cancel, Qt.MouseButton.LeftButton)  # nothing of it is there
    assert [cancelled.at(i) for i in range(cancelled.count())] == [["job1"], ["job2"]]


def test_a_failed_download_says_why(page: ModelsPage) -> None:
    page.open_tab("downloads")
    problem = NoSpaceForModel(file="m.gguf", need="5 GiB", free="1 GiB").problem
    page.show_downloads([download(1, DownloadState.FAILED, 3, problem=problem)])
    row = page.downloads.rows["job1"]
    assert "5" in row.problem_text
    assert "Make room" in row.problem_text.replace("\u200b", "")
    page.show_downloads([download(1, DownloadState.RUNNING, 3)])
    assert row.problem_text == ""


def test_downloads_are_put_in_order(qtbot: QtBot, page: ModelsPage) -> None:
    moved = QSignalSpy(page.move_requested)
    page.open_tab("downloads")
    order = [
        download(1, DownloadState.RUNNING),
        download(2, DownloadState.DONE),
        download(3, DownloadState.QUEUED),
    ]
    page.show_downloads(order)
    made = page.downloads.rows
    qtbot.waitUntil(lambda: len(made) == len(order))
    assert not made["job1"].up.isEnabled()
    assert not made["job3"].down.isEnabled()
    qtbot.mouseClick(made["job3"].up, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(made["job1"].down, Qt.MouseButton.LeftButton)
    assert [moved.at(0), moved.at(1)] == [["job3", 0], ["job1", 2]]
    page.show_downloads([order[2], order[0], order[1]])
    QApplication.processEvents()
    places = {name: row.y() for name, row in made.items()}
    assert places["job3"] < places["job1"] < places["job2"]


def test_many_downloads_are_brought_up_to_date_in_no_time(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("downloads")
    page.show_downloads([download(i, DownloadState.RUNNING) for i in range(40)])
    qtbot.waitUntil(lambda: len(page.downloads.rows) == 40)
    page.grab()
    start = time.perf_counter()
    for step in range(10):
        page.show_downloads(
            [download(i, DownloadState.RUNNING, step / 2, 1e7 + step) for i in range(40)]
        )
        QApplication.processEvents()
    assert (time.perf_counter() - start) / 10 < 0.1


# the models here


def test_the_library_says_what_each_file_is(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("library")
    assert "No model is here yet" in words_on(page.library)
    good, bad = local("owl"), local("torn", 1, is_broken=True)
    page.show_library([good, bad], good.path)
    first, second = rows(page.library.list)
    assert first.badge == "In use"
    for part in ("Q4_K_M", size_text(4 * GIB), "32"):
        assert part in first.facts
    assert first.note == str(FOLDER)
    assert second.badge == "Broken"
    assert "incomplete" in second.note
    assert size_text(5 * GIB) in words_on(page.library)  # together
    click_row(qtbot, page.library.list, 1)
    assert "incomplete" in page.library.detail.problem_text
    assert not page.library.detail.chat_button.isEnabled()
    click_row(qtbot, page.library.list, 0)
    assert page.library.detail.problem_text == ""
    assert "answers at the moment" in words_on(page.library.detail)


def test_a_file_not_read_yet_is_listed_and_cannot_be_used(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("library")
    page.show_library([replace(local("owl"), is_read=False), local("wren")], None)
    assert [row.badge for row in rows(page.library.list)] == ["Being read…", ""]
    click_row(qtbot, page.library.list, 0)
    assert not page.library.detail.chat_button.isEnabled()
    page.show_library([local("owl"), local("wren")], None)
    assert rows(page.library.list)[0].badge == ""
    assert page.library.detail.chat_button.isEnabled()


def test_what_can_be_done_with_a_file(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("library")
    page.show_library([local("owl"), local("wren")], None)
    click_row(qtbot, page.library.list, 1)
    detail = page.library.detail
    path = local("wren").path
    for button, signal in (
        (detail.chat_button, page.chat_requested),
        (detail.verify_button, page.verify_requested),
        (detail.folder_button, page.show_folder_requested),
    ):
        spy = QSignalSpy(signal)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert spy.at(0) == [path]


def test_deleting_asks_and_names_the_space(qtbot: QtBot, page: ModelsPage) -> None:
    deleted = QSignalSpy(page.delete_requested)
    closed = QSignalSpy(page.closed)
    page.open_tab("library")
    page.show_library([local("owl", 4), local("wren", 9)], None)
    click_row(qtbot, page.library.list, 1)
    detail = page.library.detail
    qtbot.mouseClick(detail.delete_button, Qt.MouseButton.LeftButton)
    assert "wren.gguf" in detail.confirm.question
    assert size_text(9 * GIB) in detail.confirm.question
    press(qtbot, Qt.Key.Key_Return)  # the keyboard is on the safe answer
    assert not detail.confirm.isVisible()
    qtbot.mouseClick(detail.delete_button, Qt.MouseButton.LeftButton)
    press(qtbot, Qt.Key.Key_Escape)
    assert not detail.confirm.isVisible()
    assert deleted.count() == closed.count() == 0
    qtbot.mouseClick(detail.delete_button, Qt.MouseButton.LeftButton)
    click_row(qtbot, page.library.list, 0)
    assert not detail.confirm.isVisible()  # the question was about the other one
    click_row(qtbot, page.library.list, 1)
    qtbot.mouseClick(detail.delete_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(detail.confirm.yes, Qt.MouseButton.LeftButton)
    assert deleted.at(0) == [local("wren").path]
    page.show_library([local("owl", 4)], None)
    assert "Choose a model" in words_on(detail)


def test_two_hundred_models_are_listed_at_once(page: ModelsPage) -> None:
    page.open_tab("library")
    models = [local(f"owl-{number}") for number in range(200)]
    start = time.perf_counter()
    page.show_library(models, models[7].path)
    page.grab()
    assert time.perf_counter() - start < 0.2
    assert len(rows(page.library.list)) == 200


def test_the_chosen_file_stays_chosen_when_others_appear(qtbot: QtBot, page: ModelsPage) -> None:
    page.open_tab("library")
    page.show_library([local("owl"), local("wren")], None)
    click_row(qtbot, page.library.list, 1)
    page.show_library([local("heron"), local("owl"), local("wren")], None)
    assert page.library.list.selected() == str(local("wren").path)
    assert page.library.detail.key == str(local("wren").path)


def test_models_and_folders_are_dropped_onto_the_page(page: ModelsPage, tmp_path: Path) -> None:
    imported, added = QSignalSpy(page.import_requested), QSignalSpy(page.add_folder_requested)
    files = [tmp_path / "a.gguf", tmp_path / "B.GGUF", tmp_path / "notes.txt"]
    drop(page, [*files, tmp_path])
    assert imported.at(0) == [files[:2]]
    assert added.at(0) == [tmp_path]
    assert page.tab == "library"
    assert not drop(page, [files[2]])  # not a model
    assert imported.count() == 1


def drop(page: ModelsPage, paths: list[Path]) -> bool:
    """Drag files over the page and let go; whether the page takes them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(page, enter)
    if enter.isAccepted():
        assert "Drop models" in words_on(page)
        QApplication.sendEvent(page, QDropEvent(QPointF(50, 50), copy, data, left, none))
        assert "Drop models" not in words_on(page)
    return enter.isAccepted()


# wide, narrow, by keyboard


def test_narrow_the_detail_takes_the_place_of_the_list(qtbot: QtBot, page: ModelsPage) -> None:
    open_owl(qtbot, page)
    tab = page.catalogue
    assert tab.list.isVisible()
    assert tab.detail.isVisible()
    assert not tab.detail.back.isVisible()
    page.resize(*NARROW)
    assert not tab.list.isVisible()
    assert tab.detail.back.isVisible()
    qtbot.mouseClick(tab.detail.back, Qt.MouseButton.LeftButton)
    assert tab.list.isVisible()
    assert not tab.detail.isVisible()
    assert tab.list.hasFocus()


def test_from_the_filter_to_a_download_by_keyboard(qtbot: QtBot, page: ModelsPage) -> None:
    """Also in a narrow window, and back to the chat, one step at a time."""
    page.resize(*NARROW)
    wanted, closed = QSignalSpy(page.download_requested), QSignalSpy(page.closed)
    page.open_tab("catalogue")
    assert page.catalogue.filter.hasFocus()
    for _ in range(20):
        press(qtbot, Qt.Key.Key_Tab)
        if page.catalogue.list.hasFocus():
            break
    press(qtbot, Qt.Key.Key_Home)
    press(qtbot, Qt.Key.Key_Return)
    page.show_details(details(), VARIANT_FITS, "Q2_K")
    press(qtbot, Qt.Key.Key_Return)
    assert wanted.at(0)[1].name == "Q2_K"
    press(qtbot, Qt.Key.Key_Escape)
    assert page.catalogue.list.hasFocus()
    assert closed.count() == 0
    press(qtbot, Qt.Key.Key_Escape)
    assert closed.count() == 1


def test_tabs_by_keyboard(qtbot: QtBot, page: ModelsPage) -> None:
    for number, name in enumerate(("catalogue", "search", "library", "downloads")):
        qtbot.keyClick(page, Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.AltModifier)
        assert page.tab == name
    page.tabs.setFocus()
    qtbot.keyClick(page.tabs, Qt.Key.Key_Left)
    assert page.tab == "library"


def test_nothing_is_cut_off_in_a_narrow_window(qtbot: QtBot, page: ModelsPage) -> None:
    page.resize(*NARROW)
    open_owl(qtbot, page)
    page.show_details(details(is_gated=True), VARIANT_FITS, "Q4_K_M")
    check_widths(page)
    page.show_details_problem(OWL, NeedsLogin("x", repo="a" * 60, url="https://x.example").problem)
    check_widths(page)
    page.open_tab("downloads")
    page.show_downloads([download(i, state) for i, state in enumerate(DownloadState)])
    check_widths(page)
    page.open_tab("library")
    page.show_library([local("long-" * 20)], None)
    click_row(qtbot, page.library.list, 0)
    check_widths(page)


def check_widths(page: ModelsPage) -> None:
    """No scrolled column is wider than the room it has, and the page still fits."""
    QApplication.processEvents()
    page.grab()
    assert page.width() == NARROW[0]
    for area in page.findChildren(QScrollArea):
        inner = area.widget()
        if area.isVisible() and inner is not None:
            assert inner.width() <= area.viewport().width()


# the window


@pytest.fixture
def window(theme: Theme) -> Iterator[MainWindow]:
    yield from shown(MainWindow(theme))


def test_the_sidebar_leads_to_the_models_and_escape_back(qtbot: QtBot, window: MainWindow) -> None:
    stopped = QSignalSpy(window.stop_requested)
    entry = window.sidebar.models_entry
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert window.models_page.isVisible()
    assert entry.isChecked()
    assert not window.composer.isVisible()
    press(qtbot, Qt.Key.Key_Escape)
    assert not window.models_page.isVisible()
    assert not entry.isChecked()
    assert window.composer.isVisible()
    assert window.composer.text.hasFocus()
    assert stopped.count() == 0  # an answer that is being written goes on


def test_without_a_model_there_is_a_way_to_the_catalogue(qtbot: QtBot, window: MainWindow) -> None:
    window.empty.show_no_model("models")
    button = next(b for b in window.empty.findChildren(QPushButton) if b.text() == "Find a model")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.models_page.isVisible()
    assert window.models_page.tab == "catalogue"


def test_the_sidebar_shows_how_far_all_downloads_are(window: MainWindow) -> None:
    entry = window.sidebar.models_entry
    assert entry.progress_text == ""
    window.show_download_progress(
        [
            download(1, DownloadState.RUNNING, 5),
            download(2, DownloadState.QUEUED),
            download(3, DownloadState.PAUSED, 9),
            download(4, DownloadState.DONE, 10),
        ]
    )
    assert entry.progress_text == "25%"
    assert "25%" in entry.accessibleName()
    window.show_download_progress([download(3, DownloadState.PAUSED, 9)])
    assert entry.progress_text == ""


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_verdicts_can_be_read(colours: Colours) -> None:
    grounds = (colours.window, colours.surface, colours.hover, colours.selected)
    inks = (colours.good, colours.warn, colours.danger)
    assert [(i, g) for i in inks for g in grounds if contrast(i, g) < 4.5] == []
