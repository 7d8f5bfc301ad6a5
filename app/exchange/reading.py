"""Reading what strangers wrote: every value may be of any type, any size and any encoding."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

MOST_JSON_BYTES = 768 << 20  # of one JSON file; the largest exports known are below a third of it
MOST_ATTACHMENT_BYTES = 128 << 20
LAST_YEAR = 2200  # what was written later, was not
MOST_MESSAGES = 200_000  # of one conversation
_DECODER = json.JSONDecoder()


class Bad(Exception):
    """This conversation, or this file, cannot be read; the text says why, for the details."""


class Empty(Bad):
    """There is a conversation, and nothing was said in it."""


def text_of(value: object) -> str:
    """A text as it is; a number as its digits; anything else is empty."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value) if abs(value) < 1e300 else ""


def clean(text: str) -> str:
    """Without what a database or a file in UTF-8 cannot hold: half characters and zero bytes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def mapping(value: object) -> dict[str, Any]:
    """An object as it is; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A list as it is; anything else is an empty one."""
    return value if isinstance(value, list) else []


def flag(value: object) -> bool:
    """Only true itself is true."""
    return value is True


def whole_number(value: object, default: int = 0) -> int:
    """A whole number as it is; anything else is the default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def moment(value: object) -> datetime | None:
    """A time written as ISO 8601, or as seconds, milli- or microseconds since 1970; else None."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found.astimezone(UTC) if 1970 <= found.year <= LAST_YEAR else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    while seconds > 1e11:  # milliseconds then, or microseconds
        seconds /= 1000
    found = datetime.fromtimestamp(seconds, UTC)
    return found if found.year <= LAST_YEAR else None


def decode(data: bytes) -> str:
    """Text from bytes: UTF-8, or what its byte order mark says; wrong bytes become a mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def elements(text: str) -> Iterator[object]:
    """The elements of a JSON list one after another, or the one value that is there.

    Only one is in memory beside the text. Raises Bad where it ends too soon, is no JSON, or is
    nested too deep; what came before has been given by then.
    """
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        value, _ = _value(text, at)
        yield value
        return
    at = _after_space(text, at + 1)
    while text[at : at + 1] != "]":
        value, at = _value(text, at)
        yield value
        at = _after_space(text, at)
        if text[at : at + 1] == ",":
            at = _after_space(text, at + 1)
        elif text[at : at + 1] != "]":
            raise Bad(f"the list is broken at character {at}")


def lines(text: str) -> Iterator[object]:
    """The values of a JSON Lines text; a line that is none is left out."""
    for line in text.splitlines():
        if line.strip():
            try:
                yield _value(line, _after_space(line, 0))[0]
            except Bad:
                continue


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise Bad("nested too deep") from None
    except ValueError as error:
        raise Bad(str(error)) from None


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at
