"""Formulas as pictures: drawn beside the main thread, in time, or left as text."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtGui import QColor, QImage, QPainter, QTextCursor
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from app.ui import maths
from app.ui.maths import Formula, MathsRenderer, draw
from app.ui.message_body import MessageBody
from app.ui.prose import ProseBlock
from app.ui.theme import Theme

GOOD = [
    "E = mc^2",
    "\\frac{a}{b}",
    "\\sum_{n=1}^{\\infty} \\frac{1}{n^2}",
    "\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}",
    "\\begin{cases} 1 & x > 0 \\\\ 0 & \\text{otherwise} \\end{cases}",
    "\\begin{aligned} x &= 1 \\\\ y &= 2 \\end{aligned}",
    "\\dfrac{1}{2} \\lVert x \\rVert",
]


@pytest.mark.parametrize("source", GOOD)
def test_qt_draws_what_the_library_makes(source: str) -> None:
    """The picture has ink, none of it cut off at an edge."""
    formula = draw(source, is_display=True)
    picture = QSvgRenderer(formula.svg.encode())
    assert picture.isValid()
    image = QImage(int(formula.width * 4), int(formula.height * 4), QImage.Format.Format_Grayscale8)
    image.fill(QColor("white"))
    painter = QPainter(image)
    picture.render(painter)
    painter.end()
    width, height = image.width(), image.height()
    dark = [
        (x, y) for x in range(width) for y in range(height) if image.pixelColor(x, y).red() < 128
    ]
    assert len(dark) > 100
    assert all(x not in (0, width - 1) and y not in (0, height - 1) for x, y in dark)


def test_a_fraction_reaches_below_the_line_and_a_letter_does_not() -> None:
    assert draw("\\frac{a}{b}", is_display=True).depth > draw("a", is_display=True).depth + 5


@pytest.mark.parametrize(
    "source", ["\\frac{", "x" * 3_000, "{" * 40 + "x" + "}" * 40, "a \\tag{1}"]
)
def test_what_cannot_be_drawn_stays_text(qtbot: QtBot, source: str) -> None:
    renderer = MathsRenderer()
    assert made(qtbot, renderer, source) == Formula()


def test_a_formula_that_takes_too_long_is_given_up(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next one is drawn."""
    monkeypatch.setattr(maths, "LIMIT_S", 0.05)
    is_over = threading.Event()

    def slow(source: str, *, is_display: bool) -> Formula:
        while source == "slow" and not is_over.is_set():
            pass
        return Formula("<svg/>", 1, 1, 0)

    monkeypatch.setattr(maths, "draw", slow)
    renderer = MathsRenderer()
    try:
        assert made(qtbot, renderer, "slow") == Formula()
        assert made(qtbot, renderer, "x").svg
    finally:
        is_over.set()


def test_a_picture_is_made_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def counted(source: str, *, is_display: bool) -> Formula:
        drawn.append(source)
        return Formula("<svg/>", 1, 1, 0)

    monkeypatch.setattr(maths, "draw", counted)
    renderer = MathsRenderer()
    for _ in range(3):
        made(qtbot, renderer, "x")
    assert drawn == ["x"]


def test_formulas_become_pictures_and_are_copied_as_latex(qtbot: QtBot, theme: Theme) -> None:
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.resize(600, 400)
    body.show()
    body.append("The mass: $E = mc^2$, so **heavy**.\n\n$$\n\\frac{a}{b}\n$$", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    qtbot.waitUntil(lambda: block.toPlainText().count("\ufffc") == 2)
    block.selectAll()
    assert body.selected_plain() == "The mass: $E = mc^2$, so heavy.\n$$\\frac{a}{b}$$"
    assert body.selected_markdown() == (
        "The mass: $E = mc^2$, so **heavy**.\n\n$$\n\\frac{a}{b}\n$$"
    )
    cursor = QTextCursor(block.document())
    cursor.setPosition(len("The mass: "))
    cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor)
    block.setTextCursor(cursor)
    assert body.selected_markdown() == "$E = mc^2$"


def test_a_formula_that_is_not_finished_is_text(qtbot: QtBot, theme: Theme) -> None:
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append("Now $x^", is_complete=False)
    (block,) = body.findChildren(ProseBlock)
    assert block.toPlainText() == "Now $x^"
    body.append("2$ it is", is_complete=True)
    qtbot.waitUntil(lambda: block.toPlainText() == "Now \ufffc it is")


def test_a_formula_of_one_letter_becomes_a_picture(qtbot: QtBot, theme: Theme) -> None:
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append("Let $q$ be and $\\frac{$ not.", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    qtbot.waitUntil(lambda: block.toPlainText() == "Let \ufffc be and \\frac{ not.")


def test_a_broken_formula_is_shown_as_its_source(qtbot: QtBot, theme: Theme) -> None:
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append("Now $\\frac{$ and on.", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    assert block.toPlainText() == "Now \\frac{ and on."
    block.selectAll()
    assert body.selected_markdown() == "Now $\\frac{$ and on."


def made(qtbot: QtBot, renderer: MathsRenderer, source: str) -> Formula:
    """What becomes of a formula, after the wait for it."""
    qtbot.waitUntil(lambda: renderer.lookup(source, is_display=False) is not None)
    found = renderer.lookup(source, is_display=False)
    assert found is not None
    return found


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme(qapp)  # type: ignore[arg-type]


def test_a_formula_that_comes_touches_only_its_line(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is selected elsewhere stays selected, and all is copied as it was written."""
    is_free = threading.Event()
    real = maths.draw

    def held(source: str, *, is_display: bool) -> Formula:
        is_free.wait(10)
        return real(source, is_display=is_display)

    monkeypatch.setattr(maths, "draw", held)
    monkeypatch.setattr(maths, "LIMIT_S", 20.0)
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.resize(600, 400)
    body.show()
    text = "First $q_{17}$ one.\n\n- Second **words**\n- $q_{18}$ and $q_{19}$\n\nThird"
    try:
        body.append(text, is_complete=True)
        (block,) = body.findChildren(ProseBlock)
        block.setTextCursor(block.document().find("words"))
        assert "\ufffc" not in block.toPlainText()
    finally:
        is_free.set()
    qtbot.waitUntil(lambda: block.toPlainText().count("\ufffc") == 3)
    assert body.selected_plain() == "words"
    block.selectAll()
    assert body.selected_markdown() == text
    assert body.selected_plain().endswith("•\t$q_{18}$ and $q_{19}$\nThird")
