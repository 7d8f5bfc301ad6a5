"""Models of several files, and what tells one model's bytes from another's."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import replace
from pathlib import Path

from app.models.gguf import GgufHeader, read_header

_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$", re.I)
HEAD, SAMPLE, SAMPLES = 1 << 20, 4096, 64  # bytes, bytes, how many


def parts_of(path: Path) -> list[Path]:
    """All files of the model that begins with `path`: one, or the parts that are there."""
    found = _PART.search(path.name)
    if not found:
        return [path]
    stem, count = path.name[: found.start()], found[1]
    names = [f"{stem}-{number:05d}-of-{count}.gguf" for number in range(1, int(count) + 1)]
    return [part for name in names if (part := path.with_name(name)).exists()] or [path]


def read_model_header(path: Path) -> GgufHeader:
    """The header of the model that begins with `path`; `file_size` counts all its files.

    Raises a ModelError that says what is wrong.
    """
    header = read_header(path)
    others = [part for part in parts_of(path) if part != path]
    with contextlib.suppress(OSError):
        return replace(header, file_size=header.file_size + sum(p.stat().st_size for p in others))
    return header


def fingerprint(path: Path) -> str:
    """What changes when another model has the name: size, date, beginning and samples of each part.

    Not a hash of the whole, which would take as long as reading gigabytes. Raises OSError.
    """
    digest = hashlib.sha256()
    for part in parts_of(path):
        facts = part.stat()
        digest.update(f"{part.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
        with part.open("rb") as file:
            digest.update(file.read(HEAD))
            for number in range(1, SAMPLES + 1):  # the last one is the end of the file
                file.seek(max(facts.st_size * number // SAMPLES - SAMPLE, 0))
                digest.update(file.read(SAMPLE))
    return digest.hexdigest()
