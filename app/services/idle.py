"""An idle model gives its memory back; the next question loads it again."""

from __future__ import annotations

from collections.abc import Callable

from app.core.entities import ModelDescription
from app.core.settings import Settings
from app.services.engine import Engine
from app.services.ports import EngineListener, EngineState, Scheduler


class IdleUnload(EngineListener):
    """Counts from the last answer, or from the load."""

    def __init__(
        self, engine: Engine, scheduler: Scheduler, settings: Callable[[], Settings]
    ) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._settings = settings
        self._cancel: Callable[[], None] = lambda: None
        engine.add_listener(self)

    def restart(self) -> None:
        """Count anew: the setting may be another one now."""
        self._cancel()
        self._cancel = lambda: None
        minutes = self._settings().unload_after_min
        if minutes and self._engine.state is EngineState.READY:
            self._cancel = self._scheduler.call_later(minutes * 60.0, self._unload)

    def engine_changed(self, state: EngineState) -> None:
        self.restart()

    def model_loaded(self, model: ModelDescription) -> None:
        self.restart()

    def _unload(self) -> None:
        if self._engine.state is EngineState.READY:
            self._engine.rest()
