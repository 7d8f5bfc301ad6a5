"""How many of something, in the form that the language has for that number."""

from __future__ import annotations

from PySide6.QtCore import QObject


class Counts(QObject):
    """An object only because Qt's tool finds the forms of a number nowhere else."""

    def conversations(self, count: int) -> str:
        """So many conversations."""
        return self.tr("%Ln conversations", "", count)

    def in_conversations(self, count: int) -> str:
        """Where a model answered."""
        return self.tr("In %Ln conversations", "", count)

    def conversations_that_stay(self, count: int) -> str:
        """What becomes of the conversations of a model that is deleted."""
        return self.tr(
            "%Ln conversations keep their text, but must be continued with another model.",
            "",
            count,
        )

    def days_left(self, count: int) -> str:
        """How long something still takes, or stays."""
        return self.tr("%Ln days left", "", count)
