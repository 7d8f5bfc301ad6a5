"""Finds the prompt of the conversation on show, for "Show what the model gets"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject

from app.core.entities import ChatMessage, Role
from app.core.errors import Problem
from app.core.messages import Inspected
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ledger import Ledger
from app.ui.main_window import MainWindow
from app.ui.prompt_view.dialog import Moment, PromptDialog
from app.ui.theme import Theme


class PromptView(QObject):
    """Of the main window; the dialog is made when it is first asked for."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        chat: Chat,
        ledger: Ledger,
        draft_shown: Callable[[], None],
    ) -> None:
        """`ledger` knows what would be asked, once it was told of the draft: `draft_shown` does
        that at once."""
        super().__init__(window)
        self._services, self._window, self._theme = services, window, theme
        self._chat, self._ledger, self._draft_shown = chat, ledger, draft_shown
        self._times = 0
        self.dialog: PromptDialog | None = None
        window.menu.prompt_view.triggered.connect(lambda: self.open())
        window.language_changed.connect(self.speak_anew)

    def open(self) -> None:
        """Show the prompt as it is now."""
        if self.dialog is None:
            self.dialog = PromptDialog(self._theme, self._window)
            self.dialog.look_requested.connect(self.look)
        self.look()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """At quit."""
        self._times += 1
        if self.dialog is not None:
            self.dialog.close()

    def speak_anew(self) -> None:
        """Another language: the dialog is made again when it is asked for."""
        if self.dialog is not None:
            self.close()
            self.dialog.deleteLater()
            self.dialog = None

    def look(self) -> None:
        """Find the prompt again."""
        if self.dialog is None:
            return
        self._draft_shown()
        self._times += 1
        times = self._times
        contents = self._ledger.contents
        turns, moment = _asked_of(
            contents[0].turns if contents else (),
            contents[1] if contents else None,
            is_answering=self._chat.is_answering,
        )
        if contents is None or not turns:
            self.dialog.show_nothing(
                self.tr("Nothing is asked yet. Write a question, then look again.")
            )
            return

        def done(found: Inspected) -> None:
            if times == self._times and self.dialog is not None:
                self.dialog.show_prompt(found, moment, self._title_of(found.template_name))

        def failed(problem: Problem) -> None:
            if times == self._times and self.dialog is not None:
                self.dialog.show_problem(problem)

        asked = contents[0]
        self._services.engine.inspect(asked.system, turns, asked.memory, done, failed)

    def _title_of(self, template: str) -> str:
        """What a known good template is called."""
        known = self._services.templates.known()
        return next((one.title for one in known if one.name == template), template)


def _asked_of(
    turns: Sequence[ChatMessage], draft: ChatMessage | None, *, is_answering: bool
) -> tuple[tuple[ChatMessage, ...], Moment]:
    """The messages of the prompt to look at: with the draft as the last question where there is
    one, else as it was for the last answer."""
    if is_answering:
        return tuple(turns), Moment.ANSWERING
    if draft is not None:
        return (*turns, draft), Moment.DRAFT
    last = max((i + 1 for i, turn in enumerate(turns) if turn.role is Role.USER), default=0)
    return tuple(turns[:last]), Moment.ANSWERED
