"""Saving a piece of code to a file that the person chooses; the window goes on meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ui.highlight import suffix_of

LOOK_AGAIN_MS = 50
_NAME = re.compile(r"(?:^|[\s#/*<!-])([\w-]{1,40}\.[A-Za-z0-9]{1,8})\b")


def suggested_name(code: str, language: str) -> str:
    """A name for the file: one that the first line tells, else one with the language's ending."""
    suffix = suffix_of(language) or ".txt"
    found = _NAME.search(code.partition("\n")[0])
    if found and found.group(1).endswith(suffix):
        return found.group(1)
    return f"code{suffix}"


def ask_where_to_save(
    parent: QWidget, code: str, language: str, title: str, done: Callable[[str], None]
) -> QFileDialog:
    """Open the dialog and return; `done` gets the reason why it failed, or "" once it is saved."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    name = suggested_name(code, language)
    dialog.selectFile(name)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.fileSelected.connect(lambda path: _save(parent, Path(path), code, done))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _save(parent: QWidget, path: Path, code: str, done: Callable[[str], None]) -> None:
    writing = _pool().submit(_write, path, code)
    timer = QTimer(parent)
    timer.timeout.connect(lambda: _look(timer, writing, done))
    timer.start(LOOK_AGAIN_MS)


def _look(timer: QTimer, writing: Future[str], done: Callable[[str], None]) -> None:
    if writing.done():
        timer.stop()
        timer.deleteLater()
        done(writing.result())


def _write(path: Path, code: str) -> str:
    try:
        path.write_text(code if code.endswith("\n") else f"{code}\n", encoding="utf-8")
    except OSError as error:
        return error.strerror or str(error)
    return ""


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="save")
