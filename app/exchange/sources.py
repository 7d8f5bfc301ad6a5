"""Finds conversations in files, folders and archives of any program, by what is in them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from app.exchange import archive, as_json, chatgpt, gpt4all, jan, lm_studio, web_interfaces
from app.exchange.reading import (
    MOST_ATTACHMENT_BYTES,
    MOST_JSON_BYTES,
    Bad,
    Empty,
    decode,
    elements,
    lines,
    mapping,
)
from app.exchange.records import Found, Record, Skipped
from app.exchange.zips import ZipReader

MOST_FILES = 100_000  # looked at in one folder
DEEPEST = 6  # folders within folders
ASSETS_DEEPEST = 2  # in which ChatGPT's exports have their pictures
ENDINGS = (".json", ".zip", ".chat", ".jsonl")
_BROKEN = (Bad, RecursionError, ValueError, OverflowError, MemoryError)
Reader = Callable[[Mapping[str, Any]], Record]


def read_all(paths: Iterable[Path]) -> Iterator[Found]:
    """Every conversation in these files and folders, and what could not be read of them.

    One at a time is in memory beside the file it is in. Raises OSError only for a path that was
    named and cannot be opened; one within a folder is a Skipped.
    """
    for path in paths:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)


def _folder(folder: Path) -> Iterator[Found]:
    for path in _files_below(folder):
        try:
            yield from (found for found in _file(path, is_named=False))
        except OSError as error:
            yield Skipped("", f"{path.name}: {error}")


def _files_below(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if depth < DEEPEST) if depth < DEEPEST else []
        for name in sorted(files):
            if name.lower().endswith(ENDINGS) and name != jan.MESSAGES:
                count += 1
                if count > MOST_FILES:
                    return
                path = Path(place) / name
                if path.is_file():  # no pipe, which would never end
                    yield path


def _file(path: Path, *, is_named: bool = True) -> Iterator[Found]:
    """What is in one file; in a folder, a file that is nothing of ours is passed over."""
    if path.exists() and not path.is_file():
        yield Skipped("", f"{path.name} is no file")
        return
    with path.open("rb") as file:
        head = file.read(8)
    if gpt4all.is_gpt4all(head):
        yield from _guarded(gpt4all.ORIGIN, lambda: gpt4all.read(_bytes(path)))
    elif head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        yield from _zip(path, is_named=is_named)
    else:
        try:
            text = decode(_bytes(path))
        except Bad as error:
            yield Skipped("", str(error))
            return
        yield from _json(text, _DiskPlace(path), is_named=is_named)


def _bytes(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MOST_JSON_BYTES:
        raise Bad(f"{path.name} has {size} bytes")
    return path.read_bytes()


def _zip(path: Path, *, is_named: bool) -> Iterator[Found]:
    try:
        reader = ZipReader(path)
    except Bad as error:
        yield Skipped("", str(error))
        return
    try:
        names = list(reader.ending_with(".json", ".chat"))
        is_ours = archive.MANIFEST in names
        is_any = False
        for name in names:
            if is_ours and not name.startswith("conversations/"):
                continue
            try:
                data = reader.read(name, MOST_JSON_BYTES)
            except Bad as error:
                is_any = True
                yield Skipped(as_json.ORIGIN if is_ours else "", str(error))
                continue
            if gpt4all.is_gpt4all(data[:8]):
                inner: Iterator[Found] = _guarded(
                    gpt4all.ORIGIN, functools.partial(gpt4all.read, data)
                )
            else:
                inner = _json(decode(data), _ZipPlace(reader, name), is_named=False)
            for found in inner:
                is_any = True
                yield found
        if is_named and not is_any:
            yield Skipped("", f"{path.name} holds no conversations")
    finally:
        reader.close()


def _json(text: str, place: _Place, *, is_named: bool) -> Iterator[Found]:
    is_any = False
    origin = ""
    try:
        for value in elements(text):
            reader = _reader_for(mapping(value), place)
            if reader is not None:
                origin = reader[0]
                is_any = True
                yield from _guarded(origin, functools.partial(reader[1], mapping(value)))
            elif isinstance(value, dict) and is_any:
                yield Skipped(origin, "an unknown entry")
    except (Bad, RecursionError) as error:
        if is_any or is_named:
            yield Skipped(origin, str(error) or type(error).__name__)
            return
    if is_named and not is_any:
        yield Skipped("", "holds no conversations")


def _reader_for(value: Mapping[str, Any], place: _Place) -> tuple[str, Reader] | None:
    """Whose conversation it is, and what reads it."""
    if as_json.is_ours(value):
        return as_json.ORIGIN, lambda v: as_json.from_json(v, place.beside_archive)
    if chatgpt.is_chatgpt(value):
        return chatgpt.ORIGIN, lambda v: chatgpt.read(v, place.asset)
    if web_interfaces.is_open_webui(value):
        return web_interfaces.OPEN_WEBUI, web_interfaces.read_open_webui
    if web_interfaces.is_llama_cpp(value):
        return web_interfaces.LLAMA_CPP, web_interfaces.read_llama_cpp
    if jan.is_jan(value):
        return jan.ORIGIN, lambda v: jan.read(v, lines(decode(place.sibling(jan.MESSAGES))))
    if lm_studio.is_lm_studio(value):
        return lm_studio.ORIGIN, lambda v: lm_studio.read(v, place.user_file, place.name)
    return None


def _guarded(origin: str, read: Callable[[], Record]) -> Iterator[Found]:
    """The conversation, or why there is none: a bad one never stops the others."""
    try:
        yield read()
    except Empty:
        return
    except _BROKEN as error:
        yield Skipped(origin, str(error) or type(error).__name__)


class _Place:
    """Where a JSON file lies, for what belongs to it and lies beside it."""

    name = ""

    def beside_archive(self, name: str) -> bytes | None:
        """A file of our archive."""
        return None

    def sibling(self, name: str) -> bytes:
        """A file in the same folder. Raises Bad where it is not there."""
        raise Bad(f"{name} is missing")

    def user_file(self, name: str) -> bytes | None:
        """One of the files that LM Studio keeps in a folder beside its conversations."""
        return None

    def asset(self, key: str) -> tuple[str, bytes] | None:
        """The file of a ChatGPT export whose name begins with that."""
        return None


class _DiskPlace(_Place):
    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.name
        self._assets: dict[str, Path] | None = None

    def sibling(self, name: str) -> bytes:
        try:
            return _bytes(self._path.with_name(name))
        except OSError:
            raise Bad(f"{name} is missing") from None

    def user_file(self, name: str) -> bytes | None:
        if not _is_plain(name):
            return None
        for folder in self._path.parents[:DEEPEST]:
            if folder.name == "conversations":
                return _small(folder.with_name("user-files") / name)
        return None

    def asset(self, key: str) -> tuple[str, bytes] | None:
        if self._assets is None:
            self._assets = {_asset_key(path.name): path for path in _assets_in(self._path.parent)}
        path = self._assets.get(key)
        data = _small(path) if path is not None else None
        return (path.name, data) if path is not None and data is not None else None


class _ZipPlace(_Place):
    def __init__(self, reader: ZipReader, name: str) -> None:
        self._reader = reader
        self._folder = PurePosixPath(name).parent
        self.name = PurePosixPath(name).name
        self._assets: dict[str, str] | None = None

    def beside_archive(self, name: str) -> bytes | None:
        return self._member(name) if name.startswith("attachments/") else None

    def sibling(self, name: str) -> bytes:
        return self._reader.read((self._folder / name).as_posix(), MOST_JSON_BYTES)

    def user_file(self, name: str) -> bytes | None:
        return self._member(f"user-files/{name}") if _is_plain(name) else None

    def asset(self, key: str) -> tuple[str, bytes] | None:
        if self._assets is None:
            names = [(PurePosixPath(whole).name, whole) for whole in self._reader.names]
            self._assets = {_asset_key(n): whole for n, whole in names if _is_asset(n)}
        member = self._assets.get(key)
        data = self._member(member) if member is not None else None
        return (PurePosixPath(member).name, data) if member is not None and data else None

    def _member(self, name: str) -> bytes | None:
        try:
            return self._reader.read(name, MOST_ATTACHMENT_BYTES)
        except Bad:
            return None


def _assets_in(folder: Path) -> Iterator[Path]:
    """Those of an export that lies unpacked in `folder`, which may be the whole home folder too."""
    seen = 0
    for place, folders, files in os.walk(folder):
        depth = len(Path(place).relative_to(folder).parts)
        if depth >= ASSETS_DEEPEST:
            folders.clear()
        seen += len(folders) + len(files)
        if seen > MOST_FILES:
            return
        yield from (Path(place) / name for name in sorted(files) if _is_asset(name))


def _is_asset(name: str) -> bool:
    return name.startswith(("file-", "file_"))


def _asset_key(name: str) -> str:
    """`file-AbC` of file-AbC-photo.png, `file_00ab` of file_00ab-sanitized.png or file_00ab.dat."""
    stem = name.partition(".")[0]
    return "-".join(stem.split("-")[: 2 if stem.startswith("file-") else 1])


def _is_plain(name: str) -> bool:
    return bool(name) and name == Path(name).name and not set(name) & set("/\\:\0") and name != ".."


def _small(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > MOST_ATTACHMENT_BYTES:
            return None
        return path.read_bytes()
    except (OSError, ValueError):
        return None
