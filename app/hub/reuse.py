"""The same file may be on this computer already, brought by us or by another program.

Then it is linked (or, from another disk, copied) instead of fetched. Its hash is verified first,
also in the Hub library's cache, whose names are hashes: that library checks only sizes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.models_entities import RemoteFile
from app.hub.part import BLOCK, Expected, disk_failed
from app.hub.places import Place, check_space
from app.hub.stopping import StopSwitch


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where other programs keep models: the Hub library's cache, LM Studio's folders."""

    cache: Path
    folders: tuple[Path, ...] = ()


def usual_neighbours() -> Neighbours:
    """Those of this person; the Hub library's own variables move its cache."""
    from huggingface_hub import constants

    home = Path.home()
    folders = (home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models")
    return Neighbours(Path(constants.HF_HUB_CACHE), folders)


def take_over(
    file: RemoteFile,
    place: Place,
    root: Path,
    neighbours: Neighbours,
    switch: StopSwitch,
) -> Path | None:
    """Put an identical file that is here already into `place`; returns where it was found.

    None if there is none. Raises Cancelled, NoSpaceForModel, ModelsFolderFailed.
    """
    if not file.sha256:
        return None
    for found in _candidates(file, place, root, neighbours):
        if _hash(found, switch) == file.sha256.lower() and _bring(found, file, place, switch):
            return found
    return None


def _candidates(
    file: RemoteFile, place: Place, root: Path, neighbours: Neighbours
) -> Iterator[Path]:
    """Files of the right size, the likeliest first; nothing that is still being written."""
    seen: set[Path] = set()
    for path in _possible(file, place, root, neighbours):
        with contextlib.suppress(OSError):
            real = path.resolve()
            is_ours = real in (place.part.resolve(), place.copy.resolve())
            if real in seen or is_ours or not real.is_file():
                continue
            seen.add(real)
            if real.stat().st_size == file.size_bytes:
                yield real


def _possible(file: RemoteFile, place: Place, root: Path, neighbours: Neighbours) -> Iterator[Path]:
    yield place.final  # it may lie there without a sidecar
    yield from _found(neighbours.cache, f"models--*/blobs/{file.sha256.lower()}")
    name = Path(file.path).name
    # where no symbolic links can be made the cache keeps the files themselves
    yield from _found(neighbours.cache, "models--*/snapshots/*/**/*.gguf", name)
    for folder in (root, *neighbours.folders):
        yield from _found(folder, "**/*.gguf")


def _found(folder: Path, pattern: str, name: str = "") -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in folder.glob(pattern) if not name or path.name == name)


def _hash(path: Path, switch: StopSwitch) -> str:
    """SHA-256 of a file, empty if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as source:
            while block := source.read(BLOCK):
                switch.check()
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _bring(found: Path, file: RemoteFile, place: Place, switch: StopSwitch) -> bool:
    """Link or copy a verified file; False if it changed meanwhile."""
    expected = Expected(file.path, file.size_bytes, sha256=file.sha256)
    try:
        if found != place.final.resolve():
            place.copy.unlink(missing_ok=True)
            try:
                os.link(found, place.copy)
            except OSError:  # another disk, or one that knows no links
                check_space(place.final.parent, file.path, file.size_bytes)
                if not _copy(found, file, place, switch):
                    return False
            os.replace(place.copy, place.final)
        place.part.unlink(missing_ok=True)
    except OSError as error:
        place.copy.unlink(missing_ok=True)
        raise disk_failed(error, place.copy, expected, 0) from error
    return True


def _copy(found: Path, file: RemoteFile, place: Place, switch: StopSwitch) -> bool:
    """Copy, hashing what is copied; False and nothing left if it is another file now."""
    digest = hashlib.sha256()
    try:
        with found.open("rb") as source, place.copy.open("xb") as target:
            while block := source.read(BLOCK):
                switch.check()
                target.write(block)
                digest.update(block)
            target.flush()
            os.fsync(target.fileno())
        is_right = digest.hexdigest() == file.sha256.lower()
    except BaseException:
        place.copy.unlink(missing_ok=True)
        raise
    if not is_right:
        place.copy.unlink(missing_ok=True)
    return is_right
