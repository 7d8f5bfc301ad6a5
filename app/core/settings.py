"""The settings in one object, declared in `settings_*.py`; loaded and saved as JSON.

The dialog and the validation derive from the declarations. A bad value falls back to its default;
keys this version does not know are kept; an unreadable file is set aside, never overwritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from app.core.entities import KeepParams, LoadParams, SamplingParams
from app.core.errors import Problem, SettingsError, SettingsNotSaved
from app.core.paths import unused_name
from app.core.presets import sampling_of
from app.core.settings_answers import AnswerSettings
from app.core.settings_declaration import Declaration
from app.core.settings_memory import MemorySettings
from app.core.settings_model import ModelSettings
from app.core.settings_network import NetworkSettings
from app.core.settings_window import WindowSettings

VERSION = 1


@dataclass(frozen=True)
class Settings(NetworkSettings, AnswerSettings, ModelSettings, MemorySettings, WindowSettings):
    """The person's choices. Frozen: a change makes a new object (`changed`)."""

    def load_params(self) -> LoadParams:
        """How to load a model under these settings."""
        return LoadParams(
            context_tokens=self.context_tokens,
            batch_tokens=self.batch_tokens,
            threads=self.threads,
            gpu_layers=self.gpu_layers,
            use_mmap=self.is_mmap,
            use_mlock=self.is_mlock,
            kv_type=self.kv_type,
            flash_attention=self.flash_attention,
            device=self.device,
            is_experts_on_cpu=self.is_experts_on_cpu,
        )

    def keep_params(self, folder: Path) -> KeepParams:
        """What is kept of conversations that were read, on the disk in `folder`."""
        return KeepParams(folder=folder, disk_bytes=self.kept_states_mib << 20)

    def sampling_params(self) -> SamplingParams:
        """How to sample under these settings."""
        return sampling_of(self)

    def download_limits(self) -> tuple[int, int]:
        """How many downloads at once, and bytes per second of all together; 0 is no limit."""
        return self.downloads_at_once, self.speed_limit_kib * 1024

    def added_folders(self) -> list[str]:
        """Folders, and single files, that the person added to the library."""
        return [line for line in self.more_model_folders.splitlines() if line]

    def folders_with(self, added: Sequence[str] = (), without: str = "") -> str:
        """What `more_model_folders` is with `added` and without one of them."""
        kept = [line for line in self.added_folders() if line != without]
        return "\n".join([*kept, *(line for line in added if line not in kept)])

    def changed(self, **values: Any) -> Settings:
        """A copy with `values`; raises ValueError for a value outside its declaration."""
        for name, value in values.items():
            if not is_valid(name, value):
                raise ValueError(f"{name} cannot be {value!r}")
        return replace(self, **values)


def declarations() -> dict[str, Declaration]:
    """Name of each setting -> its declaration, in order of appearance."""
    return {f.name: f.metadata["declaration"] for f in fields(Settings)}


def is_valid(name: str, value: object) -> bool:
    """Whether `value` has the type, limits and choices that setting `name` declares."""
    declaration = declarations().get(name)
    if declaration is None:
        return False
    default = getattr(Settings(), name)
    allowed: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    if isinstance(value, bool) != isinstance(default, bool) or not isinstance(value, allowed):
        return False
    if declaration.choices and value not in [choice for choice, _ in declaration.choices]:
        return False
    if isinstance(value, (int, float)):
        low, high = declaration.minimum, declaration.maximum
        return (low is None or value >= low) and (high is None or value <= high)
    return True


class SettingsFile:
    """Reads and writes one settings.json; remembers keys it does not know."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unknown: dict[str, Any] = {}

    def load(self) -> tuple[Settings, Problem | None]:
        """The settings on disk, defaults where they are bad, and what was wrong with the file."""
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Settings(), None
        except (OSError, UnicodeDecodeError) as error:
            return Settings(), self._set_aside(str(error))
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            return Settings(), self._set_aside(str(error))
        if not isinstance(data, Mapping):
            return Settings(), self._set_aside("not an object")
        known = {f.name for f in fields(Settings)}
        self._unknown = {k: v for k, v in data.items() if k not in known and k != "version"}
        good = {k: v for k, v in data.items() if k in known and is_valid(k, v)}
        if "preset" not in data and good.get("temperature", 0.7) != 0.7:
            good["preset"] = "own"  # written before there were presets
        return Settings(**good), None

    def save(self, settings: Settings) -> None:
        """Write to a temporary file, then replace. Raises SettingsNotSaved."""
        values = {f.name: getattr(settings, f.name) for f in fields(Settings)}
        try:
            write_json(self._path, {"version": VERSION, **self._unknown, **values})
        except OSError as error:
            raise SettingsNotSaved(str(error), path=self._path) from error

    def _set_aside(self, reason: str) -> Problem:
        backup = unused_name(self._path.with_suffix(".unreadable.json"))
        try:
            os.replace(self._path, backup)
        except OSError as error:
            reason = f"{reason}; {error}"
        return SettingsError(reason, path=self._path, backup=backup.name).problem


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write `data` so that either the old or the new file is there, whatever happens."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
