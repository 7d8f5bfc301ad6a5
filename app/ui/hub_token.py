"""The access token in the settings: enter, see where it is kept and whose it is, forget."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from app.core.errors import Problem
from app.ui.models_parts import Confirm, TextButton, label, set_role
from app.ui.setting_fields import title
from app.ui.settings_part import Part
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, summary_of


class TokenPart(Part):
    """Never shows a stored token; what is typed leaves the field as soon as it is kept."""

    entered = Signal(str)
    check_requested = Signal()
    forget_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._place = ""
        self._sent = ""
        self.editor = QLineEdit()
        self.editor.setProperty("field", True)
        self.editor.setEchoMode(QLineEdit.EchoMode.Password)
        self.editor.setAccessibleName(self.tr("Access token"))
        self.editor.editingFinished.connect(self._enter)
        self.check = TextButton(theme, self.tr("Check"))
        self.check.setToolTip(self.tr("Asks the hub whose token it is"))
        self.check.clicked.connect(self._check)
        self.forget = TextButton(theme, self.tr("Forget"))
        self.forget.clicked.connect(self._forget)
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(self.forget_requested)
        self.place = label(role="muted", size=SMALL)
        self.result = label(size=SMALL)
        self.result.hide()
        help_words = self.tr(
            "Only for models whose makers ask who you are. Make one that may only read, "
            "at huggingface.co/settings/tokens."
        )
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.editor, 1)
        row.addWidget(self.check)
        row.addWidget(self.forget)
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(4)
        items.addWidget(title(self.tr("Access token")))
        items.addLayout(row)
        hint = label(help_words, role="muted", size=SMALL)
        for widget in (self.result, self.confirm, self.place, hint):
            items.addWidget(widget)
        self.show_place("")

    def words(self) -> Sequence[str]:
        """What a search finds it by."""
        return (self.editor.accessibleName(), "Access token", "Hugging Face", "HF_TOKEN")

    def show_place(self, place: str) -> None:
        """Where the token is: 'keyring', 'file', 'environment'; empty: there is none."""
        self._place = place
        self.place.setText(
            {
                "keyring": self.tr("Kept in this computer's keyring."),
                "file": self.tr(
                    "Kept in the file of the Hub library, readable by you alone; other programs "
                    "use it too."
                ),
                "environment": self.tr("Comes from the environment variable HF_TOKEN."),
            }.get(place, self.tr("There is no token; most models need none."))
        )
        hint = self.tr("Stored; type to replace it") if place else self.tr("hf_…")
        self.editor.setPlaceholderText(hint)
        self.forget.setEnabled(place in ("keyring", "file"))
        self.check.setEnabled(True)

    def show_kept(self, place: str) -> None:
        """It is stored: the field forgets it."""
        self.editor.clear()
        self._sent = ""
        self.result.hide()
        self.show_place(place)

    def show_user(self, name: str) -> None:
        """Whose token it is."""
        self._say(self.tr("The hub knows you as {name}.").replace("{name}", name), "good")

    def show_problem(self, problem: Problem) -> None:
        """Why that is not known, or the token could not be stored."""
        self._sent = ""
        self._say(f"{summary_of(problem)} {action_of(problem)}", "bad")

    def _say(self, text: str, role: str) -> None:
        self.result.setText(text)
        set_role(self.result, role)
        self.result.show()
        self.check.setEnabled(True)

    def _enter(self) -> None:
        text = self.editor.text().strip()
        if text and text != self._sent:  # leaving the field and a button may both bring us here
            self._sent = text
            self.entered.emit(text)

    def _check(self) -> None:
        self._enter()  # the keyboard may have brought us here without leaving the field
        self._say(self.tr("Asking…"), "muted")
        self.check.setEnabled(False)
        self.check_requested.emit()

    def _forget(self) -> None:
        question = self.tr("Forget the access token on this computer?")
        if self._place == "file":
            question = self.tr("Forget the access token? Other programs that use it lose it too.")
        self.confirm.ask(question, self.tr("Forget it"))
