"""What can go wrong when a prompt is run over a table."""

from __future__ import annotations

from app.core.errors import AppError


class BatchError(AppError):
    code = "batch"
    summary = "The prompt could not be run over {name}."
    action = "The details say what happened. What was answered so far is kept."


class TableNotReadable(BatchError):
    code = "batch.not-readable"
    summary = "The table {path} could not be read."
    action = "Check that the file is there and may be read, then choose it again."


class TableEmpty(BatchError):
    code = "batch.empty"
    summary = "There is no table in {name}: it needs a line with the names of the columns."
    action = "Choose a CSV file whose first line names its columns."


class TableNoText(BatchError):
    code = "batch.no-text"
    summary = "{name} is no text, so it cannot be read as a table."
    action = "In the spreadsheet program, save the table as CSV in UTF-8, then choose that file."


class TableBroken(BatchError):
    code = "batch.broken"
    summary = "{name} is not a correct CSV file: line {line} cannot be read."
    action = "Look for quotation marks that are not closed, mend the file, then choose it again."


class ColumnTwice(BatchError):
    code = "batch.column-twice"
    summary = "{name} has more than one column called “{column}”."
    action = "Give each column a name of its own in the first line, then choose the file again."


class ColumnUnnamed(BatchError):
    code = "batch.column-unnamed"
    summary = "Column {number} of {name} has no name."
    action = "Name every column in the first line, then choose the file again."


class ColumnMissing(BatchError):
    code = "batch.column-missing"
    summary = "The prompt needs “{variable}”, and {name} has no column of that name."
    action = (
        "Name a column so, choose another column for it (--map), or give it a fixed value (--set)."
    )


class ColumnTaken(BatchError):
    code = "batch.column-taken"
    summary = "{name} already has a column called “{column}”, where the answers should go."
    action = "Choose another name for the column with the answers (--column)."


class ValueUnknown(BatchError):
    code = "batch.value-unknown"
    summary = "The prompt has no variable called “{variable}”."
    action = "It has: {variables}."


class SchemaNotReadable(BatchError):
    code = "batch.schema"
    summary = "The JSON schema cannot be used ({reason})."
    action = "Correct it, or run the prompt without one."


class OutputExists(BatchError):
    code = "batch.output-exists"
    summary = "{path} is there already and does not belong to a run that could go on."
    action = "Choose another file, or have it begin anew (--restart), which deletes that file."


class OutputIsInput(BatchError):
    code = "batch.output-is-input"
    summary = "The answers cannot be written into the table that is read, {path}."
    action = "Choose another file for the answers."


class OutputOfAnotherRun(BatchError):
    code = "batch.another-run"
    summary = "{path} was begun with something else: {differences}."
    action = "Go on as it was begun, choose another file, or have it begin anew (--restart)."


class OutputDamaged(BatchError):
    code = "batch.output-damaged"
    summary = "{path} was changed since, so nobody can tell which rows are done."
    action = "Choose another file, or have it begin anew (--restart), which deletes that file."


class OutputInUse(BatchError):
    code = "batch.in-use"
    summary = "Another run is writing to {path} at this moment."
    action = "Wait until it has ended, or choose another file."


class OutputNotWritable(BatchError):
    code = "batch.not-writable"
    summary = "The answers could not be written to {path}."
    action = "Check that the folder is there and can be written to, then go on."


class OutputDiskFull(BatchError):
    code = "batch.disk-full"
    summary = "The disk that holds {path} is full. The rows that were answered are kept."
    action = "Free some space, then go on: it continues with the next row."


class BatchModelChanged(BatchError):
    code = "batch.model-changed"
    summary = "The run over {name} was begun with {model}, which is not loaded any more."
    action = "Load that model again, then go on."


class BatchGivenUp(BatchError):
    code = "batch.given-up"
    summary = "The model's process ended at several rows in a row, so the run over {name} paused."
    action = "Load the model with a smaller setting, then go on."


class RowTooWide(BatchError):
    code = "batch.row-too-wide"
    summary = "The row has more cells than there are columns."
    action = "Put cells with the delimiter in them into quotation marks."


class AnswerEmpty(BatchError):
    code = "batch.answer-empty"
    summary = "The answer is empty."
    action = "Ask in other words, or with another model."


class AnswerCutOff(BatchError):
    code = "batch.answer-cut-off"
    summary = "The answer is cut off: it reached the longest length."
    action = "Allow longer answers, or ask for shorter ones."


class AnswerNoObject(BatchError):
    code = "batch.answer-no-object"
    summary = "The answer is no whole JSON object ({answer})."
    action = "Allow longer answers, or ask for shorter ones."


class NoQuestionYet(AppError):
    code = "script.no-question"
    summary = "There is no question in this conversation that a script could ask."
    action = "Write one, or open another conversation."


class ScriptModelMissing(AppError):
    code = "script.no-model"
    summary = "The model of this conversation, {name}, is not on this computer."
    action = (
        "Load a model and have it answer here, or fetch that one again, then copy it as Python."
    )
