"""Reads the header of a GGUF file: what the model is, and whether the file is whole.

Format: ggml's docs/gguf.md, versions 2 and 3, little endian. The file is untrusted: every length is
checked against what is left of the file before it is used, and arrays are skipped, not kept.
"""

from __future__ import annotations

import math
import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

from app.core.errors import (
    ModelFileDamaged,
    ModelFileEmpty,
    ModelFileMissing,
    ModelFileNotReadable,
    ModelFileTruncated,
    NotAModel,
)
from app.models.quantization import quantization_name

MAGIC = b"GGUF"
STRING, ARRAY, BOOL = 8, 9, 7
MOST_TENSORS = 100_000
MOST_KEYS = 10_000
MOST_KEPT_TEXT = 1 << 20  # bytes; a chat template is far smaller
SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
# ggml type -> (elements of a block, bytes of a block): ggml.c, type_traits
_TENSOR_TYPES = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    9: (32, 36), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18),
    21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66),
    39: (32, 17),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What the header says. Sizes in bytes, contexts in tokens; 0 where it does not say."""

    file_size: int
    architecture: str
    name: str
    quantization: str
    parameters: int
    trained_context: int
    chat_template: str | None
    block_count: int
    embedding_length: int
    kv_heads: int
    key_length: int
    value_length: int
    metadata: dict[str, object]


class TensorInfo(NamedTuple):
    """One tensor: its name as it stands there, and where its data are, in bytes from the first."""

    name: bytes
    elements: int
    offset: int
    size_bytes: int


class Short(Exception):
    """The file ends inside its header."""


class Damaged(Exception):
    """The header contradicts itself."""


class Reader:
    """A cursor over the mapped file that never leaves it."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self._data = data
        self._size = len(data)
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start = self.position
        self.skip(count)
        return self._data[start : self.position]

    def skip(self, count: int) -> None:
        """Leave out `count` bytes."""
        if count < 0 or self.position + count > self._size:
            raise Short
        self.position += count

    def number(self, form: str) -> int:
        """The next whole number in `struct`'s notation."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def text(self) -> str:
        """The next string; overlong ones are skipped and come back empty."""
        length = self.number("<Q")
        if length > MOST_KEPT_TEXT:
            self.skip(length)
            return ""
        return self.take(length).decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        """Leave out `count` strings; a vocabulary has a hundred thousand."""
        unpack, data, position, size = struct.Struct("<Q").unpack_from, self._data, 0, self._size
        position = self.position
        for _ in range(count):
            if position + 8 > size:
                raise Short
            position += 8 + unpack(data, position)[0]
        if position > size:
            raise Short
        self.position = position

    def value(self, kind: int) -> object:
        """The next value of `kind`; an array comes back as its first numbers or its length."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self._array()
        form = SCALARS.get(kind)
        if form is None:
            raise Damaged(f"unknown value type {kind}")
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def _array(self) -> object:
        kind = self.number("<I")
        count = self.number("<Q")
        if count > self._size:
            raise Short
        if kind == STRING:
            self.skip_strings(count)
            return count
        form = SCALARS.get(kind)
        if form is None:
            raise Damaged(f"unknown array type {kind}")
        if kind in (4, 5) and count <= 1024:  # per-layer settings such as head counts
            return tuple(self.number(form) for _ in range(count))
        self.skip(struct.calcsize(form) * count)
        return count


def read_header(path: Path) -> GgufHeader:
    """Read and check the header of `path`; raises a ModelError that says what is wrong."""
    try:
        if path.is_dir():
            raise NotAModel(name=path.name)
        size = path.stat().st_size
        if size == 0:
            raise ModelFileEmpty(name=path.name)
        with path.open("rb") as file:
            if file.read(4) != MAGIC:
                raise NotAModel(name=path.name)
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _read(Reader(data), path.name, size)
    except FileNotFoundError as error:
        raise ModelFileMissing(path=path) from error
    except PermissionError as error:
        raise ModelFileNotReadable(path=path) from error
    except (Damaged, struct.error, OSError) as error:
        raise ModelFileDamaged(str(error), name=path.name) from error


def _read(reader: Reader, name: str, size: int) -> GgufHeader:
    try:
        tensors, keys = read_counts(reader)
        metadata: dict[str, object] = {}
        for _ in range(keys):
            key = reader.text()
            metadata[key] = reader.value(reader.number("<I"))
        parameters, data_size = _read_tensors(reader, tensors)
    except Short:
        raise ModelFileTruncated(name=name, have=size, need=f"> {size}") from None
    alignment = metadata.get("general.alignment", 32)
    step = alignment if isinstance(alignment, int) and alignment > 0 else 32
    needed = math.ceil(reader.position / step) * step + data_size
    if size < needed:
        raise ModelFileTruncated(name=name, have=size, need=needed)
    return make_header(name, size, metadata, parameters)


def read_counts(reader: Reader) -> tuple[int, int]:
    """How many tensors and keys follow; `reader` is before the magic. Raises Short or Damaged."""
    reader.skip(len(MAGIC))
    version = reader.number("<I")
    if version not in (2, 3):
        raise Damaged(f"GGUF version {version} is not known")
    tensors = reader.number("<Q")
    keys = reader.number("<Q")
    if tensors > MOST_TENSORS or keys > MOST_KEYS:
        raise Damaged(f"{tensors} tensors and {keys} keys")
    return tensors, keys


def _read_tensors(reader: Reader, count: int) -> tuple[int, int]:
    """Number of parameters, and bytes of tensor data from its beginning."""
    parameters = end = 0
    for tensor in read_tensors(reader, count):
        parameters += tensor.elements
        end = max(end, tensor.offset + tensor.size_bytes)
    return parameters, end


def read_tensors(reader: Reader, count: int) -> Iterator[TensorInfo]:
    """The `count` tensors that are listed after the keys. Raises Short or Damaged."""
    for _ in range(count):
        name = reader.take(reader.number("<Q"))
        dimensions = reader.number("<I")
        if dimensions > 4:
            raise Damaged(f"a tensor of {dimensions} dimensions")
        elements = math.prod(reader.number("<Q") for _ in range(dimensions))
        kind = reader.number("<I")
        offset = reader.number("<Q")
        block, block_bytes = _TENSOR_TYPES.get(kind, (1, 0))
        yield TensorInfo(name, elements, offset, elements // block * block_bytes)


def make_header(
    file_name: str, size: int, metadata: dict[str, object], parameters: int
) -> GgufHeader:
    """The header from what was read, with the defaults that llama.cpp takes."""
    architecture = _text(metadata.get("general.architecture"))

    def number(key: str, default: int = 0) -> int:
        value = metadata.get(f"{architecture}.{key}", default)
        if isinstance(value, tuple):
            return max(value, default=default)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    heads = number("attention.head_count")
    embedding = number("embedding_length")
    head_length = embedding // heads if heads > 0 else 0
    template = metadata.get("tokenizer.chat_template")
    return GgufHeader(
        file_size=size,
        architecture=architecture,
        name=_text(metadata.get("general.name")) or PurePath(file_name).stem,
        quantization=quantization_name(metadata.get("general.file_type"), file_name),
        parameters=parameters,
        trained_context=number("context_length"),
        chat_template=template if isinstance(template, str) and template.strip() else None,
        block_count=number("block_count"),
        embedding_length=embedding,
        kv_heads=number("attention.head_count_kv", heads),
        key_length=number("attention.key_length", head_length),
        value_length=number("attention.value_length", head_length),
        metadata=metadata,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
