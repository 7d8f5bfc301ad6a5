"""A run that is under way: what of what, how far, the last answer, what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QProgressBar, QVBoxLayout, QWidget

from app.services.batch import BatchProgress, BatchState
from app.services.batch_rows import BatchOrder
from app.ui.batch.words import BatchWords
from app.ui.models_parts import breakable, label, set_role
from app.ui.setting_fields import title
from app.ui.theme import GAP, HEADING, SMALL
from app.ui.words import action_of, short_model_name, summary_of

MOST_SHOWN = 4000  # characters of an answer
MOST_BAR = 1_000_000


class RunView(QWidget):
    """Only shows."""

    def __init__(self) -> None:
        super().__init__()
        self.what = label(size=HEADING, weight=QFont.Weight.DemiBold)
        self.files = label(role="muted", size=SMALL)
        self.state = label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.figures = label(role="muted")
        self.problem = label(role="bad")
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem.hide()
        self.answer_title = title(self.tr("The last answer"))
        self.answer = QPlainTextEdit()
        self.answer.setReadOnly(True)
        self.answer.setTabChangesFocus(True)
        self.answer.setProperty("field", True)
        self.answer.setAccessibleName(self.answer_title.text())
        self.error = label(role="warn", size=SMALL)
        frame = QFrame()
        frame.setObjectName("note")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(12, 10, 12, 12)
        inside.setSpacing(GAP)
        parts: tuple[QWidget, ...] = (self.state, self.bar, self.figures, self.problem)
        for part in parts:
            inside.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        rows: tuple[QWidget, ...] = (
            self.what,
            self.files,
            frame,
            self.error,
            self.answer_title,
        )
        for row in rows:
            layout.addWidget(row)
        layout.addWidget(self.answer, 1)
        self._rest = QWidget()  # takes the room where there is no answer yet
        layout.addWidget(self._rest, 1)

    def begin(self, order: BatchOrder, name: str) -> None:
        """Another run."""
        self.what.setText(name)
        words = self.tr("{input} to {output}, answered by {model}")
        for key, value in (
            ("{input}", order.input.name),
            ("{output}", order.output.name),
            ("{model}", short_model_name(order.model.name)),
        ):
            words = words.replace(key, value)
        self.files.setText(breakable(words))
        self.answer.setPlainText("")
        self.show_progress(BatchProgress(BatchState.PREPARING))

    def show_progress(self, progress: BatchProgress) -> None:
        """How far it is now."""
        about = BatchWords()
        self.state.setText(about.state(progress))
        is_known = progress.total > 0
        self.bar.setRange(0, min(progress.total, MOST_BAR) if is_known else 0)
        self.bar.setValue(min(progress.done, MOST_BAR))
        self.bar.setVisible(is_known or progress.is_under_way)
        self.figures.setText(about.figures(progress) if is_known else "")
        self.bar.setAccessibleName(f"{self.state.text()}. {self.figures.text()}")
        self.figures.setVisible(is_known)
        problem = progress.problem
        if problem is not None:
            self.problem.setText(breakable(f"{summary_of(problem)} {action_of(problem)}"))
        self.problem.setVisible(problem is not None)
        set_role(self.state, "good" if progress.state is BatchState.DONE else "")
        answer = progress.last_answer[:MOST_SHOWN]
        if answer and self.answer.toPlainText() != answer:
            self.answer.setPlainText(answer)
        error = progress.last_error
        if error is not None:
            words = self.tr("Error in the last row: {error}")
            self.error.setText(breakable(words.replace("{error}", summary_of(error))))
        self.error.setVisible(error is not None)
        has_answer = bool(self.answer.toPlainText())
        self.answer.setVisible(has_answer)
        self.answer_title.setVisible(has_answer)
        self._rest.setVisible(not has_answer)
