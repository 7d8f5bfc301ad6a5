"""Prompts in the main window: its own, the palette's entries, and the dialog of the library."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.core.errors import Problem
from app.services.app import AppServices
from app.services.chat import Chat
from app.ui.drafts import Drafts
from app.ui.main_window import MainWindow
from app.ui.palette_filter import Command
from app.ui.prompts.library_control import LibraryControl
from app.ui.prompts.window_prompts import WindowPrompts
from app.ui.prompts.words import short
from app.ui.theme import Theme

COMMAND = "prompt:"  # how the id of a prompt begins in the palette


class PromptsControl(QObject):
    """From the making of the main window until `close`."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        chat: Chat,
        drafts: Drafts,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._services, self._window = services, window
        self.here = WindowPrompts(
            window,
            (window.composer, window.transcript, window.toast),
            services,
            theme,
            chat,
            drafts,
            show_problem,
        )
        self.library = LibraryControl(services, window, theme, self.begin, show_problem)
        self.here.library_requested.connect(self.open)
        window.menu.prompts.triggered.connect(self.open)

    def start(self, language: str) -> None:
        """Read the prompts, in `language`, such as 'zh_CN'; again in another one."""
        self.library.start(language)

    def open(self) -> None:
        """The dialog "Prompts"."""
        self.library.open()

    def open_in_front(self) -> None:
        """The same, asked for in another window."""
        self._window.come_to_front()
        self.open()

    def begin(self, prompt_id: str) -> None:
        """Start a prompt in the main window, with what is selected there."""
        self._window.show_chat()
        self.here.start_anywhere(prompt_id)

    def commands(self) -> list[Command]:
        """Every prompt as an entry of the palette."""
        words, group = self.tr("Prompt: {title}"), self.tr("Prompts")
        return [
            Command(
                f"{COMMAND}{prompt.id}",
                words.replace("{title}", short(prompt.title)),
                f"/{prompt.name}",
                group,
                prompt.folder,
            )
            for prompt in self._services.prompts.all
        ]

    def close(self) -> None:
        """The app ends."""
        self.here.close()
        self.library.close()
