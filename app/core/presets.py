"""Ready-made ways to choose words, and the settings of a person's own as SamplingParams."""

from __future__ import annotations

import re
from typing import Protocol

from app.core.entities import SamplingParams

# What the preset changes of the defaults; the rest is off. `model` changes nothing: what the model
# recommends goes before the defaults.
PRESETS: dict[str, dict[str, float]] = {
    "model": {},
    "precise": {"temperature": 0.2, "top_p": 0.9, "top_k": 20},
    "balanced": {},
    "creative": {"temperature": 1.0, "top_p": 0.98, "top_k": 100, "min_p": 0.03},
}
OWN = "own"
# fields of the settings that are the person's own values, and none of theirs under a preset
OWN_FIELDS = (
    "temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_penalty", "frequency_penalty",
    "presence_penalty", "penalty_window", "dry_multiplier", "dry_base", "dry_allowed_length",
    "xtc_probability", "xtc_threshold", "mirostat", "mirostat_tau", "mirostat_eta",
)  # fmt: skip
_BIAS = re.compile(r"^(.*\S)\s*[=:]\s*([+-]?\d+(?:\.\d+)?)$")
MOST_BIAS = 100.0


class Chosen(Protocol):
    """The settings, as far as they matter here."""

    @property
    def preset(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def stop_texts(self) -> str: ...
    @property
    def logit_bias(self) -> str: ...
    @property
    def grammar(self) -> str: ...
    @property
    def json_schema(self) -> str: ...


def sampling_of(settings: Chosen) -> SamplingParams:
    """What is in force under `settings`; what is not a matter of presets always is."""
    if settings.preset == OWN:
        values = {name: getattr(settings, name) for name in OWN_FIELDS}
    else:
        values = dict(PRESETS.get(settings.preset, {}))
    return SamplingParams(
        **values,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
        stop=tuple(line for line in settings.stop_texts.splitlines() if line),
        logit_bias=parse_bias(settings.logit_bias),
        grammar=settings.grammar,
        json_schema=settings.json_schema,
        is_own=settings.preset != "model",
    )


def parse_bias(text: str) -> tuple[tuple[str, float], ...]:
    """Lines of a word and a number; a line that is neither is left out (`wrong_bias_line`)."""
    found: list[tuple[str, float]] = []
    for line in text.splitlines():
        if match := _BIAS.match(line.strip()):
            found.append((match[1], max(-MOST_BIAS, min(MOST_BIAS, float(match[2])))))
    return tuple(found)


def wrong_bias_line(text: str) -> str:
    """The first line that cannot be understood, empty if all can."""
    return next((x for x in text.splitlines() if x.strip() and not _BIAS.match(x.strip())), "")
