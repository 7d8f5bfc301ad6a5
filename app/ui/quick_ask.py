"""The small window for a quick question: above all others, its answer below what is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QCursor,
    QGuiApplication,
    QHideEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.entities import Draft
from app.services.app import AppServices
from app.ui.chat_session import ChatSession
from app.ui.conversation_window import ChatWindow
from app.ui.theme import GAP, READING_WIDTH, Theme

WIDTH, MOST_HEIGHT = 560, 480  # pixels at the usual size of text
EDGE = 12  # pixels around everything
FIRST_ANSWER = 96  # pixels of an answer's place before there is text in it
FROM_TOP = 5  # the window begins at this part of the screen's height: a fifth from the top
KEPT_S = 300.0  # an answer, or a question not asked yet, is still there for so long
DRAFT_KEY = "quick"


class QuickAskWindow(ChatWindow):
    """Composer, and below it the answer once there is one; as high as it needs."""

    open_requested = Signal()  # in the main window
    hidden = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._theme = theme
        self._scale = 1.0
        self.setWindowFlags(
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.open_button = QPushButton()
        self.open_button.clicked.connect(self.open_requested)
        self._hint = QLabel()
        self._hint.setProperty("role", "muted")
        self._foot = QWidget()
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._hint, 1)
        row.addWidget(self.open_button)
        layout = QVBoxLayout(self.column)
        layout.setContentsMargins(EDGE, EDGE, EDGE, EDGE)
        layout.setSpacing(GAP)
        for part in (self.composer, self.banner, self.toast, self.transcript, self._foot):
            layout.addWidget(part)
        self.transcript.verticalScrollBar().rangeChanged.connect(self._make_room)
        theme.changed.connect(self._restyle)
        self._say()
        self.show_title("")
        self.show_conversation_page(is_empty=True)

    def focus_parts(self) -> Sequence[QWidget]:
        return (self.composer, self.banner, self.toast, self.transcript, self._foot)

    def show_conversation_page(self, *, is_empty: bool) -> None:
        """The answer below the question, or only the place for a question."""
        if is_empty or self.transcript.isHidden():
            self.transcript.setFixedHeight(FIRST_ANSWER)
        self.transcript.setVisible(not is_empty)
        self._foot.setVisible(not is_empty)
        self.fit()

    def show_answering(self, *, is_answering: bool) -> None:
        """What Esc does now."""
        self._hint.setText(self.tr("Esc stops") if is_answering else self.tr("Esc closes"))

    def place(self, font_percent: int) -> None:
        """Where a person looks: the middle of the screen with the pointer, in its upper third."""
        self._scale = max(1.0, font_percent / 100)
        room = self._room()
        width = min(int(WIDTH * self._scale), READING_WIDTH + 2 * EDGE, room.width() - 2 * GAP)
        self.setFixedWidth(width)
        self.fit()
        self.move(room.left() + (room.width() - width) // 2, room.top() + room.height() // FROM_TOP)

    def fit(self) -> None:
        """As high as what is in it."""
        layout = self.column.layout()
        if layout is None:
            return
        layout.activate()
        height = (
            layout.totalHeightForWidth(self.width())
            if layout.hasHeightForWidth()
            else layout.totalSizeHint().height()
        )
        if height != self.height():
            self.setFixedHeight(height)

    def event(self, event: QEvent) -> bool:
        """A part wants another height: the banner comes, the question has one line more."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return done

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()  # it lives as long as the app
        self.hide()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hidden.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        handle = self.windowHandle()
        if event.button() == Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()  # there is no title to take it by

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.colours.frame))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _make_room(self, _least: int, hidden: int) -> None:
        """The answer has grown by `hidden` pixels that cannot be seen."""
        if hidden <= 0 or self.transcript.isHidden():
            return
        shown = self.transcript.height()
        most = int(min(MOST_HEIGHT * self._scale, self._room().height() * 0.75))
        left = most - (self.height() - shown)
        if left > shown:
            self.transcript.setFixedHeight(min(left, shown + hidden))

    def _room(self) -> QRect:
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        return screen.availableGeometry()

    def _restyle(self) -> None:
        self.fit()
        self.update()

    def _say(self) -> None:
        self.open_button.setText(self.tr("Open in Inglenook"))
        self.show_answering(is_answering=False)
        self.setAccessibleName(self.tr("Quick question"))


class QuickAsk(QObject):
    """The window with its conversation: empty each time, unless the last answer is fresh."""

    open_requested = Signal(str)  # a conversation, in the main window
    spoken = Signal(str)

    def __init__(self, services: AppServices, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._used_at = 0.0  # monotonic seconds: the last answer, or the end of the last look
        self.window = QuickAskWindow(theme)
        self.session = ChatSession(self.window, services, theme, DRAFT_KEY)
        self.session.spoken.connect(self.spoken)
        self.session.answering_changed.connect(self._note_answer)
        self.window.open_requested.connect(self._open_in_main)
        self.window.hidden.connect(self._note_draft)
        for keys, action in (
            ("Esc", self._escape),
            ("Ctrl+W", self.window.hide),
            ("Ctrl+N", self._empty),
            ("Ctrl+Return", self._open_in_main),
        ):
            QShortcut(QKeySequence(keys), self.window).activated.connect(action)
        self.session.open("")

    def toggle(self, bring_to_front: Callable[[QWidget], None] | None = None) -> None:
        """Show it in front of everything, or hide it where it is that already."""
        if self.window.isVisible() and self.window.isActiveWindow():
            self.window.hide()
            return
        if not self.window.isVisible():
            if not self._is_fresh():
                self._empty()
            self.window.place(self._services.settings().font_percent)
        self.window.come_to_front()
        if bring_to_front is not None:
            bring_to_front(self.window)

    def close(self) -> None:
        """The app ends."""
        self.window.composer.set_draft(Draft())  # what nobody asked is not asked next time
        self.session.close()
        self.window.hide()
        self.window.deleteLater()

    def _is_fresh(self) -> bool:
        return self.session.chat.is_answering or time.monotonic() - self._used_at < KEPT_S

    def _empty(self) -> None:
        self.window.composer.set_draft(Draft())
        self.window.banner.clear()
        self.session.control.drafts.save()
        self.session.open("")

    def _escape(self) -> None:
        if not self.session.stop():
            self.window.hide()

    def _open_in_main(self) -> None:
        conversation_id = self.session.conversation_id
        if conversation_id:
            self.window.hide()
            self.open_requested.emit(conversation_id)
            self._used_at = 0.0
            self._empty()

    def _note_answer(self, is_answering: bool) -> None:
        self._used_at = time.monotonic()
        self.window.show_answering(is_answering=is_answering)

    def _note_draft(self) -> None:
        if self.window.composer.draft() != Draft():
            self._used_at = time.monotonic()
