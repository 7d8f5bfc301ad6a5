"""Joins what the model is told to one window: the ledger, marks in the conversation, dialogs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from app.core.beginning import Beginning
from app.core.entities import Conversation, ConversationId, Folder, Message, MessageId
from app.core.memory import MemoryPolicy, PartKind, WhenFull
from app.core.remembered import Fact, FactState, MarkKind
from app.services.app import AppServices
from app.services.chat import Chat
from app.services.ledger import LedgerListener, LedgerView
from app.services.memory_news import MemoryListener
from app.services.ports import ChatListener, ConversationsListener
from app.ui.composer import Composer
from app.ui.memory.dialogs import MemoryDialogs
from app.ui.memory.state import MemoryState, state_of
from app.ui.memory.strip import LedgerStrip
from app.ui.memory.words import MemoryWords
from app.ui.message_actions import Action
from app.ui.message_view import CONTEXT_FULL
from app.ui.problem_view import Toast
from app.ui.theme import Theme
from app.ui.transcript import Transcript

if TYPE_CHECKING:
    from app.ui.memory.parts_model import Row
    from app.ui.memory.parts_panel import PartsPanel
    from app.ui.memory.preview import Preview

SOON_MS = 30  # a burst of keys is one draft
LONG_DRAFT = 100  # tokens of a draft that show the ledger before there is a conversation
MARKS = {
    Action.PIN.value: MarkKind.PINNED,
    Action.LEAVE_OUT.value: MarkKind.LEFT_OUT,
    Action.UNPIN.value: None,
    Action.TAKE_BACK.value: None,
}


class MemoryWidgets(Protocol):
    """What a window has that shows a conversation and its ledger."""

    ledger: LedgerStrip
    transcript: Transcript
    composer: Composer
    toast: Toast


class _ListNews(ConversationsListener):
    """Hears that a conversation has another policy now."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def conversations_changed(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        self._changed()


class MemoryControl(QObject, ChatListener, MemoryListener, LedgerListener):
    """From the making of a window until `close`."""

    def __init__(
        self,
        widgets: MemoryWidgets,
        window: QWidget,
        chat: Chat,
        services: AppServices,
        theme: Theme,
        open_message: Callable[[str, str], None],
        change_setting: Callable[[str, object], None] | None = None,
    ) -> None:
        """`open_message` shows a message of any conversation, by both ids."""
        super().__init__(window)
        self._widgets = widgets
        self._chat = chat
        self._services = services
        self._open_message = open_message
        self._words = MemoryWords(self)
        self._view: LedgerView | None = None
        self._state = MemoryState()
        self._made_of: tuple[object, ...] = ()  # what the state was made of
        self._awaited: ConversationId | None = None  # whose summary a person waits for
        self.dialogs = MemoryDialogs(
            window, chat, services, theme, change_setting or self._change_setting
        )
        self.dialogs.preview = self._preview
        self.dialogs.message_requested.connect(lambda i: widgets.transcript.scroll_to(MessageId(i)))
        self.dialogs.source_requested.connect(self._show_source)
        self._draft = QTimer(self, singleShot=True, interval=SOON_MS)
        self._draft.timeout.connect(self.draft_shown)
        self.ledger = services.open_ledger(chat)
        self.ledger.add_listener(self)
        chat.add_listener(self)
        self._list_news = _ListNews(self.dialogs.refresh_policy)
        services.conversations.add_listener(self._list_news)
        services.memory.add_listener(self)
        self._connect()

    def _connect(self) -> None:
        strip, transcript = self._widgets.ledger, self._widgets.transcript
        strip.prepare_panel = self._prepare_panel
        strip.opened.connect(self._fill_panel)
        strip.focus_left.connect(self._widgets.composer.setFocus)
        strip.notice.choose_requested.connect(self.dialogs.open_policy)
        strip.notice.full_chosen.connect(self._choose_full)
        strip.fact.kept.connect(self._services.facts.keep)
        strip.fact.refused.connect(self._services.facts.refuse)
        strip.fact.all_requested.connect(self.dialogs.open_facts)
        transcript.action_requested.connect(self._act)
        transcript.full_chosen.connect(self._choose_and_ask)
        self._widgets.composer.draft_changed.connect(self._draft_changed)

    def close(self) -> None:
        """The window goes."""
        self._draft.stop()
        self.dialogs.close()
        self.ledger.close()
        self._services.conversations.remove_listener(self._list_news)
        self._services.memory.remove_listener(self)

    # what the person does

    def toggle_parts(self) -> None:
        """Open or close the parts of the context."""
        self._widgets.ledger.toggle_parts()

    def _draft_changed(self) -> None:
        if not self._draft.isActive():  # begun anew with each key it would wait for a pause
            self._draft.start()

    def draft_shown(self) -> None:
        """Count what stands in the composer; what is edited there was sent before."""
        composer = self._widgets.composer
        if not composer.is_editing:
            self.ledger.draft_changed(composer.text.toPlainText(), composer.attachments())

    def _act(self, action: str, message_id: str) -> None:
        if action in MARKS:
            self._services.memory.mark(MessageId(message_id), MARKS[Action(action)])
        elif action == Action.WHY_UNSEEN:
            self._show_part(message_id)
        elif action in (Action.SHOW_SUMMARY, Action.EDIT_SUMMARY):
            self.dialogs.open_summary()
            if action == Action.EDIT_SUMMARY and self.dialogs.summary is not None:
                self.dialogs.summary.text.setFocus(Qt.FocusReason.OtherFocusReason)
        elif action == Action.UNDO_SUMMARY:
            self._undo_summary()

    def _undo_summary(self) -> None:
        summary = self._view.summary if self._view is not None else None
        if summary is not None:
            self._services.memory.set_summary_off(summary.id, True)
            words = self.tr("The model reads the messages again instead of their summary")
            self._widgets.toast.show_text(words)

    def _show_part(self, message_id: str) -> None:
        strip = self._widgets.ledger
        if not strip.is_open:
            strip.toggle_parts()
        if strip.panel is not None and strip.is_open:
            strip.panel.choose_message(message_id)

    def _choose_full(self, choice: str) -> None:
        """What shall happen in this conversation from now on, as its context is full."""
        policy, _ = self.dialogs.policy_now()
        self.dialogs.set_policy(replace(policy, when_full=WhenFull(choice)))
        words = self.tr("From now on in this conversation: {choice}")
        self._widgets.toast.show_text(words.replace("{choice}", self._words.when_full(choice)))
        if choice == WhenFull.SUMMARISE:
            self._awaited = self._chat.open_conversation_id
            self.dialogs.summarise()

    def _choose_and_ask(self, choice: str) -> None:
        """The same where an answer could not be given; then ask again."""
        self._choose_full(choice)
        if choice != WhenFull.SUMMARISE:  # else once that is there
            self._chat.try_again()

    def _show_source(self, message_id: str) -> None:
        found = MessageId(message_id)
        if any(message.id == found for message in self._chat.branch):
            self._widgets.transcript.scroll_to(found)
            return

        def done(versions: Sequence[Message]) -> None:
            if versions:
                self._open_message(versions[0].conversation_id, message_id)
            else:
                self._widgets.toast.show_text(self.tr("That message is in the bin"))

        self._chat.find_versions(found, done)

    def _change_setting(self, name: str, value: object) -> None:
        self._services.preferences.change(**{name: value})

    # the parts

    def _prepare_panel(self, panel: PartsPanel) -> None:
        panel.look_requested.connect(self._look)
        panel.mark_requested.connect(self._mark_row)
        panel.undo_requested.connect(self._undo_summary)
        panel.memory_requested.connect(self.dialogs.open_policy)

    def _fill_panel(self) -> None:
        panel = self._widgets.ledger.panel
        if panel is not None and self._view is not None:
            panel.show_parts(self._view, self._chat.branch, self._state)

    def _look(self, row: Row) -> None:
        if row.is_message:
            self._look_at_message(row)
        elif row.kind is PartKind.SYSTEM:
            self._look_at_system(row)
        elif row.kind is PartKind.FACTS:
            self.dialogs.open_facts()
        elif row.kind is PartKind.SUMMARY:
            self.dialogs.open_summary()
        else:
            self._widgets.composer.setFocus()

    def _look_at_system(self, row: Row) -> None:
        asked = self.ledger.contents
        text = asked[0].system if asked is not None else ""
        if not text.strip():
            text = self.tr(
                "There is no system prompt. The chat template of this model says something by "
                "itself: “Show what the model gets” shows it."
            )
        self.dialogs.open_text(self._words.kind(row.kind.value), text)

    def _look_at_message(self, row: Row) -> None:
        message = next((m for m in self._chat.branch if m.id == row.message), None)
        if message is None:  # another conversation is about to be shown
            return
        self._widgets.transcript.scroll_to(message.id)
        attachment = next((a for a in message.attachments if a.id == row.key), None)
        if attachment is not None and attachment.text:
            self.dialogs.open_text(attachment.name, attachment.text)

    def _mark_row(self, row: Row, kind: MarkKind | None) -> None:
        file = row.key if row.file >= 0 else ""
        self._services.memory.mark(MessageId(row.message), kind, file)

    def _preview(self, policy: MemoryPolicy) -> Preview | None:
        view, branch = self._view, self._chat.branch
        if view is None or not view.is_known or not branch:
            return None
        from app.ui.memory.preview import preview_of

        return preview_of(view, branch, self._state, policy)

    # news

    def ledger_changed(self, view: LedgerView) -> None:
        self._view = view
        draft = sum(part.tokens for part in view.parts if part.kind is PartKind.DRAFT)
        is_due = bool(self._chat.branch) or draft >= LONG_DRAFT
        self._widgets.ledger.notice.set_asked_above(self._ends_full())
        self._widgets.ledger.show_ledger(view if is_due else None)
        self._show_state()
        self.dialogs.refresh_preview()

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        self._awaited = None
        self._widgets.ledger.notice.show_summarising(False)
        self.ledger.view = LedgerView()  # the same for this conversation shall be told, too
        self._view = None
        if not messages:
            self._widgets.ledger.show_ledger(None)
        self._show_state()
        self.dialogs.refresh_policy()
        self.dialogs.refresh_summary()
        self.draft_shown()
        self._show_proposals()

    def branch_changed(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        self._widgets.ledger.notice.set_asked_above(self._ends_full())
        self._show_state()
        self._show_proposals()
        self._draft_changed()  # a message that was edited is back in its place

    def message_changed(self, message: Message) -> None:
        self._widgets.ledger.notice.set_asked_above(self._ends_full())

    def beginning_changed(self, beginning: Beginning) -> None:
        self.dialogs.refresh_policy()

    def memory_changed(self, conversation_id: ConversationId | None) -> None:
        if conversation_id in (None, self._chat.open_conversation_id):
            self.dialogs.refresh_summary()
        if conversation_id is None:
            self.dialogs.refresh_policy()
            self.dialogs.refresh_facts()
            self._show_proposals()

    def summary_begun(self, conversation_id: ConversationId) -> None:
        if conversation_id == self._chat.open_conversation_id:
            self._widgets.ledger.notice.show_summarising(self._awaited is not None)
            self.dialogs.refresh_summary()

    def summary_made(self, conversation_id: ConversationId) -> None:
        was_awaited = self._awaited == conversation_id
        self.summary_stopped(conversation_id)
        if was_awaited and self._ends_full():
            self._chat.try_again()

    def summary_stopped(self, conversation_id: ConversationId) -> None:
        if conversation_id == self._chat.open_conversation_id:
            self._awaited = None  # the question stays as it is: there are other ways out
            self._widgets.ledger.notice.show_summarising(False)
            self.dialogs.refresh_summary()

    def facts_changed(self, facts: Sequence[Fact]) -> None:
        self.dialogs.refresh_facts()
        self._show_proposals()

    # inside

    def _ends_full(self) -> bool:
        """Whether the last answer could not be given because the context is full."""
        branch = self._chat.branch
        problem = branch[-1].problem if branch else None
        return problem is not None and problem.code == CONTEXT_FULL

    def _show_state(self) -> None:
        """Look at the messages once where something is another way; 10,000 take some 5 ms."""
        view, branch = self._view or LedgerView(), self._chat.branch
        last = branch[-1].id if branch else None
        unseen = view.unseen - view.dropped
        made_of = (unseen, view.pinned, view.left_out, view.summary, len(branch), last)
        if made_of != self._made_of:
            self._made_of = made_of
            self._state = state_of(branch, view)
            self._widgets.transcript.show_memory(self._state)
        if self._widgets.ledger.is_open:
            self._fill_panel()

    def _show_proposals(self) -> None:
        """Those that come from this conversation; others wait in the dialog."""
        proposed = [f for f in self._services.facts.all if f.state is FactState.PROPOSED]
        if proposed and self._services.settings().is_remembering:
            here = {message.id for message in self._chat.branch}
            proposed = [fact for fact in proposed if fact.source_id in here]
        else:
            proposed = []
        self._widgets.ledger.fact.show_proposals(proposed)
