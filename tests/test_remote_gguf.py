"""Headers read by range from a server: little is fetched, and a bad server is refused."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.core.entities import Device
from app.core.errors import (
    ModelError,
    ModelFileDamaged,
    ModelFileEmpty,
    ModelFileTruncated,
    NotAModel,
)
from app.core.hub_errors import HubUnreachable
from app.models.fit import estimate
from app.models.gguf import GgufHeader, read_header
from app.models.remote_gguf import MOST_READ, read_header_from
from tests import gguf_files
from tests.gguf_files import ARRAY, LLAMA, STRING, gguf, header

GIB = 1 << 30
HUGE = 0xFFFF_FFFF_FFFF_FFFF
GPU = Device("CUDA0", "a card", "gpu", 24 * GIB, 24 * GIB)


@dataclass
class Server:
    """Gives ranges of a file and keeps what it was asked for."""

    data: bytes
    asked: list[tuple[int, int]] = field(default_factory=list)

    def read(self, start: int, length: int) -> bytes:
        self.asked.append((start, length))
        return self.data[start : start + length]

    @property
    def given(self) -> int:
        return sum(length for _, length in self.asked)


def remote(data: bytes, size: int = 0) -> tuple[GgufHeader, Server]:
    """The header read from a server that holds `data`."""
    server = Server(data)
    return read_header_from(server.read, size or len(data), "far.gguf"), server


def test_the_starter_needs_one_small_read(starter: Path) -> None:
    found, server = remote(starter.read_bytes()[: 64 << 10], starter.stat().st_size)
    assert server.asked == [(0, 64 << 10)]
    whole = read_header(starter)
    assert (found.architecture, found.trained_context) == ("llama", 8192)
    for context in (512, 8192):
        far, near = (estimate(h, whole.file_size, context, GIB, [GPU]) for h in (found, whole))
        assert far == near


def test_a_small_file_is_read_no_further_than_it_goes() -> None:
    data = gguf(LLAMA, 3)
    found, server = remote(data)
    assert server.asked == [(0, len(data))]
    assert (found.name, found.quantization, found.kv_heads) == ("Tiny Llama", "Q4_K_M", 2)


def test_keys_behind_the_vocabulary_are_reached() -> None:
    """Some tools write the tokenizer first; then its arrays have to be walked through."""
    words = tuple(f"token{number}" for number in range(20_000))
    late = {"tokenizer.ggml.tokens": words, **LLAMA}
    late["tokenizer.ggml.tokens"] = words
    found, server = remote(gguf(late))
    assert (found.architecture, found.block_count, found.trained_context) == ("llama", 4, 2048)
    assert found.metadata["tokenizer.ggml.tokens"] == 20_000
    assert 64 << 10 < server.given < 1 << 20
    starts = [start for start, _ in server.asked]
    assert starts == sorted(set(starts))


def test_a_header_without_end_is_given_up() -> None:
    """What tells the size comes after more vocabulary than anybody wants to fetch."""
    words = tuple("x" * 100 for _ in range(60_000))
    server = Server(
        gguf({"tokenizer.ggml.tokens": words, **{k: LLAMA[k] for k in list(LLAMA)[:8]}})
    )
    assert len(server.data) > MOST_READ
    with pytest.raises(ModelFileDamaged):
        read_header_from(server.read, len(server.data), "far.gguf")
    assert 0 < server.given <= MOST_READ


def with_array(kind: int, count: int, name: str = "general.tags") -> bytes:
    """A file with an array that claims `count` values of `kind`."""
    claim = gguf_files.text(name) + struct.pack("<IIQ", ARRAY, kind, count)
    return header({}, key_count=1) + claim + bytes(1000)


WHOLE = gguf()


@pytest.mark.parametrize(
    ("data", "size", "error"),
    [
        (b"", 0, ModelFileEmpty),
        (b"GG", 2, NotAModel),
        (b"<html>please log in</html>", 26, NotAModel),
        (b"GGUF", 4, ModelFileTruncated),
        (WHOLE[:60], 60, ModelFileTruncated),
        (WHOLE[:60], 98_362_432, ModelFileTruncated),  # the server has less than it said
        (b"", 98_362_432, ModelFileTruncated),
        (WHOLE[:4] + struct.pack("<I", 99) + WHOLE[8:], len(WHOLE), ModelFileDamaged),
        (WHOLE[:8] + struct.pack("<QQ", HUGE, 1), 10**9, ModelFileDamaged),
        (WHOLE[:16] + struct.pack("<Q", HUGE), 10**9, ModelFileDamaged),
        (WHOLE[:24] + struct.pack("<Q", HUGE) + WHOLE[32:], 10**9, ModelFileTruncated),
        (with_array(STRING, HUGE), 10**9, ModelFileTruncated),
        (with_array(STRING, 10**8), 10**9, ModelError),
        (with_array(99, 1), 10**9, ModelFileDamaged),
        (with_array(ARRAY, 1), 10**9, ModelFileDamaged),
        (with_array(STRING, HUGE, "tokenizer.ggml.tokens"), 10**9, ModelFileTruncated),
        (with_array(4, 10**9, "tokenizer.ggml.scores"), 10**9, ModelFileTruncated),
    ],
)
def test_what_a_bad_server_says_is_refused(data: bytes, size: int, error: type[ModelError]) -> None:
    server = Server(data)
    with pytest.raises(error) as caught:
        read_header_from(server.read, size, "far.gguf")
    assert "far.gguf" in caught.value.problem.summary_text
    assert server.given <= MOST_READ


def test_endless_zeros_cost_no_more_than_the_budget() -> None:
    """A string array of a hundred million empty strings, as far as one reads."""
    beginning, asked = with_array(STRING, 10**8), []

    def read(start: int, length: int) -> bytes:
        asked.append(length)
        return beginning[start : start + length].ljust(length, b"\0")

    with pytest.raises(ModelFileDamaged):
        read_header_from(read, 10**11, "far.gguf")
    assert sum(asked) <= MOST_READ


def test_the_networks_own_errors_come_through() -> None:
    def read(start: int, length: int) -> bytes:
        raise HubUnreachable(host="127.0.0.1")

    with pytest.raises(HubUnreachable):
        read_header_from(read, 1000, "far.gguf")


def test_a_server_that_sends_too_much_changes_nothing() -> None:
    read: Callable[[int, int], bytes] = lambda start, length: WHOLE[start:] + b"x" * 99  # noqa: E731
    assert read_header_from(read, len(WHOLE), "far.gguf").name == "Tiny Llama"
