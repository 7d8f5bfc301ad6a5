"""The blocks of a message: tables, code, reasoning, pictures, links, and selections in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QPoint, Qt, QUrl
from PySide6.QtGui import QAccessible, QDesktopServices, QGuiApplication, QImage, QTextCursor
from PySide6.QtWidgets import QFileDialog, QLabel, QPlainTextEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId, Message, MessageId, Role, Status, utc_now
from app.ui import highlight
from app.ui.block_stack import MAX_BLOCKS, MAX_CELLS
from app.ui.code_block import CodeBlock
from app.ui.code_saving import suggested_name
from app.ui.compare import Compare
from app.ui.highlight import spans
from app.ui.image_block import MAX_HEIGHT, ImageBlock
from app.ui.link_question import LinkQuestion, address_in_ascii, ask_about_link
from app.ui.message_body import MessageBody
from app.ui.prose import ProseBlock
from app.ui.rich_text import RichText
from app.ui.status_line import StatusLine
from app.ui.table_block import TableBlock
from app.ui.theme import Theme

THINKING = "<think>\nFirst *this*.\n</think>\n\nThe answer."


@pytest.fixture
def theme(qapp: object) -> Theme:
    return Theme(qapp)  # type: ignore[arg-type]


@pytest.fixture
def body(qtbot: QtBot, theme: Theme) -> MessageBody:
    made = MessageBody(theme)
    qtbot.addWidget(made)
    made.resize(600, 500)
    made.show()
    return made


def test_reasoning_is_folded_until_it_is_wanted(body: MessageBody, qtbot: QtBot) -> None:
    body.append(THINKING, is_complete=True)
    body.set_thinking_seconds(12.4)
    block = body.reasoning
    assert block is not None
    assert block.header.text() == "Thought for 12 s"
    assert [edit.toPlainText() for edit in body.text_edits()] == ["The answer."]
    assert len(body.findChildren(RichText)) == 1  # what is folded is not laid out
    told: list[bool] = []
    body.unfolded.connect(told.append)
    block.header.setFocus()
    qtbot.keyClick(block.header, Qt.Key.Key_Space)
    assert told == [True]
    assert [edit.toPlainText() for edit in body.text_edits()] == ["First this.", "The answer."]
    state = QAccessible.queryAccessibleInterface(block.header).state()
    assert state.checkable
    assert state.checked
    body.set_unfolded(False)
    assert len(body.text_edits()) == 1


def test_reasoning_says_that_it_goes_on_and_then_how_long_it_took(body: MessageBody) -> None:
    for piece in ("<th", "ink>", "Hm", ", well"):
        body.append(piece, is_complete=False)
    assert body.reasoning is not None
    assert body.reasoning.is_live
    assert body.reasoning.header.text().startswith("Thinking…")
    body.append("</think>\n", is_complete=False)
    assert not body.reasoning.is_live
    assert body.reasoning.header.text().startswith("Thought for")
    body.append("So.", is_complete=True)
    assert [edit.toPlainText() for edit in body.text_edits()] == ["So."]


def test_open_reasoning_grows_on_show(body: MessageBody) -> None:
    body.set_unfolded(True)
    for piece in ("<think>One.\n\n", "```\nx\n```\n", "Two.", "</think>Three."):
        body.append(piece, is_complete=False)
    body.append("", is_complete=True)
    assert body.is_unfolded
    assert [edit.toPlainText() for edit in body.text_edits()] == ["One.", "x", "Two.", "Three."]


def test_an_answer_whose_reasoning_the_template_opened_is_put_right(body: MessageBody) -> None:
    body.append("Hm, **well**.\n\n- a\n", is_complete=False)
    body.append("</think>\n\nThe answer.", is_complete=True)
    assert [edit.toPlainText() for edit in body.text_edits()] == ["The answer."]
    body.set_unfolded(True)
    assert body.text_edits()[0].toPlainText() == "Hm, well.\n•\ta"


def test_what_is_selected_is_told_over_all_blocks(body: MessageBody) -> None:
    body.append(
        "**Bold** text\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one",
        is_complete=True,
    )
    assert body.selected_markdown() == ""
    assert body.selected_plain() == ""
    for edit in body.text_edits():
        edit.selectAll()
    assert body.selected_markdown() == (
        "**Bold** text\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. one"
    )
    assert body.selected_plain() == "Bold text\n\nx = 1\n\na\tb\n1\t2\n\n1.\tone"


def test_a_wide_table_scrolls_instead_of_being_squeezed(body: MessageBody, qtbot: QtBot) -> None:
    cell = "some words that would be broken into a column of single letters"
    body.append(f"|{'|'.join('abcdefgh')}|\n|{'-|' * 8}\n|{f'{cell}|' * 8}", is_complete=True)
    (table,) = body.findChildren(TableBlock)
    qtbot.waitUntil(lambda: table.horizontalScrollBar().maximum() > 500)
    assert table.horizontalScrollBar().value() == 0
    narrow = MessageBody(body._theme)
    qtbot.addWidget(narrow)
    narrow.resize(600, 300)
    narrow.show()
    narrow.append("| a | b |\n|---|---|\n| 1 | 2 |", is_complete=True)
    (table,) = narrow.findChildren(TableBlock)
    qtbot.waitUntil(lambda: 30 < table.height() < 100)
    assert table.horizontalScrollBar().maximum() == 0


def test_code_wraps_if_wanted_and_later_blocks_too(body: MessageBody, qtbot: QtBot) -> None:
    try:
        body.append(f"```\n{'word ' * 200}\n```\n", is_complete=True)
        (code,) = body.findChildren(CodeBlock)
        flat = code._text.height()
        code.wrap_button.click()
        qtbot.waitUntil(lambda: code._text.height() > flat + 50)
        assert CodeBlock(body._theme).is_wrapped
        code.wrap_button.click()
        assert not code.is_wrapped
    finally:
        CodeBlock.wraps_by_default = False


def test_code_is_saved_where_the_person_says(
    body: MessageBody, qtbot: QtBot, tmp_path: Path
) -> None:
    body.append("```python\nprint('ä')\n```", is_complete=True)
    (code,) = body.findChildren(CodeBlock)
    code.save_button.click()
    (dialog,) = code.findChildren(QFileDialog)
    assert dialog.defaultSuffix() == "py"
    dialog.fileSelected.emit(str(tmp_path / "a.py"))
    qtbot.waitUntil(lambda: code.save_button.text() == "Saved")
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "print('ä')\n"
    dialog.fileSelected.emit(str(tmp_path / "no" / "a.py"))
    qtbot.waitUntil(lambda: code.save_button.text() == "Not saved")
    assert code.save_button.toolTip()
    dialog.close()


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("x = 1", "python", "code.py"),
        ("# app/main.py\nx = 1", "python", "main.py"),
        ("<!-- index.html -->", "html", "index.html"),
        ("x", "", "code.txt"),
        ("x", "no such language", "code.txt"),
        ("// ../../evil.sh", "bash", "evil.sh"),
    ],
)
def test_a_fitting_name_is_proposed(code: str, language: str, name: str) -> None:
    assert suggested_name(code, language) == name


def test_long_code_is_added_to_and_not_set_again(body: MessageBody) -> None:
    """Constant work: what was there is not laid out again with each line."""
    body.append("```\nfirst\n", is_complete=False)
    (code,) = body.findChildren(CodeBlock)
    removed = 0

    def count(_position: int, gone: int, _added: int) -> None:
        nonlocal removed
        removed += gone

    code._text.document().contentsChange.connect(count)
    for number in range(300):
        body.append(f"line {number}\n", is_complete=False)
    assert code.code.endswith("line 299")
    assert removed == 0


def test_only_the_last_line_of_prose_is_laid_out_again(body: MessageBody) -> None:
    body.append("First paragraph.\n\nSecond", is_complete=False)
    (block,) = body.findChildren(ProseBlock)
    places: list[int] = []
    block.document().contentsChange.connect(lambda place, *_: places.append(place))
    for _ in range(20):
        body.append(" word", is_complete=False)
    assert min(places) >= len("First paragraph.")


def test_hostile_numbers_of_blocks_do_not_become_widgets(body: MessageBody) -> None:
    body.append("```\nx\n```\n" * (MAX_BLOCKS * 3), is_complete=True)
    assert len(body.findChildren(CodeBlock)) <= MAX_BLOCKS
    assert sum(edit.toPlainText().count("x") for edit in body.text_edits()) == MAX_BLOCKS * 3


@pytest.mark.parametrize(
    ("url", "ascii_url", "warns"),
    [
        ("https://example.org/a?b=c", "https://example.org/a?b=c", False),
        ("https://аpple.com/", "https://xn--pple-43d.com/", True),
        ("https://example.org@evil.example/", "https://example.org@evil.example/", True),
        ("mailto:me@example.org", "mailto:me@example.org", False),
    ],
)
def test_a_link_shows_where_it_leads_and_opens_only_when_told(
    body: MessageBody, monkeypatch: pytest.MonkeyPatch, url: str, ascii_url: str, warns: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    body.append("[click me](https://example.org)", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    block.anchorClicked.emit(QUrl(url))
    (question,) = block.findChildren(LinkQuestion)
    assert not opened
    assert address_in_ascii(url) == ascii_url
    assert question.address.accessibleName() == ascii_url
    assert question.warning.isVisible() is warns
    question.copy_button.click()
    assert QGuiApplication.clipboard().text() == ascii_url
    again = ask_about_link(body, QUrl(url), QPoint(0, 0), body._theme)
    assert again is not None
    again.open_button.click()
    assert opened == [QUrl(url).toString()]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "smb://h/s", ""])
def test_other_addresses_are_not_even_asked_about(body: MessageBody, url: str) -> None:
    assert ask_about_link(body, QUrl(url), QPoint(0, 0), body._theme) is None


def test_a_tracker_is_a_link_and_no_picture(body: MessageBody) -> None:
    body.append("![tracker](http://evil.example/p.png)", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    html = block.document().toHtml()
    assert "<img" not in html
    assert block.toPlainText() == ("[Picture, not loaded: tracker (http://evil.example/p.png)]")


def test_a_footnote_is_gone_to_and_back(qtbot: QtBot, theme: Theme) -> None:
    area = QScrollArea()
    area.setWidgetResizable(True)
    body = MessageBody(theme)
    area.setWidget(body)
    qtbot.addWidget(area)
    area.resize(500, 300)
    area.show()
    filler = "A paragraph.\n\n" * 60
    body.append(f"See[^n].\n\n{filler}[^n]: The note.", is_complete=True)
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 500)
    (block,) = body.findChildren(ProseBlock)
    block.anchorClicked.emit(QUrl("note:n"))
    assert area.verticalScrollBar().value() > 500
    assert "The note." in block.textCursor().selectedText()
    block.anchorClicked.emit(QUrl("note:%5En"))
    assert area.verticalScrollBar().value() < 300


def test_a_picture_is_shown_within_bounds_and_opens_larger(qtbot: QtBot, theme: Theme) -> None:
    block = ImageBlock(theme)
    qtbot.addWidget(block)
    block.describe("cat.png")
    block.resize(400, 100)
    block.show()
    block.show_bytes(png(300, 2_000))
    qtbot.waitUntil(lambda: block.has_picture)
    assert block.height() == MAX_HEIGHT
    dialog = block.open_large()
    assert dialog is not None
    assert dialog.windowTitle() == "cat.png"
    dialog.close()


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"<svg/>"])
def test_a_broken_picture_is_told_in_words(qtbot: QtBot, theme: Theme, data: bytes) -> None:
    block = ImageBlock(theme)
    qtbot.addWidget(block)
    block.describe("cat.png")
    block.show_bytes(data)
    qtbot.waitUntil(lambda: "cannot be shown: cat.png" in block.text())
    assert block.open_large() is None


def test_a_picture_that_would_fill_the_memory_is_not_decoded(qtbot: QtBot, theme: Theme) -> None:
    """Its header asks for gigabytes."""
    data = bytearray(png(1, 1))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    block = ImageBlock(theme)
    qtbot.addWidget(block)
    block.show_bytes(bytes(data))
    qtbot.waitUntil(lambda: "cannot be shown" in block.text())


def test_a_selection_within_a_list_is_markdown(body: MessageBody) -> None:
    body.append("1. one\n2. *two* three", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    cursor = QTextCursor(block.document())
    cursor.setPosition(1)
    cursor.setPosition(len("1.\tone\n2.\ttw"), QTextCursor.MoveMode.KeepAnchor)
    block.setTextCursor(cursor)
    assert body.selected_markdown() == "1. one\n2. *tw*"


def png(width: int, height: int) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


@pytest.mark.parametrize("line", ["x = 1", "# 第一行", "y" * 300])
def test_the_last_line_of_code_is_whole(body: MessageBody, qtbot: QtBot, line: str) -> None:
    code = "\n".join([line] * 25)
    body.append(f"```python\n{code}\n```\n", is_complete=True)
    qtbot.waitUntil(lambda: bool(body.findChildren(CodeBlock)))
    (edit,) = body.text_edits()
    assert isinstance(edit, QPlainTextEdit)
    qtbot.waitUntil(lambda: edit.verticalScrollBar().maximum() == 0)  # nothing to scroll to
    edit.moveCursor(QTextCursor.MoveOperation.End)
    assert edit.cursorRect().bottom() <= edit.viewport().height()


def test_versions_beside_each_other_follow_the_theme(qtbot: QtBot, theme: Theme) -> None:
    def version(number: int) -> Message:
        return Message(
            MessageId(f"{number}"),
            ConversationId("c"),
            None,
            Role.ASSISTANT,
            f"Version {number}",
            Status.COMPLETE,
            utc_now(),
        )

    theme.choose("light")
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = Compare([version(1), version(2)], "2", theme, parent)
    dialog.show()
    theme.choose("dark")
    for block in dialog.findChildren(ProseBlock):
        colour = QTextCursor(block.document()).charFormat().foreground().color().name()
        assert colour == theme.colours.text
    dialog.close()


def test_a_narrow_status_line_leaves_out_what_matters_least(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_words("SmolLM2-135M-Instruct.Q4_1")
    line.show_context(439, 8192)
    line.show_speed(21)
    line.show_memory(600 << 20)
    line.resize(900, 24)
    line.show()
    assert line.memory.isVisible()
    line.resize(390, 24)
    qtbot.waitUntil(lambda: not line.memory.isVisible())
    assert line.context.isVisible()
    qtbot.waitUntil(lambda: not line.context.is_cut)
    line.resize(900, 24)
    qtbot.waitUntil(line.memory.isVisible)


def test_a_selection_beside_an_emoji_is_what_was_selected(body: MessageBody) -> None:
    """For Qt it has two characters."""
    body.append("Hello 😀 **wide** 🌍 world", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    cursor = QTextCursor(block.document())
    for word, markdown in (("world", "world"), ("wide", "**wide**"), ("😀", "😀")):
        begin = len(block.toPlainText().partition(word)[0].encode("utf-16-le")) // 2
        end = begin + len(word.encode("utf-16-le")) // 2
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        block.setTextCursor(cursor)
        assert (body.selected_plain(), body.selected_markdown()) == (word, markdown)


def test_a_formula_in_a_cell_is_copied_as_latex(body: MessageBody, qtbot: QtBot) -> None:
    body.append("|a|b|\n|-|-|\n|see $x^7$ here|**q**|", is_complete=True)
    (table,) = body.findChildren(TableBlock)
    qtbot.waitUntil(lambda: "\ufffc" in table.toPlainText())
    assert table._table is not None
    for column, plain, markdown in ((0, "see $x^7$ here", "see $x^7$ here"), (1, "q", "**q**")):
        cell = table._table.cellAt(1, column)
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        table.setTextCursor(cursor)
        assert (table.selected_plain(), table.selected_markdown()) == (plain, markdown)


def test_a_huge_table_is_text_that_has_all_of_it(body: MessageBody) -> None:
    rows = MAX_CELLS // 2 + 10
    body.append("|a|b|\n|-|-|\n" + "|one|two|\n" * rows + "|the|end|\n", is_complete=True)
    assert not body.findChildren(TableBlock)
    assert "the\tend" in body.text_edits()[-1].toPlainText()


def test_of_a_photograph_no_more_is_kept_than_is_shown(qtbot: QtBot, theme: Theme) -> None:
    block = ImageBlock(theme)
    qtbot.addWidget(block)
    block.resize(400, 100)
    block.show()
    block.show_bytes(png(4_000, 3_000))
    qtbot.waitUntil(lambda: block.has_picture)
    assert block._image is not None
    assert block._image.sizeInBytes() < 5_000_000
    dialog = block.open_large()
    assert dialog is not None
    (label,) = dialog.findChildren(QLabel)
    wide = label.pixmap().width()
    assert wide > 400
    assert abs(label.pixmap().height() * 4 - wide * 3) < 8
    dialog.close()


def test_colours_behind_an_emoji_are_where_they_belong(body: MessageBody, qtbot: QtBot) -> None:
    body.append('```python\nx = "😀"  # why\n```', is_complete=True)
    (edit,) = body.text_edits()
    layout = edit.document().firstBlock().layout()
    qtbot.waitUntil(lambda: bool(layout.formats()))
    last = layout.formats()[-1]
    units = edit.toPlainText().encode("utf-16-le")
    shown = units[2 * last.start : 2 * (last.start + last.length)].decode("utf-16-le")
    assert shown == "# why"


def test_thoughts_of_long_ago_are_not_said_to_have_been_short(body: MessageBody) -> None:
    """They are laid out in pieces, as if they were just being written."""
    body.append("<think>\nI wonder.", is_complete=False)
    body.append("\n</think>\n\nYes.", is_complete=True)
    assert body.reasoning is not None
    assert body.reasoning.header.text() == "Thoughts"


@pytest.mark.parametrize("code", ["\n " * 5_000, "/" * 10_000, 'x = "' + "\\" * 10_000])
def test_lines_that_nobody_writes_are_not_coloured(code: str) -> None:
    """A lexer's pattern looks ahead over them again and again, and the window waits for it."""
    assert spans(code, "java", dark=False) == []


def test_colours_that_take_too_long_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "x = 1\n" * 3_000
    assert spans(code, "python", dark=False)[2_999]
    monkeypatch.setattr(highlight, "LIMIT_S", 0.0)
    assert len(spans(code, "python", dark=False)) < 3_000
