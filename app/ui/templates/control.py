"""Joins the template doctor to the window: the dialog, and a note where a model needs one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.core.entities import FindingKind, ModelDescription
from app.core.template_errors import TemplateNotUsable
from app.services.app import AppServices
from app.services.ports import EngineListener
from app.services.templates import unhandled
from app.ui.main_window import MainWindow
from app.ui.templates.dialog import TemplateDialog
from app.ui.theme import Theme
from app.ui.words import short_model_name


class TemplatesControl(QObject, EngineListener):
    """Makes the dialog when it is first asked for, and again in another language."""

    def __init__(
        self,
        services: AppServices,
        window: MainWindow,
        theme: Theme,
        choose_model: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._services, self._window, self._theme = services, window, theme
        self._choose_model = choose_model
        self._told: set[Path] = set()
        self.dialog: TemplateDialog | None = None
        services.engine.add_listener(self)
        window.language_changed.connect(self._forget_dialog)
        window.models_page_made.connect(
            lambda page: page.template_requested.connect(lambda path: self.open(path))
        )

    def open(self, path: Path | None = None) -> None:
        """For this file, or the model that answers."""
        model = self._services.engine.model
        if path is None:
            if model is None:
                self._choose_model()
                return
            path = model.path
        name = model.name if model is not None and model.path == path else ""
        if self.dialog is None:
            self.dialog = TemplateDialog(self._theme, self._services.templates, self._window)
            self.dialog.applied.connect(self._applied)
        self.dialog.show_model(path, name)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """The window is going."""
        self._services.templates.close()

    def model_loaded(self, model: ModelDescription) -> None:
        findings = unhandled(model.findings)
        if not findings or model.path in self._told:
            return
        self._told.add(model.path)
        name = short_model_name(model.path.name)
        broken = next((f for f in findings if f.kind is FindingKind.BROKEN), None)
        if broken is not None:
            problem = TemplateNotUsable(broken.details, name=name).problem
            path = model.path
            self._window.banner.show_problem(
                problem, lambda: [(self.tr("Chat template…"), lambda: self.open(path))]
            )
        else:
            words = self.tr("{name} may need another chat template: see 'Chat template…'")
            self._window.toast.show_text(words.replace("{name}", name))

    def _applied(self, path: Path, _name: str) -> None:
        model = self._services.engine.model
        if model is not None and model.path == path:
            self._window.banner.clear_about("template")

    def _forget_dialog(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.close()
            dialog.deleteLater()
