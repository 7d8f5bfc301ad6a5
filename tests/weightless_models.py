"""Files that llama.cpp loads like models, of any shape: their weights are a hole in the file."""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from app.models.gguf import Reader, read_counts, read_tensors
from tests.gguf_files import (
    ALIGNMENT,
    Tensor,
    Tokenizer,
    Value,
    header,
    padded,
    tokenizer_of,
    written,
)

BLOCKS = {0: (1, 4), 1: (1, 2), 8: (32, 34), 12: (256, 144)}  # F32, F16, Q8_0, Q4_K
Shapes = Sequence[tuple[str, tuple[int, ...], int]]


def weightless(
    path: Path,
    architecture: str,
    metadata: Mapping[str, Value],
    shapes: Shapes,
    words: Tokenizer | None = None,
) -> Path:
    """A model of these tensors (name, dimensions, ggml's type), all of whose weights are 0; without
    a vocabulary unless `words` are given."""
    listed, offset = [], 0
    for name, dimensions, kind in shapes:
        listed.append(Tensor(name, dimensions, kind, offset))
        numbers, size = BLOCKS[kind]
        offset += math.prod(dimensions) // numbers * size
        offset += -offset % ALIGNMENT
    keys: dict[str, Value] = {
        key if key.startswith("tokenizer.") else f"{architecture}.{key}": value
        for key, value in metadata.items()
    }
    keys = {"general.architecture": architecture, **keys}
    if words is None:
        head = header({**keys, "tokenizer.ggml.model": "no_vocab"}, listed)
    else:
        head = header(keys, listed, key_count=len(keys) + words.keys)
        at = len(header(keys))
        head = head[:at] + words.raw + head[at:]
    head = padded(head)
    return written(path, head, len(head) + offset)


def transformer(
    path: Path, architecture: str, kv_heads: int | tuple[int, ...], **more: Value
) -> Path:
    """4 layers, 512 wide, 8 heads of 64, 32,000 tokens; layers of 0 KV heads are convolutions, as
    LFM2 has them."""
    layers, width, head, hidden, vocabulary = 4, 512, 64, 2048, 32_000
    shapes: list[tuple[str, tuple[int, ...], int]] = [("token_embd.weight", (width, vocabulary), 8)]
    shapes.append((_LAST_NORM.get(architecture, "output_norm.weight"), (width,), 0))
    for number in range(layers):
        mine = kv_heads[number] if isinstance(kv_heads, tuple) else kv_heads
        own = _attention(width, head, mine) if mine else _convolution(width)
        own += [("ffn_gate", (width, hidden), 8), ("ffn_up", (width, hidden), 8)]
        own += [("ffn_down", (hidden, width), 8), ("attn_norm", (width,), 0)]
        own += [("ffn_norm", (width,), 0)]
        if architecture == "gemma3":
            own += [("post_attention_norm", (width,), 0), ("post_ffw_norm", (width,), 0)]
        shapes += [(f"blk.{number}.{name}.weight", size, kind) for name, size, kind in own]
    metadata: dict[str, Value] = {
        "context_length": 32_768,
        "block_count": layers,
        "embedding_length": width,
        "feed_forward_length": hidden,
        "vocab_size": vocabulary,
        "attention.head_count": 8,
        "attention.head_count_kv": kv_heads,
        "attention.key_length": head,
        "attention.value_length": head,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": 1e6,
    }
    return weightless(path, architecture, {**metadata, **more}, shapes)


def with_weights(path: Path, seed: int = 1) -> Path:
    """Fill a model of F32, F16 and Q8_0 tensors with small random numbers: it computes something;
    what is added or multiplied with per channel stays near 0 or 1, decays stay negative."""
    numbers = np.random.default_rng(seed)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        reader = Reader(data)
        tensors, keys = read_counts(reader)
        for _ in range(keys):
            reader.text()
            reader.value(reader.number("<I"))
        infos = list(read_tensors(reader, tensors))
        start = reader.position + -reader.position % ALIGNMENT
        for info in infos:
            at = start + info.offset
            if info.size_bytes == info.elements // 32 * 34:  # Q8_0: a scale and 32 numbers
                blocks = np.zeros(info.elements // 32, dtype=[("d", "<f2"), ("q", "i1", 32)])
                blocks["d"] = 0.0015
                blocks["q"] = numbers.integers(-127, 128, (len(blocks), 32))
                data[at : at + info.size_bytes] = blocks.tobytes()
                continue
            kind = np.float16 if info.size_bytes == 2 * info.elements else np.float32
            values = numbers.normal(0.0, 0.08, info.elements)
            if re.search(rb"norm|ln\d?\.weight", info.name):
                values += 1.0
            if info.name.endswith(b"ssm_a"):
                values = -np.abs(values) - 0.5
            data[at : at + info.size_bytes] = values.astype(kind).tobytes()
    return path


def mamba(path: Path) -> Path:
    """8 recurrent layers, 256 wide, 32,000 tokens."""
    layers, width, inner, state, rank, vocabulary = 8, 256, 512, 16, 16, 32_000
    shapes: list[tuple[str, tuple[int, ...], int]] = [("token_embd.weight", (width, vocabulary), 1)]
    shapes.append(("output_norm.weight", (width,), 0))
    for number in range(layers):
        own: Shapes = [
            ("attn_norm.weight", (width,), 0),
            ("ssm_in.weight", (width, 2 * inner), 1),
            ("ssm_conv1d.weight", (4, inner), 0),
            ("ssm_conv1d.bias", (inner,), 0),
            ("ssm_x.weight", (inner, rank + 2 * state), 1),
            ("ssm_dt.weight", (rank, inner), 0),
            ("ssm_dt.bias", (inner,), 0),
            ("ssm_a", (state, inner), 0),
            ("ssm_d", (inner,), 0),
            ("ssm_out.weight", (inner, width), 1),
        ]
        shapes += [(f"blk.{number}.{name}", size, kind) for name, size, kind in own]
    metadata: dict[str, Value] = {
        "context_length": 32_768,
        "block_count": layers,
        "embedding_length": width,
        "feed_forward_length": 0,
        "vocab_size": vocabulary,
        "attention.head_count": 0,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "ssm.conv_kernel": 4,
        "ssm.inner_size": inner,
        "ssm.state_size": state,
        "ssm.time_step_rank": rank,
    }
    return weightless(path, "mamba", metadata, shapes)


def two_dimensional(path: Path, starter: Path) -> Path:
    """A Qwen2-VL of 2 layers, 64 wide, with the starter's vocabulary: positions in an image are of
    height and width (M-RoPE), so an image takes fewer positions than cells."""
    layers, width, hidden, heads = 2, 64, 128, 2
    words = tokenizer_of(starter)
    shapes: list[tuple[str, tuple[int, ...], int]] = [
        ("token_embd.weight", (width, words.size), 1),
        ("output_norm.weight", (width,), 0),
    ]
    for number in range(layers):
        for name in ("attn_q", "attn_k", "attn_v"):
            shapes.append((f"blk.{number}.{name}.weight", (width, width), 1))
            shapes.append((f"blk.{number}.{name}.bias", (width,), 0))
        own: list[tuple[str, tuple[int, ...], int]] = [
            ("attn_output", (width, width), 1),
            ("attn_norm", (width,), 0),
            ("ffn_norm", (width,), 0),
            ("ffn_gate", (width, hidden), 1),
            ("ffn_up", (width, hidden), 1),
            ("ffn_down", (hidden, width), 1),
        ]
        shapes += [(f"blk.{number}.{name}.weight", size, kind) for name, size, kind in own]
    metadata: dict[str, Value] = {
        "context_length": 2048,
        "block_count": layers,
        "embedding_length": width,
        "feed_forward_length": hidden,
        "attention.head_count": heads,
        "attention.head_count_kv": heads,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "rope.freq_base": 1e6,
        "rope.dimension_sections": (4, 6, 6, 0),
    }
    return with_weights(weightless(path, "qwen2vl", metadata, shapes, words))


def bert(path: Path) -> Path:
    """An encoder of 2 layers: it has no KV cache and writes nothing."""
    layers, width, hidden, vocabulary = 2, 64, 128, 1000
    shapes: list[tuple[str, tuple[int, ...], int]] = [
        ("token_embd.weight", (width, vocabulary), 1),
        ("token_types.weight", (width, 2), 0),
        ("position_embd.weight", (width, 512), 0),
        ("token_embd_norm.weight", (width,), 0),
        ("token_embd_norm.bias", (width,), 0),
    ]
    for number in range(layers):
        own: list[tuple[str, tuple[int, ...], int]] = []
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            own += [(f"{name}.weight", (width, width), 1), (f"{name}.bias", (width,), 0)]
        for name in ("attn_output_norm", "layer_output_norm"):
            own += [(f"{name}.weight", (width,), 0), (f"{name}.bias", (width,), 0)]
        own += [("ffn_up.weight", (width, hidden), 1), ("ffn_up.bias", (hidden,), 0)]
        own += [("ffn_down.weight", (hidden, width), 1), ("ffn_down.bias", (width,), 0)]
        shapes += [(f"blk.{number}.{name}", size, kind) for name, size, kind in own]
    metadata: dict[str, Value] = {
        "context_length": 512,
        "block_count": layers,
        "embedding_length": width,
        "feed_forward_length": hidden,
        "vocab_size": vocabulary,
        "attention.head_count": 4,
        "attention.layer_norm_epsilon": 1e-5,
        "attention.causal": False,
        "tokenizer.ggml.token_type_count": 2,
    }
    return weightless(path, "bert", metadata, shapes)


def projector(path: Path, width: int, kind: str = "idefics3") -> Path:
    """Eyes of 2 layers, 64 wide, for a model `width` wide: images of 32 x 32 in patches of 8, 4 of
    which are one token; a larger image is an overview and up to 4 parts. With `kind`
    "qwen2vl_merger" images are of any size, and positions are of height and width (M-RoPE)."""
    layers, own_width, hidden, patch, patches, merged = 2, 64, 128, 8, 16, 4
    shapes: list[tuple[str, tuple[int, ...], int]] = [
        ("v.patch_embd.weight", (patch, patch, 3, own_width), 0),
        ("v.post_ln.weight", (own_width,), 0),
        ("v.post_ln.bias", (own_width,), 0),
    ]
    metadata: dict[str, Value] = {
        "has_vision_encoder": True,
        "projector_type": kind,
        "use_gelu": True,
        "vision.image_size": 32,
        "vision.patch_size": patch,
        "vision.embedding_length": own_width,
        "vision.feed_forward_length": hidden,
        "vision.block_count": layers,
        "vision.projection_dim": width,
        "vision.attention.head_count": 2,
        "vision.attention.layer_norm_epsilon": 1e-5,
        "vision.image_mean": (0.5, 0.5, 0.5),
        "vision.image_std": (0.5, 0.5, 0.5),
    }
    if kind == "idefics3":
        metadata |= {"vision.projector.scale_factor": 2, "vision.preproc_image_size": 64}
        shapes.append(("v.patch_embd.bias", (own_width,), 0))
        shapes.append(("v.position_embd.weight", (own_width, patches), 0))
        shapes.append(("mm.model.fc.weight", (own_width * merged, width), 0))
    else:
        shapes.append(("v.patch_embd.weight.1", (patch, patch, 3, own_width), 0))
        for number, size in ((0, own_width * merged), (2, width)):
            shapes.append((f"mm.{number}.weight", (own_width * merged, size), 0))
            shapes.append((f"mm.{number}.bias", (size,), 0))
    for number in range(layers):
        own: list[tuple[str, int, int]] = [
            (name, own_width, own_width) for name in ("attn_q", "attn_k", "attn_v", "attn_out")
        ]
        own += [("ffn_up", own_width, hidden), ("ffn_down", hidden, own_width)]
        for name, taken, given in own:
            shapes.append((f"v.blk.{number}.{name}.weight", (taken, given), 0))
            shapes.append((f"v.blk.{number}.{name}.bias", (given,), 0))
        for name in ("ln1", "ln2"):
            shapes += [(f"v.blk.{number}.{name}.{part}", (own_width,), 0) for part in PARTS]
    return with_weights(weightless(path, "clip", metadata, shapes))


PARTS = ("weight", "bias")
_LAST_NORM = {"lfm2": "token_embd_norm.weight"}


def _attention(width: int, head: int, kv_heads: int) -> list[tuple[str, tuple[int, ...], int]]:
    return [
        ("attn_q", (width, width), 8),
        ("attn_k", (width, kv_heads * head), 8),
        ("attn_v", (width, kv_heads * head), 8),
        ("attn_output", (width, width), 8),
        ("attn_q_norm", (head,), 0),
        ("attn_k_norm", (head,), 0),
    ]


def _convolution(width: int) -> list[tuple[str, tuple[int, ...], int]]:
    return [
        ("shortconv.conv", (3, width), 0),
        ("shortconv.in_proj", (width, 3 * width), 8),
        ("shortconv.out_proj", (width, width), 8),
    ]
