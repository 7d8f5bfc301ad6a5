"""The catalogue: what comes with Inglenook, damage that is named, and its check against a hub."""

from __future__ import annotations

import copy
import importlib.util
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from app.core.hub_errors import CatalogueDamaged
from app.core.models_entities import CatalogueEntry
from app.hub.catalogue import load_catalogue
from app.models.gguf import read_header
from tests.gguf_files import LLAMA, gguf
from tests.local_hub import Fault, LocalHub

ROOT = Path(__file__).parents[1]
ENTRY: dict[str, Any] = {
    "repo": "maker/tiny-GGUF",
    "file": "tiny-Q4_K_M.gguf",
    "name": "Tiny",
    "family": "Tiny",
    "parameters": 1000,
    "context": 2048,
    "size_bytes": 608,
    "licence": "apache-2.0",
    "languages": ["en"],
    "kinds": ["chat"],
    "summary": "Good for tests, and for nothing else.",
    "summary_zh_CN": "只适合测试，别无他用。",
    "is_gated": False,
    "unverified": ["size_bytes", "languages", "context"],
}


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    """A catalogue file of these entries."""
    path = folder / "catalogue.json"
    path.write_text(json.dumps({"version": 1, "entries": entries}), encoding="utf-8")
    return path


# What comes with Inglenook


@pytest.fixture(scope="module")
def shipped() -> tuple[CatalogueEntry, ...]:
    return load_catalogue()


def test_it_offers_something_for_every_machine_and_purpose(
    shipped: tuple[CatalogueEntry, ...],
) -> None:
    assert len(shipped) >= 28
    families = {entry.family for entry in shipped}
    wanted = {"Llama", "Qwen", "GLM", "Baichuan", "Mistral", "Gemma", "Phi", "DeepSeek", "SmolLM"}
    assert wanted <= families
    for kind in ("chat", "code", "reasoning", "multilingual", "vision", "embedding"):
        assert sum(kind in entry.kinds for entry in shipped) >= 2, kind
    sizes = sorted(entry.parameters / 1e9 for entry in shipped)
    assert sizes[0] < 0.2
    assert 13 < sizes[-1] < 15
    for low, high in ((0.2, 0.7), (0.7, 2), (2, 5), (5, 9), (9, 15)):
        assert sum(low <= size < high for size in sizes) >= 3, (low, high)


def test_what_cannot_chat_is_not_offered_for_chat(shipped: tuple[CatalogueEntry, ...]) -> None:
    for entry in shipped:
        assert ("chat" in entry.kinds) != ("embedding" in entry.kinds), entry.name


def test_sizes_fit_the_number_of_parameters(shipped: tuple[CatalogueEntry, ...]) -> None:
    """Between 4 and 9.5 bits a parameter: a slipped digit would mislead a download."""
    for entry in shipped:
        assert 4 <= entry.size_bytes * 8 / entry.parameters <= 9.5, entry.name


def test_whose_model_it_is_and_what_was_not_checked_is_said(
    shipped: tuple[CatalogueEntry, ...],
) -> None:
    for entry in shipped:
        assert entry.original, entry.name
        assert len(entry.summary) > 60, entry.name
    llamas = [entry for entry in shipped if entry.family == "Llama" and "Tiny" not in entry.name]
    assert {entry.original.split("/")[0] for entry in llamas} == {"meta-llama"}
    assert {"Llama 2", "Llama 3"} <= {entry.name[:7] for entry in llamas}
    assert any(entry.is_gated for entry in shipped)


def test_each_model_is_described_in_chinese_too_with_the_same_figures(
    shipped: tuple[CatalogueEntry, ...],
) -> None:
    described = [entry.summary_zh_CN for entry in shipped]
    assert len(set(described)) == len(shipped)
    for entry in shipped:
        assert len(entry.summary_zh_CN) > 20, entry.name
        assert not set(entry.summary_zh_CN) & set(",;:?!()"), entry.name  # Chinese has its own
        said, figures = entry.summary_zh_CN, r"\d+(?:\.\d+)?B?"
        assert set(re.findall(figures, entry.summary)) <= set(re.findall(figures, said)), entry.name


def test_an_entry_without_chinese_words_is_refused(tmp_path: Path) -> None:
    english = {key: ENTRY[key] for key in ENTRY if key != "summary_zh_CN"}
    with pytest.raises(CatalogueDamaged) as caught:
        load_catalogue(written(tmp_path, ENTRY, {**english, "repo": "maker/other"}))
    assert caught.value.problem.details == "entries[1]: summary_zh_CN missing"


def test_what_is_called_checked_of_the_starters_twin_is_true(
    shipped: tuple[CatalogueEntry, ...], starter: Path
) -> None:
    twin = next(entry for entry in shipped if entry.name == "SmolLM2 135M Instruct")
    header = read_header(starter)
    assert not {"parameters", "context"} & set(twin.unverified)
    assert (twin.parameters, twin.context) == (header.parameters, header.trained_context)


def test_a_package_takes_it_along() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["resources/catalogue.json"] == "app/resources/catalogue.json"


# Damage


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("repo", "no-owner"),
        ("repo", "../../etc"),
        ("repo", "maker/.."),
        ("repo", 7),
        ("file", "tiny.bin"),
        ("file", "../tiny.gguf"),
        ("file", "/tiny.gguf"),
        ("file", "a\\..\\tiny.gguf"),
        ("name", "  "),
        ("family", None),
        ("parameters", -1),
        ("parameters", True),
        ("context", 0),
        ("size_bytes", "608"),
        ("size_bytes", 608.5),
        ("licence", ""),
        ("languages", []),
        ("languages", "en"),
        ("languages", ["en", 1]),
        ("languages", ["en", "en"]),
        ("kinds", ["magic"]),
        ("summary", "Good"),
        ("summary_zh_CN", ""),
        ("summary_zh_CN", None),
        ("summary_zh_CN", "不错。"),
        ("summary_zh_CN", "只适合测试，别无他用"),
        ("summary_zh_CN", "好" * 200 + "。"),
        ("summary_zh_CN", "Good for tests, and for nothing else。"),
        ("is_gated", "no"),
        ("unverified", ["colour"]),
        ("original", "nobody"),
    ],
)
def test_a_bad_value_is_refused_with_its_place(tmp_path: Path, name: str, value: object) -> None:
    path = written(tmp_path, ENTRY, {**ENTRY, "repo": "maker/other", name: value})
    with pytest.raises(CatalogueDamaged) as caught:
        load_catalogue(path)
    assert f"entries[1].{name}" in caught.value.problem.details


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "catalogue.json"),
        ("{", "catalogue.json"),
        ("[]", "top level"),
        ('{"entries": []}', "version"),
        ('{"version": 2, "entries": []}', "version"),
        ('{"version": 1, "entries": {}}', "entries"),
        ('{"version": 1, "entries": ["x"]}', "entries[0]"),
        ('{"version": 1, "entries": [{"repo": "a/b"}]}', "summary"),
        ("[" * 100_000, "catalogue.json"),
    ],
)
def test_a_damaged_file_is_named_for_what_it_is(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "catalogue.json"
    path.write_text(text)
    with pytest.raises(CatalogueDamaged) as caught:
        load_catalogue(path)
    assert words in caught.value.problem.details


def test_more_than_is_known_is_refused_and_so_is_the_same_twice(tmp_path: Path) -> None:
    with pytest.raises(CatalogueDamaged, match="catalogue") as caught:
        load_catalogue(written(tmp_path, {**ENTRY, "colour": "red"}))
    assert "colour" in caught.value.problem.details
    with pytest.raises(CatalogueDamaged) as caught:
        load_catalogue(written(tmp_path, ENTRY, ENTRY))
    assert "entries[1]" in caught.value.problem.details


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    for name in ("gone.json", "binary.json"):
        with pytest.raises(CatalogueDamaged):
            load_catalogue(tmp_path / name)


def test_what_may_be_left_out_has_its_default(tmp_path: Path) -> None:
    short = {key: ENTRY[key] for key in ENTRY if key not in ("is_gated", "unverified")}
    (entry,) = load_catalogue(written(tmp_path, short))
    assert (entry.is_gated, entry.unverified, entry.original) == (False, (), "")


# The check against a hub

MODEL = gguf({**LLAMA, "general.name": "Tiny"})
SAID: dict[str, Any] = {
    "gguf": {"total": 1000, "architecture": "llama", "context_length": 2048},
    "tags": ["gguf", "license:apache-2.0"],
}


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """packaging/check_catalogue.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location(
        "check_catalogue", ROOT / "packaging" / "check_catalogue.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Check = Callable[..., int]


@pytest.fixture
def check(tool: ModuleType, hub: LocalHub, tmp_path: Path) -> Check:
    """Runs the tool over these entries; the exit code."""

    def run(*entries: dict[str, Any], options: tuple[str, ...] = ()) -> int:
        path = written(tmp_path, *entries)
        command = ["--endpoint", hub.endpoint, "--catalogue", str(path), *options]
        return int(tool.main(command))

    return run


RIGHT = {**ENTRY, "size_bytes": len(MODEL)}


def test_what_is_as_the_hub_says_passes(check: Check, hub: LocalHub) -> None:
    hub.add_repo(RIGHT["repo"], {RIGHT["file"]: MODEL}, **SAID)
    assert check(RIGHT) == 0


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("size_bytes", 5),
        ("licence", "mit"),
        ("is_gated", True),
        ("parameters", 7),
        ("context", 4096),
        ("file", "tiny-Q8_0.gguf"),
        ("repo", "maker/gone-GGUF"),
    ],
)
def test_each_difference_is_told(
    check: Check, hub: LocalHub, capsys: pytest.CaptureFixture[str], name: str, wrong: object
) -> None:
    hub.add_repo(RIGHT["repo"], {RIGHT["file"]: MODEL}, **SAID)
    assert check({**RIGHT, name: wrong}) == 1
    printed = capsys.readouterr().out
    assert str(wrong) in printed
    assert "0 of 1 entries" in printed


def test_a_split_model_counts_with_all_its_parts(check: Check, hub: LocalHub) -> None:
    parts = {f"big-Q8_0-0000{n}-of-00002.gguf": MODEL for n in (1, 2)}
    hub.add_repo(RIGHT["repo"], parts, **SAID)
    entry = {**RIGHT, "file": next(iter(parts)), "size_bytes": 2 * len(MODEL)}
    assert check(entry) == 0


def test_a_hub_that_does_not_answer_is_no_verdict(check: Check, hub: LocalHub) -> None:
    hub.add_repo(RIGHT["repo"], {RIGHT["file"]: MODEL}, **SAID)
    hub.faults.append(Fault(path="/api/models", kind="status", status=500, count=-1))
    assert check(RIGHT) == 2


def test_writing_takes_over_what_the_hub_says_and_nothing_else(
    check: Check, hub: LocalHub, tmp_path: Path
) -> None:
    hub.add_repo(RIGHT["repo"], {RIGHT["file"]: MODEL}, gated="manual", **SAID)
    gone = {**copy.deepcopy(ENTRY), "repo": "maker/gone-GGUF"}
    assert check({**RIGHT, "size_bytes": 5}, gone, options=("--write",)) == 1
    entry, other = load_catalogue(tmp_path / "catalogue.json")
    assert (entry.size_bytes, entry.is_gated) == (len(MODEL), True)
    assert entry.unverified == ("languages",)  # the hub has no word on it
    assert entry.summary_zh_CN == other.summary_zh_CN == ENTRY["summary_zh_CN"]
    assert other.unverified == tuple(ENTRY["unverified"])
    assert check(json.loads((tmp_path / "catalogue.json").read_text())["entries"][0]) == 0


def test_without_write_nothing_is_written(check: Check, hub: LocalHub, tmp_path: Path) -> None:
    hub.add_repo(RIGHT["repo"], {RIGHT["file"]: MODEL}, **SAID)
    assert check({**RIGHT, "size_bytes": 5}) == 1
    (entry,) = load_catalogue(tmp_path / "catalogue.json")
    assert entry.size_bytes == 5
