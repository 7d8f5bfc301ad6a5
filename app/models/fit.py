"""Whether a model fits this computer, and with how long a context: the verdict and its numbers.

It is an estimate, never a promise: what other programs take changes from one moment to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.entities import Device
from app.core.models_entities import Fit, FitVerdict
from app.models.gguf import GgufHeader
from app.models.memory import (
    CELLS_STEP,
    Shape,
    buffer_bytes,
    cache_bytes,
    shape_of,
    typical_shape,
)

SPARE = 0.9  # of a device's free memory is used: a driver takes some for itself
TYPICAL_BITS = 4.85  # a weight at Q4_K_M, where the number of parameters is not known


def estimate(
    header: GgufHeader,
    size_bytes: int,
    wanted_context: int,
    free_ram: int,
    devices: Sequence[Device],
    batch_tokens: int = 512,
) -> Fit:
    """The fit of the model with this header at `wanted_context` tokens.

    `size_bytes` counts all parts and the projector; `free_ram` in bytes; of `devices` only
    graphics count. Weights are counted once: where llama.cpp rearranges them for the processor it
    holds a second copy, but the first is the mapped file, which the system may drop.
    """
    room = _Room(shape_of(header), max(size_bytes, 0), batch_tokens, free_ram, devices)
    return room.fit(wanted_context, header.trained_context)


def estimate_by_size(
    size_bytes: int,
    parameters: int,
    trained_context: int,
    wanted_context: int,
    free_ram: int,
    devices: Sequence[Device],
    batch_tokens: int = 512,
) -> Fit:
    """The fit where only the size is known: as for the usual model of so many `parameters`
    (0: guessed from the size as if at 4 bits); `is_exact` is False."""
    parameters = parameters if parameters > 0 else int(size_bytes * 8 / TYPICAL_BITS)
    shape = typical_shape(parameters)
    room = _Room(shape, max(size_bytes, 0), batch_tokens, free_ram, devices, is_exact=False)
    return room.fit(wanted_context, trained_context)


@dataclass(frozen=True, slots=True)
class _Room:
    """A model's needs against the memory there is."""

    shape: Shape
    weights: int
    batch_tokens: int
    free_ram: int
    devices: Sequence[Device]
    is_exact: bool = True

    def fit(self, context: int, trained: int) -> Fit:
        """All numbers at `context`; an unknown `trained` context counts as `context`."""
        context = max(context, 1)
        device = self._best_device()
        verdict, layers = self._verdict(context, device)
        return Fit(
            verdict=verdict,
            weights_bytes=self.weights,
            kv_cache_bytes=cache_bytes(self.shape, context),
            buffers_bytes=buffer_bytes(self.shape, context, self.batch_tokens),
            context=context,
            largest_context=_largest(
                trained if trained > 0 else context,
                lambda tokens: self._verdict(tokens, device)[0] is not FitVerdict.TOO_BIG,
            ),
            free_ram_bytes=self.free_ram,
            free_device_bytes=device.free_bytes if device else 0,
            gpu_layers=layers,
            is_exact=self.is_exact,
        )

    def _best_device(self) -> Device | None:
        graphics = [device for device in self.devices if device.is_card]
        return max(graphics, key=lambda device: device.free_bytes, default=None)

    def _verdict(self, context: int, device: Device | None) -> tuple[FitVerdict, int]:
        """The verdict, and how many layers go to the device (llama.cpp counts the output too)."""
        cache = cache_bytes(self.shape, context)
        buffers = buffer_bytes(self.shape, context, self.batch_tokens)
        needed = self.weights + cache + buffers
        is_in_ram = needed <= self.free_ram
        if device is not None and (is_in_ram or device.has_own_memory):
            room = int(device.free_bytes * SPARE)
            if needed <= room:
                return FitVerdict.GPU, self.shape.layers + 1
            each = max((self.weights + cache) // max(self.shape.layers, 1), 1)
            layers = min(max(room - buffers, 0) // each, self.shape.layers)
            if layers and needed - layers * each <= self.free_ram:
                return FitVerdict.PARTLY, layers
        return (FitVerdict.MEMORY if is_in_ram else FitVerdict.TOO_BIG), 0


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest context up to `most` that fits; need grows with the context."""
    if fits(most):
        return most
    low, high = 0, most // CELLS_STEP + 1  # in steps: low fits, high does not
    while high - low > 1:
        middle = (low + high) // 2
        if middle * CELLS_STEP < most and fits(middle * CELLS_STEP):
            low = middle
        else:
            high = middle
    return low * CELLS_STEP
