"""Single widgets and what they are made of: Markdown, code, transcript, sidebar, words, bridge."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QEvent, QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.core.entities import Conversation, ConversationId, Message, MessageId, Role, Status
from app.core.errors import Cancelled, DiskFull, Problem
from app.services.ports import Lane
from app.ui import prose
from app.ui.application import make_application
from app.ui.bridge import QtScheduler
from app.ui.code_block import CodeBlock
from app.ui.highlight import spans
from app.ui.markdown import GrowingMarkdown, Line, is_safe_link, parts_of
from app.ui.message_body import MessageBody
from app.ui.palettes import DARK, LIGHT, Colours
from app.ui.problem_view import Banner
from app.ui.prose import ProseBlock, RichText
from app.ui.sidebar import ConversationList, Sidebar
from app.ui.theme import Theme
from app.ui.transcript import Transcript

TEXTS = [
    "Plain text, one line",
    "# Title\n\nA paragraph with **bold**, *italic*, `code` and ~~gone~~.\n\nAnother one.",
    "Before\n\n```python\ndef f(x):\n    return x\n```\n\nAfter",
    "```\nno language\n\n\nwith gaps\n```",
    "```js\nconst a = 1;\n",
    "1. one\n2. two\n   - nested\n   - more\n\n   a paragraph in it\n3. three\n\nEnd",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\ntext",
    "> quote\n> more\n\n---\n\ntext",
    "A list with code:\n\n- item\n\n  ```sh\n  ls -l\n  ```\n\n- next",
    "Setext\n======\n\ntext\n\n    indented code\n\ntext",
    "你好，世界。\n\n🙂 emoji\u2028and an odd line end\x0cform feed",
    "````md\n```python\nnested fence\n```\n````\n\ntail",
    "<script>alert(1)</script>\n\n<b>raw</b> & <img src=x onerror=y>",
    "1. one\n1. two\n1. three\n\n1. four\n\n7) other\n8) list\n\n3. third",
    "5. five\n\n   ```sh\n   ls\n   ```\n\n6. six\n-\n- \n- a\n- - b\n\n* * *\n\nText:\n- x\n-\n",
    "| a | b |\n|:-:|--:|\n| **1** | 2 |\n| 3 |\n| 4 | 5 | 6 |\n- item\n\n| no table",
    "~~~text\ntilde\n~~~\n\n[link](https://example.org)\n\n![pic](https://example.org/p.png)",
]


@pytest.fixture(scope="module")
def theme() -> Theme:
    return Theme(make_application())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_growing_markdown_ends_as_the_whole_text_would(text: str, step: int) -> None:
    """However the text arrives, the parts on show at the end are those of the finished text."""
    growing = GrowingMarkdown()
    for start in range(0, len(text), step):
        growing.append(text[start : start + step])
    tail = growing.append("", is_complete=True)
    assert [*growing.finished, *tail] == parts_of(text)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("step", [1, 5, 1000])
def test_a_growing_answer_ends_looking_as_if_shown_at_once(
    qtbot: QtBot, theme: Theme, text: str, step: int
) -> None:
    """Widgets that were made, filled and thrown away on the way leave nothing behind."""
    grown, whole = (MessageBody(theme) for _ in range(2))
    for body in (grown, whole):
        qtbot.addWidget(body)
        body.resize(500, 400)
        body.show()
    for start in range(0, len(text), step):
        grown.append(text[start : start + step], is_complete=False)
    grown.append("", is_complete=True)
    whole.append(text, is_complete=True)
    assert on_show(grown) == on_show(whole)
    theme.choose("dark")
    grown.restyle()
    theme.choose("light")
    grown.restyle()
    assert on_show(grown) == on_show(whole)


def on_show(body: MessageBody) -> list[str]:
    """The sections in their order, as text with its formats."""
    layout = body.layout()
    assert layout is not None
    found = []
    for index in range(layout.count()):
        item = layout.itemAt(index)
        widget = item.widget() if item else None
        if isinstance(widget, CodeBlock):
            found.append(f"{widget._label.text()} {widget.code}")
        elif isinstance(widget, RichText):
            found.append(widget.document().toHtml())
    return found


@pytest.mark.parametrize("piece", ["Paragraph {} of a long answer.\n\n", "- item {} of a list\n"])
def test_only_the_last_part_is_parsed_again(piece: str) -> None:
    """Constant work: what is looked at again does not grow with the answer."""
    growing = GrowingMarkdown()
    for number in range(200):
        growing.append(piece.format(number))
    assert len(growing._tail) < 100
    assert len(growing.finished) >= 198


def test_a_list_that_goes_on_is_no_heading_for_a_moment() -> None:
    """The first dash under a paragraph would make it a heading; the next letters a list."""
    growing = GrowingMarkdown()
    shown = [growing.append(piece) for piece in ("To pack:\n", "-", " ", "socks")]
    assert all(part.kind == "text" for parts in shown for part in parts if isinstance(part, Line))


def test_numbers_are_those_a_reader_expects() -> None:
    """Markdown counts from the first number, whatever the others say."""
    lines = parts_of("3. a\n3. b\n   - c\n3. d")
    assert [line.marker for line in lines if isinstance(line, Line)] == ["3.", "4.", "◦", "5."]


def test_code_in_a_list_has_its_copy_button(qtbot: QtBot, theme: Theme) -> None:
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append("1. Install:\n\n   ```sh\n   ls -l\n   ```\n\n2. Run it", is_complete=True)
    (block,) = body.findChildren(CodeBlock)
    block.copy_button.click()
    assert QGuiApplication.clipboard().text() == "ls -l"


def test_a_selection_goes_over_paragraphs_and_lists(qtbot: QtBot, theme: Theme) -> None:
    """What is copied reads like what is on show, bullets and numbers too."""
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append("First.\n\n1. one\n2. two\n\nLast\nline.", is_complete=True)
    (block,) = body.findChildren(ProseBlock)
    block.selectAll()
    block.copy()
    assert QGuiApplication.clipboard().text() == "First.\n1.\tone\n2.\ttwo\nLast\nline."


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=http://x/y onerror=z>",
        "[x](javascript:alert(1))",
        "[x](file:///etc/passwd)",
        "[x](data:text/html,hi)",
        "`<b>`",
        "- x\n\n  ```\n  <b>\n  ```",
        "| <img src=x> |\n|---|\n| <b> |",
    ],
)
def test_untrusted_markdown_is_harmless(qtbot: QtBot, theme: Theme, text: str) -> None:
    """No markup of the model's takes effect: no picture, no address but http(s)."""
    body = MessageBody(theme)
    qtbot.addWidget(body)
    body.append(text, is_complete=True)
    shown = [block.document().toHtml() for block in body.findChildren(RichText)]
    assert shown
    assert not [html for html in shown if re.search(r"<(script|img|b)\b|href", html)]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org", True),
        ("HTTP://example.org", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("smb://host/share", False),
        ("", False),
    ],
)
def test_only_web_links_open(url: str, safe: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    prose.open_link(QUrl(url))
    assert is_safe_link(url) is safe
    assert bool(opened) is safe


def test_showing_prose_loads_nothing(qtbot: QtBot, theme: Theme) -> None:
    block = ProseBlock(theme)
    qtbot.addWidget(block)
    assert block.loadResource(2, QUrl("file:///etc/hostname")) is None


@pytest.mark.parametrize("dark", [True, False])
def test_code_is_coloured(dark: bool) -> None:
    lines = spans("def f():\n    return 'x'  # why\n", "python", dark=dark)
    assert [bool(line) for line in lines[:2]] == [True, True]
    assert lines[0][0].start == 0
    assert lines[0][0].length == 3


@pytest.mark.parametrize("language", ["", "no-such-language", "../../etc", "python"])
def test_any_language_name_is_fine(language: str) -> None:
    assert isinstance(spans("x = 1", language, dark=False), list)


def test_code_grows_without_losing_a_character(qtbot: QtBot, theme: Theme) -> None:
    block = CodeBlock(theme)
    qtbot.addWidget(block)
    code = "for i in range(3):\n    print('你好', i)\n\n\n# end"
    for end in range(1, len(code) + 1):
        block.show_code(code[:end], "python")
    block.finish()
    assert block._text.toPlainText() == code
    assert block.code == code


def message(role: Role, text: str, status: Status = Status.COMPLETE) -> Message:
    return Message(
        MessageId(f"id-{role}-{text[:9]}"),
        ConversationId("c"),
        None,
        role,
        text,
        status,
        datetime.now(UTC),
    )


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Iterator[Transcript]:
    widget = Transcript(theme)
    qtbot.addWidget(widget)
    widget.resize(700, 300)
    widget.show()
    return widget  # type: ignore[return-value]


def test_the_view_follows_the_end_only_when_it_is_there(
    qtbot: QtBot, transcript: Transcript
) -> None:
    answer = message(Role.ASSISTANT, "", Status.STREAMING)
    transcript.show_messages([message(Role.USER, "Hi"), answer])
    bar = transcript.verticalScrollBar()
    for _ in range(12):
        transcript.append_text(answer.id, "A paragraph that takes some room.\n\n" * 2)
        transcript._paint_pending()
    qtbot.waitUntil(lambda: bar.maximum() > 200 and bar.value() == bar.maximum())
    bar.setValue(50)
    transcript.append_text(answer.id, "More text below.\n\n" * 10)
    transcript._paint_pending()
    qtbot.wait(100)
    assert bar.value() == 50
    bar.setValue(bar.maximum())
    transcript.append_text(answer.id, "And more.\n\n" * 10)
    transcript._paint_pending()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_text_for_a_conversation_that_is_not_on_show_is_dropped(transcript: Transcript) -> None:
    transcript.show_messages([message(Role.USER, "Hi")])
    transcript.append_text(MessageId("other"), "late")
    transcript._paint_pending()
    assert [view.text for view in transcript.views()] == ["Hi"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status.STOPPED, "Stopped"),
        (Status.CUT_OFF, "Cut off"),
        (Status.COMPLETE, ""),
    ],
)
def test_how_an_answer_ended_is_said(transcript: Transcript, status: Status, words: str) -> None:
    transcript.show_messages([message(Role.ASSISTANT, "Some text", status)])
    label = transcript.views()[0]._end
    assert label.text().startswith(words)
    assert bool(label.text()) is bool(words)


def test_a_failed_answer_says_why_and_offers_to_try_again(
    qtbot: QtBot, transcript: Transcript
) -> None:
    problem = DiskFull(path="/data").problem
    transcript.show_messages([replace(message(Role.ASSISTANT, "", Status.FAILED), problem=problem)])
    view = transcript.views()[0]
    assert "/data" in view._problem_text.text()
    with qtbot.waitSignal(transcript.retry_requested):
        view._retry.click()


def test_a_banner_shows_summary_action_details_and_offers(qtbot: QtBot, theme: Theme) -> None:
    banner = Banner(theme)
    qtbot.addWidget(banner)
    done: list[str] = []
    problem = Problem("x.y", "It {what}.", "Do that.", "line 1\nline 2", (("what", "broke"),))
    banner.show_problem(problem, [("Mend it", lambda: done.append("mended"))])
    assert banner._summary.text() == "It broke."
    assert [b.text() for b in banner.buttons()] == ["Mend it", "Details", "Copy"]
    banner.buttons()[2].click()
    assert "line 2" in QGuiApplication.clipboard().text()
    banner.buttons()[0].click()
    assert done == ["mended"]
    assert banner.isHidden()


def test_a_models_words_in_a_problem_stay_text(qtbot: QtBot, theme: Theme) -> None:
    """File names come from outside: no rich text, no second filling in."""
    banner = Banner(theme)
    qtbot.addWidget(banner)
    banner.show_problem(Problem("x", "{name}", "a", "", (("name", "<b>{name}</b>"),)))
    assert banner._summary.text() == "<b>{name}</b>"
    assert banner._summary.textFormat().name == "PlainText"


def conversations(*titles: str) -> list[Conversation]:
    now = datetime.now(UTC)
    return [Conversation(ConversationId(title), title, now, now) for title in titles]


def test_the_list_of_conversations_is_a_sound_model(
    qtbot: QtBot, qtmodeltester: object, theme: Theme
) -> None:
    model = ConversationList()
    model.show(conversations("a", "b", "c"))
    qtmodeltester.check(model)  # type: ignore[attr-defined]
    model.show(conversations("c", "a", "b"))
    assert model.titles() == ["c", "a", "b"]


def test_a_title_is_never_emptied(qtbot: QtBot, theme: Theme) -> None:
    sidebar = Sidebar(theme)
    qtbot.addWidget(sidebar)
    sidebar.model.show(conversations("a"))
    wishes: list[str] = []
    sidebar.rename_requested.connect(lambda _id, title: wishes.append(title))
    assert not sidebar.model.setData(sidebar.model.index(1), "   ")
    assert sidebar.model.setData(sidebar.model.index(1), " b ")
    assert wishes == ["b"]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_enough_contrast(colours: Colours) -> None:
    """4.5 : 1 for text (WCAG 2.2, level AA)."""
    pairs = [
        (colours.text, colours.window),
        (colours.text, colours.sidebar),
        (colours.text, colours.selected),
        (colours.text, colours.bubble),
        (colours.text, colours.code),
        (colours.muted, colours.window),
        (colours.muted, colours.code),
        (colours.on_accent, colours.accent),
        (colours.danger, colours.danger_ground),
        (colours.link, colours.window),
    ]
    assert [(a, b) for a, b in pairs if contrast(a, b) < 4.5] == []


def test_work_runs_beside_the_main_thread_and_comes_back(qtbot: QtBot) -> None:
    scheduler = QtScheduler()
    threads: list[str] = []
    scheduler.run(
        Lane.DISK,
        lambda: threading.current_thread().name,
        lambda name: threads.extend([name, threading.current_thread().name]),
        lambda _p: None,
    )
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0].startswith("disk")
    assert threads[1] == threading.main_thread().name


def test_a_bug_in_a_thread_is_heard_of(qtbot: QtBot) -> None:
    scheduler = QtScheduler()
    problems: list[Problem] = []
    scheduler.run(Lane.DISK, lambda: 1 // 0, lambda _: None, problems.append)
    qtbot.waitUntil(lambda: bool(problems))
    assert problems[0].code == "internal"
    assert "ZeroDivisionError" in problems[0].details


def test_what_was_called_off_is_silent(qtbot: QtBot) -> None:
    scheduler = QtScheduler()
    heard: list[object] = []

    def work() -> None:
        raise Cancelled

    scheduler.run(Lane.DISK, work, heard.append, heard.append)
    scheduler.run(Lane.DISK, lambda: "after", heard.append, heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["after"]


def test_five_thousand_signals() -> None:
    """PySide6 6.12 aborts on Python 3.11 after some 570: the reason for our pin."""

    class Bell(QObject):
        rang = Signal(object)

    bell, count = Bell(), 0

    def hear(_: object) -> None:
        nonlocal count
        count += 1

    bell.rang.connect(hear)
    for _ in range(5000):
        bell.rang.emit(None)
    assert count == 5000


def test_a_timer_may_be_called_off_at_any_time(qtbot: QtBot) -> None:
    scheduler = QtScheduler()
    rung: list[str] = []
    called_off = scheduler.call_later(0.0, lambda: rung.append("never"))
    called_off()
    called_off()
    late = scheduler.call_later(0.0, lambda: rung.append("once"))
    qtbot.waitUntil(lambda: bool(rung))
    qtbot.wait(20)  # the timer itself is gone by now
    late()
    assert rung == ["once"]


def test_what_comes_late_for_a_deleted_widget_is_dropped(qtbot: QtBot, theme: Theme) -> None:
    """A dialog is closed, or made anew in another language, while a thread looks something up."""
    scheduler = QtScheduler()
    gone, there = QLabel("gone"), QLabel("there")
    qtbot.addWidget(there)
    begin = threading.Event()
    scheduler.run(Lane.DISK, lambda: str(begin.wait(5)), gone.setText, lambda _: None)
    scheduler.run(Lane.DISK, lambda: "late", there.setText, lambda _: None)
    gone.deleteLater()
    QApplication.sendPostedEvents(gone, QEvent.Type.DeferredDelete)
    begin.set()
    qtbot.waitUntil(lambda: there.text() == "late")  # an error before it would fail this test
