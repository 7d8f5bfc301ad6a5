"""The search field of the sidebar, and what it found in place of the list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListView, QVBoxLayout, QWidget

from app.core.entities import SearchHit
from app.ui.announce import announce
from app.ui.models_parts import label
from app.ui.sidebar_results import ResultList, ResultPainter
from app.ui.theme import GAP, SMALL, Theme

TYPING_MS = 60  # after a key, before what is typed is looked for


class SearchField(QLineEdit):
    """Tells what is looked for shortly after typing, at once where it is emptied."""

    search_requested = Signal(str)
    emptied = Signal()
    left = Signal()  # Esc
    down_pressed = Signal()  # to the results, or to the list

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setProperty("field", True)
        self.setMaxLength(500)
        self._icon = QAction(self)
        self.addAction(self._icon, QLineEdit.ActionPosition.LeadingPosition)
        self._icon.triggered.connect(self.setFocus)
        self._clear = QAction(self)
        self._clear.triggered.connect(self.clear)
        self.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING_MS)
        self._timer.timeout.connect(self._ask)
        self.textChanged.connect(self._typed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._translate()

    @property
    def words(self) -> str:
        """What is looked for; empty for nothing."""
        return self.text().strip()

    def event(self, event: QEvent) -> bool:
        """Esc ends a search; without one it is the window's, which stops an answer."""
        if _asks_for_escape(event) and self.text():
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.down_pressed.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._timer.stop()
            self._ask()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()

    def _typed(self) -> None:
        self._clear.setVisible(bool(self.text()))
        if self.words:
            self._timer.start()
        else:
            self._timer.stop()
            self.emptied.emit()

    def _ask(self) -> None:
        if self.words:
            self.search_requested.emit(self.words)

    def _restyle(self) -> None:
        muted = self._theme.colours.muted
        self._icon.setIcon(self._theme.icon("search", muted))
        self._clear.setIcon(self._theme.icon("x", muted))
        self._clear.setVisible(bool(self.text()))

    def _translate(self) -> None:
        self.setPlaceholderText(self.tr("Search"))
        self.setAccessibleName(self.tr("Search in all conversations"))
        self.setToolTip(self.tr("Search in all conversations (Ctrl+Shift+F)"))
        self._icon.setText(self.tr("Search"))
        self._clear.setText(self.tr("Clear the search"))
        self._clear.setToolTip(self.tr("Clear the search"))


class ResultsPane(QWidget):
    """How much was found, and what."""

    hit_opened = Signal(str, str, str)  # conversation, message or "", what was looked for
    left_upwards = Signal()  # Up on the first row
    left = Signal()  # Esc

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.text = ""  # what the results on show are of
        self.model = ResultList(self)
        self.summary = label(role="muted", size=SMALL)
        self.summary.setContentsMargins(GAP * 2 + 2, 4, GAP * 2, 4)
        self.view = _ResultView(self.model)
        self.view.setItemDelegate(ResultPainter(theme, self.view))
        self.view.opened.connect(self._open)
        self.view.left_upwards.connect(self.left_upwards)
        self.view.left.connect(self.left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.summary)
        layout.addWidget(self.view, 1)
        theme.changed.connect(self.view.viewport().update)
        self._translate()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self.view.setAccessibleName(self.tr("Search results"))

    def show_hits(self, text: str, hits: Sequence[SearchHit]) -> None:
        """The answer for `text`."""
        self.text = text
        self.model.show(hits)
        self.view.scrollToTop()
        if not hits:
            words = self.tr("Nothing found for “{text}”.").replace("{text}", text)
        elif len(hits) == 1:
            words = self.tr("One result")
        else:
            words = self.tr("%Ln results", "", len(hits))
        self.view.setVisible(bool(hits))
        self.summary.setAlignment(
            Qt.AlignmentFlag.AlignVCenter if hits else Qt.AlignmentFlag.AlignTop
        )
        if words != self.summary.text():
            self.summary.setText(words)
            announce(self, words)

    def enter(self) -> None:
        """Go to the first result with the keyboard."""
        if self.model.rowCount():
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)
            self.view.setCurrentIndex(self.model.index(0))

    def _open(self, index: QModelIndex) -> None:
        result = self.model.result(index)
        if result is not None:
            self.hit_opened.emit(result.conversation_id, result.message_id or "", self.text)


class _ResultView(QListView):
    """Results, opened by click or Enter."""

    opened = Signal(QModelIndex)
    left_upwards = Signal()
    left = Signal()

    def __init__(self, model: ResultList) -> None:
        super().__init__()
        self.setObjectName("conversationList")  # the same look
        self.setModel(model)
        self.setMouseTracking(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.clicked.connect(self.opened)

    def event(self, event: QEvent) -> bool:
        """Esc leaves the results."""
        if _asks_for_escape(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Up and self.currentIndex().row() <= 0:
            self.left_upwards.emit()
        else:
            super().keyPressEvent(event)


def _asks_for_escape(event: QEvent) -> bool:
    """Whether Qt asks, before the window's shortcuts, if Esc is wanted here."""
    is_asking = event.type() == QEvent.Type.ShortcutOverride
    return is_asking and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
