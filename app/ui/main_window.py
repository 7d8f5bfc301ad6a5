"""The window's layout: sidebar, top bar, conversation, composer, status line. No decisions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import LocalModel
from app.core.models_entities import Download
from app.core.settings import Settings, declarations
from app.services.starter import can_fetch_starter
from app.ui.composer import Composer
from app.ui.downloads_view import overall_fraction
from app.ui.empty_page import EmptyPage
from app.ui.problem_view import Banner, Toast
from app.ui.sidebar import Sidebar
from app.ui.status_line import StatusLine
from app.ui.taskbar import Taskbar
from app.ui.theme import GAP, READING_WIDTH, Theme, app_icon
from app.ui.transcript import Transcript
from app.ui.window_state import WindowState, encoded
from app.ui.words import short_model_name, size_text

if TYPE_CHECKING:
    from app.ui.models_page import ModelsPage


class MainWindow(QMainWindow):
    """Holds the widgets and says what the person chose; the controller decides."""

    closing = Signal()
    model_chosen = Signal(object)  # Path
    setting_chosen = Signal(str, object)
    stop_requested = Signal()
    new_requested = Signal()
    hub_settings_requested = Signal()  # the dialog "Models and network"
    engine_settings_requested = Signal()  # the dialog "Model and answers"
    about_requested = Signal()
    crash_requested = Signal()  # the dialog with the last crash
    models_page_made = Signal(object)  # ModelsPage, empty still
    models_requested = Signal(str)  # the Models page, at a tab; empty: the one open last

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._settings = Settings()
        self.setWindowTitle("Inglenook")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(640, 480)
        room = self.screen().availableSize()
        self.resize(QSize(1080, 720).boundedTo(room * 0.95))
        self.sidebar = Sidebar(theme)
        self.transcript = Transcript(theme)
        self.empty = EmptyPage(can_fetch=can_fetch_starter())
        self.composer = Composer(theme)
        self.banner = Banner(theme)
        self.toast = Toast()
        self.status = StatusLine()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self.transcript)
        self._models_page: ModelsPage | None = None
        name = f"{QGuiApplication.desktopFileName()}.desktop"
        self._taskbar = Taskbar(name, lambda: int(self.winId()), self)
        self.models_requested.connect(self.show_models_page)
        self.sidebar.models_requested.connect(lambda: self.models_requested.emit(""))
        self.empty.find_requested.connect(lambda: self.models_requested.emit("catalogue"))
        self._chat_page: QWidget = self.empty
        self.pages.currentChanged.connect(self._page_changed)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.sidebar)
        self._splitter.addWidget(self._make_main())
        self._splitter.setSizes([250, 830])
        self._splitter.setStretchFactor(1, 1)
        self.sidebar.setMinimumWidth(160)
        self.setCentralWidget(self._splitter)
        self._make_shortcuts()
        theme.changed.connect(self._restyle)
        self._restyle()

    def _make_main(self) -> QWidget:
        main = QWidget()
        layout = QVBoxLayout(main)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._make_top_bar())
        layout.addWidget(self.pages, 1)
        column = QWidget()
        column.setMaximumWidth(READING_WIDTH)
        below = QVBoxLayout(column)
        below.setContentsMargins(0, 0, 0, 4)
        below.setSpacing(GAP)
        for widget in (self.banner, self.toast, self.composer):
            below.addWidget(widget)
        centred = QHBoxLayout()
        centred.setContentsMargins(GAP * 3, 0, GAP * 3, 0)
        centred.addStretch(1)
        centred.addWidget(column, 1000)  # takes all there is up to its limit
        centred.addStretch(1)
        layout.addLayout(centred)
        layout.addWidget(self.status)
        return main

    def _make_top_bar(self) -> QWidget:
        bar = QWidget()
        bar.setObjectName("topBar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.sidebar_button = _bar_button(self.tr("Show or hide the conversations (Ctrl+B)"))
        self.sidebar_button.clicked.connect(self._toggle_sidebar)
        self.model_button = _bar_button(self.tr("Model"))
        self.model_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.model_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # arrow after the name
        self.model_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.model_menu = QMenu(self)
        self.model_button.setMenu(self.model_menu)
        self.menu_button = _bar_button(self.tr("Menu"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self._make_menu())
        row = QHBoxLayout(bar)
        row.setContentsMargins(GAP, 6, GAP, 6)
        row.addWidget(self.sidebar_button)
        row.addWidget(self.model_button)
        row.addStretch(1)
        row.addWidget(self.menu_button)
        return bar

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        self._choices: dict[tuple[str, str], QAction] = {}
        for name, title in (("theme", self.tr("Theme")), ("language", self.tr("Language"))):
            sub = menu.addMenu(title)
            group = QActionGroup(sub)
            for value, label in declarations()[name].choices:
                action = sub.addAction(self._choice_label(label))
                action.setCheckable(True)
                group.addAction(action)
                action.triggered.connect(self._setting_chooser(name, value))
                self._choices[(name, value)] = action
        menu.addSeparator()
        self.offline_action = menu.addAction(self.tr("Offline"))
        self.offline_action.setCheckable(True)
        self.offline_action.triggered.connect(
            lambda is_on: self.setting_chosen.emit("is_offline", is_on)
        )
        self.engine_settings_action = menu.addAction(self.tr("Model and answers…"))
        self.engine_settings_action.setShortcut(QKeySequence("Ctrl+,"))  # Preferences on a Mac
        self.engine_settings_action.triggered.connect(self.engine_settings_requested)
        self.hub_settings_action = menu.addAction(self.tr("Models and network…"))
        self.hub_settings_action.triggered.connect(self.hub_settings_requested)
        menu.addSeparator()
        self.open_model_action = menu.addAction(self.tr("Open a model file…"))
        self.open_model_action.triggered.connect(self.ask_for_model)
        self.open_folder_action = menu.addAction(self.tr("Open the models folder"))
        self.unload_action = menu.addAction(self.tr("Unload the model"))
        menu.addSeparator()
        self.crash_action = menu.addAction(self.tr("Last crash…"))
        self.crash_action.triggered.connect(self.crash_requested)
        self.about_action = menu.addAction(self.tr("About Inglenook"))
        self.about_action.triggered.connect(self.about_requested)
        menu.addSeparator()
        close = menu.addAction(self.tr("Quit"))
        close.setShortcut(QKeySequence(QKeySequence.StandardKey.Quit))
        close.triggered.connect(self.close)
        return menu

    def _choice_label(self, label: str) -> str:
        return {
            "Follow the system": self.tr("Follow the system"),
            "Light": self.tr("Light"),
            "Dark": self.tr("Dark"),
        }.get(label, label)

    def _setting_chooser(self, name: str, value: str) -> Callable[[], None]:
        return lambda: self.setting_chosen.emit(name, value)

    def _make_shortcuts(self) -> None:
        for keys, signal in (
            (QKeySequence.StandardKey.New, self.new_requested),
            ("Esc", self.stop_requested),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(signal)
        QShortcut(QKeySequence("Ctrl+B"), self).activated.connect(self._toggle_sidebar)
        models = QShortcut(QKeySequence("Ctrl+M"), self)
        models.activated.connect(lambda: self.models_requested.emit(""))
        QShortcut(QKeySequence("Ctrl+L"), self).activated.connect(self.composer.setFocus)

    def show_settings(self, settings: Settings) -> None:
        """Tick the choices in force."""
        self._settings = settings
        for (name, value), action in self._choices.items():
            action.setChecked(getattr(settings, name) == value)
        self.offline_action.setChecked(settings.is_offline)

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
        self.sidebar.models_entry.setChecked(is_models)

    def show_title(self, title: str) -> None:
        """The open conversation in the window's title."""
        self.setWindowTitle(f"{title} – Inglenook" if title else "Inglenook")

    def show_models(self, models: Sequence[LocalModel], current: Path | None) -> None:
        """Fill the model chooser; broken files are listed with what is wrong, not selectable."""
        self.model_menu.clear()
        for model in models:
            facts = " · ".join(p for p in (model.quantization, size_text(model.size_bytes)) if p)
            action = self.model_menu.addAction(f"{short_model_name(model.path.name)}   {facts}")
            action.setCheckable(True)
            action.setChecked(model.path == current)
            action.setEnabled(model.is_read and model.problem is None)
            path = model.path
            action.triggered.connect(lambda _checked=False, p=path: self.model_chosen.emit(p))
            if model.problem is not None:
                action.setToolTip(model.problem.summary_text)
        self.model_menu.setToolTipsVisible(True)
        if models:
            self.model_menu.addSeparator()
        self.model_menu.addAction(self.tr("Open a model file…")).triggered.connect(
            self.ask_for_model
        )

    def show_model_name(self, name: str) -> None:
        """The name on the model button."""
        self.model_button.setText(short_model_name(name) or self.tr("Choose a model"))

    def ask_for_model(self) -> None:
        """The platform's file dialog, without blocking the window."""
        dialog = QFileDialog(self, self.tr("Open a model"), "", self.tr("Models (*.gguf)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.model_chosen.emit(Path(name)))
        dialog.open()

    def state(self, conversation_id: str) -> WindowState:
        """What to remember of this window."""
        return WindowState(
            geometry=encoded(bytes(self.saveGeometry().data())),
            splitter=encoded(bytes(self._splitter.saveState().data())),
            conversation_id=conversation_id,
            draft=self.composer.text.toPlainText(),
        )

    def restore(self, state: WindowState) -> None:
        """Take the place and size of the last time, where they still fit a screen."""
        if state.geometry:
            self.restoreGeometry(QByteArray(state.geometry_bytes()))
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

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _toggle_sidebar(self) -> None:
        self.sidebar.setVisible(not self.sidebar.isVisible())

    def _restyle(self) -> None:
        self.sidebar_button.setIcon(self._theme.icon("panel-left"))
        self.model_button.setIcon(self._theme.icon("chevron-down", self._theme.colours.muted))
        self.menu_button.setIcon(self._theme.icon("settings"))


def _bar_button(name: str) -> QToolButton:
    button = QToolButton()
    button.setIconSize(QSize(20, 20))
    button.setToolTip(name)
    button.setAccessibleName(name)
    return button
