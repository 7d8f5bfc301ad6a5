"""One message of the transcript: its blocks, what goes with it, and how it ended."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Message, Role, Statistics, Status
from app.core.reasoning import without_reasoning
from app.ui.answer_figures import lines_of, seconds_text
from app.ui.markdown_plain import plain_text
from app.ui.memory.full_choices import FullChoices
from app.ui.memory.summary_note import SummaryNote
from app.ui.memory.words import MemoryWords
from app.ui.message_actions import Action, MessageActions, Reveal
from app.ui.message_attachments import MessageAttachments
from app.ui.message_body import MessageBody
from app.ui.prose import ProseBlock
from app.ui.sizes import size_icon
from app.ui.theme import GAP, Theme
from app.ui.words import action_of, number_text, summary_of

MEASURED = 600  # characters of a line, which are more than a bubble is wide
CONTEXT_FULL = "context.full"  # the code of the problem that is put as a question
NAMED = 60  # characters of a question that it is called by where it is not seen


class MessageView(QWidget):
    """A question as a bubble, an answer as open text; both can be selected and copied."""

    retry_requested = Signal()
    action_requested = Signal(str, str)  # an Action, the message's id
    picture_wanted = Signal(str)  # an attachment's id: its bytes go to `attachments`
    full_chosen = Signal(str)  # a WhenFull: what shall happen, as the context is full

    def __init__(self, message: Message, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message_id = message.id
        self.role = message.role
        self._theme = theme
        self._text = ""
        self._message = message
        self._is_last = True
        self._status = message.status
        self._statistics: Statistics | None = None
        self._reading: tuple[int, int, float] | None = None  # done, of how many; seconds left
        self._is_waiting = False
        self._memory = ""  # what is special about it for the model
        self._summary: SummaryNote | None = None
        self._choices: FullChoices | None = None
        self._layout = QVBoxLayout(self)
        # below a question stand its buttons, mostly not painted: that is distance enough
        self._layout.setContentsMargins(0, GAP, 0, 0 if message.role is Role.USER else GAP)
        self._layout.setSpacing(0)
        self._body: ProseBlock | MessageBody
        self.attachments: MessageAttachments | None = None
        if message.attachments:
            self.attachments = MessageAttachments(message.attachments, theme)
            self.attachments.picture_wanted.connect(self.picture_wanted)
        self.row = MessageActions(message.role, theme)
        self.row.chosen.connect(self._act)
        if message.role is Role.USER:
            self._make_bubble(message.content)
        else:
            self._make_answer()
            self._make_footer()
        Reveal(self, self.row)
        self.update_from(message)
        self._say()

    @property
    def text(self) -> str:
        """The message as Markdown, as far as it is shown."""
        return self._text

    @property
    def body(self) -> ProseBlock | MessageBody:
        """What shows the text."""
        return self._body

    @property
    def shows_reasoning(self) -> bool:
        """Whether there is reasoning, and it is unfolded."""
        body = self._body
        return isinstance(body, MessageBody) and bool(body.reasoning and body.is_unfolded)

    def append(self, text: str) -> None:
        """The answer grew: only its last part is laid out again."""
        if text and isinstance(self._body, MessageBody):
            self._text += text
            self._body.append(text, is_complete=self._status is not Status.STREAMING)
            self._waiting.hide()

    def show_memory(self, state: str) -> None:
        """Whether the model sees it, and why (not), as MemoryState.of has it."""
        if state != self._memory:
            self._memory = state
            self.row.show_memory(state)
            self._say_memory()

    def _say_memory(self) -> None:
        words = MemoryWords().state(self._memory) if self._memory else ""
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)

    def show_summary(self, words: str) -> None:
        """Above it: that a summary stands for what was before; empty takes it away."""
        if words and self._summary is None:
            self._summary = note = SummaryNote()
            note.show_wanted.connect(lambda: self._act(Action.SHOW_SUMMARY))
            note.edit_wanted.connect(lambda: self._act(Action.EDIT_SUMMARY))
            note.undo_wanted.connect(lambda: self._act(Action.UNDO_SUMMARY))
            self._layout.insertWidget(0, note)
        if self._summary is not None:
            if words:
                self._summary.say(words)
            self._summary.setVisible(bool(words))

    def show_reading(self, done: int, total: int, seconds_left: float) -> None:
        """How far a long prompt was read, while there is no text yet."""
        if self.role is Role.ASSISTANT:
            self._reading = done, total, seconds_left
            self._say_waiting()

    def show_waiting(self) -> None:
        """Another conversation's answer is written first."""
        if self.role is Role.ASSISTANT:
            self._is_waiting = True
            self._say_waiting()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()
            self._body.restyle()  # some words are within the text, such as the title of a note

    def _say(self) -> None:
        """Every text that is not the message's own."""
        begins = " ".join(self._message.content.split())[:NAMED]
        question = self.tr("Your message: {text}").replace("{text}", begins)
        self.setAccessibleName(question if self.role is Role.USER else self.tr("Answer"))
        self._say_memory()
        if self.role is not Role.ASSISTANT:
            return
        self._retry.setText(self.tr("Try again"))
        why = self.tr("How it was made: times and tokens")
        self._why.setToolTip(why)
        self._why.setAccessibleName(why)
        self._say_waiting()
        self._say_end(self._message)
        self._show_figures(self._why.isChecked())

    def _say_waiting(self) -> None:
        if self._reading is not None:
            done, total, seconds_left = self._reading
            words = self.tr("Reading… {percent} %, {time} left")
            words = words.replace("{percent}", number_text(100 * done // max(total, 1)))
            self._waiting.setText(words.replace("{time}", seconds_text(seconds_left)))
        elif self._is_waiting:
            self._waiting.setText(self.tr("Waiting for the answer in another conversation…"))
        else:
            self._waiting.setText(self.tr("Reading…"))

    def _say_end(self, message: Message) -> None:
        self._end.setText(self._words_for(message))
        if message.problem is not None:
            words = f"{summary_of(message.problem)} {action_of(message.problem)}"
            self._problem_text.setText(words)
        else:
            self._problem_text.setText(self.tr("Inglenook ended before there was an answer."))

    def update_from(self, message: Message) -> None:
        """Take over text, status and place of `message`, which has the same id."""
        self._message = message
        self._status = message.status
        if isinstance(self._body, MessageBody):
            goes_on = message.content.startswith(self._text)
            rest = message.content[len(self._text) :] if goes_on else ""
            self._text += rest
            if message.statistics is not None and message.statistics.thinking_s:
                self._body.set_thinking_seconds(message.statistics.thinking_s)
            self._body.append(rest, is_complete=message.status is not Status.STREAMING)
            self._show_end(message)
        self.row.show_message(message, is_last=self._is_last)

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        self._body.restyle()
        if isinstance(self._body, ProseBlock):
            self._fit_bubble(self._body)
        self.row.restyle()
        if self.role is Role.ASSISTANT:
            self._why.setIcon(self._theme.icon("info", self._theme.colours.muted))

    def set_last(self, is_last: bool) -> None:
        """Only the last answer can be tried again, or continued."""
        self._is_last = is_last
        self.row.show_message(self._message, is_last=is_last)
        if self.role is Role.ASSISTANT:
            self._retry.setVisible(is_last)
            self._show_choices(self._message)

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """What holds the text, top to bottom, for a selection that goes over several messages."""
        return self._body.text_edits()

    def selected_markdown(self) -> str:
        """What is selected of it, as Markdown."""
        return self._body.selected_markdown()

    def selected_plain(self) -> str:
        """What is selected of it, without marks."""
        return self._body.selected_plain()

    def plain_text(self) -> str:
        """All of it as it reads, without Markdown's marks."""
        if isinstance(self._body, ProseBlock):
            return self._text
        return plain_text(without_reasoning(self._text))

    def _act(self, action: str) -> None:
        if action == Action.COPY:
            QGuiApplication.clipboard().setText(self.plain_text())
        elif action == Action.COPY_MARKDOWN:
            QGuiApplication.clipboard().setText(self._text)
        else:
            self.action_requested.emit(action, self.message_id)

    def _make_bubble(self, text: str) -> None:
        self._text = text
        bubble = QFrame()
        bubble.setObjectName("bubble")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(14, 10, 14, 7)  # the line height adds its part below
        block = ProseBlock(self._theme)
        block.show_text(text)
        if not text:
            block.hide()  # shown without a parent, it would be a window for a moment
        width = 0
        if self.attachments is not None:
            inner.addWidget(self.attachments)
            width = self.attachments.sizeHint().width()
        inner.addWidget(block)
        self._bubble, self._least_width = bubble, width
        self._fit_bubble(block)
        bubble.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout()
        row.addSpacing(48)  # turned with the layout where that is read from the right
        row.addStretch(1)
        row.addWidget(bubble, 1000)
        self._body = block
        self._layout.addLayout(row)
        self._layout.addWidget(self.row)

    def _fit_bubble(self, block: ProseBlock) -> None:
        """As wide as its longest line in the present size of text."""
        advance = block.fontMetrics().horizontalAdvance
        longest = max((advance(line[:MEASURED]) for line in self._text.split("\n")), default=0)
        self._bubble.setMaximumWidth(min(max(longest, self._least_width) + 31, 600))

    def _make_answer(self) -> None:
        self._body = MessageBody(self._theme)
        self._layout.addWidget(self._body)

    def _make_footer(self) -> None:
        self._waiting = QLabel()
        self._waiting.setTextFormat(Qt.TextFormat.PlainText)
        self._waiting.setWordWrap(True)
        self._waiting.setProperty("role", "muted")
        self._layout.addWidget(self._waiting)
        self._problem = QFrame()
        self._problem.setObjectName("messageProblem")
        self._problem_text = QLabel()
        self._problem_text.setTextFormat(Qt.TextFormat.PlainText)
        self._problem_text.setWordWrap(True)
        self._problem_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._retry = QPushButton()
        self._retry.clicked.connect(self.retry_requested)
        inner = QHBoxLayout(self._problem)
        inner.setContentsMargins(12, GAP, GAP, GAP)
        self._problem_words = QVBoxLayout()
        self._problem_words.setSpacing(GAP)
        self._problem_words.addWidget(self._problem_text)
        inner.addLayout(self._problem_words, 1)
        inner.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignBottom)
        self._layout.addSpacing(4)
        self._layout.addWidget(self._problem)
        self._figures_text = QLabel()
        self._figures_text.setProperty("role", "muted")
        self._figures_text.setTextFormat(Qt.TextFormat.PlainText)
        self._figures_text.setWordWrap(True)
        self._figures_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._figures_text.hide()
        self._why = QToolButton()
        self._why.setIcon(self._theme.icon("info", self._theme.colours.muted))
        size_icon(self._why, 16)
        self._why.setCheckable(True)
        self._why.toggled.connect(self._show_figures)
        self._end = QLabel()
        self._end.setProperty("role", "muted")
        self._end.setTextFormat(Qt.TextFormat.PlainText)
        self._end.setWordWrap(True)
        row = self.row.layout_row
        row.addWidget(self._why)
        row.addSpacing(4)
        row.addWidget(self._end, 1)
        self._layout.addWidget(self.row)
        self._layout.addWidget(self._figures_text)

    def _show_figures(self, is_on: bool) -> None:
        statistics = self._statistics
        if is_on and statistics is not None:
            self._figures_text.setText("\n".join(lines_of(statistics)))
        self._figures_text.setVisible(is_on)

    def _show_end(self, message: Message) -> None:
        is_streaming = message.status is Status.STREAMING
        self._waiting.setVisible(is_streaming and not self._text)
        self._statistics = message.statistics
        self._why.setVisible(message.statistics is not None)
        self._say_end(message)
        # an answer that was cut short keeps its text and says so quietly; one that could not be
        # given has nothing else to show
        has_failed = message.status is Status.FAILED or (
            message.status is Status.INTERRUPTED and not self._text
        )
        self._problem.setVisible(has_failed)
        self._show_choices(message)
        has_versions = message.siblings > 1
        self.row.setVisible(
            bool(message.conversation_id)  # else it is not stored yet: an opening line
            and not is_streaming
            and (bool(self._text) or not has_failed or has_versions)
        )

    def _show_choices(self, message: Message) -> None:
        """The ways out of a full context; each asks again."""
        problem = message.problem
        is_due = self._is_last and problem is not None and problem.code == CONTEXT_FULL
        if is_due and self._choices is None:
            self._choices = FullChoices(self._theme)
            self._choices.chosen.connect(self.full_chosen)
            self._problem_words.addWidget(self._choices)
        if self._choices is not None:
            self._choices.setVisible(is_due)

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
