"""Where a model goes: which device, how many layers, by simulated loads; and where it went.

A simulated load (`no_alloc`) takes no memory and makes llama.cpp log how large the KV cache and the
buffers to compute with would be, which no formula tells for every architecture. The weights are not
in that log: their sizes stand in the file.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.entities import PROCESSOR, Device, LoadParams, Placement
from app.models.weights import EXPERTS, Weights

TEMPLATE = "tokenizer.chat_template"  # begins the keys of chat templates in a model's file
MOST_AT_ONCE = 512  # tokens computed at once (n_ubatch): more takes memory and is hardly faster
_BUFFER = re.compile(r":\s+(\S+) (?:model|KV|RS|compute|output) buffer size =\s+([\d.]+) MiB")
_CACHE = re.compile(r": size =\s+([\d.]+) MiB \(")  # also told in a simulated load
_LAYERS = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")
_BLOCKS = re.compile(r"n_layer\s+= (\d+)")
_FLASH = re.compile(r"flash_attn\s+= (\w+)|Flash Attention (\w+)")
HOST = ("CPU", "_Host", "AMX", "BLAS")  # buffers by these names lie in the computer's own memory


@dataclass(slots=True)
class Buffers:
    """What llama.cpp said of a load: MiB by buffer, and layers."""

    sizes: dict[str, float] = field(default_factory=dict)
    offloaded: int = 0
    layers: int = 0
    cache_bytes: int = 0  # of all layers, wherever they are
    is_flash: bool = False

    def on_host(self) -> int:
        """Bytes in the computer's own memory."""
        return self._bytes(lambda name: _is_host(name))

    def on_devices(self) -> int:
        """Bytes on graphics cards."""
        return self._bytes(lambda name: not _is_host(name))

    def _bytes(self, counts: Callable[[str], bool]) -> int:
        return int(sum(size for name, size in self.sizes.items() if counts(name)) * (1 << 20))


def buffers_of(log: str) -> Buffers:
    """Read the log of one load."""
    found = Buffers()
    for name, size in _BUFFER.findall(log):
        found.sizes[name] = found.sizes.get(name, 0.0) + float(size)
    found.cache_bytes = int(sum(map(float, _CACHE.findall(log))) * (1 << 20))
    if blocks := _BLOCKS.findall(log):
        found.layers = int(blocks[-1]) + 1  # and the output layer
    if layers := _LAYERS.findall(log):
        found.offloaded, found.layers = int(layers[-1][0]), int(layers[-1][1])
    words = [one or other for one, other in _FLASH.findall(log)]
    found.is_flash = bool(words) and words[-1] in ("enabled", "on")
    return found


def _is_host(name: str) -> bool:
    return name.startswith("CPU") or any(part in name for part in HOST)


def choose_device(params: LoadParams, devices: Sequence[Device]) -> Device | None:
    """The graphics card that is asked for, or the one with the most free memory; None for the
    processor. A card that is asked for and not there is no reason not to answer."""
    if params.device == PROCESSOR or params.gpu_layers == 0:
        return None
    cards = [device for device in devices if device.is_card]
    asked = [device for device in cards if device.name == params.device]
    return max(asked or cards, key=lambda device: device.free_bytes, default=None)


def choose_layers(
    room: int,
    weights: Weights,
    simulate: Callable[[int], Buffers | None],
    *,
    with_experts: bool = True,
) -> int:
    """How many layers, the output layer counted, fit into `room` bytes of a card.

    `simulate` is given layers and returns what would be allocated beside the weights, None where
    the load does not work at all. All first, which is the usual answer; what is computed with
    depends on the split, so a smaller number is tried again until it fits with its own buffers.
    """
    layers = weights.count
    while layers > 0:
        buffers = simulate(layers)
        if buffers is None:
            return 0
        fitting = layers
        while fitting > 0 and _needed(fitting, weights, buffers, with_experts) > room:
            fitting -= 1
        if fitting == layers:
            return layers
        layers = fitting
    return 0


def _needed(layers: int, weights: Weights, buffers: Buffers, with_experts: bool) -> int:
    """Bytes on the card: weights, that part of the cache, and what is computed with."""
    blocks = max(weights.count - 1, 1)
    cache = buffers.cache_bytes * min(layers - 1, blocks) // blocks
    own = weights.on_device(layers, with_experts=with_experts)
    return own + cache + buffers.on_devices()


def placed(params: LoadParams, device: Device | None, buffers: Buffers, threads: int) -> Placement:
    """What is where after a load."""
    has_device = device is not None and buffers.offloaded > 0
    found = Placement(
        gpu_layers=buffers.offloaded,
        layers=buffers.layers,
        device_bytes=buffers.on_devices(),
        host_bytes=buffers.on_host(),
        kv_type=params.kv_type,
        is_flash=buffers.is_flash,
        threads=threads,
    )
    if device is not None and has_device:
        return replace(found, device=device.name, description=device.description)
    return found


class NativeOptions:
    """What llama.cpp can do and LangChain's wrapper has no field for: set on its own structures.

    `llama_cpp.Llama` makes them inside its constructor, so its two internal classes are replaced
    by ones that set them first, for the time of one load.
    """

    def __init__(
        self,
        params: LoadParams,
        device: Device | None,
        gpu_layers: int,
        context: int,
        on_progress: Callable[[float], bool],
    ) -> None:
        self.batch = min(params.batch_tokens, context)
        self._params = params
        self._device = device
        self._gpu_layers = gpu_layers
        self._on_progress = on_progress
        self._kept: list[object] = []  # what llama.cpp has pointers to

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        """For the time of one load with `llama_cpp.Llama`."""
        from llama_cpp import _internals

        options, model_class, context_class = self, _internals.LlamaModel, _internals.LlamaContext

        class Model(model_class):  # type: ignore[misc, valid-type]
            def __init__(self, *, path_model: str, params: Any, verbose: bool) -> None:
                options.set_model(params)
                super().__init__(path_model=path_model, params=params, verbose=verbose)

            def metadata(self) -> dict[str, str]:
                """Without chat templates: the wrapper would compile them here, unlimited, and
                take one that is broken for a model that cannot be loaded."""
                found: dict[str, str] = super().metadata()
                return {key: value for key, value in found.items() if TEMPLATE not in key}

        class Context(context_class):  # type: ignore[misc, valid-type]
            def __init__(self, *, model: Any, params: Any, verbose: bool) -> None:
                options.set_context(params)
                super().__init__(model=model, params=params, verbose=verbose)

        _internals.LlamaModel, _internals.LlamaContext = Model, Context
        try:
            yield
        finally:
            _internals.LlamaModel, _internals.LlamaContext = model_class, context_class

    def set_model(self, model: Any, *, is_simulated: bool = False) -> None:
        """Device, layers, experts and progress, on a `llama_model_params`."""
        import llama_cpp

        model.n_gpu_layers = self._gpu_layers
        devices = (ctypes.c_void_p * 2)(self._handle(), None)
        self._kept.append(devices)
        model.devices = ctypes.cast(devices, ctypes.c_void_p)
        if self._params.is_experts_on_cpu:
            model.tensor_buft_overrides = self._experts_in_memory()
        if is_simulated:
            model.no_alloc = True
            model.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
            return
        callback = llama_cpp.llama_progress_callback(lambda done, _: self._on_progress(done))
        self._kept.append(callback)
        model.progress_callback = callback

    def set_context(self, context: Any) -> None:
        """Batch, flash attention and the type of the KV cache, on a `llama_context_params`."""
        import llama_cpp

        context.n_batch, context.n_ubatch = self.batch, min(MOST_AT_ONCE, self.batch)
        context.flash_attn_type = {
            "on": llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
            "off": llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
        }.get(self._params.flash_attention, llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO)
        kind = {"q8_0": llama_cpp.GGML_TYPE_Q8_0, "q4_0": llama_cpp.GGML_TYPE_Q4_0}
        context.type_k = context.type_v = kind.get(self._params.kv_type, llama_cpp.GGML_TYPE_F16)
        if self._params.kv_type != "f16":  # a quantised V needs it
            context.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED

    def _handle(self) -> int | None:
        """ggml's pointer to the device; none where all stays in memory."""
        from app.worker.devices import device_handle

        return device_handle(self._device.name) if self._device is not None else None

    def _experts_in_memory(self) -> Any:
        from app.worker.devices import cpu_buffer_type

        class Override(ctypes.Structure):  # llama.h, llama_model_tensor_buft_override
            _fields_ = (("pattern", ctypes.c_char_p), ("buffer", ctypes.c_void_p))

        overrides = (Override * 2)(Override(EXPERTS, cpu_buffer_type()), Override(None, None))
        self._kept.append(overrides)
        return ctypes.cast(overrides, ctypes.c_void_p)
