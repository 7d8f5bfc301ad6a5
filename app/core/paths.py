"""Every folder and file the app touches, and the one override that isolates them all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.core.errors import FolderNotWritable

APP_NAME = "Inglenook"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where things are. With `--data-dir` everything that is written lies below that one folder."""

    data: Path
    config: Path
    state: Path
    logs: Path

    @property
    def database(self) -> Path:
        return self.data / "conversations.sqlite3"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def downloads(self) -> Path:
        """What is being fetched, one file a job; the bytes lie in the models folder."""
        return self.data / "downloads"

    @property
    def settings(self) -> Path:
        return self.config / "settings.json"

    @property
    def template_choices(self) -> Path:
        """Known good chat templates in place of models' own, by the model's hash."""
        return self.config / "chat-templates.json"

    @property
    def window_state(self) -> Path:
        """Window geometry and the open conversation; may be deleted at any time."""
        return self.state / "state.json"

    @property
    def known_models(self) -> Path:
        """What the headers of the models said the last time; may be deleted at any time."""
        return self.state / "known-models.json"

    @property
    def unsaved_prompts(self) -> Path:
        """Prompts that were changed and not saved yet; may be deleted at any time."""
        return self.state / "unsaved-prompts.json"

    @property
    def unsaved_assistant(self) -> Path:
        """An assistant that was changed and not saved yet; may be deleted at any time."""
        return self.state / "unsaved-assistant.json"

    @property
    def proven(self) -> Path:
        """Smaller settings that worked after a failure, by model; may be deleted at any time."""
        return self.state / "proven.json"

    @property
    def kept_states(self) -> Path:
        """What was read of conversations, for going on at once; may be deleted at any time."""
        return self.state / "kept"

    @property
    def batch(self) -> Path:
        """The run of a prompt over a table that is not over; may be deleted at any time."""
        return self.state / "batch.json"

    @property
    def worker_log(self) -> Path:
        """llama.cpp's own words, newest at the end."""
        return self.logs / "worker.log"

    @property
    def app_log(self) -> Path:
        return self.logs / "inglenook.log"

    @property
    def fault_log(self) -> Path:
        """The stacks of the window's threads, written if a signal ends it; empty otherwise."""
        return self.logs / "fault.log"

    @property
    def last_fault(self) -> Path:
        """What the run before this one left in `fault_log`, until a crash report holds it."""
        return self.logs / "fault.last.log"

    @property
    def crashes(self) -> Path:
        """Crash reports, one file each; may be deleted at any time."""
        return self.logs / "crashes"

    def starter_folders(self) -> list[Path]:
        """Where the starter model may be: first this data folder, which `inglenook starter` fills,
        then a checkout's or a package's resources, then the person's usual data folder.

        INGLENOOK_STARTER_DIR stands in for them all (tests that want no model).
        """
        override = os.environ.get("INGLENOOK_STARTER_DIR")
        if override is not None:
            return [Path(override)]
        usual = Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))
        return [self.data / "starter", resources() / "starter", usual / "starter"]

    def model_folders(self) -> list[Path]:
        """Folders that are searched for GGUF files, the person's own first."""
        return [self.models, *self.starter_folders()]

    def make(self) -> None:
        """Create the folders. Raises FolderNotWritable, naming the one that cannot be used."""
        for folder in (self.data, self.config, self.state, self.logs, self.models):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise FolderNotWritable(str(error), path=folder) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise FolderNotWritable(path=folder)


def find_paths(data_dir: Path | None = None) -> Paths:
    """The platform's usual folders, or everything below `data_dir`."""
    if data_dir is not None:
        root = data_dir.expanduser().absolute()
        return Paths(data=root, config=root, state=root, logs=root / "logs")
    dirs = platformdirs.PlatformDirs(APP_NAME, appauthor=False)
    return Paths(
        data=Path(dirs.user_data_dir),
        config=Path(dirs.user_config_dir),
        state=Path(dirs.user_state_dir),
        logs=Path(dirs.user_log_dir),
    )


def unused_name(path: Path) -> Path:
    """`path`, or the first of name-2, name-3, ... that nothing has: what was set aside stays."""
    found, number = path, 1
    while found.exists():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def resources() -> Path:
    """The folder with icons and translations: in a checkout beside `app`, installed inside it."""
    inside = Path(__file__).parents[1] / "resources"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "resources"
