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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.core.entities import KeepParams
from app.models.hardware import total_ram_bytes
from app.worker.cache import common_prefix

MAGIC = b"inglenook state 1\n"
ENDING = ".state"
UNREADABLE = (OSError, ValueError, KeyError, TypeError, OverflowError)  # what is in the file
PIECE = 16 << 20  # bytes read between two looks at Stop
GAIN_OF = 4  # of a state at least one token in so many must be saved: all of it is restored
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
    data: bytearray = field(default_factory=bytearray)
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
        # a larger state has no place anywhere
        self.most_bytes = max(self._memory_budget, keep.disk_bytes if keep.folder else 0)

    def best(
        self, tokens: Sequence[int], held: int, *, is_whole: bool, window: int = 0
    ) -> State | None:
        """The state that has most of the beginning of `tokens`, and enough more than the `held`
        ones to be worth its size; with `is_whole` only one that has nothing else (it cannot be
        cut), and beyond a sliding `window` too: only the end of it is in a state."""
        found, most, wanted = None, held + LEAST_GAIN - 1, array("i", tokens)
        for state in self._known().values():
            same = common_prefix(state.tokens, wanted)
            length = len(state.tokens)
            is_all = same == length and same < len(wanted)
            is_usable = is_all or not (is_whole or (window and length > window))
            is_worth_it = (same - held) * GAIN_OF >= length
            is_shorter = found is not None and same == most and length < len(found.tokens)
            if is_usable and is_worth_it and (same > most or is_shorter):
                found, most = state, same
        return found

    def load(self, state: State, is_stopped: Callable[[], bool] = lambda: False) -> bytearray:
        """Its content; empty where the file is damaged or gone, and then it is known no more, or
        where it `is_stopped` meanwhile."""
        if state.conversation in self._memory:
            self._memory.move_to_end(state.conversation)
            return self._memory[state.conversation].data
        return self._disk.read(state, is_stopped) if self._disk else bytearray()

    def keep(self, conversation: str, tokens: Sequence[int], data: bytearray) -> None:
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
        if not conversations:
            self._memory.clear()
            if self._disk:
                self._disk.remove_all()
        for conversation in conversations:
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
        self._jobs: queue.Queue[tuple[int, State] | None] = queue.Queue()
        self._clearings = 0  # what was queued before one is not written any more
        self._lock = threading.Lock()  # a removal must not be overtaken by a write
        self._removed: set[str] = set()
        self.states: dict[str, State] = {}
        for file in _files(self._folder):
            with contextlib.suppress(*UNREADABLE):
                tokens, _ = _read_beginning(file)
                self.states[file.stem] = State(file.stem, tokens, file=file)
        self._writer = threading.Thread(target=self._write_all, name="states", daemon=True)
        self._writer.start()

    def read(self, state: State, is_stopped: Callable[[], bool]) -> bytearray:
        """The content, checked; a file that is not right is removed."""
        assert state.file is not None
        try:
            tokens, data = _read_beginning(state.file, is_stopped)
            if tokens != state.tokens:
                raise ValueError("another state by now")
            os.utime(state.file)
        except UNREADABLE as error:
            logger.warning("a kept state was left out: %s", error)
            self.remove(state.conversation)
            return bytearray()
        return data

    def write(self, state: State) -> None:
        """Write it soon."""
        with self._lock:
            self._removed.discard(state.conversation)
            self._jobs.put((self._clearings, state))

    def remove(self, name: str) -> None:
        """Remove its file, also one under way; of another model too."""
        self.states.pop(name, None)
        with self._lock:
            self._removed.add(name)
            if _NAME.fullmatch(name):
                for file in self._root.glob(f"*/{name}{ENDING}"):
                    with contextlib.suppress(OSError):
                        file.unlink()

    def remove_all(self) -> None:
        """Remove every file, also those that are still to be written."""
        self.states.clear()
        with self._lock:
            self._clearings += 1
            for file in self._root.glob(f"*/*{ENDING}"):
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
        while (job := self._jobs.get()) is not None:
            try:
                self._write(*job)
            except OSError as error:  # full, read-only: next time it is read again, no harm
                logger.warning("a state was not kept: %s", error)

    def _write(self, clearings: int, state: State) -> None:
        size = len(MAGIC) + len(state.tokens) * 4 + len(state.data)
        self._folder.mkdir(parents=True, exist_ok=True)
        free = int(shutil.disk_usage(self._folder).free * (1 - FREE_SHARE))
        if size > self._budget or not self._make_room(size, free):
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
                if state.conversation not in self._removed and clearings == self._clearings:
                    os.replace(temporary, file)
                    self.states[state.conversation] = replace(state, data=bytearray(), file=file)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _make_room(self, size: int, free: int) -> bool:
        """Remove what was used longest ago, of whatever model, until `size` bytes fit; nothing
        where they cannot. Returns whether they do."""
        known: list[tuple[float, int, Path]] = []
        for file in (file for folder in _folders(self._root) for file in _files(folder)):
            with contextlib.suppress(OSError):
                known.append((file.stat().st_mtime, file.stat().st_size, file))
        held = sum(entry[1] for entry in known)
        if size > free + held:
            return False
        for _, bytes_, file in sorted(known):
            if held + size <= self._budget and size <= free:
                break
            with contextlib.suppress(OSError):
                file.unlink()
                held, free = held - bytes_, free + bytes_
                if file.parent == self._folder:
                    self.states.pop(file.stem, None)
        return held + size <= self._budget and size <= free


def _read_beginning(
    file: Path, is_stopped: Callable[[], bool] | None = None
) -> tuple[array[int], bytearray]:
    """Tokens, and with `is_stopped` the content: empty if that was so meanwhile.

    Raises one of UNREADABLE.
    """
    with file.open("rb") as source:
        if source.readline(64) != MAGIC:
            raise ValueError(f"{file.name} is not a state")
        facts = json.loads(source.readline(512))
        count, size = int(facts["tokens"]), int(facts["bytes"])
        rest = os.fstat(source.fileno()).st_size - source.tell()
        if count < 0 or size < 0 or rest != count * 4 + size:
            raise ValueError(f"{file.name} is cut off")
        raw = source.read(count * 4)
        data = bytearray()
        if is_stopped is None:
            return array("i", raw), data
        crc = zlib.crc32(raw)
        while piece := source.read(PIECE):
            if is_stopped():
                return array("i", raw), bytearray()
            crc = zlib.crc32(piece, crc)
            data += piece
    if crc != facts["crc"]:
        raise ValueError(f"{file.name} is damaged")
    return array("i", raw), data


def _folders(root: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (entry for entry in root.iterdir() if entry.is_dir())


def _files(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [file for file in folder.iterdir() if file.suffix == ENDING]
    return []
