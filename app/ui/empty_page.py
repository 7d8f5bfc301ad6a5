"""What stands where a conversation will be: a greeting, or what to do when there is no model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.ui.theme import GAP, Theme, app_icon


class EmptyPage(QWidget):
    """A calm page: title, one paragraph, and buttons for the likeliest next steps."""

    suggestion_chosen = Signal(str)
    choose_file_requested = Signal()
    open_folder_requested = Signal()
    look_again_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        logo = QLabel()
        logo.setPixmap(app_icon().pixmap(64, 64))
        logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        font = self._title.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        font.setWeight(font.Weight.DemiBold)
        self._title.setFont(font)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setProperty("role", "muted")
        self._text.setMaximumWidth(520)
        self._suggestions = self._make_suggestions()
        self._no_model = self._make_no_model()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 3, GAP * 3, GAP * 3)
        layout.setSpacing(GAP + 4)
        layout.addStretch(2)
        layout.addWidget(logo)
        layout.addWidget(self._title)
        layout.addWidget(self._text, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(GAP)
        layout.addWidget(self._suggestions, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._no_model, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self._text.setMinimumWidth(min(520, 400))
        self.show_greeting(is_starter=False)

    def show_greeting(self, *, is_starter: bool) -> None:
        """Ready to talk; honest about the tiny starter model."""
        self._title.setText(self.tr("What would you like to talk about?"))
        self._text.setText(
            self.tr(
                "Everything stays on this computer. The starter model is tiny: it answers at "
                "once, and it makes mistakes."
            )
            if is_starter
            else self.tr("Everything stays on this computer.")
        )
        self._suggestions.show()
        self._no_model.hide()

    def show_no_model(self, folder: str) -> None:
        """Nothing can answer yet: say where models go."""
        self._title.setText(self.tr("No model on this computer yet"))
        self._text.setText(
            self.tr(
                "Inglenook needs a model, a file whose name ends in .gguf. Put one into {folder}, "
                "or choose one from elsewhere."
            ).replace("{folder}", folder)
        )
        self._suggestions.hide()
        self._no_model.show()

    def _make_suggestions(self) -> QWidget:
        box = QWidget()
        row = QVBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for text in (
            self.tr("Explain why the sky is blue, in three sentences"),
            self.tr("Write a Python function that reverses a list"),
            self.tr("Suggest a dinner with rice and eggs"),
        ):
            button = QPushButton(text)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, t=text: self.suggestion_chosen.emit(t))
            row.addWidget(button)
        return box

    def _make_no_model(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for text, signal in (
            (self.tr("Choose a model file…"), self.choose_file_requested),
            (self.tr("Open the models folder"), self.open_folder_requested),
            (self.tr("Look again"), self.look_again_requested),
        ):
            button = QPushButton(text)
            button.setProperty("primary", signal is self.choose_file_requested)
            button.clicked.connect(signal)
            row.addWidget(button)
        return box
