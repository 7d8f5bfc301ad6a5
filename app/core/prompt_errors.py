"""What can go wrong with prompts: their names, their templates, the values in them, their files."""

from __future__ import annotations

from app.core.errors import AppError, Problem


class PromptError(AppError):
    code = "prompt"
    summary = "The prompt could not be used."
    action = "Open the details, correct the prompt, then try again."


class PromptRefused(PromptError):
    """What the template process found, with the problem that it made of it."""

    code = "prompt.refused"
    summary = "The prompt cannot be filled in."
    action = "Open the details, correct the prompt, then try again."

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem


class PromptNotFound(PromptError):
    code = "prompt.not-found"
    summary = "There is no prompt {name}."
    action = "Look into the prompt library for what there is."


class PromptsNotOpen(PromptError):
    code = "prompt.not-open"
    summary = "Your prompts could not be reached: the file that holds them is not open."
    action = "Wait a moment, then try again."


class PromptNameBad(PromptError):
    code = "prompt.name-bad"
    summary = "“{name}” cannot be the name of a prompt."
    action = "Use at most 64 letters, digits, _ and -, with a letter or digit first."


class PromptNameTaken(PromptError):
    code = "prompt.name-taken"
    summary = "There is a prompt {name} already."
    action = "Choose another name, or change that prompt."


class PromptIsBuiltIn(PromptError):
    code = "prompt.built-in"
    summary = "The prompt {name} comes with Inglenook and cannot be changed."
    action = "Make a copy of it and change the copy."


class PromptShapeBad(PromptError):
    code = "prompt.shape"
    summary = "The messages of the prompt are in an order that no model understands."
    action = (
        "Put the system message first, then questions and answers in turns as examples, and the"
        " question last."
    )


class PromptVariableBad(PromptError):
    code = "prompt.variable-bad"
    summary = "The field {name} of the prompt cannot be as it is."
    action = "Give each field a name of its own of letters, digits and _, and a choice its choices."


class PromptTextTooLong(PromptError):
    code = "prompt.too-long"
    summary = "Something in the prompt is too long, or too many: {place}."
    action = "Make it shorter, then save again."


class PromptMissingValue(PromptError):
    code = "prompt.missing-value"
    summary = "The prompt needs a value for: {names}."
    action = "Fill in what is missing, then try again."


class PromptUnknownVariable(PromptError):
    code = "prompt.unknown-variable"
    summary = "The text of the prompt uses {names}, and there is no such field."
    action = "Add the field or correct its name. Write braces that stand for themselves twice."


class PromptUnknownInJinja(PromptUnknownVariable):
    code = "prompt.unknown-variable-jinja"
    summary = "The text of the prompt uses {names}, and there is no such field or variable."
    action = "Add the field or correct its name."


class PromptNotANumber(PromptError):
    code = "prompt.not-a-number"
    summary = "“{value}” is not a number, and {name} is one."
    action = "Write it in digits, such as 3 or 2.5."


class PromptNumberBelow(PromptNotANumber):
    code = "prompt.number-below"
    summary = "{value} is too small for {name}."
    action = "Write {limit} or more."


class PromptNumberAbove(PromptNotANumber):
    code = "prompt.number-above"
    summary = "{value} is too large for {name}."
    action = "Write {limit} or less."


class PromptNotADate(PromptError):
    code = "prompt.not-a-date"
    summary = "“{value}” is not a date, and {name} is one."
    action = "Write it as year-month-day, such as 2026-11-26."


class PromptNotAChoice(PromptError):
    code = "prompt.not-a-choice"
    summary = "“{value}” is not one of the choices for {name}."
    action = "Choose one of: {choices}."


class PromptTemplateBad(PromptError):
    code = "prompt.template-bad"
    summary = "The text of the prompt has a mistake in message {message}, line {line} ({reason})."
    action = "Correct that line, then try again."


class PromptUnknownFilter(PromptTemplateBad):
    code = "prompt.unknown-filter"
    summary = "There is no filter or test “{name}” (message {message}, line {line})."
    action = "Correct its name or leave it out. There are those that Jinja2 has."


class PromptBracesBad(PromptTemplateBad):
    code = "prompt.braces"
    summary = "The braces in message {message}, line {line} of the prompt do not fit together."
    action = "Write a variable as {example}, and braces that stand for themselves twice."


class PromptAttributeBad(PromptTemplateBad):
    code = "prompt.attribute"
    summary = (
        "A prompt cannot look inside a value, as with {name} in message {message}, line {line}."
    )
    action = "Use the variable as it is, without a dot or brackets."


class PromptFormatBad(PromptTemplateBad):
    code = "prompt.format"
    summary = "The value of {name} cannot be written the way that the prompt asks for."
    action = "Take away what follows the colon, or give a value that fits it."


class PromptTooSlow(PromptError):
    code = "prompt.too-slow"
    summary = "The prompt's template was stopped: it took longer than {seconds} seconds."
    action = "Look for a loop without an end in its text."


class PromptTooLarge(PromptError):
    code = "prompt.too-large"
    summary = "The prompt with its values is larger than {size}."
    action = "Use a shorter text or file, or look for a loop in the prompt that writes too much."


class PromptEmpty(PromptError):
    code = "prompt.empty"
    summary = "Nothing is left of the prompt with these values."
    action = "Fill in its fields, or write more into its text."


class PromptFileBad(PromptError):
    code = "prompt.file-bad"
    summary = "{name} is no prompt that Inglenook understands (look at: {place})."
    action = "The details say what. Correct the file, or choose one that ends in .prompt.yaml."


class PromptFileTooLarge(PromptFileBad):
    code = "prompt.file-too-large"
    summary = "{name} is larger than a prompt can be, {size}."
    action = "Choose a file that ends in .prompt.yaml."


class PromptFileUnreadable(PromptError):
    code = "prompt.file-unreadable"
    summary = "{name} could not be read."
    action = "Check that it is still there and that you may read it, then try again."
