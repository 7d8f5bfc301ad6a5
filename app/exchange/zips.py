"""Reads members of .zip files that may want to do harm: nothing is unpacked to the disk.

Names lead nowhere, since members are only looked up, never written. A member is read up to a
limit whatever size it declares, and one that grows without measure is refused.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from app.exchange.reading import Bad

MOST_MEMBERS = 500_000
MOST_GROWTH = 400  # times; JSON of chats shrinks to a tenth or so
HARMLESS = 16 << 20  # bytes, below which growth does not matter
_PIECE = 1 << 20
_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class ZipReader:
    """One .zip, open for reading. Raises Bad for what is no proper one, OSError of the disk."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        except _FAILURES as error:
            raise Bad(f"no readable .zip: {error}") from None
        if len(self.names) > MOST_MEMBERS:
            self._zip.close()
            raise Bad(f"{len(self.names)} members")

    def read(self, name: str, most: int) -> bytes:
        """All of a member, of at most so many bytes. Raises Bad, also where it is not there."""
        try:
            info = self._zip.getinfo(name)
            packed = max(info.compress_size, 1)
            found = bytearray()
            with self._zip.open(info) as stream:
                while piece := stream.read(_PIECE):
                    found += piece
                    if len(found) > most:
                        raise Bad(f"{name[:80]!r} is larger than {most} bytes")
                    if len(found) > HARMLESS and len(found) > packed * MOST_GROWTH:
                        raise Bad(f"{name[:80]!r} grows without measure")
            return bytes(found)
        except KeyError:
            raise Bad(f"{name[:80]!r} is missing") from None
        except _FAILURES as error:
            raise Bad(f"{name[:80]!r}: {error}") from None

    def ending_with(self, *endings: str) -> Iterator[str]:
        """The names that end so, in their order."""
        return (name for name in self.names if name.lower().endswith(endings))

    def close(self) -> None:
        """Let the file go."""
        self._zip.close()
