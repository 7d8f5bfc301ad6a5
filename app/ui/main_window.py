"""The window's layout: sidebar, top bar, conversation, composer, status line. No decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QFileDialog,
    QMainWindow,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import LocalModel
from app.core.models_entities import Download
from app.core.settings import Settings
from app.services.starter import can_fetch_starter
from app.ui.chat_layout import centred_column
from app.ui.composer import Composer
from app.ui.downloads_view import overall_fraction
from app.ui.empty_page import EmptyPage
from app.ui.focus_order import FocusOrder
from app.ui.memory.strip import LedgerStrip
from app.ui.problem_view import Banner, Toast
from app.ui.sidebar import Sidebar
from app.ui.status_line import StatusLine
from app.ui.taskbar import Taskbar
from app.ui.theme import Theme, app_icon
from app.ui.top_bar import TopBar
from app.ui.transcript import Transcript
from app.ui.window_state import WindowState, encoded

if TYPE_CHECKING:
    from app.ui.models_page import ModelsPage


class MainWindow(FocusOrder, QMainWindow):
    """Holds the widgets and says what the person chose; the controller decides."""

    closing = Signal()
    model_chosen = Signal(object)  # Path
    setting_chosen = Signal(str, object)
    new_requested = Signal()
    stop_requested = Signal()
    files_dropped = Signal(list)  # Paths
    hub_settings_requested = Signal()  # the dialog "Models and network"
    engine_settings_requested = Signal()  # the dialog "Model and answers"
    about_requested = Signal()
    crash_requested = Signal()  # the dialog with the last crash
    models_page_made = Signal(object)  # ModelsPage, empty still
    models_requested = Signal(str)  # the Models page, at a tab; empty: the one open last
    language_changed = Signal()  # texts are taken anew; what is in this window does so by itself

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setWindowTitle("Inglenook")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(640, 480)
        room = self.screen().availableSize()
        self.resize(QSize(1080, 720).boundedTo(room * 0.95))
        self.sidebar = Sidebar(theme)
        self.transcript = Transcript(theme)
        self.empty = EmptyPage(can_fetch=can_fetch_starter())
        self.composer = Composer(theme)
        self.ledger = LedgerStrip(theme)
        self.banner = Banner(theme)
        self.toast = Toast()
        self.status = StatusLine()
        self.pages = QStackedWidget()
        # a banner in large type has its room in any case; both pages scroll
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.transcript)
        self._models_page: ModelsPage | None = None
        self.collapsed: set[str] = set()  # headings of the sidebar
        self._before_zen: tuple[tuple[bool, ...], Qt.WindowState] | None = None
        name = f"{QGuiApplication.desktopFileName()}.desktop"
        self._taskbar = Taskbar(name, lambda: int(self.winId()), self)
        self.models_requested.connect(self.show_models_page)
        self.sidebar.collapsed_changed.connect(self._note_collapsed)
        self.sidebar.models_requested.connect(lambda: self.models_requested.emit(""))
        self.empty.find_requested.connect(lambda: self.models_requested.emit("catalogue"))
        self.is_ending = False
        self.stays_in_tray: Callable[[], bool] = lambda: False  # whether closing only hides it
        self._chat_page: QWidget = self.empty
        self.pages.currentChanged.connect(self._page_changed)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(self._make_main())
        self.sidebar.lower()  # first for screen readers and for Tab, as it is on the screen
        self._splitter.setSizes([250, 830])
        self._splitter.setStretchFactor(1, 1)
        self.sidebar.setMinimumWidth(160)
        self.setCentralWidget(self._splitter)
        self.setAcceptDrops(True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            # what is made anew then is not taken apart while Qt still tells the others
            QTimer.singleShot(0, self, self.language_changed.emit)

    def _make_main(self) -> QWidget:
        main = QWidget()
        layout = QVBoxLayout(main)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_top_bar())
        layout.addWidget(self.pages, 1)
        layout.addLayout(centred_column((self.banner, self.toast, self.ledger, self.composer)))
        layout.addWidget(self.status)
        return main

    def _make_top_bar(self) -> QWidget:
        bar = self._top_bar = TopBar(self._theme, self)
        self.sidebar_button, self.menu_button = bar.sidebar_button, bar.menu_button
        self.model_button, self.model_menu = bar.model_button, bar.model_menu
        self.badge = bar.badge
        self.menu = bar.menu
        self.sidebar_button.clicked.connect(self.toggle_sidebar)
        bar.model_chosen.connect(self.model_chosen)
        bar.file_wanted.connect(self.ask_for_model)
        self._connect_menu()
        return bar

    def _connect_menu(self) -> None:
        menu = self.menu
        menu.setting_chosen.connect(self.setting_chosen)
        menu.engine_settings.triggered.connect(self.engine_settings_requested)
        menu.hub_settings.triggered.connect(self.hub_settings_requested)
        menu.open_model.triggered.connect(self.ask_for_model)
        menu.crash.triggered.connect(self.crash_requested)
        menu.about.triggered.connect(self.about_requested)
        menu.quit.triggered.connect(self.quit)
        menu.zen.triggered.connect(self.toggle_zen)

    def focus_parts(self) -> Sequence[QWidget]:
        around = (self.banner, self.toast, self.ledger, self.composer)
        return (self.sidebar, self._top_bar, self.pages, *around)

    def show_settings(self, settings: Settings) -> None:
        """Tick the choices in force."""
        self.menu.show_settings(settings)

    @property
    def models_page(self) -> ModelsPage:
        """Made when it is first asked for: a start needs none of it."""
        if self._models_page is None:
            from app.ui.models_page import ModelsPage

            self._models_page = ModelsPage(self._theme)
            self._models_page.closed.connect(self.show_chat)
            self.pages.addWidget(self._models_page)
            self.models_page_made.emit(self._models_page)
        return self._models_page

    def renew_models_page(self) -> None:
        """Make it anew where there is one, as in another language; it shows what it showed."""
        old = self._models_page
        if old is None:
            return
        is_shown, had_focus = self.shows_models, old.isAncestorOf(self.focusWidget() or self)
        self._models_page = None
        new = self.models_page
        new.take_over(old)
        if is_shown:
            self.pages.setCurrentWidget(new)
        if had_focus:
            new.open_tab(new.tab)
        self.pages.removeWidget(old)
        old.deleteLater()

    @property
    def has_models_page(self) -> bool:
        """Whether it has been made."""
        return self._models_page is not None

    @property
    def shows_models(self) -> bool:
        """Whether the Models page is in the place of the conversation."""
        return self._models_page is not None and self.pages.currentWidget() is self._models_page

    def show_models_page(self, tab: str = "") -> None:
        """The Models page in the place of the conversation, at `tab` or where it was left."""
        if tab or not self.shows_models:
            self.pages.setCurrentWidget(self.models_page)
            self.models_page.open_tab(tab or self.models_page.tab)

    def show_chat(self) -> None:
        """Back from the Models page to what was open before."""
        if self.shows_models:
            self.pages.setCurrentWidget(self._chat_page)
            self.composer.setFocus()

    def show_download_progress(self, downloads: Sequence[Download]) -> None:
        """How far all downloads are together, in the sidebar and the taskbar."""
        fraction = overall_fraction(downloads)
        progress = -1.0 if fraction is None else fraction
        self.sidebar.models_entry.show_progress(progress)
        self._taskbar.show_progress(progress)

    def _page_changed(self) -> None:
        page = self.pages.currentWidget()
        is_models = self.shows_models
        if page is not None and not is_models:
            self._chat_page = page
        self.composer.setVisible(not is_models)
        self.ledger.set_place_open(not is_models)
        self.sidebar.models_entry.setChecked(is_models)

    def show_conversation_page(self, *, is_empty: bool) -> None:
        """The conversation in the place of whatever is open."""
        self.pages.setCurrentWidget(self.empty if is_empty else self.transcript)

    def show_title(self, title: str) -> None:
        """The open conversation in the window's title."""
        self.setWindowTitle(f"{title} – Inglenook" if title else "Inglenook")

    def show_models(self, models: Sequence[LocalModel], current: Path | None) -> None:
        """Fill the model chooser."""
        self._top_bar.show_models(models, current)

    def show_model_name(self, name: str) -> None:
        """The name on the model button; empty where there is none."""
        self._top_bar.show_name(name)

    def ask_for_model(self) -> None:
        """The platform's file dialog, without blocking the window."""
        dialog = QFileDialog(self, self.tr("Open a model"), "", self.tr("Models (*.gguf)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.model_chosen.emit(Path(name)))
        dialog.open()

    def state(self, conversation_id: str, draft: str) -> WindowState:
        """What to remember of this window."""
        return WindowState(
            geometry=encoded(bytes(self.saveGeometry().data())),
            splitter=encoded(bytes(self._splitter.saveState().data())),
            conversation_id=conversation_id,
            draft=draft,
            collapsed="\n".join(sorted(self.collapsed)),
        )

    def restore(self, state: WindowState) -> None:
        """Take the place and size of the last time, where they still fit a screen."""
        if state.geometry:
            self.restoreGeometry(QByteArray(state.geometry_bytes()))
        self.collapsed = set(state.collapsed.split())
        self.sidebar.set_collapsed(self.collapsed)
        if state.splitter:
            self._splitter.restoreState(QByteArray(state.splitter_bytes()))

    def come_to_front(self) -> None:
        """Show the window above others, also when it was minimised."""
        self.setWindowState(
            (self.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive
        )
        self.show()
        self.raise_()
        self.activateWindow()

    def quit(self) -> None:
        """End the app, also where closing the window would only hide it."""
        if not self.is_ending:
            self.is_ending = True
            self.close()
            QGuiApplication.quit()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.is_ending and self.stays_in_tray():
            event.ignore()
            self.hide()
            return
        self.closing.emit()
        super().closeEvent(event)

    def _note_collapsed(self, keys: set[str]) -> None:
        self.collapsed = set(keys)

    def toggle_sidebar(self) -> None:
        """Show or hide the conversations."""
        self.sidebar.setVisible(not self.sidebar.isVisible())

    @property
    def is_zen(self) -> bool:
        """Whether there is nothing but the conversation."""
        return self._before_zen is not None

    def toggle_zen(self) -> None:
        """Nothing but the conversation, on the whole screen; and back to what was before."""
        around: tuple[QWidget, ...] = (self.sidebar, self._top_bar, self.status)
        if self._before_zen is None:
            self._before_zen = tuple(widget.isVisible() for widget in around), self.windowState()
            for widget in around:
                widget.hide()
            self.showFullScreen()
        else:
            (shown, state), self._before_zen = self._before_zen, None
            for widget, was_shown in zip(around, shown, strict=True):
                widget.setVisible(was_shown)
            self.setWindowState(state)
        self.composer.setFocus()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            self.files_dropped.emit(files)
