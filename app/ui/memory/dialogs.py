"""The dialogs of memory in one window: policy, summary, what is remembered, a part's text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid

from app.core.entities import MessageId
from app.core.memory import MemoryPolicy
from app.core.remembered import Summary
from app.services.app import AppServices
from app.services.chat import Chat
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.memory.facts_dialog import FactsDialog
    from app.ui.memory.policy_dialog import PolicyDialog
    from app.ui.memory.preview import Preview
    from app.ui.memory.summary_dialog import SummaryDialog


class MemoryDialogs(QObject):
    """Loaded and made when they are asked for, a start needs none; anew in another language."""

    message_requested = Signal(str)  # show this message of the conversation
    source_requested = Signal(str)  # show this message, of whatever conversation

    def __init__(
        self,
        window: QWidget,
        chat: Chat,
        services: AppServices,
        theme: Theme,
        change_setting: Callable[[str, object], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._chat = chat
        self._services = services
        self._theme = theme
        self._change_setting = change_setting
        self.preview: Callable[[MemoryPolicy], Preview | None] = lambda _policy: None
        self.policy: PolicyDialog | None = None
        self.facts: FactsDialog | None = None
        self.summary: SummaryDialog | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            QTimer.singleShot(0, self, self._speak_anew)  # not while Qt still tells the others
        return False

    # which there are

    def open_policy(self) -> None:
        """The memory of the conversation on show, or of the one that is about to begin."""
        if self.policy is None:
            from app.ui.memory.policy_dialog import PolicyDialog

            made = self.policy = PolicyDialog(self._theme, self._window)
            made.preview = lambda policy: self.preview(policy)
            made.chosen.connect(self.set_policy)
            made.facts_requested.connect(self.open_facts)
            made.summary_requested.connect(self.open_summary)
        self.refresh_policy()
        _show(self.policy)

    def open_facts(self) -> None:
        """What is remembered across conversations."""
        if self.facts is None:
            from app.ui.memory.facts_dialog import FactsDialog

            made, facts = FactsDialog(self._theme, self._window), self._services.facts
            self.facts = made
            made.switched.connect(lambda is_on: self._change_setting("is_remembering", is_on))
            made.added.connect(facts.add)
            made.edited.connect(facts.edit)
            made.kept.connect(facts.keep)
            made.refused.connect(facts.refuse)
            made.deleted.connect(facts.delete)
            made.source_requested.connect(self.source_requested)
        self.refresh_facts()
        _show(self.facts)

    def open_summary(self) -> None:
        """The newest summary of the conversation on show."""
        memory = self._services.memory
        if self.summary is None:
            from app.ui.memory.summary_dialog import SummaryDialog

            made = self.summary = SummaryDialog(self._theme, self._window)
            made.edited.connect(memory.edit_summary)
            made.off_requested.connect(memory.set_summary_off)
            made.anew_requested.connect(self.summarise)
            made.messages_requested.connect(self._show_replaced)
        self.refresh_summary()
        _show(self.summary)

    def open_text(self, title: str, text: str) -> None:
        """A part of the context, to be read."""
        from app.ui.memory.text_dialog import TextDialog

        dialog = TextDialog(self._theme, title, text, self._window)
        dialog.finished.connect(dialog.deleteLater)
        _show(dialog)

    # what they do

    def set_policy(self, policy: MemoryPolicy | None) -> None:
        """From now on, for the conversation on show or the one about to begin."""
        open_id = self._chat.open_conversation_id
        if open_id is None:
            self._chat.begin_with(replace(self._chat.beginning, memory=policy))
        else:
            self._services.memory.set_policy(open_id, policy)

    def policy_now(self) -> tuple[MemoryPolicy, bool]:
        """The policy in force, and whether it was chosen for this conversation."""
        own = (
            self._chat.beginning.memory
            if self._chat.open_conversation_id is None
            else getattr(self._chat.conversation, "memory", None)
        )
        usual = self._services.memory.policy_of(None)
        return own or usual, own is not None

    def summarise(self) -> None:
        """Have a summary of the conversation on show made now."""
        open_id = self._chat.open_conversation_id
        if open_id is not None:
            self._services.memory.summarise(open_id)

    # news

    def refresh_policy(self) -> None:
        """Another conversation, or another policy of it."""
        if self.policy is not None:
            policy, is_own = self.policy_now()
            self.policy.show_policy(
                policy,
                is_own=is_own,
                has_facts=self._services.settings().is_remembering,
                has_conversation=self._chat.open_conversation_id is not None,
            )

    def refresh_preview(self) -> None:
        """The conversation is longer now, or counted."""
        if self.policy is not None and self.policy.isVisible():
            self.policy.refresh()

    def refresh_facts(self) -> None:
        """Other facts, or the switch is another way."""
        if self.facts is not None:
            is_on = self._services.settings().is_remembering
            self.facts.show_facts(self._services.facts.all, is_on=is_on)

    def refresh_summary(self) -> None:
        """Another summary, or another conversation."""
        open_id, dialog = self._chat.open_conversation_id, self.summary
        if dialog is None:
            return
        if open_id is None:
            dialog.show_summary(None, 0)
            return
        dialog.show_making(self._services.memory.is_summarising(open_id))

        def show(summary: Summary | None) -> None:
            if isValid(dialog) and self._chat.open_conversation_id == open_id:
                dialog.show_summary(summary, self._stands_for(summary))

        self._services.memory.summary_of(open_id, show)

    def close(self) -> None:
        """The window goes."""
        for dialog in (self.policy, self.facts, self.summary):
            if dialog is not None:
                dialog.close()

    # inside

    def _stands_for(self, summary: Summary | None) -> int:
        if summary is None:
            return 0
        ids = [message.id for message in self._chat.branch]
        return ids.index(summary.through_id) + 1 if summary.through_id in ids else 0

    def _show_replaced(self) -> None:
        summary = self.summary.summary if self.summary is not None else None
        if summary is not None:
            self.message_requested.emit(MessageId(summary.through_id))

    def _speak_anew(self) -> None:
        for name, reopen in (
            ("policy", self.open_policy),
            ("facts", self.open_facts),
            ("summary", self.open_summary),
        ):
            dialog: QDialog | None = getattr(self, name)
            if dialog is not None:
                was_visible = dialog.isVisible()
                setattr(self, name, None)
                dialog.close()
                dialog.deleteLater()
                if was_visible:
                    reopen()


def _show(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
