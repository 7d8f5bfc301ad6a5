"""Does it fit: estimates against what llama.cpp really takes, and the verdicts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.entities import Device, LoadParams
from app.core.models_entities import Fit, FitVerdict
from app.models.fit import estimate, estimate_by_size
from app.models.gguf import GgufHeader, read_header
from app.models.memory import kv_cache_bytes, memory_bytes
from app.models.remote_gguf import read_header_from
from tests.gguf_files import LLAMA, Value, gguf
from tests.weightless_models import mamba, transformer

MIB, GIB = 1 << 20, 1 << 30
ROOT = Path(__file__).parents[1]

# Loads models one after the other exactly as the worker does, and prints llama.cpp's own words
LOADER = """
import json, sys
from pathlib import Path
from app.core.entities import LoadParams
from app.worker import llm
for path, context in json.loads(sys.argv[1]):
    lines = []
    hold = llm.collect_log(lines.append)
    params = LoadParams(context_tokens=context, gpu_layers=0)
    loaded, _ = llm.load(
        Path(path), params, context, llm.AbortFlag(), (), lines, lambda _: None
    )
    print(json.dumps("".join(lines)))
    loaded.client.close()
"""


@dataclass(frozen=True)
class Taken:
    """Bytes that llama.cpp says it took."""

    cache: int
    buffers: int
    weights: int

    @property
    def total(self) -> int:
        return self.cache + self.buffers + self.weights


def taken_by(loads: list[tuple[Path, int]]) -> list[Taken]:
    """What each load took, one after the other in a process of its own."""
    wanted = json.dumps([(str(path), context) for path, context in loads])
    done = subprocess.run(
        [sys.executable, "-c", LOADER, wanted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    logs = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('"')]
    assert len(logs) == len(loads), done.stderr[-2000:]
    return [
        Taken(
            cache=_mib(log, r"(?:KV|RS) buffer size"),
            buffers=_mib(log, r"(?:compute|output) buffer size"),
            # not CPU_REPACK: a second, rearranged copy of weights whose mapped pages may be dropped
            weights=_mib(log, r"(?:CPU|CPU_Mapped) model buffer size"),
        )
        for log in logs
    ]


def _mib(log: str, what: str) -> int:
    return int(sum(float(size) for size in re.findall(what + r" =\s+([\d.]+) MiB", log)) * MIB)


def fit_of(path: Path, context: int, free_ram: int = 64 * GIB, *devices: Device) -> Fit:
    """The estimate from the file's own header."""
    found = read_header(path)
    return estimate(found, found.file_size, context, free_ram, devices)


# Against the real engine


@pytest.mark.engine
def test_the_starter_takes_what_was_estimated(starter: Path) -> None:
    contexts = (512, 4096, 8192)
    for context, taken in zip(contexts, taken_by([(starter, c) for c in contexts]), strict=True):
        fit = fit_of(starter, context)
        assert fit.needed_bytes == pytest.approx(taken.total, rel=0.1), context
        assert fit.kv_cache_bytes == pytest.approx(taken.cache, rel=0.01), context
        assert fit.buffers_bytes == pytest.approx(taken.buffers, rel=0.1), context


@pytest.mark.engine
def test_other_architectures_take_what_was_estimated(tmp_path: Path) -> None:
    """Grouped heads, sliding windows, recurrent layers, and layers of two kinds."""
    convolutions: dict[str, Value] = {"shortconv.l_cache": 3}
    models = [
        transformer(tmp_path / "qwen3.gguf", "qwen3", 2),
        transformer(tmp_path / "gemma3.gguf", "gemma3", 1, **{"attention.sliding_window": 512}),
        transformer(tmp_path / "lfm2.gguf", "lfm2", (0, 4, 0, 4), **convolutions),
        mamba(tmp_path / "mamba.gguf"),
    ]
    loads = [(model, context) for model in models for context in (1000, 8192)]
    for (model, context), taken in zip(loads, taken_by(loads), strict=True):
        fit = fit_of(model, context)
        assert fit.needed_bytes == pytest.approx(taken.total, rel=0.1), (model.name, context)
        words_round = 0.01 * MIB
        assert fit.kv_cache_bytes == pytest.approx(taken.cache, rel=0.01, abs=words_round), model


# The formula where no file is at hand


def llama(**more: Value) -> GgufHeader:
    """A small Llama: 4 layers, 2 KV heads of 8."""
    keys = {f"llama.{key.replace('__', '.')}": value for key, value in more.items()}
    return header_of({**keys, **{k: v for k, v in LLAMA.items() if k not in keys}})


def header_of(metadata: dict[str, Value]) -> GgufHeader:
    """The header of a file with this metadata."""
    data = gguf(metadata)
    return read_header_from(lambda start, length: data[start : start + length], len(data), "x.gguf")


def test_layers_with_heads_of_their_own_are_summed() -> None:
    assert kv_cache_bytes(llama(), 256) == 4 * 2 * 16 * 2 * 256
    several = llama(attention__head_count_kv=(0, 2, 4, 1))
    assert kv_cache_bytes(several, 256) == (0 + 2 + 4 + 1) * 16 * 2 * 256


def test_layers_that_share_a_cache_or_need_none_take_none() -> None:
    assert kv_cache_bytes(llama(attention__shared_kv_layers=3), 256) == 1 * 2 * 16 * 2 * 256
    assert kv_cache_bytes(llama(full_attention_interval=4), 256) == 1 * 2 * 16 * 2 * 256


def test_an_encoder_keeps_nothing() -> None:
    keys = {key.replace("llama.", "nomic-bert."): value for key, value in LLAMA.items()}
    found = header_of({**keys, "general.architecture": "nomic-bert"})
    assert (found.block_count, kv_cache_bytes(found, 2048)) == (4, 0)


@pytest.mark.parametrize("value", [0xFFFF_FFFF, 0])
@pytest.mark.parametrize(
    "key", ["block_count", "embedding_length", "attention__head_count", "ssm__inner_size"]
)
def test_absurd_headers_are_estimated_at_once(key: str, value: int) -> None:
    found = llama(**{key: value, "ssm__state_size": value, "wkv__head_size": value})
    fit = estimate(found, 10**9, 4096, 8 * GIB, [])
    assert fit.needed_bytes >= 10**9
    assert 0 <= fit.largest_context <= found.trained_context


# Verdicts


def card(free: int, kind: str = "gpu") -> Device:
    """A graphics device with so much free memory."""
    return Device("GPU0", "a card", kind, free, free)


def verdict(model: GgufHeader, size: int, free_ram: int, *devices: Device) -> tuple[str, int]:
    """Verdict and layers on the device at 1024 tokens."""
    fit = estimate(model, size, 1024, free_ram, devices)
    return fit.verdict.value, fit.gpu_layers


def test_all_of_it_on_the_card_with_a_tenth_to_spare() -> None:
    needed = estimate(llama(), GIB, 1024, 0, []).needed_bytes
    assert verdict(llama(), GIB, 0, card(needed * 10 // 9 + 10)) == ("gpu", 5)
    assert verdict(llama(), GIB, GIB, card(needed)) == ("partly", 3)


def test_what_the_card_cannot_hold_must_be_in_memory() -> None:
    assert verdict(llama(), GIB, GIB, card(GIB // 2)) == ("partly", 1)
    assert verdict(llama(), GIB, GIB // 2, card(GIB // 2)) == ("too_big", 0)
    assert verdict(llama(), GIB, 2 * GIB, card(GIB // 100)) == ("memory", 0)
    assert verdict(llama(), GIB, GIB // 2) == ("too_big", 0)


def test_a_processor_is_no_graphics_device_and_the_roomiest_card_counts() -> None:
    assert verdict(llama(), GIB, 2 * GIB, card(9 * GIB, "cpu")) == ("memory", 0)
    fit = estimate(llama(), GIB, 1024, 0, [card(GIB // 9), card(3 * GIB), card(GIB // 2)])
    assert (fit.verdict, fit.free_device_bytes) == (FitVerdict.GPU, 3 * GIB)


def test_a_device_without_memory_of_its_own_brings_none() -> None:
    assert verdict(llama(), GIB, GIB // 2, card(8 * GIB, "igpu")) == ("too_big", 0)
    assert verdict(llama(), GIB, 2 * GIB, card(8 * GIB, "igpu")) == ("gpu", 5)


@pytest.mark.parametrize("free_ram", [300, 320, 350, 400, 439, 10_000])
@pytest.mark.parametrize("devices", [[], [card(100 * MIB)]])
def test_the_largest_context_fits_and_no_larger_one(
    starter: Path, free_ram: int, devices: list[Device]
) -> None:
    largest = fit_of(starter, 1024, free_ram * MIB, *devices).largest_context
    assert 0 < largest <= 8192
    assert fit_of(starter, largest, free_ram * MIB, *devices).verdict is not FitVerdict.TOO_BIG
    if largest < 8192:
        more = fit_of(starter, largest + 256, free_ram * MIB, *devices)
        assert more.verdict is FitVerdict.TOO_BIG


def test_no_context_is_large_enough_where_the_weights_do_not_fit(starter: Path) -> None:
    assert fit_of(starter, 1024, 90 * MIB).largest_context == 0
    assert fit_of(starter, 1024).largest_context == 8192  # what it was trained for, not more


def test_all_parts_count_and_a_smaller_batch_needs_less(starter: Path) -> None:
    found = read_header(starter)
    split = estimate(found, 3 * found.file_size, 1024, GIB, [])
    assert split.weights_bytes == 3 * found.file_size
    small = estimate(found, found.file_size, 8192, GIB, [], batch_tokens=128)
    assert small.buffers_bytes == pytest.approx(24.6 * MIB, rel=0.05)  # measured
    assert memory_bytes(found, LoadParams(), 8192) == fit_of(starter, 8192).needed_bytes


@pytest.mark.parametrize(
    ("size", "parameters", "real"),
    [  # bytes that llama.cpp took at 4096 tokens, weights without the rearranged copy
        (4_788_831_744, 8_030_000_000, 5_293 * MIB),  # Llama 3 8B
        (763_106_336, 1_236_000_000, 1_115 * MIB),  # Llama 3.2 1B
        (375_633_344, 596_000_000, 1_104 * MIB),  # Qwen 3 0.6B
    ],
)
def test_the_size_alone_tells_roughly(size: int, parameters: int, real: int) -> None:
    for known in (parameters, 0):
        fit = estimate_by_size(size, known, 131_072, 4096, 16 * GIB, [])
        assert not fit.is_exact
        assert fit.needed_bytes == pytest.approx(real, rel=0.4)
    assert (
        estimate_by_size(size, parameters, 131_072, 4096, GIB // 2, []).verdict.value == "too_big"
    )
