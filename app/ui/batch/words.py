"""How far a run is, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, QObject

from app.services.batch import BatchProgress, BatchState
from app.ui.words import number_text

MINUTE, HOUR = 60, 3600


class BatchWords(QObject):
    """An object of Qt, for the plurals."""

    def rows(self, count: int) -> str:
        """So many rows."""
        return self.tr("%n rows", "", count)

    def figures(self, progress: BatchProgress) -> str:
        """Rows done, speed, time left, errors."""
        words = self.tr("{done} of {total} rows").replace("{done}", number_text(progress.done))
        parts = [words.replace("{total}", number_text(progress.total))]
        if progress.rows_per_min > 0 and progress.is_under_way:
            pace = QLocale().toString(progress.rows_per_min, "f", 0 if _is_fast(progress) else 1)
            parts.append(self.tr("{pace} rows a minute").replace("{pace}", pace))
        if progress.seconds_left > 0 and progress.is_under_way:
            parts.append(self.time_left(progress.seconds_left))
        if progress.errors:
            parts.append(_with(self.tr("{count} with an error"), progress.errors))
        return " · ".join(parts)

    def time_left(self, seconds: float) -> str:
        """About how long it takes."""
        if seconds < 1.5 * MINUTE:
            return _with(self.tr("{count} s left"), round(seconds))
        if seconds < 1.5 * HOUR:
            return _with(self.tr("{count} min left"), round(seconds / MINUTE))
        return _with(self.tr("{count} h left"), round(seconds / HOUR))

    def state(self, progress: BatchProgress) -> str:
        """What it is doing."""
        return {
            BatchState.PREPARING: self.tr("Reading the table…"),
            BatchState.RUNNING: self.tr("Running"),
            BatchState.WAITING: self.tr("Waiting: your conversation goes first"),
            BatchState.PAUSED: self.tr("Paused"),
            BatchState.FAILED: self.tr("Stopped"),
            BatchState.DONE: self.tr("Done"),
        }.get(progress.state, "")


def _is_fast(progress: BatchProgress) -> bool:
    return progress.rows_per_min >= 10  # then a decimal says nothing


def own_text() -> str:
    """What stands in the list of prompts for a text of one's own."""
    return QCoreApplication.translate("BatchDialog", "Own text")


def _with(words: str, count: int) -> str:
    """What is the same for one and for many."""
    return words.replace("{count}", number_text(count))
