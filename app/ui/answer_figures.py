"""Why an answer was slow, short or fast: its figures in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.entities import Statistics, StopReason
from app.ui.words import number_text


def tr(text: str) -> str:
    """Translate in this file's own context; it has no widget."""
    return QCoreApplication.translate("AnswerFigures", text)


def seconds_text(seconds: float) -> str:
    """A time such as '0.24 s' or '12 s'."""
    digits = 0 if seconds >= 10 else 1 if seconds >= 1 else 2
    return tr("{time} s").replace("{time}", QLocale().toString(seconds, "f", digits))


def lines_of(figures: Statistics) -> list[str]:
    """One sentence a figure, in the order of time; what is not known is left out."""
    lines = [
        _load(figures),
        _known(figures),
        _read(figures),
        _dropped(figures),
        _first(figures),
        _written(figures),
        _guessed(figures),
        _end(figures),
        _place(figures),
    ]
    return [line for line in lines if line]


def _load(figures: Statistics) -> str:
    if not figures.load_s:
        return ""
    return tr("It waited for the model to load: {time}.").replace(
        "{time}", seconds_text(figures.load_s)
    )


def _known(figures: Statistics) -> str:
    if not figures.reused_tokens:
        return ""
    known, of = number_text(figures.reused_tokens), number_text(figures.prompt_tokens)
    text = tr("{known} of {all} tokens had been read before.")
    if figures.restored_tokens:
        text = tr("{known} of {all} tokens had been read before and were kept.")
    elif figures.shifted_tokens:
        text = tr("{known} of {all} tokens had been read before; some moved up.")
    return text.replace("{known}", known).replace("{all}", of)


def _read(figures: Statistics) -> str:
    count = figures.prompt_tokens - figures.reused_tokens
    if count <= 0 or not figures.read_s:
        return ""
    return (
        tr("Reading {count} tokens took {time} ({speed} tokens/s).")
        .replace("{count}", number_text(count))
        .replace("{time}", seconds_text(figures.read_s))
        .replace("{speed}", number_text(round(count / figures.read_s)))
    )


def _dropped(figures: Statistics) -> str:
    if not figures.dropped_turns:
        return ""
    return tr("The context was full: the oldest messages were left out ({count}).").replace(
        "{count}", number_text(figures.dropped_turns)
    )


def _first(figures: Statistics) -> str:
    if not figures.completion_tokens:
        return ""
    return tr("The first word came after {time}.").replace("{time}", seconds_text(figures.ttft_s))


def _written(figures: Statistics) -> str:
    if not figures.write_s:
        return ""
    return (
        tr("Writing {count} tokens took {time} ({speed} tokens/s).")
        .replace("{count}", number_text(figures.completion_tokens))
        .replace("{time}", seconds_text(figures.write_s))
        .replace("{speed}", QLocale().toString(figures.tokens_per_s, "f", 1))
    )


def _guessed(figures: Statistics) -> str:
    if not figures.drafted_tokens:
        return ""
    return (
        tr("{right} of {all} guessed tokens were right.")
        .replace("{right}", number_text(figures.accepted_tokens))
        .replace("{all}", number_text(figures.drafted_tokens))
    )


def _end(figures: Statistics) -> str:
    return {
        StopReason.END.value: tr("The model ended it by itself."),
        StopReason.LIMIT.value: tr("It ended at the longest answer or the end of the context."),
        StopReason.STOPPED.value: tr("It was stopped."),
    }.get(figures.stop_reason, "")


def _place(figures: Statistics) -> str:
    if not figures.layers:
        return ""
    if not figures.gpu_layers:
        return tr("All was computed by the processor.")
    return (
        tr("{count} of {all} layers were computed by the graphics card.")
        .replace("{count}", number_text(figures.gpu_layers))
        .replace("{all}", number_text(figures.layers))
    )
