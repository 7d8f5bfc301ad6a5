"""Which models are on this computer: GGUF files in the given folders, broken ones included."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.entities import LocalModel
from app.core.errors import AppError
from app.models.gguf import GgufHeader, read_header
from app.models.projector import is_projector
from app.models.remembered import RememberedModels
from app.models.remote_gguf import read_header_from

FIRST_BYTES = 8 << 10  # all that is wanted, mostly; twice as fast from a cold disk as 64 KiB
MANY = 10  # files to read, at some 10 ms each: from here on somebody would wait for the list
_LATER_PART = re.compile(r"-(\d{5})-of-\d{5}\.gguf$", re.I)


def find_models(
    folders: Iterable[Path],
    starter_folders: Iterable[Path] = (),
    remembered: RememberedModels | None = None,
    early: Callable[[list[LocalModel]], None] | None = None,
) -> list[LocalModel]:
    """Models below `folders`, sorted by name; those below `starter_folders` are marked.

    Left out: vision projectors (mmproj) and the later parts of split models. With `remembered`
    only the headers of new and changed files are read. Where these are many, `early` gets the
    list before that, with what the beginnings of the files say (`is_read` is false).
    """
    starters = [folder.resolve() for folder in starter_folders]
    found: dict[Path, _Seen] = {}
    for folder in folders:
        for path in _gguf_files(folder):
            real = path.resolve()
            if real not in found:
                is_starter = any(real.is_relative_to(starter) for starter in starters)
                found[real] = _look_at(path, is_starter, remembered)
    seen = list(found.values())
    if early is not None and sum(one.model is None for one in seen) >= MANY:
        early(
            _in_order(
                one.model or describe_early(one.path, is_starter=one.is_starter) for one in seen
            )
        )
    models = [one.model or _read(one, remembered) for one in seen]
    if remembered is not None:
        remembered.save()
    return _in_order(models)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file, and what is known of it without reading it."""

    path: Path
    is_starter: bool
    status: os.stat_result | None = None  # as it was before anything of it was read
    model: LocalModel | None = None


def _look_at(path: Path, is_starter: bool, remembered: RememberedModels | None) -> _Seen:
    if remembered is None:
        return _Seen(path, is_starter)
    try:
        status = path.stat()
    except OSError:  # it went away meanwhile, or may not be looked at
        return _Seen(path, is_starter)
    known = remembered.get(path, status)
    return _Seen(path, is_starter, status, known and replace(known, is_starter=is_starter))


def _read(seen: _Seen, remembered: RememberedModels | None) -> LocalModel:
    model = describe(seen.path, is_starter=seen.is_starter)
    if remembered is not None and seen.status is not None:
        remembered.put(model, seen.status)
    return model


def _in_order(models: Iterable[LocalModel]) -> list[LocalModel]:
    return sorted(models, key=lambda model: (model.is_starter, model.path.name.lower()))


def find_folders(places: Iterable[Path], limit: int) -> list[Path]:
    """Where models may appear: the folders of `places` that are there, and all below them.

    At most `limit`, those near the top first. Links are not followed, as in `find_models`.
    """
    found: dict[Path, None] = {}
    waiting = deque(places)
    while waiting and len(found) < limit:
        place = waiting.popleft()
        if place.suffix.lower() == ".gguf" and _is_file(place):
            found.setdefault(place.parent)
            continue
        try:
            with os.scandir(place) as entries:
                below = [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False)]
        except OSError:
            continue  # not there, or not to be entered: no model can be seen in it either
        if place not in found:
            found[place] = None
            waiting.extend(sorted(below))
    return list(found)


def describe(path: Path, *, is_starter: bool = False) -> LocalModel:
    """What `path` is; a file that cannot be used comes with its problem."""
    try:
        header = read_header(path)
    except AppError as error:
        size = path.stat().st_size if path.is_file() else 0
        return LocalModel(path, path.stem, size, is_starter=is_starter, problem=error.problem)
    return _model(path, header, is_starter)


def describe_early(path: Path, *, is_starter: bool = False) -> LocalModel:
    """What the beginning of `path` says (as a rule not its parameters and its chat template).

    Whether it is broken is for `describe` to find out, which reads hundreds of times as much.
    """
    size = 0
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size

            def read(offset: int, length: int) -> bytes:
                file.seek(offset)
                return file.read(length)

            header = read_header_from(read, size, path.name, FIRST_BYTES)
    except (AppError, OSError):
        return LocalModel(path, path.stem, size, is_starter=is_starter, is_read=False)
    return replace(_model(path, header, is_starter), is_read=False)


def _model(path: Path, header: GgufHeader, is_starter: bool) -> LocalModel:
    return LocalModel(
        path=path,
        name=header.name,
        size_bytes=header.file_size,
        architecture=header.architecture,
        quantization=header.quantization,
        parameters=header.parameters,
        trained_context=header.trained_context,
        has_chat_template=header.chat_template is not None,
        is_starter=is_starter,
    )


def _gguf_files(folder: Path) -> list[Path]:
    """The files below `folder`; a single file stands for itself."""
    try:
        if folder.suffix.lower() == ".gguf" and _is_file(folder):
            return [folder]
        files = [p for p in folder.rglob("*") if p.suffix.lower() == ".gguf" and _is_file(p)]
    except OSError:
        return []  # a folder on a drive that is not there hides its models, not the others
    return [p for p in files if not _is_part_of_another(p)]


def _is_part_of_another(path: Path) -> bool:
    part = _LATER_PART.search(path.name)
    return is_projector(path) or (part is not None and int(part.group(1)) > 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may be listed, not entered
        return False
