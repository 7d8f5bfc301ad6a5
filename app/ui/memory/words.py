"""Names of the parts of the context and of memory policies, in the person's language."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.memory import PartKind, WhenFull
from app.ui.words import number_text

ROOM, FREE = "room", "free"  # beside the kinds of parts: kept for the answer; not used


class MemoryWords(QObject):
    """An object only because Qt's tool finds the forms of a number nowhere else."""

    def kind(self, kind: str) -> str:
        """What a part of the context is called."""
        return {
            PartKind.SYSTEM.value: self.tr("System prompt"),
            PartKind.FACTS.value: self.tr("Remembered about you"),
            PartKind.SUMMARY.value: self.tr("Summary"),
            PartKind.PINNED.value: self.tr("Always kept"),
            PartKind.TURN.value: self.tr("Messages"),
            PartKind.ATTACHMENT.value: self.tr("Attachments"),
            PartKind.DRAFT.value: self.tr("What you are writing"),
            ROOM: self.tr("Room for the answer"),
            FREE: self.tr("Free"),
        }[kind]

    def tokens(self, count: int) -> str:
        """So many tokens."""
        return self.tr("%Ln tokens", "", count)

    def messages(self, count: int) -> str:
        """So many messages."""
        return self.tr("%Ln messages", "", count)

    def used(self, total: int, context: int) -> str:
        """How much of the context a prompt takes."""
        words = self.tr("{used} of {context} tokens").replace("{used}", number_text(total))
        return words.replace("{context}", number_text(context))

    def leaves_out(self, count: int, *, is_middle: bool) -> str:
        """What does not fit any more once the draft is sent."""
        if is_middle:
            return self.tr("Sending this leaves out %Ln messages from the middle.", "", count)
        return self.tr("Sending this leaves out the %Ln oldest messages.", "", count)

    def not_seen_above(self, count: int, *, from_start: bool) -> str:
        """Where in the conversation something ends that the model does not see."""
        if from_start:
            return self.tr("The model no longer sees what is above")
        return self.tr("The model does not see the %Ln messages above", "", count)

    def summarised(self, count: int) -> str:
        """How many messages a summary stands for."""
        return self.tr("Summarised: %Ln messages.", "", count)

    def when_full(self, choice: str) -> str:
        """What happens when the context is full, as the name of a choice."""
        return {
            WhenFull.DROP_OLDEST.value: self.tr("Leave out the oldest"),
            WhenFull.DROP_MIDDLE.value: self.tr("Leave out the middle"),
            WhenFull.SUMMARISE.value: self.tr("Summarise"),
            WhenFull.ASK.value: self.tr("Stop and ask"),
        }[choice]

    def state(self, state: str) -> str:
        """What is special about a message, as `MemoryState.of` has it; empty for nothing."""
        return {
            "pinned": self.tr("Kept in memory always"),
            "left_out": self.tr("Left out of memory"),
            "unseen": self.tr("The model does not see this"),
            "summarised": self.tr("The model reads the summary instead"),
        }.get(state, "")
