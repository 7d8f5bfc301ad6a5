"""A model's reasoning, folded into one line until somebody wants to read it."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.block_stack import BlockStack
from app.ui.direction import directed
from app.ui.prose import BAR
from app.ui.theme import GAP, Theme


class ReasoningBlock(QWidget):
    """A line that says how long was thought, and on a click what; laid out once it is opened."""

    unfolded = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, is_live: bool) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pieces: list[str] = []  # that are not on show yet
        self._content: BlockStack | None = None
        self._shown: QWidget | None = None  # the content and the rule beside it
        self._rule: QFrame | None = None
        self._seconds = 0.0
        self._is_live = is_live
        self._began = time.monotonic()
        self.header = QToolButton()
        self.header.setCheckable(True)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setProperty("role", "muted")
        self.header.toggled.connect(self._fold)
        self.header.clicked.connect(self.unfolded)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addWidget(self.header, 0, Qt.AlignmentFlag.AlignLeft)
        self._clock = QTimer(self)
        self._clock.setInterval(1_000)
        self._clock.timeout.connect(self._show_header)
        if is_live:
            self._clock.start()
        self._show_header()
        self._dress()

    @property
    def is_unfolded(self) -> bool:
        """Whether the reasoning is on show."""
        return self.header.isChecked()

    @property
    def is_live(self) -> bool:
        """Whether it is still being written."""
        return self._is_live

    def set_unfolded(self, is_unfolded: bool) -> None:
        """Open or fold it."""
        self.header.setChecked(is_unfolded)

    def set_seconds(self, seconds: float) -> None:
        """How long was thought; 0 is not known."""
        if seconds > 0:
            self._seconds = seconds
            self._show_header()

    def doubt_seconds(self) -> None:
        """It is not known how long: what was a moment may be a text of long ago, laid out now."""
        if self._seconds < 1:
            self._seconds = 0.0
            self._show_header()

    def append(self, text: str) -> None:
        """More of it; kept as text while it is folded."""
        self._pieces.append(text)
        if self.is_unfolded:
            self._show_pieces()

    def finish(self) -> None:
        """No more comes."""
        if self._is_live:
            self._is_live = False
            self._clock.stop()
            self._seconds = self._seconds or time.monotonic() - self._began
            self._show_header()
        if self._content is not None and self.is_unfolded:
            self._show_pieces()

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        self._dress()
        if self._content is not None:
            self._content.restyle()

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """The widgets that a selection can be in; none while it is folded."""
        if self._content is None or not self.is_unfolded:
            return []
        return self._content.text_edits()

    def selected_markdown(self) -> str:
        """What is selected in it, as Markdown."""
        is_open = self._content is not None and self.is_unfolded
        return self._content.selected_markdown() if is_open and self._content else ""

    def selected_plain(self) -> str:
        """What is selected in it, as it is read."""
        is_open = self._content is not None and self.is_unfolded
        return self._content.selected_plain() if is_open and self._content else ""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._show_header()
        elif event.type() == QEvent.Type.LayoutDirectionChange:
            self._dress()

    def _fold(self, is_on: bool) -> None:
        if is_on:
            self._show_pieces()
        if self._shown is not None:
            self._shown.setVisible(is_on)
        self._dress()

    def _show_pieces(self) -> None:
        if self._content is None:
            self._content = BlockStack(self._theme, is_muted=True)
            self._rule = QFrame()
            self._rule.setFixedWidth(BAR)
            self._shown = QWidget()
            inner = QHBoxLayout(self._shown)
            inner.setContentsMargins(4, 0, 0, GAP)
            inner.setSpacing(GAP + 4)
            inner.addWidget(self._rule)
            inner.addWidget(self._content)
            self._layout.addWidget(self._shown)
            self._dress()
        text = "".join(self._pieces)
        self._pieces.clear()
        self._content.append(text, is_complete=not self._is_live)

    def _show_header(self) -> None:
        if self._is_live:
            passed = int(time.monotonic() - self._began)
            words = self.tr("Thinking… {time}") if passed else self.tr("Thinking…")
            words = words.replace("{time}", self._duration(passed))
        elif self._seconds >= 1:
            words = self.tr("Thought for {time}").replace(
                "{time}", self._duration(int(self._seconds + 0.5))
            )
        elif self._seconds > 0:
            words = self.tr("Thought for a moment")
        else:
            words = self.tr("Thoughts")
        self.header.setText(words)
        self.header.setAccessibleName(words)
        self.header.setAccessibleDescription(self.tr("What the model thought before it answered"))

    def _duration(self, seconds: int) -> str:
        if seconds < 60:
            return self.tr("{seconds} s").replace("{seconds}", str(seconds))
        words = self.tr("{minutes} min {seconds} s")
        return words.replace("{minutes}", str(seconds // 60)).replace(
            "{seconds}", str(seconds % 60)
        )

    def _dress(self) -> None:
        colours = self._theme.colours
        icon = "chevron-down" if self.is_unfolded else directed("chevron-right")
        self.header.setIcon(self._theme.icon(icon, colours.muted))
        self.header.setStyleSheet(
            f"QToolButton {{ color: {colours.muted}; padding: 4px 8px 4px 0; }}"
        )
        if self._rule is not None:
            self._rule.setStyleSheet(f"background: {colours.border};")
