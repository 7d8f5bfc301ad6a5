"""Which model answers: finds, loads, unloads and fetches, and shows what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from app.core.entities import Device, LocalModel, ModelDescription
from app.core.errors import NoModel, Problem
from app.core.paths import Paths
from app.services.engine import Engine
from app.services.library import Library
from app.services.models import choose_model
from app.services.ports import EngineListener, EngineState, Lane, Scheduler
from app.services.preferences import Preferences
from app.services.starter import StarterService
from app.ui.main_window import MainWindow
from app.ui.recovery_control import RecoveryControl
from app.ui.words import percent_text, short_model_name, summary_of


class ModelChoice(QObject, EngineListener):
    """The model button, the page without a model and the engine, joined."""

    models_found = Signal(list, object)  # LocalModels; the Path in use or None

    def __init__(
        self,
        paths: Paths,
        library: Library,
        window: MainWindow,
        engine: Engine,
        scheduler: Scheduler,
        preferences: Preferences,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._library = library
        self._window = window
        self._engine = engine
        self._scheduler = scheduler
        self._preferences = preferences
        self._show_problem = show_problem
        self._starter = StarterService(paths, scheduler)
        self._models: list[LocalModel] = []
        self._words: Callable[[], str] = self._nothing_loaded  # for the status line
        self.recovery = RecoveryControl(  # hears of the engine's news before this does
            paths, window, engine, scheduler, preferences, show_problem
        )
        engine.add_listener(self)
        window.model_chosen.connect(self.load)
        window.empty.choose_file_requested.connect(window.ask_for_model)
        window.empty.open_folder_requested.connect(self._open_folder)
        window.empty.look_again_requested.connect(self.look)
        window.empty.starter_requested.connect(self._fetch_starter)
        window.menu.open_folder.triggered.connect(self._open_folder)
        window.menu.unload.triggered.connect(engine.unload)
        window.model_menu.aboutToShow.connect(self.look)  # files that were copied in just appear
        window.language_changed.connect(self._say)
        window.show_model_name("")

    def load(self, path: Path) -> None:
        """Load the model at `path`; the choice is remembered once it is loaded."""
        self.recovery.load(path, self._size_of(path))

    def reload(self) -> None:
        """The model that was asked for last, once more."""
        self._window.banner.clear_about("model", "worker")
        self.recovery.reload()

    def look(self) -> None:
        """Search the models folders, off the main thread."""

        def early(models: list[LocalModel]) -> None:
            self._scheduler.post(lambda: self._show(models))

        self._scheduler.run(
            Lane.DISK, lambda: self._library.models(early), self._found, self._show_problem
        )

    @property
    def devices(self) -> tuple[Device, ...]:
        """What llama.cpp can compute on."""
        return self._engine.devices

    def let_go(self, path: Path) -> None:
        """Unload the model at `path` if it is the one in use: its file is about to go."""
        if self._engine.model_path == path:
            self._engine.unload()

    def stop(self) -> None:
        """At quit: end a fetch that is under way."""
        self._starter.cancel()
        self.recovery.stop()

    def _show(self, models: list[LocalModel]) -> None:
        if models != self._models or not models:
            self._models = models
            self._window.show_models(models, self._engine.model_path)
        self.models_found.emit(models, self._engine.model_path)

    def _found(self, models: list[LocalModel]) -> None:
        self._show(models)
        if self._engine.model_path is None:
            remembered = self._preferences.settings.model_path
            chosen = choose_model(remembered, models)
            if chosen is None:
                self._show_none()
            elif self.recovery.holds_back(chosen.path, chosen.size_bytes):
                self._show_words(self._nothing_loaded)
                self._window.composer.set_can_send(False)
            else:
                self.load(chosen.path)

    def _size_of(self, path: Path) -> int | None:
        """Bytes of a model that was found; None for a file from elsewhere."""
        return next((m.size_bytes for m in self._models if m.path == path), None)

    def _show_none(self) -> None:
        self._window.empty.show_no_model(str(self._library.root))
        self._show_words(lambda: summary_of(NoModel().problem))
        self._window.composer.set_can_send(False)

    def _fetch_starter(self) -> None:
        self._window.banner.clear_about("model", "worker")
        self._window.empty.show_fetching()
        self._starter.fetch(lambda _path: self.look(), self._fetch_failed)

    def _fetch_failed(self, problem: Problem) -> None:
        self._show_none()
        self._show_problem(problem)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._library.root)))

    def model_loading(self, path: Path, fraction: float) -> None:
        self._window.show_model_name(path.name)
        self._show_words(lambda: self._loading(path, fraction))
        self._window.composer.set_can_send(True)  # it waits for the model

    def model_loaded(self, model: ModelDescription) -> None:
        self._window.status.show_model(model, self._engine.no_gpu)
        self._window.show_model_name(model.path.name)
        self._window.show_models(self._models, model.path)
        starters = [m.path for m in self._models if m.is_starter]
        self._window.empty.show_greeting(is_starter=model.path in starters)
        self._window.composer.set_can_send(True)
        self._preferences.change(model_path=str(model.path))

    def model_failed(self, path: Path, problem: Problem) -> None:
        self._show_words(self._nothing_loaded)
        self._show_problem(problem)

    def engine_changed(self, state: EngineState) -> None:
        has_model = state in (EngineState.READY, EngineState.GENERATING)
        self._window.menu.unload.setEnabled(has_model)
        if state is EngineState.STOPPED or (
            state is EngineState.IDLE and self._engine.model_path is not None
        ):
            self._show_words(self._nothing_loaded)

    # what the status line says instead of a model, again in another language

    def _show_words(self, words: Callable[[], str]) -> None:
        self._words = words
        self._window.status.show_words(words())

    def _say(self) -> None:
        if self._window.status.has_words:
            self._window.status.show_words(self._words())

    def _nothing_loaded(self) -> str:
        if self._engine.is_resting and self._engine.model_path is not None:
            name = short_model_name(self._engine.model_path.name)
            return self.tr("{name} rests; the next question loads it").replace("{name}", name)
        return self.tr("No model is loaded")

    def _loading(self, path: Path, fraction: float) -> str:
        words = self.tr("Loading {name}…").replace("{name}", short_model_name(path.name))
        return f"{words} {percent_text(fraction)}" if 0 < fraction < 1 else words
