"""Writing a message: keys, input methods, drafts, undo, pasting and dropping, prompts, editing.

The composer alone, with real events; what becomes of its wishes is tested with the whole window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QImageWriter,
    QInputMethodEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.entities import Attachment, AttachmentId, Draft
from app.core.prompts import Prompt, PromptId, PromptMessage, PromptTemplate
from app.ui.composer import Composer
from app.ui.composer_chips import thumbnail
from app.ui.composer_text import AFTER_COMMIT_S, LONG_PASTE
from app.ui.theme import Theme
from app.ui.words import number_text

KEY = Qt.Key
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
PROMPTS = [
    Prompt(PromptId(name), name, title, PromptTemplate((PromptMessage("user", title),)))
    for name, title in (
        ("sum", "Summarise a text"),
        ("mail", "Write an email"),
        ("zh", "翻译成英文"),
    )
]


@dataclass
class Desk:
    """A window with a composer at its bottom, and what the composer has asked for."""

    window: QWidget
    composer: Composer
    told: list[tuple[object, ...]] = field(default_factory=list)
    now: float = 100.0

    def __post_init__(self) -> None:
        composer = self.composer
        for name in (
            "submitted", "stop_requested", "attach_requested", "image_requested",
            "text_requested", "detach_requested", "edit_last_requested", "edit_submitted",
            "edit_cancelled", "count_wanted", "thumbnail_wanted",
        ):  # fmt: skip
            getattr(composer, name).connect(self._hearer(name))
        composer.prompt_chosen.connect(
            lambda prompt, given: self.told.append(("prompt", prompt.name, given))
        )
        composer.text._now = lambda: self.now

    def _hearer(self, name: str) -> Callable[..., None]:
        return lambda *values: self.told.append((name, *values))

    @property
    def text(self) -> str:
        return self.composer.text.toPlainText()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.composer.text, text)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        QTest.keyClick(self.composer.text, key, modifier or Qt.KeyboardModifier.NoModifier)

    def compose(self, preedit: str, commit: str = "") -> None:
        """What an input method sends."""
        event = QInputMethodEvent(preedit, [])
        event.setCommitString(commit)
        QApplication.sendEvent(self.composer.text, event)

    def later(self) -> None:
        """Long enough for another key to be pressed."""
        self.now += AFTER_COMMIT_S * 2

    def paste(self, data: QMimeData) -> None:
        """As Ctrl+V does with that on the clipboard."""
        QGuiApplication.clipboard().setMimeData(data)
        self.press(KEY.Key_V, CTRL)

    def undo(self) -> None:
        self.press(KEY.Key_Z, CTRL)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Desk:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(640, 480)
    layout = QVBoxLayout(window)
    layout.addStretch(1)
    composer = Composer(theme)
    layout.addWidget(composer)
    composer.set_prompts(PROMPTS)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    composer.setFocus()
    return Desk(window, composer)


def attachment(
    key: str, name: str = "", media_type: str = "text/plain", text: str = ""
) -> Attachment:
    return Attachment(AttachmentId(key), name or f"{key}.txt", media_type, 2048, text)


def picture(width: int = 40, height: int = 20) -> bytes:
    """A PNG, left half red, right half blue."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    for x in range(width // 2, width):
        for y in range(height):
            image.setPixelColor(x, y, QColor("blue"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


# sending


def test_enter_sends_and_shift_enter_breaks_the_line(desk: Desk) -> None:
    desk.type("one")
    desk.press(KEY.Key_Return, SHIFT)
    desk.type("two")
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", "one\ntwo")]


def test_with_ctrl_enter_as_the_key_enter_breaks_the_line(desk: Desk) -> None:
    desk.composer.set_send_key("ctrl_enter")
    desk.type("one")
    desk.press(KEY.Key_Return)
    desk.type("two")
    assert desk.told == []
    desk.press(KEY.Key_Return, CTRL)
    assert desk.told == [("submitted", "one\ntwo")]
    assert "Ctrl" in desk.composer.button.accessibleName()
    desk.composer.set_send_key("enter")
    desk.press(KEY.Key_Enter)
    assert len(desk.told) == 2


def test_nothing_and_blanks_are_not_sent(desk: Desk) -> None:
    desk.press(KEY.Key_Return)
    desk.type("   ")
    desk.press(KEY.Key_Return)
    assert desk.told == []
    assert not desk.composer.button.isEnabled()


def test_an_attachment_alone_can_be_sent_but_not_while_one_is_read(desk: Desk) -> None:
    desk.composer.show_reading(["b.pdf"])
    desk.composer.show_attachments([attachment("a")])
    assert not desk.composer.button.isEnabled()
    desk.press(KEY.Key_Return)
    assert desk.told == []
    desk.composer.show_reading([])
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", "")]


def test_while_the_model_writes_the_button_stops_it(desk: Desk) -> None:
    desk.type("more")
    desk.composer.set_answering(True)
    desk.press(KEY.Key_Return)
    assert desk.told == []
    desk.composer.button.click()
    assert desk.told == [("stop_requested",)]


def test_what_was_sent_goes_with_its_attachments_and_what_came_since_stays(desk: Desk) -> None:
    desk.composer.show_attachments([attachment("a")])
    desk.type("hello")
    desk.press(KEY.Key_Return)
    desk.composer.show_attachments([attachment("a"), attachment("later")])
    desk.composer.forget("hello")
    assert desk.text == ""
    assert [a.id for a in desk.composer.attachments()] == ["later"]


def test_text_typed_since_is_not_forgotten(desk: Desk) -> None:
    desk.type("hello")
    desk.press(KEY.Key_Return)
    desk.type(" and more")
    desk.composer.forget("hello")
    assert desk.text == "hello and more"


# undo


def test_a_sent_text_comes_back_by_undo(desk: Desk) -> None:
    desk.type("hello")
    desk.composer.forget("hello")
    assert desk.text == ""
    desk.undo()
    assert desk.text == "hello"


def test_a_suggestion_can_be_undone(desk: Desk) -> None:
    desk.type("my own words")
    desk.composer.use_text("Suggest a dinner")
    assert desk.text == "Suggest a dinner"
    assert desk.composer.text.textCursor().atEnd()
    desk.undo()
    assert desk.text == "my own words"


def test_a_paste_can_be_undone_and_done_again(desk: Desk) -> None:
    desk.type("before ")
    data = QMimeData()
    data.setText("pasted\nlines")
    desk.paste(data)
    assert desk.text == "before pasted\nlines"
    desk.undo()
    assert desk.text == "before "
    desk.press(KEY.Key_Z, CTRL | SHIFT)
    assert desk.text == "before pasted\nlines"


def test_undo_never_brings_another_conversations_text(desk: Desk) -> None:
    desk.type("secret of the first")
    first = desk.composer.draft()
    desk.composer.set_draft(Draft("second"))
    for _ in range(5):
        desk.undo()
    assert desk.text == "second"
    desk.composer.set_draft(first)
    assert desk.text == "secret of the first"
    desk.undo()
    assert desk.text == "secret of the first"


# drafts


def test_a_draft_is_text_and_attachments_with_the_caret_at_the_end(
    desk: Desk, qtbot: QtBot
) -> None:
    draft = Draft("half a thought", (attachment("a"),))
    with qtbot.assertNotEmitted(desk.composer.draft_changed):  # nobody has typed it
        desk.composer.set_draft(draft)
    assert desk.composer.draft() == draft
    desk.type("!")
    assert desk.text == "half a thought!"


def test_typing_and_attaching_change_the_draft(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.composer.draft_changed, timeout=1000):
        desk.type("a")
    with qtbot.waitSignal(desk.composer.draft_changed, timeout=1000):
        desk.composer.show_attachments([attachment("a")])


# input methods


@pytest.mark.parametrize("key", [KEY.Key_Return, KEY.Key_Enter, KEY.Key_Escape, KEY.Key_Up])
def test_keys_belong_to_the_input_method_while_it_composes(desk: Desk, key: Qt.Key) -> None:
    stopped: list[bool] = []
    QShortcut(QKeySequence("Esc"), desk.window).activated.connect(lambda: stopped.append(True))
    desk.compose("nihao")
    desk.later()
    desk.press(key)
    assert desk.told == []
    assert stopped == []
    desk.compose("", "你好")
    desk.press(key)  # some platforms send the key that confirmed as well
    assert desk.told == []
    assert desk.text == "你好"


def test_enter_sends_once_the_candidate_is_there(desk: Desk) -> None:
    desk.compose("nihao")
    desk.compose("", "你好")
    desk.press(KEY.Key_Return)
    assert desk.told == []
    desk.later()
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", "你好")]


def test_a_composition_that_is_given_up_leaves_nothing(desk: Desk) -> None:
    desk.compose("ni")
    assert desk.composer.text.is_composing
    desk.compose("")
    assert not desk.composer.text.is_composing
    desk.later()
    desk.press(KEY.Key_Up)
    assert desk.told == [("edit_last_requested",)]


def test_text_that_comes_without_composing_does_not_hold_enter_back(desk: Desk) -> None:
    """As on-screen keyboards and dead keys send it."""
    desk.compose("", "é")
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", "é")]


def test_escape_stops_the_model_when_nothing_is_composed(desk: Desk) -> None:
    stopped: list[bool] = []
    QShortcut(QKeySequence("Esc"), desk.window).activated.connect(lambda: stopped.append(True))
    desk.press(KEY.Key_Escape)
    assert stopped == [True]


def test_what_is_composed_hides_the_hint_and_makes_room(desk: Desk) -> None:
    empty = desk.composer.text.grab().toImage()
    height = desk.composer.text.height()
    desk.compose(" ")
    assert desk.composer.text.grab().toImage() != empty  # the hint is gone
    desk.compose("zhe shi yi ge hen chang de ju zi " * 10)
    assert desk.composer.text.height() > height
    assert desk.text == ""


def test_it_leaves_spelling_to_the_platform(desk: Desk) -> None:
    hints = desk.composer.text.inputMethodHints()
    assert not hints & Qt.InputMethodHint.ImhNoPredictiveText
    assert hints & Qt.InputMethodHint.ImhMultiLine


# pasting, dropping, attaching


def test_files_from_a_file_manager_are_asked_for(desk: Desk, tmp_path: Path) -> None:
    data = QMimeData()
    files = [tmp_path / "a b.txt", tmp_path / "图.png"]
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    data.setText("\n".join(map(str, files)))  # as GNOME's does
    desk.paste(data)
    assert desk.told == [("attach_requested", files)]
    assert desk.text == ""


def test_a_link_from_a_browser_is_text(desk: Desk) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a")])
    data.setText("https://example.org/a")
    desk.paste(data)
    assert desk.told == []
    assert desk.text == "https://example.org/a"


def test_a_picture_is_asked_for_as_png(desk: Desk) -> None:
    data = QMimeData()
    data.setImageData(QImage.fromData(picture()))
    data.setHtml("<img src='x'>")  # as browsers do
    desk.composer.show_attachments([attachment("a", "Picture 1.png", "image/png")])
    desk.told.clear()
    desk.paste(data)
    (name, png, title) = desk.told[0]
    assert (name, title) == ("image_requested", "Picture 2.png")
    assert isinstance(png, bytes)
    assert QImage.fromData(png).size().width() == 40


def test_words_with_a_picture_of_them_are_words(desk: Desk) -> None:
    """As Word and Excel copy."""
    data = QMimeData()
    data.setText("cell")
    data.setImageData(QImage.fromData(picture()))
    desk.paste(data)
    assert (desk.text, desk.told) == ("cell", [])


def test_formatting_is_not_pasted(desk: Desk) -> None:
    data = QMimeData()
    data.setHtml("<b>bold</b>")
    data.setText("bold")
    desk.paste(data)
    assert desk.text == "bold"


@pytest.mark.parametrize("place", ["text", "frame"])
def test_files_can_be_dropped_anywhere_on_it(desk: Desk, tmp_path: Path, place: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.txt"))])
    target = desk.composer.text.viewport() if place == "text" else desk.composer
    rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    none = Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), *rest, none)
    QApplication.sendEvent(target, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), *rest, none))
    assert desk.told == [("attach_requested", [tmp_path / "a.txt"])]


def test_the_window_may_hand_over_what_was_dropped_on_it(desk: Desk, tmp_path: Path) -> None:
    data = QMimeData()
    data.setText("only words")
    assert not desk.composer.take(data)
    desk.composer.files_dropped([tmp_path / "a.txt"])
    desk.composer.image_pasted(b"png")
    assert desk.told == [
        ("attach_requested", [tmp_path / "a.txt"]),
        ("image_requested", b"png", "Picture 1.png"),
    ]


def test_a_long_paste_becomes_a_file_and_can_still_be_text(desk: Desk) -> None:
    long = "x" * (LONG_PASTE + 1)
    data = QMimeData()
    data.setText(long)
    desk.paste(data)
    assert desk.text == ""
    assert desk.told == [("text_requested", long, "Pasted text.txt")]
    note = desk.composer.area.long_paste
    assert note.isVisible()
    desk.composer.show_attachments([attachment("p", "Pasted text.txt", text=long)])
    note.button.click()
    assert desk.text == long
    assert desk.told[1:] == [("detach_requested", "p")]
    assert not note.isVisible()
    desk.undo()
    assert desk.text == ""


def test_a_long_paste_wanted_as_text_at_once_is_no_file_either(desk: Desk) -> None:
    """The button is pressed before the file is there."""
    data = QMimeData()
    data.setText("x" * (LONG_PASTE + 1))
    desk.paste(data)
    desk.composer.area.long_paste.button.click()
    desk.composer.show_attachments([attachment("p", "Pasted text.txt")])
    assert desk.told[-1] == ("detach_requested", "p")


def test_the_note_about_a_long_paste_goes_with_its_file(desk: Desk) -> None:
    data = QMimeData()
    data.setText("x" * (LONG_PASTE + 1))
    desk.paste(data)
    desk.composer.show_attachments([attachment("p", "Pasted text.txt")])
    desk.composer.show_attachments([])
    assert not desk.composer.area.isVisible()


def test_two_long_pastes_have_two_names(desk: Desk) -> None:
    data = QMimeData()
    data.setText("x" * (LONG_PASTE + 1))
    desk.paste(data)
    desk.paste(data)
    assert [told[2] for told in desk.told] == ["Pasted text.txt", "Pasted text 2.txt"]


def test_the_clip_opens_the_file_dialog_without_waiting(desk: Desk, qtbot: QtBot) -> None:
    desk.composer.attach_button.click()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.filesSelected.emit(["a.txt", "b.txt"])
    dialog.close()
    assert desk.told == [("attach_requested", [Path("a.txt"), Path("b.txt")])]


# chips


def test_chips_say_what_is_attached_and_are_removed_by_keyboard(desk: Desk) -> None:
    desk.composer.show_attachments([attachment("a"), attachment("b", "a " * 60 + ".pdf")])
    first, second = desk.composer.area.chips.chips()
    assert first.accessibleName() == "a.txt, 2 KiB"
    assert first.remove.accessibleName() == "Remove a.txt"
    assert second.width() < desk.composer.width()
    first.remove.setFocus()
    QTest.keyClick(first.remove, KEY.Key_Delete)
    QTest.keyClick(first.remove, KEY.Key_Space)
    assert desk.told == [("detach_requested", "a")] * 2
    desk.composer.show_attachments([attachment("b")])
    assert desk.composer.area.chips.chips()[0].remove.hasFocus()
    desk.composer.show_attachments([])
    assert desk.composer.text.hasFocus()


def test_a_file_that_is_being_read_has_a_chip(desk: Desk) -> None:
    desk.composer.show_reading(["report.pdf"])
    (chip,) = desk.composer.area.chips.chips()
    assert chip.accessibleName() == "Reading report.pdf…"
    assert not chip.remove.isVisible()
    desk.composer.show_reading([])
    assert not desk.composer.area.isVisible()


def test_a_chip_shows_the_picture_itself(desk: Desk) -> None:
    desk.composer.show_attachments([attachment("a", "a.png", "image/png")])
    assert desk.told == [("thumbnail_wanted", "a")]
    chip = desk.composer.area.chips.chips()[0]
    desk.composer.show_thumbnail("a", thumbnail(picture(400, 100)))
    shown = chip._picture.pixmap().toImage()
    middle = shown.height() // 2
    assert shown.pixelColor(3, middle).red() > 200
    assert shown.pixelColor(shown.width() - 4, middle).blue() > 200


def test_what_is_no_picture_has_no_thumbnail() -> None:
    assert thumbnail(b"\x89PNG\r\n\x1a\n broken").isNull()


@pytest.mark.parametrize("size", [(3000, 1), (1, 3000), (1, 1)])
def test_pictures_of_odd_shapes_have_small_thumbnails(size: tuple[int, int]) -> None:
    image = thumbnail(picture(*size))
    assert not image.isNull()
    assert max(image.width(), image.height()) <= 200


def test_the_text_stays_in_its_place_when_chips_come_and_go(desk: Desk) -> None:
    desk.type("hello")
    QApplication.processEvents()
    before = desk.composer.text.mapTo(desk.window, desk.composer.text.rect().topLeft())
    desk.composer.show_attachments([attachment("a")])
    for _ in range(3):
        QApplication.processEvents()
    assert desk.composer.area.isVisible()
    assert desk.composer.text.mapTo(desk.window, desk.composer.text.rect().topLeft()) == before


def test_it_grows_with_the_text_up_to_a_limit(desk: Desk) -> None:
    heights = []
    for _ in range(15):
        desk.composer.text.insertPlainText("line\n")
        heights.append(desk.composer.text.height())
    assert heights[0] < heights[5] < heights[7] == heights[14]
    assert desk.composer.text.verticalScrollBar().maximum() > 0
    desk.composer.set_draft(Draft("one\ntwo\nthree\nfour\nfive"))
    assert desk.composer.text.verticalScrollBar().maximum() == 0  # nothing to scroll yet


def test_at_twice_the_font_size_in_a_low_window_it_leaves_room(desk: Desk, theme: Theme) -> None:
    theme.choose("light", font_percent=200)
    try:
        many = [attachment(str(n)) for n in range(12)]
        desk.composer.set_draft(Draft("line\n" * 20, tuple(many)))
        for _ in range(5):
            QApplication.processEvents()
        assert desk.composer.height() < desk.window.height() * 0.85
    finally:
        theme.choose("light", font_percent=100)


# prompts


def test_slash_offers_prompts_and_typing_filters_them(desk: Desk) -> None:
    desk.type("/")
    offered = desk.composer.prompts
    assert offered.isVisible()
    assert offered.list.ids() == ["sum", "mail", "zh"]
    desk.type("em")
    assert offered.list.ids()[0] == "mail"
    desk.press(KEY.Key_Return)
    assert not offered.isVisible()
    assert desk.told == [("prompt", "mail", "")]
    assert desk.text == "/em"  # until what comes of the prompt takes its place


def test_what_follows_the_name_goes_with_the_prompt(desk: Desk) -> None:
    desk.type("/SUM a b")
    assert desk.composer.prompts.list.ids() == ["sum"]
    desk.press(KEY.Key_Tab)
    assert desk.told == [("prompt", "sum", "a b")]
    desk.composer.use_text("/mail two\nlines")
    desk.press(KEY.Key_Return)
    assert desk.told[1:] == [("prompt", "mail", "two\nlines")]


def test_arrows_choose_a_prompt_and_go_round(desk: Desk) -> None:
    desk.type("/")
    desk.press(KEY.Key_Down)
    assert desk.composer.prompts.list.current_id() == "mail"
    desk.press(KEY.Key_Up)
    desk.press(KEY.Key_Up)
    assert desk.composer.prompts.list.current_id() == "zh"
    desk.press(KEY.Key_Return)
    assert desk.told == [("prompt", "zh", "")]


def test_a_prompt_can_be_clicked(desk: Desk) -> None:
    desk.type("/")
    view = desk.composer.prompts.list
    place = view.visualItemRect(view.item(1)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.told == [("prompt", "mail", "")]
    assert desk.composer.text.hasFocus()


def test_escape_closes_the_prompts_and_nothing_else(desk: Desk) -> None:
    stopped: list[bool] = []
    QShortcut(QKeySequence("Esc"), desk.window).activated.connect(lambda: stopped.append(True))
    desk.type("/s")
    desk.press(KEY.Key_Escape)
    assert not desk.composer.prompts.isVisible()
    assert (desk.text, stopped) == ("/s", [])
    desk.type("u")
    assert not desk.composer.prompts.isVisible()  # until another / is written
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", "/su")]
    desk.composer.use_text("")
    desk.type("/")
    assert desk.composer.prompts.isVisible()


def test_the_list_goes_when_the_keyboard_goes_elsewhere(desk: Desk) -> None:
    desk.type("/")
    desk.composer.attach_button.setFocus()
    assert not desk.composer.prompts.isVisible()
    desk.composer.setFocus()
    desk.type("w")
    assert desk.composer.prompts.isVisible()
    desk.composer.hide()  # as the Models page does
    assert not desk.composer.prompts.isVisible()


@pytest.mark.parametrize("text", ["a /", "/usr/share", "/ nothing has this"])
def test_other_slashes_offer_nothing(desk: Desk, text: str) -> None:
    desk.type(text)
    assert not desk.composer.prompts.isVisible()
    desk.press(KEY.Key_Return)
    assert desk.told == [("submitted", text)]


def test_the_list_lies_above_the_composer_within_the_window(desk: Desk) -> None:
    desk.type("/")
    for _ in range(3):
        QApplication.processEvents()
    offered = desk.composer.prompts
    assert desk.window.rect().contains(offered.geometry())
    assert offered.geometry().bottom() < desk.composer.mapTo(desk.window, QPointF(0, 0)).y()


# editing what was sent


def test_up_in_an_empty_message_asks_for_the_last_one(desk: Desk) -> None:
    desk.press(KEY.Key_Up)
    assert desk.told == [("edit_last_requested",)]


def test_up_elsewhere_only_moves_the_caret(desk: Desk) -> None:
    desk.type("text")
    desk.press(KEY.Key_Up)
    desk.composer.set_draft(Draft("", (attachment("a"),)))
    desk.press(KEY.Key_Up)
    assert desk.told == []


def test_a_message_is_edited_and_the_draft_comes_back(desk: Desk) -> None:
    desk.composer.set_draft(Draft("my draft", (attachment("d"),)))
    desk.composer.begin_edit("old words", [attachment("old")])
    assert desk.composer.edit_bar.isVisible()
    assert desk.composer.button.accessibleName() == "Send the changed message"
    assert desk.composer.draft() == Draft("my draft", (attachment("d"),))
    desk.type(" and new")
    desk.press(KEY.Key_Return)
    assert desk.told == [("edit_submitted", "old words and new")]
    assert [a.id for a in desk.composer.attachments()] == ["old"]
    assert desk.text == "old words and new"  # until it is safe on disk
    desk.composer.forget("old words and new")
    assert desk.composer.draft() == Draft("my draft", (attachment("d"),))
    assert desk.text == "my draft"
    assert not desk.composer.edit_bar.isVisible()


@pytest.mark.parametrize("way", ["escape", "button"])
def test_editing_is_given_up(desk: Desk, way: str) -> None:
    desk.type("my draft")
    desk.composer.begin_edit("old words")
    if way == "escape":
        desk.press(KEY.Key_Escape)
    else:
        desk.composer.edit_bar.button.click()
    assert desk.told == [("edit_cancelled",)]
    assert desk.text == "my draft"
    assert desk.composer.text.hasFocus()


def test_editing_does_not_change_the_draft(desk: Desk, qtbot: QtBot) -> None:
    desk.type("my draft")
    with qtbot.assertNotEmitted(desk.composer.draft_changed):
        desk.composer.begin_edit("old")
        desk.type("er")
        desk.composer.end_edit()
    assert desk.text == "my draft"


def test_another_message_may_be_edited_at_once(desk: Desk) -> None:
    desk.type("my draft")
    desk.composer.begin_edit("first")
    desk.composer.begin_edit("second")
    assert desk.text == "second"
    desk.press(KEY.Key_Escape)
    assert desk.text == "my draft"


def test_another_conversation_ends_editing(desk: Desk) -> None:
    desk.composer.begin_edit("first")
    desk.composer.set_draft(Draft("other"))
    assert desk.told == [("edit_cancelled",)]
    assert (desk.text, desk.composer.is_editing) == ("other", False)


# tokens


def test_a_long_text_is_counted_once_typing_pauses(desk: Desk, qtbot: QtBot) -> None:
    desk.type("short")
    with qtbot.waitSignal(desk.composer.count_wanted, timeout=5000) as counted:
        desk.composer.text.insertPlainText("word " * 100)
        desk.type("!")
    assert counted.args == [desk.text]
    assert [told for told in desk.told if told[0] == "count_wanted"] == [
        ("count_wanted", desk.text)
    ]
    desk.composer.show_tokens(1234, 4096)
    assert desk.composer.tokens.text() == f"{number_text(1234)} tokens"
    desk.composer.show_tokens(5000, 4096)
    words = f"{number_text(5000)} tokens, there is room for {number_text(4096)}"
    assert desk.composer.tokens.text() == words


def test_a_count_that_comes_too_late_is_not_shown(desk: Desk) -> None:
    desk.composer.text.insertPlainText("word " * 100)
    desk.composer.use_text("short")
    desk.composer.show_tokens(100, 4096)
    assert desk.composer.tokens.text() == ""


def test_a_big_attachment_is_counted_too(desk: Desk, qtbot: QtBot) -> None:
    desk.type("Sum it up")
    with qtbot.waitSignal(desk.composer.count_wanted, timeout=5000) as counted:
        desk.composer.show_attachments([attachment("a", text="word " * 500)])
    assert "word word" in counted.args[0]
    assert counted.args[0].endswith("Sum it up")


def test_the_count_does_not_move_anything(desk: Desk) -> None:
    desk.composer.text.insertPlainText("word " * 100)
    for _ in range(3):
        QApplication.processEvents()
    before = (desk.composer.geometry(), desk.composer.text.geometry())
    desk.composer.show_tokens(1234, 4096)
    for _ in range(3):
        QApplication.processEvents()
    assert (desk.composer.geometry(), desk.composer.text.geometry()) == before


def test_every_control_has_a_name(desk: Desk) -> None:
    composer = desk.composer
    composer.begin_edit("x", [attachment("a")])
    names = [
        composer.text.accessibleName(),
        composer.button.accessibleName(),
        composer.attach_button.accessibleName(),
        composer.edit_bar.button.text(),
        composer.prompts.list.accessibleName(),
    ]
    assert all(names)
    assert len(set(names)) == len(names)


def test_of_many_files_each_has_its_chip_made_once(desk: Desk) -> None:
    chips = desk.composer.area.chips
    names = [f"{n}.txt" for n in range(40)]
    desk.composer.show_reading(names[:39])
    before = chips.chips()
    desk.composer.show_reading(names)
    assert chips.chips()[:39] == before
    desk.composer.show_attachments([attachment("a", "0.txt")])
    desk.composer.show_reading(names[1:])
    assert [chip.name for chip in chips.chips()] == names
    assert chips.chips()[1:39] == before[1:]
    assert chips.chips()[0].attachment_id == "a"


def test_ctrl_enter_sends_where_it_means_more_in_the_window(desk: Desk) -> None:
    opened: list[int] = []
    QShortcut(QKeySequence("Ctrl+Return"), desk.window).activated.connect(lambda: opened.append(1))
    desk.composer.set_send_key("ctrl_enter")
    desk.press(KEY.Key_Return, CTRL)
    assert opened == [1]  # nothing is written: it is the window's
    desk.type("Hello")
    desk.press(KEY.Key_Return, CTRL)
    assert opened == [1]
    assert ("submitted", "Hello") in desk.told
