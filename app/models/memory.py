"""How much memory llama.cpp takes for a model, by formulas calibrated against its own log.

Measured with llama-cpp-python 0.3.36 as the app loads (f16 cache, the cache of sliding-window
layers at full size, which is llama.cpp's default): starter, Gemma 3 270M, and files without weights
in the shapes of Llama, Qwen, Gemma, Mamba and LFM2; all within 4 % in sum without flash attention,
and within 3 % with it, at 1,000 to 262,144 tokens. Headers are untrusted: no loop is as long as a
number in one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.entities import LoadParams
from app.models.gguf import GgufHeader

F16, F32 = 2, 4  # bytes
MOST_BATCH = 512  # tokens computed at once (n_ubatch), as the app loads
KV_PARTS = {"q8_0": 34 / 64, "q4_0": 18 / 64}  # bytes of a block of 32, of those at f16
CELLS_STEP = 256  # llama.cpp rounds a context up to this
DEFAULT_CONTEXT = 8192  # tokens at most unless asked for more (design, "Defaults")
TOKENS = "tokenizer.ggml.tokens"
# encoders: they read a text at once and keep nothing of it
WITHOUT_CACHE = frozenset(
    ("bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "neo-bert",
     "modern-bert", "eurobert", "t5encoder")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """What memory depends on besides the weights; lengths in numbers, not bytes."""

    layers: int
    embedding: int
    vocabulary: int
    feed_forward: int
    heads: int
    query: int  # of all heads
    key: int  # of one layer's KV heads, the widest layer
    masks: int  # 2 where sliding-window layers have one of their own
    cell_bytes: int  # of the KV cache, over all layers, for a token of context
    state_bytes: int  # of recurrent layers, whatever the context


def shape_of(header: GgufHeader) -> Shape:
    """The shape that a header tells; what it leaves out counts 0."""
    keys = _Keys(header)
    heads = keys.number("attention.head_count")
    used = max(keys.number("expert_used_count"), 1) * keys.number("expert_feed_forward_length")
    return Shape(
        layers=max(header.block_count, 0),
        embedding=max(header.embedding_length, 0),
        vocabulary=_vocabulary(header, keys),
        feed_forward=max(keys.number("feed_forward_length"), used),
        heads=heads,
        query=heads * max(header.key_length, 0),
        key=max(header.kv_heads, 0) * max(header.key_length, 0),
        masks=2 if keys.number("attention.sliding_window") else 1,
        cell_bytes=_cell_bytes(header, keys),
        state_bytes=_state_bytes(header, keys),
    )


def typical_shape(parameters: int) -> Shape:
    """The usual shape of a model of so many parameters, a little on the large side."""
    size = max(parameters, 1) / 8e9  # of Llama 3 8B
    embedding = int(4096 * size ** (1 / 3)) + 1
    return Shape(
        layers=max(round(32 * size ** (1 / 3)), 1),
        embedding=embedding,
        vocabulary=151_936,  # Qwen's
        feed_forward=4 * embedding,
        heads=embedding // 128 + 1,
        query=embedding,
        key=embedding // 4,
        masks=1,
        cell_bytes=int(131_072 * size**0.6) + 1,
        state_bytes=0,
    )


def context_for(asked: int, trained: int) -> int:
    """Tokens of context: as asked, else what the model was trained for, at most 8192.

    0 stands for not asked and for not known."""
    if asked > 0:
        return asked
    return min(trained, DEFAULT_CONTEXT) if trained > 0 else DEFAULT_CONTEXT


def kv_cache_bytes(header: GgufHeader, context: int) -> int:
    """Bytes of an f16 KV cache for `context` tokens, recurrent layers' state included."""
    return cache_bytes(shape_of(header), context)


def cache_bytes(shape: Shape, context: int, kv_type: str = "f16") -> int:
    """Bytes of the KV cache for `context` tokens, recurrent layers' state included."""
    cells = shape.cell_bytes * _cells(context)
    return math.ceil(cells * KV_PARTS.get(kv_type, 1.0)) + shape.state_bytes


def buffer_bytes(shape: Shape, context: int, batch_tokens: int, *, is_flash: bool = True) -> int:
    """Bytes of what is computed with and of the answer's scores: the largest moment of the graph.

    That is the scores over the vocabulary (large vocabularies), the feed-forward part, or in long
    contexts attention: with flash attention the mask of each token over each, half a number;
    without it the attention of each head too.
    """
    tokens = max(min(batch_tokens, MOST_BATCH, context), 1)
    cells = _cells(context)
    scores = shape.vocabulary + 3 * shape.embedding
    projected = 3 * shape.embedding + 2 * shape.query + 2 * shape.key
    feed_forward = 2 * shape.feed_forward + 3 * shape.embedding
    if is_flash:
        mask = cells // 2 if shape.heads else 0
        largest = max(scores, mask + projected + feed_forward)
    else:
        attention = (shape.heads + shape.masks) * cells if shape.heads else 0
        largest = max(scores, attention + projected, feed_forward)
    return F32 * (tokens * largest + shape.vocabulary)


def memory_bytes(header: GgufHeader, params: LoadParams, context: int) -> int:
    """Weights (of this file), cache and buffers together, loaded by `params`."""
    shape = shape_of(header)
    buffers = buffer_bytes(
        shape, context, params.batch_tokens, is_flash=params.flash_attention != "off"
    )
    return header.file_size + cache_bytes(shape, context, params.kv_type) + buffers


def _cells(context: int) -> int:
    return math.ceil(max(context, 0) / CELLS_STEP) * CELLS_STEP


class _Keys:
    """The architecture's own keys; nothing below 0 comes out."""

    def __init__(self, header: GgufHeader) -> None:
        self._metadata, self._prefix = header.metadata, header.architecture

    def value(self, key: str) -> object:
        return self._metadata.get(f"{self._prefix}.{key}")

    def number(self, key: str) -> int:
        """A number, the largest of several, 0 if there is none."""
        value = self.value(key)
        if isinstance(value, tuple):
            return max((_whole(item) for item in value), default=0)
        return _whole(value)

    def each(self, key: str) -> Sequence[int] | None:
        """Numbers of a setting that each layer has its own of, else None."""
        value = self.value(key)
        return [_whole(item) for item in value] if isinstance(value, tuple) else None


def _whole(value: object) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return max(value, 0) if is_number and isinstance(value, int) else 0


def _vocabulary(header: GgufHeader, keys: _Keys) -> int:
    return _whole(header.metadata.get(TOKENS)) or keys.number("vocab_size")


def _cell_bytes(header: GgufHeader, keys: _Keys) -> int:
    if header.architecture in WITHOUT_CACHE:
        return 0
    layers = max(header.block_count, 0) - keys.number("attention.shared_kv_layers")
    kv_heads = keys.each("attention.head_count_kv")
    interval = keys.number("full_attention_interval")
    if kv_heads is not None:
        in_all = sum(kv_heads[: max(layers, 0)])
    elif interval:  # the layers between are recurrent
        in_all = layers // interval * header.kv_heads
    else:
        in_all = layers * header.kv_heads
    return max(in_all * (header.key_length + header.value_length) * F16, 0)


def _state_bytes(header: GgufHeader, keys: _Keys) -> int:
    """Mamba's, RWKV's and short convolutions' memory: f32, one state a layer."""
    layers = max(header.block_count, 0)
    kv_heads = keys.each("attention.head_count_kv")
    interval = keys.number("full_attention_interval")
    if kv_heads is not None and 0 in kv_heads:
        layers = sum(1 for count in kv_heads if count == 0)
    elif interval:
        layers -= layers // interval
    inner, state = keys.number("ssm.inner_size"), keys.number("ssm.state_size")
    convolved = inner + 2 * keys.number("ssm.group_count") * state
    numbers = max(keys.number("ssm.conv_kernel") - 1, 0) * convolved + inner * state
    numbers += max(keys.number("shortconv.l_cache") - 1, 0) * header.embedding_length
    if head := keys.number("wkv.head_size"):
        numbers += (head + 2) * header.embedding_length
    return max(layers * numbers * F32, 0)
