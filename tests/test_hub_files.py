"""Which files of a repository are models, which belong together, whose names are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.hub_errors import UnsafeName
from app.core.models_entities import RemoteFile, Variant
from app.hub.files import group, quantization_of, recommended, safe_relative_path

Sized = tuple[str, int]


def files(*listed: Sized | str) -> list[RemoteFile]:
    """Files by path, or path and size."""
    pairs = [(item, 1000) if isinstance(item, str) else item for item in listed]
    return [RemoteFile(path, size, "a" * 64) for path, size in pairs]


def variant(name: str, size: int = 1000, is_complete: bool = True) -> Variant:
    return Variant(name, (RemoteFile(f"m-{name}.gguf", size),), is_complete)


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("qwen2.5-7b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("gemma-3-4b-it-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1"),
        ("model_IQ3_XXS.gguf", "IQ3_XXS"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("Phi-4-Q8_0.gguf", "Q8_0"),
        ("bitnet-TQ1_0.gguf", "TQ1_0"),
        ("model.fp16.gguf", "F16"),
        ("model-BF16.gguf", "BF16"),
        ("Q5_K_S/model.gguf", "Q5_K_S"),
        ("F16-to-Q4_0/model-f16-Q4_0.gguf", "Q4_0"),  # the last one counts, the name before all
        ("QwQ-32B.gguf", ""),
        ("Qwen3-8B.gguf", ""),
        ("model-Q4_K_M_v2.gguf", "Q4_K_M"),
        ("Q4x-model.gguf", ""),
    ],
)
def test_a_quantization_is_read_from_the_name(path: str, label: str) -> None:
    assert quantization_of(path) == label


def test_variants_come_smallest_first_and_other_files_are_left_out() -> None:
    listed = files(
        ("m-Q8_0.gguf", 800),
        ("m-Q2_K.gguf", 200),
        ("m-Q4_K_M.gguf", 400),
        "README.md",
        "config.json",
        "model.safetensors",
        "imatrix.gguf",
        "m.imatrix",
        "imatrix_unsloth.dat",
        "m-Q6_K.gguf.part1of2",
        ("m-Q5_0.gguf", 0),
    )
    variants, projectors = group(listed)
    assert [(v.name, v.size_bytes) for v in variants] == [
        ("Q2_K", 200),
        ("Q4_K_M", 400),
        ("Q8_0", 800),
    ]
    assert projectors == ()


def test_a_model_quantized_with_an_imatrix_is_a_model() -> None:
    variants, _ = group(files("m-imatrix-IQ4_XS.gguf"))
    assert [v.name for v in variants] == ["IQ4_XS"]


def test_the_parts_of_a_split_model_are_one_variant_in_order() -> None:
    listed = files(
        ("Q8_0/m-Q8_0-00003-of-00003.gguf", 30),
        ("Q8_0/m-Q8_0-00001-of-00003.gguf", 10),
        ("Q8_0/m-Q8_0-00002-of-00003.gguf", 20),
        ("m-Q4_K_M.gguf", 5),
    )
    small, split = group(listed)[0]
    assert small.name == "Q4_K_M"
    assert (split.name, split.size_bytes, split.is_complete) == ("Q8_0", 60, True)
    assert [file.size_bytes for file in split.files] == [10, 20, 30]


@pytest.mark.parametrize(
    "paths",
    [
        ["m-Q8_0-00001-of-00003.gguf", "m-Q8_0-00002-of-00003.gguf"],
        ["m-Q8_0-00002-of-00002.gguf"],
        ["m-Q8_0-00000-of-00002.gguf", "m-Q8_0-00001-of-00002.gguf"],
        ["m-Q8_0-00001-of-00000.gguf"],
    ],
)
def test_a_split_model_without_all_its_parts_is_marked(paths: list[str]) -> None:
    (found,) = group(files(*paths))[0]
    assert not found.is_complete
    assert recommended([found], lambda _: True) is None


def test_parts_in_different_folders_do_not_belong_together() -> None:
    variants, _ = group(files("a/m-Q8_0-00001-of-00002.gguf", "b/m-Q8_0-00002-of-00002.gguf"))
    assert [v.is_complete for v in variants] == [False, False]


def test_projectors_are_no_models() -> None:
    variants, projectors = group(
        files("m-Q4_K_M.gguf", ("mmproj-F16.gguf", 90), ("x/m.MMPROJ-Q8_0.gguf", 50))
    )
    assert [v.name for v in variants] == ["Q4_K_M"]
    assert [p.path for p in projectors] == ["x/m.MMPROJ-Q8_0.gguf", "mmproj-F16.gguf"]


def test_no_two_variants_have_the_same_name() -> None:
    variants, _ = group(
        files("a-Q4_0.gguf", "b-Q4_0.gguf", "c-Q8_0.gguf", "x/same.gguf", "y/same.gguf")
    )
    assert sorted(v.name for v in variants) == [
        "Q8_0",
        "a-Q4_0",
        "b-Q4_0",
        "x/same.gguf",
        "y/same.gguf",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "m.gguf",
        "Q8_0/m-00001-of-00002.gguf",
        "modèle 7B (new) [v2].gguf",
        "模型.gguf",
        "console.gguf",
        "com10.gguf",
        ".gitattributes",
        "a..b.gguf",
    ],
)
def test_usual_names_are_safe(path: str) -> None:
    assert safe_relative_path(path).as_posix() == path


@pytest.mark.parametrize(
    "path",
    [
        *("", ".", "..", "../m.gguf", "a/../../m.gguf", "a/./m.gguf", "a//m.gguf", "a/"),
        *("/etc/passwd", "//server/share/m.gguf", "\\\\server\\share\\m.gguf", "..\\m.gguf"),
        *("C:/m.gguf", "c:m.gguf", "C:\\m.gguf", "m.gguf:stream", "~/../m.gguf"),
        *("CON", "con.gguf", "a/NUL.tar.gguf", "com1", "LPT9.gguf", "aux/m.gguf", "COM¹.gguf"),
        *("CONIN$", "m\x00.gguf", "m\n.gguf", "m\x7f.gguf", "m\x85.gguf", "m\u202egguf.exe"),
        *("zero\u200bwidth.gguf", "m.gguf.", "m.gguf ", " m.gguf", "dir./m.gguf", "dir /m.gguf"),
        *("a?.gguf", "a*.gguf", "a|b.gguf", "<a>.gguf", 'a"b.gguf', "half\ud800.gguf"),
        *("n" * 201 + ".gguf", "é" * 101, "/".join("d" * 60 for _ in range(9)), "a/" * 10 + "m"),
    ],
)
def test_names_that_lead_elsewhere_or_break_somewhere_are_refused(path: str) -> None:
    with pytest.raises(UnsafeName) as caught:
        safe_relative_path(path, "evil/model")
    summary = caught.value.problem.summary_text
    assert "evil/model" in summary
    assert summary.isprintable()


@pytest.mark.parametrize(
    ("names", "fits", "expected"),
    [
        (("Q2_K", "Q4_K_M", "Q5_K_M", "Q8_0"), lambda v: True, "Q4_K_M"),
        (("Q2_K", "Q5_K_M", "Q6_K", "Q8_0"), lambda v: True, "Q5_K_M"),
        (("Q6_K", "Q8_0", "F16"), lambda v: True, "Q6_K"),
        (("Q2_K", "Q3_K_M", "Q4_K_M"), lambda v: v.name != "Q4_K_M", "Q3_K_M"),
        (("F16", "strange"), lambda v: True, "strange"),
        (("F16", "BF16"), lambda v: v.name == "F16", "F16"),
        (("Q4_K_M",), lambda v: False, None),
        ((), lambda v: True, None),
    ],
)
def test_the_best_that_fits_is_recommended(
    names: tuple[str, ...], fits: Callable[[Variant], bool], expected: str | None
) -> None:
    found = recommended([variant(name) for name in names], fits)
    assert (found.name if found else None) == expected


def test_an_incomplete_variant_is_never_recommended() -> None:
    found = recommended([variant("Q4_K_M", is_complete=False), variant("Q8_0")], lambda _: True)
    assert found is not None
    assert found.name == "Q8_0"
