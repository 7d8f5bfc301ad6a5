"""Joins exporting, importing and printing to the window: dialogs on one side, service on the other.

Wire: `export_requested(ids)`, `open_import()` and `print_conversation(id)` from menus; the signals
`said` (a sentence for the toast, with a path to show or None) and `imported` to the window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale, QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QWidget

from app.core.entities import Conversation, ConversationId
from app.core.errors import Problem
from app.services.exchange import (
    ExchangeService,
    Exported,
    Imported,
    Job,
    JobListener,
    Preview,
    Record,
)
from app.services.exchange_files import ExportOrder, Format, Words, to_print
from app.services.ports import Lane, Scheduler
from app.ui.exchange_parts import counted
from app.ui.prose import alert_title
from app.ui.theme import Theme
from app.ui.words import number_text

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    from app.ui.export_dialog import ExportDialog
    from app.ui.import_dialog import ImportDialog


class ExchangeControl(QObject):
    """Makes the dialogs when they are first asked for. `conversations` gives those of the
    sidebar, archived ones included."""

    said = Signal(str, object)  # a sentence, and the Path it is about or None
    problem_occurred = Signal(object)  # Problem, of printing
    imported = Signal()  # conversations came in: list them again

    def __init__(
        self,
        window: QWidget,
        theme: Theme,
        service: ExchangeService,
        scheduler: Scheduler,
        conversations: Callable[[], Sequence[Conversation]],
    ) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._service, self._scheduler = service, scheduler
        self._conversations = conversations
        self.export_dialog: ExportDialog | None = None
        self.import_dialog: ImportDialog | None = None
        self.print_dialog: QPrintDialog | None = None
        self._job: Job | None = None

    def export_requested(self, ids: list[str]) -> None:
        """Ask how to export these; with none, all of them."""
        if self.export_dialog is None:
            from app.ui.export_dialog import ExportDialog

            dialog = self.export_dialog = ExportDialog(self._theme, self._window)
            dialog.order_made.connect(self._export)
            dialog.cancel_requested.connect(self._cancel)
            dialog.folder_requested.connect(show_in_folder)
        dialog = self.export_dialog
        if dialog.underway.isHidden():
            known = list(self._conversations())
            titles = {str(c.id): c.title for c in known}
            these = [identifier for identifier in ids if identifier in titles]
            name = titles[these[0]] if len(these) == 1 else ""
            dialog.show_choice(these, list(titles), name)
        _raise(dialog)

    def open_import(self, paths: Sequence[Path] = ()) -> None:
        """Ask what to import; `paths` were dropped on the window, say, and are looked at."""
        if self.import_dialog is None:
            from app.ui.import_dialog import ImportDialog

            dialog = self.import_dialog = ImportDialog(self._theme, self._window)
            dialog.paths_chosen.connect(self._look)
            dialog.import_agreed.connect(self._import)
            dialog.cancel_requested.connect(self._cancel)
        dialog = self.import_dialog
        dialog.reset()
        self._service.find_places(dialog.show_places)
        _raise(dialog)
        if paths:
            self._look(list(paths))

    def print_conversation(self, conversation_id: str) -> None:
        """Ask for a printer and print the branch on show."""
        from PySide6.QtPrintSupport import QPrintDialog

        from app.ui.printing import new_printer

        printer = new_printer()
        dialog = self.print_dialog = QPrintDialog(printer, self._window)
        dialog.setWindowTitle(self.tr("Print"))
        dialog.accepted.connect(lambda: self.print_on(conversation_id, printer))
        dialog.finished.connect(dialog.deleteLater)
        QDialog.open(dialog)  # its own asks for more

    def print_on(self, conversation_id: str, printer: QPrinter) -> None:
        """Print on a printer that was chosen."""
        from app.ui.printing import print_pages

        words, tell = self.words(), self.problem_occurred.emit

        def say(_: None) -> None:
            self.said.emit(self.tr("Sent to the printer."), None)

        def read(record: Record | None) -> None:
            if record is not None:
                self._scheduler.run(
                    Lane.BULK,
                    lambda: print_pages(to_print(record, words), words, printer),
                    say,
                    tell,
                )

        self._service.read(ConversationId(conversation_id), read, tell)

    def speak_anew(self) -> None:
        """Another language: a dialog is made again when it is asked for, unless it is at work."""
        exporting, importing = self.export_dialog, self.import_dialog
        if exporting is not None and exporting.underway.isHidden():
            self.export_dialog = None
            exporting.hide()
            exporting.deleteLater()
        if importing is not None and importing.underway.isHidden():
            self.import_dialog = None
            importing.hide()
            importing.deleteLater()

    def stop(self) -> None:
        """At quit."""
        self._service.stop()

    def words(self) -> Words:
        """What an export says around the messages, in the window's language."""
        return Words(
            **{name: alert_title(name) for name in Words().alerts()},
            you=self.tr("You"),
            assistant=self.tr("Assistant"),
            thoughts=self.tr("Thoughts"),
            system=self.tr("System prompt"),
            exported=self.tr("Exported from Inglenook on {date}"),
            page=self.tr("{page} / {pages}"),
            attachment=self.tr("Attachment: {name}"),
            unfinished=self.tr("This answer is not complete."),
            untitled=self.tr("Untitled"),
        )

    def _export(self, ids: list[str], kind: Format, target: Path, has_reasoning: bool) -> None:
        dialog = self.export_dialog
        if dialog is None or (self._job is not None and not self._job.is_over):
            return
        order = ExportOrder(
            tuple(ConversationId(identifier) for identifier in ids),
            kind,
            target,
            has_reasoning,
            self.words(),
            QLocale().bcp47Name(),
        )
        dialog.begin()
        self._job = self._service.export(order, _ExportNews(self, dialog))

    def _look(self, paths: list[Path]) -> None:
        dialog = self.import_dialog
        if dialog is not None and (self._job is None or self._job.is_over):
            dialog.begin_look()
            self._job = self._service.look(paths, _LookNews(dialog))

    def _import(self, preview: Preview) -> None:
        dialog = self.import_dialog
        if dialog is not None and (self._job is None or self._job.is_over):
            dialog.begin_import()
            self._job = self._service.bring_in(preview, _ImportNews(self, dialog))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def export_words(self, exported: Exported) -> str:
        """What was written, in a sentence."""
        words = self.tr("Exported {count} to {path}.")
        return words.replace("{count}", counted(exported.count)).replace(
            "{path}", str(exported.target)
        )

    def import_words(self, imported: Imported) -> str:
        """What came in, in sentences."""
        found = [self.tr("Imported {count}.").replace("{count}", counted(imported.added))]
        if imported.already_there:
            words = self.tr("Already here: {count}.")
            found.append(words.replace("{count}", number_text(imported.already_there)))
        if imported.skipped:
            words = self.tr("Could not be read: {count}.")
            found.append(words.replace("{count}", number_text(imported.skipped)))
        return " ".join(found)


class _ExportNews(JobListener):
    def __init__(self, control: ExchangeControl, dialog: ExportDialog) -> None:
        self._control, self._dialog = control, dialog

    def progressed(self, done: int, total: int) -> None:
        self._dialog.progress(done, total)

    def finished(self, result: object) -> None:
        assert isinstance(result, Exported)
        words = self._control.export_words(result)
        self._dialog.finish(words, result.target)
        if not self._dialog.isVisible():
            self._control.said.emit(words, result.target)

    def failed(self, problem: Problem) -> None:
        self._dialog.show_problem(problem)

    def cancelled(self, result: object) -> None:
        self._dialog.finish(
            QCoreApplication.translate("ExchangeControl", "Cancelled; nothing was left behind."),
            None,
            "muted",
        )


class _LookNews(JobListener):
    def __init__(self, dialog: ImportDialog) -> None:
        self._dialog = dialog

    def progressed(self, done: int, total: int) -> None:
        self._dialog.look_progress(done)

    def finished(self, result: object) -> None:
        assert isinstance(result, Preview)
        self._dialog.show_preview(result)

    def failed(self, problem: Problem) -> None:
        self._dialog.show_problem(problem)

    def cancelled(self, result: object) -> None:
        self._dialog.finish("", None)


class _ImportNews(JobListener):
    def __init__(self, control: ExchangeControl, dialog: ImportDialog) -> None:
        self._control, self._dialog = control, dialog

    def progressed(self, done: int, total: int) -> None:
        self._dialog.import_progress(done, total)

    def finished(self, result: object) -> None:
        assert isinstance(result, Imported)
        words = self._control.import_words(result)
        self._dialog.finish(words, result)
        self._control.imported.emit()
        if not self._dialog.isVisible():
            self._control.said.emit(words, None)

    def failed(self, problem: Problem) -> None:
        self._dialog.show_problem(problem)
        self._control.imported.emit()

    def cancelled(self, result: object) -> None:
        assert isinstance(result, Imported)
        stopped = QCoreApplication.translate("ExchangeControl", "Stopped.")
        self._dialog.finish(f"{stopped} {self._control.import_words(result)}", result)
        self._control.imported.emit()


def show_in_folder(path: Path) -> None:
    """Open the folder a file is in, or the folder itself, in the file manager."""
    folder = path if path.is_dir() else path.parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _raise(dialog: ExportDialog | ImportDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
