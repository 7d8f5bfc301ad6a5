"""The language is another one at once, everywhere, and nothing is lost by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.core.errors import NotEnoughMemory
from app.ui import language
from app.ui.answer_figures import seconds_text
from app.ui.counts import Counts
from app.ui.language import best_language, translate
from app.ui.models_parts import BREAK
from tests.app_window import AppWindow
from tests.made_up_language import BEGIN, END, make_language

# what is nobody's to translate: names, units, figures, and what the person and the model wrote
SAME_EVERYWHERE = re.compile(
    r"\b(Inglenook|English|GGUF|[kMG]i?B|Ctrl|Shift|Alt|Esc|PgDown|PgUp|MIT)\b"
    r"|Python [\d.]+, Qt [\d.]+, llama-cpp-python [\d.]+|.*(x86_64|arm64|aarch64|AMD64)"
)
WORD = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the place of Chinese, a language that has every text there is."""
    folder = tmp_path / "resources"
    make_language(folder)
    monkeypatch.setattr(language, "resources", lambda: folder)
    yield
    monkeypatch.undo()


@pytest.fixture(autouse=True)
def usual_language(qapp: QApplication) -> Iterator[None]:
    """The tests after these are read from the left again."""
    yield
    translate("system")


def settle() -> None:
    """What was posted is done, and what that posts."""
    for _ in range(10):
        QApplication.sendPostedEvents()
        QApplication.processEvents()


def said_by(widget: QWidget) -> list[str]:
    """Everything that a widget tells a person by eye or by ear."""
    texts = [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription()]
    if isinstance(widget, QLabel | QAbstractButton):
        texts.append(widget.text())
    elif isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        texts.append(widget.placeholderText())
    elif isinstance(widget, QTabBar):
        texts += [widget.tabText(number) for number in range(widget.count())]
    elif isinstance(widget, QComboBox):
        texts += [widget.itemText(number) for number in range(widget.count())]
    return texts


def actions_of(menu: QMenu) -> list[QAction]:
    """Of a menu and of those in it."""
    found = []
    for action in menu.actions():
        found.append(action)
        if isinstance(sub := action.menu(), QMenu):
            found += actions_of(sub)
    return found


def texts_of(app: AppWindow) -> dict[str, str]:
    """What is on show in all windows, in the menu and in the palette, and where it stands."""
    found: dict[str, str] = {}
    for window in QApplication.topLevelWidgets():
        if not window.isVisible():
            continue
        for widget in (window, *window.findChildren(QWidget)):
            if widget.isVisible():
                for text in said_by(widget):
                    found[text] = f"{type(widget).__name__} {widget.objectName()}"
    for action in actions_of(app.window.menu):
        found[action.text()] = found[action.toolTip()] = "menu"
    for action in app.window.model_menu.actions()[-1:]:
        found[action.text()] = "model menu"
    for entry in app.controller.commands.commands.entries:
        found[entry.title] = found[entry.group] = f"command {entry.id}"
    return found


def untranslated(app: AppWindow, *own: str) -> dict[str, str]:
    """Texts on show that are English still; `own` texts are the person's and the model's."""
    left = {}
    for text, place in texts_of(app).items():
        rest = text.replace(BREAK, "")
        for piece in (str(app.engine.model_path), str(app.paths.logs), str(app.paths.data), *own):
            rest = rest.replace(piece, "")
        if BEGIN not in text and WORD.search(SAME_EVERYWHERE.sub("", rest)):
            left[text] = place
    return left


def marked(app: AppWindow) -> dict[str, str]:
    """Texts on show in the made-up language."""
    return {text: place for text, place in texts_of(app).items() if BEGIN in text}


def switch(app: AppWindow, code: str) -> None:
    """Choose it in the menu, and let it come about."""
    app.window.setting_chosen.emit("language", code)
    settle()


def model_names(app: AppWindow) -> list[str]:
    assert app.engine.model is not None
    return [app.engine.model.path.stem, app.engine.model.path.name]


def open_everything(app: AppWindow) -> None:
    """Make all that is made when it is first asked for."""
    control = app.controller
    for tab in ("catalogue", "search", "library", "downloads"):
        app.window.models_requested.emit(tab)
        settle()
    control.commands.show_palette()
    control.commands.show_sheet()
    app.window.about_requested.emit()
    app.window.crash_requested.emit()
    control.sidebar.open_bin()
    app.window.engine_settings_requested.emit()
    control.export_open()
    control.open_import()
    settle()


def close_dialogs(app: AppWindow) -> None:
    for window in QApplication.topLevelWidgets():
        if window is not app.window and window.isVisible():
            window.close()
    app.window.show_chat()
    settle()


def test_everything_on_show_changes_in_the_middle_of_an_answer(
    made_up: None, app: AppWindow
) -> None:
    translate("en")
    app.ask_and_wait("Say hello.")
    open_everything(app)
    close_dialogs(app)
    assert not marked(app)
    app.ask("Tell me a long story about a small boat.")
    app.until(lambda: len(app.chat.branch) == 4)
    app.until_writing()
    written = app.answer().text
    app.type("half a thought")
    answer = app.answer()

    switch(app, "zh_CN")
    assert app.chat.is_answering
    assert app.answer() is answer
    assert answer.text.startswith(written)
    assert app.window.composer.text.toPlainText() == "half a thought"
    own = ["half a thought", "Tell me a long story", *model_names(app)]
    titles = [c.title for c in app.controller.conversations.all]
    assert untranslated(app, *own, *titles) == {}
    assert len(marked(app)) > 50

    app.until(lambda: len(app.answer().text) > len(written) + 40)
    app.window.stop_requested.emit()
    app.until(lambda: not app.chat.is_answering)
    assert app.answer().text.startswith(written)
    assert untranslated(app, *own, *titles) == {}

    switch(app, "en")
    assert marked(app) == {}
    assert app.window.composer.text.toPlainText() == "half a thought"


def test_what_was_made_before_is_made_anew(made_up: None, app: AppWindow) -> None:
    translate("en")
    open_everything(app)
    switch(app, "zh_CN")
    open_everything(app)
    names = [model.name for model in app.controller.model_store._models]
    catalogue = [entry.name for entry in app.controller.model_store.hub.catalogue()]
    left = untranslated(app, *model_names(app), *names, *catalogue)
    close_dialogs(app)
    assert left == {}
    switch(app, "en")
    open_everything(app)
    assert marked(app) == {}
    close_dialogs(app)


def test_shortcuts_work_once_after_the_language_has_changed(app: AppWindow) -> None:
    for code in ("zh_CN", "en"):
        switch(app, code)
    sidebar = app.window.sidebar
    was_visible = sidebar.isVisible()
    app.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert sidebar.isVisible() is not was_visible
    app.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert sidebar.isVisible() is was_visible


def test_the_models_page_stays_where_it_was(app: AppWindow) -> None:
    app.window.models_requested.emit("catalogue")
    page = app.window.models_page
    app.until(lambda: page.catalogue.list.rows.rows)
    page.catalogue.filter.setText("qwen")
    page.search.text.setText("gemma")
    before = [row.title for row in page.catalogue.list.rows.rows]

    switch(app, "zh_CN")
    new = app.window.models_page
    assert new is not page
    assert app.window.shows_models
    assert new.tab == "catalogue"
    assert new.search.text.text() == "gemma"
    app.until(lambda: new.catalogue.list.rows.rows)
    assert [row.title for row in new.catalogue.list.rows.rows] == before
    assert new.tabs.tabText(0) == "模型目录"


def test_a_problem_on_show_is_told_in_the_new_language(app: AppWindow) -> None:
    problem = NotEnoughMemory(name="m.gguf", need="5 GiB", have="2 GiB").problem
    app.controller.show_problem(problem)
    switch(app, "zh_CN")
    banner = app.window.banner
    assert app.banner_code() == problem.code
    assert "内存不足以运行 m.gguf" in banner.accessibleName()
    assert all(re.search(r"[\u4e00-\u9fff]", b.text()) for b in banner.buttons())
    switch(app, "en")
    assert "m.gguf" in banner.accessibleName()
    assert not re.search(r"[\u4e00-\u9fff]", banner.accessibleName())


def test_prompts_come_in_the_new_language(app: AppWindow) -> None:
    app.until(lambda: app.window.composer.prompts.has_prompts)
    switch(app, "zh_CN")
    shown = app.window.composer.prompts

    def offers_chinese() -> bool:
        app.window.composer.text.clear()
        app.type("/")
        return any(re.search(r"[\u4e00-\u9fff]", text) for text in prompt_titles(shown))

    app.until(offers_chinese)


def prompt_titles(shown: QWidget) -> list[str]:
    from PySide6.QtWidgets import QAbstractItemView

    views = [shown, *shown.findChildren(QAbstractItemView)]
    view = next(v for v in views if isinstance(v, QAbstractItemView))
    model = view.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_the_system_language_can_be_chosen_again(
    made_up: None, app: AppWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QLocale, "system", lambda: QLocale("zh_CN"))
    switch(app, "en")
    settings = app.window.menu.engine_settings
    assert settings.text() == "Settings…"
    switch(app, "system")
    assert settings.text() == f"{BEGIN}Settings…{END}"
    assert QLocale().name() == "zh_CN"


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("zh_CN", "zh_CN"),
        ("zh_SG", "zh_CN"),  # simplified too
        ("zh_TW", "en"),  # another script
        ("en_GB", "en"),
        ("ar_EG", "en"),
    ],
)
def test_the_language_that_comes_nearest(wanted: str, spoken: str) -> None:
    assert best_language(QLocale(wanted)) == spoken


def test_english_text_is_read_from_the_left_also_for_an_arab(qapp: QApplication) -> None:
    translate("ar_EG")
    assert QGuiApplication.layoutDirection() is Qt.LayoutDirection.LeftToRight


def test_one_and_several(qapp: QApplication) -> None:
    translate("en")
    assert Counts().conversations(1) == "1 conversation"
    assert Counts().conversations(2) == "2 conversations"
    assert Counts().conversations(1200) == "1,200 conversations"


def test_figures_follow_the_language(qapp: QApplication) -> None:
    translate("de")
    assert seconds_text(1.5) == "1,5 s"
    translate("zh_CN")
    assert QLocale().toString(1.5, "f", 1) == "1.5"
