"""Model files: what the header says, every way a file can be bad, and where models are found."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.errors import (
    ModelError,
    ModelFileDamaged,
    ModelFileEmpty,
    ModelFileMissing,
    ModelFileNotReadable,
    ModelFileTruncated,
    NotAModel,
)
from app.models.gguf import read_header
from app.models.library import describe, find_models
from app.models.memory import kv_cache_bytes
from app.models.quantization import quantization_name
from tests import gguf_files
from tests.gguf_files import ALIGNMENT, LLAMA, Tensor, gguf, header, padded

NOBODY = 65534
HUGE = 0xFFFF_FFFF_FFFF_FFFF
FUZZED_FILES = 300


def written(folder: Path, data: bytes, name: str = "model.gguf") -> Path:
    """A file of these bytes; its folders are made."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# What the header says


def test_the_starter_model(starter: Path) -> None:
    found = read_header(starter)
    assert found.architecture == "llama"
    assert found.name == "Smollm2 135M 8k Lc100K Mix1 Ep2"
    assert found.quantization == "Q4_1"
    assert found.parameters == 134_515_008
    assert found.trained_context == 8192
    assert found.file_size == starter.stat().st_size
    assert found.chat_template is not None
    assert "<|im_start|>" in found.chat_template
    assert (found.block_count, found.embedding_length, found.kv_heads) == (30, 576, 3)
    assert (found.key_length, found.value_length) == (64, 64)
    assert kv_cache_bytes(found, 8192) == 30 * 3 * (64 + 64) * 2 * 8192


def test_a_small_file_and_what_it_does_not_say(tmp_path: Path) -> None:
    found = read_header(written(tmp_path, gguf({"general.architecture": "llama"}, 3), "my.gguf"))
    assert (found.name, found.parameters, found.trained_context) == ("my", 24, 0)
    assert (found.chat_template, found.quantization) == (None, "")
    assert kv_cache_bytes(found, 8192) == 0


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_of_the_format(tmp_path: Path, version: int) -> None:
    found = read_header(written(tmp_path, gguf(LLAMA, 2, version)))
    assert (found.name, found.quantization) == ("Tiny Llama", "Q4_K_M")
    assert (found.trained_context, found.kv_heads, found.key_length) == (2048, 2, 8)
    assert found.chat_template == "{{ messages }}"


def test_a_setting_for_each_layer_counts_with_its_largest(tmp_path: Path) -> None:
    metadata = {**LLAMA, "llama.attention.head_count_kv": (0, 2, 4, 1)}
    assert read_header(written(tmp_path, gguf(metadata))).kv_heads == 4


@pytest.mark.parametrize("template", ["", "  \n"])
def test_an_empty_chat_template_is_none(tmp_path: Path, template: str) -> None:
    path = written(tmp_path, gguf({**LLAMA, "tokenizer.chat_template": template}))
    assert read_header(path).chat_template is None


def test_a_model_without_template_is_told_apart(starter: Path, tmp_path: Path) -> None:
    path = gguf_files.without_template(starter, tmp_path)
    found, original = read_header(path), read_header(starter)
    assert found.chat_template is None
    assert found.parameters == original.parameters
    assert set(original.metadata) - set(found.metadata) == {"tokenizer.chat_template"}


@pytest.mark.parametrize(
    ("file_type", "file_name", "name"),
    [
        (15, "x.gguf", "Q4_K_M"),
        (None, "Llama-3-8B-Instruct.Q5_K_M.gguf", "Q5_K_M"),
        (None, "qwen-iq2_xxs.gguf", "IQ2_XXS"),
        (None, "model-f16.gguf", "F16"),
        (9999, "gemma-Q8_0.gguf", "Q8_0"),
        ("15", "plain.gguf", ""),
    ],
)
def test_the_name_of_a_quantization(file_type: object, file_name: str, name: str) -> None:
    assert quantization_name(file_type, file_name) == name


# Bad files

WHOLE = gguf()
HEAD = header(LLAMA, [Tensor()])


def with_number(at: int, value: int) -> bytes:
    """A whole file with another 64-bit number at `at`."""
    return WHOLE[:at] + struct.pack("<Q", value) + WHOLE[at + 8 :]


def damaged_tensor(tensor: Tensor) -> bytes:
    """A file with such a tensor in its list."""
    return padded(header(LLAMA, [tensor])) + bytes(ALIGNMENT)


def array(kind: int, count: int) -> bytes:
    """A file with an array that claims `count` values of `kind`."""
    name = gguf_files.text("x") + struct.pack("<IIQ", gguf_files.ARRAY, kind, count)
    return header({}, key_count=1) + name


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ModelFileEmpty),
        (b"G", NotAModel),
        (b"PK\x03\x04" + WHOLE[4:], NotAModel),
        (b"\x89HDF\r\n" * 100, NotAModel),
        (b"GGUF", ModelFileTruncated),
        (WHOLE[:20], ModelFileTruncated),
        (WHOLE[:100], ModelFileTruncated),
        (HEAD[:-4], ModelFileTruncated),
        (WHOLE[:-1], ModelFileTruncated),
        (padded(HEAD), ModelFileTruncated),
        (gguf(version=1), ModelFileDamaged),
        (gguf(version=99), ModelFileDamaged),
        (gguf(version=0x0300_0000), ModelFileDamaged),  # big endian
        (with_number(8, HUGE), ModelFileDamaged),
        (with_number(16, HUGE), ModelFileDamaged),
        (with_number(16, 10_000), ModelError),
        (with_number(24, HUGE), ModelFileTruncated),
        (array(kind=99, count=1), ModelFileDamaged),
        (array(kind=9, count=1), ModelFileDamaged),
        (array(kind=8, count=HUGE), ModelFileTruncated),
        (array(kind=4, count=HUGE // 4), ModelFileTruncated),
        (header({}, key_count=1) + gguf_files.text("x") + b"\x63\0\0\0", ModelFileDamaged),
        (damaged_tensor(Tensor(dimensions=(1,) * 5)), ModelFileDamaged),
        (damaged_tensor(Tensor(dimensions=(HUGE,) * 4)), ModelFileTruncated),
        (damaged_tensor(Tensor(offset=HUGE)), ModelFileTruncated),
    ],
)
def test_a_bad_file_is_named_for_what_it_is(
    tmp_path: Path, data: bytes, error: type[ModelError]
) -> None:
    path = written(tmp_path, data, "bad.gguf")
    with pytest.raises(error) as caught:
        read_header(path)
    assert "bad.gguf" in caught.value.problem.summary_text
    assert "{" not in caught.value.problem.summary_text + caught.value.problem.action_text


def test_how_much_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFileTruncated) as caught:
        read_header(written(tmp_path, WHOLE[:-5]))
    words = caught.value.problem.summary_text
    assert f"{len(WHOLE) - 5} of {len(WHOLE)} bytes" in words


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _, folder: gguf_files.not_gguf(folder), NotAModel),
        (lambda _, folder: gguf_files.empty(folder), ModelFileEmpty),
        (gguf_files.truncated, ModelFileTruncated),
        (lambda _, folder: folder, NotAModel),
        (lambda _, folder: folder / "gone.gguf", ModelFileMissing),
        (lambda _, folder: folder / "gone" / "x.gguf", ModelFileMissing),
    ],
)
def test_files_that_a_person_may_pick(
    starter: Path, tmp_path: Path, make: Callable[[Path, Path], Path], error: type[ModelError]
) -> None:
    with pytest.raises(error):
        read_header(make(starter, tmp_path))


def test_an_architecture_of_tomorrow_is_no_bad_file(starter: Path, tmp_path: Path) -> None:
    """Whether llama.cpp knows it is for llama.cpp to say."""
    found = read_header(gguf_files.unknown_architecture(starter, tmp_path))
    assert found.architecture == "wlama"


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Permission bits do not bind root, so root becomes somebody else for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_file_that_may_not_be_read(open_folder: Path) -> None:
    path = written(open_folder, WHOLE)
    path.chmod(0)
    with as_nobody(), pytest.raises(ModelFileNotReadable) as caught:
        read_header(path)
    assert str(path) in caught.value.problem.summary_text


def test_a_file_in_a_folder_that_may_not_be_entered(open_folder: Path) -> None:
    path = written(open_folder, WHOLE, "closed/model.gguf")
    path.parent.chmod(0)
    with as_nobody(), pytest.raises(ModelFileNotReadable):
        read_header(path)
    path.parent.chmod(0o755)


def spoiled(data: bytes, dice: random.Random) -> bytes:
    """A few bytes changed, or the end cut off, or both."""
    out = bytearray(data)
    for _ in range(dice.randrange(1, 9)):
        out[dice.randrange(len(out))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
    return bytes(out[: dice.randrange(len(out))] if dice.random() < 0.3 else out)


def test_no_file_brings_the_reader_down(tmp_path: Path) -> None:
    """Seeded, so that a failure can be seen again; the magic stays, else all would be alike."""
    words = tuple(f"token{number}" for number in range(3000))
    tensors = [Tensor(f"blk.{n}.attn_k.weight", (32, 8), 2, n * 160) for n in range(200)]
    head = header({**LLAMA, "tokenizer.ggml.tokens": words, "llama.rope": 1e6}, tensors)
    data = padded(head) + bytes(200 * 160)
    assert 1 << 15 < len(head) < 1 << 16
    read_header(written(tmp_path, data))
    dice = random.Random(20261124)
    outcomes = set()
    for number in range(FUZZED_FILES):
        part = 64 if number % 2 else len(head)  # every other one right where the counts are
        spoiled_file = b"GGUF" + spoiled(data[4:part], dice) + data[part:]
        path = written(tmp_path, spoiled_file)
        try:
            outcomes.add(type(read_header(path)))
        except ModelError as error:
            outcomes.add(type(error))
        assert describe(path).size_bytes == len(spoiled_file)
    assert len(outcomes) >= 3  # the dice were worth it


# The library


def names(folder: Path) -> list[str]:
    """What is listed, by file name."""
    return [model.path.name for model in find_models([folder])]


def test_models_are_found_however_deep(tmp_path: Path) -> None:
    for name in ("b.gguf", "x/A.GGUF", "x/y/z/c.gguf", "x/readme.txt", "x/model.gguf.part"):
        written(tmp_path, WHOLE, name)
    (tmp_path / "folder.gguf").mkdir()
    assert names(tmp_path) == ["A.GGUF", "b.gguf", "c.gguf"]
    model = find_models([tmp_path])[0]
    assert (model.name, model.architecture, model.quantization) == ("Tiny Llama", "llama", "Q4_K_M")
    assert (model.size_bytes, model.trained_context) == (len(WHOLE), 2048)
    assert model.has_chat_template
    assert model.problem is None


def test_files_that_are_no_models_of_their_own_are_left_out(tmp_path: Path) -> None:
    for name in (
        "mmproj-model-f16.gguf",
        "llava.MMPROJ.gguf",
        "big-00001-of-00003.gguf",
        "big-00002-of-00003.gguf",
        "big-00003-of-00003.gguf",
        "small-00001-of-00001.gguf",
    ):
        written(tmp_path, WHOLE, name)
    assert names(tmp_path) == ["big-00001-of-00003.gguf", "small-00001-of-00001.gguf"]


def test_a_broken_file_is_listed_with_its_problem(tmp_path: Path) -> None:
    written(tmp_path, WHOLE[:-1], "a-broken.gguf")
    written(tmp_path, WHOLE, "b-whole.gguf")
    broken, whole = find_models([tmp_path])
    assert broken.problem is not None
    assert broken.problem.code == "model.truncated"
    assert (broken.name, broken.size_bytes) == ("a-broken", len(WHOLE) - 1)
    assert whole.problem is None


def test_folders_that_are_not_there_hide_nothing(tmp_path: Path) -> None:
    written(tmp_path, WHOLE, "here/model.gguf")
    (tmp_path / "file").write_text("")
    folders = [tmp_path / "gone", tmp_path / "file", tmp_path / "here"]
    assert [model.path.name for model in find_models(folders)] == ["model.gguf"]
    assert find_models([tmp_path / "gone"]) == []


def test_a_closed_folder_hides_only_what_is_in_it(open_folder: Path) -> None:
    written(open_folder, WHOLE, "a.gguf")
    for number, mode in enumerate((0o000, 0o444)):  # the second may be listed, not entered
        path = written(open_folder, WHOLE, f"closed{number}/b.gguf")
        path.parent.chmod(mode)
    with as_nobody():
        found = names(open_folder)
    for folder in open_folder.glob("closed*"):
        folder.chmod(0o755)
    assert "a.gguf" in found


def test_the_same_file_is_listed_once_and_the_starter_last(tmp_path: Path) -> None:
    mine, starters = tmp_path / "models", tmp_path / "starter"
    written(starters, WHOLE, "a-starter.gguf")
    written(mine, WHOLE, "z-mine.gguf")
    (mine / "link.gguf").symlink_to(mine / "z-mine.gguf")
    (mine / "nowhere.gguf").symlink_to(mine / "gone.gguf")
    found = find_models([mine, starters, mine], [starters])
    assert len(found) == 2
    assert [model.is_starter for model in found] == [False, True]
    assert found[1].path.name == "a-starter.gguf"
