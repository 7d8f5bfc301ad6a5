"""The dialog of all settings: sections at the side, a search over all of them; applies at once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.settings import Settings
from app.ui.choice import Choice
from app.ui.engine_settings_answers import AnswersPage
from app.ui.engine_settings_model import ModelPage
from app.ui.engine_settings_parts import ReloadBar
from app.ui.hub_settings import HubSettings
from app.ui.models_parts import TextButton, label
from app.ui.setting_fields import Field
from app.ui.settings_memory_page import MemoryPage
from app.ui.settings_pages import DeclaredPage
from app.ui.settings_part import Page, line
from app.ui.theme import GAP, Theme

READABLE_EMS = 26  # the sections are at the side where so much is left for the page


class SettingsDialog(QDialog):
    """Not modal: a chat can go on beside it. Says what was chosen; the controls apply it."""

    changed = Signal(str, object)  # a setting and its new value
    reset_requested = Signal(object)  # tuple of names of settings: their defaults shall come back
    language_changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setModal(False)
        self.answers = AnswersPage(theme)
        self.model = ModelPage(theme)
        self.network = HubSettings(theme)
        self.reload_bar = ReloadBar(theme)
        self.declared = self._make_declared(theme)
        look, write, reach, memory = self.declared
        self.pages: tuple[Page, ...] = (
            look,
            write,
            self.answers,
            memory,
            self.model,
            self.network,
            reach,
        )
        self._section = look.section
        self._make_layout(theme)
        for page in self.pages:
            page.reset_requested.connect(self._reset_page)
        for page in self.declared:
            page.changed.connect(self.changed)
        for field in self.fields():
            field.reset_requested.connect(lambda name: self.reset_requested.emit((name,)))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(
            self._begin_search
        )
        room = self.screen().availableSize()
        self.resize(min(820, room.width()), min(720, int(room.height() * 0.9)))
        self.show_section(self._section)

    def _make_declared(
        self, theme: Theme
    ) -> tuple[DeclaredPage, DeclaredPage, DeclaredPage, DeclaredPage]:
        return (
            DeclaredPage(
                theme,
                "appearance",
                self.tr("Appearance"),
                (
                    (self.tr("Colours"), ("theme", "accent")),
                    (self.tr("Text and motion"), ("font_percent", "reduced_motion")),
                ),
            ),
            DeclaredPage(theme, "conversation", self.tr("Conversation")),
            DeclaredPage(theme, "window", self.tr("Window and keys")),
            MemoryPage(theme),
        )

    def _make_layout(self, theme: Theme) -> None:
        names = [page.accessibleName() for page in self.pages]
        self.sections = QListWidget()
        self.sections.setObjectName("sectionList")
        self.sections.setAccessibleName(self.tr("Sections"))
        self.sections.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.sections.addItems(names)
        self.sections.currentRowChanged.connect(self._choose_row)
        self.chooser = Choice(theme, self.tr("Sections"))  # in their place in a narrow window
        self.chooser.addItems(names)
        self.chooser.activated.connect(self._choose_row)
        self.search = QLineEdit()
        self.search.setProperty("field", True)
        self.search.setPlaceholderText(self.tr("Search the settings"))
        self.search.setAccessibleName(self.tr("Search the settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.nothing = label(self.tr("No setting is called like that."), role="muted")
        self.nothing.setContentsMargins(GAP * 3, GAP * 3, GAP * 3, GAP)
        head = QHBoxLayout()
        head.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP)
        head.setSpacing(GAP)
        head.addWidget(self.chooser, 1)
        head.addWidget(self.search, 1)
        around = QHBoxLayout()
        around.setContentsMargins(GAP * 2, GAP, GAP * 2, GAP)
        around.addWidget(self.reload_bar)
        self._around = QWidget()
        self._around.setLayout(around)
        close = TextButton(theme, self.tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP)
        hint = self.tr("Changes apply at once; of the answers, from the next one on.")
        self._hint = label(hint, role="muted")
        bottom.setSpacing(GAP * 2)
        bottom.addWidget(self._hint, 1)
        bottom.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(head)
        right.addWidget(self._make_area(), 1)
        right.addWidget(line())
        right.addWidget(self._around)
        right.addLayout(bottom)
        self._around.hide()
        self._side = QFrame()
        self._side.setObjectName("sidebar")
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.addWidget(self.sections)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._side)
        layout.addLayout(right, 1)

    def _make_area(self) -> QScrollArea:
        column = QWidget()
        items = QVBoxLayout(column)
        items.setContentsMargins(0, 0, 0, GAP)
        items.setSpacing(0)
        items.addWidget(self.nothing)
        for page in self.pages:
            items.addWidget(page)
        items.addStretch(1)
        self.area = QScrollArea()
        self.area.setAccessibleName(self.tr("Settings"))
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidgetResizable(True)
        self.area.setWidget(column)
        return self.area

    def fields(self) -> Sequence[Field]:
        """Every field of every page, in order."""
        return [field for page in self.pages for field in page.findChildren(Field)]

    def show_settings(self, settings: Settings) -> None:
        """The values in force on the pages that need to know nothing else."""
        for page in self.declared:
            page.show_settings(settings)

    def show_reload(self, is_needed: bool, *, is_answering: bool) -> None:
        """Whether a change waits for the model to be loaded again."""
        self.reload_bar.show_need(is_needed, is_answering=is_answering)
        self._around.setVisible(is_needed)

    @property
    def section(self) -> str:
        """The section on show, or the one that a search has in its place."""
        return self._section

    def show_section(self, section: str) -> None:
        """Open one section, from its beginning; a search is over."""
        self._section = section
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._find("")
        self.area.verticalScrollBar().setValue(0)

    def show_setting(self, name: str) -> None:
        """Open the section of one setting and go to it, with the keyboard."""
        for field in self.fields():
            if field.name == name:
                self.show_section(field.declaration.section)
                QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
                self.area.ensureWidgetVisible(field)
                field.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _find(self, text: str) -> None:
        terms = text.casefold().split()
        shown = 0
        for page in self.pages:
            is_found = page.look_for(terms)
            is_shown = is_found if terms else page.section == self._section
            page.setVisible(is_shown)
            shown += is_shown
        self.nothing.setVisible(not shown)
        row = -1 if terms else [page.section for page in self.pages].index(self._section)
        self.sections.blockSignals(True)
        self.sections.setCurrentRow(row)
        self.sections.blockSignals(False)
        self.chooser.setCurrentIndex(row)
        self.area.verticalScrollBar().setValue(0)

    def _choose_row(self, row: int) -> None:
        if row >= 0:
            self.show_section(self.pages[row].section)

    def _begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _reset_page(self, names: tuple[str, ...]) -> None:
        for field in self.fields():
            if field.name in names:
                field.forget_typed()
        self.reset_requested.emit(names)

    def _arrange(self) -> None:
        """Sections at the side, or above in a window too narrow for both."""
        metrics = self.sections.fontMetrics()
        widest = max(metrics.horizontalAdvance(page.accessibleName()) for page in self.pages)
        for row in range(self.sections.count()):
            self.sections.item(row).setSizeHint(QSize(0, metrics.lineSpacing() + 2 * GAP + 2))
        list_width = widest + 6 * GAP
        is_narrow = self.width() < list_width + metrics.horizontalAdvance("M") * READABLE_EMS
        self.sections.setFixedWidth(list_width)
        self._hint.setVisible(not is_narrow)
        self._side.setVisible(not is_narrow)
        self.chooser.setVisible(is_narrow)

    def minimumSizeHint(self) -> QSize:
        """Anything smaller is left to the desktop; nothing on a page asks for more."""
        return QSize(360, 320)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes what was typed; it does not close the dialog. Escape ends a search first."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Take what was typed where the person goes elsewhere; keep up with size and language."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.network.take_typed()
        elif event.type() == QEvent.Type.LanguageChange:
            self.language_changed.emit()
        elif event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            QTimer.singleShot(0, self, self._arrange)  # what is in it hears of it after this
        super().changeEvent(event)
