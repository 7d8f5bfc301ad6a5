"""What can go wrong with the memory of conversations."""

from __future__ import annotations

from app.core.errors import AppError


class NothingToSummarise(AppError):
    """Asked for a summary of a conversation that has only begun, or has one already."""

    code = "memory.nothing-to-summarise"
    summary = "There is nothing yet that a summary could stand for."
    action = "The last questions and answers stay word for word; go on, and try it later."


class NoSummaryWritten(AppError):
    """The model answered with nothing that could be one."""

    code = "memory.no-summary"
    summary = "The model wrote nothing that could be used as a summary."
    action = "Try it again later, or with a larger model; nothing was changed."


class TooManyFacts(AppError):
    """Each is told with every question, so there may not be any number of them."""

    code = "memory.too-many-facts"
    summary = "No more than {most} things can be remembered."
    action = "Delete some of them under 'What is remembered', and add it again."
