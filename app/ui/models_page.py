"""The Models page: catalogue, search, the models here and the downloads, one tab each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.core.entities import LocalModel
from app.core.errors import Problem
from app.core.models_entities import CatalogueEntry, Download, Fit, RepoDetails, SearchPage
from app.ui.downloads_view import ACTIVE, DownloadsTab
from app.ui.library_view import LibraryTab
from app.ui.models_browse import BrowseTab
from app.ui.models_catalogue import CatalogueTab
from app.ui.models_parts import IconButton
from app.ui.models_search import SearchTab
from app.ui.theme import GAP, READING, Theme, text_font

QUIET_MS = 300  # after the page has opened, until there is time for what may be needed later
TAB_PADDING = 22  # pixels beside the words of a tab, see the style sheet
TABS = ("catalogue", "search", "library", "downloads")


class ModelsPage(QWidget):
    """Data comes in by methods, wishes go out by signals; nothing is decided here."""

    search_requested = Signal(object)  # SearchQuery
    more_requested = Signal(object)  # SearchQuery, with the cursor of the next page
    details_requested = Signal(str)  # repository
    download_requested = Signal(object, object)  # RepoDetails, Variant
    open_url_requested = Signal(str)
    pause_requested = Signal(str)  # id of a job; so are the next three
    resume_requested = Signal(str)
    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    move_requested = Signal(str, int)  # id, and its new place in the list, from 0
    chat_requested = Signal(object)  # Path; so are the next four
    verify_requested = Signal(object)
    delete_requested = Signal(object)
    show_folder_requested = Signal(object)
    template_requested = Signal(object)
    import_requested = Signal(object)  # list[Path]
    add_folder_requested = Signal(object)  # Path
    closed = Signal()  # back to the chat

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.catalogue = CatalogueTab(theme)
        self.search = SearchTab(theme)
        self.library = LibraryTab(theme)
        self.downloads = DownloadsTab(theme)
        self.tabs = QTabBar()
        self.tabs.setObjectName("modelsTabs")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Models"))
        self._stack = QStackedWidget()
        self._titles = [
            self.tr("Catalogue"),
            self.tr("Search"),
            self.tr("On this computer"),
            self.tr("Downloads"),
        ]
        self._short_library = self.tr("Here", "short for: on this computer")
        for tab in (self.catalogue, self.search, self.library, self.downloads):
            self.tabs.addTab("")
            self._stack.addWidget(tab)
        for number, title in enumerate(self._titles):
            self.tabs.setTabToolTip(number, title)
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        self.back = IconButton(theme, "arrow-left", self.tr("Back to the chat (Esc)"))
        self.back.clicked.connect(self.closed)
        bar = QWidget()
        bar.setObjectName("modelsBar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(GAP, 0, GAP, 0)
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.tabs, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self._stack, 1)
        self._hint = QLabel(self.tr("Drop models or a folder here"), self)
        self._hint.setObjectName("dropHint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setFont(text_font(READING))
        self._hint.hide()
        self._show_titles()
        self._connect()

    def _connect(self) -> None:
        for browse in (self.catalogue, self.search):
            browse.details_requested.connect(self.details_requested)
            browse.detail.download_requested.connect(self.download_requested)
            browse.detail.open_url_requested.connect(self.open_url_requested)
        self.search.search_requested.connect(self.search_requested)
        self.search.more_requested.connect(self.more_requested)
        library, downloads = self.library, self.downloads
        library.find_requested.connect(lambda: self.open_tab("catalogue"))
        downloads.find_requested.connect(lambda: self.open_tab("catalogue"))
        for signal, out in (
            (library.chat_requested, self.chat_requested),
            (library.verify_requested, self.verify_requested),
            (library.delete_requested, self.delete_requested),
            (library.show_folder_requested, self.show_folder_requested),
            (library.template_requested, self.template_requested),
            (library.import_requested, self.import_requested),
            (library.add_folder_requested, self.add_folder_requested),
            (downloads.pause_requested, self.pause_requested),
            (downloads.resume_requested, self.resume_requested),
            (downloads.cancel_requested, self.cancel_requested),
            (downloads.retry_requested, self.retry_requested),
            (downloads.move_requested, self.move_requested),
            (downloads.chat_requested, self.chat_requested),
        ):
            signal.connect(out)
        for number in range(len(TABS)):
            shortcut = QShortcut(f"Alt+{number + 1}", self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda n=number: self.open_tab(TABS[n]))

    @property
    def tab(self) -> str:
        """The name of the open tab."""
        return TABS[self.tabs.currentIndex()]

    def open_tab(self, name: str) -> None:
        """Open 'catalogue', 'search', 'library' or 'downloads', and give it the keyboard."""
        self.tabs.setCurrentIndex(TABS.index(name))
        first: QWidget = {
            "catalogue": self.catalogue.filter,
            "search": self.search.text,
            "library": self.library.list if self.library.list.rows.rows else self.tabs,
        }.get(name, self.tabs)
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_over(self, other: ModelsPage) -> None:
        """Show the tab, the filters and the hits that `other` shows."""
        self.tabs.setCurrentIndex(other.tabs.currentIndex())
        self.catalogue.take_over(other.catalogue)
        self.search.take_over(other.search)

    # what there is to show

    def show_catalogue(self, entries: Sequence[CatalogueEntry], fits: Mapping[str, Fit]) -> None:
        """The catalogue; `fits` by repository."""
        self.catalogue.show_catalogue(entries, fits)

    def show_searching(self) -> None:
        """A page of results is on its way."""
        self.search.show_searching()

    def show_results(self, page: SearchPage, *, append: bool) -> None:
        """Hits: after those on show, or in their place."""
        self.search.show_results(page, append=append)

    def show_search_problem(self, problem: Problem) -> None:
        """Why there are no hits."""
        self.search.show_search_problem(problem)

    def show_details(self, details: RepoDetails, fits: Mapping[str, Fit], recommended: str) -> None:
        """One repository; `fits` by the variant's name. Ignored where it is no longer open."""
        for browse in self._browses():
            browse.show_details(details, fits, recommended)

    def show_details_problem(self, repo: str, problem: Problem) -> None:
        """Why the details of `repo` are not there."""
        for browse in self._browses():
            browse.show_problem(repo, problem)

    def show_downloads(self, downloads: Sequence[Download]) -> None:
        """All downloads, as they are now; cheap enough for ten times a second."""
        self.downloads.show_downloads(downloads)
        going = [download for download in downloads if download.state in ACTIVE]
        words = self.tr("Downloads")
        self._titles[3] = f"{words} ({len(going)})" if going else words
        self._show_titles()
        for browse in self._browses():
            repo = browse.detail.repo
            unfinished = [d for d in downloads if d.job.repo == repo and d.state.value != "done"]
            browse.detail.variants.set_busy(
                frozenset(file.path for d in unfinished for file in d.job.files)
            )

    def show_library(self, models: Sequence[LocalModel], current: Path | None) -> None:
        """The models on this computer; `current` is the one that answers."""
        self.library.show_library(models, current)

    def _show_titles(self) -> None:
        """The titles of the tabs, shorter where there is little room."""
        metrics = self.tabs.fontMetrics()
        needed = sum(metrics.horizontalAdvance(title) + TAB_PADDING for title in self._titles)
        titles = list(self._titles)
        if needed > self.width() - self.back.sizeHint().width() - 3 * GAP:
            titles[2] = self._short_library
        for number, title in enumerate(titles):
            if title != self.tabs.tabText(number):
                self.tabs.setTabText(number, title)

    def _browses(self) -> tuple[BrowseTab, BrowseTab]:
        return self.catalogue, self.search

    # keys and drops

    def event(self, event: QEvent) -> bool:
        """Escape is ours while the page has the keyboard, not the window's (which stops)."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes one step back: out of a question, the details, the page."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
            return
        if not self._go_back():
            self.closed.emit()

    def _go_back(self) -> bool:
        if self.tab == "downloads":
            return self.downloads.decline()
        if self.tab == "library":
            return self.library.go_back()
        return (self.catalogue if self.tab == "catalogue" else self.search).go_back()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(QUIET_MS, self.downloads, self.downloads.warm_up)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_titles()
        self._hint.setGeometry(self.rect().adjusted(GAP * 2, GAP * 2, -GAP * 2, -GAP * 2))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        files, folders = _dropped(event)
        if files or folders:
            event.acceptProposedAction()
            self._hint.raise_()
            self._hint.show()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._hint.hide()
        files, folders = _dropped(event)
        event.acceptProposedAction()
        self.open_tab("library")
        if files:
            self.import_requested.emit(files)
        for folder in folders:
            self.add_folder_requested.emit(folder)


def _dropped(event: QDropEvent) -> tuple[list[Path], list[Path]]:
    """The .gguf files and the folders that are being dropped."""
    urls = event.mimeData().urls() if event.mimeData().hasUrls() else []
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    files = [path for path in paths if path.suffix.lower() == ".gguf"]
    return files, [path for path in paths if path not in files and path.is_dir()]
