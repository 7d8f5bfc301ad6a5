"""Models into another folder: nothing is lost, whenever it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core.hub_errors import ModelsFolderFailed, ModelsNotMoved, NoSpaceForModel
from app.core.models_entities import Download, DownloadJob, DownloadState, RemoteFile
from app.services.move_models import copy_all, delete_old, make_folder, movable

ROOT = Path(__file__).parents[1]
A, B = b"GGUF" + b"a" * 9_000_000, b"GGUF" + b"b" * 5_000_000


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    (folder / "maker" / "tiny").mkdir(parents=True)
    (folder / "maker" / "tiny" / "a.gguf").write_bytes(A)
    (folder / "maker" / "tiny" / "a.gguf.meta.json").write_text("{}")
    (folder / "maker" / "tiny" / "a.gguf.lock").touch()
    (folder / "b.gguf").write_bytes(B)
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.fixture(params=["one disk", "two disks"])
def disks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "two disks":
        monkeypatch.setattr(os, "link", _no_link)


def _no_link(*_: object, **__: object) -> None:
    raise OSError(18, "Invalid cross-device link")


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.usefixtures("disks")
def test_models_and_what_is_noted_beside_them_move(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "disk" / "new"
    told: list[tuple[int, int]] = []
    moved = copy_all(old, new, movable(old), lambda *numbers: told.append(numbers))
    assert moved is not None
    assert told[-1] == (len(A) + len(B) + 2, len(A) + len(B) + 2)
    assert delete_old(moved, old, lambda: True) == []
    assert names(new) == {"b.gguf", "maker/tiny/a.gguf", "maker/tiny/a.gguf.meta.json"}
    assert (new / "maker/tiny/a.gguf").read_bytes() == A
    assert (new / "b.gguf").read_bytes() == B
    assert names(old) == {"notes.txt"}
    assert not (old / "maker").exists()


@pytest.mark.usefixtures("disks")
def test_called_off_midway_everything_is_where_it_was(old: Path, tmp_path: Path) -> None:
    before, new, seen = names(old), tmp_path / "new", [0]

    def is_cancelled() -> bool:
        seen[0] += 1
        return seen[0] == 2

    assert copy_all(old, new, movable(old), is_cancelled=is_cancelled) is None
    assert names(old) == before
    assert names(new) == set()


def test_without_a_saved_choice_the_old_files_stay(old: Path, tmp_path: Path) -> None:
    before = names(old)
    moved = copy_all(old, tmp_path / "new", movable(old))
    assert moved is not None
    assert len(delete_old(moved, old, lambda: False)) == 3
    assert names(old) == before


def test_a_copy_that_was_cut_short_meanwhile_keeps_its_source(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _no_link)
    moved = copy_all(old, tmp_path / "new", movable(old))
    assert moved is not None
    (tmp_path / "new" / "b.gguf").write_bytes(b"GGUF")
    assert delete_old(moved, old, lambda: True) == [old / "b.gguf"]
    assert (old / "b.gguf").read_bytes() == B


@pytest.mark.usefixtures("disks")
@pytest.mark.parametrize("there", [b"something else", b"GGUF" + b"x" * 5_000_000])
def test_another_file_of_that_name_is_never_overwritten(
    old: Path, tmp_path: Path, there: bytes
) -> None:
    new, before = tmp_path / "new", names(old)
    new.mkdir()
    (new / "b.gguf").write_bytes(there)
    with pytest.raises(ModelsNotMoved):
        copy_all(old, new, movable(old))
    assert (new / "b.gguf").read_bytes() == there
    assert names(new) == {"b.gguf"}
    assert names(old) == before


def test_the_same_folder_by_another_name_loses_nothing(old: Path, tmp_path: Path) -> None:
    before, alias = names(old), tmp_path / "alias"
    alias.symlink_to(old)
    moved = copy_all(old, alias, movable(old))
    assert moved is not None
    delete_old(moved, old, lambda: True)
    assert (old / "b.gguf").read_bytes() == B
    assert before - names(old) <= {"maker/tiny/a.gguf.lock"}


@pytest.mark.parametrize("place", ["old/below", "."])
def test_a_folder_within_the_other(old: Path, tmp_path: Path, place: str) -> None:
    new = tmp_path / place
    for _ in range(2):  # the second time there is nothing left to do, and nothing is harmed
        moved = copy_all(old, new, [f for f in movable(old) if f.exists()])
        assert moved is not None
        delete_old(moved, old, lambda: True)
    assert (new / "b.gguf").read_bytes() == B
    assert (new / "maker/tiny/a.gguf").read_bytes() == A


def test_links_to_other_models_still_lead_to_them(old: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.gguf"
    elsewhere.write_bytes(B)
    (old / "out.gguf").symlink_to(elsewhere)
    (old / "in.gguf").symlink_to(old / "b.gguf")
    new = tmp_path / "new"
    moved = copy_all(old, new, movable(old))
    assert moved is not None
    assert delete_old(moved, old, lambda: True) == []
    assert (new / "out.gguf").read_bytes() == (new / "in.gguf").read_bytes() == B
    assert elsewhere.exists()


def test_what_is_still_being_fetched_stays(old: Path) -> None:
    files = (RemoteFile("a.gguf", len(A)), RemoteFile("a2.gguf", 5))
    job = DownloadJob("j", "maker/tiny", "c" * 40, "tiny", files)
    paused = Download(job, DownloadState.PAUSED)
    assert movable(old, [paused]) == [old / "b.gguf"]
    assert len(movable(old, [Download(job, DownloadState.DONE)])) == 3


def test_a_full_disk_is_said_before_anything_happens(
    old: Path, small_disk: Path, tmp_path: Path
) -> None:
    before = names(old)
    with pytest.raises(NoSpaceForModel):
        copy_all(old, small_disk / "new", movable(old))
    assert names(small_disk / "new") == set()
    assert names(old) == before


def test_a_folder_that_cannot_be_written_to(read_only_folder: Path) -> None:
    with pytest.raises(ModelsFolderFailed):
        make_folder(read_only_folder / "models")


def test_killed_midway_every_model_is_whole_and_the_next_try_completes(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, before = tmp_path / "new", names(old)
    code = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from app.services import move_models as m\n"
        "def no(*a, **k): raise OSError(18, 'no')\n"
        "os.link = no\n"
        "def slow(done, total):\n"
        "    print(done, flush=True)\n"
        "    time.sleep(0.05 if done < 6_000_000 else 60)\n"
        "old, new = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "m.copy_all(old, new, m.movable(old), slow)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(old), str(new)], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    while int(child.stdout.readline()) < 6_000_000:
        time.sleep(0)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert names(old) == before
    assert "b.gguf" in names(new), "the first was whole already"
    assert all(p.stat().st_size in (len(A), len(B)) for p in new.rglob("*.gguf"))
    monkeypatch.setattr(os, "link", _no_link)
    moved = copy_all(old, new, movable(old))
    assert moved is not None
    assert delete_old(moved, old, lambda: True) == []
    assert names(new) == {"b.gguf", "maker/tiny/a.gguf", "maker/tiny/a.gguf.meta.json"}
    assert (new / "maker/tiny/a.gguf").read_bytes() == A
