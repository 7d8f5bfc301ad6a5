"""Keeps what is being written, for each conversation: on the disk a second after the last key."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.entities import ConversationId, Draft
from app.core.errors import Problem
from app.services.conversations import Conversations
from app.ui.composer import Composer

SAVE_MS = 1000


class Drafts(QObject):
    """Swaps the composer's text with the conversation on show."""

    homeless = Signal()  # the database is not open: what is written must go elsewhere
    loaded = Signal()  # what was kept for the conversation on show is in the composer

    def __init__(
        self,
        composer: Composer,
        conversations: Conversations,
        parent: QObject,
        new_key: str = "",
    ) -> None:
        """`new_key`: the place of what is written in a new conversation."""
        super().__init__(parent)
        self._new_key = new_key
        self._composer = composer
        self._conversations = conversations
        self._key = new_key
        self._is_closed = False
        self._known = Draft()  # what the disk has under the key
        self._unsaved: dict[str, Draft] = {}  # what could not be written, such as on a full disk
        self._is_loaded = False
        self._loads = 0
        self._is_own = False  # somebody wrote it here, since it is on show
        self._is_first = True
        self._recovered = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self._save_soon)
        composer.draft_changed.connect(self._changed)

    @property
    def key(self) -> str:
        """Whose draft the composer shows: a conversation's, or that of a new one."""
        return self._key

    @property
    def is_loaded(self) -> bool:
        """Whether what was kept under the key is in the composer."""
        return self._is_loaded

    def recover(self, text: str) -> None:
        """What the last run could not put into the database: shown with the first conversation."""
        self._recovered = text

    def show(self, conversation_id: ConversationId | None) -> None:
        """Another conversation is on show: save what was written in the one before, load its own.

        What is typed until it is loaded goes below what was stored.
        """
        key = conversation_id or self._new_key
        if self._is_first:  # what was typed before the database was open belongs to this one
            self._is_first = False
        elif key != self._key:
            self.save()
            self._composer.set_draft(Draft())
            self._is_own = False
        elif self._is_loaded:
            return
        self._key, self._known, self._is_loaded = key, Draft(), False
        self._load()

    def sent(
        self, before: str, conversation_id: ConversationId, text: str, *, is_shown: bool
    ) -> None:
        """What was written under the key `before` is a message of a conversation now.

        That may be a new one, and another one may be on show by now.
        """
        if is_shown and before == self._key:
            self._key = conversation_id
            if before != conversation_id:
                self._write(before, Draft())
        elif before != self._key:
            self._conversations.forget_draft(before, text)
        self._is_own = self._composer.draft() != Draft()
        self.save()

    def save(self) -> None:
        """Write it now, where it is not what the disk has."""
        self._timer.stop()
        draft, key = self._composer.draft(), self._key
        if not self._conversations.is_ready:
            if draft != self._known:
                self.homeless.emit()
        elif not self._is_loaded:
            if draft != Draft():
                self._conversations.run(
                    lambda s: s.drafts.save(key, joined(s.drafts.load(key), draft)), lambda _: None
                )
        # another window with the same conversation may have written, or sent, its own since
        elif draft != self._known or (self._is_own and draft != Draft()) or key in self._unsaved:
            self._known = draft
            self._write(key, draft)

    def close(self) -> None:
        """The window goes: write it now and hear nothing more."""
        self.save()
        for key, draft in list(self._unsaved.items()):
            if key != self._key:
                self._write(key, draft)
        self._is_closed = True

    def _load(self) -> None:
        key = self._key
        self._loads += 1
        number = self._loads

        def done(stored: Draft) -> None:
            if number != self._loads or self._is_closed:
                return
            stored = self._unsaved.get(key, stored)
            written, recovered = self._composer.draft(), self._recovered
            if recovered in stored.text or recovered in written.text:
                recovered = ""
            whole = joined(joined(stored, Draft(recovered)), written)
            if whole != written and self._composer.is_editing:
                self._timer.start()  # an edit that has just begun would end: later
                return
            self._is_loaded, self._known, self._recovered = True, stored, ""
            if whole != written:
                self._composer.set_draft(whole)
            if whole != stored:
                self._timer.start()
            self.loaded.emit()

        self._conversations.run(lambda s: s.drafts.load(key), done)

    def _write(self, key: str, draft: Draft) -> None:
        def done(_: None) -> None:
            self._unsaved.pop(key, None)

        def failed(problem: Problem) -> None:
            self._unsaved[key] = draft
            self._conversations.complain(problem)

        self._conversations.run(lambda s: s.drafts.save(key, draft), done, failed)

    def _save_soon(self) -> None:
        if self._conversations.is_ready and not self._is_loaded:
            self._load()
        else:
            self.save()

    def _changed(self) -> None:
        self._is_own = True
        self._timer.start()


def joined(first: Draft, then: Draft) -> Draft:
    """Both drafts as one; what stands at the end of the first already comes once."""
    text = first.text
    if not text.strip():
        text = then.text
    elif then.text.strip() and text != then.text and not text.endswith(f"\n\n{then.text}"):
        text = f"{text}\n\n{then.text}"
    return Draft(text, tuple(dict.fromkeys((*first.attachments, *then.attachments))))
