"""Tables for batches: a CSV file looked through, and read a row at a time."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from app.core.batch_errors import (
    ColumnTwice,
    ColumnUnnamed,
    TableBroken,
    TableEmpty,
    TableNoText,
    TableNotReadable,
)
from app.services.attaching_text import decoded

SAMPLE = 1 << 16  # bytes by which encoding and delimiter are guessed
MOST_CELL = 1 << 24  # characters of one cell
DELIMITERS = ",;\t|"
PREVIEW = 5  # rows
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_EXCEL = re.compile(rf"sep=[{re.escape(DELIMITERS)}]\r?\n")
ENCODINGS = ("utf-8", "gb18030", "shift_jis", "euc_jp", "big5", "euc_kr", "cp1251", "cp1252")


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file that was looked through. `rows` are those below the names of the columns."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: int
    preview: tuple[tuple[str, ...], ...] = ()
    digest: str = ""  # SHA-256 of its bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One row with as many cells as there are columns; `is_odd` where it had more."""

    cells: tuple[str, ...]
    is_odd: bool = False


def read_table(path: Path) -> Table:
    """Look through the whole file: whether it is a table, its columns, how many rows.

    Reads a row at a time. Raises BatchError."""
    try:
        with path.open("rb") as file:
            sample = file.read(SAMPLE)
        return _examine(path, _encoding_of(path, sample))
    except UnicodeError:
        # what the beginning looks like is not what the file is: let all of it decide
        try:
            return _examine(path, _encoding_of(path, path.read_bytes()))
        except UnicodeError as error:
            raise TableNoText(str(error), name=path.name) from None
    except OSError as error:
        raise TableNotReadable(str(error), path=path) from None


def rows_of(table: Table, start: int = 0) -> Iterator[Row]:
    """The rows from number `start` on, as they are read. Raises BatchError."""
    count = len(table.columns)
    try:
        with _open(table.path, table.encoding) as file:
            records = _records(file, table.delimiter, table.path)
            for cells in islice(records, start + 1, None):
                padded = (*cells, *[""] * (count - len(cells)))[:count]
                yield Row(tuple(padded), is_odd=any(cells[count:]))
    except OSError as error:
        raise TableNotReadable(str(error), path=table.path) from None
    except UnicodeError as error:  # it was changed since
        raise TableNoText(str(error), name=table.path.name) from None


def _examine(path: Path, encoding: str) -> Table:
    delimiter = _delimiter_of(path, encoding)
    with _open(path, encoding) as file:
        records = _records(file, delimiter, path)
        columns = _columns_of(next(records, []), path)
        preview = list(islice(records, PREVIEW))
        rows = len(preview) + sum(1 for _ in records)
    shown = tuple(tuple(cells) for cells in preview)
    return Table(path, encoding, delimiter, columns, rows, shown, digest_of(path))


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path, encoding: str) -> IO[str]:
    """From its first record on: a line before that which tells Excel the delimiter is none."""
    file = path.open(encoding=encoding, newline="")
    try:
        if _EXCEL.fullmatch(file.readline(8)) is None:
            file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _records(file: IO[str], delimiter: str, path: Path) -> Iterator[list[str]]:
    """The cells of each; empty lines are no rows. Raises TableBroken."""
    csv.field_size_limit(MOST_CELL)
    reader = csv.reader(file, delimiter=delimiter)
    try:
        for cells in reader:
            if any(cells) or len(cells) > 1:
                yield cells
    except csv.Error as error:
        raise TableBroken(str(error), name=path.name, line=reader.line_num) from None


def _columns_of(cells: Sequence[str], path: Path) -> tuple[str, ...]:
    """The names of the columns. Raises TableEmpty, ColumnUnnamed or ColumnTwice."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1] and len(names) > 1:
        names.pop()  # what a spreadsheet puts after the last column
    if not any(names):
        raise TableEmpty(name=path.name)
    for number, name in enumerate(names, start=1):
        if not name:
            raise ColumnUnnamed(name=path.name, number=number)
        if name in names[: number - 1]:
            raise ColumnTwice(name=path.name, column=name)
    return tuple(names)


def _encoding_of(path: Path, sample: bytes) -> str:
    """By the marks of Unicode, else by what the text in it would be. Raises TableNoText."""
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return encoding
    whole = sample
    if len(sample) == SAMPLE:  # not in the middle of a character
        whole = sample[: sample.rfind(b"\n") + 1] or sample
    text = decoded(whole)
    if text is None:
        raise TableNoText(name=path.name)
    for encoding in ENCODINGS:
        try:
            if whole.decode(encoding).replace("\r\n", "\n").replace("\r", "\n") == text:
                return encoding
        except UnicodeError:
            continue
    return "latin-1" if b"\0" not in whole else "utf-16-le"


def _delimiter_of(path: Path, encoding: str) -> str:
    """The one by which most rows of the beginning are as wide as the first, and widest."""

    def merit(delimiter: str) -> tuple[float, int]:
        found: list[int] = []
        with _open(path, encoding) as file:
            text = file.read(SAMPLE)
        with contextlib.suppress(csv.Error):
            found.extend(len(cells) for cells in csv.reader(io.StringIO(text), delimiter=delimiter))
        widths = [width for width in found[:50] if width]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    csv.field_size_limit(MOST_CELL)
    return max(DELIMITERS, key=merit)  # the first of equals: the comma
