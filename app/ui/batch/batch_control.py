"""Joins running a prompt over a table to the window: one run, its dialog, and what goes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QLocale, QObject
from PySide6.QtWidgets import QWidget

from app.core.entities import ChatMessage, SamplingParams
from app.core.errors import NoModelLoaded, Problem
from app.core.prompts import Prompt, PromptTemplate
from app.services.app import AppServices
from app.services.batch import Batch, BatchListener, BatchProgress, BatchState
from app.services.batch_files import Table, read_table
from app.services.batch_memory import forget_order, load_order, save_order
from app.services.batch_rows import BatchOrder
from app.services.ports import Lane
from app.services.prompt_library import PromptListener
from app.ui.batch.batch_dialog import BatchDialog
from app.ui.exchange_control import show_in_folder
from app.ui.language import best_language
from app.ui.theme import Theme
from app.ui.words import short_model_name


class BatchControl(QObject, BatchListener, PromptListener):
    """The dialog is made when it is first asked for; a run goes on without it."""

    def __init__(
        self,
        services: AppServices,
        window: QWidget,
        theme: Theme,
        say: Callable[[str], None],
        show_problem: Callable[[Problem], None],
    ) -> None:
        super().__init__(window)
        self._services, self._window, self._theme = services, window, theme
        self._say, self._show_problem = say, show_problem
        self.dialog: BatchDialog | None = None
        self.batch: Batch | None = None

    def open(self) -> None:
        """Show the dialog, with the run that is under way or was not finished the last time."""
        if self.dialog is None:
            self._make_dialog()
        dialog = self.dialog
        assert dialog is not None
        self._services.prompts.prepare()
        engine = self._services.engine
        loaded = engine.model.path if engine.model is not None else engine.model_path
        dialog.show_model(short_model_name(loaded.name) if loaded is not None else "")
        if self.batch is None:
            path = self._services.paths.batch
            scheduler = self._services.scheduler
            scheduler.run(Lane.DISK, lambda: load_order(path), self._offer, self._show_problem)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def close(self) -> None:
        """At quit: the row in the making is left, the rest is on the disk."""
        self._end_batch()

    def speak_anew(self) -> None:
        """Another language: the dialog is made again when it is asked for, unless it is at work."""
        if self.dialog is not None and self.batch is None:
            self._services.prompts.remove_listener(self)
            self.dialog.hide()
            self.dialog.deleteLater()
            self.dialog = None

    # news

    def batch_changed(self, progress: BatchProgress) -> None:
        dialog = self.dialog
        if dialog is not None:
            dialog.show_progress(progress)
        if progress.state is BatchState.DONE:
            output = self.batch.order.output.name if self.batch is not None else ""
            self._end_batch()
            self._forget()
            if dialog is None or not dialog.isVisible():
                words = self.tr("Every row is answered: {name}.")
                self._say(words.replace("{name}", output))
        elif progress.problem is not None and (dialog is None or not dialog.isVisible()):
            self._show_problem(progress.problem)

    def prompts_changed(self, prompts: Sequence[Prompt]) -> None:
        if self.dialog is not None:
            self.dialog.show_prompts(prompts)

    # what the person does

    def _make_dialog(self) -> None:
        services = self._services
        dialog = self.dialog = BatchDialog(self._theme, self._window)
        dialog.show_prompts(services.prompts.all)
        services.prompts.add_listener(self)
        dialog.template_changed.connect(self._check)
        dialog.table_chosen.connect(self._read_table)
        dialog.start_requested.connect(self._start)
        dialog.pause_requested.connect(self._pause)
        dialog.resume_requested.connect(self._resume)
        dialog.end_requested.connect(self._end)
        dialog.kept_wanted.connect(self._go_on)
        dialog.kept_refused.connect(self._forget)
        dialog.folder_requested.connect(show_in_folder)
        dialog.check_template()

    def _offer(self, kept: tuple[BatchOrder, str] | None) -> None:
        if self.dialog is not None and self.batch is None:
            self.dialog.offer_kept(kept)

    def _check(self, template: PromptTemplate) -> None:
        dialog = self.dialog
        if dialog is not None:
            self._services.prompts.check(
                template,
                lambda problem, names: dialog.show_variables(template, problem, names),
            )

    def _read_table(self, path: Path) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        dialog.reading_table()

        def done(table: Table) -> None:
            dialog.show_table(table)

        scheduler = self._services.scheduler
        scheduler.run(Lane.BATCH, lambda: read_table(path), done, dialog.show_table_problem)

    def _start(self, order: BatchOrder, title: str, is_anew: bool) -> None:
        """`order` has no model yet: it is the one that is loaded."""
        dialog, engine = self.dialog, self._services.engine
        model = engine.model.path if engine.model is not None else engine.model_path
        if dialog is None or self.batch is not None:
            return
        if model is None:
            dialog.show_problem(NoModelLoaded().problem)
            return
        self._run(order.of_model(model), title, is_anew=is_anew)

    def _go_on(self, order: BatchOrder, title: str) -> None:
        if self.batch is None:
            self._run(order, title, is_anew=False)

    def _run(self, order: BatchOrder, title: str, *, is_anew: bool) -> None:
        services = self._services
        batch = self.batch = Batch(
            order,
            services.engine,
            self._ask,
            services.scheduler,
            self,
            self._is_busy,
            best_language(QLocale()),
        )
        services.answers.add_listener(batch)
        path = services.paths.batch
        services.scheduler.run(
            Lane.DISK,
            lambda: save_order(path, order, title),
            lambda _: None,
            self._show_problem,
        )
        if self.dialog is not None:
            self.dialog.begin(order, title)
        batch.start(restarts=is_anew)

    def _pause(self) -> None:
        if self.batch is not None:
            self.batch.pause()

    def _resume(self) -> None:
        if self.batch is not None:
            self.batch.resume()

    def _end(self) -> None:
        """No more of it now; it can be gone on with as long as its files are there."""
        self._end_batch()
        if self.dialog is not None:
            self.open()

    def _forget(self) -> None:
        path = self._services.paths.batch
        scheduler = self._services.scheduler
        scheduler.run(Lane.DISK, lambda: forget_order(path), lambda _: None, self._show_problem)

    # inside

    def _ask(self, system: str, history: list[ChatMessage], sampling: SamplingParams) -> int:
        is_gentle = self._services.settings().is_gentle_on_battery
        return self._services.engine.generate(system, history, sampling, is_gentle=is_gentle)

    def _is_busy(self) -> bool:
        services = self._services
        return services.answers.is_answering() or services.engine.is_suggesting

    def _end_batch(self) -> None:
        batch, self.batch = self.batch, None
        if batch is not None:
            self._services.answers.remove_listener(batch)
            batch.close()
