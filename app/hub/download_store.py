"""Which downloads are not done yet, one JSON file each, so that they survive the window.

How far each one is, is not written here: the sizes of its parts on the disk say it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.core.errors import Problem
from app.core.hub_errors import ModelsFolderFailed
from app.core.models_entities import DownloadJob, DownloadState, RemoteFile
from app.core.paths import unused_name

logger = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class StoredDownload:
    """A job that is not done, the models folder it began in, and its place in the queue."""

    job: DownloadJob
    root: Path
    state: DownloadState = DownloadState.QUEUED
    order: int = 0
    problem: Problem | None = None


class DownloadStore:
    """Reads and writes the folder; not for the main thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, download: StoredDownload) -> None:
        """Write or overwrite one. Raises ModelsFolderFailed."""
        path = self._path(download.job.id)
        data = asdict(download)
        data["root"] = str(download.root)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            with new.open("w", encoding="utf-8") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        except OSError as error:
            raise ModelsFolderFailed(str(error), path=self._folder) from error

    def remove(self, job_id: str) -> None:
        """Forget one; nothing happens if it is not there."""
        with contextlib.suppress(OSError):
            self._path(job_id).unlink(missing_ok=True)

    def load(self) -> tuple[StoredDownload, ...]:
        """All of them in the order of the queue; a file that makes no sense is set aside."""
        found = []
        try:
            paths = sorted(self._folder.glob("*.json"))
        except OSError:
            return ()
        for path in paths:
            try:
                found.append(_understand(json.loads(path.read_text(encoding="utf-8")), path.stem))
            except OSError as error:
                logger.warning("cannot read %s: %s", path.name, error)
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                logger.warning("%s is damaged: %s", path.name, error)
                with contextlib.suppress(OSError):
                    os.replace(path, unused_name(path.with_suffix(".damaged")))
        return tuple(sorted(found, key=lambda download: download.order))

    def _path(self, job_id: str) -> Path:
        if not _ID.fullmatch(job_id):
            raise ValueError(f"{job_id!r} cannot be the id of a download")
        return self._folder / f"{job_id}.json"


def _understand(data: Any, name: str) -> StoredDownload:
    """Build the entities from untrusted JSON. Raises ValueError, KeyError or TypeError."""
    job = data["job"]
    files = tuple(
        RemoteFile(_text(file["path"]), _count(file["size_bytes"]), _text(file["sha256"]))
        for file in job["files"]
    )
    if job["id"] != name or not files or not _ID.fullmatch(name):
        raise ValueError("not the file's own id, or no files")
    return StoredDownload(
        job=DownloadJob(name, _text(job["repo"]), _text(job["commit"]), _text(job["title"]), files),
        root=Path(_text(data["root"])),
        state=DownloadState(data["state"]),
        order=_count(data["order"]),
        problem=None if data["problem"] is None else _problem(data["problem"]),
    )


def _problem(data: Any) -> Problem:
    params = tuple((_text(name), _text(value)) for name, value in data["params"])
    return Problem(
        code=_text(data["code"]),
        summary=_text(data["summary"]),
        action=_text(data["action"]),
        details=_text(data["details"]),
        params=params,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value
