"""Prompts to files and from them, for the disk lane."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import AppError, ExportDiskFull, ExportFailed, Problem
from app.core.prompt_errors import PromptError
from app.core.prompts import Prompt
from app.exchange import prompt_files


@dataclass(frozen=True, slots=True)
class ImportedPrompts:
    """What came out of files: the prompts, and a problem for each bad file."""

    prompts: tuple[Prompt, ...]
    problems: tuple[Problem, ...] = ()


def read_all(paths: Sequence[Path]) -> ImportedPrompts:
    """What is in files and .zip archives; the prompts have no ids yet."""
    prompts: list[Prompt] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            prompts += prompt_files.read_prompts(path)
        except PromptError as error:
            problems.append(error.problem)
    return ImportedPrompts(tuple(prompts), tuple(problems))


def write_files(prompts: Sequence[Prompt], folder: Path) -> list[Path]:
    """A file each, beside what is there. Raises ExportFailed."""
    try:
        return prompt_files.write_prompts(prompts, folder)
    except OSError as error:
        raise _of_disk(error, folder) from error


def write_zip(prompts: Sequence[Prompt], target: Path) -> int:
    """All in one .zip; returns how many. Raises ExportFailed."""
    try:
        prompt_files.write_zip(prompts, target)
    except OSError as error:
        raise _of_disk(error, target) from error
    return len(prompts)


def _of_disk(error: OSError, target: Path) -> AppError:
    if error.errno == errno.ENOSPC:
        return ExportDiskFull(str(error), path=target)
    return ExportFailed(str(error), path=target)
