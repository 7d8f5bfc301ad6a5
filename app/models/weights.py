"""How many bytes of weights each layer of a model has: what goes to a graphics card with it."""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import ModelFileDamaged
from app.models.gguf import Damaged, Reader, Short, read_counts, read_tensors
from app.models.parts import parts_of

_BLOCK = re.compile(rb"blk\.(\d+)\.")
EXPERTS = rb"\.ffn_(up|down|gate|gate_up)_(ch|)exps"  # llama.cpp's common/arg.cpp, --cpu-moe
_EXPERTS = re.compile(EXPERTS)


@dataclass(slots=True)
class Weights:
    """Bytes by layer, experts apart, and those of the output layer."""

    layers: dict[int, int] = field(default_factory=dict)
    experts: dict[int, int] = field(default_factory=dict)
    output: int = 0
    embedding: int = 0
    has_output: bool = False

    @property
    def count(self) -> int:
        """Layers, the output layer counted, as llama.cpp does."""
        return max(self.layers, default=-1) + 2

    def on_device(self, layers: int, *, with_experts: bool = True) -> int:
        """Bytes that go to a card with the last `layers` layers; the output layer is the first to
        go, and takes the embedding along where the model uses it twice."""
        if layers <= 0:
            return 0
        first = self.count - layers
        total = self.output + (0 if self.has_output else self.embedding)
        for number, size in self.layers.items():
            if number >= first:
                total += size + (self.experts.get(number, 0) if with_experts else 0)
        return total


def read_weights(path: Path) -> Weights:
    """Of the model that begins with `path`, all its files together. Raises ModelFileDamaged."""
    found = Weights()
    try:
        for part in parts_of(path):
            with (
                part.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                _add(found, Reader(data))
    except (Damaged, Short, struct.error, OSError, ValueError) as error:
        raise ModelFileDamaged(str(error), name=path.name) from error
    return found


def _add(found: Weights, reader: Reader) -> None:
    tensors, keys = read_counts(reader)
    for _ in range(keys):
        reader.text()
        reader.value(reader.number("<I"))
    for tensor in read_tensors(reader, tensors):
        size = tensor.size_bytes
        if block := _BLOCK.match(tensor.name):
            layer = found.experts if _EXPERTS.search(tensor.name) else found.layers
            layer[int(block[1])] = layer.get(int(block[1]), 0) + size
            found.layers.setdefault(int(block[1]), 0)
        elif tensor.name.startswith(b"output"):
            found.output += size
            found.has_output |= tensor.name.startswith(b"output.")
        elif tensor.name.startswith(b"token_embd."):
            found.embedding += size
