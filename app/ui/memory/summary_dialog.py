"""A summary: its text to be changed, what it stands for, and the ways back and forth."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from app.core.remembered import Summary
from app.ui.flow import FlowLayout
from app.ui.memory.words import MemoryWords
from app.ui.models_parts import TextButton, label
from app.ui.theme import GAP, HEADING, SMALL, Theme


class SummaryDialog(QDialog):
    """Not modal. Tells wishes; whoever fulfils them shows the summary again."""

    edited = Signal(str, str)  # the summary's id, its text
    off_requested = Signal(str, bool)  # the summary's id; whether it shall not be used
    anew_requested = Signal()
    messages_requested = Signal()  # look at what it stands for

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Summary"))
        self._theme = theme
        self._words = MemoryWords(self)
        self._summary: Summary | None = None
        self._is_making = False
        self.explanation = label(
            self.tr("The model reads this in place of the messages it stands for."), role="muted"
        )
        self.state = label(role="muted", size=SMALL)
        self.messages = QToolButton()
        self.messages.setProperty("role", "link")
        self.messages.clicked.connect(self.messages_requested)
        self.text = QPlainTextEdit()
        self.text.setProperty("field", True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("Text of the summary"))
        self.text.textChanged.connect(self._fit)
        self.save = TextButton(theme, self.tr("Save"), is_primary=True)
        self.off = TextButton(theme, "", "undo-2")
        self.anew = TextButton(theme, self.tr("Make anew"), "refresh-cw")
        self.close_button = TextButton(theme, self.tr("Close"))
        self.save.clicked.connect(self._save)
        self.off.clicked.connect(self._turn_off)
        self.anew.clicked.connect(self.anew_requested)
        self.close_button.clicked.connect(self.close)
        self._make_layout()
        room = self.screen().availableSize()
        self.resize(min(560, room.width()), min(480, int(room.height() * 0.9)))
        self.show_summary(None, 0)
        self.text.setFocus()

    def _make_layout(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        heading = label(self.tr("Summary"), size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        layout.addWidget(heading)
        layout.addWidget(self.explanation)
        layout.addWidget(self.messages)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.state)
        buttons = FlowLayout()
        for button in (self.save, self.off, self.anew, self.close_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout.addLayout(buttons)

    def show_summary(self, summary: Summary | None, replaced: int) -> None:
        """This one, which stands for so many messages; what is being typed stays."""
        before, self._summary = self._summary, summary
        text = summary.text if summary is not None else ""
        is_other = before is None or summary is None or before.id != summary.id
        if is_other or self.text.toPlainText() == before.text:  # type: ignore[union-attr]
            self.text.setPlainText(text)
        self.text.setReadOnly(summary is None)
        self.messages.setText(self._words.summarised(replaced))
        self.messages.setVisible(summary is not None and replaced > 0)
        self._fit()

    @property
    def summary(self) -> Summary | None:
        """The one on show."""
        return self._summary

    def show_making(self, is_on: bool) -> None:
        """Whether the model is writing one just now."""
        self._is_making = is_on
        self._fit()

    def _fit(self) -> None:
        summary = self._summary
        text = self.text.toPlainText().strip()
        self.save.setEnabled(summary is not None and bool(text) and text != summary.text)
        self.off.setVisible(summary is not None)
        is_off = summary is not None and summary.is_off
        self.off.setText(self.tr("Use it again") if is_off else self.tr("Undo the summary"))
        self.anew.setEnabled(not self._is_making)
        self.state.setText(self._state(summary))

    def _state(self, summary: Summary | None) -> str:
        if self._is_making:
            return self.tr("The model is writing a summary…")
        if summary is None:
            return self.tr("There is no summary of this conversation yet.")
        made = QDateTime.fromSecsSinceEpoch(int(summary.created_at.timestamp()))
        shown = QLocale().toString(made, QLocale.FormatType.ShortFormat)
        words = self.tr("Written by the model on {date}.").replace("{date}", shown)
        if summary.is_edited:
            words += " " + self.tr("You have changed it.")
        if not summary.is_whole:
            words += " " + self.tr("It is not finished, and not used yet.")
        elif summary.is_stale:
            words += " " + self.tr("It is not used: it holds words of a message you left out.")
        elif summary.is_off:
            words += " " + self.tr("It is not used: the model reads the messages themselves.")
        return words

    def _save(self) -> None:
        if self._summary is not None:
            self.edited.emit(self._summary.id, self.text.toPlainText().strip())

    def _turn_off(self) -> None:
        if self._summary is not None:
            self.off_requested.emit(self._summary.id, not self._summary.is_off)
