"""What the headers of models said, kept on disk: a list of hundreds need not read them all again.

A header is 2 to 8 MiB, nearly all of it vocabulary that has to be walked through to see whether
the file is whole. What is known of a file holds as long as its size and times stay the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path

from app.core.entities import LocalModel

FORMAT = 1  # raise it when a header is read differently: what was kept is then read anew
SETTLED_NS = 100_000_000  # a file written more recently may change again within the same tick
_KINDS = {
    "name": str,
    "size_bytes": int,
    "architecture": str,
    "quantization": str,
    "parameters": int,
    "trained_context": int,
    "has_chat_template": bool,
}


class RememberedModels:
    """Whole models by path; broken ones are looked at again each time.

    One file of JSON that may be deleted at any time; without it, or where it is damaged or cannot
    be written, the headers are read. Use it on one thread.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries: dict[str, dict[str, object]] | None = None
        self._used: dict[str, dict[str, object]] = {}

    def get(self, path: Path, status: os.stat_result) -> LocalModel | None:
        """What is known of `path`, if it is still the same file."""
        if self._entries is None:
            self._entries = self._load()
        entry = self._entries.get(str(path))
        if entry is None or entry.get("stamp") != _stamp(status):
            return None
        values = {name: entry.get(name) for name in _KINDS}
        if any(type(values[name]) is not kind for name, kind in _KINDS.items()):
            return None
        self._used[str(path)] = entry
        return replace(LocalModel(path, "", 0), **values)  # type: ignore[arg-type]

    def put(self, model: LocalModel, status: os.stat_result) -> None:
        """Keep what was read of a file that had `status` before it was read."""
        is_settled = time.time_ns() - status.st_mtime_ns > SETTLED_NS
        if model.problem is None and is_settled:
            entry: dict[str, object] = {name: getattr(model, name) for name in _KINDS}
            self._used[str(model.path)] = {"stamp": _stamp(status), **entry}

    def save(self) -> None:
        """Write down what was asked for or added since the last time; the rest is forgotten."""
        used, self._used = self._used, {}
        if used == self._entries:
            return
        self._entries = used
        part = self._file.with_name(f"{self._file.name}.part")
        with contextlib.suppress(OSError):  # the next look reads the headers again, that is all
            text = json.dumps({"format": FORMAT, "models": used}, separators=(",", ":"))
            part.write_text(text, encoding="utf-8")
            os.replace(part, self._file)

    def _load(self) -> dict[str, dict[str, object]]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(kept, dict) or kept.get("format") != FORMAT:
            return {}
        models = kept.get("models")
        if not isinstance(models, dict):
            return {}
        return {path: entry for path, entry in models.items() if isinstance(entry, dict)}


def _stamp(status: os.stat_result) -> list[int]:
    """Changes with every change of the content; a copy with an old date shows in `ctime`."""
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
