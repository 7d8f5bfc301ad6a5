"""Asks for a name, such as of a new folder or tag, without stopping the window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.ui.models_parts import TextButton, label
from app.ui.sidebar_model import NAME_LENGTH
from app.ui.theme import GAP, Theme


class NameQuestion(QDialog):
    """Open it with `open`; `named` follows, or nothing where it is cancelled."""

    named = Signal(str)

    def __init__(
        self,
        theme: Theme,
        title: str,
        question: str,
        known: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.field = QLineEdit()
        self.field.setProperty("field", True)
        self.field.setMaxLength(NAME_LENGTH)
        self.field.setAccessibleName(question)
        self.field.textChanged.connect(self._typed)
        self.field.returnPressed.connect(self._done)
        if known:
            completer = QCompleter(list(known), self)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            self.field.setCompleter(completer)
        self.make_button = TextButton(theme, self.tr("Create"), is_primary=True)
        self.make_button.setEnabled(False)
        self.make_button.clicked.connect(self._done)
        cancel = TextButton(theme, self.tr("Cancel"))
        cancel.clicked.connect(self.reject)
        for button in (self.make_button, cancel):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.make_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 2, GAP * 2, GAP * 2, GAP * 2)
        layout.setSpacing(GAP)
        words = label(question, wraps=False)
        words.setBuddy(self.field)
        layout.addWidget(words)
        layout.addWidget(self.field)
        layout.addSpacing(4)
        layout.addLayout(buttons)
        self.resize(max(340, self.sizeHint().width()), self.sizeHint().height())
        self.field.setFocus()

    def _typed(self, text: str) -> None:
        self.make_button.setEnabled(bool(text.strip()))

    def _done(self) -> None:
        name = " ".join(self.field.text().split())
        if name:
            self.accept()
            self.named.emit(name)
