"""The composition root: builds every part, hands it on, shows the window, ends in order."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QUrl, Signal, qVersion
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication

from app import __version__
from app.core.build import load_build
from app.core.errors import AlreadyRunning, AppError, FolderNotWritable, InternalError, Problem
from app.core.frozen import free_children
from app.core.logs import forget_faults, record_faults, set_up_logging
from app.core.paths import Paths
from app.core.settings import Settings, SettingsFile
from app.services.app import AppServices
from app.services.crashes import keep_failed_start
from app.ui.bridge import QtScheduler
from app.ui.controller import Controller
from app.ui.language import translate
from app.ui.main_window import MainWindow
from app.ui.signals import EndRequests
from app.ui.single_instance import SingleInstance
from app.ui.theme import Theme

logger = logging.getLogger(__name__)


def run(paths: Paths, model: Path | None) -> int:
    """Open the window and stay until it is closed, then end the process.

    `model` may be relative, or an address of a file as some file managers send it. Returns only
    where another window took over. Raises AlreadyRunning.
    """
    try:
        return _run(paths, _local_file(model))
    except AppError:
        raise
    except Exception:
        keep_failed_start(paths, load_build(), qVersion(), traceback.format_exc())
        raise


def _run(paths: Paths, model: Path | None) -> int:
    application = make_application()
    folder_problem = _make_folders(paths)
    instance = SingleInstance(paths.data)
    if not folder_problem and not instance.claim():
        if instance.hand_over(model):
            return 0
        raise AlreadyRunning(path=paths.data)
    record_faults(paths.fault_log, paths.last_fault)
    settings_file = SettingsFile(paths.settings)
    settings, settings_problem = settings_file.load()
    translate(settings.language)
    controller = build(application, paths, settings_file, settings)
    window = controller.window
    sys.excepthook = _hook(controller)
    threading.excepthook = _thread_hook(controller)
    instance.raise_requested.connect(lambda name: _come_back(controller, name))
    if isinstance(application, Application):
        application.file_opened.connect(lambda name: _come_back(controller, name))
        application.end_requested.connect(window.quit)
    ends = EndRequests(controller)
    ends.requested.connect(window.quit)
    window.show()
    controller.start(model)
    for problem in (settings_problem, folder_problem):
        if problem is not None:
            controller.show_problem(problem)
    code = application.exec()
    controller.close()
    forget_faults(paths.fault_log)
    # Everything is stored and closed by now. What the interpreter would still do can only hurt: it
    # waits for a thread on a hung disk, and takes Qt's objects apart in no particular order
    logging.shutdown()
    os._exit(code)


def make_application() -> QApplication:
    """The one QApplication, named so that the platform knows which program it is."""
    QGuiApplication.setApplicationName("Inglenook")
    QGuiApplication.setApplicationVersion(__version__)
    QGuiApplication.setDesktopFileName(os.environ.get("FLATPAK_ID", "inglenook"))
    existing = QApplication.instance()
    found = existing if isinstance(existing, QApplication) else Application(sys.argv[:1])
    free_children()
    return found


class Application(QApplication):
    """A Mac sends a double click on a file as an event, not as an argument, and Quit as well."""

    file_opened = Signal(str)
    end_requested = Signal()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.file_opened.emit(event.file())
            return True
        if event.type() == QEvent.Type.Quit:
            self.end_requested.emit()
        return super().event(event)


def build(
    application: QApplication, paths: Paths, settings_file: SettingsFile, settings: Settings
) -> Controller:
    """Window and services, joined; nothing has been started yet."""
    theme = Theme(application)
    theme.apply(settings)
    scheduler = QtScheduler()
    services = AppServices(paths, scheduler, settings_file, settings)
    return Controller(services, MainWindow(theme), theme, scheduler)


def _make_folders(paths: Paths) -> Problem | None:
    try:
        paths.make()
        set_up_logging(paths.app_log)
    except FolderNotWritable as error:
        return error.problem
    except OSError as error:
        return FolderNotWritable(str(error), path=paths.logs).problem
    return None


def _local_file(model: Path | None) -> Path | None:
    """An absolute path. Of 'file:///a/b%20c.gguf' Path has made 'file:/a/b%20c.gguf'."""
    if model is None:
        return None
    text = model.as_posix()
    if text.lower().startswith("file:/"):
        url = QUrl(f"file:///{text[len('file:/') :].removeprefix('localhost/')}")
        if url.isLocalFile():
            return Path(url.toLocalFile())
    return model.absolute()


def _come_back(controller: Controller, model: str) -> None:
    controller.window.come_to_front()
    path = _local_file(Path(model)) if model else None
    if path is not None and path != controller.engine.model_path:  # else an answer would end
        controller.models.load(path)


def _hook(controller: Controller):  # type: ignore[no-untyped-def]
    """Exceptions nobody caught: logged and shown, the window lives."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        logger.error("unexpected: %s", text)
        if isinstance(error, AppError):
            controller.show_problem(error.problem)
        else:
            controller.help.crashes.exception(text)
            controller.show_problem(InternalError(text).problem)

    return show


def _thread_hook(controller: Controller):  # type: ignore[no-untyped-def]
    """Exceptions that ended a thread: heard of on the main thread."""
    show = _hook(controller)

    def post(what: threading.ExceptHookArgs) -> None:
        error = what.exc_value or what.exc_type()
        if not isinstance(error, SystemExit):
            controller.help.post(lambda: show(what.exc_type, error, what.exc_traceback))

    return post
