"""Joins the Models page to the services: catalogue, search, downloads and the library."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.core.entities import Conversation, Folder, LocalModel
from app.core.errors import Problem
from app.core.models_entities import (
    CatalogueEntry,
    Download,
    Fit,
    RepoDetails,
    SearchPage,
    SearchQuery,
    Variant,
)
from app.services.app import AppServices
from app.services.model_hub import job_for
from app.services.ports import ConversationsListener, DownloadListener, Lane
from app.ui.folder_watch import FolderWatch
from app.ui.import_question import ImportQuestion
from app.ui.main_window import MainWindow
from app.ui.model_choice import ModelChoice
from app.ui.prose import open_link
from app.ui.words import size_text

if TYPE_CHECKING:
    from app.ui.models_page import ModelsPage


class ModelsController(QObject, DownloadListener, ConversationsListener):
    """What the person does on the Models page becomes a call, news become rows."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        choice: ModelChoice,
        show_problem: Callable[[Problem], None],
        open_conversation: Callable[[str], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._show_problem = show_problem
        self._conversations = services.conversations
        self._open_conversation = open_conversation
        self._choice = choice
        self._library = services.library
        self._scheduler = services.scheduler
        self._preferences = services.preferences
        self._asked = 0  # number of the newest search; older answers are dropped
        self._repo = ""  # whose page was asked for last
        self._models: list[LocalModel] = []
        self._current: Path | None = None  # the model that answers
        self._has_catalogue = False
        self._is_stopped = False
        self.hub = services.hub
        self.downloads = services.downloads
        self.downloads.add_listener(self)
        self._watch = FolderWatch(self)
        self._watch.changed.connect(choice.look)
        choice.models_found.connect(self._show_library)
        self._conversations.add_listener(self)
        window.models_page_made.connect(self._page_made)
        window.models_requested.connect(self.open)
        window.language_changed.connect(self._renew_page)

    def start(self) -> None:
        """Take up what was being fetched the last time; it waits, paused."""
        self.downloads.start()

    def stop(self) -> None:
        """The window is going."""
        self._is_stopped = True
        self._watch.stop()

    def open(self, tab: str = "") -> None:
        """Show the page."""
        self._window.show_models_page(tab)
        self._choice.look()
        if not self._has_catalogue:
            self._has_catalogue = True
            self._find_catalogue()

    def _find_catalogue(self) -> None:
        self._scheduler.run(
            Lane.DISK,
            lambda: (self.hub.catalogue(), self.hub.catalogue_fits()),
            self._show_catalogue,
            self._show_problem,
        )

    def _renew_page(self) -> None:
        """Another language: what the page shows was made of words of the last one."""
        self._window.renew_models_page()
        if self._window.has_models_page:
            if self._has_catalogue:
                self._find_catalogue()
            self._find_usage()

    @property
    def _page(self) -> ModelsPage:
        return self._window.models_page

    def _page_made(self, page: ModelsPage) -> None:
        self._connect(page)
        page.show_library(self._models, self._current)
        page.show_downloads(self.downloads.downloads)

    def _connect(self, page: ModelsPage) -> None:
        page.search_requested.connect(self._search)
        page.more_requested.connect(self._search)
        page.details_requested.connect(self._open_details)
        page.download_requested.connect(self._download)
        page.open_url_requested.connect(lambda url: open_link(QUrl(url)))
        page.pause_requested.connect(self.downloads.pause)
        page.resume_requested.connect(self.downloads.resume)
        page.cancel_requested.connect(self.downloads.cancel)
        page.retry_requested.connect(self.downloads.retry)
        page.move_requested.connect(self.downloads.move)
        page.chat_requested.connect(self._chat_with)
        page.verify_requested.connect(self._verify)
        page.delete_requested.connect(self._delete)
        page.show_folder_requested.connect(
            lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
        )
        page.library.conversation_requested.connect(lambda i: self._open_conversation(i))
        page.import_requested.connect(self._import)
        page.add_folder_requested.connect(lambda folder: self._add_places([folder]))

    # finding

    def _show_catalogue(self, found: tuple[tuple[CatalogueEntry, ...], dict[str, Fit]]) -> None:
        self._page.show_catalogue(*found)

    def _search(self, query: SearchQuery) -> None:
        self._asked += 1
        number, append = self._asked, bool(query.cursor)
        if not append:
            self._page.show_searching()

        def show(page: SearchPage) -> None:
            if number == self._asked:
                self._page.show_results(page, append=append)

        def fail(problem: Problem) -> None:
            if number == self._asked:
                self._page.show_search_problem(problem)

        self._scheduler.run(Lane.HUB, lambda: self.hub.search(query), show, fail)

    def _open_details(self, repo: str) -> None:
        self._repo = repo

        def work() -> tuple[RepoDetails, dict[str, Fit], str]:
            details = self.hub.details(repo)
            fits = self.hub.fits(details)
            best = self.hub.recommended(details, fits)
            return details, fits, best.name if best else ""

        def show(found: tuple[RepoDetails, dict[str, Fit], str]) -> None:
            if repo == self._repo:
                self._page.show_details(*found)

        def fail(problem: Problem) -> None:
            if repo == self._repo:
                self._page.show_details_problem(repo, problem)

        self._scheduler.run(Lane.HUB, work, show, fail)

    # fetching

    def _download(self, details: RepoDetails, variant: Variant) -> None:
        self.downloads.add(job_for(details, variant))
        self._page.open_tab("downloads")

    def downloads_changed(self, downloads: Sequence[Download]) -> None:
        if self._is_stopped:  # the last news may come after the window has gone
            return
        if self._window.has_models_page:
            self._page.show_downloads(downloads)
        self._window.show_download_progress(downloads)

    def download_done(self, download: Download) -> None:
        self._choice.look()
        words = self.tr("“{title}” is ready").replace("{title}", download.job.title)
        self._window.toast.show_text(words)

    # the library

    def _show_library(self, models: list[LocalModel], current: Path | None) -> None:
        self._models, self._current = models, current
        if self._window.has_models_page:
            self._page.show_library(models, current)
        self._find_usage()
        broken = [model.path for model in models if model.problem is not None]
        self._scheduler.run(
            Lane.DISK,
            self._library.folders,
            lambda folders: self._watch.watch(folders, broken),
            self._show_problem,
        )

    def _find_usage(self) -> None:
        if self._window.shows_models:
            self._conversations.find_usage(self._page.library.show_usage)

    def storage_ready(self) -> None:
        self._find_usage()

    def conversations_changed(
        self, conversations: Sequence[Conversation], folders: Sequence[Folder]
    ) -> None:
        self._find_usage()

    def _chat_with(self, path: Path) -> None:
        self._choice.load(path)
        self._window.show_chat()

    def _verify(self, path: Path) -> None:
        self._window.toast.show_text(self.tr("Reading {name} again…").replace("{name}", path.name))

        def done(is_known: bool) -> None:
            good = self.tr("{name} is exactly what was downloaded")
            whole = self.tr("{name} is whole; there is no hash to compare it with")
            words = good if is_known else whole
            self._window.toast.show_text(words.replace("{name}", path.name))

        self._scheduler.run(Lane.BULK, lambda: self._library.verify(path), done, self._show_problem)

    def _delete(self, path: Path) -> None:
        def done(freed: int) -> None:
            words = self.tr("{size} are free again").replace("{size}", size_text(freed))
            self._window.toast.show_text(words)
            self._choice.look()

        self._choice.let_go(path)
        self._scheduler.run(Lane.DISK, lambda: self._library.remove(path), done, self._show_problem)

    def _import(self, files: list[Path]) -> None:
        question = ImportQuestion(files, self._window)
        question.copy_chosen.connect(self._copy_in)
        question.use_chosen.connect(self._add_places)
        question.open()

    def _copy_in(self, files: list[Path]) -> None:
        for path in files:
            self._window.toast.show_text(self.tr("Copying {name}…").replace("{name}", path.name))
            work = functools.partial(self._library.copy_in, path)
            self._scheduler.run(Lane.BULK, work, self._imported, self._show_problem)

    def _imported(self, path: Path) -> None:
        self._window.toast.show_text(self.tr("{name} is here now").replace("{name}", path.name))
        self._choice.look()

    def _add_places(self, places: list[Path]) -> None:
        """Folders, or single files that stay where they are."""
        folders = self._preferences.settings.folders_with([str(place) for place in places])
        self._preferences.change(more_model_folders=folders)
        self._choice.look()
