"""What a model's file recommends for sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.core.entities import SamplingParams

# names in a GGUF file (llama-arch.cpp, general.sampling.*) -> ours
ADVICE = {
    "temp": "temperature",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "xtc_probability": "xtc_probability",
    "xtc_threshold": "xtc_threshold",
    "penalty_last_n": "penalty_window",
    "penalty_repeat": "repeat_penalty",
    "mirostat": "mirostat",
    "mirostat_tau": "mirostat_tau",
    "mirostat_eta": "mirostat_eta",
}
# what a file may recommend: a header is untrusted, and a value beyond these makes no sense
LIMITS = {
    "temperature": (0.0, 5.0),
    "top_k": (0, 10_000),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "xtc_probability": (0.0, 1.0),
    "xtc_threshold": (0.0, 1.0),
    "penalty_window": (-1, 1_048_576),
    "repeat_penalty": (0.5, 3.0),
    "mirostat": (0, 2),
    "mirostat_tau": (0.0, 20.0),
    "mirostat_eta": (0.0, 1.0),
}
WHOLE = ("top_k", "penalty_window", "mirostat")


def advice_of(metadata: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    """What a model's header recommends, as far as it makes sense, by names of SamplingParams."""
    found: list[tuple[str, float]] = []
    for theirs, ours in ADVICE.items():
        value = metadata.get(f"general.sampling.{theirs}")
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            continue
        low, high = LIMITS[ours]
        if low <= value <= high:  # also false for NaN
            found.append((ours, int(value) if ours in WHOLE else round(float(value), 6)))
    return tuple(found)


def advised(params: SamplingParams, advice: tuple[tuple[str, float], ...]) -> SamplingParams:
    """`params` with what the model recommends, where the person has not chosen otherwise."""
    if params.is_own:
        return params
    values: dict[str, Any] = {name: value for name, value in advice if name not in params.pinned}
    return replace(params, **values)
