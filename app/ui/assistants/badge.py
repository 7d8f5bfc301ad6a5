"""Who a conversation is with: a small picture and a name, calm, at the top of the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent

from app.core.prompts import Assistant
from app.ui.assistants.pictures import show_beside_words
from app.ui.elided_button import ElidedButton
from app.ui.theme import Theme
from app.ui.tips import tip

SIDE = 22  # pixels


class AssistantBadge(ElidedButton):
    """Takes no room where a conversation is with nobody in particular."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("assistantBadge")
        self._assistant: Assistant | None = None
        theme.changed.connect(self._show)
        self.hide()

    @property
    def assistant(self) -> Assistant | None:
        """The one on show."""
        return self._assistant

    @property
    def assistant_id(self) -> str:
        """Its id; empty for nobody."""
        return self._assistant.id if self._assistant is not None else ""

    def show_assistant(self, assistant: Assistant | None) -> None:
        """None: nobody in particular."""
        if assistant != self._assistant:
            self._assistant = assistant
            self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.LanguageChange, QEvent.Type.LayoutDirectionChange):
            self._show()

    def _show(self) -> None:
        assistant = self._assistant
        self.setVisible(assistant is not None)
        if assistant is None:
            return
        show_beside_words(self, assistant, SIDE)
        self.setText(assistant.name)
        self.setToolTip(tip(". ".join(x for x in (assistant.name, assistant.description) if x)))
        words = self.tr("This conversation is with {name}").replace("{name}", assistant.name)
        self.setAccessibleName(words)
