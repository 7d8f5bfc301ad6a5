"""Opens the SQLite file: pragmas, migrations with a backup before each, errors in our words."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from app.core.errors import (
    AppError,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseTooNew,
    DiskFull,
    FolderNotWritable,
    StorageError,
)
from app.core.paths import unused_name
from app.storage.migrations import MIGRATIONS, Step

CHECKED_BYTES = 64 << 20  # a check reads the whole file: only where that takes a moment
BUSY_TIMEOUT_MS = 3000


class Database:
    """One connection; used by one thread at a time."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Run one statement. Raises a StorageError."""
        try:
            return self._connection.execute(sql, tuple(values))
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """All rows of a query. Raises a StorageError."""
        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of `rows`. Raises a StorageError."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    def apply(self, step: Step) -> None:
        """Run what changes the tables themselves. Raises a StorageError."""
        try:
            step(self._connection)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; on disk when the block is left."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()
            raise

    def empty_log(self) -> None:
        """After something was erased for good: the log beside the file holds nothing any more.

        Where another program reads the file just now, or the disk is full, the next call or the
        end does it.
        """
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file; what was written stays."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()


def open_database(path: Path, migrations: Sequence[Step] = MIGRATIONS) -> Database:
    """Open `path`, creating or upgrading it. Raises a StorageError or FolderNotWritable."""
    connection: sqlite3.Connection | None = None
    try:
        # One storage thread uses it, but it may be made on another
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        version = _version(connection)
        if version > len(migrations):
            raise DatabaseTooNew(path=path, version=version)
        _check(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # In WAL mode NORMAL survives kill -9 whole; a power cut may cost the last commits,
        # never the file
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is erased for good is overwritten; some builds of SQLite do so anyway, others do not
        connection.execute("PRAGMA secure_delete = ON")
        _migrate(connection, path, version, migrations)
    except (sqlite3.Error, OSError, AppError) as error:
        if connection is not None:
            connection.close()
        if not isinstance(error, AppError):
            raise translated(error, path) from error
        raise
    return Database(path, connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Find damage before anything is written on top of it."""
    if path.stat().st_size > CHECKED_BYTES:
        return
    answer = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    if answer != "ok":
        raise DatabaseDamaged(answer, path=path)


def _migrate(
    connection: sqlite3.Connection, path: Path, version: int, migrations: Sequence[Step]
) -> None:
    for number in range(version + 1, len(migrations) + 1):
        if version > 0:
            _back_up(connection, path, number)
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) >= number:  # another process was faster
                connection.execute("COMMIT")
                continue
            migrations[number - 1](connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.rollback()
            raise


def _back_up(connection: sqlite3.Connection, path: Path, number: int) -> None:
    """A copy as it was before step `number`; visible under its name only when it is whole."""
    target = backup_path(path, number)
    temporary = target.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    copy = sqlite3.connect(temporary)
    try:
        with contextlib.closing(copy):
            connection.backup(copy)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def backup_path(path: Path, number: int) -> Path:
    """Where the copy from before step `number` lies."""
    return path.with_name(f"{path.stem}.before-v{number}{path.suffix}")


def set_aside(path: Path) -> Path:
    """Rename a damaged database and what belongs to it; returns its new name."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    target = unused_name(path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}"))
    try:
        os.replace(path, target)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}{ending}", f"{target}{ending}")
    except OSError as error:
        raise FolderNotWritable(str(error), path=path.parent) from error
    return target


def translated(error: sqlite3.Error | OSError, path: Path) -> AppError:
    """An error of SQLite, or of the disk below it, as one of ours."""
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF  # the primary code
    details = f"{type(error).__name__}: {error}"
    is_out_of_room = extended in (sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE)
    no_space = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if code == sqlite3.SQLITE_FULL or no_space or (is_out_of_room and _is_full(path)):
        return DiskFull(details, path=path)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return DatabaseDamaged(details, path=path)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return DatabaseLocked(details, path=path)
    if isinstance(error, PermissionError) or code in (
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    ):
        return FolderNotWritable(details, path=path.parent)
    return StorageError(details, path=path)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < 1 << 16
    except OSError:
        return False


def forget_old_backups(path: Path, days: float) -> None:
    """Remove copies of before a step that are older: what was erased since is still in them."""
    oldest = time.time() - days * 86_400
    for copy in path.parent.glob(f"{path.stem}.before-v*{path.suffix}"):
        with contextlib.suppress(OSError):
            if copy.stat().st_mtime < oldest:
                copy.unlink()
