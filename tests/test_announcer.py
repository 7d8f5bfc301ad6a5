"""What a screen reader hears of a conversation: sentences, code as a word, how answers end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import ConversationId, Message, MessageId, Role, Status
from app.core.errors import DiskFull
from app.services.chat import Chat
from app.services.ports import ChatListener
from app.ui.announcer import Announcer
from app.ui.application import make_application
from app.ui.problem_view import Banner, Toast
from app.ui.spoken import SpokenText, sentences
from app.ui.theme import Theme
from app.ui.words import summary_of

MARKDOWN = """# A title

Hello there, Dr. Smith. It costs 3.5 dollars, e.g. today. **Bold one. Bold two!** See `x`.
"Really?" she said. Go to [the page](https://example.org).

- First item
- Second item. With more.

1. one
2. two

```python
def f():
    return 1
```

| a | b |
|---|---|
| 1 | 2 |

The formula $x^2$ is here.

---

你好。我是助手！「是的。」他说。日本語です。

- [x] bought milk
- [ ] bake
"""
SAID = [
    "A title",
    "Hello there, Dr. Smith.",
    "It costs 3.5 dollars, e.g. today.",
    "Bold one.",
    "Bold two!",
    "See x.",
    '"Really?" she said.',
    "Go to the page.",
    "First item",
    "Second item.",
    "With more.",
    "1. one",
    "2. two",
    "Code in python, 2 lines",
    "Table, columns: 2, rows: 1",
    "The formula x^2 is here.",
    "你好。",
    "我是助手！",
    "「是的。」",
    "他说。",
    "日本語です。",
    "Done: bought milk",
    "To do: bake",
]


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_markdown_is_said_in_whole_sentences_whatever_pieces_it_comes_in(step: int) -> None:
    spoken, said = SpokenText(), []
    for start in range(0, len(MARKDOWN), step):
        said += spoken.append(MARKDOWN[start : start + step])
    said += spoken.append("", is_complete=True)
    assert [words.replace("%n", "2") for words in said] == SAID


def test_a_sentence_is_given_as_soon_as_another_one_begins() -> None:
    spoken = SpokenText()
    assert spoken.append("It is 3") == []
    assert spoken.append(".") == []
    assert spoken.append("5 metres. ") == []
    assert spoken.append("That") == ["It is 3.5 metres."]
    assert spoken.append(" is all.") == []
    assert spoken.append("\n\n") == []
    assert spoken.append("", is_complete=True) == ["That is all."]


def test_code_is_not_read_out_while_it_is_written() -> None:
    spoken = SpokenText()
    said = spoken.append("Look:\n\n```\n")
    for number in range(100):
        said += spoken.append(f"print({number}). Done!\n")
    assert said == ["Look:"]
    said = spoken.append("```\n\nThat was it. More")
    assert said[1:] == ["That was it."]
    assert said[0].startswith("Code, ")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What? Yes! Fine… Well", ["What?", "Yes!", "Fine…"]),
        ("He said “No.” Then he left. And", ["He said “No.”", "Then he left."]),
        ("你好！！真的？！好", ["你好！！", "真的？！"]),
        ("こんにちは。元気ですか？はい", ["こんにちは。", "元気ですか？"]),
        ("See fig. 3 and J. S. Bach. Good", ["See fig. 3 and J. S. Bach."]),
        ("Version 1.2.3 of a.b is out", []),
        ("Is it done? yes, it is. It", ["Is it done? yes, it is."]),
    ],
)
def test_where_sentences_end(text: str, found: list[str]) -> None:
    assert sentences(text, is_whole=False) == found
    rest = sentences(text, is_whole=True)
    assert rest[: len(found)] == found
    assert len(rest) == len(found) + 1


# what is told


class FakeChat:
    """Only keeps its listener."""

    def __init__(self) -> None:
        self.listener: ChatListener | None = None

    def add_listener(self, listener: ChatListener) -> None:
        self.listener = listener


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a screen reader that is there is told, urgent things with a "!" before them."""
    told: list[str] = []

    def note(event: QAccessibleEvent) -> None:
        if isinstance(event, QAccessibleAnnouncementEvent):
            is_urgent = event.politeness() == QAccessible.AnnouncementPoliteness.Assertive
            told.append(("!" if is_urgent else "") + event.message())

    monkeypatch.setattr(QAccessible, "updateAccessibility", staticmethod(note))
    QAccessible.setActive(True)
    yield told
    QAccessible.setActive(False)


@pytest.fixture
def widget(qtbot: QtBot) -> QWidget:
    """A window that is in front."""
    make_application()
    window = QWidget()
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window


@pytest.fixture
def announcer(widget: QWidget) -> Announcer:
    """One for a window without a conversation."""
    return Announcer(cast("Chat", FakeChat()), widget)


def answer(text: str = "", status: Status = Status.STREAMING, siblings: int = 1) -> Message:
    """An answer with that text."""
    return Message(
        MessageId("a"),
        ConversationId("c"),
        None,
        Role.ASSISTANT,
        text,
        status,
        datetime.now(UTC),
        sibling=siblings,
        siblings=siblings,
    )


def told(heard: Sequence[str]) -> list[str]:
    """The sentences, however they were gathered."""
    return "\n".join(heard).replace("%n", "some").split("\n") if heard else []


def test_an_answer_is_told_in_sentences_and_its_end_too(
    qtbot: QtBot, announcer: Announcer, heard: list[str]
) -> None:
    announcer.message_added(answer())
    text = "The sky is blue. It **really** is. The end"
    for letter in text:
        announcer.text_appended(MessageId("a"), letter)
    qtbot.waitUntil(lambda: told(heard) == ["The sky is blue.", "It really is."])
    announcer.message_changed(answer(text + " of it.", Status.COMPLETE))
    assert told(heard)[2:] == ["The end of it.", "Answer complete"]


def test_thoughts_are_only_said_to_be_there(announcer: Announcer, heard: list[str]) -> None:
    announcer._now = iter((10.0, 22.0)).__next__
    announcer.message_added(answer())
    for piece in ("<think>", "I wonder. ", "Or not. Well.", "</think>", "\n\nYes. ", "So"):
        announcer.text_appended(MessageId("a"), piece)
    announcer.message_changed(
        answer("<think>I wonder. Or not. Well.</think>\n\nYes. So", Status.COMPLETE)
    )
    said = told(heard)
    assert said[0] == "Thinking"
    assert said[1].startswith("Thought for ")
    assert said[2:] == ["Yes.", "So", "Answer complete"]


def test_how_it_ended_otherwise(announcer: Announcer, heard: list[str]) -> None:
    failed = replace(answer("", Status.FAILED), problem=DiskFull("x", path="/d").problem)
    for ended in (answer("So", Status.STOPPED), answer("So", Status.CUT_OFF), failed):
        announcer.message_added(answer())
        announcer.message_changed(ended)
    assert heard[0] == "So\nAnswer stopped"
    assert heard[1].startswith("So\nAnswer cut off")
    assert failed.problem is not None
    assert heard[2].startswith(summary_of(failed.problem))


def test_what_was_there_before_is_not_said_again(announcer: Announcer, heard: list[str]) -> None:
    announcer.conversation_opened(None, [answer("Long ago. It was ")])
    announcer.text_appended(MessageId("a"), "cold. Yes")
    announcer.message_changed(answer("Long ago. It was cold. Yes", Status.COMPLETE))
    assert told(heard) == ["It was cold.", "Yes", "Answer complete"]


def test_another_version_is_named(qtbot: QtBot, announcer: Announcer, heard: list[str]) -> None:
    announcer.branch_changed([answer("Done.", Status.COMPLETE, siblings=2)], MessageId("a"))
    qtbot.waitUntil(lambda: heard == ["Version 2 of 2"])


def test_another_window_is_not_talked_over(
    qtbot: QtBot, announcer: Announcer, heard: list[str]
) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    with qtbot.waitActive(other):
        other.show()
        other.activateWindow()
    announcer.message_added(answer())
    announcer.message_changed(answer("Something.", Status.COMPLETE))
    assert heard == []


def test_nothing_is_read_where_nobody_listens(announcer: Announcer, heard: list[str]) -> None:
    QAccessible.setActive(False)
    announcer.message_added(answer())
    announcer.text_appended(MessageId("a"), "The sky is blue. It is. ")
    announcer.message_changed(answer("The sky is blue. It is.", Status.COMPLETE))
    assert heard == []
    assert announcer._length == 0


def test_notes_and_problems_are_told(qtbot: QtBot, widget: QWidget, heard: list[str]) -> None:
    toast, banner = Toast(widget), Banner(Theme(make_application()), widget)
    toast.show_text("Deleted “A”", with_undo=True)
    toast.show_text("Copied")
    problem = DiskFull("x", path="/d").problem
    banner.show_problem(problem)
    assert heard[:2] == ["Deleted “A”. Undo with Ctrl+Z", "Copied"]
    assert heard[2].startswith(f"!{summary_of(problem)}")
