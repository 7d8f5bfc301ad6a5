"""A file that is still arriving, and the hash of what is in it so far."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import AppError
from app.core.hub_errors import ModelsFolderFailed, WrongContent
from app.hub.places import no_space

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be: its size in bytes and one of the two hashes the hub announces."""

    name: str
    size: int
    sha256: str = ""
    git_sha1: str = ""  # of small files that are kept in git: over a header and the content

    def new_digest(self) -> _Hash:
        """The hash of no content yet."""
        if self.sha256:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)

    def is_met(self, digest: _Hash) -> bool:
        """Whether `digest` is the announced one."""
        return digest.hexdigest() == (self.sha256 or self.git_sha1).lower()


def disk_failed(error: OSError, path: Path, expected: Expected, done: int) -> AppError:
    """What a failure of the disk means to a person."""
    if error.errno in FULL:
        free = shutil.disk_usage(path.parent).free
        return no_space(expected.name, expected.size - done, free, str(error))
    return ModelsFolderFailed(str(error), path=path.parent)


class Part:
    """Open it, read it back, write what arrives, finish. Every failure is an AppError.

    Nothing is buffered: what was hashed is in the file, whatever ends this process.
    """

    def __init__(self, path: Path, expected: Expected) -> None:
        self._path = path
        self._expected = expected
        self._digest = expected.new_digest()
        self.position = 0
        # a symbolic link that somebody put there is not followed
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._file = os.fdopen(os.open(path, flags, 0o644), "r+b", buffering=0)
        except OSError as error:
            raise self._failed(error) from error

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._path.parent

    def read_back(self, check: Callable[[], None]) -> None:
        """Hash what is there; more than the whole file is nonsense and thrown away.

        `check` is called after each MiB and may raise.
        """
        try:
            if os.fstat(self._file.fileno()).st_size > self._expected.size:
                self.restart()
            while block := self._file.read(BLOCK):
                self._digest.update(block)
                self.position += len(block)
                check()
        except OSError as error:
            raise self._failed(error) from error

    def write(self, data: bytes) -> None:
        """Append; raises WrongContent if that is more than was announced."""
        if self.position + len(data) > self._expected.size:
            raise WrongContent("more than was announced", file=self._expected.name)
        rest = memoryview(data)
        try:
            while rest:  # a disk that is getting full takes a piece of it
                written = self._file.write(rest)
                self._digest.update(rest[:written])
                self.position += written
                rest = rest[written:]
        except OSError as error:
            raise self._failed(error) from error

    def restart(self) -> None:
        """Forget everything that is there."""
        try:
            self._file.seek(0)
            self._file.truncate()
        except OSError as error:
            raise self._failed(error) from error
        self._digest, self.position = self._expected.new_digest(), 0

    def finish(self, final: Path) -> str:
        """Put it into its place if it is what was announced; returns the SHA-256 (or git's hash).

        Raises WrongContent.
        """
        if self.position != self._expected.size or not self._expected.is_met(self._digest):
            raise WrongContent(f"its hash is {self._digest.hexdigest()}", file=self._expected.name)
        try:
            os.fsync(self._file.fileno())
            self._file.close()  # Windows renames no open file
            os.replace(self._path, final)
            _sync_folder(final.parent)
        except OSError as error:
            raise self._failed(error) from error
        return self._digest.hexdigest()

    def throw_away(self) -> None:
        """Delete it: it is not what it should be."""
        self.close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def close(self) -> None:
        """Keep it for later."""
        self._file.close()

    def _failed(self, error: OSError) -> AppError:
        return disk_failed(error, self._path, self._expected, self.position)


def _sync_folder(folder: Path) -> None:
    """The new name survives a power cut; Windows has no way to ask for it and needs none."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
