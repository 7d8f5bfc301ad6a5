"""The recovery ladder: after a failure, the next smaller setting that should work.

Order for want of memory: KV cache to q8_0, half the context, fewer layers on the graphics card, the
processor alone. A driver that failed: straight to the processor. A step that the memory formula
says would be refused again is passed over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from app.core.entities import PROCESSOR, Device, LoadParams, Placement
from app.core.errors import (
    AppError,
    DecodeFailed,
    GpuLoadFailed,
    LoadCutShort,
    NotEnoughMemory,
    Problem,
    WorkerCardFull,
    WorkerCrashed,
    WorkerDriverFailed,
    WorkerGaveUp,
    WorkerKilled,
    WorkerOutOfMemory,
)
from app.models.fit import SPARE
from app.models.gguf import GgufHeader
from app.models.hardware import free_ram_bytes
from app.models.memory import context_for, memory_bytes
from app.models.parts import read_model_header
from app.services.worker_end import CARD_FULL, MEMORY

FULL_KV, SMALLER_KV = "f16", "q8_0"
LEAST_CONTEXT = 1024  # tokens; with fewer nothing can be talked about
CONTEXT_STEP = 256  # llama.cpp rounds up to it
FOR_MEMORY = frozenset(
    error.code
    for error in (
        NotEnoughMemory,
        WorkerKilled,  # without a word: nearly always the system's want of memory
        WorkerOutOfMemory,
        WorkerCardFull,
        DecodeFailed,
        LoadCutShort,
    )
)
UNCLEAR = frozenset((WorkerCrashed.code, WorkerGaveUp.code))
BAD_MEMORY = frozenset(("SIGABRT", "SIGSEGV", "SIGBUS"))  # memory or a driver may be behind them


class Cause(StrEnum):
    """What a smaller setting can help against."""

    MEMORY = "memory"
    DRIVER = "driver"


class StepKind(StrEnum):
    """What a step changes, for the words."""

    KV_CACHE = "kv_cache"
    HALF_CONTEXT = "half_context"
    CONTEXT = "context"  # less than half
    KV_CACHE_AND_CONTEXT = "kv_cache_and_context"
    LAYERS = "layers"
    PROCESSOR = "processor"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: how to load instead."""

    kind: StepKind
    params: LoadParams


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the ladder needs to know. Without a `header` or `free_ram` (bytes) no step is passed
    over; `placement` is that of the load that failed, where it had succeeded before."""

    header: GgufHeader | None = None
    has_card: bool = False
    placement: Placement | None = None
    free_ram: int = 0
    card_bytes: int = 0  # of a card with memory of its own, as much as the worker would take

    @property
    def trained_context(self) -> int:
        """Tokens; 0 where it is not known."""
        return self.header.trained_context if self.header is not None else 0

    @property
    def size_bytes(self) -> int | None:
        """Of the file; None where it is not known."""
        return self.header.file_size if self.header is not None else None

    def now(
        self, devices: Sequence[Device], placement: Placement | None, *, is_loaded: bool = False
    ) -> ModelFacts:
        """The same with the memory that is free now, and the worker's devices. What a model that
        `is_loaded` takes is free before the next load."""
        own = [device.free_bytes for device in devices if device.has_own_memory]
        freed = placement if is_loaded else None
        return replace(
            self,
            has_card=any(device.is_card for device in devices),
            placement=placement,
            free_ram=free_ram_bytes() + (freed.host_bytes if freed else 0),
            card_bytes=int(max(own, default=0) * SPARE) + (freed.device_bytes if freed else 0),
        )

    def layers_on_card(self, params: LoadParams) -> int:
        """Layers there, the output layer counted; as many as there are where nobody knows."""
        if not self.has_card or params.device == PROCESSOR or params.gpu_layers == 0:
            return 0
        if self.placement is not None:
            return self.placement.gpu_layers
        most = self.header.block_count + 1 if self.header is not None else 0
        if params.gpu_layers > 0:
            return min(params.gpu_layers, most) if most else params.gpu_layers
        return most

    def fits(self, params: LoadParams) -> bool:
        """Whether the worker would try it: its own check before each load."""
        if self.header is None or self.free_ram <= 0:
            return True
        context = context_for(params.context_tokens, self.trained_context)
        room = self.free_ram + (self.card_bytes if self.layers_on_card(params) else 0)
        return memory_bytes(self.header, params, context) <= room


def read_facts(path: Path) -> ModelFacts:
    """What the file says; nothing where it cannot be read. Not for the main thread."""
    with contextlib.suppress(AppError):
        return ModelFacts(header=read_model_header(path))
    return ModelFacts()


def cards_of(devices: Sequence[Device]) -> tuple[str, ...]:
    """The graphics cards among `devices`, by the names they are sold under."""
    return tuple(device.description for device in devices if device.is_card)


def cause_of(problem: Problem, *, is_on_card: bool) -> Cause | None:
    """What is behind `problem` if a smaller setting may help, else None."""
    code, reason = problem.code, dict(problem.params).get("reason", "")
    if code in FOR_MEMORY:
        return Cause.MEMORY
    if code == WorkerDriverFailed.code:
        return Cause.DRIVER
    is_memory = bool(CARD_FULL.search(problem.details) or MEMORY.search(problem.details))
    if code == GpuLoadFailed.code:
        return Cause.MEMORY if is_memory else Cause.DRIVER
    if code in UNCLEAR and (reason in BAD_MEMORY or code == WorkerGaveUp.code):
        return Cause.DRIVER if is_on_card and not is_memory else Cause.MEMORY
    return None


def next_step(params: LoadParams, facts: ModelFacts, problem: Problem) -> Step | None:
    """What to try after a load with `params`, or an answer of it, failed with `problem`; None
    where nothing smaller is left or would help."""
    layers = facts.layers_on_card(params)
    cause = cause_of(problem, is_on_card=layers > 0)
    if cause is None:
        return None
    if cause is Cause.DRIVER:
        return _processor(params) if layers or problem.code == GpuLoadFailed.code else None
    return next((s for s in _ladder(params, facts, layers) if facts.fits(s.params)), None)


def _ladder(params: LoadParams, facts: ModelFacts, layers: int) -> Iterator[Step]:
    """All rungs below `params`, in order."""
    smaller_kv = replace(params, kv_type=SMALLER_KV)
    if params.kv_type == FULL_KV:
        yield Step(StepKind.KV_CACHE, smaller_kv)
    contexts = _halves(context_for(params.context_tokens, facts.trained_context))
    kinds = [StepKind.HALF_CONTEXT] + [StepKind.CONTEXT] * len(contexts)
    for kind, context in zip(kinds, contexts, strict=False):
        yield Step(kind, replace(params, context_tokens=context))
    if params.kv_type == FULL_KV:
        for context in contexts:
            yield Step(StepKind.KV_CACHE_AND_CONTEXT, replace(smaller_kv, context_tokens=context))
    if layers * 3 // 4 > 0:
        yield Step(StepKind.LAYERS, replace(params, gpu_layers=layers * 3 // 4))
    if layers:
        yield _processor(params)


def _halves(context: int) -> list[int]:
    """Half of `context` tokens, half of that, and so on."""
    found = []
    while (context := context // 2 // CONTEXT_STEP * CONTEXT_STEP) >= LEAST_CONTEXT:
        found.append(context)
    return found


def _processor(params: LoadParams) -> Step:
    return Step(StepKind.PROCESSOR, replace(params, gpu_layers=0, device=PROCESSOR))
