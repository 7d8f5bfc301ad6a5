"""The settings in force and their file: changed on the main thread, saved beside it."""

from __future__ import annotations

from collections.abc import Callable

from app.core.errors import Problem
from app.core.settings import Settings, SettingsFile
from app.services.ports import Lane, Scheduler


class Preferences:
    """The one holder of the settings; `failed` hears when they cannot be saved."""

    def __init__(
        self,
        file: SettingsFile,
        settings: Settings,
        scheduler: Scheduler,
        failed: Callable[[Problem], None],
    ) -> None:
        self._file = file
        self._scheduler = scheduler
        self._failed = failed
        self.settings = settings
        self.changed: Callable[[], None] = lambda: None  # told after each change

    def change(self, **values: object) -> None:
        """Use `values` from now on and save them. Raises ValueError for one that is not allowed."""
        changed = self.settings.changed(**values)
        if changed != self.settings:
            self.settings = changed
            self._scheduler.run(
                Lane.DISK, lambda: self._file.save(changed), lambda _: None, self._failed
            )
            self.changed()
