"""What is remembered of models: as true as reading their headers, and much less reading."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.entities import LocalModel
from app.core.paths import Paths
from app.core.settings import Settings
from app.models import library as looking
from app.services.library import Library
from tests.gguf_files import LLAMA, gguf

Look = Callable[[], tuple[list[LocalModel], int]]


def a_model(path: Path, name: str, age_s: float = 60) -> Path:
    """A model that was written some time ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf({**LLAMA, "general.name": name}))
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def look(paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Look:
    """Lists the models as a new start of the app does; also says how many headers were read."""
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "no-starter"))
    paths.make()
    read: list[Path] = []
    read_header = looking.read_header
    monkeypatch.setattr(looking, "read_header", lambda path: read.append(path) or read_header(path))

    def work() -> tuple[list[LocalModel], int]:
        read.clear()
        return Library(paths, Settings).models(), len(read)

    return work


def test_the_second_start_reads_no_header_and_lists_the_same(look: Look, paths: Paths) -> None:
    a_model(paths.models / "me" / "a.gguf", "Ä")
    a_model(paths.models / "b.gguf", "B")
    first, read = look()
    assert read == 2
    assert look() == (first, 0)
    assert [model.name for model in first] == ["Ä", "B"]


def test_another_file_of_the_same_size_and_date_is_noticed(look: Look, paths: Paths) -> None:
    path = a_model(paths.models / "a.gguf", "One")
    before = path.stat()
    look()
    path.write_bytes(gguf({**LLAMA, "general.name": "Two"}))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert [model.name for model in look()[0]] == ["Two"]


def test_a_file_that_is_broken_and_then_whole_is_read_each_time(look: Look, paths: Paths) -> None:
    path = a_model(paths.models / "a.gguf", "Whole")
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 8)
    for _ in range(2):
        found, read = look()
        assert found[0].problem is not None
        assert read == 1
    path.write_bytes(whole)
    assert look()[0][0].problem is None


def test_a_file_written_this_moment_is_not_remembered(look: Look, paths: Paths) -> None:
    a_model(paths.models / "a.gguf", "New", age_s=-1)
    look()
    assert look()[1] == 1


def test_what_is_gone_is_forgotten(look: Look, paths: Paths) -> None:
    a_model(paths.models / "a.gguf", "A").unlink()
    b = a_model(paths.models / "b.gguf", "B")
    look()
    b.unlink()
    assert look() == ([], 0)
    assert str(b) not in paths.known_models.read_text()


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[" * 100_000,
        lambda text: "[]",
        lambda text: '{"format": 1, "models": 7}',
        lambda text: text.replace('"format":1', '"format":0'),
        lambda text: text.replace('"Tiny"', "17"),
        lambda text: text.replace('"parameters":', '"parameters":"many","was":'),
    ],
)
def test_a_damaged_memory_only_costs_time(
    look: Look, paths: Paths, damage: Callable[[str], str]
) -> None:
    a_model(paths.models / "a.gguf", "Tiny")
    first, _ = look()
    text = paths.known_models.read_text()
    assert json.loads(text)["models"]
    assert damage(text) != text
    paths.known_models.write_text(damage(text))
    assert look() == (first, 1)
    assert look() == (first, 0)


def test_a_memory_that_cannot_be_written_hinders_nothing(look: Look, paths: Paths) -> None:
    a_model(paths.models / "a.gguf", "A")
    paths.known_models.mkdir()
    assert [model.name for model in look()[0]] == ["A"]


def test_many_new_models_are_listed_before_they_are_read(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "no-starter"))
    for number in range(looking.MANY):
        a_model(paths.models / f"{number:02}.gguf", f"Model {number}")
    broken = paths.models / "broken.gguf"
    broken.write_text("no model")
    early: list[list[LocalModel]] = []

    def listed(models: list[LocalModel]) -> None:
        monkeypatch.setattr(looking, "read_header", read_header)  # from now on it may be read
        early.append(models)

    read_header = looking.read_header
    monkeypatch.setattr(looking, "read_header", lambda _path: pytest.fail("read too early"))
    models = Library(paths, Settings).models(listed)
    assert [model.path for model in early[0]] == [model.path for model in models]
    assert not any(model.is_read or model.problem for model in early[0])
    assert [m.name for m in early[0]][:2] == ["Model 0", "Model 1"]
    assert early[0][0].trained_context == models[0].trained_context > 0
    assert all(model.is_read for model in models)
    assert models[-1].problem is not None
    Library(paths, Settings).models(early.append)
    assert len(early) == 1  # now they are known, and one broken file is soon read
