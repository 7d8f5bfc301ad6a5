"""The whole window with its services, for tests that use it as a person does."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.core.entities import Status
from app.core.paths import Paths
from app.core.settings import SettingsFile
from app.services.ports import EngineState
from app.storage.database import open_database
from app.storage.history import History
from app.ui.application import build, make_application
from app.ui.message_view import MessageView

PATIENCE_MS = 60_000


class AppWindow:
    """One started window; `close` ends it and its worker."""

    def __init__(self, qtbot: QtBot, paths: Paths, model: Path | None = None) -> None:
        self._qtbot = qtbot
        self._is_closed = False
        self.paths = paths
        if not paths.settings.exists() and os.access(paths.config, os.W_OK):
            paths.settings.write_text('{"temperature": 0.0}')  # the same answer every time
        file = SettingsFile(paths.settings)
        settings, _ = file.load()
        self.controller = build(make_application(), paths, file, settings)
        self.window = self.controller.window
        self.chat = self.controller.chat
        self.engine = self.controller.engine
        self.window.show()
        self.controller.start(model)

    def close(self) -> None:
        """As a person closes it; a second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self.window.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents()

    def until(self, condition: Callable[[], object]) -> None:
        """Let the event loop run until `condition` holds."""
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    def until_ready(self) -> None:
        """A model is loaded and the conversations are there."""
        self.until(lambda: self.engine.state is EngineState.READY and self.chat.is_ready)

    def type(self, text: str) -> None:
        """Into the composer, key by key."""
        self._qtbot.keyClicks(self.window.composer.text, text)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
        """One key in the composer."""
        self._qtbot.keyClick(
            self.window.composer.text, key, modifier or Qt.KeyboardModifier.NoModifier
        )

    def click(self, button: object) -> None:
        """Click a widget with the left button."""
        self._qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def ask(self, text: str) -> None:
        """Type and send."""
        self.type(text)
        self.press(Qt.Key.Key_Return)

    def ask_and_wait(self, text: str) -> str:
        """Type, send, and wait for the whole answer; returns what is shown of it."""
        before = len(self.messages())
        self.ask(text)
        self.until(lambda: len(self.messages()) == before + 2)
        self.until(lambda: not self.chat.is_answering)
        return self.answer().text

    def messages(self) -> list[MessageView]:
        """The messages on show."""
        return self.window.transcript.views()

    def answer(self) -> MessageView:
        """The last message on show."""
        return self.messages()[-1]

    def until_writing(self) -> None:
        """Some of the answer is on show, and more is coming."""
        self.until(lambda: self.messages() and len(self.answer().text) > 20)
        assert self.chat.is_answering

    def banner_code(self) -> str:
        """The code of the problem on show; empty without one."""
        banner = self.window.banner
        return banner.problem.code if banner.problem is not None and banner.isVisible() else ""

    def offer(self, label: str) -> QPushButton:
        """The banner's button of that name."""
        return next(b for b in self.window.banner.buttons() if b.text() == label)

    def stored(self) -> list[tuple[str, str, Status]]:
        """Role, text and status of every message on disk, read by another connection."""
        if not self.controller._is_closed and self.chat.is_ready:
            # what was asked for until now is there
            done: list[object] = []
            self.controller.conversations.run(lambda _: None, done.append)
            self.until(lambda: done)
        database = open_database(self.paths.database)
        history = History(database)
        found = [
            (message.role.value, message.content, message.status)
            for conversation in history.conversations()
            for message in history.branch(conversation.id)
        ]
        database.close()
        return found
