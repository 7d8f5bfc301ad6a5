"""Prompts as files, `NAME.prompt.yaml`: written to be read by people, read with suspicion."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from app.core.prompt_documents import BadDocument, document_of
from app.core.prompt_documents import prompt_from as from_document
from app.core.prompt_errors import PromptFileBad, PromptFileTooLarge, PromptFileUnreadable
from app.core.prompts import NAME, Prompt
from app.exchange.naming import Names, safe_name
from app.exchange.reading import Bad, decode

ENDING = ".prompt.yaml"
ENDINGS = (".yaml", ".yml", ".zip")  # what is read
PART = ".part"  # ends the name of what is not whole yet
MOST_BYTES = 1 << 20  # of one prompt
MOST_BYTES_IN_WORDS = "1 MB"
MOST_FILES, MOST_IN_ALL = 1000, 16 << 20  # files and bytes of one .zip


def as_text(prompt: Prompt) -> str:
    """The file of a prompt: everything but its id, version and time."""
    from app.exchange.yaml_text import dumped  # a moment, and few ever need it

    return dumped(document_of(prompt))


def prompt_from(data: bytes | str, name: str) -> Prompt:
    """A prompt without id from its file; `name` is the file's. Raises a PromptFileBad."""
    from app.exchange.yaml_text import BadYaml, loaded

    if len(data) > MOST_BYTES:
        raise PromptFileTooLarge(name=name, size=MOST_BYTES_IN_WORDS)
    try:
        document = loaded(decode(data) if isinstance(data, bytes) else data)
        return from_document(document, _name_from(name))
    except (BadDocument, BadYaml) as error:
        raise PromptFileBad(error.reason, name=name, place=error.place) from None


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of a file, or of a .zip of such files. Raises a PromptError."""
    try:
        if path.suffix.lower() == ".zip":
            return _read_zip(path)
        if not path.is_file():  # a pipe would be waited for, for ever
            path.stat()  # says so where there is nothing
            raise PromptFileUnreadable("not a file", name=path.name)
        with path.open("rb") as stream:
            return [prompt_from(stream.read(MOST_BYTES + 1), path.name)]
    except OSError as error:
        raise PromptFileUnreadable(str(error), name=path.name) from error


def write_prompts(prompts: Iterable[Prompt], folder: Path) -> list[Path]:
    """A file each, beside what is there already; returns them. Raises OSError.

    A file is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    names = Names([path.name for path in folder.iterdir()])
    written = []
    for prompt in prompts:
        target = folder / names.take(prompt.name, ENDING, "prompt")
        write_whole(target, as_text(prompt).encode("utf-8"))
        written.append(target)
    return written


def write_zip(prompts: Iterable[Prompt], target: Path) -> None:
    """All in one .zip, with a folder for each folder, in place of what is there. Raises OSError."""
    import zipfile  # at the start of the app every module counts

    part = target.with_name(target.name + PART)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            taken: dict[str, Names] = {}
            for prompt in prompts:
                folders = [safe_name(each) for each in prompt.folder.split("/") if each]
                place = "".join(f"{each}/" for each in folders)
                file = taken.setdefault(place.casefold(), Names()).take(prompt.name, ENDING)
                archive.writestr(f"{place}{file}", as_text(prompt))
        with part.open("rb+") as stream:
            os.fsync(stream.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(target: Path, data: bytes) -> None:
    """`data` under that name, all of it or nothing. Raises OSError."""
    part = target.with_name(target.name + PART)
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _read_zip(path: Path) -> list[Prompt]:
    from app.exchange.zips import ZipReader

    reader: ZipReader | None = None
    try:
        reader = ZipReader(path)
        names = list(reader.ending_with(".yaml", ".yml"))
        if not names:
            raise Bad(f"there is no file in it that ends in {ENDING}")
        if len(names) > MOST_FILES:
            raise Bad(f"{len(names)} files are more than {MOST_FILES}")
        found, left = [], MOST_IN_ALL
        for name in names:
            data = reader.read(name, min(MOST_BYTES, left))
            left -= len(data)
            found.append(prompt_from(data, Path(name).name))
        return found
    except Bad as error:
        raise PromptFileBad(str(error), name=path.name, place="1") from None
    finally:
        if reader is not None:
            reader.close()


def _name_from(file_name: str) -> str:
    """What can be written after `/`, from a file's name."""
    stem = file_name
    for ending in (ENDING, ".yaml", ".yml"):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    name = re.sub(r"[^\w-]+", "-", stem).strip("-_")[:64]
    return name if NAME.fullmatch(name) else "prompt"
