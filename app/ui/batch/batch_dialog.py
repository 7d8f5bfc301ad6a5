"""The dialog "Run over a table": a prompt for every row, the answers in new columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.core.prompts import Prompt, PromptTemplate
from app.services.batch import BatchProgress, BatchState
from app.services.batch_files import Table
from app.services.batch_rows import BatchOrder
from app.ui.batch.run_view import RunView
from app.ui.batch.set_up import SetUp
from app.ui.models_parts import Confirm, TextButton, breakable, label
from app.ui.theme import GAP, HEADING, Theme
from app.ui.words import action_of, summary_of

# what can be mended by deleting the output
ANEW = ("batch.output-exists", "batch.another-run", "batch.output-damaged")


class BatchDialog(QDialog):
    """Not modal. Says what was chosen; the control runs it."""

    template_changed = Signal(object)  # PromptTemplate
    table_chosen = Signal(object)  # Path
    start_requested = Signal(object, str, bool)  # BatchOrder, its name, whether it begins anew
    pause_requested = Signal()
    resume_requested = Signal()
    end_requested = Signal()
    kept_wanted = Signal(object, str)  # BatchOrder, its name
    kept_refused = Signal()
    folder_requested = Signal(object)  # Path: show it

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Run over a table"))
        self.setModal(False)
        self._theme = theme
        self._order: tuple[BatchOrder, str] | None = None  # under way, or the last one
        self._kept: tuple[BatchOrder, str] | None = None
        self._model = ""
        self.set_up = SetUp(theme)
        self.run_view = RunView()
        self.confirm = Confirm(theme)
        self._make_kept()
        self._make_buttons()
        self._make_layout()
        self._connect()
        room = self.screen().availableSize()
        self.resize(min(640, room.width()), min(720, int(room.height() * 0.9)))
        self._fit()

    def _make_kept(self) -> None:
        """The offer to go on with the run of another day."""
        self.kept = QFrame()
        self.kept.setObjectName("note")
        self.kept_words = label()
        self.go_on = TextButton(self._theme, self.tr("Go on"), "play", is_primary=True)
        self.refuse = TextButton(self._theme, self.tr("Not any more"))
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.go_on)
        row.addWidget(self.refuse)
        row.addStretch(1)
        inside = QVBoxLayout(self.kept)
        inside.setContentsMargins(12, 10, 12, 12)
        inside.setSpacing(GAP)
        inside.addWidget(self.kept_words)
        inside.addLayout(row)
        self.kept.hide()

    def _make_buttons(self) -> None:
        theme = self._theme
        self.missing = label(role="muted")
        self.folder = TextButton(theme, self.tr("Open folder"), "folder-open")
        self.pause = TextButton(theme, self.tr("Pause"), "pause")
        self.resume = TextButton(theme, self.tr("Go on"), "play", is_primary=True)
        self.another = TextButton(theme, self.tr("Another run"))
        self.close_button = TextButton(theme, self.tr("Close"))
        self.start = TextButton(theme, self.tr("Start"), "play", is_primary=True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP)
        self._buttons.addWidget(self.folder)
        self._buttons.addWidget(self.missing, 1)
        for button in (self.close_button, self.another, self.pause, self.resume, self.start):
            self._buttons.addWidget(button)

    def _make_layout(self) -> None:
        self.area = QScrollArea()
        self.area.setAccessibleName(self.tr("What is run"))
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        inside = QHBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.set_up, 1)
        inside.addSpacing(GAP)  # beside the bar, on whichever side that is
        self.area.setWidget(content)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.area)
        self.pages.addWidget(self.run_view)
        words = self.tr("One prompt for every row of a table; the answers become new columns.")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        heading = self.tr("Run over a table")
        layout.addWidget(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        layout.addWidget(label(words, role="muted"))
        layout.addSpacing(GAP)
        layout.addWidget(self.kept)
        layout.addWidget(self.confirm)
        layout.addWidget(self.pages, 1)
        layout.addLayout(self._buttons)

    def _connect(self) -> None:
        self.set_up.template_changed.connect(self.template_changed)
        self.set_up.changed.connect(self._fit)
        self.set_up.table.chosen.connect(self.table_chosen)
        self.start.clicked.connect(lambda: self._start(is_anew=False))
        self.pause.clicked.connect(self.pause_requested)
        self.resume.clicked.connect(self.resume_requested)
        self.another.clicked.connect(self._begin_another)
        self.close_button.clicked.connect(self.close)
        self.folder.clicked.connect(self._ask_for_folder)
        self.confirm.confirmed.connect(self._begin_anew)
        self.go_on.clicked.connect(self._go_on)
        self.refuse.clicked.connect(self._refuse)

    # what is shown

    def show_prompts(self, prompts: Sequence[Prompt]) -> None:
        """Those of the library."""
        self.set_up.show_prompts(prompts)

    def show_model(self, name: str) -> None:
        """What would answer; empty without a model."""
        self._model = name
        self._fit()

    def check_template(self) -> None:
        """Have the prompt looked at that is chosen now."""
        self.set_up.check()

    def show_variables(
        self, template: PromptTemplate, problem: Problem | None, names: Sequence[str]
    ) -> None:
        """What was found out about a prompt."""
        self.set_up.show_variables(template, problem, names)

    def reading_table(self) -> None:
        """A file was chosen and is being read."""
        self.set_up.table.wait()
        self._fit()

    def show_table(self, table: Table) -> None:
        """What the file is."""
        self.set_up.show_table(table)

    def show_table_problem(self, problem: Problem) -> None:
        """Why the file cannot be used."""
        self.set_up.show_table_problem(problem)

    def offer_kept(self, kept: tuple[BatchOrder, str] | None) -> None:
        """A run that was not finished, or None."""
        self._kept = kept
        if kept is not None:
            words = self.tr(
                "“{prompt}” was not finished over {table}. It can go on where it ended."
            )
            words = words.replace("{prompt}", kept[1]).replace("{table}", kept[0].input.name)
            self.kept_words.setText(breakable(words))
        self.kept.setVisible(kept is not None)

    def begin(self, order: BatchOrder, name: str) -> None:
        """It runs."""
        self._order = (order, name)
        self.offer_kept(None)
        self.confirm.decline()
        self.run_view.begin(order, name)
        self.pages.setCurrentWidget(self.run_view)
        self.show_progress(BatchProgress(BatchState.PREPARING))
        self.pause.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, progress: BatchProgress) -> None:
        """How far it is."""
        self.run_view.show_progress(progress)
        state = progress.state
        is_mendable = progress.problem is not None and progress.problem.code in ANEW
        has_keyboard = self.pause.hasFocus() or self.resume.hasFocus()
        self.pause.setVisible(progress.is_under_way)
        can_go_on = state in (BatchState.PAUSED, BatchState.FAILED) and not is_mendable
        self.resume.setVisible(can_go_on)
        self.another.setVisible(not progress.is_under_way)
        self.folder.setVisible(progress.total > 0)
        if has_keyboard and not progress.is_under_way:
            (self.resume if can_go_on else self.close_button).setFocus()
        elif has_keyboard:
            self.pause.setFocus()
        self.start.hide()
        self.missing.setText("")
        if is_mendable and self.confirm.isHidden() and self._order is not None:
            words = self.tr("Delete {name} and begin anew?")
            name = self._order[0].output.name
            self.confirm.ask(words.replace("{name}", name), self.tr("Delete and begin"))

    def show_problem(self, problem: Problem) -> None:
        """Why it cannot begin."""
        self.missing.setText(f"{summary_of(problem)} {action_of(problem)}")

    # inside

    def _fit(self) -> None:
        """What can be done now, before it runs."""
        if self.pages.currentWidget() is not self.area:
            return
        missing = self.set_up.missing
        by = self.tr("Answered by {model}").replace("{model}", breakable(self._model))
        self.missing.setText(missing or (by if self._model else ""))
        self.start.setEnabled(not missing)
        self.start.show()
        for button in (self.pause, self.resume, self.another, self.folder):
            button.hide()

    def _start(self, *, is_anew: bool) -> None:
        if not self.set_up.missing:
            self.start_requested.emit(self.set_up.order(), self.set_up.name, is_anew)

    def _begin_anew(self) -> None:
        if self._order is not None:
            order, name = self._order
            self.end_requested.emit()
            self.start_requested.emit(order, name, True)

    def _begin_another(self) -> None:
        """Back to the set-up; what runs no more is let go of."""
        self.confirm.decline()
        self.pages.setCurrentWidget(self.area)
        self._fit()
        self.end_requested.emit()

    def _go_on(self) -> None:
        if self._kept is not None:
            self.kept_wanted.emit(*self._kept)

    def _refuse(self) -> None:
        self.offer_kept(None)
        self.kept_refused.emit()

    def _ask_for_folder(self) -> None:
        if self._order is not None:
            path: Path = self._order[0].output
            self.folder_requested.emit(path)
