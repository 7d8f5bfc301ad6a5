"""One thing that is remembered, or proposed to be: its text, where it comes from, what to do."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout

from app.core.remembered import Fact, FactState
from app.ui.models_parts import IconButton, TextButton, label
from app.ui.theme import GAP, SMALL, Theme, text_font

MOST = 500  # characters


class FactRow(QFrame):
    """The text becomes a field when it is edited; Enter takes it, Escape does not."""

    kept = Signal()
    refused = Signal()
    deleted = Signal()
    edited = Signal(str)
    source_wanted = Signal()

    def __init__(self, theme: Theme, fact: Fact) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.fact = fact
        self.text = label()
        self.field = _Field(fact.text)
        self.field.returnPressed.connect(self._take)
        self.field.left.connect(self._cancel)
        self.field.hide()
        self.when = label(role="muted", size=SMALL, wraps=False)
        self.source = QToolButton()
        self.source.setProperty("role", "link")
        self.source.setFont(text_font(SMALL))
        self.source.setText(self.tr("Show where"))
        self.source.clicked.connect(self.source_wanted)
        self.keep = TextButton(theme, self.tr("Keep"), is_primary=True)
        self.refuse = TextButton(theme, self.tr("Not this"))
        self.edit = IconButton(theme, "pencil", self.tr("Edit"))
        self.delete = IconButton(theme, "trash-2", self.tr("Delete"))
        self.keep.clicked.connect(self.kept)
        self.refuse.clicked.connect(self.refused)
        self.edit.clicked.connect(self._edit)
        self.delete.clicked.connect(self.deleted)
        self._make_layout()
        self.show_fact(fact)

    def _make_layout(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.text)
        words.addWidget(self.field)
        below = QHBoxLayout()
        below.addWidget(self.when)
        below.addWidget(self.source)
        below.addStretch(1)
        words.addLayout(below)
        is_proposed = self.fact.state is FactState.PROPOSED
        choice = QHBoxLayout()
        choice.setSpacing(GAP)
        for button in (self.keep, self.refuse):
            button.setAutoDefault(False)
            choice.addWidget(button)
        choice.addStretch(1)
        words.addLayout(choice)
        self.keep.setVisible(is_proposed)
        self.refuse.setVisible(is_proposed)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, GAP, 8)
        row.setSpacing(4)
        row.addLayout(words, 1)
        row.addWidget(self.edit)
        row.addWidget(self.delete)
        self.delete.setVisible(not is_proposed)

    def show_fact(self, fact: Fact) -> None:
        """The same fact as it is now."""
        self.fact = fact
        self.text.setText(fact.text)
        day = QDateTime.fromSecsSinceEpoch(int(fact.created_at.timestamp())).date()
        date = QLocale().toString(day, QLocale.FormatType.ShortFormat)
        words = self.tr("Found on {date}") if fact.source_id else self.tr("Written on {date}")
        self.when.setText(words.replace("{date}", date))
        self.source.setVisible(fact.source_id is not None)
        self.setAccessibleName(fact.text)
        for button, name in (
            (self.keep, self.tr("Keep “{fact}”")),
            (self.refuse, self.tr("Do not remember “{fact}”")),
            (self.edit, self.tr("Edit “{fact}”")),
            (self.delete, self.tr("Forget “{fact}”")),
            (self.source, self.tr("Show the message that “{fact}” comes from")),
        ):
            button.setAccessibleName(name.replace("{fact}", fact.text))

    def has_focus(self) -> bool:
        """Whether the keyboard is in it."""
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def take_focus(self) -> None:
        """Give the keyboard to the first of its buttons."""
        (self.edit if self.keep.isHidden() else self.keep).setFocus()

    def _edit(self) -> None:
        self.field.setText(self.fact.text)
        self.field.show()
        self.text.hide()
        self.field.setFocus()
        self.field.selectAll()

    def _take(self) -> None:
        text = " ".join(self.field.text().split())
        is_other = bool(text) and text != self.fact.text
        self._cancel()
        if is_other:
            self.edited.emit(text)

    def _cancel(self) -> None:
        had_focus = self.field.hasFocus()
        self.field.hide()
        self.text.show()
        if had_focus:
            self.edit.setFocus()


class _Field(QLineEdit):
    """Says when it is left without Enter."""

    left = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setProperty("field", True)
        self.setMaxLength(MOST)
        self.setAccessibleName(self.tr("What to remember"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
