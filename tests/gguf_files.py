"""GGUF files for tests: small ones made from nothing, and bad ones made from the starter model."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ALIGNMENT = 32
MAGIC = b"GGUF"
U32, FLOAT, BOOL, STRING, ARRAY = 4, 6, 7, 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
HEADER_BYTES = 4 << 20  # the starter model's header is 1.7 MiB

Value = str | bool | int | float | Sequence[str] | Sequence[int] | Sequence[float]
LLAMA: Mapping[str, Value] = {
    "general.architecture": "llama",
    "general.name": "Tiny Llama",
    "general.file_type": 15,
    "llama.context_length": 2048,
    "llama.block_count": 4,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 8,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ("<s>", "</s>", "a"),
    "tokenizer.chat_template": "{{ messages }}",
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One line of a header's list of tensors; F32 unless `kind` (ggml's number) says otherwise."""

    name: str = "blk.0.weight"
    dimensions: tuple[int, ...] = (8,)
    kind: int = 0
    offset: int = 0


def text(value: str) -> bytes:
    """A GGUF string."""
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(name: str, value: Value) -> bytes:
    """One key of the metadata with its value."""
    if isinstance(value, str):
        return text(name) + struct.pack("<I", STRING) + text(value)
    if isinstance(value, bool):
        return text(name) + struct.pack("<I?", BOOL, value)
    if isinstance(value, int):
        return text(name) + struct.pack("<II", U32, value)
    if isinstance(value, float):
        return text(name) + struct.pack("<If", FLOAT, value)
    kinds = {str: STRING, float: FLOAT}
    inner = kinds.get(type(value[0]), U32) if value else U32
    forms = {U32: "<I", FLOAT: "<f"}
    items = [text(v) if isinstance(v, str) else struct.pack(forms[inner], v) for v in value]
    return text(name) + struct.pack("<IIQ", ARRAY, inner, len(items)) + b"".join(items)


def header(
    metadata: Mapping[str, Value],
    tensors: Sequence[Tensor] = (),
    version: int = 3,
    tensor_count: int | None = None,
    key_count: int | None = None,
) -> bytes:
    """Everything before the tensors' data; counts can be made to lie."""
    out = MAGIC + struct.pack(
        "<IQQ",
        version,
        len(tensors) if tensor_count is None else tensor_count,
        len(metadata) if key_count is None else key_count,
    )
    out += b"".join(entry(name, value) for name, value in metadata.items())
    for tensor in tensors:
        sizes = struct.pack(
            f"<I{len(tensor.dimensions)}Q", len(tensor.dimensions), *tensor.dimensions
        )
        out += text(tensor.name) + sizes + struct.pack("<IQ", tensor.kind, tensor.offset)
    return out


def gguf(metadata: Mapping[str, Value] = LLAMA, tensors: int = 1, version: int = 3) -> bytes:
    """A whole small file: `metadata`, and `tensors` F32 tensors of 8 numbers each."""
    listed = [Tensor(f"blk.{number}.w", offset=number * ALIGNMENT) for number in range(tensors)]
    return padded(header(metadata, listed, version)) + bytes(ALIGNMENT * tensors)


def padded(head: bytes) -> bytes:
    """A header up to where the data begins."""
    return head + bytes(-len(head) % ALIGNMENT)


def not_gguf(folder: Path) -> Path:
    """A file with the right name and the wrong content."""
    path = folder / "letter.gguf"
    path.write_bytes(b"Dear aunt, " * 1000)
    return path


def empty(folder: Path) -> Path:
    """A file of no bytes."""
    path = folder / "empty.gguf"
    path.write_bytes(b"")
    return path


def truncated(source: Path, folder: Path) -> Path:
    """The first half of a model: a download that broke off."""
    path = folder / "half.gguf"
    return written(path, _beginning(source), source.stat().st_size // 2)


def unknown_architecture(source: Path, folder: Path) -> Path:
    """A model of an architecture that llama.cpp does not know; it gives up before the tensors,
    whose bytes are left out."""
    data = bytearray(_beginning(source))
    key = text("general.architecture") + struct.pack("<I", STRING)
    at = data.index(key) + len(key) + 8
    assert data[at : at + 5] == b"llama"
    data[at : at + 5] = b"wlama"
    return written(folder / "unknown.gguf", bytes(data), source.stat().st_size)


def without_template(source: Path, folder: Path) -> Path:
    """The same model without its chat template."""
    return with_template(source, folder, "")


def with_template(source: Path, folder: Path, template: str) -> Path:
    """The same model with another chat template; with an empty text with none."""
    data = source.read_bytes()
    version, tensors, keys = struct.unpack_from("<IQQ", data, 4)
    kept = [
        data[start:end] for name, start, end in _entries(data) if name != b"tokenizer.chat_template"
    ]
    assert len(kept) == keys - 1
    if template:
        kept.append(entry("tokenizer.chat_template", template))
    entries_end, header_end = _ends(data)
    head = MAGIC + struct.pack("<IQQ", version, tensors, len(kept)) + b"".join(kept)
    head += data[entries_end:header_end]
    path = folder / ("other-template.gguf" if template else "base.gguf")
    path.write_bytes(padded(head) + data[header_end + -header_end % ALIGNMENT :])
    return path


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The keys of a model's tokenizer as they stand in its file, and how many words it knows."""

    raw: bytes
    keys: int
    size: int


def tokenizer_of(source: Path) -> Tokenizer:
    """Vocabulary and chat template of a model, for another one."""
    data = _beginning(source)
    found = [(n, data[a:b]) for n, a, b in _entries(data) if n.startswith(b"tokenizer.")]
    (words,) = (raw for name, raw in found if name == b"tokenizer.ggml.tokens")
    at = len(text("tokenizer.ggml.tokens")) + 4
    _, size = struct.unpack_from("<IQ", words, at)
    return Tokenizer(b"".join(raw for _, raw in found), len(found), size)


def _beginning(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(HEADER_BYTES)


def written(path: Path, data: bytes, size: int) -> Path:
    """`data`, then a hole: it looks like `size` bytes and takes no room."""
    with path.open("wb") as file:
        file.write(data)
        file.truncate(size)
    return path


def _entries(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, beginning and end of each key of the metadata."""
    (keys,) = struct.unpack_from("<Q", data, 16)
    at = 24
    for _ in range(keys):
        start, at = at, _after_text(data, at)
        name = data[start + 8 : at]
        (kind,) = struct.unpack_from("<I", data, at)
        at = _after_value(data, at + 4, kind)
        yield name, start, at


def _ends(data: bytes) -> tuple[int, int]:
    """Where the metadata ends, and where the list of tensors does."""
    *_, (_, _, entries_end) = _entries(data)
    at = entries_end
    (tensors,) = struct.unpack_from("<Q", data, 8)
    for _ in range(tensors):
        at = _after_text(data, at)
        (dimensions,) = struct.unpack_from("<I", data, at)
        at += 4 + 8 * dimensions + 4 + 8
    return entries_end, at


def _after_text(data: bytes, at: int) -> int:
    return at + 8 + int(struct.unpack_from("<Q", data, at)[0])


def _after_value(data: bytes, at: int, kind: int) -> int:
    if kind == STRING:
        return _after_text(data, at)
    if kind != ARRAY:
        return at + _SIZES[kind]
    inner, count = struct.unpack_from("<IQ", data, at)
    at += 12
    if inner != STRING:
        return at + int(_SIZES[inner] * count)
    for _ in range(count):
        at = _after_text(data, at)
    return at
