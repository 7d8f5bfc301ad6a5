"""The menu of the main window: choices of look and language, files, settings, help."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.core.settings import Settings, declarations


class WindowMenu(QMenu):
    """Says what was chosen; what is in force is ticked by `show_settings`."""

    setting_chosen = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._choices: dict[tuple[str, str], tuple[QAction, str]] = {}  # with the label's source
        self._theme = self._add_choice("theme")
        self._language = self._add_choice("language")
        self.zen = self.addAction("")
        self.addSeparator()
        self.offline = self.addAction("")
        self.offline.setCheckable(True)
        self.offline.triggered.connect(lambda is_on: self.setting_chosen.emit("is_offline", is_on))
        self.engine_settings = self.addAction("")
        self.engine_settings.setShortcut(QKeySequence("Ctrl+,"))  # Preferences on a Mac
        self.hub_settings = self.addAction("")
        self.addSeparator()
        self.prompts = self.addAction("")
        self.assistants = self.addAction("")
        self.memory = self.addAction("")
        self.facts = self.addAction("")
        self.prompt_view = self.addAction("")
        self.export = self.addAction("")
        self.import_ = self.addAction("")
        self.print_ = self.addAction("")
        self.as_python = self.addAction("")
        self.run_over_table = self.addAction("")
        self.addSeparator()
        self.open_model = self.addAction("")
        self.open_folder = self.addAction("")
        self.unload = self.addAction("")
        self.addSeparator()
        self.shortcuts = self.addAction("")
        self.crash = self.addAction("")
        self.about = self.addAction("")
        self.addSeparator()
        self.quit = self.addAction("")
        self.quit.setShortcut(QKeySequence(QKeySequence.StandardKey.Quit))
        self._say()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        """Every text of it."""
        self._theme.setTitle(self.tr("Theme"))
        self._language.setTitle(self.tr("Language"))
        for action, label in self._choices.values():
            action.setText(QCoreApplication.translate("Settings", label))
        for action, text in (
            (self.zen, self.tr("Zen mode")),
            (self.offline, self.tr("Offline")),
            (self.engine_settings, self.tr("Settings…")),
            (self.hub_settings, self.tr("Models and network…")),
            (self.prompts, self.tr("Prompts…")),
            (self.assistants, self.tr("Assistants…")),
            (self.memory, self.tr("Memory…")),
            (self.facts, self.tr("What is remembered…")),
            (self.prompt_view, self.tr("Show what the model gets")),
            (self.export, self.tr("Export…")),
            (self.import_, self.tr("Import conversations…")),
            (self.print_, self.tr("Print…")),
            (self.as_python, self.tr("Copy as Python")),
            (self.run_over_table, self.tr("Run over a table…")),
            (self.open_model, self.tr("Open a model file…")),
            (self.open_folder, self.tr("Open the models folder")),
            (self.unload, self.tr("Unload the model")),
            (self.shortcuts, self.tr("Keyboard shortcuts")),
            (self.crash, self.tr("Last crash…")),
            (self.about, self.tr("About Inglenook")),
            (self.quit, self.tr("Quit")),
        ):
            action.setText(text)

    def show_settings(self, settings: Settings) -> None:
        """Tick the choices in force."""
        for (name, value), (action, _) in self._choices.items():
            action.setChecked(getattr(settings, name) == value)
        self.offline.setChecked(settings.is_offline)

    def _add_choice(self, name: str) -> QMenu:
        sub = self.addMenu("")
        group = QActionGroup(sub)
        for value, label in declarations()[name].choices:
            action = sub.addAction("")
            action.setCheckable(True)
            group.addAction(action)
            action.triggered.connect(self._chooser(name, value))
            self._choices[(name, value)] = action, label
        return sub

    def _chooser(self, name: str, value: str) -> Callable[[], None]:
        return lambda: self.setting_chosen.emit(name, value)
