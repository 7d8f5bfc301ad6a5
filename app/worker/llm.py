"""LangChain's LlamaCpp with every parameter given on purpose; the only door to langchain-community.

`_stream` drives our own loop (`generation.py`): the wrapper's way through `create_completion` loses
the finish reason and does work per token that grows with the answer.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import GenerationChunk, LLMResult

from app.core.entities import Device, LoadParams, Statistics, StopReason
from app.models.fit import SPARE
from app.models.weights import read_weights
from app.worker.cache import Cache
from app.worker.generation import Generation, Pieces, Request
from app.worker.placement import (
    Buffers,
    NativeOptions,
    buffers_of,
    choose_device,
    choose_layers,
)
from app.worker.prompting import IMAGE
from app.worker.speculation import Record

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the package's own sunset notice
    from langchain_community.llms import LlamaCpp

DEBUG_LEVEL = 1  # ggml.h, GGML_LOG_LEVEL_DEBUG
Log = list[str]


class AnswerEnd(BaseCallbackHandler):
    """Hears from LangChain how an answer ended: the reason and the figures of the whole of it."""

    def __init__(self) -> None:
        self.reason = StopReason.END
        self.statistics = Statistics()

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        info = response.generations[0][0].generation_info or {}
        self.reason, self.statistics = info["finish_reason"], info["statistics"]


class AbortFlag:
    """Makes llama.cpp leave a running `llama_decode`.

    ggml asks its abort callback once per graph node, a thousand times a token. A Python callback
    would cost the interpreter's lock each time, so the callback is the C library's own `strlen`,
    and its data two bytes of ours: an empty string is 0, go on; one character is 1, stop.
    """

    def __init__(self) -> None:
        self._bytes = ctypes.create_string_buffer(2)
        self._callback: Any = None

    @property
    def is_set(self) -> bool:
        return self._bytes.raw[0] != 0

    def set(self) -> None:
        """Ask for the end; may be called from any thread."""
        self._bytes[0] = b"\x01"

    def clear(self) -> None:
        """Before the next answer."""
        self._bytes[0] = b"\x00"

    def attach(self, context: Any) -> None:
        """Let llama.cpp's `context` look at this flag."""
        import llama_cpp

        try:
            strlen = ctypes.CDLL(None).strlen
            self._callback = ctypes.cast(strlen, llama_cpp.ggml_abort_callback)
        except (OSError, AttributeError, TypeError):  # no global C library to look in (Windows)
            self._callback = llama_cpp.ggml_abort_callback(lambda _data: self.is_set)
        data = ctypes.cast(self._bytes, ctypes.c_void_p)
        llama_cpp.llama_set_abort_callback(context, self._callback, data)


class StreamingLlamaCpp(LlamaCpp):
    """LlamaCpp that keeps why it ended and its figures, in the last chunk's generation_info.

    Call it as any LangChain model: `stream(prompt, {"callbacks": [end]}, stop=..., request=...)`
    with an `AnswerEnd` to learn how it ended.
    """

    abort_flag: Any = None
    cache_: Any = None  # the wrapper has a `cache` of its own, of whole answers
    states: Any = None
    pieces: Any = None
    record: Any = None  # how fast guessing was
    options: Any = None  # what llama.cpp has pointers to
    eyes: Any = None  # where there is a projector beside the model
    counted: Any = None  # the prompt that was counted last, and its tokens

    def _stream(
        self, prompt: str, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[GenerationChunk]:
        request: Request = kwargs["request"]
        yield from Generation(self, self.tokens_of(prompt), request, stop or []).run()

    def tokens_of(self, prompt: str) -> list[int]:
        """Tokens of a rendered prompt; BOS is added where the model wants it, and never twice."""
        if self.counted is None or self.counted[0] != prompt:
            self.counted = (prompt, prompt_tokens(self.client, prompt, self.eyes))
        tokens: list[int] = self.counted[1]
        return tokens

    def count(self, text: str) -> int:
        """Cells a rendered prompt takes in the cache, BOS included where it will be added."""
        tokens = self.tokens_of(text)
        return len(tokens) + (self.eyes.more_cells(tokens) if self.eyes is not None else 0)

    def close(self) -> None:
        """Give its memory back."""
        if self.eyes is not None:
            self.eyes.close()
        self.cache_.close()
        self.client.close()


def prompt_tokens(client: Any, prompt: str, eyes: Any = None) -> list[int]:
    """Tokens of a rendered prompt, and what stands for its images; BOS is added where the model
    wants it, and never twice. Raises ImageBroken."""
    parts = IMAGE.split(prompt) if eyes is not None else [prompt]  # text, image, text, ...
    tokens: list[int] = client.tokenize(parts[0].encode("utf-8"), add_bos=True, special=True)
    bos = client.token_bos()
    while len(tokens) > 1 and tokens[0] == bos and tokens[1] == bos:
        tokens.pop(0)
    for image, text in zip(parts[1::2], parts[2::2], strict=True):
        tokens += eyes.tokens_of(image)
        tokens += client.tokenize(text.encode("utf-8"), add_bos=False, special=True)
    return tokens


def thread_count(asked: int) -> int:
    """Threads: as asked, else the physical cores, one of them left free where there are > 4."""
    if asked > 0:
        return asked
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return cores - 1 if cores > 4 else cores


def parameters_for(path: Path, params: LoadParams, context: int) -> dict[str, Any]:
    """Every field of the wrapper, on purpose; its own defaults are traps (RoPE 10000, batch 8)."""
    threads = thread_count(params.threads)
    return {
        "model_path": str(path),
        "client": None,
        "rope_freq_base": 0.0,  # 0: from the model
        "rope_freq_scale": 0.0,
        "n_ctx": context,
        # only for buffers that are not used here: batch times vocabulary, batch times context. What
        # llama.cpp itself reads at once is set in NativeOptions
        "n_batch": 1,
        "n_gpu_layers": params.gpu_layers,
        "n_threads": threads,
        "n_parts": -1,
        "seed": -1,
        "f16_kv": True,
        "logits_all": False,
        "vocab_only": False,
        "use_mlock": params.use_mlock,
        "use_mmap": params.use_mmap,
        "lora_base": None,
        "lora_path": None,
        "last_n_tokens_size": 64,
        "suffix": None,
        "max_tokens": None,
        "temperature": 0.7,
        "top_p": 0.95,
        "top_k": 40,
        "logprobs": None,
        "echo": False,
        "stop": None,
        "repeat_penalty": 1.0,
        "streaming": True,
        "grammar": None,
        "grammar_path": None,
        "verbose": False,
        "model_kwargs": {"n_threads_batch": threads, "n_ubatch": 1},
        "cache": None,
        "callbacks": None,
        "tags": None,
        "metadata": None,
        "custom_get_token_ids": None,
    }


def load(
    path: Path,
    params: LoadParams,
    context: int,
    flag: AbortFlag,
    devices: Sequence[Device],
    log: Log,
    on_progress: Callable[[float], None],
) -> tuple[StreamingLlamaCpp, Device | None]:
    """Load the model where it fits; `log` is what llama.cpp says meanwhile.

    Returns it and the graphics card that holds part of it. Raises ValueError with llama.cpp's words
    if it cannot be loaded.
    """
    import llama_cpp

    device, layers = _fitted(path, params, context, choose_device(params, devices), log)

    def go_on(done: float) -> bool:
        on_progress(done)
        return True

    options = NativeOptions(params, device, layers, context, go_on)
    log.clear()
    with options.in_force():
        llm = StreamingLlamaCpp(**parameters_for(path, params, context), abort_flag=flag)
    llm.options, llm.record = options, Record()
    llm.cache_ = Cache(llm.client, options.batch, lambda: flag.is_set)
    if device is None:
        llm.cache_.read_in_chunks(llama_cpp.llama_model_n_params(llm.client.model))
    llm.pieces = Pieces(llm.client)
    flag.attach(llm.client.ctx)
    return llm, device


def _fitted(
    path: Path, params: LoadParams, context: int, device: Device | None, log: Log
) -> tuple[Device | None, int]:
    """The device and its layers: as asked, or as many as fit."""
    if device is None:
        return None, 0
    if params.gpu_layers >= 0:
        return device, params.gpu_layers
    found = choose_layers(
        int(device.free_bytes * SPARE),
        read_weights(path),
        lambda layers: simulate(path, params, context, device, layers, log),
        with_experts=not params.is_experts_on_cpu,
    )
    return (device, found) if found else (None, 0)


def simulate(
    path: Path, params: LoadParams, context: int, device: Device | None, layers: int, log: Log
) -> Buffers | None:
    """What a load would allocate beside the weights, without doing it; None if it does not work."""
    import llama_cpp

    options = NativeOptions(params, device, layers, context, lambda _: True)
    model_params = llama_cpp.llama_model_default_params()
    options.set_model(model_params, is_simulated=True)
    log.clear()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_params)
    if not model:
        return None
    context_params = llama_cpp.llama_context_default_params()
    context_params.n_ctx = context
    options.set_context(context_params)
    found = llama_cpp.llama_init_from_model(model, context_params)
    buffers = buffers_of("".join(log)) if found else None
    if found:
        llama_cpp.llama_free(found)
    llama_cpp.llama_model_free(model)
    return buffers


def collect_log(keep: Callable[[str], None]) -> Any:
    """Send llama.cpp's log lines to `keep`; hold on to the result as long as it may log."""
    import llama_cpp

    def receive(level: int, text: bytes, _data: object) -> None:
        if level != DEBUG_LEVEL:  # hundreds of lines for each graph
            keep(text.decode("utf-8", "replace"))

    callback = llama_cpp.llama_log_callback(receive)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    return callback
