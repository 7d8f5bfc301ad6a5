"""The table that a batch writes: appended to a row at a time, and gone on with after any end.

Each row is on the disk before the next is begun. Cells are written as they are: an answer that
begins with "=" is a formula to a spreadsheet program, as the table's own cells are; whoever could
make the model write one could have written it into the table.

Beside it lies a small file that says what the run was begun with, for as long as it is not over.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from app.core.batch_errors import (
    BatchError,
    OutputDamaged,
    OutputDiskFull,
    OutputExists,
    OutputInUse,
    OutputIsInput,
    OutputNotWritable,
    OutputOfAnotherRun,
)
from app.services.batch_files import Table, read_table, rows_of

MOST_COMPARED = 1 << 20  # bytes of a row that was not written to its end
LINE_END = "\r\n"  # as RFC 4180 wants it, and so that a lone \r in a cell is quoted


class Output:
    """The table with the answers. `open` it, `append` rows, `close` or `finish` it."""

    def __init__(self, path: Path, table: Table, columns: Sequence[str], run: Mapping[str, str]):
        """`columns` come after those of `table`; `run` says what the run is begun with, by what a
        person calls it, as texts that are compared."""
        self.path = path
        self._table = table
        self._columns = tuple(columns)
        self._run = {**run, "columns": json.dumps([*table.columns, *columns])}
        self._file: IO[bytes] | None = None
        self._lock: Any = None
        self.done = 0  # rows that are in it

    @property
    def note(self) -> Path:
        """The file beside it."""
        return self.path.with_name(f"{self.path.name}.batch.json")

    def open(self, *, restarts: bool = False) -> int:
        """Begin, or go on where it ended; returns how many rows are in it. Raises BatchError."""
        if not self.path.parent.is_dir():  # the lock would make it
            raise OutputNotWritable(path=self.path)
        if self.path.exists() and self.path.samefile(self._table.path):
            raise OutputIsInput(path=self.path)
        self._take_lock()
        try:
            if restarts:
                self.path.unlink(missing_ok=True)
            if self.path.exists() and self._is_begun_already():
                self._go_on()
            else:
                self._begin()
        except OSError as error:
            self.close()
            raise self._failure(error) from None
        except BatchError:
            self.close()
            raise
        return self.done

    def append(self, cells: Sequence[str]) -> None:
        """Write one row and have it on the disk. Raises BatchError; then the row is not there."""
        assert self._file is not None
        data = self._line(cells)
        end = self._file.tell()
        try:
            _write(self._file, data)
        except OSError as error:
            self._take_back(end)
            raise self._failure(error) from None
        self.done += 1

    def finish(self) -> None:
        """Every row is in it: what was only for going on is deleted."""
        self.close(is_over=True)

    def close(self, *, is_over: bool = False) -> None:
        """Let go of it; it can be opened again."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # a full disk: the rows before are there
                file.close()
        if is_over:
            self.note.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.release()
            self._lock_file.unlink(missing_ok=True)
            self._lock = None

    # inside

    @property
    def _lock_file(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def _take_lock(self) -> None:
        from filelock import FileLock, Timeout

        lock = FileLock(self._lock_file, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise OutputInUse(path=self.path) from None
        except OSError as error:
            raise self._failure(error) from None
        self._lock = lock

    def _begin(self) -> None:
        _write_whole(self.note, json.dumps(self._run, ensure_ascii=False, indent=1).encode())
        self._file = self.path.open("ab", buffering=0)
        try:
            _write(self._file, self._first_line())
        except OSError:
            self._take_back(0)
            raise
        self.done = 0

    def _is_begun_already(self) -> bool:
        """False where there is nothing of a run in it but perhaps the names of the columns; then it
        is deleted. Raises OutputExists, OutputOfAnotherRun or OutputDamaged."""
        begun = self._begun_with()
        differing = [name for name, value in self._run.items() if begun.get(name) != value]
        if differing and not self._has_names_alone(begun.get("columns")):
            raise OutputOfAnotherRun(path=self.path, differences=", ".join(differing))
        if differing or self.path.stat().st_size == 0:
            self.path.unlink()
            return False
        return True

    def _begun_with(self) -> dict[str, Any]:
        """What the run was begun with. Raises OutputExists or OutputDamaged."""
        try:
            begun = json.loads(self.note.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise OutputExists(path=self.path) from None
        except ValueError:
            begun = None
        if not isinstance(begun, dict):
            raise OutputDamaged(path=self.path)
        return begun

    def _has_names_alone(self, columns: object) -> bool:
        """Whether no row was written yet; `columns` are the names as the note has them."""
        try:
            found = read_table(self.path)
        except BatchError:
            return self.path.stat().st_size == 0
        return found.rows == 0 and json.dumps([*found.columns]) == columns

    def _go_on(self) -> None:
        """Cut off a row that was not written to its end, count the whole ones. Raises OutputDamaged
        where another program saved it: what is cut off is never anything else."""
        records, end = _whole_records(self.path)
        first = self._first_line()
        with self.path.open("rb") as there:
            begin = there.read(len(first) + 1)
            there.seek(end)
            rest = there.read(MOST_COMPARED)
        if not records and first.startswith(begin):
            self.path.unlink()
            self._begin()
            return
        is_ours = records > 0 and begin.startswith(first) and records - 1 <= self._table.rows
        if not is_ours or (rest and not self._is_begun(records - 1, rest)):
            raise OutputDamaged(path=self.path)
        file = self.path.open("r+b", buffering=0)
        file.truncate(end)
        file.seek(end)
        self._file = file
        self.done = records - 1

    def _first_line(self) -> bytes:
        """The names of the columns. The mark is for spreadsheet programs: without one they take
        the file for what the table was, or for something older."""
        mark = "" if self._table.encoding == "utf-8" else "\ufeff"
        return mark.encode() + self._line((*self._table.columns, *self._columns))

    def _is_begun(self, number: int, written: bytes) -> bool:
        """Whether `written` is the beginning of what comes of that row of the table."""
        row = next(rows_of(self._table, number), None)
        if row is None:
            return False
        delimiter = self._table.delimiter.encode()
        begin = (self._line(row.cells).removesuffix(LINE_END.encode()) + delimiter)[:MOST_COMPARED]
        return begin.startswith(written[: len(begin)])

    def _line(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self._table.delimiter, lineterminator=LINE_END)
        writer.writerow([cell.replace("\0", "") for cell in cells])
        return text.getvalue().encode("utf-8", "replace")

    def _take_back(self, end: int) -> None:
        """What a full disk has of a row that did not fit."""
        with contextlib.suppress(OSError):  # else it is cut off the next time
            if self._file is not None:
                self._file.truncate(end)
                self._file.seek(end)

    def _failure(self, error: OSError) -> BatchError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return OutputDiskFull(str(error), path=self.path)
        return OutputNotWritable(str(error), path=self.path)


def _write(file: IO[bytes], data: bytes) -> None:
    """All of `data`, on the disk; a disk that is nearly full takes a part of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())


def _whole_records(path: Path) -> tuple[int, int]:
    """How many records of a file of ours are whole, and where the last of them ends, in bytes.

    A line ends a record where the quotation marks until there are even; in UTF-8 no byte of another
    character looks like one of these."""
    records = end = place = quotes = 0
    with path.open("rb") as file:
        for line in file:
            place += len(line)
            quotes += line.count(b'"')
            if quotes % 2 == 0 and line.endswith(LINE_END.encode()):
                records, end = records + 1, place
    return records, end


def _write_whole(path: Path, data: bytes) -> None:
    """All of it or nothing."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
