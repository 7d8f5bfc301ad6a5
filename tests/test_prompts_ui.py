"""The prompt library by hand: `/`, the form, the note over the message, the dialog "Prompts".

The library, its database and the template process are the real ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.paths import Paths
from app.core.prompts import (
    Prompt,
    PromptId,
    PromptMessage,
    PromptTemplate,
    TemplateFormat,
    Variable,
    VariableKind,
)
from app.services import prompt_library
from app.services.prompt_library import PromptLibrary
from app.services.prompt_rendering import PromptRenderer
from app.ui.prompts.detail import PromptView
from app.ui.prompts.dialog import PromptDialog
from app.ui.prompts.file_field import MOST_CHARACTERS, FileField
from app.ui.prompts.form import PromptForm
from app.ui.prompts.unsaved import load_unsaved
from tests import app_window
from tests.app_window import AppWindow
from tests.test_accessibility import complaints, left_out, walk_from

PATIENCE_MS = 20_000  # there is no model to wait for
KEY = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
KINDS = VariableKind


def prompt(
    name: str,
    *messages: tuple[str, str],
    variables: tuple[Variable, ...] = (),
    jinja: bool = False,
    folder: str = "",
) -> Prompt:
    """An own prompt that is not saved yet."""
    made = tuple(PromptMessage(role, text) for role, text in messages)
    template_format = TemplateFormat.JINJA if jinja else TemplateFormat.F_STRING
    template = PromptTemplate(made, variables, template_format)
    return Prompt(PromptId(""), name, name.title(), template, folder=folder)


PLAIN = prompt("hello", ("user", "Say hello."))
ONE = prompt("twist", ("user", "Twist: {text}"), variables=(Variable("text", KINDS.SELECTION),))
MANY = prompt(
    "letter",
    ("user", "{name}|{body}|{tone}|{count}|{day}|{clip}|{extra}"),
    variables=(
        Variable("name", label="Who"),
        Variable("body", KINDS.LONG_TEXT),
        Variable("tone", KINDS.CHOICE, choices=("warm", "cool")),
        Variable("count", KINDS.NUMBER, minimum=1, maximum=5),
        Variable("day", KINDS.DATE, default="2026-03-01"),
        Variable("clip", KINDS.CLIPBOARD),
        Variable("extra", is_required=False),
    ),
)
TAUGHT = prompt(
    "teach",
    ("system", "Answer as a pirate."),
    ("user", "Good day"),
    ("assistant", "Ahoy"),
    ("user", "Good night"),
    ("assistant", "Arr"),
    ("user", "{text}"),
    variables=(Variable("text"),),
)
LOOP = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
ENDLESS = prompt("endless", ("user", LOOP), jinja=True)


class Hand:
    """The window of a person who has prompts, and no model."""

    def __init__(self, qtbot: QtBot, window: AppWindow) -> None:
        self.qtbot, self.app = qtbot, window
        self.library = window.controller.services.prompts
        self.composer = window.window.composer

    @property
    def text(self) -> str:
        return self.composer.text.toPlainText()

    @property
    def form(self) -> PromptForm:
        form = self.app.controller.prompts.here.form
        assert form is not None
        return form

    @property
    def dialog(self) -> PromptDialog:
        dialog = self.app.controller.prompts.library.dialog
        assert dialog is not None
        return dialog

    @property
    def note(self) -> str:
        """What the note over the message says; empty where it is not on show."""
        note = self.composer.prompt_note
        return note.words.text() if note.isVisible() else ""

    def keep(self, *prompts: Prompt) -> list[Prompt]:
        """Save them, and wait until they are offered."""
        kept: list[Prompt] = []
        for each in prompts:
            self.library.save(each, kept.append, lambda problem: pytest.fail(str(problem)))
        self.app.until(lambda: len(kept) == len(prompts))
        return kept

    def named(self, name: str) -> Prompt:
        return next(p for p in self.library.all if p.name == name)

    def has(self, name: str) -> bool:
        return any(p.name == name for p in self.library.all)

    def start(self, typed: str) -> PromptForm:
        """As somebody types it; the form is on show then."""
        self.app.type(typed)
        self.app.press(KEY.Key_Return)
        form = self.form
        self.app.until(form.isActiveWindow)
        return form

    def offered(self) -> list[str]:
        return [self.library.find(PromptId(i)).name for i in self.composer.prompts.list.ids()]  # type: ignore[union-attr]

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """Wherever the keyboard is."""
        focus = QApplication.focusWidget()
        assert focus is not None
        self.qtbot.keyClick(focus, key, modifier or Qt.KeyboardModifier.NoModifier)

    def write(self, text: str) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        self.qtbot.keyClicks(focus, text)

    def open_dialog(self) -> PromptDialog:
        self.app.controller.commands.commands.run("prompts")
        self.app.until(self.dialog.isActiveWindow)
        return self.dialog


@pytest.fixture(scope="module")
def renderer() -> Iterator[PromptRenderer]:
    made = PromptRenderer()
    yield made
    made.close()


def keep_renderer(monkeypatch: pytest.MonkeyPatch, renderer: PromptRenderer) -> None:
    """A window does not end it: each new process would import LangChain again."""
    monkeypatch.setattr(prompt_library, "shared_renderer", lambda: renderer)
    monkeypatch.setattr(PromptLibrary, "close", lambda _library: None)


@pytest.fixture
def hand(
    qtbot: QtBot,
    paths: Paths,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    renderer: PromptRenderer,
) -> Iterator[Hand]:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "nothing"))
    monkeypatch.setattr(app_window, "PATIENCE_MS", PATIENCE_MS)
    keep_renderer(monkeypatch, renderer)
    made = Hand(qtbot, open_empty(qtbot, paths))
    yield made
    made.app.close()


def open_empty(qtbot: QtBot, paths: Paths) -> AppWindow:
    window = AppWindow(qtbot, paths)
    library = window.controller.services.prompts
    window.until(lambda: window.chat.is_ready and library.all)
    window.window.activateWindow()
    qtbot.waitUntil(window.window.isActiveWindow)
    window.window.composer.setFocus()
    return window


def wrong(form: PromptForm) -> dict[str, str]:
    """What is said beside the fields."""
    return {f.variable.name: f.note.text() for f in form.fields if f.note.isVisible()}


# `/`


def test_slash_offers_own_and_built_in_prompts_by_name_and_title(hand: Hand) -> None:
    hand.keep(prompt("zebra", ("user", "Hi"), folder="Work/Letters"))
    hand.app.type("/")
    assert {"zebra", "translate", "summarise"} <= set(hand.offered())
    hand.app.type("zeb")
    assert hand.offered() == ["zebra"]
    row = hand.composer.prompts.list.item(0)
    assert "Work › Letters" in row.data(Qt.ItemDataRole.AccessibleTextRole)
    hand.composer.text.clear()
    hand.app.type("/another tone")  # words of a title
    assert hand.offered() == ["rewrite"]
    hand.composer.text.clear()
    hand.app.type("/letters")  # a folder
    assert hand.offered() == ["zebra"]


def test_a_prompt_without_fields_is_inserted_at_once(hand: Hand) -> None:
    hand.keep(PLAIN)
    hand.app.type("/hello")
    hand.app.press(KEY.Key_Return)
    hand.app.until(lambda: hand.text == "Say hello.")
    assert hand.note == ""
    assert hand.app.controller.prompts.here.form is None
    hand.app.press(KEY.Key_Z, CTRL)
    assert hand.text == "/hello"


def test_a_text_after_the_name_fills_the_one_field(hand: Hand) -> None:
    hand.keep(ONE)
    hand.app.type("/twist a {brace} and more")
    assert hand.offered() == ["twist"]
    assert "a {brace} and more" in hand.composer.prompts.list.item(0).data(
        Qt.ItemDataRole.AccessibleTextRole
    )
    hand.app.press(KEY.Key_Return)
    hand.app.until(lambda: hand.text == "Twist: a {brace} and more")


def test_a_text_after_the_name_goes_into_the_first_long_field_of_the_form(hand: Hand) -> None:
    hand.keep(MANY)
    form = hand.start("/letter Once upon a time")
    assert form.values()["body"] == "Once upon a time"
    assert form.values()["name"] == ""
    assert QApplication.focusWidget() is form.field("name").editor  # the first that is empty


def test_escape_leaves_what_was_written(hand: Hand) -> None:
    hand.keep(MANY)
    hand.start("/letter")
    hand.key(KEY.Key_Escape)
    hand.app.until(lambda: hand.app.controller.prompts.here.form is None)
    assert hand.text == "/letter"
    hand.app.until(hand.composer.text.hasFocus)


# the form


def test_missing_and_wrong_values_are_said_beside_their_fields(hand: Hand) -> None:
    hand.keep(MANY)
    QGuiApplication.clipboard().clear()
    form = hand.start("/letter")
    hand.app.click(form.insert)
    assert set(wrong(form)) == {"name", "body", "count", "clip"}
    assert QApplication.focusWidget() is form.field("name").editor
    assert hand.text == "/letter"
    hand.write("Ann")
    assert set(wrong(form)) == {"body", "count", "clip"}
    form.field("count").editor.setFocus()
    hand.write("7")
    assert wrong(form)["count"] == "A number from 1 to 5."
    hand.key(KEY.Key_Backspace)
    hand.write("x")
    assert wrong(form)["count"] == "This is not a number."
    hand.key(KEY.Key_Backspace)
    hand.key(KEY.Key_Up)
    hand.key(KEY.Key_Up)
    assert form.values()["count"] == "2"
    for _ in range(9):
        hand.key(KEY.Key_Up)
    assert form.values()["count"] == "5"
    assert "count" not in wrong(form)


def test_the_whole_form_by_keyboard(hand: Hand) -> None:
    hand.keep(MANY)
    QGuiApplication.clipboard().setText("from the clipboard")
    hand.start("/letter")
    hand.write("Ann")
    hand.key(KEY.Key_Return)  # to the next field
    hand.write("Two lines")
    hand.key(KEY.Key_Return)
    hand.write("of text")
    hand.key(KEY.Key_Tab)
    hand.key(KEY.Key_Down)  # the choice
    hand.key(KEY.Key_Tab)
    hand.write("3")
    hand.key(KEY.Key_Tab)
    hand.key(KEY.Key_Up)  # a month, a day or a year later
    hand.key(KEY.Key_Tab)
    hand.write(">")
    for _ in range(4):  # the last field, the preview, Cancel, Insert
        hand.key(KEY.Key_Tab)
    assert QApplication.focusWidget() is hand.form.insert
    hand.key(KEY.Key_Space)
    hand.app.until(lambda: "|" in hand.text)
    name, body, tone, count, day, clip, extra = hand.text.split("|")
    assert (name, body, tone, count) == ("Ann", "Two lines\nof text", "cool", "3")
    assert clip == ">from the clipboard"
    assert extra == ""
    assert day != "2026-03-01"
    assert len(day) == len("2026-03-01")
    hand.app.until(hand.composer.text.hasFocus)


def test_answers_are_remembered_texts_are_not(hand: Hand) -> None:
    hand.keep(MANY)
    QGuiApplication.clipboard().setText("first")
    form = hand.start("/letter a secret")
    for name, value in (("name", "Ann"), ("tone", "cool"), ("count", "4")):
        form.field(name).set_value(value)
    hand.app.click(form.insert)
    hand.app.until(lambda: hand.text.startswith("Ann|"))
    hand.composer.text.clear()
    QGuiApplication.clipboard().setText("second")
    form = hand.start("/letter")
    hand.app.until(lambda: form.values()["name"] == "Ann")
    values = form.values()
    assert (values["tone"], values["count"]) == ("cool", "4")
    assert (values["body"], values["clip"]) == ("", "second")


def test_a_text_without_room_is_refused_in_words_at_once(hand: Hand) -> None:
    kept = hand.keep(
        prompt("clip", ("user", "{clip}"), variables=(Variable("clip", KINDS.CLIPBOARD),))
    )
    QGuiApplication.clipboard().setText("a few words\n" * 1_000_000)
    begun = time.monotonic()
    hand.app.controller.prompts.begin(kept[0].id)
    field = hand.form.field("clip")
    assert time.monotonic() - begun < 8
    assert field.value() == ""
    assert "12000000 characters" in field.note.text()
    hand.app.until(hand.form.isActiveWindow)
    hand.key(KEY.Key_V, CTRL)
    assert field.value() == ""
    assert "room for 400000" in field.note.text()
    hand.write("short")
    assert not field.note.isVisible()


def test_small_numbers_keep_their_digits(hand: Hand) -> None:
    hand.keep(prompt("rate", ("user", "{rate}"), variables=(Variable("rate", KINDS.NUMBER),)))
    form = hand.start("/rate")
    hand.write("0.00000012")
    assert form.field("rate").value() == "0.00000012"


def test_the_preview_follows_what_is_written(hand: Hand) -> None:
    hand.keep(TAUGHT)
    form = hand.start("/teach")
    assert not form.preview.text.isVisible()
    hand.app.click(form.preview.fold)
    shown = form.preview.text
    hand.app.until(lambda: "‹Text›" in shown.toPlainText())
    assert "Answer as a pirate." in shown.toPlainText()
    assert "Ahoy" in shown.toPlainText()
    form.field("text").editor.setFocus()
    hand.write("{not a field}")
    hand.app.until(lambda: "{not a field}" in shown.toPlainText())


def test_an_endless_template_is_said_to_be_one_and_the_window_lives(hand: Hand) -> None:
    hand.keep(ENDLESS, PLAIN)
    hand.app.type("/endless")
    hand.app.press(KEY.Key_Return)
    hand.app.until(lambda: hand.app.banner_code() == "prompt.too-slow")
    assert hand.text == "/endless"
    hand.composer.text.clear()
    hand.app.type("/hello")
    hand.app.press(KEY.Key_Return)
    hand.app.until(lambda: hand.text == "Say hello.")


def test_what_is_wrong_with_a_template_is_said_in_the_form(hand: Hand) -> None:
    looped = prompt(
        "loop",
        ("user", "{{ a }}\n{{ 6 // n }}"),
        variables=(Variable("a"), Variable("n", KINDS.NUMBER)),
        jinja=True,
    )
    hand.keep(looped)
    form = hand.start("/loop word")
    form.field("n").set_value("0")
    began = time.monotonic()
    hand.app.click(form.insert)
    assert time.monotonic() - began < 0.5
    assert not form.insert.isEnabled()
    hand.app.until(lambda: form.insert.isEnabled())
    assert form.isVisible()
    assert "prompt" in form.outcome.text()
    assert "Traceback" not in form.outcome.text()
    form.field("n").set_value("3")
    hand.app.click(form.insert)
    hand.app.until(lambda: hand.text == "word\n2")


# files


def file_prompt(hand: Hand) -> FileField:
    hand.keep(
        prompt("ask", ("user", "In {doc}"), variables=(Variable("doc", KINDS.FILE),)),
    )
    field = hand.start("/ask").field("doc")
    assert isinstance(field, FileField)
    return field


def test_a_dropped_file_is_read_and_its_text_used(hand: Hand, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Grüße {x}", encoding="utf-8")
    field = file_prompt(hand)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    field.box.dropEvent(event)
    assert "Reading" in field.words.text().replace("\u200b", "")
    hand.app.until(lambda: not field.is_reading)
    assert "9 characters" in field.words.text()
    hand.app.click(hand.form.insert)
    hand.app.until(lambda: hand.text == "In Grüße {x}")


def test_a_file_that_cannot_be_used_says_why(hand: Hand, tmp_path: Path) -> None:
    field = file_prompt(hand)
    big, picture = tmp_path / "big.txt", tmp_path / "p.png"
    big.write_text("x" * (MOST_CHARACTERS + 1))
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    for path, words in (
        (big, "big.txt"),
        (picture, "has no text"),
        (tmp_path / "gone.txt", "gone.txt"),
    ):
        field.read(path)
        hand.app.until(lambda: not field.is_reading)
        assert words in field.note.text().replace("\u200b", ""), path
        hand.app.click(hand.form.insert)
        assert hand.text == "/ask"
    assert hand.form.isVisible()


# what goes with a message


def teach(hand: Hand, text: str) -> None:
    hand.app.type(f"/teach {text}")
    hand.app.press(KEY.Key_Return)
    hand.app.until(lambda: hand.text == text)


def test_the_note_says_what_goes_along_and_can_be_taken_off(hand: Hand) -> None:
    hand.keep(TAUGHT)
    teach(hand, "Hello")
    assert hand.note == "Prompt: Teach, with instructions and 2 examples"
    assert hand.composer.prompt_note.for_sending() == (
        "Answer as a pirate.",
        (("user", "Good day"), ("assistant", "Ahoy"), ("user", "Good night"), ("assistant", "Arr")),
    )
    hand.app.click(hand.composer.prompt_note.button)
    assert hand.note == ""
    assert hand.text == "Hello"
    assert hand.composer.prompt_note.for_sending() == ("", ())


def test_the_note_goes_with_its_draft(hand: Hand) -> None:
    hand.keep(TAUGHT)
    teach(hand, "Hello")
    hand.app.type(" there")
    assert hand.note
    hand.app.press(KEY.Key_A, CTRL)
    hand.app.press(KEY.Key_Delete)
    assert hand.note == ""
    teach(hand, "Again")
    hand.composer.begin_edit("An earlier message")
    assert hand.note == ""
    hand.app.press(KEY.Key_Escape)
    assert hand.text == "Again"
    assert hand.note


def test_selected_text_of_the_message_becomes_the_question(hand: Hand) -> None:
    hand.keep(ONE, MANY)
    hand.app.type("Before. Change this")
    for _ in range(len("Change this")):
        hand.app.press(KEY.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    menus: list[QMenu] = []
    hand.composer.text.menu_made.connect(menus.append)
    text = hand.composer.text
    QApplication.sendEvent(text, context_menu(text.cursorRect().center(), text))
    sub = next(a.menu() for a in menus[0].actions() if a.text() == "Prompts")
    assert isinstance(sub, QMenu)
    titles = [action.text() for action in sub.actions()]
    assert titles[0] == "Twist"  # made for selected text, and an own one
    assert titles[-1] == "More…"
    sub.actions()[0].trigger()
    hand.app.until(lambda: hand.text == "Before. Twist: Change this")
    menus[0].close()


def context_menu(place: QPoint, widget: QWidget):  # type: ignore[no-untyped-def]
    from PySide6.QtGui import QContextMenuEvent

    return QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, widget.mapToGlobal(place))


def test_prompts_start_from_the_palette_below_what_is_written(hand: Hand) -> None:
    hand.keep(PLAIN)
    hand.app.type("A beginning.")
    commands = hand.app.controller.commands
    commands.show_palette()
    palette = commands.palette
    assert palette is not None
    hand.qtbot.keyClicks(palette.field, "prompt hello")
    hand.qtbot.keyClick(palette.field, KEY.Key_Return)
    hand.app.until(lambda: hand.text == "A beginning.\n\nSay hello.")


# the dialog


def test_a_prompt_is_written_by_keyboard_and_its_fields_are_found(hand: Hand) -> None:
    dialog = hand.open_dialog()
    hand.key(KEY.Key_N, CTRL)
    hand.write("Greet somebody")
    assert dialog.editor.name.text() == "greet-somebody"
    dialog.editor.messages.rows[0].text.setFocus()
    hand.write("Greet {person} at {time} in {count} words")
    hand.app.until(lambda: [r.name for r in dialog.editor.variables.rows] == ["person", "count"])
    assert "time" in dialog.editor.state.text()  # filled in by itself
    assert dialog.editor.variables.variables()[1].kind is KINDS.NUMBER
    hand.key(KEY.Key_S, CTRL)
    hand.app.until(lambda: hand.has("greet-somebody"))
    hand.app.until(lambda: dialog.pages.currentWidget() is dialog.detail)
    assert dialog.unsaved == {}
    hand.key(KEY.Key_Escape)
    assert not dialog.isVisible()
    hand.composer.setFocus()
    form = hand.start("/greet")
    assert [f.variable.name for f in form.fields] == ["person", "count"]


def test_mistakes_are_shown_below_the_text_until_they_are_mended(hand: Hand) -> None:
    dialog = hand.open_dialog()
    dialog.begin_new()
    row = dialog.editor.messages.rows[0]
    row.text.setFocus()
    hand.write("fine")
    hand.key(KEY.Key_Return)
    hand.write("a {broken")
    hand.app.until(lambda: row.note.isVisible())
    assert "line 2" in row.note.text() or "line 3" in row.note.text()
    assert len(row.text.extraSelections()) == 1
    hand.write("}")
    hand.app.until(lambda: not row.note.isVisible())
    assert row.text.extraSelections() == []
    assert [r.name for r in dialog.editor.variables.rows] == ["broken"]
    dialog.editor.format.setCurrentIndex(1)
    dialog.editor.format.activated.emit(1)
    row.text.setPlainText("{{ a | nofilter }}")
    hand.app.until(lambda: "nofilter" in row.note.text())


def test_a_text_full_of_names_does_not_hold_up_the_window(hand: Hand) -> None:
    editor = hand.open_dialog().editor
    hand.dialog.begin_new()
    begun = time.monotonic()
    editor.messages.rows[0].text.setPlainText(" ".join(f"{{n{i}}}" for i in range(3000)))
    hand.app.until(lambda: editor.variables.rows)
    assert time.monotonic() - begun < 8
    assert len(editor.variables.rows) == 50
    assert "3000 names" in editor.state.text()


def test_many_long_messages_are_shown_in_part(hand: Hand) -> None:
    pairs = [("user", "question " * 500), ("assistant", "answer " * 600)] * 40
    kept = hand.keep(prompt("long", *pairs, ("user", "{text}"), variables=ONE.template.variables))
    hand.open_dialog()
    hand.dialog.show_prompt(kept[0].id)
    shown = hand.dialog.detail.view.text()
    assert "more messages" in shown
    assert len(shown) < 30_000  # laying out all 340,000 takes many seconds


def test_fields_follow_the_text_but_nothing_filled_in_is_lost(hand: Hand) -> None:
    dialog = hand.open_dialog()
    dialog.begin_new()
    text = dialog.editor.messages.rows[0].text
    text.setPlainText("{one} {two}")
    rows = dialog.editor.variables
    hand.app.until(lambda: [r.name for r in rows.rows] == ["one", "two"])
    first = rows.rows[0]
    first.fold.setChecked(True)
    first.label.setFocus()
    hand.write("The first")
    text.setPlainText("nothing")
    hand.app.until(lambda: [r.name for r in rows.rows] == ["one"])
    assert first.note.text() == "Not used in the text"
    hand.app.click(first.remove)
    assert rows.rows == []


def test_a_change_makes_a_version_that_can_be_brought_back(hand: Hand) -> None:
    kept = hand.keep(PLAIN)[0]
    dialog = hand.open_dialog()
    dialog.show_prompt(kept.id)
    hand.app.click(dialog.detail.edit)
    dialog.editor.messages.rows[0].text.setPlainText("Say goodbye.")
    hand.app.click(dialog.editor.save)
    hand.app.until(lambda: hand.named("hello").version == 2)
    hand.app.until(lambda: dialog.detail.isVisible())
    hand.app.click(dialog.detail.versions)
    hand.app.until(lambda: dialog.versions.isVisible())
    assert not dialog.versions.restore.isEnabled()
    hand.key(KEY.Key_Down)
    assert "Say hello." in words_of(dialog.versions.view)
    hand.app.click(dialog.versions.restore)
    hand.app.until(lambda: hand.named("hello").version == 3)
    assert hand.named("hello").template.messages[0].text == "Say hello."


def words_of(view: PromptView) -> str:
    return "\n".join(shown.text() for shown in view.findChildren(QLabel))


def test_a_built_in_prompt_is_changed_as_a_copy(hand: Hand) -> None:
    dialog = hand.open_dialog()
    dialog.show_prompt(hand.named("translate").id)
    assert not dialog.detail.edit.isVisible()
    assert not dialog.detail.delete.isVisible()
    hand.app.click(dialog.detail.duplicate)
    assert dialog.editor.isVisible()
    hand.app.click(dialog.editor.save)
    hand.app.until(lambda: any(not p.is_built_in for p in hand.library.all))
    own = next(p for p in hand.library.all if not p.is_built_in)
    assert own.title == "Translate (copy)"
    assert own.template == hand.named("translate").template


def test_deleting_can_be_undone(hand: Hand) -> None:
    hand.keep(PLAIN, ONE)
    dialog = hand.open_dialog()
    dialog.show_prompt(hand.named("hello").id)
    dialog.side.tree.setFocus()
    hand.key(KEY.Key_Delete)
    hand.app.until(lambda: not hand.has("hello"))
    assert "hello" not in [p.name for p in dialog._prompts]
    hand.app.click(dialog.toast.button)
    hand.app.until(lambda: hand.has("hello"))
    hand.app.until(lambda: dialog.detail.isVisible())
    assert dialog.detail.prompt is not None
    assert dialog.detail.prompt.name == "hello"


def test_a_prompt_is_dragged_into_a_folder(hand: Hand) -> None:
    hand.keep(PLAIN, prompt("other", ("user", "x"), folder="Work/Letters"))
    dialog = hand.open_dialog()
    dialog.show_prompt(hand.named("hello").id)
    tree = dialog.side.tree
    work = next(
        tree.topLevelItem(n)
        for n in range(tree.topLevelItemCount())
        if tree.topLevelItem(n).text(0) == "Work"
    )
    built_in = tree.topLevelItem(tree.topLevelItemCount() - 1)
    assert not tree.drop_on(built_in)
    assert not tree.drop_on(built_in.child(0))
    assert tree.drop_on(work.child(0))
    hand.app.until(lambda: hand.named("hello").folder == "Work/Letters")
    assert tree.drop_on(None)
    hand.app.until(lambda: hand.named("hello").folder == "")


def test_searching_in_the_dialog_by_keyboard(hand: Hand) -> None:
    hand.keep(PLAIN)
    dialog = hand.open_dialog()
    hand.key(KEY.Key_F, CTRL)
    hand.write("hello")
    hand.app.until(lambda: len(dialog.side.tree.ids()) == 1)
    hand.key(KEY.Key_Down)
    hand.key(KEY.Key_Return)
    assert QApplication.focusWidget() is dialog.detail.use
    dialog.side.search.setFocus()
    hand.write(" zzz")
    hand.app.until(lambda: dialog.side.nothing.isVisible())
    hand.key(KEY.Key_Escape)
    assert dialog.isVisible()
    hand.app.until(lambda: len(dialog.side.tree.ids()) > 10)
    dialog.detail.use.setFocus()
    hand.key(KEY.Key_Space)
    hand.app.until(lambda: hand.text == "Say hello.")
    assert not dialog.isVisible()


def test_a_name_that_is_taken_or_bad_is_said_and_nothing_is_lost(hand: Hand) -> None:
    hand.keep(PLAIN)
    dialog = hand.open_dialog()
    dialog.begin_new()
    hand.write("Hello")
    dialog.editor.messages.rows[0].text.setPlainText("Mine")
    for name, words in (("hello", "hello"), ("no good!", "no good!")):
        dialog.editor.name.setText(name)
        dialog.editor.name.textEdited.emit(name)
        hand.app.click(dialog.editor.save)
        hand.app.until(lambda: dialog.editor.outcome.isVisible())
        assert words in dialog.editor.outcome.text()
        assert dialog.editor.messages.rows[0].text.toPlainText() == "Mine"
    assert dialog.unsaved


def test_what_is_not_saved_is_there_again_after_a_restart(
    hand: Hand, qtbot: QtBot, paths: Paths
) -> None:
    kept = hand.keep(PLAIN)[0]
    dialog = hand.open_dialog()
    dialog.show_prompt(kept.id)
    hand.app.click(dialog.detail.edit)
    dialog.editor.description.setFocus()
    hand.write("half a thought")
    other = next(p.id for p in hand.library.all if p.is_built_in)
    dialog.show_prompt(other)  # elsewhere, without a question
    dialog.begin_new()
    hand.write("Brand new")
    hand.app.close()
    assert {p.title for p in load_unsaved(paths.unsaved_prompts).values()} == {"Hello", "Brand new"}
    again = Hand(qtbot, open_empty(qtbot, paths))
    try:
        dialog = again.open_dialog()
        again.app.until(lambda: len(dialog.unsaved) == 2)
        again.app.until(lambda: kept.id in dialog.side.tree.ids())
        dialog.show_prompt(kept.id)
        assert dialog.editor.description.text() == "half a thought"
        again.app.click(dialog.editor.revert)
        assert dialog.detail.isVisible()
        again.app.click(dialog.toast.button)
        assert dialog.editor.description.text() == "half a thought"
        again.app.click(dialog.editor.save)
        again.app.until(lambda: again.named("hello").description == "half a thought")
    finally:
        again.app.close()


def test_what_is_written_without_a_pause_is_kept_meanwhile(hand: Hand, paths: Paths) -> None:
    hand.open_dialog().begin_new()
    deadline = time.monotonic() + 10
    while not load_unsaved(paths.unsaved_prompts) and time.monotonic() < deadline:
        hand.write("a")
        hand.qtbot.wait(100)
    assert load_unsaved(paths.unsaved_prompts)  # a kill now would leave it


def test_a_new_prompt_with_nothing_in_it_is_not_kept(hand: Hand) -> None:
    dialog = hand.open_dialog()
    dialog.begin_new()
    dialog.begin_new()
    assert len(dialog.unsaved) == 1
    dialog.close()
    assert dialog.unsaved == {}
    hand.open_dialog()
    assert dialog.pages.currentWidget() is dialog.nothing


def test_a_file_of_unsaved_prompts_with_nonsense_in_it_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "unsaved.json"
    for text in ("", "[]", "{", '{"prompts": [1, {}, {"id": 3}]}', '{"prompts": 7}'):
        file.write_text(text)
        assert load_unsaved(file) == {}


# files of prompts


def test_prompts_go_out_as_files_and_come_in_again(hand: Hand, tmp_path: Path) -> None:
    kept = hand.keep(PLAIN, TAUGHT)
    dialog = hand.open_dialog()
    dialog.export_requested.emit([p.id for p in kept], tmp_path)
    hand.app.until(lambda: len(list(tmp_path.glob("*.prompt.yaml"))) == 2)
    hand.app.until(lambda: "2" in dialog.toast._label.text())
    files = sorted(tmp_path.glob("*.prompt.yaml"))
    bad = tmp_path / "bad.prompt.yaml"
    bad.write_text("messages: [!!python/object:os.system {}]")
    dialog.import_requested.emit([*files, bad])
    hand.app.until(lambda: sum(p.title == "Teach" for p in hand.library.all) == 2)
    hand.app.until(lambda: dialog.banner.isVisible())
    assert dialog.banner.problem is not None
    assert dialog.banner.problem.code.startswith("prompt.file")
    assert "bad.prompt.yaml" in dialog.banner.problem.summary_text
    copies = [p for p in hand.library.all if p.title == "Teach"]
    assert copies[0].template == copies[1].template == TAUGHT.template


def test_a_bad_file_alone_changes_nothing(hand: Hand, tmp_path: Path) -> None:
    dialog = hand.open_dialog()
    before = list(hand.library.all)
    bad = tmp_path / "x.prompt.yaml"
    bad.write_bytes(bytes(range(256)))
    dialog.import_requested.emit([bad])
    hand.app.until(lambda: dialog.banner.isVisible())
    assert hand.library.all == before
    assert dialog.isVisible()


# room, names and keys


def overflow(window: QWidget) -> list[str]:
    """What reaches beyond the side of its window."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisibleTo(window) or widget.isWindow() or widget.window() is not window:
            continue
        right = widget.mapTo(window, QPoint(widget.width(), 0)).x()
        if right > window.width() + 1 and isinstance(widget, QPushButton | QLineEdit | QLabel):
            found.append(f"{type(widget).__name__} {widget.accessibleName()} {right}")
    return found


@pytest.mark.parametrize("percent", [100, 200])
def test_everything_has_room_at_640_pixels(hand: Hand, percent: int) -> None:
    hand.keep(MANY)
    hand.app.controller.theme.choose("light", font_percent=percent)
    try:
        form = hand.start("/letter")
        form.resize(640, 480)
        hand.qtbot.wait(50)
        assert overflow(form) == []
        assert complaints(form) == []
        form.reject()
        dialog = hand.open_dialog()
        dialog.resize(640, 480)
        dialog.show_prompt(hand.named("letter").id)
        hand.qtbot.wait(50)
        assert not dialog.side.isVisible()
        assert overflow(dialog) == []
        hand.app.click(dialog.detail.edit)
        for row in dialog.editor.variables.rows:
            row.fold.setChecked(True)
        hand.qtbot.wait(50)
        assert dialog.editor.area.widget().width() <= dialog.editor.area.viewport().width()
        assert overflow(dialog) == []
        hand.app.click(dialog.back)
        assert dialog.side.tree.hasFocus()
    finally:
        hand.app.controller.theme.choose("light", font_percent=100)


def test_everything_has_a_name_and_tab_gets_there(hand: Hand) -> None:
    hand.keep(MANY)
    form = hand.start("/letter")
    assert complaints(form) == []
    assert left_out(form, walk_from(form.fields[0].editor, hand.qtbot, KEY.Key_Tab)) == []
    form.reject()
    dialog = hand.open_dialog()
    assert complaints(dialog) == []
    dialog.show_prompt(hand.named("letter").id)
    assert complaints(dialog) == []
    assert left_out(dialog, walk_from(dialog.side.search, hand.qtbot, KEY.Key_Tab)) == []
    hand.app.click(dialog.detail.edit)
    for row in dialog.editor.variables.rows:
        row.fold.setChecked(True)
    assert complaints(dialog) == []
    way = walk_from(dialog.side.search, hand.qtbot, KEY.Key_Tab)
    assert left_out(dialog, way) == []
    assert way.index(dialog.editor.messages.rows[0].text) < way.index(dialog.editor.revert)


# with a model


def test_instructions_and_examples_are_sent_once(app: AppWindow, qtbot: QtBot) -> None:
    hand = Hand(qtbot, app)
    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow)
    app.window.composer.setFocus()
    hand.keep(MANY, TAUGHT)
    form = hand.start("/teach")
    hand.write("Hello")
    assert form.send.isEnabled()
    hand.key(KEY.Key_Return, CTRL)
    app.until(lambda: app.messages() and not app.chat.is_answering)
    stored = [(role, text) for role, text, _ in app.stored()]
    assert stored[:5] == [
        ("user", "Good day"),
        ("assistant", "Ahoy"),
        ("user", "Good night"),
        ("assistant", "Arr"),
        ("user", "Hello"),
    ]
    conversation = app.chat.conversation
    assert conversation is not None
    assert conversation.system_prompt == "Answer as a pirate."
    assert (hand.text, hand.note) == ("", "")
    app.ask_and_wait("And now?")
    assert [text for _, text, _ in app.stored()].count("Ahoy") == 1


def test_the_note_stays_with_the_conversation_it_was_written_for(
    app: AppWindow, qtbot: QtBot
) -> None:
    hand = Hand(qtbot, app)
    hand.keep(TAUGHT)
    app.ask_and_wait("Hi")
    first = app.chat.open_conversation_id
    assert first is not None
    teach(hand, "Hello")
    app.controller.chat_control.new_conversation()
    app.until(lambda: hand.text == "")
    assert hand.note == ""
    app.controller.open(first)
    app.until(lambda: hand.text == "Hello")
    assert hand.note.startswith("Prompt: Teach")
    selected = app.window.transcript
    menus: list[QMenu] = []
    selected.menu_made.connect(menus.append)
    selected.selection.select_all()
    edit = app.messages()[0].text_edits()[0]
    QApplication.sendEvent(edit, context_menu(QPoint(3, 3), edit))
    sub = next(a.menu() for a in menus[0].actions() if a.text() == "Prompts")
    assert isinstance(sub, QMenu)
    summarise = next(a for a in sub.actions() if a.text() == "Summarise a text")
    summarise.trigger()
    assert "Hi" in hand.form.values()["text"]
    menus[0].close()


def test_two_windows_have_their_own(app: AppWindow, qtbot: QtBot) -> None:
    hand = Hand(qtbot, app)
    hand.keep(PLAIN)
    other = app.controller.windows.open("")
    text = other.composer.text
    qtbot.keyClicks(text, "/hello")
    qtbot.keyClick(text, KEY.Key_Return)
    app.until(lambda: text.toPlainText() == "Say hello.")
    assert hand.text == ""
    other.close()
    hand.keep(ONE)  # nobody tells the window that is gone
