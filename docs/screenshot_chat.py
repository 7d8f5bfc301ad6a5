"""Pictures of a conversation: reading, finding, writing, changing."""

from __future__ import annotations

import os
import signal

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QTextEdit
from screenshot_camera import SMALL, WIDE, Camera

from app.core.entities import Draft, Role
from app.ui.code_block import CodeBlock
from app.ui.compare import Compare
from app.ui.link_question import ask_about_link
from app.ui.message_view import MessageView
from app.ui.reasoning_block import ReasoningBlock

ALL = ("light", "dark")


class ChatPictures:
    """Takes them one after the other, each from where the one before left the window."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._controller = camera.controller
        self._window = camera.window
        self._transcript = camera.window.transcript
        self._is_english = camera.language == "en"
        self._themes = ALL if self._is_english else ("light",)

    def take(self) -> None:
        """All of them."""
        self._camera.take_looks("01-empty", self._themes, is_small=True)
        self._open_main()
        self._take_reading()
        self._take_code()
        self._take_sidebar()
        self._take_search()
        self._take_menus()
        self._take_writing()
        self._take_changing()
        if self._is_english:
            self._take_large()
            self._take_answering()

    # reading

    def _open_main(self) -> None:
        self._controller.open(self._camera.written.main)
        self._camera.until(lambda: len(self._transcript.views()) >= 2)
        self._camera.settle()

    def _to_top(self) -> None:
        bar = self._transcript.verticalScrollBar()
        while bar.value() > 0:  # heights above become known on the way
            bar.setValue(0)
            self._camera.settle()

    def _to_end(self) -> None:
        bar = self._transcript.verticalScrollBar()
        while bar.value() < bar.maximum():
            bar.setValue(bar.maximum())
            self._camera.settle()

    def _answer(self, number: int) -> MessageView:
        answers = [v for v in self._transcript.views() if v.role is Role.ASSISTANT]
        return answers[number]

    def _take_reading(self) -> None:
        camera = self._camera
        self._to_end()
        camera.take_looks("03-conversation-end", self._themes)
        camera.resize(SMALL)
        self._to_end()
        camera.take("03-conversation-end", size="640")
        camera.resize(WIDE)
        self._to_top()
        camera.take_looks("02-conversation", self._themes)
        camera.resize(SMALL)
        self._to_top()
        camera.take("02-conversation", size="640")
        if self._is_english:
            camera.wear("dark")
            camera.take("02-conversation", size="640")
            camera.wear("light")
        camera.resize(WIDE)
        if self._is_english:
            camera.wear("contrast")
            camera.take("02-conversation")
            camera.wear("light")
        self._to_top()
        block = self._answer(0).findChild(ReasoningBlock)
        assert block is not None
        block.header.click()
        camera.take("04-reasoning")
        bar = self._transcript.verticalScrollBar()
        bar.setValue(self._answer(0).y() + 330)
        camera.take("05-formulas-and-table")
        self._ask_about_link()
        block.header.click()

    def _ask_about_link(self) -> None:
        """A click on the link: where it leads stands beside it."""
        for edit in self._answer(0).text_edits():
            if not isinstance(edit, QTextEdit):
                continue
            cursor = QTextCursor(edit.document())
            while not cursor.atEnd():
                cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
                address = cursor.charFormat().anchorHref()
                if address.startswith("http"):
                    place = edit.viewport().mapToGlobal(edit.cursorRect(cursor).center())
                    theme = self._controller.theme
                    question = ask_about_link(edit, QUrl(address), place, theme)
                    assert question is not None
                    self._camera.take("06-link", has_popups=True)
                    question.close()
                    return
        raise LookupError("no link")

    def _take_code(self) -> None:
        camera = self._camera
        blocks: list[CodeBlock] = []

        def find() -> list[CodeBlock]:
            found = self._transcript.findChildren(CodeBlock)
            blocks[:] = [block for block in found if not block.visibleRegion().isEmpty()]
            return blocks

        self._transcript.show_place(3)
        camera.until(find)
        camera.take_looks("07-code", self._themes)
        find()[0].wrap_button.click()
        camera.take("08-code-wrapped")
        find()[0].wrap_button.click()

    # finding

    def _take_sidebar(self) -> None:
        for theme in self._themes:
            self._camera.wear(theme)
            self._camera.take("09-sidebar", self._window.sidebar)
        self._camera.wear("light")

    def _take_search(self) -> None:
        side, camera = self._window.sidebar, self._camera
        model = side.results.model
        side.focus_search()
        side.search.setText(camera.samples.sought)
        camera.until(lambda: side.pages.currentWidget() is side.results)
        QTest.keyClick(side.search, Qt.Key.Key_Down)
        assert side.results.view.hasFocus()
        hit = next(
            result
            for result in map(model.result, map(model.index, range(model.rowCount())))
            if result is not None and result.message_id is not None
        )
        side.hit_opened.emit(hit.conversation_id, hit.message_id or "", camera.samples.sought)
        camera.take_looks("10-search", self._themes, is_small=True)
        side.search.clear()

    def _take_menus(self) -> None:
        camera, side = self._camera, self._window.sidebar
        self._open_main()
        row = side.model.row_of(self._controller.chat.open_conversation_id)
        index = side.model.index(row)
        spot = side.view.visualRect(index).center()
        side.view.menu_requested.emit(index, side.view.viewport().mapToGlobal(spot))
        for theme in self._themes:
            camera.wear(theme)
            camera.take("11-menu-of-a-conversation", has_popups=True)
        camera.wear("light")
        self._close_menus()
        self._to_end()
        menu = self._answer(-1).row.make_menu()
        more = self._answer(-1).row.more
        menu.popup(more.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        camera.take("12-menu-of-a-message", has_popups=True)
        self._close_menus()
        button, menu = self._window.menu_button, self._window.menu
        left = button.width() - menu.sizeHint().width()
        menu.popup(button.mapToGlobal(QPoint(left, button.height())))
        camera.take("13-menu-of-the-window", has_popups=True)
        self._close_menus()

    def _close_menus(self) -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QMenu) and widget.isVisible():
                widget.close()
        self._camera.settle()

    # writing

    def _take_writing(self) -> None:
        camera, composer = self._camera, self._window.composer
        storage = self._controller.conversations.storage
        assert storage is not None
        files = next(v for v in self._controller.chat.branch if v.attachments).attachments
        composer.set_draft(Draft("", files))
        composer.setFocus()
        QTest.keyClicks(composer.text, "/")
        camera.take_looks("14-attachments-and-prompts", self._themes, is_small=True)
        composer.set_draft(Draft(camera.samples.draft, files))
        composer.text.moveCursor(QTextCursor.MoveOperation.End)
        composer.setFocus()
        camera.until(lambda: composer.tokens.text())
        camera.take("15-tokens")
        composer.set_draft(Draft())

    # changing

    def _take_changing(self) -> None:
        camera = self._camera
        self._controller.chat_control.edit_last()
        camera.take_looks("16-edit", ("light",), is_small=True)
        self._window.composer.set_draft(Draft())
        first = next(m for m in self._controller.chat.branch if m.siblings > 1)
        self._transcript.action_requested.emit("compare", first.id)
        dialog = camera.top_level(Compare)
        for theme in self._themes:
            camera.wear(theme)
            camera.take("17-compare", dialog)
        camera.wear("light")
        camera.resize(SMALL, dialog)
        camera.take("17-compare", dialog, size="640")
        dialog.close()

    # with the starter model

    def _take_large(self) -> None:
        self._window.setting_chosen.emit("font_percent", 200)
        self._camera.settle()
        self._to_top()
        self._camera.take("02-conversation", size="200-percent")
        self._window.setting_chosen.emit("font_percent", 100)
        self._camera.settle()

    def _take_answering(self) -> None:
        camera, chat = self._camera, self._controller.chat
        chat.new_conversation()
        chat.send(camera.samples.story)
        camera.until(lambda: self._transcript.views() and len(self._answer(-1).text) > 500)
        # it goes on being written: the picture is of this moment
        camera.take_moving("18-answering")
        pid = self._controller.engine.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        camera.until(self._window.banner.isVisible)
        camera.take("19-error")
        self._window.banner.clear()
        self._controller.models.reload()
        camera.until(lambda: self._controller.engine.model)
