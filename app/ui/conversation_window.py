"""Windows that show one conversation and nothing else, and the one that stands beside the main."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.ui.assistants.badge import AssistantBadge
from app.ui.chat_layout import centred_column
from app.ui.composer import Composer
from app.ui.focus_order import FocusOrder
from app.ui.memory.strip import LedgerStrip
from app.ui.problem_view import Banner, Toast
from app.ui.theme import GAP, Theme, app_icon
from app.ui.transcript import Transcript

OFFSET = 32  # pixels from one window to the next: the title of the one below can be read


class ChatWindow(FocusOrder, QMainWindow):
    """A window with messages, composer, and what there is to say about them.

    A QMainWindow, because a plain widget is no window to screen readers on Linux.
    """

    closing = Signal()
    files_dropped = Signal(list)  # Paths

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.column = QWidget()
        self.setCentralWidget(self.column)
        self.transcript = Transcript(theme)
        self.composer = Composer(theme)
        self.toast = Toast()
        self.banner = Banner(theme)
        self.banner.focus_left.connect(self.composer.setFocus)

    def focus_parts(self) -> Sequence[QWidget]:
        return (self.transcript, self.banner, self.toast, self.composer)

    def show_conversation_page(self, *, is_empty: bool) -> None:
        """The messages, or what stands there without any."""
        raise NotImplementedError

    def show_title(self, title: str) -> None:
        """The conversation in the window's title."""
        self.setWindowTitle(f"{title} – Inglenook" if title else "Inglenook")

    def come_to_front(self) -> None:
        """Show the window above others, also when it was minimised; the composer has the focus."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        self.composer.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.files_dropped.emit(files)


class ConversationWindow(ChatWindow):
    """Messages and composer beside the main window; tells when it goes."""

    assistant_wanted = Signal(str)  # the id of the one it is with: its place in the dialog

    def __init__(self, theme: Theme, place: QRect | None = None) -> None:
        """`place`: where the one before stands, of which this one keeps a little away."""
        super().__init__(theme)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumSize(360, 320)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setProperty("role", "muted")
        self.pages = QStackedWidget()
        self.pages.addWidget(self._empty)
        self.pages.addWidget(self.transcript)
        layout = QVBoxLayout(self.column)
        layout.setContentsMargins(0, 0, 0, GAP)
        layout.setSpacing(0)
        self.badge = AssistantBadge(theme)
        self.badge.clicked.connect(lambda: self.assistant_wanted.emit(self.badge.assistant_id))
        layout.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.pages, 1)
        self.ledger = LedgerStrip(theme)
        layout.addLayout(centred_column((self.banner, self.toast, self.ledger, self.composer)))
        self.resize(QSize(760, 640).boundedTo(self.screen().availableSize() * 0.9))
        if place is not None:
            self.setGeometry(_beside(place))
        self._say()
        self.show_title("")

    def focus_parts(self) -> Sequence[QWidget]:
        return (self.badge, self.transcript, self.banner, self.toast, self.ledger, self.composer)

    def show_conversation_page(self, *, is_empty: bool) -> None:
        """The messages, or a word where there are none."""
        self.pages.setCurrentWidget(self._empty if is_empty else self.transcript)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _say(self) -> None:
        self._empty.setText(self.tr("Ask something."))


def _beside(place: QRect) -> QRect:
    """As large as `place`, a little away from it; where the screen ends, from its edge again."""
    moved = place.translated(OFFSET, OFFSET)
    screen = QGuiApplication.screenAt(place.center()) or QGuiApplication.primaryScreen()
    room = screen.availableGeometry()
    if moved.right() > room.right():
        moved.moveLeft(room.left() + OFFSET)
    if moved.bottom() > room.bottom():
        moved.moveTop(room.top() + OFFSET)
    return moved
