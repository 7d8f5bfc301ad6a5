"""Keeps what is being written, for each conversation: on the disk a second after the last key."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.entities import ConversationId, Draft
from app.services.conversations import Conversations
from app.ui.composer import Composer

SAVE_MS = 1000


class Drafts(QObject):
    """Swaps the composer's text with the conversation on show."""

    homeless = Signal()  # the database is not open: what is written must go elsewhere

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
        self._is_loading = False
        self._is_first = True
        self._recovered = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)
        composer.draft_changed.connect(self._changed)

    def recover(self, text: str) -> None:
        """What the last run could not put into the database: shown with the first conversation."""
        self._recovered = text

    def show(self, conversation_id: ConversationId | None) -> None:
        """Another conversation is on show: save what was written in the one before, load its own.

        What is typed until it is loaded goes before what was stored.
        """
        key = conversation_id or self._new_key
        if self._is_first:  # what was typed before the database was open belongs to this one
            self._is_first = False
        elif key == self._key:
            return
        else:
            self.save()
            self._composer.set_draft(Draft())
        self._key, self._known, self._is_loading = key, Draft(), True

        def done(draft: Draft) -> None:
            if self._key != key or self._is_closed:
                return
            self._is_loading = False
            self._known = draft
            if self._composer.draft() == Draft():
                recovered, self._recovered = self._recovered, ""
                self._composer.set_draft(draft if draft != Draft() else Draft(recovered))

        if not self._conversations.run(lambda s: s.drafts.load(key), done):
            self._is_loading = False

    def sent(self, conversation_id: ConversationId) -> None:
        """What was written became a message of this conversation, perhaps a new one."""
        before = self._key
        self._key = conversation_id
        if before != conversation_id:
            self._conversations.run(lambda s: s.drafts.save(before, Draft()), lambda _: None)
        self.save()

    def save(self) -> None:
        """Write it now, where it is not what the disk has."""
        self._timer.stop()
        draft, key = self._composer.draft(), self._key
        if draft == self._known:
            return
        if self._conversations.is_ready:
            self._known = draft
            self._conversations.run(lambda s: s.drafts.save(key, draft), lambda _: None)
        else:
            self.homeless.emit()

    def close(self) -> None:
        """The window goes: write it now and hear nothing more."""
        self.save()
        self._is_closed = True

    def _changed(self) -> None:
        self._timer.start()
