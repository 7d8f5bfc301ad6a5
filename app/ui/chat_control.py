"""Joins one open conversation to the widgets that show it: transcript, composer, toast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.core.entities import (
    AttachmentId,
    Conversation,
    ConversationId,
    Draft,
    Message,
    MessageId,
    Role,
)
from app.core.errors import Problem
from app.core.messages import Reading
from app.core.reasoning import without_reasoning
from app.services.chat import Chat
from app.services.conversations import Conversations
from app.services.ports import ChatListener
from app.ui.composer import Composer
from app.ui.drafts import Drafts
from app.ui.markdown import parts_of
from app.ui.markdown_parts import Code
from app.ui.markdown_plain import plain_text
from app.ui.message_actions import Action
from app.ui.problem_view import Toast
from app.ui.transcript import Transcript


class ChatWidgets(Protocol):
    """What a window has that shows a conversation."""

    transcript: Transcript
    composer: Composer
    toast: Toast

    def show_conversation_page(self, *, is_empty: bool) -> None: ...

    def show_title(self, title: str) -> None: ...


class ChatControl(QObject, ChatListener):
    """What the person does with a conversation becomes a call; its news become widgets."""

    opened = Signal(object)  # Conversation or None
    spoken = Signal(str)  # a message's text that is to be read aloud
    compared = Signal(object)  # versions of a message, to be shown side by side
    failed = Signal(object)  # Problem: what was to be sent is still in the composer

    def __init__(
        self,
        widgets: ChatWidgets,
        chat: Chat,
        conversations: Conversations,
        parent: QObject,
        *,
        new_draft_key: str = "",
    ) -> None:
        """`new_draft_key`: under which what begins a conversation is kept while it is written."""
        super().__init__(parent)
        self._widgets = widgets
        self._chat = chat
        self._conversations = conversations
        self._edited: Message | None = None
        # changes that were neither stored nor cancelled before another conversation was opened
        self._left: dict[ConversationId, tuple[MessageId, Draft]] = {}
        self._sent_from: str | None = None  # the key of the draft that is being sent
        self._sought: Sequence[str] = ()
        self.drafts = Drafts(widgets.composer, conversations, self, new_draft_key)
        self.drafts.loaded.connect(self._resume_edit)
        chat.add_listener(self)
        composer, transcript = widgets.composer, widgets.transcript
        composer.submitted.connect(self._send)
        composer.stop_requested.connect(chat.stop)
        composer.edit_submitted.connect(self._send_edited)
        composer.edit_cancelled.connect(self._leave_edit)
        composer.edit_last_requested.connect(self.edit_last)
        transcript.retry_requested.connect(chat.try_again)
        transcript.action_requested.connect(self._act)
        transcript.picture_wanted.connect(self._read_picture)
        transcript.quote_requested.connect(self._quote)

    # what the person does

    def new_conversation(self) -> None:
        """An empty one, ready to be written in."""
        self._chat.new_conversation()
        self._widgets.composer.setFocus()

    def open(self, conversation_id: str, message_id: str = "", words: Sequence[str] = ()) -> None:
        """Show a conversation, at a message whose `words` were sought."""
        at = MessageId(message_id) if message_id else None
        self._sought = words
        if at is not None and any(m.id == at for m in self._chat.branch):
            self._widgets.transcript.scroll_to(at, words)
            return
        self._chat.open_conversation(ConversationId(conversation_id), at)

    def edit_last(self) -> None:
        """Change the question asked last."""
        questions = [m for m in self._chat.branch if m.role is Role.USER]
        if questions:
            self._act(Action.EDIT, questions[-1].id)

    def act_on_last(self, action: Action) -> None:
        """Do something with the last answer, as a shortcut asks for it."""
        answers = [m for m in self._chat.branch if m.role is Role.ASSISTANT]
        if answers:
            self._act(action, answers[-1].id)

    def copy_last_code(self) -> None:
        """Put the last piece of code in the conversation on the clipboard."""
        for message in reversed(self._chat.branch):
            for part in reversed(parts_of(without_reasoning(message.content))):
                if isinstance(part, Code) and message.role is Role.ASSISTANT:
                    self._copy(part.text)
                    return
        self._widgets.toast.show_text(self.tr("There is no code in this conversation"))

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._widgets.toast.show_text(self.tr("Copied"))

    def _send(self, text: str) -> None:
        self._sent_from = self.drafts.key
        composer = self._widgets.composer
        system, lead = composer.prompt_note.for_sending()
        self._chat.send(text, composer.attachments(), lead=lead, system=system)
        self._show_answering()

    def _send_edited(self, text: str) -> None:
        """Until it is on the disk it stays in the composer."""
        if self._edited is None:
            self._widgets.composer.end_edit()
            return
        self._sent_from = None
        self._chat.edit(self._edited.id, text, self._widgets.composer.attachments())
        self._show_answering()

    def _quote(self, text: str) -> None:
        """What was selected, as a quotation before what is being written."""
        quoted = "\n".join(f"> {line}".rstrip() for line in text.splitlines())
        written = self._widgets.composer.text.toPlainText().lstrip()
        self._widgets.composer.use_text(f"{quoted}\n\n{written}")

    def _leave_edit(self) -> None:
        self._edited = None

    def _act(self, action: str, message_id: str) -> None:
        chat, target = self._chat, MessageId(message_id)
        message = next((m for m in chat.branch if m.id == target), None)
        if message is None:
            return
        if action == Action.EDIT:
            # a file that is still being read is for the draft
            if not (chat.is_answering or self._widgets.composer.area.is_reading):
                self._edit(message, Draft(message.content, message.attachments))
        elif action == Action.COMPARE:
            chat.find_versions(target, self.compared.emit)
        elif action == Action.COPY:
            self._copy(plain_text(without_reasoning(message.content)))
        elif action == Action.SPEAK:
            self.spoken.emit(message.content)
        else:
            self._change(action, target)

    def _edit(self, message: Message, as_changed: Draft) -> None:
        self._edited = message
        self._widgets.composer.begin_edit(as_changed.text, as_changed.attachments)

    def _set_edit_aside(self) -> None:
        """Another conversation is on show: what was changed waits in memory."""
        edited, self._edited = self._edited, None
        if edited is None:
            return
        composer = self._widgets.composer
        changed = Draft(composer.text.toPlainText(), composer.attachments())
        if changed != Draft(edited.content, edited.attachments):
            self._left[edited.conversation_id] = edited.id, changed
        composer.end_edit()

    def _resume_edit(self) -> None:
        chat, open_id = self._chat, self._chat.open_conversation_id
        if open_id is None or open_id not in self._left or chat.is_answering:
            return
        target, changed = self._left[open_id]
        message = next((m for m in chat.branch if m.id == target), None)
        if message is not None and self._edited is None:
            del self._left[open_id]
            self._edit(message, changed)

    def _change(self, action: str, target: MessageId) -> None:
        chat = self._chat
        changes: dict[str, Callable[[], None]] = {
            Action.AGAIN: lambda: chat.regenerate(target),
            Action.CONTINUE: lambda: chat.continue_answer(target),
            Action.PREVIOUS: lambda: chat.choose_sibling(target, -1),
            Action.NEXT: lambda: chat.choose_sibling(target, 1),
            Action.FORK: lambda: chat.fork(target),
            Action.DELETE: lambda: chat.delete_message(target),
        }
        if action in changes:
            changes[action]()
            self._show_answering()

    def _read_picture(self, attachment_id: str) -> None:
        place = AttachmentId(attachment_id)
        self._chat.read_attachment(
            place, lambda data: self._widgets.transcript.show_picture(place, data)
        )

    def _show_answering(self) -> None:
        self._widgets.composer.set_answering(self._chat.is_answering)

    # the chat's news

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        widgets = self._widgets
        self._set_edit_aside()
        widgets.transcript.show_messages(messages)
        widgets.show_conversation_page(is_empty=not messages)
        widgets.show_title(conversation.title if conversation else "")
        if at is not None:
            widgets.transcript.scroll_to(at, self._sought)
        self._sought = ()
        self.drafts.show(conversation.id if conversation else None)
        if self.drafts.is_loaded:
            self._resume_edit()
        self._show_answering()
        self.opened.emit(conversation)

    def branch_changed(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        self._widgets.transcript.show_messages(messages, at)
        self._widgets.show_conversation_page(is_empty=not messages)
        self._show_answering()

    def message_added(self, message: Message) -> None:
        self._widgets.show_conversation_page(is_empty=False)
        self._widgets.transcript.add_message(message)
        self._show_answering()

    def message_changed(self, message: Message) -> None:
        self._widgets.transcript.update_message(message)
        self._show_answering()

    def answer_waits(self, message_id: MessageId) -> None:
        self._widgets.transcript.show_waiting(message_id)

    def reading_progressed(self, message_id: MessageId, reading: Reading) -> None:
        self._widgets.transcript.show_reading(message_id, reading)

    def text_appended(self, message_id: MessageId, text: str) -> None:
        self._widgets.transcript.append_text(message_id, text)

    def message_accepted(self, conversation_id: ConversationId, text: str) -> None:
        composer, before = self._widgets.composer, self._sent_from
        self._sent_from = None
        if before is None:
            if composer.is_editing:
                composer.forget(text)
            if not composer.is_editing:
                self._edited = None
            self._left.pop(conversation_id, None)
            return
        if before == self.drafts.key:
            composer.forget(text)
        is_shown = self._chat.open_conversation_id == conversation_id
        self.drafts.sent(before, conversation_id, text, is_shown=is_shown)

    def answering_changed(self) -> None:
        self._show_answering()

    def problem_occurred(self, problem: Problem) -> None:
        self.failed.emit(problem)
