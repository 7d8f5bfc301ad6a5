"""Themes: what can be read on what, sizes of all text, motion, and what the system says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.settings import Settings, declarations
from app.ui.palettes import (
    ACCENTS,
    CONTRAST_DARK,
    CONTRAST_LIGHT,
    DARK,
    HIGH_CONTRAST,
    LIGHT,
    PARTS_CONTRAST,
    TEXT_CONTRAST,
    Colours,
    contrast,
    with_accent,
)
from app.ui.sizes import size_icon
from app.ui.theme import READING, Theme, code_font, text_font

THEMES = {"light": LIGHT, "dark": DARK, "strong": CONTRAST_LIGHT, "strong dark": CONTRAST_DARK}
STRANGE = ("#ffff00", "#000000", "#ffffff", "#00ff00", "#0000ff", "#808080")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """One that leaves the application as tests expect it."""
    made = Theme(qapp)
    yield made
    made.apply(Settings(theme="light"))


@pytest.mark.parametrize("hue", [*ACCENTS.values(), *STRANGE])
@pytest.mark.parametrize("name", THEMES)
def test_everything_can_be_read_in_every_theme_and_accent(name: str, hue: str) -> None:
    colours = with_accent(THEMES[name], hue) if hue else THEMES[name]
    wanted = HIGH_CONTRAST if colours.is_high_contrast else TEXT_CONTRAST
    for ground in colours.grounds():
        for role in ("text", "muted", "danger", "link", "good", "warn"):
            assert contrast(getattr(colours, role), ground) >= wanted, (role, ground)
        for role in ("accent", "frame"):
            assert contrast(getattr(colours, role), ground) >= PARTS_CONTRAST, (role, ground)
    for role in ("text", "muted", "danger"):
        assert contrast(getattr(colours, role), colours.danger_ground) >= wanted
    for button in (colours.accent, colours.accent_hover):
        assert contrast(colours.on_accent, button) >= wanted
    assert contrast(colours.window, colours.text) >= wanted  # a toast is the other way round


def test_contrast_is_computed_as_in_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#abcdef", "#abcdef") == 1


@pytest.mark.parametrize("colours", THEMES.values())
def test_high_contrast_has_edges_and_a_thick_frame_around_the_focus(colours: Colours) -> None:
    if colours.is_high_contrast:
        assert colours.focus_px >= 2
        for edge in (colours.edge, colours.border, colours.frame):
            assert contrast(edge, colours.window) >= HIGH_CONTRAST


def test_every_accent_that_can_be_chosen_has_a_colour_of_its_own(theme: Theme) -> None:
    seen = set()
    for accent, _ in declarations()["accent"].choices:
        if accent != "system":
            theme.apply(Settings(theme="light", accent=accent))
            seen.add(theme.colours.accent)
    assert len(seen) == len(declarations()["accent"].choices) - 1


def test_the_accent_of_the_system_is_used_where_there_is_one(theme: Theme) -> None:
    theme.system_accent = ""
    theme.apply(Settings(theme="dark", accent="system"))
    assert theme.colours.accent == DARK.accent
    theme.system_accent = "#1f6fd0"
    theme.choose("dark")
    accent = QColor(theme.colours.accent)
    assert abs(accent.hslHue() - QColor("#1f6fd0").hslHue()) < 8
    assert QApplication.palette().color(QPalette.ColorRole.Accent) == accent


@pytest.mark.parametrize(
    ("choice", "is_dark", "is_strong", "shown"),
    [
        ("system", False, False, LIGHT),
        ("system", True, False, DARK),
        ("system", False, True, CONTRAST_LIGHT),
        ("system", True, True, CONTRAST_DARK),
        ("contrast", False, False, CONTRAST_LIGHT),
        ("contrast", True, False, CONTRAST_DARK),
        ("light", True, True, LIGHT),
        ("dark", False, True, DARK),
    ],
)
def test_themes_follow_the_system_where_they_should(
    theme: Theme, choice: str, is_dark: bool, is_strong: bool, shown: Colours
) -> None:
    theme.choose(choice)
    theme._application = _System(is_dark=is_dark, is_strong=is_strong)  # type: ignore[assignment]
    found = theme._find_colours()
    theme._application = QApplication.instance()  # type: ignore[assignment]
    assert found == shown


class _System:
    """An application on a system that says what it wants."""

    def __init__(self, *, is_dark: bool, is_strong: bool) -> None:
        self._scheme = Qt.ColorScheme.Dark if is_dark else Qt.ColorScheme.Light
        high, no = Qt.ContrastPreference.HighContrast, Qt.ContrastPreference.NoPreference
        self._contrast = high if is_strong else no

    def styleHints(self) -> _System:  # noqa: N802 - Qt's name
        return self

    def accessibility(self) -> _System:
        return self

    def colorScheme(self) -> Qt.ColorScheme:  # noqa: N802
        return self._scheme

    def contrastPreference(self) -> Qt.ContrastPreference:  # noqa: N802
        return self._contrast


def test_all_text_follows_the_size_also_where_a_font_was_given(qtbot: QtBot, theme: Theme) -> None:
    theme.apply(Settings(theme="light"))
    window = QWidget()
    qtbot.addWidget(window)
    items = QVBoxLayout(window)
    plain, small, bold = QLabel("plain"), QLabel("small"), QLabel("bold")
    small.setFont(text_font(0.9))
    bold.setProperty("role", "danger")  # its weight comes from the style sheet
    prose, code = QTextEdit("prose"), QPlainTextEdit("code")
    prose.setFont(text_font(READING))
    code.setFont(code_font())
    own = QPlainTextEdit("own style")
    own.setStyleSheet("QPlainTextEdit { border: none; }")
    own.setFont(code_font())
    widgets = (plain, small, bold, prose, code, own)
    for widget in widgets:
        items.addWidget(widget)
    window.show()
    before = [widget.font().pointSizeF() for widget in widgets]
    document = prose.document().defaultFont().pointSizeF()
    seen: list[float] = []
    theme.changed.connect(lambda: seen.append(text_font(READING).pointSizeF()))
    for percent in (200, 80, 150, 100):
        theme.apply(Settings(theme="dark", font_percent=percent))
        factor = percent / 100
        assert [w.font().pointSizeF() for w in widgets] == pytest.approx(
            [size * factor for size in before]
        )
        assert prose.document().defaultFont().pointSizeF() == pytest.approx(document * factor)
        assert seen[-1] == pytest.approx(document * factor), "known by then to who hears of it"


def test_another_theme_begins_with_the_size_of_the_system(theme: Theme, qapp: QApplication) -> None:
    theme.apply(Settings(font_percent=100))
    size = QApplication.font().pointSizeF()
    theme.apply(Settings(font_percent=200))
    Theme(qapp).apply(Settings(font_percent=150))
    assert QApplication.font().pointSizeF() == pytest.approx(size * 1.5)


def test_the_same_settings_again_change_nothing(theme: Theme) -> None:
    theme.apply(Settings(theme="light"))
    heard: list[int] = []
    theme.changed.connect(lambda: heard.append(1))
    theme.apply(Settings(theme="light", temperature=0.1))
    assert heard == []
    theme.apply(Settings(theme="light", accent="green"))
    assert heard == [1]


def test_motion_is_reduced_as_the_person_or_the_system_wants(theme: Theme) -> None:
    theme.apply(Settings(reduced_motion="system"))
    assert not theme.is_motion_reduced
    theme.apply(Settings(reduced_motion="on"))
    assert theme.is_motion_reduced
    theme.apply(Settings(reduced_motion="system"))
    heard: list[bool] = []
    theme.changed.connect(lambda: heard.append(theme.is_motion_reduced))
    theme._hear_motion(True)
    assert heard == [True]
    theme.apply(Settings(reduced_motion="off"))
    assert not theme.is_motion_reduced


def test_with_less_motion_lists_appear_at_once(qapp: QApplication) -> None:
    slides = Qt.UIEffect.UI_General
    was_on = qapp.isEffectEnabled(slides)
    qapp.setEffectEnabled(slides, True)
    try:
        theme = Theme(qapp)
        theme.apply(Settings(theme="light"))
        assert qapp.isEffectEnabled(slides)
        theme.apply(Settings(theme="light", reduced_motion="on"))
        assert not qapp.isEffectEnabled(slides)
        theme.apply(Settings(theme="light"))
        assert qapp.isEffectEnabled(slides)
    finally:
        qapp.setEffectEnabled(slides, was_on)


def test_icons_are_as_large_as_the_text(theme: Theme, qtbot: QtBot) -> None:
    theme.apply(Settings(font_percent=100))
    before = QToolButton()
    qtbot.addWidget(before)
    size_icon(before, 20)
    theme.apply(Settings(font_percent=200))
    after = QToolButton()
    qtbot.addWidget(after)
    size_icon(after, 20)
    assert before.iconSize() == after.iconSize() == QSize(40, 40)
    theme.apply(Settings(font_percent=100))
    assert before.iconSize() == after.iconSize() == QSize(20, 20)


def test_nothing_hears_of_the_theme_that_outlives_its_widget() -> None:
    """Qt lets go of a widget's own method with the widget, of a lambda never."""
    ui = Path(__file__).parents[1] / "app" / "ui"
    lambdas = re.compile(r"theme\.changed\.connect\(\s*lambda")
    files = sorted(ui.rglob("*.py"))
    assert sum("theme.changed.connect" in f.read_text(encoding="utf-8") for f in files) > 20
    assert [f.name for f in files if lambdas.search(f.read_text(encoding="utf-8"))] == []
