"""Reads what the fit needs of a GGUF header that lies on a server, by ranges of bytes.

The tokenizer's arrays make up nearly all of a header (2 to 8 MiB) and come after everything that
tells how much memory a model needs; so reading stops where they begin, mostly within 64 KiB.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from app.core.errors import ModelFileDamaged, ModelFileEmpty, ModelFileTruncated, NotAModel
from app.models.gguf import (
    ARRAY,
    MAGIC,
    SCALARS,
    STRING,
    Damaged,
    GgufHeader,
    Reader,
    Short,
    make_header,
    read_counts,
)

FIRST_READ = 64 << 10  # bytes
MOST_READ = 4 << 20  # bytes, in all
TOKENS = "tokenizer.ggml.tokens"
NEEDED = ("block_count", "embedding_length", "context_length")

Read = Callable[[int, int], bytes]


class _RangeReader(Reader):
    """A cursor over a file that is fetched as the cursor comes along, within a budget."""

    def __init__(self, read: Read, file_size: int, first_read: int) -> None:
        super().__init__(b"")
        self._read = read
        self._size = file_size
        self._start = 0  # of the window, in the file
        self._window = b""
        self._step = first_read
        self._spent = 0

    def take(self, count: int) -> bytes:
        start = self.position
        self.skip(count)
        if start < self._start or self.position > self._start + len(self._window):
            self._fetch(start, count)
        at = start - self._start
        return self._window[at : at + count]

    def skip_strings(self, count: int) -> None:
        for _ in range(count):
            self.skip(self.number("<Q"))

    def _fetch(self, start: int, count: int) -> None:
        """Move the window on to `start`; what it already holds from there is not fetched again."""
        held = self._window[start - self._start :] if start >= self._start else b""
        begin = start + len(held)
        left = min(MOST_READ - self._spent, self._size - begin)
        length = min(max(self._step, count - len(held)), left)
        if len(held) + length < count:
            raise Damaged(f"the header needs more than {MOST_READ} bytes")
        fetched = self._read(begin, length)[:length]
        self._spent += length
        self._step *= 2
        self._start, self._window = start, held + fetched
        if len(self._window) < count:
            raise Short


def read_header_from(
    read: Read, file_size: int, name: str, first_read: int = FIRST_READ
) -> GgufHeader:
    """The header of the file `name`, of which `read(offset, length)` gives bytes.

    Reads `first_read` bytes, more only where the file needs it, never more than 4 MiB in all.
    Left out unless they come early: chat template (None), parameters (0). The count of tokens is
    in `metadata`.
    Raises ModelFileEmpty, NotAModel, ModelFileTruncated, ModelFileDamaged, and what `read` raises.
    """
    if file_size <= 0:
        raise ModelFileEmpty(name=name)
    reader = _RangeReader(read, file_size, first_read)
    try:
        if file_size < len(MAGIC) or reader.take(len(MAGIC)) != MAGIC:
            raise NotAModel(name=name)
        reader.position = 0
        metadata = _read_metadata(reader)
    except Short:
        raise ModelFileTruncated(name=name, have=file_size, need=f"> {file_size}") from None
    except (Damaged, struct.error) as error:
        raise ModelFileDamaged(str(error), name=name) from error
    return make_header(name, file_size, metadata, _parameters(metadata))


def _read_metadata(reader: _RangeReader) -> dict[str, object]:
    """Keys up to the first array of the tokenizer after which nothing is missing."""
    _, keys = read_counts(reader)
    metadata: dict[str, object] = {}
    for _ in range(keys):
        key = reader.text()
        kind = reader.number("<I")
        if key.startswith("tokenizer.") and kind == ARRAY:
            metadata[key] = _count_of_array(reader)
            if _is_enough(metadata):
                break
            reader.position -= 12  # it has to be walked through after all
        metadata[key] = reader.value(kind)
    return metadata


def _count_of_array(reader: _RangeReader) -> int:
    kind = reader.number("<I")
    count = reader.number("<Q")
    smallest = 8 if kind == STRING else struct.calcsize(SCALARS.get(kind, "<B"))
    reader.skip(count * smallest)  # a count that the file cannot hold is a lie
    reader.position -= count * smallest
    return count


def _is_enough(metadata: dict[str, object]) -> bool:
    architecture = metadata.get("general.architecture")
    has_vocabulary = TOKENS in metadata or f"{architecture}.vocab_size" in metadata
    return has_vocabulary and all(f"{architecture}.{key}" in metadata for key in NEEDED)


def _parameters(metadata: dict[str, object]) -> int:
    value = metadata.get("general.parameter_count")
    return max(value, 0) if isinstance(value, int) else 0
