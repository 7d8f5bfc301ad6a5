"""The dialog of all settings: what it shows, finds and brings back, at any size and direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTranslator
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.settings import Settings, SettingsFile, declarations
from app.services.preferences import Preferences
from app.ui.bridge import QtScheduler
from app.ui.setting_fields import CheckField, ChoiceField, Field
from app.ui.setting_numbers import NumberField
from app.ui.settings_control import SettingsControl
from app.ui.settings_dialog import SettingsDialog
from app.ui.settings_pages import ShortcutField
from app.ui.theme import Theme
from tests.app_window import AppWindow

SMALLEST = (640, 480)  # pixels, of the main window


@dataclass
class Opened:
    """An open dialog over settings of its own, without an engine or a hub."""

    control: SettingsControl
    preferences: Preferences
    theme: Theme
    qtbot: QtBot

    @property
    def dialog(self) -> SettingsDialog:
        """The one on show now."""
        assert self.control.dialog is not None
        return self.control.dialog

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.preferences.settings

    def field(self, name: str) -> Field:
        """The field of a setting."""
        return next(field for field in self.dialog.fields() if field.name == name)

    def shown(self) -> set[str]:
        """The settings whose fields can be seen."""
        return {field.name for field in self.dialog.fields() if field.isVisible()}

    def click(self, button: QWidget) -> None:
        """With the left button, scrolled to it."""
        settle()
        self.dialog.area.ensureWidgetVisible(button)
        assert button.isVisible()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def page(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Opened]:
    """The dialog over settings of which some are not the defaults."""
    settings = Settings(
        theme="light", font_percent=120, is_tray=True, system_prompt="Be kind.", top_k=7
    )
    theme, window = Theme(qapp), QWidget()
    theme.apply(Settings(theme="light"))
    scheduler = QtScheduler()
    file = SettingsFile(tmp_path / "settings.json")
    preferences = Preferences(file, settings, scheduler, lambda problem: None)

    def change(name: str, value: object) -> None:
        preferences.change(**{name: value})
        made.control.refresh()
        fill(made.dialog)

    def fill(dialog: SettingsDialog) -> None:  # as the controls of engine and hub do
        dialog.answers.show_settings(preferences.settings, {}, has_model=False)
        dialog.model.show_settings(preferences.settings, None, (), None)
        dialog.network.show_settings(preferences.settings, tmp_path)

    control = SettingsControl.of(window, theme, preferences, change)
    control.made.connect(fill)
    made = Opened(control, preferences, theme, qtbot)
    control.open("appearance")
    qtbot.waitUntil(made.dialog.isActiveWindow)
    yield made
    made.dialog.close()
    scheduler.drain(5.0)
    scheduler.close()
    QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or it is styled ever again
    theme.apply(Settings(theme="light"))


def test_every_setting_has_one_field_with_its_words_and_default(page: Opened) -> None:
    known = {name: found for name, found in declarations().items() if not found.hidden}
    made = page.dialog.fields()
    assert sorted(field.name for field in made) == sorted(known)
    for field in made:
        assert known[field.name].help in field.help.text()
        assert "Default: " in field.help.text()
        assert field.editor.accessibleDescription()
        assert field.name in field.reset.accessibleName() or "“" in field.reset.accessibleName()
    assert page.field("font_percent").help.text().endswith("Default: 100 %.")
    assert page.field("context_tokens").help.text().endswith("Default: Automatic.")
    assert page.field("is_mmap").help.text().endswith("Default: on.")
    assert page.field("theme").help.text().endswith("Default: Follow the system.")


def test_one_section_is_on_show_at_a_time(page: Opened) -> None:
    seen: set[str] = set()
    for row, one in enumerate(page.dialog.pages):
        page.dialog.sections.setCurrentRow(row)
        assert [p for p in page.dialog.pages if p.isVisible()] == [one]
        assert all(declarations()[name].section == one.section for name in page.shown())
        seen |= page.shown()
    folded = {field.name for field in page.dialog.answers.more}
    unasked = {"is_token_for_mirror"}  # there is no mirror
    hidden = {name for name, found in declarations().items() if found.hidden}
    assert seen == {f.name for f in fields(Settings)} - folded - unasked - hidden


def test_only_what_differs_can_be_reset(page: Opened) -> None:
    for section, differing in (
        ("appearance", {"theme", "font_percent"}),
        ("conversation", set()),
        ("window", {"is_tray"}),
        ("answers", {"system_prompt"}),  # top_k is not in force: the preset is
    ):
        page.dialog.show_section(section)
        offered = {f.name for f in page.dialog.fields() if f.reset.isVisible()}
        assert offered == differing
    page.dialog.show_section("appearance")
    page.click(page.field("font_percent").reset)
    assert page.settings.font_percent == 100
    size = page.field("font_percent")
    assert isinstance(size, NumberField)
    assert size.editor.value() == 100
    assert not size.reset.isVisible()
    assert QApplication.focusWidget() is size.editor, "the keyboard stays where it was"
    assert page.settings.theme == "light"


def test_ones_own_values_can_be_reset_one_by_one(page: Opened) -> None:
    page.preferences.change(preset="own")
    page.dialog.answers.show_settings(page.settings, {}, has_model=False)
    page.dialog.show_section("answers")
    page.click(page.field("top_k").reset)
    assert (page.settings.preset, page.settings.top_k) == ("own", 40)


def test_a_wrong_text_goes_with_the_reset(page: Opened) -> None:
    page.preferences.change(hub_endpoint="https://mirror.example.org")
    network = page.dialog.network
    network.show_settings(page.settings, Path("models"))
    page.dialog.show_section("network")
    network.endpoint.editor.setText("ftp://no")
    page.qtbot.keyClick(network.endpoint.editor, Qt.Key.Key_Return)
    assert network.endpoint.note.isVisible()
    assert page.settings.hub_endpoint == "https://mirror.example.org"
    page.click(network.endpoint.reset)
    assert network.endpoint.editor.text() == ""
    assert not network.endpoint.note.isVisible()
    assert page.settings.hub_endpoint == ""


def test_a_whole_section_is_reset_after_a_question(page: Opened) -> None:
    look = page.dialog.pages[0]
    page.click(look.reset_all)
    assert "Appearance" in look.confirm.question
    page.click(look.confirm.no)
    assert page.settings.font_percent == 120
    page.click(look.reset_all)
    page.click(look.confirm.yes)
    defaults = Settings()
    assert (page.settings.theme, page.settings.font_percent) == (defaults.theme, 100)
    assert page.settings.is_tray, "another section"
    assert page.settings.system_prompt == "Be kind."


def test_the_search_finds_over_all_sections(page: Opened) -> None:
    page.qtbot.keyClick(page.dialog, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.focusWidget() is page.dialog.search
    page.qtbot.keyClicks(page.dialog.search, "Mirostat")
    assert page.shown() == {"mirostat", "mirostat_tau", "mirostat_eta"}, "also what is folded"
    page.dialog.search.setText("card  MEMORY")
    assert "is_experts_on_cpu" in page.shown()
    assert "theme" not in page.shown()
    page.dialog.search.setText("access token")
    assert page.dialog.network.token.isVisible()
    assert not page.dialog.network.folders.isVisible()
    page.dialog.search.setText("xyzzy")
    assert page.shown() == set()
    assert page.dialog.nothing.isVisible()
    page.qtbot.keyClick(page.dialog.search, Qt.Key.Key_Escape)
    assert page.dialog.isVisible(), "the first Escape ends the search"
    assert page.shown() == {f.name for f in page.dialog.fields() if f.isVisibleTo(page.dialog)}
    assert page.dialog.pages[0].isVisible()
    page.qtbot.keyClick(page.dialog.search, Qt.Key.Key_Escape)
    assert not page.dialog.isVisible()


def test_what_is_not_due_is_not_found(page: Opened) -> None:
    page.dialog.search.setText("mirror")
    assert "hub_endpoint" in page.shown()
    assert "is_token_for_mirror" not in page.shown()
    page.dialog.network.show_settings(Settings(hub_endpoint="https://m.example"), Path("models"))
    assert "is_token_for_mirror" in page.shown()
    page.dialog.search.setText("proxy")
    page.dialog.network.show_settings(Settings(hub_endpoint="https://m.example"), Path("models"))
    assert "is_token_for_mirror" not in page.shown()


class _Words(QTranslator):
    """A language of a few words."""

    KNOWN = {"Text size": "文字大小", "Appearance": "外观", "Settings": "设置"}

    def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(
        self, context: bytes, text: bytes, disambiguation: bytes | None = None, n: int = -1
    ) -> str:
        return self.KNOWN.get(str(text), "")


def test_another_language_makes_it_anew_and_english_is_still_found(page: Opened) -> None:
    old = page.dialog
    old.show_section("window")
    words = _Words()
    QCoreApplication.installTranslator(words)
    try:
        page.qtbot.waitUntil(lambda: page.control.dialog is not old)
        assert page.dialog.isVisible()
        assert page.dialog.section == "window", "where it was"
        assert page.dialog.windowTitle() == "设置"
        assert page.dialog.sections.item(0).text() == "外观"
        for text in ("文字", "text size", "font_percent"):
            page.dialog.search.setText(text)
            assert page.shown() == {"font_percent"}
    finally:
        QCoreApplication.removeTranslator(words)
        QApplication.sendPostedEvents()


@pytest.mark.parametrize("percent", [100, 200])
def test_nothing_is_cut_in_a_small_window(page: Opened, percent: int) -> None:
    page.theme.apply(Settings(theme="light", font_percent=percent))
    dialog = page.dialog
    dialog.resize(*SMALLEST)
    dialog.answers.fold.button.setChecked(True)
    dialog.show_reload(True, is_answering=True)
    for one in dialog.pages:
        dialog.show_section(one.section)
        settle()
        assert (dialog.width(), dialog.height()) == SMALLEST
        assert dialog.sections.isVisible() != dialog.chooser.isVisible()
        width = dialog.area.viewport().width()
        assert one.width() <= width
        assert one.minimumSizeHint().width() <= width
        for button in dialog.findChildren(QPushButton):
            if button.isVisible():
                assert button.width() >= button.minimumSizeHint().width(), button.text()
        for field in dialog.fields():
            if field.isVisible():
                assert field.editor.height() >= field.editor.fontMetrics().height(), field.name
    assert dialog.chooser.isVisible() == (percent == 200)


def test_it_follows_the_direction_of_the_language(page: Opened) -> None:
    QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    settle()
    dialog = page.dialog
    left_of = dialog.area.mapTo(dialog, QPoint()).x()
    assert dialog.sections.mapTo(dialog, QPoint()).x() > left_of
    look = page.field("font_percent")
    assert look.reset.isVisible()
    assert look.reset.x() < look.editor.x()
    for one in dialog.pages:
        dialog.show_section(one.section)
        settle()
        assert one.minimumSizeHint().width() <= dialog.area.viewport().width()


def settle() -> None:
    """Let what a size or a direction has set off run its course."""
    for _ in range(3):
        QApplication.processEvents()


def test_a_setting_can_be_gone_to(page: Opened) -> None:
    page.control.open(setting="kept_states_mib")
    assert page.dialog.section == "model"
    field = page.field("kept_states_mib")
    assert QApplication.focusWidget() is field.editor
    area = page.dialog.area.viewport()
    assert area.rect().contains(field.mapTo(area, field.rect().center()))


def test_a_shortcut_is_taken_where_it_writes_no_text(page: Opened) -> None:
    page.dialog.show_section("window")
    field = page.field("quick_ask_shortcut")
    assert isinstance(field, ShortcutField)
    field.editor.setFocus()
    page.qtbot.keyClick(field.editor, Qt.Key.Key_K)
    field.editor.editingFinished.emit()
    assert field.note.isVisible()
    assert page.settings.quick_ask_shortcut == ""
    ctrl_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    field.editor.clear()
    page.qtbot.keyClick(field.editor, Qt.Key.Key_K, ctrl_shift)
    field.editor.editingFinished.emit()
    assert not field.note.isVisible()
    assert page.settings.quick_ask_shortcut == "Ctrl+Shift+K"
    page.click(field.reset)
    assert page.settings.quick_ask_shortcut == ""


def test_the_accent_of_the_system_is_offered_where_there_is_one(page: Opened) -> None:
    accent = page.field("accent")
    assert isinstance(accent, ChoiceField)
    page.theme.system_accent = ""
    accent.show_value("orange")
    assert accent.editor.findData("system") < 0
    page.theme.system_accent = "#2060d0"
    accent.show_value("orange")
    assert accent.editor.findData("system") >= 0
    assert not accent.editor.itemIcon(accent.editor.findData("system")).isNull()


def test_enter_does_not_close_it(page: Opened) -> None:
    tray = page.field("is_tray")
    assert isinstance(tray, CheckField)
    page.dialog.show_section("window")
    page.qtbot.keyClick(tray.editor, Qt.Key.Key_Return)
    assert page.dialog.isVisible()
    page.qtbot.keyClick(tray.editor, Qt.Key.Key_Space)
    assert not page.settings.is_tray


def test_the_window_has_one_dialog_whose_choices_apply_at_once(app: AppWindow) -> None:
    app.window.menu.engine_settings.trigger()
    dialog = app.controller.engine_settings.dialog
    assert dialog is not None
    app.window.menu.hub_settings.trigger()
    assert app.controller.hub_settings.dialog is dialog
    assert dialog.network.isVisible()
    dialog.show_section("appearance")
    names = {field.name: field for field in dialog.fields()}
    size = names["font_percent"]
    assert isinstance(size, NumberField)
    before = app.window.composer.text.font().pointSizeF()
    size.editor.setValue(200)
    assert app.window.composer.text.font().pointSizeF() == pytest.approx(before * 2)
    app.click(size.reset)
    assert app.window.composer.text.font().pointSizeF() == pytest.approx(before)


def test_the_page_of_memory_says_which_number_matters(page: Opened) -> None:
    page.dialog.show_section("memory")

    def unused() -> set[str]:
        names = ("memory_turns", "memory_tokens")
        return {name for name in names if page.field(name).note.isVisible()}

    settle()
    assert unused() == {"memory_turns", "memory_tokens"}
    for kind, left in (
        ("last_turns", {"memory_tokens"}),
        ("tokens", {"memory_turns"}),
        ("summary", {"memory_tokens"}),
    ):
        field = page.field("memory_kind")
        assert isinstance(field, ChoiceField)
        editor = field.editor
        editor.setCurrentIndex(editor.findData(kind))
        editor.activated.emit(editor.currentIndex())
        settle()
        assert page.settings.memory_kind == kind
        assert unused() == left
    assert page.settings.memory_policy().turns == 10
