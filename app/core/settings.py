"""Every setting, declared once: type, default, limits and words; loaded and saved as JSON.

The dialog and the validation derive from the declarations. A bad value falls back to its default;
keys this version does not know are kept; an unreadable file is set aside, never overwritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from app.core.entities import KeepParams, LoadParams, SamplingParams
from app.core.errors import Problem, SettingsError, SettingsNotSaved
from app.core.paths import unused_name
from app.core.presets import sampling_of

VERSION = 1


@dataclass(frozen=True, slots=True)
class Declaration:
    """Words and limits of one setting. `choices` lists the allowed texts with their labels."""

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    hidden: bool = False


def _setting(default: Any, label: str, help: str, **limits: Any) -> Any:
    return field(default=default, metadata={"declaration": Declaration(label, help, **limits)})


@dataclass(frozen=True, slots=True)
class Settings:
    """The person's choices. Frozen: a change makes a new object (`changed`)."""

    theme: str = _setting(
        "system",
        "Theme",
        "Light, dark, or as the system has it.",
        choices=(("system", "Follow the system"), ("light", "Light"), ("dark", "Dark")),
    )
    language: str = _setting(
        "system",
        "Language",
        "The language of the window.",
        choices=(("system", "Follow the system"), ("en", "English"), ("zh_CN", "简体中文")),
    )
    model_path: str = _setting(
        "", "Model", "The model that is loaded when the window opens.", hidden=True
    )
    system_prompt: str = _setting(
        "", "System prompt", "What every new conversation tells the model first."
    )

    context_tokens: int = _setting(
        0,
        "Context length",
        "Tokens the model can see at once; by itself what it was trained for, at most 8192.",
        minimum=0,
        maximum=1_048_576,
    )
    device: str = _setting(
        "",
        "Compute on",
        "Where the model runs; by itself on the best graphics card, if there is one.",
    )
    gpu_layers: int = _setting(
        -1,
        "Layers on the graphics card",
        "As many as fit, or so many; the rest is computed by the processor.",
        minimum=-1,
        maximum=999,
    )
    kv_type: str = _setting(
        "f16",
        "Memory of the context",
        "Smaller takes less memory and can make answers a little worse.",
        choices=(
            ("f16", "Full (f16)"),
            ("q8_0", "Half (q8_0)"),
            ("q4_0", "A quarter (q4_0)"),
        ),
    )
    flash_attention: str = _setting(
        "auto",
        "Flash attention",
        "Faster, and less memory in long conversations; llama.cpp knows where it works.",
        choices=(("auto", "Where it works"), ("on", "Always"), ("off", "Never")),
    )
    threads: int = _setting(
        0, "Threads", "Processor cores the model may use.", minimum=0, maximum=512
    )
    is_gentle_on_battery: bool = _setting(
        False, "Half the threads on battery", "Slower, but the battery lasts longer."
    )
    batch_tokens: int = _setting(
        512,
        "Batch",
        "Tokens of a prompt that are read at once; more takes memory.",
        minimum=32,
        maximum=4096,
    )
    is_experts_on_cpu: bool = _setting(
        False,
        "Experts stay in memory",
        "For mixtures of experts too large for the graphics card: all else still goes there.",
    )
    is_mmap: bool = _setting(
        True,
        "Map the model's file",
        "Loads faster, and the system may drop what is not needed just now.",
    )
    is_mlock: bool = _setting(
        False,
        "Lock the model in memory",
        "The system never moves it to the disk; other programs get less.",
    )
    is_speculating: bool = _setting(
        True,
        "Guess ahead",
        "Tries words that followed before; used only while it measures faster.",
    )
    unload_after_min: int = _setting(
        60,
        "Unload an idle model after",
        "Minutes without a question until its memory is given back; the next question loads it.",
        minimum=0,
        maximum=10_080,
    )
    kept_states_mib: int = _setting(
        4096,
        "Conversations kept ready on the disk",
        "They go on at once after a restart, without being read again.",
        minimum=0,
        maximum=1_048_576,
    )

    preset: str = _setting(
        "model",
        "Answers",
        "How words are chosen. Your own values begin with those in force.",
        choices=(
            ("model", "As the model recommends"),
            ("precise", "Precise"),
            ("balanced", "Balanced"),
            ("creative", "Creative"),
            ("own", "My own values"),
        ),
    )
    temperature: float = _setting(
        0.7, "Temperature", "Higher is more varied, 0 is always the same.", minimum=0.0, maximum=2.0
    )
    top_k: int = _setting(
        40, "Top-k", "Only so many of the likeliest words; 0 is all.", minimum=0, maximum=10_000
    )
    top_p: float = _setting(
        0.95,
        "Top-p",
        "Only the likeliest words that together have this probability; 1 is all.",
        minimum=0.0,
        maximum=1.0,
    )
    min_p: float = _setting(
        0.05,
        "Min-p",
        "No word less likely than this part of the likeliest; 0 is off.",
        minimum=0.0,
        maximum=1.0,
    )
    typical_p: float = _setting(
        1.0, "Typical-p", "Words of usual surprise only; 1 is off.", minimum=0.0, maximum=1.0
    )
    repeat_penalty: float = _setting(
        1.0,
        "Repeat penalty",
        "Above 1, words of a moment ago become less likely.",
        minimum=0.5,
        maximum=3.0,
    )
    frequency_penalty: float = _setting(
        0.0, "Frequency penalty", "More, the more often a word came.", minimum=-2.0, maximum=2.0
    )
    presence_penalty: float = _setting(
        0.0, "Presence penalty", "The same for each word that came.", minimum=-2.0, maximum=2.0
    )
    penalty_window: int = _setting(
        64,
        "Penalties look back",
        "So many tokens; -1 is the whole context.",
        minimum=-1,
        maximum=1_048_576,
    )
    dry_multiplier: float = _setting(
        0.0,
        "DRY",
        "How strongly whole phrases are kept from coming again; 0 is off, 0.8 is usual.",
        minimum=0.0,
        maximum=5.0,
    )
    dry_base: float = _setting(
        1.75, "DRY base", "How fast it grows with the phrase.", minimum=1.0, maximum=4.0
    )
    dry_allowed_length: int = _setting(
        2, "DRY allowed length", "Tokens that may come again.", minimum=1, maximum=100
    )
    xtc_probability: float = _setting(
        0.0,
        "XTC",
        "How often the likeliest words are left out, for more surprising text; 0 is off.",
        minimum=0.0,
        maximum=1.0,
    )
    xtc_threshold: float = _setting(
        0.1,
        "XTC threshold",
        "Words less likely than this are never left out.",
        minimum=0.0,
        maximum=0.5,
    )
    mirostat: int = _setting(
        0,
        "Mirostat",
        "Keeps the surprise even, in place of top-k, top-p and min-p: 0 off, or version 1 or 2.",
        minimum=0,
        maximum=2,
    )
    mirostat_tau: float = _setting(
        5.0, "Mirostat tau", "The surprise it aims at.", minimum=0.0, maximum=20.0
    )
    mirostat_eta: float = _setting(
        0.1, "Mirostat eta", "How fast it gets there.", minimum=0.0, maximum=1.0
    )
    seed: int = _setting(
        -1,
        "Seed",
        "The same number gives the same answer to the same question; -1 is always another.",
        minimum=-1,
        maximum=2_147_483_647,
    )
    max_tokens: int = _setting(
        0,
        "Longest answer",
        "Tokens of one answer at most; 0 uses the rest of the context.",
        minimum=0,
        maximum=1_048_576,
    )
    stop_texts: str = _setting(
        "", "Stop at", "An answer ends before any of these texts, one a line."
    )
    logit_bias: str = _setting(
        "",
        "Favour or avoid words",
        "One a line: a word, = and a number from -100 (never) to 100.",
    )
    grammar: str = _setting(
        "", "Grammar", "GBNF that every answer follows; its first rule is called root."
    )
    json_schema: str = _setting(
        "", "JSON schema", "Every answer is JSON of this form; goes before a grammar."
    )

    hub_endpoint: str = _setting(
        "", "Model hub", "Address of the hub or of a mirror; empty is Hugging Face."
    )
    is_token_for_mirror: bool = _setting(
        False,
        "Send the access token to this mirror",
        "Whoever runs the mirror can then use your token. Only with an address that is https.",
    )
    proxy: str = _setting(
        "", "Proxy", "Such as http://name:password@host:3128; empty follows the system."
    )
    is_offline: bool = _setting(
        False, "Offline", "Nothing is asked of the network; everything on this computer works."
    )
    downloads_at_once: int = _setting(
        2, "Downloads at once", "More do not make it faster on most lines.", minimum=1, maximum=4
    )
    speed_limit_kib: int = _setting(
        0,
        "Download speed limit",
        "KiB per second for all downloads together; 0 is no limit.",
        minimum=0,
        maximum=10_000_000,
    )
    models_folder: str = _setting(
        "", "Models folder", "Where downloads go; empty is the usual place.", hidden=True
    )
    more_model_folders: str = _setting(
        "", "More folders with models", "One folder a line; they are only read.", hidden=True
    )

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
