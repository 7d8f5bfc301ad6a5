"""What the main window has of this package; each part is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.core.errors import Problem
from app.services.app import AppServices
from app.services.chat import Chat
from app.ui.main_window import MainWindow
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.batch.batch_control import BatchControl
    from app.ui.batch.script_control import ScriptControl


class BatchTools(QObject):
    """Running a prompt over a table, and conversations as scripts."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        chat: Chat,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._services, self._window, self._theme = services, window, theme
        self._chat, self._show_problem = chat, show_problem
        self.tables: BatchControl | None = None
        self.scripts: ScriptControl | None = None
        window.menu.run_over_table.triggered.connect(self.run_over_table)
        window.menu.as_python.triggered.connect(self.copy_as_python)
        window.language_changed.connect(self._speak_anew)

    def run_over_table(self) -> None:
        """Show the dialog."""
        if self.tables is None:
            from app.ui.batch.batch_control import BatchControl

            self.tables = BatchControl(
                self._services, self._window, self._theme, self._say, self._show_problem
            )
        self.tables.open()

    def copy_as_python(self) -> None:
        """The conversation on show, on the clipboard."""
        if self.scripts is None:
            from app.ui.batch.script_control import ScriptControl

            self.scripts = ScriptControl(
                self._services, self._chat, self._window, self._say, self._show_problem
            )
        self.scripts.copy()

    def close(self) -> None:
        """At quit."""
        for part in (self.tables, self.scripts):
            if part is not None:
                part.close()

    def _say(self, words: str) -> None:
        self._window.toast.show_text(words)

    def _speak_anew(self) -> None:
        if self.tables is not None:
            self.tables.speak_anew()
