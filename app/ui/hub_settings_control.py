"""Joins the page "Models and network" to the settings, the token's keeper and the downloads."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.core.paths import Paths
from app.services import token
from app.services.downloads import Downloads
from app.services.engine import Engine
from app.services.library import Library
from app.services.ports import Lane, Scheduler
from app.services.preferences import Preferences
from app.ui.main_window import MainWindow
from app.ui.model_choice import ModelChoice
from app.ui.settings_control import SettingsControl
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.models_mover import ModelsMover
    from app.ui.settings_dialog import SettingsDialog


class HubSettingsControl(QObject):
    """Fills its page when the dialog is made, and opens it there."""

    def __init__(
        self,
        paths: Paths,
        window: MainWindow,
        theme: Theme,
        library: Library,
        engine: Engine,
        choice: ModelChoice,
        downloads: Downloads,
        scheduler: Scheduler,
        preferences: Preferences,
        change: Callable[[str, object], None],
    ) -> None:
        super().__init__(window)
        self._library = library
        self._choice = choice
        self._scheduler = scheduler
        self._preferences = preferences
        self._change = change
        self._paths, self._engine, self._downloads = paths, engine, downloads
        self._shared = SettingsControl.of(window, theme, preferences, change)
        self._shared.made.connect(self._connect)
        self._shared.opened.connect(self._look_for_token)
        self._mover: ModelsMover | None = None
        window.hub_settings_requested.connect(self.open)

    @property
    def dialog(self) -> SettingsDialog | None:
        """The dialog of settings, once it has been made."""
        return self._shared.dialog

    def open(self) -> None:
        """Show it, or bring it to the front."""
        self._shared.open("network")

    def refresh(self) -> None:
        """The settings may be others now."""
        if self.dialog is not None:
            self.dialog.network.show_settings(self._preferences.settings, self._library.root)

    def stop(self) -> None:
        """At quit."""
        if self._mover is not None:
            self._mover.stop()

    def _connect(self, dialog: SettingsDialog) -> None:
        from app.ui.models_mover import ModelsMover

        page, part = dialog.network, dialog.network.token
        self._mover = ModelsMover(
            self._paths,
            self._library,
            self._engine,
            self._choice,
            self._downloads,
            self._scheduler,
            self._preferences,
            page.folders,
            self.refresh,
        )
        page.changed.connect(self._change)
        part.entered.connect(self._keep)
        part.check_requested.connect(self._check)
        part.forget_requested.connect(
            lambda: self._scheduler.run(Lane.HUB, token.forget, part.show_kept, part.show_problem)
        )
        page.folders.added.connect(self._add)
        page.folders.removed.connect(self._remove)
        self.refresh()

    def _look_for_token(self) -> None:
        if self.dialog is not None:
            part = self.dialog.network.token
            self._scheduler.run(Lane.HUB, token.where_kept, part.show_place, part.show_problem)

    def _keep(self, text: str) -> None:
        if self.dialog is not None:
            part = self.dialog.network.token
            work = functools.partial(token.keep, text)
            self._scheduler.run(Lane.HUB, work, part.show_kept, part.show_problem)

    def _check(self) -> None:
        if self.dialog is not None:
            part, settings = self.dialog.network.token, self._preferences.settings
            work = functools.partial(token.who, settings)
            self._scheduler.run(Lane.HUB, work, part.show_user, part.show_problem)

    def _add(self, folder: Path) -> None:
        if folder != self._library.root:
            self._set_more(self._preferences.settings.folders_with([str(folder)]))

    def _remove(self, folder: str) -> None:
        self._set_more(self._preferences.settings.folders_with(without=folder))

    def _set_more(self, folders: str) -> None:
        self._change("more_model_folders", folders)
        self._choice.look()
