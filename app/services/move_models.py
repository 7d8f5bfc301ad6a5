"""Models into another folder: first a copy of all, then the choice is saved, then the old ones go.

Killed at any moment, every model is whole in at least one of the two folders, and the folder that
the settings name has them all. Nothing that is there already is overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Cancelled
from app.core.hub_errors import ModelsFolderFailed, ModelsNotMoved, NoSpaceForModel, UnsafeName
from app.core.models_entities import Download, DownloadState
from app.core.settings import SettingsFile
from app.core.sizes import size_words
from app.hub.places import place_of

PIECE = 4 << 20
COMING = ".moving"  # ends the name of what is not whole yet; no model is called so
RESERVE_BYTES = 256 << 20  # left free for everything else on the disk
PATIENCE_S = 5.0  # for a file that its last user has not let go yet (Windows)
Progress = Callable[[int, int], None]  # bytes done, bytes in all


@dataclass(frozen=True, slots=True)
class Moved:
    """A file where it was and where it is now."""

    source: Path
    target: Path


def movable(root: Path, downloads: Iterable[Download] = ()) -> list[Path]:
    """The model files below `root` with what is noted beside them.

    Left out are those of `downloads` that are not done: they go on where they began.
    """
    kept: set[Path] = set()
    for job in (download.job for download in downloads if download.state is not DownloadState.DONE):
        for file in job.files:
            with contextlib.suppress(UnsafeName):  # it will never be there
                kept.add(place_of(root, job.repo, file.path).final)
    found: list[Path] = []
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() == ".gguf" and path not in kept and path.is_file():
            note = path.with_name(f"{path.name}.meta.json")
            found += [path, note] if note.is_file() else [path]
    return found


def make_folder(folder: Path) -> None:
    """Make `folder` and try to write there. Raises ModelsFolderFailed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ModelsFolderFailed(str(error), path=folder) from error


def copy_all(
    old: Path,
    new: Path,
    files: list[Path],
    progress: Progress = lambda _done, _total: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> list[Moved] | None:
    """Bring `files` of `old` into `new`, which is made; `old` stays as it is.

    On one disk they are linked: at once and without more space. None: it was called off, and
    what had been brought is gone again, as it is after an error. Raises ModelsNotMoved where
    other files have their names, NoSpaceForModel, ModelsFolderFailed.
    """
    made: list[Path] = []
    total = done = 0
    try:
        new.mkdir(parents=True, exist_ok=True)
        pairs = [
            Moved(path, new / path.relative_to(old))
            for path in files
            if not _is_below(path, new) or _is_below(old, new)
        ]
        _check(pairs, new)
        total = sum(pair.source.stat().st_size for pair in pairs)

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(min(done, total), total)
            if is_cancelled():
                raise Cancelled

        for pair in pairs:
            if _bring(pair, old, new, tell):
                made.append(pair.target)
        _settle(made)
    except Cancelled:
        _undo(made, new)
        return None
    except OSError as error:
        _undo(made, new)
        if error.errno == errno.ENOSPC:
            need, free = size_words(total - done), size_words(0)
            raise NoSpaceForModel(file=new, need=need, free=free) from error
        raise ModelsFolderFailed(str(error), path=new) from error
    except ModelsNotMoved:
        _undo(made, new)
        raise
    return pairs


def delete_old(moved: list[Moved], old: Path, is_saved: Callable[[], bool]) -> list[Path]:
    """Delete the sources whose targets are whole; returns those that could not be deleted.

    `is_saved`: whether the settings on the disk name the new folder; without that all stay.
    """
    if not is_saved():
        return [pair.source for pair in moved]
    # links first: one to a model that went before it would lead nowhere
    links_first = sorted(moved, key=lambda pair: not pair.source.is_symlink())
    left = [pair.source for pair in links_first if not _delete(pair)]
    for folder in sorted({pair.source.parent for pair in moved}, reverse=True):
        _remove_empty(folder, old)
    return left


def is_folder_saved(settings: Path, folder: str) -> bool:
    """Whether the settings file names `folder` for models; empty is the usual one."""
    return SettingsFile(settings).load()[0].models_folder == folder


def _check(pairs: list[Moved], new: Path) -> None:
    """Before anything is done: no other file is in the way, and there is room."""
    need = 0
    for source, target in ((pair.source, pair.target) for pair in pairs):
        if os.path.lexists(target):
            if not target.is_file() or target.stat().st_size != source.stat().st_size:
                raise ModelsNotMoved(name=target.name, folder=target.parent)
        elif source.stat().st_dev != new.stat().st_dev:
            need += source.stat().st_size
    free = shutil.disk_usage(new).free
    if need and free < need + RESERVE_BYTES:
        raise NoSpaceForModel(file=new, need=size_words(need), free=size_words(free))


def _bring(pair: Moved, old: Path, new: Path, tell: Callable[[int], None]) -> bool:
    """Make the target; False: it was there already, with the same content."""
    source, target = pair.source, pair.target
    target.parent.mkdir(parents=True, exist_ok=True)
    size = source.stat().st_size
    if os.path.lexists(target):
        if not filecmp.cmp(source, target, shallow=False):
            raise ModelsNotMoved(name=target.name, folder=target.parent)
        tell(size)
        return False
    coming = target.with_name(target.name + COMING)
    coming.unlink(missing_ok=True)
    if source.is_symlink():
        real, base = source.resolve(), old.resolve()
        inside = real.is_relative_to(base)
        target.symlink_to(new / real.relative_to(base) if inside else real)
        tell(size)
        return True
    try:
        os.link(source, target)  # at once, whole, or not at all
    except FileExistsError:
        raise
    except OSError:  # another disk, or one that knows no links
        _copy(source, coming, target, tell)
    else:
        try:
            tell(size)
        except Cancelled:
            target.unlink()
            raise
    return True


def _copy(source: Path, coming: Path, target: Path, tell: Callable[[int], None]) -> None:
    try:
        with source.open("rb") as reader, coming.open("xb") as writer:
            while piece := reader.read(PIECE):
                writer.write(piece)
                tell(len(piece))
            writer.flush()
            os.fsync(writer.fileno())
        if coming.stat().st_size != source.stat().st_size:
            raise OSError(errno.EIO, "the copy has another size", str(target))
        shutil.copystat(source, coming)
        coming.rename(target)
    except BaseException:
        coming.unlink(missing_ok=True)
        raise


def _settle(made: list[Path]) -> None:
    """The names of the new files are on the disk, too, before the old ones go."""
    if os.name == "nt":
        return
    for folder in {path.parent for path in made}:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _undo(made: list[Path], new: Path) -> None:
    for path in made:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        _remove_empty(path.parent, new)


def _delete(pair: Moved) -> bool:
    source, target = pair.source, pair.target
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if source.parent.samefile(target.parent):
                return True  # one and the same, by another way
            if target.stat().st_size != source.stat().st_size:
                return False
            source.unlink()
            source.with_name(f"{source.name}.lock").unlink(missing_ok=True)
            return True
        except FileNotFoundError:
            return not os.path.lexists(source)
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)


def _remove_empty(folder: Path, root: Path) -> None:
    """The folder and those above it below `root`, as far as nothing is left in them."""
    with contextlib.suppress(OSError):
        while folder != root and folder.is_relative_to(root):
            folder.rmdir()
            folder = folder.parent


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())
