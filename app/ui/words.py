"""Problems, sizes and figures in the person's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.core.errors import Problem, fill


def summary_of(problem: Problem) -> str:
    """What happened, translated."""
    return fill(QCoreApplication.translate("Problem", problem.summary), problem.params)


def action_of(problem: Problem) -> str:
    """What to do about it, translated."""
    return fill(QCoreApplication.translate("Problem", problem.action), problem.params)


def size_text(size_bytes: int) -> str:
    """A size such as '94 MiB'."""
    return QLocale().formattedDataSize(size_bytes, 1 if size_bytes >= 1 << 30 else 0)


def number_text(value: int) -> str:
    """A whole number with the language's separators."""
    return QLocale().toString(value)


def percent_text(fraction: float) -> str:
    """A part of 1 as a percentage, such as '42 %' or '42%', as the language has it."""
    number = QLocale().toString(round(fraction * 100))
    return QCoreApplication.translate("Figures", "{number}%").replace("{number}", number)


def short_model_name(name: str) -> str:
    """A model's name without the ending of its file."""
    return name.removesuffix(".gguf")
