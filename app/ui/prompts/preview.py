"""What becomes of a prompt with its values, folded until somebody wants to see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
)

from app.core.errors import Problem
from app.core.prompts import PromptTemplate, Rendered
from app.ui.direction import directed
from app.ui.models_parts import label
from app.ui.prompts.alive import while_there
from app.ui.prompts.words import role_name
from app.ui.sizes import size_icon
from app.ui.theme import GAP, SMALL, Theme, text_font
from app.ui.words import action_of, summary_of

WAIT_MS = 250  # after the last change
LEAST_LINES, MOST_LINES = 4, 16  # of its height
MOST_SHOWN = 20_000  # characters of one message: laying out more would hold up the window


class Renders(Protocol):
    """What fills in a template, not on the main thread."""

    def render(
        self,
        template: PromptTemplate,
        values: dict[str, str],
        done: Callable[[Rendered], None],
        failed: Callable[[Problem], None],
    ) -> None: ...


class Preview(QFrame):
    """Asks `source` for the template and its values a moment after `change`, while unfolded."""

    def __init__(
        self,
        theme: Theme,
        library: Renders,
        source: Callable[[], tuple[PromptTemplate, dict[str, str]] | None],
    ) -> None:
        super().__init__()
        self._theme, self._library, self._source = theme, library, source
        self._asked = 0
        self._is_waiting = False  # for an answer; another question waits until it is there
        self.fold = QToolButton()
        self.fold.setText(self.tr("Preview"))
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._turn)
        size_icon(self.fold, 16)
        self.problem = label(role="bad", size=SMALL)
        self.problem.hide()
        self.text = QTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("Preview"))
        self.text.setPlaceholderText(self.tr("One moment…"))
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.text.document().setDocumentMargin(GAP)
        self.text.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.text.setProperty("quiet", True)
        self.text.hide()
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addSpacing(-6)  # its words stand below the others, not its ground
        head.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        head.addStretch(1)
        items.addLayout(head)
        items.addWidget(self.problem)
        items.addWidget(self.text)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._ask)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._fit()

    @property
    def is_waiting(self) -> bool:
        """Whether what is on show is not what there is now."""
        return self._is_waiting or self._timer.isActive()

    @property
    def is_unfolded(self) -> bool:
        """Whether it is on show."""
        return self.fold.isChecked()

    def change(self) -> None:
        """The values are others now."""
        if self.is_unfolded:
            self._timer.start()

    def _turn(self, is_on: bool) -> None:
        self.text.setVisible(is_on)
        self.problem.setVisible(is_on and bool(self.problem.text()))
        self._restyle()
        if is_on:
            self._ask()

    def _ask(self) -> None:
        asked = self._source()
        if asked is None:
            return
        if self._is_waiting:
            self._timer.start()
            return
        self._is_waiting = True
        self._library.render(
            *asked, while_there(self, self._show), while_there(self, self._show_problem)
        )

    def _show(self, rendered: Rendered) -> None:
        self._is_waiting = False
        self._say("")
        document = self.text.document()
        bar = self.text.verticalScrollBar()
        place = bar.value()
        document.clear()
        cursor = QTextCursor(document)
        heading, plain = QTextCharFormat(), QTextCharFormat()
        heading.setFont(text_font(SMALL, QFont.Weight.DemiBold))
        heading.setForeground(self.palette().placeholderText())
        first, later = QTextBlockFormat(), QTextBlockFormat()
        later.setTopMargin(GAP)
        messages = [("system", rendered.system)] if rendered.system else []
        messages += [*rendered.lead, ("user", rendered.question)]
        for number, (role, text) in enumerate(messages):
            if number:
                cursor.insertBlock()
            cursor.setBlockFormat(later if number else first)
            cursor.insertText(role_name(role), heading)
            cursor.insertBlock(first)
            shown = text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
            cursor.insertText(shown, plain)
        bar.setValue(place)

    def _fit(self) -> None:
        """As high as its text, between two limits."""
        height = int(self.text.document().size().height()) + 2
        line = self.text.fontMetrics().lineSpacing()
        self.text.setFixedHeight(max(LEAST_LINES * line, min(MOST_LINES * line, height)))

    def _show_problem(self, problem: Problem) -> None:
        self._is_waiting = False
        self._say(f"{summary_of(problem)} {action_of(problem)}")

    def _say(self, words: str) -> None:
        self.problem.setText(words)
        self.problem.setVisible(bool(words) and self.is_unfolded)

    def _restyle(self) -> None:
        icon = "chevron-down" if self.is_unfolded else directed("chevron-right")
        self.fold.setIcon(self._theme.icon(icon, self._theme.colours.muted))
