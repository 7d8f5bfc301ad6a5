"""Where a file of the hub belongs on this computer, and the files that lie beside it meanwhile.

`<root>/<owner>/<repo>/<path>`; names come from the hub and are not trusted, and neither is a
symbolic link on the way.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.core.hub_errors import ModelsFolderFailed, NoSpaceForModel, UnsafeName
from app.core.models_entities import DownloadJob, RemoteFile
from app.core.sizes import size_words
from app.hub.files import safe_relative_path

RESERVE_BYTES = 256 << 20  # left free for everything else on the disk
OUR_ENDINGS = (".part", ".copy", ".lock", ".meta.json")


@dataclass(frozen=True, slots=True)
class Place:
    """One file's places: its own, and those of what is needed until it is whole."""

    final: Path

    @property
    def part(self) -> Path:
        """What has arrived so far."""
        return self._beside(".part")

    @property
    def copy(self) -> Path:
        """A copy or link of a file from elsewhere, until it is verified."""
        return self._beside(".copy")

    @property
    def lock(self) -> Path:
        """Held by the process that works on the file."""
        return self._beside(".lock")

    @property
    def meta(self) -> Path:
        """Where the file came from, as JSON; stays beside it."""
        return self._beside(".meta.json")

    def all(self) -> tuple[Path, ...]:
        """Every one of them."""
        return self.final, self.part, self.copy, self.lock, self.meta

    def _beside(self, ending: str) -> Path:
        return self.final.with_name(self.final.name + ending)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the sidecar says about a file; `job` is the download that brought it."""

    repo: str
    commit: str
    sha256: str
    size: int
    job: str = ""


def place_of(root: Path, repo: str, path: str) -> Place:
    """Where `path` of `repo` belongs; raises UnsafeName. Does not look at the disk."""
    names = repo.split("/")
    if not 1 <= len(names) <= 2 or path.lower().endswith(OUR_ENDINGS):
        raise UnsafeName(repo=repo, file=path)
    return Place(root / safe_relative_path(repo, repo) / safe_relative_path(path, repo))


def prepare(root: Path, place: Place) -> None:
    """Make the folders; raises ModelsFolderFailed where that fails or a link stands in the way."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        _check_inside(_existing(place.final.parent), root)  # before anything is made out there
        place.final.parent.mkdir(parents=True, exist_ok=True)
        _check_inside(place.final.parent, root)
    except OSError as error:
        raise ModelsFolderFailed(str(error), path=place.final.parent) from error
    for path in place.all():
        if path.is_symlink():
            raise ModelsFolderFailed("it is a symbolic link", path=path)


def _check_inside(folder: Path, root: Path) -> None:
    if not folder.resolve().is_relative_to(root.resolve()):
        raise ModelsFolderFailed("a link leads out of the models folder", path=folder)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def check_space(folder: Path, name: str, need: int, reserve: int = RESERVE_BYTES) -> None:
    """Raises NoSpaceForModel unless `need` bytes fit and `reserve` stay free.

    ModelsFolderFailed where that cannot be known.
    """
    try:
        free = shutil.disk_usage(_existing(folder)).free
    except OSError as error:
        raise ModelsFolderFailed(str(error), path=folder) from error
    if need > 0 and free < need + reserve:
        raise no_space(name, need, free, f"{reserve} bytes are kept free")


def no_space(name: str, need: int, free: int, details: str = "") -> NoSpaceForModel:
    """The error with its numbers in words."""
    return NoSpaceForModel(details, file=name, need=size_words(need), free=size_words(free))


def write_origin(place: Place, origin: Origin) -> None:
    """Store where the file came from; atomically. Raises OSError."""
    data = {
        "repo": origin.repo,
        "commit": origin.commit,
        "sha256": origin.sha256,
        "size": origin.size,
        "job": origin.job,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    new = place.meta.with_name(place.meta.name + ".new")
    new.unlink(missing_ok=True)
    with new.open("x", encoding="utf-8") as file:  # never through a link that someone left there
        json.dump(data, file, indent=1)
    os.replace(new, place.meta)


def read_origin(place: Place) -> Origin | None:
    """What the sidecar says; None where there is none that can be understood."""
    try:
        data = json.loads(place.meta.read_text(encoding="utf-8"))
        origin = Origin(
            data["repo"], data["commit"], data["sha256"], data["size"], data.get("job", "")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    texts = (origin.repo, origin.commit, origin.sha256, origin.job)
    is_sound = isinstance(origin.size, int) and all(isinstance(text, str) for text in texts)
    return origin if is_sound else None


def is_complete(place: Place, file: RemoteFile) -> bool:
    """Whether our own file is there, by its size and what the sidecar says it was verified as."""
    origin = read_origin(place)
    if origin is None or origin.size != file.size_bytes or _size(place.final) != file.size_bytes:
        return False
    return not file.sha256 or origin.sha256 == file.sha256.lower()


def bytes_present(root: Path, job: DownloadJob) -> int:
    """How much of the job is on the disk; parts count with their size."""
    return sum(file_bytes_present(root, job, file) for file in job.files)


def file_bytes_present(root: Path, job: DownloadJob, file: RemoteFile) -> int:
    """How much of one file is on the disk."""
    try:
        place = place_of(root, job.repo, file.path)
    except UnsafeName:
        return 0
    if is_complete(place, file):
        return file.size_bytes
    size = _size(place.part)
    return size if 0 < size <= file.size_bytes else 0


def discard(root: Path, job: DownloadJob) -> None:
    """Delete what `job` has fetched: its parts and those files that it brought itself.

    What another program works on at this moment stays; so does what cannot be deleted.
    """
    from filelock import FileLock, Timeout

    for file in job.files:
        with contextlib.suppress(UnsafeName, ModelsFolderFailed, OSError, Timeout):
            place = place_of(root, job.repo, file.path)
            if not place.final.parent.is_dir():
                continue
            prepare(root, place)
            with FileLock(place.lock, timeout=0):
                _discard_one(place, job)
                place.lock.unlink(missing_ok=True)
            _remove_empty(place.final.parent, root)


def _discard_one(place: Place, job: DownloadJob) -> None:
    origin = read_origin(place)
    if origin is not None and origin.job == job.id:
        place.final.unlink(missing_ok=True)
        place.meta.unlink(missing_ok=True)
    place.part.unlink(missing_ok=True)
    place.copy.unlink(missing_ok=True)


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove the folders that are empty now, up to the models folder."""
    with contextlib.suppress(OSError):
        while folder != root and folder.is_relative_to(root):
            folder.rmdir()
            folder = folder.parent


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
