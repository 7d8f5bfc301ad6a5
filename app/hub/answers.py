"""From the Hub's JSON to our entities: what is malformed is left out, never believed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, TypeGuard

from app.core.models_entities import ModelHit, RemoteFile
from app.hub.files import is_safe

LARGEST = 1 << 62
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9_][\w.-]{0,95})?", re.ASCII)
_SHA256, COMMIT = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")
_ARCHITECTURE = re.compile(r"[\w.-]{1,64}", re.ASCII)


def is_repo_name(text: object) -> TypeGuard[str]:
    """Whether it can be a repository's name, and folders of ours can be called so."""
    if not isinstance(text, str) or not _REPO.fullmatch(text):
        return False
    return "--" not in text and ".." not in text and is_safe(text)


def number(value: object) -> int:
    """A count; 0 for anything that is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if is_count and isinstance(value, int) else 0


def moment(value: object) -> datetime | None:
    """A point in time, in UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None


def hit_from(item: Any) -> ModelHit | None:
    """One entry of a list; None if it is none or says that it is not for us."""
    if not isinstance(item, dict):
        return None
    repo = item.get("id", item.get("modelId"))
    if not is_repo_name(repo) or item.get("disabled") is True:
        return None
    gguf = _dict(item.get("gguf"))
    return ModelHit(
        repo=repo,
        downloads=number(item.get("downloads")),
        likes=number(item.get("likes")),
        updated_at=moment(item.get("lastModified")) or moment(item.get("createdAt")),
        licence=licence_of(item),
        is_gated=item.get("gated") not in (None, False, "", "false"),
        architecture=_text(gguf.get("architecture"), _ARCHITECTURE),
        parameters=number(gguf.get("total")),
        trained_context=number(gguf.get("context_length")),
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object, form: re.Pattern[str]) -> str:
    """A text of that form; empty for anything else."""
    return value if isinstance(value, str) and form.fullmatch(value) else ""


def licence_of(item: dict[str, Any]) -> str:
    """The Hub's identifier of the licence, from tags or the card's data."""
    tags = item.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.startswith("license:"):
            return _short(tag.removeprefix("license:"))
    licence = _dict(item.get("cardData")).get("license")
    return _short(licence) if isinstance(licence, str) else ""


def _short(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:64]


def file_from(item: Any) -> RemoteFile | None:
    """One entry of a tree; None for folders, what is malformed and what has an unsafe name."""
    if not isinstance(item, dict) or item.get("type") != "file":
        return None
    path, lfs = item.get("path"), _dict(item.get("lfs"))
    if not isinstance(path, str) or not is_safe(path):
        return None
    sha256 = _text(lfs.get("oid", lfs.get("sha256")), _SHA256)
    size = number(lfs.get("size")) or number(item.get("size"))
    return RemoteFile(path, size, sha256)


def card_from(data: bytes) -> str:
    """A README as Markdown: without its block of metadata."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").lstrip("\ufeff")
    if text.startswith("---\n") and (end := text.find("\n---", 3)) >= 0:
        _, _, text = text[end + 1 :].partition("\n")
    return text.strip()
