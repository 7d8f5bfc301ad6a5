"""Joins About, the look for a newer version and the crash reports to the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, qVersion
from PySide6.QtGui import QDesktopServices

from app.core.build import Build, load_build
from app.core.crashes import CrashReport
from app.core.errors import Problem
from app.core.paths import Paths, resources
from app.core.settings import Settings
from app.services.crashes import CrashReporter
from app.services.downloads import Downloads
from app.services.engine import Engine
from app.services.ports import Lane, Scheduler
from app.services.updates import Release, look_for_release
from app.ui.main_window import MainWindow
from app.ui.prose import open_link
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.about import About
    from app.ui.crash_page import CrashPage

UNEXPECTED_END = "crash"  # code of the note that the last run was cut off


class HelpControl(QObject):
    """Makes each dialog when it is first asked for."""

    def __init__(
        self,
        paths: Paths,
        window: MainWindow,
        theme: Theme,
        scheduler: Scheduler,
        settings: Callable[[], Settings],
    ) -> None:
        super().__init__(window)
        self._paths, self._window, self._theme = paths, window, theme
        self._scheduler, self._settings = scheduler, settings
        self._engine: Engine | None = None
        self._is_looking = False
        self.build: Build = load_build()
        self.crashes = CrashReporter(paths, scheduler, self.build, qVersion())
        self.about: About | None = None
        self.crash_page: CrashPage | None = None
        window.about_requested.connect(self.open_about)
        window.crash_requested.connect(self.open_crashes)
        window.language_changed.connect(self._speak_anew)

    def watch(self, engine: Engine, downloads: Downloads) -> None:
        """Whose crashes are heard of."""
        self._engine = engine
        self.crashes.watch(engine, downloads)

    def start(self) -> None:
        """Say so if the last run ended unexpectedly."""
        self.crashes.start(self._tell)

    def post(self, job: Callable[[], None]) -> None:
        """Run `job` on the main thread soon; any thread may ask."""
        self._scheduler.post(job)

    def open_about(self) -> None:
        """Show it, or bring it to the front."""
        if self.about is None:
            from app.ui.about import About

            engine = self._engine.engine_version if self._engine is not None else ""
            third_party = resources() / "THIRD_PARTY.txt"
            self.about = About(
                self._theme, self._paths, self.build, third_party, engine, self._window
            )
            self.about.open_requested.connect(_open)
            self.about.page_requested.connect(lambda url: open_link(QUrl(url)))
            self.about.look_requested.connect(self._look)
        _show(self.about)

    def open_crashes(self) -> None:
        """Show the newest report, or that there is none."""
        if self.crash_page is None:
            from app.ui.crash_page import CrashPage

            self.crash_page = CrashPage(self._theme, self._window)
            self.crash_page.folder_requested.connect(lambda: _open(self.crashes.store.folder))
            self.crash_page.delete_requested.connect(self._delete)
        page, store = self.crash_page, self.crashes.store
        page.show_newest()

        def read(reports: list[CrashReport]) -> None:
            page.show_reports(reports)
            _show(page)

        self._scheduler.run(Lane.DISK, store.reports, read, self._not_read)

    def _speak_anew(self) -> None:
        """The dialogs are made again when they are asked for, with other words."""
        for dialog in (self.about, self.crash_page):
            if dialog is not None:
                dialog.hide()
                dialog.deleteLater()
        self.about = self.crash_page = None
        problem = self._window.banner.problem
        if problem is not None and problem.code == UNEXPECTED_END:
            self._tell()

    def _delete(self, report: CrashReport) -> None:
        page, store = self.crash_page, self.crashes.store

        def work() -> list[CrashReport]:
            store.delete(report)
            return store.reports()

        if page is not None:
            self._scheduler.run(Lane.DISK, work, page.show_reports, self._not_read)

    def _not_read(self, problem: Problem) -> None:
        if self.crash_page is not None:
            self.crash_page.show_problem(problem)
            _show(self.crash_page)

    def _tell(self) -> None:
        """Calmly: most people need do nothing about it."""
        problem = Problem(
            code=UNEXPECTED_END,
            summary=self.tr("Inglenook ended unexpectedly the last time."),
            action=self.tr("Your conversations are kept, and nothing was sent anywhere."),
        )
        offer = (self.tr("Show what happened"), self.open_crashes)
        self._window.banner.show_problem(problem, [offer])

    def _look(self) -> None:
        about, settings, build = self.about, self._settings(), self.build
        if about is None or self._is_looking:
            return
        self._is_looking = True
        about.show_looking()

        def done(release: Release | None) -> None:
            self._is_looking = False
            about.show_release(release)

        def failed(problem: Problem) -> None:
            self._is_looking = False
            about.show_problem(problem)

        self._scheduler.run(Lane.NETWORK, lambda: look_for_release(build, settings), done, failed)


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _show(dialog: About | CrashPage) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
