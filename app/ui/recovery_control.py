"""After a failed load or answer: offers the next smaller setting, takes it, remembers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.core.entities import LoadParams, ModelDescription, Placement
from app.core.errors import DecodeFailed, LoadCutShort, Problem
from app.core.paths import Paths
from app.services.engine import Engine
from app.services.ports import EngineListener, EngineState, Lane, Scheduler
from app.services.preferences import Preferences
from app.services.proven import Proven
from app.services.recovery import (
    ModelFacts,
    Step,
    StepKind,
    cards_of,
    cause_of,
    next_step,
    read_facts,
)
from app.ui.main_window import MainWindow
from app.ui.problem_view import Offer
from app.ui.words import number_text


@dataclass(frozen=True, slots=True)
class _Load:
    """A load: of what, and how."""

    path: Path
    params: LoadParams


@dataclass(frozen=True, slots=True)
class _Trial:
    """A step that the person took, and what the settings asked for then."""

    load: _Load
    step: Step
    asked: LoadParams


class RecoveryControl(QObject, EngineListener):
    """Every load goes through here: lowered by what is proven, and marked while it goes on."""

    def __init__(
        self,
        paths: Paths,
        window: MainWindow,
        engine: Engine,
        scheduler: Scheduler,
        preferences: Preferences,
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._paths = paths
        self._window = window
        self._engine = engine
        self._scheduler = scheduler
        self._preferences = preferences
        self._show_problem = show_problem
        self._proven = Proven(paths.proven, scheduler)
        self._facts: dict[Path, ModelFacts] = {}
        self._subject: _Load | None = None  # what a problem is about
        self._placement: Placement | None = None  # of it, once it was loaded
        self._trial: _Trial | None = None
        self._lowered: _Load | None = None  # by what is proven
        self._is_held_back = False
        self.own_settings_action = QAction(self)
        self.own_settings_action.setVisible(False)
        self.own_settings_action.triggered.connect(lambda: self._use_own_settings())
        menu = window.menu_button.menu()
        if isinstance(menu, QMenu):
            menu.insertAction(window.menu.unload, self.own_settings_action)
        window.language_changed.connect(self._say)
        self._say()
        engine.add_listener(self)

    def _say(self) -> None:
        self.own_settings_action.setText(self.tr("Use my settings again"))

    def load(self, path: Path, size_bytes: int | None = None) -> None:
        """Load the model at `path` under the settings, lowered by what is proven for it."""
        wanted = self._wanted(path, size_bytes)
        is_lower = wanted.params != self._preferences.settings.load_params()
        self._lowered = wanted if is_lower else None
        self._start(wanted)

    def settings_changed(self) -> None:
        """A model that rests comes back under the settings as they are then."""
        path = self._engine.model_path
        if path is not None:
            self._engine.load_otherwise_after_rest(self._wanted(path, None).params)

    def reload(self) -> None:
        """What was asked for last, once more; also where that was held back."""
        if self._engine.model_path is None and self._subject is not None:
            self._start(self._subject)
        else:
            self._engine.reload()

    def holds_back(self, path: Path, size_bytes: int | None) -> bool:
        """Whether the model at `path` is better not loaded without being asked: the last load of
        it, with the same settings, never came to its end. The person is told once."""
        wanted, attempt = self._wanted(path, size_bytes), self._proven.cut_short
        if attempt is None or (attempt.name, attempt.params) != (path.name, wanted.params):
            return False
        if not self._is_held_back:
            self._is_held_back = True
            self._subject = wanted
            self._show_problem(LoadCutShort(name=path.name).problem)
        return True

    def offers(self, problem: Problem) -> list[Offer]:
        """What the banner offers first for `problem`; more may follow once the file was read."""
        subject = self._subject
        if subject is None or cause_of(problem, is_on_card=True) is None:
            return []
        if subject.path not in self._facts:
            self._find_out(subject.path, problem)
            return []
        facts = self._facts[subject.path].now(
            self._engine.devices, self._placement, is_loaded=self._engine.model is not None
        )
        found: list[Offer] = []
        step = next_step(subject.params, facts, problem)
        if step is not None:
            found.append((self._label(step), lambda: self._take(subject.path, step)))
        if self._proven.record_of(subject.path.name, facts.size_bytes) is not None:
            found.append((self.own_settings_action.text(), self._use_own_settings))
        return found

    def stop(self) -> None:
        """At quit: a load that is ended by that was not cut short."""
        if self._engine.state is EngineState.LOADING:
            self._proven.end()

    # the engine's news

    def model_loading(self, path: Path, fraction: float) -> None:
        subject = _Load(path, self._engine.load_params)
        if subject != self._subject:
            self._placement = None
        if self._trial is not None and self._trial.load != subject:
            self._trial = None
        self._subject = subject
        self._proven.begin(path.name, subject.params)

    def model_loaded(self, model: ModelDescription) -> None:
        self._proven.end()
        self._facts.pop(model.path, None)  # the file may be another one by the next failure
        self._subject = _Load(model.path, model.params)
        self._placement = model.placement
        trial, self._trial = self._trial, None
        cards = cards_of(self._engine.devices)
        if trial is not None and trial.load == self._subject:
            name, size = model.path.name, model.size_bytes
            self._proven.remember(name, size, trial.asked, model.params, cards)
            self._window.toast.show_text(self._worked(trial.step))
        elif self._lowered == self._subject:
            record = self._proven.record_of(model.path.name, model.size_bytes)
            if record is None or record.cards != cards:  # another file, or another graphics card
                self._lowered = None
                self._scheduler.post(self._load_anew)
        self._show_action(model)

    def model_failed(self, path: Path, problem: Problem) -> None:
        self._trial = None
        is_crash = problem.code.startswith("worker.")
        if not is_crash or cause_of(problem, is_on_card=True) is None:
            self._proven.end()  # it was refused in order; the mark stays for what crashed

    def generation_failed(self, request_id: int, problem: Problem, *, worker_died: bool) -> None:
        if not worker_died and problem.code == DecodeFailed.code:
            self._show_problem(problem)

    # inside

    def _wanted(self, path: Path, size_bytes: int | None) -> _Load:
        asked = self._preferences.settings.load_params()
        return _Load(path, self._proven.lowered(path.name, size_bytes, asked))

    def _start(self, load: _Load) -> None:
        self._window.banner.clear_about("model", "worker")
        keep = self._preferences.settings.keep_params(self._paths.kept_states)
        self._engine.load(load.path, load.params, keep)

    def _take(self, path: Path, step: Step) -> None:
        load = _Load(path, step.params)
        self._trial = _Trial(load, step, self._preferences.settings.load_params())
        self._start(load)

    def _load_anew(self) -> None:
        """What was lowered without reason; not while an answer is written, which would end it."""
        if self._engine.state is EngineState.READY:
            self._use_own_settings()

    def _use_own_settings(self) -> None:
        """Forget what is proven for the model that is loaded, or that failed, and load it again."""
        subject, loaded = self._subject, self._engine.model
        if subject is None:
            return
        known = self._facts.get(subject.path, ModelFacts())
        size = loaded.size_bytes if loaded is not None else known.size_bytes
        record = self._proven.record_of(subject.path.name, size)
        if record is not None:
            self._proven.forget(record.name, record.size_bytes)
        self.load(subject.path, size)

    def _find_out(self, path: Path, problem: Problem) -> None:
        """Read what the ladder needs, beside the main thread, then show the offers."""

        def known(facts: ModelFacts) -> None:
            self._facts[path] = facts
            if self._window.banner.problem == problem:
                self._show_problem(problem)

        def unknown(_problem: Problem) -> None:
            known(ModelFacts())

        self._scheduler.run(Lane.DISK, lambda: read_facts(path), known, unknown)

    def _show_action(self, model: ModelDescription) -> None:
        record = self._proven.record_of(model.path.name, model.size_bytes)
        is_lower = model.params != self._preferences.settings.load_params()
        self.own_settings_action.setVisible(record is not None and is_lower)

    def _label(self, step: Step) -> str:
        if step.kind is StepKind.PROCESSOR:
            return self.tr("Try on the processor")
        return self.tr("Try with {words}").replace("{words}", self._words(step))

    def _worked(self, step: Step) -> str:
        """For the toast, which has room for some 60 letters; the name stands above it anyway."""
        if step.kind is StepKind.PROCESSOR:
            return self.tr("Now runs on the processor; remembered for this computer.")
        text = self.tr("Now runs with {words}; remembered for this computer.")
        return text.replace("{words}", self._words(step))

    def _words(self, step: Step) -> str:
        context, layers = step.params.context_tokens, step.params.gpu_layers
        if step.kind is StepKind.KV_CACHE:
            text, number = self.tr("a smaller KV cache"), 0
        elif step.kind is StepKind.HALF_CONTEXT:
            text, number = self.tr("half the context ({n} tokens)"), context
        elif step.kind is StepKind.CONTEXT:
            text, number = self.tr("a context of {n} tokens"), context
        elif step.kind is StepKind.KV_CACHE_AND_CONTEXT:
            text, number = self.tr("a smaller KV cache and {n} tokens of context"), context
        else:
            text, number = self.tr("%Ln layers on the graphics card", "", layers), layers
        return text.replace("{n}", number_text(number))
