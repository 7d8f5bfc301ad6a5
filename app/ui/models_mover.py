"""Another models folder: asks whether the models shall come along, and moves them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.core.errors import Problem
from app.core.models_entities import DownloadState
from app.core.paths import Paths
from app.services import move_models
from app.services.downloads import Downloads
from app.services.engine import Engine
from app.services.library import Library
from app.services.move_models import Moved
from app.services.ports import Lane, Scheduler
from app.services.preferences import Preferences
from app.ui.hub_folders import FoldersPart
from app.ui.model_choice import ModelChoice

NEWS_S = 0.1  # between two pictures of the progress


class ModelsMover(QObject):
    """One change of the folder at a time; `changed` hears of every change of the settings."""

    def __init__(
        self,
        paths: Paths,
        library: Library,
        engine: Engine,
        choice: ModelChoice,
        downloads: Downloads,
        scheduler: Scheduler,
        preferences: Preferences,
        part: FoldersPart,
        changed: Callable[[], None],
    ) -> None:
        super().__init__(part)
        self._paths = paths
        self._library = library
        self._engine = engine
        self._choice = choice
        self._downloads = downloads
        self._scheduler = scheduler
        self._preferences = preferences
        self._part = part
        self._changed = changed
        self._cancel = threading.Event()
        self._is_moving = False
        self._old = self._new = Path()
        self._files: list[Path] = []
        self._in_use: Path | None = None  # unloaded for the move
        part.picked.connect(self.choose)
        part.usual_requested.connect(lambda: self.choose(paths.models))
        part.move_agreed.connect(self._decided)
        part.stop_requested.connect(self._cancel.set)

    def stop(self) -> None:
        """At quit: a copy under way is given up; the old folder has everything still."""
        self._cancel.set()

    def choose(self, folder: Path) -> None:
        """Downloads shall go to `folder` from now on."""
        old = self._library.root
        if self._is_moving or folder == old:
            return
        downloads = self._downloads.downloads

        def look() -> tuple[list[Path], int]:
            move_models.make_folder(folder)
            if folder.samefile(old) if old.exists() else False:
                return [], 0
            files = move_models.movable(old, downloads)
            return files, sum(file.stat().st_size for file in files)

        def found(result: tuple[list[Path], int]) -> None:
            if self._is_moving:
                return
            self._old, self._new = old, folder
            self._files, size = result
            models = sum(file.suffix.lower() == ".gguf" for file in self._files)
            if self._files:
                self._part.ask(models, size, folder)
            else:
                self._decided(is_move=False)

        self._scheduler.run(Lane.DISK, look, found, self._part.show_problem)

    def _decided(self, is_move: bool) -> None:
        if is_move:
            self._begin()
            return
        self._use_new({}, keep_old=bool(self._files) or self._has_unfinished())
        self._part.show_done(self.tr("Downloads go there from now on."))
        self._choice.look()

    def _begin(self) -> None:
        self._is_moving = True
        self._cancel.clear()
        in_use = self._engine.model_path
        here = {file.absolute(): file for file in self._files}
        self._in_use = here.get(in_use.absolute()) if in_use is not None else None
        if self._in_use is not None:
            self._engine.unload()  # no process shall hold a file that is about to go
        old, new, files = self._old, self._new, self._files
        told = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told > NEWS_S:
                told = time.monotonic()
                self._scheduler.post(lambda: self._show_progress(done, total))

        self._part.show_progress(0, 0)
        self._scheduler.run(
            Lane.BULK,
            lambda: move_models.copy_all(old, new, files, tell, self._cancel.is_set),
            self._copied,
            self._failed,
        )

    def _show_progress(self, done: int, total: int) -> None:
        if self._is_moving:
            self._part.show_progress(done, total)

    def _copied(self, moved: list[Moved] | None) -> None:
        if moved is None:
            self._end(self.tr("Stopped; everything is where it was."), "muted")
            self._load_again(self._in_use)
            return
        targets = {pair.source: pair.target for pair in moved}
        self._use_new(targets, keep_old=True)  # until it is empty: nothing vanishes from the list
        if self._in_use is not None:
            self._load_again(targets.get(self._in_use, self._in_use))
        old, new = self._old, self._preferences.settings.models_folder
        downloads = self._downloads.downloads

        def delete() -> list[Path]:  # on the disk's lane, where the settings were saved before it
            move_models.delete_old(
                moved,
                old,
                lambda: move_models.is_folder_saved(self._paths.settings, new),
            )
            return move_models.movable(old, downloads)

        self._scheduler.run(Lane.DISK, delete, self._deleted, self._failed)

    def _deleted(self, left: list[Path]) -> None:
        if not left and not self._has_unfinished():
            self._set_more(without=str(self._old))
        if left:
            words = self.tr("Moved. Some files could not be deleted from {folder}.")
            self._end(words.replace("{folder}", str(self._old)), "warn")
        else:
            self._end(self.tr("The models have been moved."))
        self._choice.look()

    def _failed(self, problem: Problem) -> None:
        self._is_moving = False
        self._part.show_problem(problem)
        self._load_again(self._in_use)
        self._choice.look()

    def _end(self, words: str, role: str = "good") -> None:
        self._is_moving = False
        self._part.show_done(words, role)

    def _load_again(self, path: Path | None) -> None:
        self._in_use = None
        if path is not None:
            self._choice.load(path)

    def _use_new(self, targets: dict[Path, Path], *, keep_old: bool) -> None:
        """The new folder is the one; `targets`: where each file is now."""
        folder = "" if self._new == self._paths.models else str(self._new)
        remembered = self._preferences.settings.model_path
        now = targets.get(Path(remembered)) if remembered else None
        self._preferences.change(
            models_folder=folder, model_path=str(now) if now is not None else remembered
        )
        old = [str(self._old)] if keep_old else []
        self._set_more(old, without=str(self._new))

    def _set_more(self, added: list[str] | None = None, without: str = "") -> None:
        folders = self._preferences.settings.folders_with(added or (), without)
        self._preferences.change(more_model_folders=folders)
        self._changed()

    def _has_unfinished(self) -> bool:
        """Downloads go on where they began, perhaps in the old folder: it stays in view."""
        return any(d.state is not DownloadState.DONE for d in self._downloads.downloads)
