"""What a load came to: the model described, or llama.cpp's words as an error of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.entities import LoadParams, ModelDescription, Placement
from app.core.errors import (
    AppError,
    GpuLoadFailed,
    ModelFileDamaged,
    NotEnoughMemory,
    UnsupportedArchitecture,
)
from app.core.messages import Load
from app.core.sizes import size_words
from app.models.gguf import GgufHeader
from app.models.hardware import free_ram_bytes
from app.models.memory import memory_bytes

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp

MEMORY_WORDS = ("failed to allocate", "out of memory", "unable to allocate", "alloc_tensor_range")
GPU_WORDS = ("vulkan", "cuda", "metal", "device lost", "errordevicelost")


def special_token(client: Any, token: int) -> str:
    """The text of a special token, empty if the model has none."""
    return str(client._model.token_get_text(token)) if token >= 0 else ""  # noqa: SLF001


def describe(
    command: Load,
    header: GgufHeader,
    llm: StreamingLlamaCpp,
    placement: Placement,
    seconds: float,
) -> ModelDescription:
    """What was loaded, how, and where it is."""
    from app.models.advice import advice_of

    return ModelDescription(
        path=command.path,
        name=header.name,
        architecture=header.architecture,
        trained_context=header.trained_context,
        context=llm.client.n_ctx(),
        template_source="model" if header.chat_template else "fallback",
        parameters=header.parameters,
        size_bytes=header.file_size,
        placement=placement,
        params=command.params,
        load_s=seconds,
        advice=advice_of(header.metadata),
        can_shift=llm.cache_.can_shift,
        can_roll_back=llm.cache_.can_roll_back,
        can_see=llm.eyes is not None,
    )


def load_error(
    path: Path, header: GgufHeader, params: LoadParams, context: int, details: str
) -> AppError:
    """llama.cpp's words as one of ours."""
    lowered = details.lower()
    if "unknown model architecture" in lowered:
        return UnsupportedArchitecture(details, name=path.name, architecture=header.architecture)
    is_gpu = any(words in lowered for words in GPU_WORDS)
    if any(words in lowered for words in MEMORY_WORDS):
        if is_gpu:
            return GpuLoadFailed(details, name=path.name)
        return _memory_error(path, header, params, context, details)
    if is_gpu and "error" in lowered:
        return GpuLoadFailed(details, name=path.name)
    return ModelFileDamaged(details, name=path.name)


def check_memory(
    path: Path, header: GgufHeader, params: LoadParams, context: int, room: int
) -> None:
    """Raises NotEnoughMemory where a load would not fit into `room` bytes."""
    if memory_bytes(header, params, context) > room:
        raise _memory_error(path, header, params, context, "")


def _memory_error(
    path: Path, header: GgufHeader, params: LoadParams, context: int, details: str
) -> NotEnoughMemory:
    need = memory_bytes(header, params, context)
    return NotEnoughMemory(
        details, name=path.name, need=size_words(need), have=size_words(free_ram_bytes())
    )
