"""What can go wrong with assistants and the files in which they are shared."""

from __future__ import annotations

from app.core.errors import AppError


class AssistantError(AppError):
    code = "assistant"
    summary = "The assistant {name} could not be used."
    action = "Look at it under Assistants and mend what the details name."


class AssistantsNotOpen(AssistantError):
    code = "assistant.not-open"
    summary = "The assistants cannot be kept: the file with your conversations is not open."
    action = "Mend what the message at the bottom of the window says, then try again."


class AssistantFileBad(AssistantError):
    code = "assistant.file"
    summary = "{file} is not an assistant that Inglenook can read."
    action = "Ask for the file again; the details say what is wrong with it."


class AssistantFileTooNew(AssistantError):
    code = "assistant.file-too-new"
    summary = "{file} was written by a newer Inglenook."
    action = "Install the newer version, then import it again."


class AssistantFileNotRead(AssistantError):
    code = "assistant.not-read"
    summary = "{path} could not be read."
    action = "Check that the file is there and may be read, then try again."


class AssistantFileNotWritten(AssistantError):
    code = "assistant.not-written"
    summary = "{path} could not be written."
    action = "Check that the folder can be written to and has space, or choose another one."


class AssistantPictureBad(AssistantError):
    code = "assistant.picture"
    summary = "{file} is not a picture that can be used."
    action = "Choose a PNG, JPEG, GIF or BMP picture of at most 20 MB."
