"""Joins the settings' pages "Model" and "Answers" to the settings and the engine."""

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
from app.ui.settings_control import SettingsControl
from app.ui.theme import Theme

if TYPE_CHECKING:
    from app.ui.settings_dialog import SettingsDialog


class EngineSettingsControl(QObject, EngineListener):
    """Fills its pages when the dialog is made, and opens it at them."""

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
        self._engine = engine
        self._choice = choice
        self._preferences = preferences
        self._change = change
        self._asked: LoadParams | None = None  # how the settings wanted the model in use
        self._shared = SettingsControl.of(window, theme, preferences, change)
        self._shared.made.connect(self._connect)
        engine.add_listener(self)
        window.engine_settings_requested.connect(self.open)

    @property
    def dialog(self) -> SettingsDialog | None:
        """The dialog of settings, once it has been made."""
        return self._shared.dialog

    def open(self) -> None:
        """Show it where it was left, or bring it to the front."""
        self._shared.open()

    def refresh(self) -> None:
        """The settings, the model or the devices may be others now."""
        dialog, engine, settings = self.dialog, self._engine, self._preferences.settings
        if dialog is None:
            return
        self._shared.refresh()
        model, asked = engine.model, self._asked
        advice = dict(model.advice) if model is not None else {}
        dialog.answers.show_settings(settings, advice, has_model=model is not None)
        dialog.model.show_settings(settings, model, engine.devices, engine.no_gpu)
        is_needed = asked is not None and asked != settings.load_params()
        is_answering = engine.state is EngineState.GENERATING
        dialog.show_reload(is_needed, is_answering=is_answering)

    def _connect(self, dialog: SettingsDialog) -> None:
        dialog.answers.changed.connect(self._choose)
        dialog.answers.own_changed.connect(self._choose_own)
        dialog.model.changed.connect(self._choose)
        dialog.model.delete_kept_requested.connect(self.delete_kept_requested)
        dialog.reload_bar.requested.connect(self._reload)
        self.refresh()

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
