"""LangChain's LlamaCpp with every parameter given on purpose; the only door to langchain-community.

`_stream` drives `Llama.generate` itself: the wrapper's way through `create_completion` loses the
finish reason and does work per token that grows with the answer.
"""

from __future__ import annotations

import codecs
import ctypes
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.outputs import GenerationChunk, LLMResult

from app.core.entities import LoadParams, SamplingParams, Statistics, StopReason

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # the package's own sunset notice
    from langchain_community.llms import LlamaCpp

DEFAULT_CONTEXT = 8192
ABORTED = "llama_decode returned 2"
DEBUG_LEVEL = 1  # ggml.h, GGML_LOG_LEVEL_DEBUG


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

    Call it as any LangChain model: `stream(prompt, {"callbacks": [end]}, stop=..., sampling=...)`
    with an `AnswerEnd` to learn how it ended.
    """

    abort_flag: Any = None

    def _stream(
        self, prompt: str, stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[GenerationChunk]:
        sampling: SamplingParams = kwargs["sampling"]
        yield from Generation(self, prompt, sampling, stop or []).run()

    def count(self, text: str) -> int:
        """Tokens of a rendered prompt, BOS included where it will be added."""
        return len(prompt_tokens(self.client, text))


def prompt_tokens(client: Any, prompt: str) -> list[int]:
    """Tokens of a rendered prompt; BOS is added where the model wants it, and never twice."""
    tokens: list[int] = client.tokenize(prompt.encode("utf-8"), add_bos=True, special=True)
    bos = client.token_bos()
    while len(tokens) > 1 and tokens[0] == bos and tokens[1] == bos:
        tokens.pop(0)
    return tokens


class Generation:
    """One answer: tokens to text, the reasons to end, and the figures."""

    def __init__(
        self, llm: StreamingLlamaCpp, prompt: str, sampling: SamplingParams, stop: list[str]
    ) -> None:
        self._client = llm.client
        self._flag: AbortFlag = llm.abort_flag
        self._sampling = sampling
        self._stop = [text for text in stop if text]
        self._tokens = prompt_tokens(self._client, prompt)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""  # text that may be the beginning of a stop string
        self._reason = StopReason.END
        self._produced = 0
        self._started = time.monotonic()
        self._first = 0.0

    def run(self) -> Iterator[GenerationChunk]:
        """Chunks of text; the last one is empty and carries reason and statistics."""
        reused = self._common_prefix()
        try:
            for token in self._sampled():
                text = self._decoder.decode(self._piece(token))
                out, is_stopped = self._before_stop(text)
                yield GenerationChunk(text=out)
                if is_stopped:
                    break
            else:
                yield GenerationChunk(text=self._held + self._decoder.decode(b"", final=True))
        except RuntimeError as error:
            if ABORTED not in str(error):
                raise
            self._reason = StopReason.STOPPED
            yield GenerationChunk(text=self._held)
        statistics = self._statistics(reused)
        yield GenerationChunk(
            text="", generation_info={"finish_reason": self._reason, "statistics": statistics}
        )

    def _sampled(self) -> Iterator[int]:
        import llama_cpp

        client, sampling = self._client, self._sampling
        client.set_seed(sampling.seed if sampling.seed >= 0 else llama_cpp.LLAMA_DEFAULT_SEED)
        room = client.n_ctx() - len(self._tokens)
        limit = min(room, sampling.max_tokens) if sampling.max_tokens > 0 else room
        vocabulary = client._model.vocab  # noqa: SLF001 - no public way to ask for end tokens
        for token in client.generate(
            self._tokens,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            typical_p=1.0,
            temp=sampling.temperature,
            repeat_penalty=sampling.repeat_penalty,
            frequency_penalty=0.0,
            presence_penalty=0.0,
        ):
            if not self._first:
                self._first = time.monotonic()
            if llama_cpp.llama_token_is_eog(vocabulary, token):
                return
            self._produced += 1
            yield token
            if self._flag.is_set:
                self._reason = StopReason.STOPPED
                return
            if self._produced >= limit:
                self._reason = StopReason.LIMIT
                return

    def _piece(self, token: int) -> bytes:
        piece: bytes = self._client.detokenize([token], prev_tokens=self._tokens[-1:])
        return piece

    def _before_stop(self, text: str) -> tuple[str, bool]:
        """Text that may be shown, and whether a stop string came."""
        if not self._stop:
            return text, False
        text = self._held + text
        for stop in self._stop:
            if (at := text.find(stop)) >= 0:
                return text[:at], True
        longest = max(len(stop) for stop in self._stop) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                self._held = text[-length:]
                return text[:-length], False
        self._held = ""
        return text, False

    def _common_prefix(self) -> int:
        held = self._client.input_ids[: self._client.n_tokens].tolist()
        same = 0
        for ours, theirs in zip(self._tokens, held, strict=False):
            if ours != theirs:
                break
            same += 1
        return same

    def _statistics(self, reused: int) -> Statistics:
        now = time.monotonic()
        writing = now - self._first if self._first else 0.0
        return Statistics(
            prompt_tokens=len(self._tokens),
            reused_tokens=reused,
            completion_tokens=self._produced,
            ttft_s=(self._first or now) - self._started,
            tokens_per_s=(self._produced - 1) / writing if self._produced > 1 and writing else 0.0,
            context_tokens=len(self._tokens) + self._produced,
        )


def context_for(params: LoadParams, trained_context: int) -> int:
    """Tokens of context: as asked, else what the model was trained for, at most 8192."""
    if params.context_tokens > 0:
        return params.context_tokens
    return min(trained_context, DEFAULT_CONTEXT) if trained_context > 0 else DEFAULT_CONTEXT


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
        "n_batch": min(params.batch_tokens, context),
        "n_gpu_layers": params.gpu_layers,
        "n_threads": threads,
        "n_parts": -1,
        "seed": -1,
        "f16_kv": True,
        "logits_all": False,
        "vocab_only": False,
        "use_mlock": False,
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
        "model_kwargs": {"n_threads_batch": threads, "n_ubatch": min(512, context)},
        "cache": None,
        "callbacks": None,
        "tags": None,
        "metadata": None,
        "custom_get_token_ids": None,
    }


def load(path: Path, params: LoadParams, context: int, flag: AbortFlag) -> StreamingLlamaCpp:
    """Load the model; raises ValueError with llama.cpp's words if it cannot be."""
    llm = StreamingLlamaCpp(**parameters_for(path, params, context), abort_flag=flag)
    flag.attach(llm.client.ctx)
    return llm


def collect_log(keep: Callable[[str], None]) -> Any:
    """Send llama.cpp's log lines to `keep`; hold on to the result as long as it may log."""
    import llama_cpp

    def receive(level: int, text: bytes, _data: object) -> None:
        if level != DEBUG_LEVEL:  # hundreds of lines for each graph
            keep(text.decode("utf-8", "replace"))

    callback = llama_cpp.llama_log_callback(receive)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    return callback
