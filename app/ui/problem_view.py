"""The one way to show a problem of the app: a banner with what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.ui.announce import announce
from app.ui.elided_button import ElidedButton
from app.ui.elided_label import ElidedLabel
from app.ui.flow import FlowLayout
from app.ui.theme import GAP, Theme, code_font
from app.ui.words import action_of, summary_of

Offer = tuple[str, Callable[[], None]]
Offers = Sequence[Offer] | Callable[[], Sequence[Offer]]  # called, again in another language


class Banner(QFrame):
    """Summary, action, buttons that do it, and the technical details on demand."""

    closed = Signal()
    focus_left = Signal()  # it is closed and had the focus, which must go somewhere sensible

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self.problem: Problem | None = None
        self._icon = QLabel()
        self._summary = _text_label()
        self._summary.setProperty("role", "danger")
        self._action = _text_label()
        self._close = QToolButton()
        self._offers: Offers = ()
        self._close.clicked.connect(self.clear)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setFont(code_font())
        self._details.setFixedHeight(120)
        self._details.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons = FlowLayout()
        self._buttons.setSpacing(GAP)
        self._words = _Scroll()
        words = QVBoxLayout(self._words.ground)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(self._summary)
        words.addWidget(self._action)
        words.addSpacing(GAP)
        words.addLayout(self._buttons)
        words.addWidget(self._details)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 10, GAP, 10)
        layout.setSpacing(10)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._say()
        self.hide()

    def show_problem(self, problem: Problem, offers: Offers = ()) -> None:
        """Show `problem`; each offer is a button that closes the banner and does it."""
        self.problem, self._offers = problem, offers
        self._details.setPlainText(problem.details)
        self._details.hide()
        self._say()
        self.show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self._close.setToolTip(self.tr("Close"))
        self._close.setAccessibleName(self.tr("Close"))
        if self.problem is not None:
            self._summary.setText(summary_of(self.problem))
            self._action.setText(action_of(self.problem))
            self.setAccessibleName(self._summary.text())
            self._show_buttons(self.problem)
            self._words.updateGeometry()

    def _show_buttons(self, problem: Problem) -> None:
        """The buttons anew; the one in the same place has the focus that one had before."""
        focused = [button.hasFocus() for button in self.buttons()]
        self._clear_buttons()
        offers = self._offers() if callable(self._offers) else self._offers
        for number, (label, do) in enumerate(offers):
            button = ElidedButton(label)
            button.setProperty("primary", number == 0)
            button.clicked.connect(self.clear)
            button.clicked.connect(do)
            self._buttons.addWidget(button)
        if problem.details:
            show = QPushButton(self.tr("Details"))
            show.clicked.connect(self._turn_details)
            copy = QPushButton(self.tr("Copy"))
            copy.clicked.connect(self._copy)
            self._buttons.addWidget(show)
            self._buttons.addWidget(copy)
        for shown, had_focus in zip(self.buttons(), focused, strict=False):
            if had_focus:
                shown.setFocus()
        announce(self, f"{self._summary.text()} {self._action.text()}", is_urgent=True)

    def clear(self) -> None:
        """Hide it."""
        if self.problem is not None:
            focus = QApplication.focusWidget()
            has_focus = focus is not None and self.isAncestorOf(focus)
            self.problem = None
            self.hide()
            self.closed.emit()
            if has_focus:
                self.focus_left.emit()

    def clear_about(self, *families: str) -> None:
        """Hide it if its problem is of one of `families`, the first part of a code."""
        if self.problem is not None and self.problem.code.split(".")[0] in families:
            self.clear()

    def buttons(self) -> list[QPushButton]:
        """The buttons on show, offers first."""
        items = [self._buttons.itemAt(i) for i in range(self._buttons.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QPushButton)]

    def _turn_details(self) -> None:
        self._details.setVisible(not self._details.isVisible())
        self._words.updateGeometry()

    def _copy(self) -> None:
        if self.problem is not None:
            p = self.problem
            QGuiApplication.clipboard().setText(
                f"{p.code}: {p.summary_text} {p.action_text}\n{p.details}"
            )

    def _clear_buttons(self) -> None:
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _restyle(self) -> None:
        colours = self._theme.colours
        self._icon.setPixmap(self._theme.icon("circle-alert", colours.danger).pixmap(20, 20))
        self._close.setIcon(self._theme.icon("x", colours.muted))


class _Scroll(QScrollArea):
    """As high as what is in it; where large type needs more than there is, it scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ground = QWidget()
        self.setWidget(self.ground)
        for part in (self.viewport(), self.ground):
            part.setAutoFillBackground(False)  # that of the banner shows through

    def sizeHint(self) -> QSize:
        layout = self.ground.layout()
        height = layout.heightForWidth(max(1, self.viewport().width())) if layout else 0
        return QSize(200, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, min(self.sizeHint().height(), 5 * self.fontMetrics().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


class Toast(QFrame):
    """A note at the bottom that something was done, if need be with the way back; for a while."""

    undone = Signal()

    SHOWN_MS = 10_000

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self._label = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.button = QPushButton()
        self.button.clicked.connect(self.undo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 4, 10, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._pass)
        self._say()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self.button.setText(self.tr("Undo"))

    def show_text(self, text: str, *, with_undo: bool = False) -> None:
        """Show `text` for a while."""
        self.button.setVisible(with_undo)
        self._label.setText(text)
        self.show()
        self._timer.start(self.SHOWN_MS)
        words = self.tr("{text}. Undo with Ctrl+Z") if with_undo else "{text}"
        announce(self, words.replace("{text}", text))

    def undo(self) -> None:
        """Take it back, as far as it can be; also after the note has gone."""
        self._timer.stop()
        self.hide()
        self.undone.emit()

    def _pass(self) -> None:
        """Its time is over, unless somebody is about to press its button."""
        if self.button.hasFocus():
            self._timer.start(self.SHOWN_MS)
        else:
            self.hide()


def _text_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setMinimumWidth(1)  # a long path is cut rather than widening the window
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
