"""What worked for a model on this computer after a failure, and which load never came to its end.

One small JSON file. It only ever makes a load smaller than the settings ask for. A record ends when
the person changes a setting that loading depends on, and with more memory or another graphics card.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.core.entities import PROCESSOR, LoadParams
from app.core.errors import Problem
from app.core.settings import write_json
from app.models.hardware import total_ram_bytes
from app.services.ports import Lane, Scheduler

logger = logging.getLogger(__name__)
VERSION = 1
KEPT = 50  # models; the oldest goes
KV_TYPES = ("q4_0", "q8_0", "f16")  # smallest first
MORE = 1.02  # the total differs by a few MiB from one start to the next


@dataclass(frozen=True, slots=True)
class Record:
    """One model: what the settings asked for, what worked instead, and on which computer."""

    name: str
    size_bytes: int
    asked: LoadParams
    worked: LoadParams
    ram_bytes: int
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A load that was begun."""

    name: str
    params: LoadParams


@dataclass(slots=True)
class _Contents:
    """The file, read."""

    records: list[Record] = field(default_factory=list)  # the newest last
    attempt: Attempt | None = None


class Proven:
    """The file and its contents. Main thread; it is written on the disk's lane."""

    def __init__(self, path: Path, scheduler: Scheduler) -> None:
        self._path = path
        self._scheduler = scheduler
        self._contents = _read(path)

    @property
    def cut_short(self) -> Attempt | None:
        """The load that was begun and of which neither end nor failure is known."""
        return self._contents.attempt

    def record_of(self, name: str, size_bytes: int | None) -> Record | None:
        """Of the file of that name and size; of any size where it is None: not known yet."""
        for record in reversed(self._contents.records):
            if record.name == name and size_bytes in (None, record.size_bytes):
                return record
        return None

    def lowered(self, name: str, size_bytes: int | None, asked: LoadParams) -> LoadParams:
        """`asked`, as much smaller as is proven. A record made under other settings, or with less
        memory than there is now, is forgotten."""
        record = self.record_of(name, size_bytes)
        if record is None:
            return asked
        if record.asked != _relevant(asked) or total_ram_bytes() > record.ram_bytes * MORE:
            self.forget(record.name, record.size_bytes)
            return asked
        return smaller_of(asked, record.worked)

    def remember(
        self,
        name: str,
        size_bytes: int,
        asked: LoadParams,
        worked: LoadParams,
        cards: Sequence[str],
    ) -> None:
        """`worked` did, where the settings ask for `asked`."""
        ram = total_ram_bytes()
        record = Record(name, size_bytes, _relevant(asked), _relevant(worked), ram, tuple(cards))
        others = self._without(name, size_bytes)
        self._contents.records = [*others, record][-KEPT:]
        self._save()

    def forget(self, name: str, size_bytes: int) -> None:
        """Use the settings as they are from now on."""
        others = self._without(name, size_bytes)
        if len(others) != len(self._contents.records):
            self._contents.records = others
            self._save()

    def begin(self, name: str, params: LoadParams) -> None:
        """A load begins: if nothing more is heard of it, the next start knows."""
        attempt = Attempt(name, params)
        if attempt != self._contents.attempt:
            self._contents.attempt = attempt
            self._save()

    def end(self) -> None:
        """The load came to an end that is no reason for fear."""
        if self._contents.attempt is not None:
            self._contents.attempt = None
            self._save()

    def _without(self, name: str, size_bytes: int) -> list[Record]:
        key = (name, size_bytes)
        return [r for r in self._contents.records if (r.name, r.size_bytes) != key]

    def _save(self) -> None:
        data = _as_json(self._contents)

        def write() -> None:
            try:
                write_json(self._path, data)
            except OSError as error:  # a full disk is heard of where something is lost by it
                logger.warning("%s could not be written: %s", self._path.name, error)

        self._scheduler.run(Lane.DISK, write, lambda _: None, _ignore)


def smaller_of(asked: LoadParams, worked: LoadParams) -> LoadParams:
    """`asked` with each value that `worked` has smaller."""
    found = asked
    context = worked.context_tokens
    if context and (asked.context_tokens == 0 or asked.context_tokens > context):
        found = replace(found, context_tokens=context)
    if KV_TYPES.index(worked.kv_type) < KV_TYPES.index(asked.kv_type):
        found = replace(found, kv_type=worked.kv_type)
    layers = worked.gpu_layers
    if layers >= 0 and (asked.gpu_layers < 0 or asked.gpu_layers > layers):
        found = replace(found, gpu_layers=layers)
    if worked.device == PROCESSOR:
        found = replace(found, device=PROCESSOR)
    return found


def _relevant(params: LoadParams) -> LoadParams:
    """Without what has nothing to do with memory: changing it is no wish to try again."""
    return replace(params, threads=0)


def _ignore(problem: Problem) -> None:
    """The file is a help, never a reason to bother the person; the log has it."""
    logger.warning("%s: %s", problem.code, problem.details)


def _as_json(contents: _Contents) -> dict[str, Any]:
    data: dict[str, Any] = {
        "version": VERSION,
        "models": [asdict(record) for record in contents.records],
    }
    if contents.attempt is not None:
        data["attempting"] = asdict(contents.attempt)
    return data


def _read(path: Path) -> _Contents:
    """What the file says; what of it makes no sense is left out."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return _Contents()
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        return _Contents()
    models = data.get("models")
    found = [_record(entry) for entry in models] if isinstance(models, list) else []
    return _Contents([r for r in found if r is not None][-KEPT:], _attempt(data.get("attempting")))


def _record(entry: object) -> Record | None:
    if not isinstance(entry, Mapping):
        return None
    asked, worked = _params(entry.get("asked")), _params(entry.get("worked"))
    name, size, ram = entry.get("name"), entry.get("size_bytes"), entry.get("ram_bytes")
    cards = entry.get("cards")
    if asked is None or worked is None or not isinstance(cards, list):
        return None
    if not (isinstance(name, str) and isinstance(size, int) and isinstance(ram, int)):
        return None
    return Record(name, size, asked, worked, ram, tuple(str(card) for card in cards))


def _attempt(entry: object) -> Attempt | None:
    if not isinstance(entry, Mapping) or not isinstance(name := entry.get("name"), str):
        return None
    params = _params(entry.get("params"))
    return Attempt(name, params) if params is not None else None


def _params(entry: object) -> LoadParams | None:
    """Load parameters, every one of the type it has here; None for anything else."""
    if not isinstance(entry, Mapping):
        return None
    usual = LoadParams()
    names = {f.name for f in fields(LoadParams)}
    values = {name: value for name, value in entry.items() if name in names}
    if any(type(value) is not type(getattr(usual, name)) for name, value in values.items()):
        return None
    params = LoadParams(**values)
    is_known = params.kv_type in KV_TYPES
    return params if is_known and params.context_tokens >= 0 else None
