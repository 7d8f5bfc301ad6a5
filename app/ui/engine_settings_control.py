"""Joins the dialog "Model and answers" to the settings and the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.entities import LoadParams, ModelDescription
from app.core.errors import Problem
from app.core.presets import OWN
from app.services.engine import Engine
from app.services.ports import EngineListener, EngineState
from app.services.preferences import Preferences
from app.ui.main_window import MainWindow
from app.ui.model_choice import ModelChoice
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.engine_settings import EngineSettings


class EngineSettingsControl(QObject, EngineListener):
    """Makes the dialog when it is first asked for."""

    delete_kept_requested = Signal()  # conversations that are kept ready on the disk shall go

    def __init__(
        self,
        window: MainWindow,
        theme: Theme,
        engine: Engine,
        choice: ModelChoice,
        preferences: Preferences,
        change: Callable[[str, object], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._theme = theme
        self._engine = engine
        self._choice = choice
        self._preferences = preferences
        self._change = change
        self._asked: LoadParams | None = None  # how the settings wanted the model in use
        self.dialog: EngineSettings | None = None
        engine.add_listener(self)
        window.engine_settings_requested.connect(self.open)

    def open(self) -> None:
        """Show it, or bring it to the front."""
        if self.dialog is None:
            from app.ui.engine_settings import EngineSettings

            self.dialog = EngineSettings(self._theme, self._window)
            self.dialog.setting_chosen.connect(self._choose)
            self.dialog.own_value_chosen.connect(self._choose_own)
            self.dialog.reload_requested.connect(self._reload)
            self.dialog.delete_kept_requested.connect(self.delete_kept_requested)
        self.refresh()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def refresh(self) -> None:
        """The settings, the model or the devices may be others now."""
        if self.dialog is not None:
            self.dialog.show_settings(self._preferences.settings, self._engine, self._asked)

    def _choose(self, name: str, value: object) -> None:
        from app.ui.engine_settings_values import has_own_values

        if (name, value) == ("preset", OWN) and not has_own_values(self._preferences.settings):
            self._begin_own({})
        else:
            self._change(name, value)

    def _choose_own(self, name: str, value: object) -> None:
        if self._preferences.settings.preset == OWN:
            self._change(name, value)
        else:
            self._begin_own({name: value})

    def _begin_own(self, changed: dict[str, object]) -> None:
        """The person's own values begin with those in force."""
        from app.ui.engine_settings_values import values_in_force

        model = self._engine.model
        advice = dict(model.advice) if model is not None else {}
        values = values_in_force(self._preferences.settings, advice)
        self._preferences.change(**{**values, **changed})
        self._change("preset", OWN)

    def _reload(self) -> None:
        if self._engine.model_path is not None:
            self._choice.load(self._engine.model_path)

    # the engine's news

    def engine_changed(self, state: EngineState) -> None:
        self.refresh()

    def model_loading(self, path: Path, fraction: float) -> None:
        if not fraction:  # only at its beginning
            self._asked = self._preferences.settings.load_params()
            self.refresh()

    def model_loaded(self, model: ModelDescription) -> None:
        self.refresh()

    def model_failed(self, path: Path, problem: Problem) -> None:
        self.refresh()
