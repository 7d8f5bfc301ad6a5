"""Why an answer was slow, short or fast: its figures in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, QObject

from app.core.entities import Statistics, StopReason
from app.ui.words import number_text


def seconds_text(seconds: float) -> str:
    """A time such as '0.24 s' or '12 s'."""
    digits = 0 if seconds >= 10 else 1 if seconds >= 1 else 2
    return QCoreApplication.translate("AnswerFigures", "{time} s").replace(
        "{time}", QLocale().toString(seconds, "f", digits)
    )


def lines_of(figures: Statistics) -> list[str]:
    """One sentence a figure, in the order of time; what is not known is left out."""
    return AnswerFigures().lines(figures)


class AnswerFigures(QObject):
    """An object only because Qt's tool finds the forms of a number nowhere else."""

    def lines(self, figures: Statistics) -> list[str]:
        """One sentence a figure."""
        lines = [
            self._load(figures),
            self._known(figures),
            self._read(figures),
            self._dropped(figures),
            self._first(figures),
            self._written(figures),
            self._guessed(figures),
            self._end(figures),
            self._place(figures),
        ]
        return [line for line in lines if line]

    def _load(self, figures: Statistics) -> str:
        if not figures.load_s:
            return ""
        return self.tr("It waited for the model to load: {time}.").replace(
            "{time}", seconds_text(figures.load_s)
        )

    def _known(self, figures: Statistics) -> str:
        if not figures.reused_tokens:
            return ""
        known, of = number_text(figures.reused_tokens), number_text(figures.prompt_tokens)
        text = self.tr("{known} of {all} tokens had been read before.")
        if figures.restored_tokens:
            text = self.tr("{known} of {all} tokens had been read before and were kept.")
        elif figures.shifted_tokens:
            text = self.tr("{known} of {all} tokens had been read before; some moved up.")
        return text.replace("{known}", known).replace("{all}", of)

    def _read(self, figures: Statistics) -> str:
        count = figures.prompt_tokens - figures.reused_tokens
        if count <= 0 or not figures.read_s:
            return ""
        return (
            self.tr("Reading %Ln tokens took {time} ({speed} tokens/s).", "", count)
            .replace("{time}", seconds_text(figures.read_s))
            .replace("{speed}", number_text(round(count / figures.read_s)))
        )

    def _dropped(self, figures: Statistics) -> str:
        if not figures.dropped_turns:
            return ""
        return self.tr(
            "The context was full: the oldest messages were left out ({count})."
        ).replace("{count}", number_text(figures.dropped_turns))

    def _first(self, figures: Statistics) -> str:
        if not figures.completion_tokens:
            return ""
        return self.tr("The first word came after {time}.").replace(
            "{time}", seconds_text(figures.ttft_s)
        )

    def _written(self, figures: Statistics) -> str:
        if not figures.write_s:
            return ""
        return (
            self.tr(
                "Writing %Ln tokens took {time} ({speed} tokens/s).",
                "",
                figures.completion_tokens,
            )
            .replace("{time}", seconds_text(figures.write_s))
            .replace("{speed}", QLocale().toString(figures.tokens_per_s, "f", 1))
        )

    def _guessed(self, figures: Statistics) -> str:
        if not figures.drafted_tokens:
            return ""
        return (
            self.tr("{right} of {all} guessed tokens were right.")
            .replace("{right}", number_text(figures.accepted_tokens))
            .replace("{all}", number_text(figures.drafted_tokens))
        )

    def _end(self, figures: Statistics) -> str:
        return {
            StopReason.END.value: self.tr("The model ended it by itself."),
            StopReason.LIMIT.value: self.tr(
                "It ended at the longest answer or the end of the context."
            ),
            StopReason.STOPPED.value: self.tr("It was stopped."),
        }.get(figures.stop_reason, "")

    def _place(self, figures: Statistics) -> str:
        if not figures.layers:
            return ""
        if not figures.gpu_layers:
            return self.tr("All was computed by the processor.")
        return self.tr(
            "%Ln of {all} layers were computed by the graphics card.",
            "",
            figures.gpu_layers,
        ).replace("{all}", number_text(figures.layers))
