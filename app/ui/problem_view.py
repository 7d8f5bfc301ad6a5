"""The one way to show a problem of the app: a banner with what happened and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.ui.flow import FlowLayout
from app.ui.theme import GAP, Theme, code_font
from app.ui.words import action_of, summary_of

Offer = tuple[str, Callable[[], None]]
WIDEST = 520  # pixels of a note; the narrowest window leaves so many beside the sidebar closed


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
        self._close.setToolTip(self.tr("Close"))
        self._close.setAccessibleName(self.tr("Close"))
        self._close.clicked.connect(self.clear)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setFont(code_font())
        self._details.setFixedHeight(120)
        self._details.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons = FlowLayout()
        self._buttons.setSpacing(GAP)
        words = QVBoxLayout()
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
        layout.addLayout(words, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def show_problem(self, problem: Problem, offers: Sequence[Offer] = ()) -> None:
        """Show `problem`; each offer is a button that closes the banner and does it."""
        self.problem = problem
        self._summary.setText(summary_of(problem))
        self._action.setText(action_of(problem))
        self._details.setPlainText(problem.details)
        self._details.hide()
        self._clear_buttons()
        for number, (label, do) in enumerate(offers):
            button = QPushButton(label)
            button.setProperty("primary", number == 0)
            button.clicked.connect(self.clear)
            button.clicked.connect(do)
            self._buttons.addWidget(button)
        if problem.details:
            show = QPushButton(self.tr("Details"))
            show.clicked.connect(lambda: self._details.setVisible(not self._details.isVisible()))
            copy = QPushButton(self.tr("Copy"))
            copy.clicked.connect(self._copy)
            self._buttons.addWidget(show)
            self._buttons.addWidget(copy)
        self.setAccessibleName(self._summary.text())
        self.show()

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


class Toast(QFrame):
    """A note at the bottom that something was done, if need be with the way back; for a while."""

    undone = Signal()

    SHOWN_MS = 10_000

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self._label = QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton(self.tr("Undo"))
        self.button.clicked.connect(self._undo)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 4, 4, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(self.button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def show_text(self, text: str, *, with_undo: bool = False) -> None:
        """Show `text` for a while."""
        self.button.setVisible(with_undo)
        metrics = self._label.fontMetrics()
        self._label.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, WIDEST))
        self.show()
        self._timer.start(self.SHOWN_MS)

    def _undo(self) -> None:
        self._timer.stop()
        self.hide()
        self.undone.emit()


def _text_label() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setMinimumWidth(1)  # a long path is cut rather than widening the window
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
