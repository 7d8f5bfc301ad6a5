"""The models on this computer: list, bring in, verify, remove; every method reads the disk."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from app.core.entities import LocalModel
from app.core.errors import Cancelled, ModelFileMissing, ModelNotOurs
from app.core.hub_errors import ModelsFolderFailed, NoSpaceForModel, WrongContent
from app.core.paths import Paths, unused_name
from app.core.settings import Settings
from app.core.sizes import size_words
from app.models.gguf import read_header
from app.models.library import find_folders, find_models
from app.models.parts import parts_of
from app.models.remembered import RememberedModels

IMPORTED = "imported"
PIECE = 1 << 20
MOST_FOLDERS = 500  # that are watched: the system lends a program only so many watches


class Library:
    """Models in our folder, the starter folders, and what the person added."""

    def __init__(self, paths: Paths, settings: Callable[[], Settings]) -> None:
        self._paths = paths
        self._settings = settings
        self._remembered = RememberedModels(paths.known_models)
        self._looking = threading.Lock()  # the list is made on the lane for the disk and elsewhere

    @property
    def root(self) -> Path:
        """Where downloads and copies go."""
        chosen = self._settings().models_folder
        return Path(chosen) if chosen else self._paths.models

    def places(self) -> list[Path]:
        """Folders and single files that are looked at, the person's own first."""
        added = [Path(line) for line in self._settings().added_folders()]
        return [self.root, *added, *self._paths.starter_folders()]

    def models(self, early: Callable[[list[LocalModel]], None] | None = None) -> list[LocalModel]:
        """Everything that is there, broken files with what is wrong with them.

        Where many are new, `early` gets the list on the same thread before all of them were read.
        """
        with self._looking:
            starters = self._paths.starter_folders()
            return find_models(self.places(), starters, self._remembered, early)

    def folders(self) -> list[Path]:
        """Folders where a model may appear, at most MOST_FOLDERS."""
        return find_folders(self.places(), MOST_FOLDERS)

    def find(self, path: Path) -> LocalModel:
        """The model at `path`. Raises ModelFileMissing."""
        real = path.expanduser().resolve()
        for model in self.models():
            if model.path.resolve() == real:
                return model
        raise ModelFileMissing(path=path)

    def copy_in(
        self,
        path: Path,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Path:
        """Copy a GGUF, and the other parts of a split one, into our folder; returns the new path.

        A copy becomes visible when it is complete. `progress` gets bytes done and in all.
        """
        read_header(path)  # says what is wrong before gigabytes are copied
        sources = parts_of(path)
        total = sum(source.stat().st_size for source in sources)
        folder = self.root / IMPORTED
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ModelsFolderFailed(str(error), path=folder) from error
        free = shutil.disk_usage(folder).free
        if free < total:
            raise NoSpaceForModel(
                file=path.name, need=size_words(total - free), free=size_words(free)
            )
        if len(sources) > 1 and any((folder / source.name).exists() for source in sources):
            folder = unused_name(folder / path.stem)  # parts must keep their names
            folder.mkdir()
        targets = [unused_name(folder / source.name) for source in sources]
        done = 0

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(done, total)
            if is_cancelled():
                raise Cancelled

        for source, target in zip(sources, targets, strict=True):
            _copy(source, target, tell)
        return targets[0]

    def verify(
        self, path: Path, progress: Callable[[int, int], None] = lambda _done, _total: None
    ) -> bool:
        """Read it all again. True: it is what was downloaded; False: nothing is known to compare
        with, the file is whole as far as its header says. Raises WrongContent or a ModelError.
        """
        read_header(path)
        is_known = False
        for part in parts_of(path):
            expected = _expected(part)
            if expected:
                is_known = True
                if _digest(part, progress) != expected:
                    raise WrongContent(file=part.name)
        return is_known

    def remove(self, path: Path) -> int:
        """Delete a model of ours with all its parts; returns the bytes that are free now."""
        root = self.root.resolve()
        parts = parts_of(path)
        if not path.exists():
            raise ModelFileMissing(path=path)
        if not all(part.resolve().is_relative_to(root) for part in parts):
            raise ModelNotOurs(path=path)
        freed = 0
        try:
            for part in parts:
                freed += part.lstat().st_size
                part.unlink()
                _sidecar(part).unlink(missing_ok=True)
                part.with_name(f"{part.name}.lock").unlink(missing_ok=True)
        except OSError as error:
            raise ModelsFolderFailed(str(error), path=path.parent) from error
        for folder in path.parents:
            if folder.resolve() == root or any(folder.iterdir()):
                break
            folder.rmdir()
        return freed


def _copy(source: Path, target: Path, tell: Callable[[int], None]) -> None:
    part = target.with_name(f"{target.name}.part")
    try:
        with source.open("rb") as reader, part.open("wb") as writer:
            while piece := reader.read(PIECE):
                writer.write(piece)
                tell(len(piece))
            writer.flush()
            os.fsync(writer.fileno())
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            free = shutil.disk_usage(target.parent).free
            need = source.stat().st_size
            raise NoSpaceForModel(
                file=source.name, need=size_words(need), free=size_words(free)
            ) from error
        raise ModelsFolderFailed(str(error), path=target.parent) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _sidecar(path: Path) -> Path:
    """What the download noted beside the file."""
    return path.with_name(f"{path.name}.meta.json")


def _expected(path: Path) -> str:
    try:
        noted = json.loads(_sidecar(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    found = noted.get("sha256") if isinstance(noted, dict) else None
    return found.lower() if isinstance(found, str) and len(found) == 64 else ""


def _digest(path: Path, progress: Callable[[int, int], None]) -> str:
    total = path.stat().st_size
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            done += len(piece)
            progress(done, total)
    return digest.hexdigest()
