"""Kept states of conversations: what was read once is not read again.

A state is the content of the KV cache for some tokens. The last ones lie in memory, and where the
person allows it in files too, for after a restart. A file is named by its conversation, in a folder
named by all that its content depends on; it is believed only if its checksum is right, and it goes
with the conversation. What is least recently used goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import queue
import re
import shutil
import threading
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.entities import KeepParams
from app.models.hardware import total_ram_bytes
from app.worker.cache import common_prefix

MAGIC = b"inglenook state 1\n"
ENDING = ".state"
LEAST_GAIN = 64  # tokens that must be saved: fewer are read as fast as a state is restored
RAM_SHARE = 16  # the part of the computer's memory that states take at most is one in so many
FREE_SHARE = 0.1  # of a disk's free space is left to others whatever the budget says
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """Tokens, and the KV cache's content for them; `data` is empty while it lies in `file`."""

    conversation: str
    tokens: array[int]
    data: bytes = b""
    file: Path | None = None


def folder_key(*parts: object) -> str:
    """A name for all that a state depends on: another value of any of them is another folder."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


class States:
    """The states kept for one loaded model; used by the worker's main thread."""

    def __init__(self, keep: KeepParams, key: str) -> None:
        self._memory: OrderedDict[str, State] = OrderedDict()  # least recently used first
        self._memory_budget = min(keep.memory_bytes, total_ram_bytes() // RAM_SHARE)
        self._disk = _Disk(keep.folder, key, keep.disk_bytes) if keep.folder else None
        self._is_saved: set[str] = set()

    def best(self, tokens: Sequence[int], held: int, *, is_whole: bool) -> State | None:
        """The state that has most of the beginning of `tokens`, and enough more than the `held`
        ones; with `is_whole` only one that has nothing else (it cannot be cut)."""
        found, most, wanted = None, held + LEAST_GAIN - 1, array("i", tokens)
        for state in self._known().values():
            same = common_prefix(state.tokens, wanted)
            is_usable = not is_whole or (same == len(state.tokens) and same < len(wanted))
            if same > most and is_usable:
                found, most = state, same
        return found

    def load(self, state: State) -> bytes:
        """Its content; empty where the file is damaged or gone, and then it is known no more."""
        if state.conversation in self._memory:
            self._memory.move_to_end(state.conversation)
            return self._memory[state.conversation].data
        return self._disk.read(state) if self._disk else b""

    def keep(self, conversation: str, tokens: Sequence[int], data: bytes) -> None:
        """Keep it in memory, in place of what was kept of the conversation before."""
        self._memory.pop(conversation, None)
        self._is_saved.discard(conversation)
        self._memory[conversation] = State(conversation, array("i", tokens), data)
        while self._memory and self._held_bytes() > self._memory_budget:
            oldest = next(iter(self._memory))
            self._save(oldest)
            del self._memory[oldest]

    def save(self) -> None:
        """Begin to write what is not on the disk yet."""
        for conversation in list(self._memory):
            self._save(conversation)

    def forget(self, conversations: Sequence[str]) -> None:
        """Keep nothing of them any more; without any, of none at all."""
        for conversation in conversations or self._known():
            for name in (conversation, f"{conversation}-start"):
                self._memory.pop(name, None)
                if self._disk:
                    self._disk.remove(name)

    def close(self, timeout_s: float) -> None:
        """Write what is left, for at most `timeout_s` seconds."""
        self.save()
        if self._disk:
            self._disk.finish(timeout_s)

    def _save(self, conversation: str) -> None:
        if self._disk and conversation not in self._is_saved and _NAME.fullmatch(conversation):
            self._is_saved.add(conversation)
            self._disk.write(self._memory[conversation])

    def _known(self) -> dict[str, State]:
        return (dict(self._disk.states) if self._disk else {}) | self._memory

    def _held_bytes(self) -> int:
        return sum(len(state.data) for state in self._memory.values())


class _Disk:
    """State files of one key, within a budget over all keys; written by a thread of its own."""

    def __init__(self, root: Path, key: str, budget: int) -> None:
        self._root, self._folder, self._budget = root, root / key, budget
        self._jobs: queue.Queue[State | None] = queue.Queue()
        self._lock = threading.Lock()  # a removal must not be overtaken by a write
        self._removed: set[str] = set()
        self.states: dict[str, State] = {}
        for file in _files(self._folder):
            with contextlib.suppress(OSError, ValueError, KeyError):
                tokens, _ = _read_beginning(file)
                self.states[file.stem] = State(file.stem, tokens, file=file)
        self._writer = threading.Thread(target=self._write_all, name="states", daemon=True)
        self._writer.start()

    def read(self, state: State) -> bytes:
        """The content, checked; a file that is not right is removed."""
        assert state.file is not None
        try:
            _, data = _read_beginning(state.file, with_data=True)
            os.utime(state.file)
        except (OSError, ValueError, KeyError) as error:
            logger.warning("a kept state was left out: %s", error)
            self.remove(state.conversation)
            return b""
        return data

    def write(self, state: State) -> None:
        """Write it soon."""
        with self._lock:
            self._removed.discard(state.conversation)
        self._jobs.put(state)

    def remove(self, name: str) -> None:
        """Remove its file, also one under way; of another model too."""
        self.states.pop(name, None)
        with self._lock:
            self._removed.add(name)
            if _NAME.fullmatch(name):
                for file in self._root.glob(f"*/{name}{ENDING}"):
                    with contextlib.suppress(OSError):
                        file.unlink()

    def finish(self, timeout_s: float) -> None:
        """Wait until all was written."""
        self._jobs.put(None)
        self._writer.join(timeout_s)

    def _write_all(self) -> None:
        with contextlib.suppress(OSError):
            for half in self._root.glob("*/*.part"):  # left by a kill
                half.unlink()
            self._make_room(0, 1 << 60)  # the budget may be smaller than it was
        while (state := self._jobs.get()) is not None:
            try:
                self._write(state)
            except OSError as error:  # full, read-only: next time it is read again, no harm
                logger.warning("a state was not kept: %s", error)

    def _write(self, state: State) -> None:
        size = len(MAGIC) + len(state.tokens) * 4 + len(state.data)
        self._folder.mkdir(parents=True, exist_ok=True)
        free = int(shutil.disk_usage(self._folder).free * (1 - FREE_SHARE))
        self._make_room(size, free)
        if size > min(self._budget, free):
            return
        file = self._folder / f"{state.conversation}{ENDING}"
        temporary = file.with_suffix(".part")
        tokens = state.tokens.tobytes()
        facts = {
            "tokens": len(state.tokens),
            "bytes": len(state.data),
            "crc": zlib.crc32(state.data, zlib.crc32(tokens)),
        }
        try:
            with temporary.open("wb") as out:
                temporary.chmod(0o600)  # it is what was said in the conversation
                out.writelines((MAGIC, json.dumps(facts).encode() + b"\n", tokens, state.data))
            with self._lock:
                if state.conversation not in self._removed:
                    os.replace(temporary, file)
                    self.states[state.conversation] = replace(state, data=b"", file=file)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _make_room(self, size: int, free: int) -> None:
        """Remove what was used longest ago, of whatever model, until `size` bytes fit."""
        known: list[tuple[float, int, Path]] = []
        for file in (file for folder in _folders(self._root) for file in _files(folder)):
            with contextlib.suppress(OSError):
                known.append((file.stat().st_mtime, file.stat().st_size, file))
        held = sum(entry[1] for entry in known)
        for _, bytes_, file in sorted(known):
            if held + size <= self._budget and size <= free:
                return
            with contextlib.suppress(OSError):
                file.unlink()
                held, free = held - bytes_, free + bytes_
                if file.parent == self._folder:
                    self.states.pop(file.stem, None)


def _read_beginning(file: Path, *, with_data: bool = False) -> tuple[array[int], bytes]:
    """Tokens, and with `with_data` the content. Raises OSError, ValueError, KeyError."""
    with file.open("rb") as source:
        if source.readline(64) != MAGIC:
            raise ValueError(f"{file.name} is not a state")
        facts = json.loads(source.readline(512))
        raw = source.read(int(facts["tokens"]) * 4)
        if len(raw) != int(facts["tokens"]) * 4:
            raise ValueError(f"{file.name} is cut off")
        tokens = array("i", raw)
        if not with_data:
            return tokens, b""
        data = source.read()
    if len(data) != facts["bytes"] or zlib.crc32(data, zlib.crc32(raw)) != facts["crc"]:
        raise ValueError(f"{file.name} is damaged")
    return tokens, data


def _folders(root: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (entry for entry in root.iterdir() if entry.is_dir())


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [file for file in folder.iterdir() if file.suffix == ENDING]
    return []
