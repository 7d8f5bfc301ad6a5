"""The catalogue of recommended models that comes with Inglenook, read and checked strictly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from pathlib import Path

from app.core.hub_errors import CatalogueDamaged
from app.core.models_entities import CatalogueEntry
from app.core.paths import resources

FILE_NAME = "catalogue.json"
VERSION = 1
MOST_BYTES = 4 << 20
KINDS = frozenset(("chat", "code", "reasoning", "multilingual", "vision", "embedding"))
NAMES = tuple(field.name for field in fields(CatalogueEntry))
WITHOUT_DEFAULT = {field.name for field in fields(CatalogueEntry) if field.default is MISSING}
REQUIRED = frozenset(WITHOUT_DEFAULT | {"summary_zh_CN"})


def load_catalogue(path: Path | None = None) -> tuple[CatalogueEntry, ...]:
    """All entries of `path`, by default of the catalogue that comes with Inglenook.

    Raises CatalogueDamaged, whose details name the place; one bad entry refuses the whole.
    """
    path = path or resources() / FILE_NAME
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CatalogueDamaged(f"{path.name}: more than {MOST_BYTES} bytes")
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CatalogueDamaged(f"{path.name}: {error}") from error
    entries = tuple(
        _entry(item, f"entries[{number}]") for number, item in enumerate(_listed(document))
    )
    seen: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(entries):
        first = seen.setdefault((entry.repo, entry.file), number)
        if first != number:
            raise _damaged(f"entries[{number}]", f"the same model as entries[{first}]")
    return entries


def _listed(document: object) -> list[object]:
    if not isinstance(document, dict):
        raise _damaged("top level", "not an object")
    if document.get("version") != VERSION:
        raise _damaged("version", f"{document.get('version')!r} is not {VERSION}")
    entries = document.get("entries")
    if not isinstance(entries, list):
        raise _damaged("entries", "not a list")
    return entries


def _entry(item: object, place: str) -> CatalogueEntry:
    if not isinstance(item, dict):
        raise _damaged(place, "not an object")
    if missing := sorted(REQUIRED - set(item)):
        raise _damaged(place, f"{', '.join(missing)} missing")
    if unknown := sorted(set(item) - set(NAMES)):
        raise _damaged(place, f"unknown: {', '.join(unknown)}")
    values: dict[str, object] = {}
    for name, value in item.items():
        read, is_right, wanted = _CHECKS[name]
        taken = read(value)
        if taken is None or not is_right(taken):
            raise _damaged(f"{place}.{name}", f"{value!r} is not {wanted}")
        values[name] = taken
    return CatalogueEntry(**values)  # type: ignore[arg-type]


def _damaged(place: str, words: str) -> CatalogueDamaged:
    return CatalogueDamaged(f"{place}: {words}")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(value) if len(set(value)) == len(value) else None


def _is_repo(value: str) -> bool:
    parts = value.split("/")
    return len(parts) == 2 and all(_is_safe(part) for part in parts)


def _is_file(value: str) -> bool:
    return all(_is_safe(part) for part in value.split("/")) and value.lower().endswith(".gguf")


def _is_safe(part: str) -> bool:
    is_plain = all(letter.isalnum() or letter in "._- " for letter in part)
    return bool(part) and is_plain and not part.startswith(".")


def _is_sentence(value: str) -> bool:
    return value == value.strip() and value.endswith(".") and 20 <= len(value) <= 300


def _is_chinese_sentence(value: str) -> bool:
    """150 Chinese letters say as much as 300 English ones."""
    is_whole = value == value.strip() and value.endswith("。") and 10 <= len(value) <= 150
    return is_whole and sum("\u4e00" <= letter <= "\u9fff" for letter in value) >= 5


_Check = tuple[Callable[[object], object | None], Callable[..., bool], str]
_A_TEXT: _Check = (_text, lambda v: bool(v.strip()), "a text")
_A_COUNT: _Check = (_number, lambda v: v > 0, "a number above 0")
_CHECKS: Mapping[str, _Check] = {
    "repo": (_text, _is_repo, "owner/name"),
    "file": (_text, _is_file, "the name of a GGUF file"),
    "name": _A_TEXT,
    "family": _A_TEXT,
    "parameters": _A_COUNT,
    "context": _A_COUNT,
    "size_bytes": _A_COUNT,
    "licence": _A_TEXT,
    "languages": (_texts, lambda v: bool(v) and all(map(str.strip, v)), "a list of texts"),
    "kinds": (_texts, lambda v: bool(v) and set(v) <= KINDS, f"some of {sorted(KINDS)}"),
    "summary": (_text, _is_sentence, "a sentence"),
    "summary_zh_CN": (_text, _is_chinese_sentence, "a Chinese sentence"),
    "is_gated": (_flag, lambda _: True, "true or false"),
    "unverified": (_texts, lambda v: set(v) <= set(NAMES), "a list of this entry's fields"),
    "original": (_text, lambda v: not v or _is_repo(v), "owner/name"),
}
