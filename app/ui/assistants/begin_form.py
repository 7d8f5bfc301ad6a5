"""What an assistant wants to know before a conversation with it begins."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.core.prompts import Assistant, Prompt, PromptId
from app.services.ports import Scheduler
from app.ui.prompts.form import PromptForm
from app.ui.prompts.preview import Renders
from app.ui.theme import Theme


class BeginForm(PromptForm):
    """The form of a prompt with one way out of it; `filled` has the rendered system prompt."""

    def __init__(
        self,
        theme: Theme,
        assistant: Assistant,
        library: Renders,
        scheduler: Scheduler,
        parent: QWidget,
    ) -> None:
        prompt = Prompt(
            PromptId(assistant.id),
            assistant.name,
            assistant.name,
            assistant.template,
            assistant.description,
        )
        super().__init__(theme, prompt, library, scheduler, parent)
        self.insert.hide()
        self.send.setText(self.tr("Begin"))
        self.send.setToolTip(self.tr("Begin the conversation (Ctrl+Enter)"))

    def show_can_send(self, can_send: bool) -> None:
        """A conversation can begin before a model is loaded."""
