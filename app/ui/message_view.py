"""One message of the transcript: its blocks, and below them how it ended."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Message, Role, Statistics, Status
from app.ui.answer_figures import lines_of, seconds_text
from app.ui.message_body import MessageBody
from app.ui.prose import ProseBlock
from app.ui.theme import GAP, Theme
from app.ui.words import action_of, summary_of


class MessageView(QWidget):
    """A question as a bubble, an answer as open text; both can be selected and copied."""

    retry_requested = Signal()

    def __init__(self, message: Message, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message_id = message.id
        self.role = message.role
        self._theme = theme
        self._text = ""
        self._status = message.status
        self._statistics: Statistics | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, GAP, 0, GAP)
        self._layout.setSpacing(0)
        self._body: ProseBlock | MessageBody
        if message.role is Role.USER:
            self._make_bubble(message.content)
        else:
            self._make_answer()
            self._make_footer()
        self.update_from(message)

    @property
    def text(self) -> str:
        """The message as Markdown, as far as it is shown."""
        return self._text

    def append(self, text: str) -> None:
        """The answer grew: only its last part is laid out again."""
        if text and isinstance(self._body, MessageBody):
            self._text += text
            self._body.append(text, is_complete=self._status is not Status.STREAMING)
            self._waiting.hide()

    def show_reading(self, done: int, total: int, seconds_left: float) -> None:
        """How far a long prompt was read, while there is no text yet."""
        if self.role is Role.ASSISTANT:
            words = self.tr("Reading… {percent} %, {time} left")
            self._waiting.setText(
                words.replace("{percent}", f"{100 * done // max(total, 1)}").replace(
                    "{time}", seconds_text(seconds_left)
                )
            )

    def update_from(self, message: Message) -> None:
        """Take over text and status of `message`, which has the same id."""
        if not isinstance(self._body, MessageBody):
            return
        self._status = message.status
        goes_on = message.content.startswith(self._text)
        rest = message.content[len(self._text) :] if goes_on else ""
        self._text += rest
        self._body.append(rest, is_complete=message.status is not Status.STREAMING)
        self._show_end(message)

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        self._body.restyle()
        if self.role is Role.ASSISTANT:
            self._copy.setIcon(self._theme.icon("copy", self._theme.colours.muted))
            self._again.setIcon(self._theme.icon("rotate-ccw", self._theme.colours.muted))
            self._why.setIcon(self._theme.icon("info", self._theme.colours.muted))

    def set_last(self, is_last: bool) -> None:
        """Only the last answer can be tried again."""
        if self.role is Role.ASSISTANT:
            self._again.setVisible(is_last and self._status is not Status.STREAMING)
            self._retry.setVisible(is_last)

    def _make_bubble(self, text: str) -> None:
        self._text = text
        bubble = QFrame()
        bubble.setObjectName("bubble")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(14, 10, 14, 7)  # the line height adds its part below
        block = ProseBlock(self._theme)
        block.show_text(text)
        inner.addWidget(block)
        metrics = block.fontMetrics()
        longest = max((metrics.horizontalAdvance(line) for line in text.split("\n")), default=0)
        bubble.setMaximumWidth(min(longest + 36, 600))
        bubble.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout()
        row.setContentsMargins(48, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(bubble, 1000)
        self._body = block
        self._layout.addLayout(row)

    def _make_answer(self) -> None:
        self._body = MessageBody(self._theme)
        self._layout.addWidget(self._body)

    def _make_footer(self) -> None:
        self._waiting = QLabel(self.tr("Reading…"))
        self._waiting.setProperty("role", "muted")
        self._layout.addWidget(self._waiting)
        self._problem = QFrame()
        self._problem.setObjectName("messageProblem")
        self._problem_text = QLabel()
        self._problem_text.setTextFormat(Qt.TextFormat.PlainText)
        self._problem_text.setWordWrap(True)
        self._problem_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = QPushButton(self.tr("Try again"))
        self._retry.clicked.connect(self.retry_requested)
        inner = QHBoxLayout(self._problem)
        inner.setContentsMargins(12, GAP, GAP, GAP)
        inner.addWidget(self._problem_text, 1)
        inner.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignBottom)
        self._layout.addSpacing(4)
        self._layout.addWidget(self._problem)
        self._figures_text = QLabel()
        self._figures_text.setProperty("role", "muted")
        self._figures_text.setTextFormat(Qt.TextFormat.PlainText)
        self._figures_text.setWordWrap(True)
        self._figures_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._figures_text.hide()
        self._why = self._small_button("info", self.tr("How it was made: times and tokens"))
        self._why.setCheckable(True)
        self._why.toggled.connect(self._show_figures)
        self._copy = self._small_button("copy", self.tr("Copy the answer"))
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text))
        self._again = self._small_button("rotate-ccw", self.tr("Answer again"))
        self._again.clicked.connect(self.retry_requested)
        self._end = QLabel()
        self._end.setProperty("role", "muted")
        self._end.setTextFormat(Qt.TextFormat.PlainText)
        self._end.setWordWrap(True)
        self._footer = QWidget()
        row = QHBoxLayout(self._footer)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(2)
        for widget in (self._copy, self._again, self._why):
            row.addWidget(widget)
        row.addSpacing(4)
        row.addWidget(self._end, 1)
        self._layout.addWidget(self._footer)
        self._layout.addWidget(self._figures_text)

    def _show_figures(self, is_on: bool) -> None:
        statistics = self._statistics
        if is_on and statistics is not None:
            self._figures_text.setText("\n".join(lines_of(statistics)))
        self._figures_text.setVisible(is_on)

    def _small_button(self, icon: str, name: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(self._theme.icon(icon, self._theme.colours.muted))
        button.setToolTip(name)
        button.setAccessibleName(name)
        return button

    def _show_end(self, message: Message) -> None:
        is_streaming = message.status is Status.STREAMING
        self._waiting.setVisible(is_streaming and not self._text)
        self._copy.setVisible(bool(self._text))
        self._again.setVisible(not is_streaming)
        self._statistics = message.statistics
        self._why.setVisible(message.statistics is not None)
        self._end.setText(self._words_for(message))
        # an answer that was cut short keeps its text and says so quietly; one that could not be
        # given has nothing else to show
        has_failed = message.status is Status.FAILED or (
            message.status is Status.INTERRUPTED and not self._text
        )
        self._problem.setVisible(has_failed)
        self._footer.setVisible(not is_streaming and (bool(self._text) or not has_failed))
        if message.problem is not None:
            words = f"{summary_of(message.problem)} {action_of(message.problem)}"
            self._problem_text.setText(words)
        else:
            self._problem_text.setText(self.tr("Inglenook ended before there was an answer."))

    def _words_for(self, message: Message) -> str:
        if message.status is Status.INTERRUPTED:
            return (
                self.tr("Interrupted: {reason}").replace("{reason}", summary_of(message.problem))
                if message.problem is not None
                else self.tr("Interrupted: Inglenook ended while this was written")
            )
        return {
            Status.STOPPED: self.tr("Stopped"),
            Status.CUT_OFF: self.tr("Cut off: the longest answer or the context was reached"),
        }.get(message.status, "")
