"""SamplingParams as JSON, for the disk and for files that people share; read with suspicion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any

from app.core.entities import SamplingParams

MOST_TEXT = 100_000  # characters of a grammar or schema
# least and most of each number, as the settings have them (settings_answers.py)
_RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "top_k": (0, 10_000),
    "min_p": (0.0, 1.0),
    "repeat_penalty": (0.5, 3.0),
    "seed": (-1, 2_147_483_647),
    "max_tokens": (0, 1_048_576),
    "typical_p": (0.0, 1.0),
    "frequency_penalty": (-2.0, 2.0),
    "presence_penalty": (-2.0, 2.0),
    "penalty_window": (-1, 1_048_576),
    "mirostat": (0, 2),
    "mirostat_tau": (0.0, 20.0),
    "mirostat_eta": (0.0, 1.0),
    "dry_multiplier": (0.0, 5.0),
    "dry_base": (1.0, 4.0),
    "dry_allowed_length": (1, 100),
    "dry_window": (-1, 1_048_576),
    "xtc_probability": (0.0, 1.0),
    "xtc_threshold": (0.0, 0.5),
}
_DEFAULTS = SamplingParams()
_NAMES = frozenset(f.name for f in fields(SamplingParams))


def sampling_as_text(sampling: SamplingParams | None) -> str:
    """As JSON; empty for None."""
    return "" if sampling is None else json.dumps(asdict(sampling))


@lru_cache(maxsize=128)
def sampling_from(text: str) -> SamplingParams | None:
    """From `sampling_as_text`; None for an empty text, for one that is none, or with values out of
    range. Fields that this version does not know are left out."""
    if not text:
        return None
    try:
        return sampling_of_document(json.loads(text))
    except (ValueError, RecursionError):
        return None


def sampling_of_document(document: object) -> SamplingParams | None:
    """From the object in the JSON."""
    if not isinstance(document, Mapping):
        return None
    values: dict[str, Any] = {n: v for n, v in document.items() if n in _NAMES}
    try:
        return SamplingParams(**{name: _checked(name, value) for name, value in values.items()})
    except (ValueError, TypeError, OverflowError):
        return None


def _checked(name: str, value: Any) -> Any:
    """The value with the field's own type. Raises ValueError, TypeError or OverflowError."""
    if name == "logit_bias":
        pairs = tuple((_text(word), float(number)) for word, number in value)
        return _sound(pairs, all(-100.0 <= number <= 100.0 for _, number in pairs))
    default = getattr(_DEFAULTS, name)
    if isinstance(default, tuple):  # stop texts, and names of fields
        return tuple(_text(one) for one in _sound(value, isinstance(value, list | tuple)))
    if isinstance(default, str):
        return _text(value)
    if isinstance(default, bool):
        return _sound(value, isinstance(value, bool))
    least, most = _RANGES[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    number = type(default)(_sound(value, is_number))
    return _sound(number, least <= number <= most)


def _text(value: Any) -> Any:
    return _sound(value, isinstance(value, str) and len(value) <= MOST_TEXT)


def _sound(value: Any, is_sound: bool) -> Any:
    if not is_sound:
        raise ValueError(f"cannot be {value!r:.80}")
    return value
