"""Everything in one .zip: a JSON per conversation, attachments as files, a manifest.

    manifest.json                {"format": "inglenook.archive", "version": 1, "exported_at",
                                  "conversations": [{"id", "title", "file"}]}
    conversations/<id>.json      see as_json; attachments name their "file"
    attachments/<id><ending>     the bytes

It is written to a file beside the target that takes its name when it is whole; only one
conversation is in memory at a time.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from app.core.entities import Attachment, utc_now
from app.exchange.as_json import to_json
from app.exchange.records import Record

FORMAT, VERSION = "inglenook.archive", 1
MANIFEST = "manifest.json"
PART = ".part"  # ends the name of what is not whole yet
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ArchiveWriter:
    """Takes conversations one after another. `finish` or `cancel` must follow; raises OSError."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(target.name + PART)
        self._part.unlink(missing_ok=True)
        self._zip = zipfile.ZipFile(self._part, "x", zipfile.ZIP_DEFLATED, allowZip64=True)
        self._list: list[dict[str, Any]] = []
        self._written: set[str] = set()

    def add(self, record: Record) -> None:
        """One more conversation."""
        for message in record.messages:
            for attachment in message.attachments:
                place = _place(attachment)
                if place not in self._written:
                    self._written.add(place)
                    # pictures are small already
                    way = zipfile.ZIP_STORED if attachment.is_image else zipfile.ZIP_DEFLATED
                    self._zip.writestr(place, record.data.get(attachment.id, b""), way)
        conversation = record.conversation
        file = f"conversations/{_plain(conversation.id)}.json"
        self._zip.writestr(file, to_json(record, _place))
        self._list.append({"id": conversation.id, "title": conversation.title, "file": file})

    def finish(self) -> None:
        """Write the manifest and give the file its name."""
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "exported_at": utc_now().isoformat(timespec="seconds"),
            "conversations": self._list,
        }
        self._zip.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        self._zip.close()
        with self._part.open("rb+") as file:
            os.fsync(file.fileno())
        self._part.replace(self._target)

    def cancel(self) -> None:
        """Leave nothing behind."""
        try:
            self._zip.close()
        finally:
            self._part.unlink(missing_ok=True)


def _place(attachment: Attachment) -> str:
    ending = PurePosixPath(attachment.name.replace("\\", "/")).suffix.lower()
    ending = ending if re.fullmatch(r"\.[a-z0-9]{1,8}", ending) else ""
    return f"attachments/{_plain(attachment.id)}{ending}"


def _plain(identifier: str) -> str:
    return identifier if _PLAIN.fullmatch(identifier) else identifier.encode().hex()[:64]
