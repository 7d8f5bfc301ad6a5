"""The library: models from several places, copied in whole, verified, removed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from app.core.errors import ModelFileMissing, ModelNotOurs, NotAModel
from app.core.hub_errors import NoSpaceForModel, WrongContent
from app.core.paths import Paths
from app.core.settings import Settings
from app.models.parts import parts_of
from app.services.library import Library
from tests.gguf_files import LLAMA, gguf


def a_model(path: Path, **more: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gguf({**LLAMA, **more}))
    return path


@pytest.fixture
def library(paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Library:
    monkeypatch.setenv("INGLENOOK_STARTER_DIR", str(tmp_path / "no-starter"))
    paths.make()
    return Library(paths, Settings)


def test_folders_and_single_files_that_were_added_are_listed(paths: Paths, tmp_path: Path) -> None:
    own = a_model(paths.models / "me" / "own.gguf")
    folder = a_model(tmp_path / "elsewhere" / "other.gguf")
    single = a_model(tmp_path / "downloads" / "single.gguf")
    a_model(tmp_path / "downloads" / "neighbour.gguf")
    added = f"{folder.parent}\n{single}\n{tmp_path / 'not-there'}"
    library = Library(paths, lambda: Settings(more_model_folders=added))
    found = {model.path for model in library.models() if not model.is_starter}
    assert found == {own, folder, single}


def test_a_copy_is_whole_and_the_original_stays(library: Library, tmp_path: Path) -> None:
    source = a_model(tmp_path / "mine.gguf")
    seen: list[tuple[int, int]] = []
    copy = library.copy_in(source, lambda done, total: seen.append((done, total)))
    assert copy.read_bytes() == source.read_bytes()
    assert copy.is_relative_to(library.root)
    assert seen[-1] == (source.stat().st_size, source.stat().st_size)
    again = library.copy_in(source)
    assert again != copy
    assert {m.path for m in library.models()} == {copy, again}


def test_parts_of_a_split_model_come_and_go_together(library: Library, tmp_path: Path) -> None:
    parts = [a_model(tmp_path / f"big-{n:05d}-of-00003.gguf") for n in (1, 2, 3)]
    assert parts_of(parts[1]) == parts
    for _ in range(2):  # the second copy must not mix with the first
        copy = library.copy_in(parts[0])
        assert [p.name for p in parts_of(copy)] == [p.name for p in parts]
    assert len(library.models()) == 2
    freed = library.remove(copy)
    assert freed == sum(part.stat().st_size for part in parts)
    assert len(library.models()) == 1


def test_what_is_not_a_model_is_not_copied(library: Library, tmp_path: Path) -> None:
    bad = tmp_path / "notes.gguf"
    bad.write_text("no model")
    with pytest.raises(NotAModel):
        library.copy_in(bad)
    assert library.models() == []


def test_a_full_disk_leaves_no_half_copy(paths: Paths, tmp_path: Path, small_disk: Path) -> None:
    source = tmp_path / "large.gguf"
    source.write_bytes(gguf(LLAMA) + bytes(64 << 20))
    library = Library(paths, lambda: Settings(models_folder=str(small_disk)))
    with pytest.raises(NoSpaceForModel) as caught:
        library.copy_in(source)
    assert "MiB" in caught.value.problem.summary_text
    assert [p for p in small_disk.rglob("*") if p.is_file()] == []


def test_verify_compares_with_what_was_downloaded(library: Library) -> None:
    path = a_model(library.root / "owner" / "repo" / "model.gguf")
    assert not library.verify(path)  # nothing to compare with
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name("model.gguf.meta.json").write_text(json.dumps({"sha256": digest}))
    assert library.verify(path)
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(WrongContent):
        library.verify(path)


@pytest.mark.parametrize("noted", ["", "[1]", '{"sha256": 5}', '{"sha256": "short"}', "\xff"])
def test_a_damaged_note_beside_a_model_is_no_note(library: Library, noted: str) -> None:
    path = a_model(library.root / "model.gguf")
    path.with_name("model.gguf.meta.json").write_text(noted)
    assert not library.verify(path)


def test_removing_frees_the_file_its_note_and_empty_folders(library: Library) -> None:
    path = a_model(library.root / "owner" / "repo" / "model.gguf")
    note = path.with_name("model.gguf.meta.json")
    note.write_text("{}")
    size = path.stat().st_size
    assert library.remove(path) == size
    assert not note.exists()
    assert list(library.root.iterdir()) == []
    with pytest.raises(ModelFileMissing):
        library.remove(path)


def test_files_of_other_programs_are_not_deleted(library: Library, tmp_path: Path) -> None:
    other = a_model(tmp_path / "lmstudio" / "model.gguf")
    with pytest.raises(ModelNotOurs):
        library.remove(other)
    link = library.root / "link.gguf"
    link.symlink_to(other)
    with pytest.raises(ModelNotOurs):
        library.remove(link)
    assert other.exists()
