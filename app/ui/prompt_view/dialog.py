"""The dialog "What the model gets": the exact prompt, with its tokens counted."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.errors import Problem
from app.core.messages import Inspected
from app.ui.flow import FlowLayout
from app.ui.models_parts import Placeholder, TextButton, label
from app.ui.prompt_view.text import PromptText, format_of
from app.ui.theme import GAP, HEADING, SMALL, Theme, text_font
from app.ui.words import action_of, number_text, summary_of

COPIED_MS = 2000  # that the button says so


class Moment(Enum):
    """Which prompt it is."""

    DRAFT = auto()  # the one of what is being written
    ANSWERING = auto()  # the one that is being answered
    ANSWERED = auto()  # the one of the last answer


class PromptDialog(QDialog):
    """Not modal. Whoever opens it finds the prompt, again at each wish."""

    look_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What the model gets"))
        self._theme = theme
        self.moment = label(role="muted")
        self.counts = label()
        self.special = Sample(theme, self.tr("control token"), is_special=True, is_cached=False)
        self.cached = Sample(theme, self.tr("in the cache"), is_special=False, is_cached=True)
        self.text = PromptText(theme)
        self.nothing = Placeholder(theme, "scroll-text")
        self.copy_button = TextButton(theme, self.tr("Copy"), "copy")
        self.copy_button.clicked.connect(self._copy)
        self.look_button = TextButton(theme, self.tr("Look again"), "refresh-cw")
        self.look_button.clicked.connect(self.look_requested)
        self.close_button = TextButton(theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        for button in (self.copy_button, self.look_button, self.close_button):
            button.setAutoDefault(False)
        self._copied = QTimer(self, singleShot=True, interval=COPIED_MS)
        self._copied.timeout.connect(lambda: self.copy_button.setText(self.tr("Copy")))
        self._make_layout()
        room = self.screen().availableSize()
        self.resize(min(760, room.width()), min(640, int(room.height() * 0.9)))
        self.show_nothing("")

    def _make_layout(self) -> None:
        legend = QWidget()
        samples = FlowLayout(legend)
        samples.setSpacing(GAP * 2)
        for sample in (self.special, self.cached):
            samples.addWidget(sample)
        self._legend = legend
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.look_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        heading = label(self.windowTitle(), size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        layout.addWidget(heading)
        layout.addWidget(self.moment)
        layout.addWidget(self.counts)
        layout.addWidget(legend)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(buttons)

    def show_prompt(self, found: Inspected, moment: Moment, template: str) -> None:
        """This one; `template` is the name of the one that is used in place of the model's own."""
        self._show_text(True)
        self.moment.setText(self._moment_words(moment))
        self.counts.setText(self._count_words(found, template, moment))
        self.cached.setVisible(found.reused > 0)
        self.text.show_pieces(found.pieces, found.reused)

    def show_problem(self, problem: Problem) -> None:
        """There is none, for this reason."""
        self.show_nothing(f"{summary_of(problem)} {action_of(problem)}")

    def show_nothing(self, words: str) -> None:
        """There is none."""
        self.nothing.say(words)
        self.text.show_pieces((), 0)
        self._show_text(False)

    def _show_text(self, is_there: bool) -> None:
        for part in (self.moment, self.counts, self._legend, self.text):
            part.setVisible(is_there)
        self.nothing.setVisible(not is_there)
        self.copy_button.setEnabled(is_there)

    def _moment_words(self, moment: Moment) -> str:
        return {
            Moment.DRAFT: self.tr("What it would be given for the message you are writing."),
            Moment.ANSWERING: self.tr("What it was given for the answer it is writing now."),
            Moment.ANSWERED: self.tr("What it was given for its last answer, as it would be now."),
        }[moment]

    def _count_words(self, found: Inspected, template: str, moment: Moment) -> str:
        words = [self.tr("{total} of {context} tokens")]
        if found.reused and moment is Moment.ANSWERING:  # most of it was read for this answer
            words.append(self.tr("{reused} of them in the cache by now"))
        elif found.reused:
            words.append(self.tr("{reused} of them in the cache, not read again"))
        if template:
            words.append(self.tr("chat template: {name}"))
        else:
            words.append(self.tr("the model's own chat template"))
        return (
            " · ".join(words)
            .replace("{total}", number_text(found.total))
            .replace("{context}", number_text(found.context))
            .replace("{reused}", number_text(found.reused))
            .replace("{name}", template)
        )

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.whole_text())
        self.copy_button.setText(self.tr("Copied"))
        self._copied.start()


class Sample(QWidget):
    """An entry of the legend: words that look like what they name."""

    def __init__(self, theme: Theme, words: str, *, is_special: bool, is_cached: bool) -> None:
        super().__init__()
        self._theme, self._words = theme, words
        self._is_special, self._is_cached = is_special, is_cached
        self.setAccessibleName(words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        size = QFontMetrics(self._font()).size(Qt.TextFlag.TextSingleLine, self._words)
        return QSize(size.width() + (GAP if self._is_cached else 0), size.height() + GAP // 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = self._theme.colours
        look = format_of(colours, is_special=self._is_special, is_cached=self._is_cached)
        painter = QPainter(self)
        painter.setFont(self._font())
        if self._is_cached:
            painter.fillRect(self.rect(), look.background())
        painter.setPen(look.foreground().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)

    def _font(self) -> QFont:
        return text_font(SMALL, QFont.Weight.Bold if self._is_special else QFont.Weight.Normal)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
