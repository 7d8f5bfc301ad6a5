"""“Copy as Python”: the conversation on show as a script, on the clipboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.core.errors import Problem
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.python_scripts import PythonScripts


class ScriptControl(QObject):
    """Made when it is first asked for."""

    def __init__(
        self,
        services: AppServices,
        chat: Chat,
        window: QWidget,
        say: Callable[[str], None],
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._chat, self._say, self._show_problem = chat, say, show_problem
        self._scripts = PythonScripts(
            services.paths,
            services.conversations,
            services.engine,
            services.library,
            services.scheduler,
            services.settings,
        )

    def copy(self) -> None:
        """Make it, and put it on the clipboard."""
        conversation, branch = self._chat.conversation, self._chat.branch
        if conversation is None or not branch:
            self._say(self.tr("There is nothing to copy yet: ask something first."))
            return
        self._scripts.make(conversation, branch, self._copied, self._show_problem)

    def close(self) -> None:
        """At quit."""
        self._scripts.close()

    def _copied(self, source: str) -> None:
        QGuiApplication.clipboard().setText(source)
        self._say(self.tr("Copied as Python: your own model, in LangChain."))
