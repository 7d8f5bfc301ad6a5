"""Tells a screen reader what happens in a conversation: whole sentences, and how answers end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget

from app.core.entities import Conversation, Message, MessageId, Role, Status
from app.core.reasoning import Kind, Splitter
from app.services.chat import Chat
from app.services.ports import ChatListener
from app.ui.announce import announce
from app.ui.spoken import SpokenText
from app.ui.words import action_of, summary_of

GATHER_MS = (
    400  # sentences of a fast answer are told together: each telling may cost the one before
)


class Announcer(QObject, ChatListener):
    """Listens to the conversation of one window and speaks for its `widget`.

    Nothing is done, not even read, where no assistive technology is there.
    """

    def __init__(self, chat: Chat, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        self._now: Callable[[], float] = time.monotonic
        self._answer: MessageId | None = None  # in the making
        self._length = 0  # characters of it that were read
        self._text = SpokenText()
        self._splitter = Splitter()
        self._thinks_since: float | None = None
        self._gathered: list[str] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(GATHER_MS)
        self._timer.timeout.connect(self._tell)
        chat.add_listener(self)

    # the chat's news

    def conversation_opened(
        self,
        conversation: Conversation | None,
        messages: Sequence[Message],
        at: MessageId | None = None,
    ) -> None:
        self._forget()
        self._begin_last(messages)

    def branch_changed(self, messages: Sequence[Message], at: MessageId | None = None) -> None:
        self._forget()
        self._begin_last(messages)
        shown = next((m for m in messages if m.id == at), None)
        if self._answer is None and shown is not None and shown.siblings > 1:
            words = self.tr("Version {number} of {count}")
            self._say(
                words.replace("{number}", str(shown.sibling)).replace(
                    "{count}", str(shown.siblings)
                )
            )

    def message_added(self, message: Message) -> None:
        self._begin_last([message])

    def message_changed(self, message: Message) -> None:
        if message.id != self._answer or message.status is Status.STREAMING:
            return
        self._read(message.content[self._length :], is_complete=True)
        self._say(self._end_of(message))
        self._forget_answer()
        self._tell()

    def answer_waits(self, message_id: MessageId) -> None:
        self._say(self.tr("Waiting for the answer in another conversation"))

    def text_appended(self, message_id: MessageId, text: str) -> None:
        if message_id == self._answer:
            self._read(text)

    # inside

    def _begin_last(self, messages: Sequence[Message]) -> None:
        """What an answer in the making has by now is on show, and not said again."""
        last = messages[-1] if messages else None
        if last is None or last.role is not Role.ASSISTANT or last.status is not Status.STREAMING:
            return
        if QAccessible.isActive():
            self._forget_answer()
            self._answer = last.id
            self._read(last.content, is_told=False)

    def _read(self, text: str, *, is_complete: bool = False, is_told: bool = True) -> None:
        self._length += len(text)
        found: list[str] = []
        for kind, piece, _, takes_all in self._splitter.feed(text, is_complete=is_complete):
            if takes_all:  # what was said of it until now were thoughts
                self._text = SpokenText()
            elif kind is Kind.REASONING:
                found += self._think()
            else:
                found += [*self._end_thoughts(), *self._text.append(piece)]
        if is_complete:
            found += [*self._end_thoughts(), *self._text.append("", is_complete=True)]
        if is_told:
            self._say(*found)

    def _think(self) -> list[str]:
        if self._thinks_since is not None:
            return []
        self._thinks_since = self._now()
        return [self.tr("Thinking")]

    def _end_thoughts(self) -> list[str]:
        if self._thinks_since is None:
            return []
        seconds = round(self._now() - self._thinks_since)
        self._thinks_since = None
        if seconds < 60:
            return [self.tr("Thought for %n seconds", "", max(1, seconds))]
        return [self.tr("Thought for %n minutes", "", round(seconds / 60))]

    def _end_of(self, message: Message) -> str:
        problem = message.problem
        if message.status is Status.STOPPED:
            return self.tr("Answer stopped")
        if message.status is Status.CUT_OFF:
            return self.tr("Answer cut off: the longest answer or the context was reached")
        if problem is not None:
            return f"{summary_of(problem)} {action_of(problem)}"
        if message.status is Status.COMPLETE:
            return self.tr("Answer complete")
        return self.tr("Answer interrupted")

    def _say(self, *sentences: str) -> None:
        self._gathered.extend(sentences)
        if self._gathered and not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        self._timer.stop()
        gathered, self._gathered = self._gathered, []
        # who works in another window of the app, or elsewhere, is not talked to from here
        if self._widget.window() is QApplication.activeWindow():
            announce(self._widget, "\n".join(gathered))

    def _forget_answer(self) -> None:
        self._answer, self._length, self._thinks_since = None, 0, None
        self._text, self._splitter = SpokenText(), Splitter()

    def _forget(self) -> None:
        """Another conversation, or another branch: what was not said yet is of no use."""
        self._forget_answer()
        self._gathered.clear()
        self._timer.stop()
