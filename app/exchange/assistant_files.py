"""An assistant in one file, NAME.assistant.json, and back from a file that anybody may have made.

    {"format": "inglenook.assistant", "version": 1, "name": ..., "system": ..., "picture": BASE64}

The other keys are those of `core.assistants.document_of`.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping
from pathlib import Path

from app.core.assistant_errors import (
    AssistantFileBad,
    AssistantFileNotRead,
    AssistantFileNotWritten,
    AssistantFileTooNew,
)
from app.core.assistants import BadAssistant, assistant_from, document_of
from app.core.entities import new_id
from app.core.errors import AppError
from app.core.pictures import check_picture, check_unpacked
from app.core.prompts import Assistant, AssistantId
from app.exchange.naming import safe_name

FORMAT, VERSION = "inglenook.assistant", 1
ENDING = ".assistant.json"
PART = ".part"  # ends the name of what is not whole yet
MOST_FILE_BYTES = 8 << 20
MOST_PICTURE_BYTES, MOST_SIDE = 2 << 20, 512  # pixels; ours have half of that


def file_name(assistant: Assistant) -> str:
    """A file's name for it."""
    return f"{safe_name(assistant.name, 'Assistant')}{ENDING}"


def as_text(assistant: Assistant) -> str:
    """What its file holds; neither id nor time are anybody else's business."""
    picture = base64.b64encode(assistant.picture).decode("ascii")
    document = {"format": FORMAT, "version": VERSION, **document_of(assistant), "picture": picture}
    return json.dumps(document, ensure_ascii=False, indent=1)


def write(assistant: Assistant, target: Path) -> None:
    """Write its file; it has its name when it is whole. Raises AssistantFileNotWritten."""
    part = target.with_name(target.name + PART)
    try:
        try:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.write(as_text(assistant))
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise AssistantFileNotWritten(str(error), path=target) from error


def read(path: Path) -> Assistant:
    """The assistant in a file, with an id of its own.

    Raises AssistantFileNotRead, AssistantFileBad, AssistantFileTooNew.
    """
    try:
        if not path.is_file():  # also no pipe or device, which might never end
            raise AssistantFileNotRead("no file", path=path)
        with path.open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise AssistantFileNotRead(str(error), path=path) from error
    if len(data) > MOST_FILE_BYTES:
        raise AssistantFileBad(f"more than {MOST_FILE_BYTES} bytes", file=path.name)
    return from_data(data, path.name)


def from_data(data: bytes, name: str) -> Assistant:
    """The same for the bytes of a file called `name` (raises as `read`)."""
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AssistantFileBad(f"{type(error).__name__}: {error}", file=name) from error
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise AssistantFileBad(f"no {FORMAT}", file=name)
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise AssistantFileBad("a version that is no number", file=name)
    if version > VERSION:
        raise AssistantFileTooNew(f"version {version}", file=name)
    try:
        picture = _picture(document.get("picture", ""))
        return assistant_from(document, AssistantId(new_id()), picture)
    except (BadAssistant, AppError) as error:
        details = error.problem.details if isinstance(error, AppError) else str(error)
        raise AssistantFileBad(details or str(error), file=name) from error


def _picture(given: object) -> bytes:
    """Small enough that drawing it takes no time, and nothing that would unpack to more."""
    if not isinstance(given, str):
        raise BadAssistant("picture is no text")
    try:
        data = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAssistant(f"picture: {error}") from None
    if not data:
        return b""
    if len(data) > MOST_PICTURE_BYTES:
        raise BadAssistant(f"a picture of {len(data)} bytes")
    width, height = check_picture(data)
    if max(width, height) > MOST_SIDE:
        raise BadAssistant(f"a picture of {width} x {height} pixels")
    check_unpacked(data)
    return data
