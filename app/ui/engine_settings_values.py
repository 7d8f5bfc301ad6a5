"""Which sampling values are in force under a preset."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.presets import OWN, OWN_FIELDS, PRESETS
from app.core.settings import Settings, declarations

ADVISED = "model"  # the preset under which the model's recommendation goes first


def values_in_force(settings: Settings, advice: Mapping[str, float]) -> dict[str, float]:
    """Every field of a person's own values as it is used now, within the limits of the settings."""
    if settings.preset == OWN:
        return {name: getattr(settings, name) for name in OWN_FIELDS}
    known, defaults = declarations(), Settings()
    preset = PRESETS.get(settings.preset, {})
    values: dict[str, float] = {}
    for name in OWN_FIELDS:
        default = getattr(defaults, name)
        value = preset.get(name, default)
        if settings.preset == ADVISED:
            value = advice.get(name, value)
        low, high = known[name].minimum, known[name].maximum
        value = max(value, value if low is None else low)
        value = min(value, value if high is None else high)
        values[name] = type(default)(value)
    return values


def has_own_values(settings: Settings) -> bool:
    """Whether the person's own values were ever others than the defaults."""
    defaults = Settings()
    return any(getattr(settings, name) != getattr(defaults, name) for name in OWN_FIELDS)
