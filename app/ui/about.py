"""The dialog "About Inglenook": version, build, what it is made with, and a newer release."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, QSize, Qt, QTimer, Signal, qVersion
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.build import FROM_SOURCE, LICENCE, Build, system_words
from app.core.crashes import without_home
from app.core.errors import Problem
from app.core.paths import Paths
from app.services.crashes import software_words
from app.services.updates import Release
from app.ui.models_parts import BREAK, IconButton, TextButton, breakable, label, set_role
from app.ui.theme import GAP, TITLE, Theme, app_icon
from app.ui.words import summary_of

ICON, WIDTH = 64, 560  # pixels
COPIED_MS = 2000


class About(QDialog):
    """Not modal. Says what the person asked for; who opens and asks is `HelpControl`."""

    open_requested = Signal(object)  # Path: a file or folder
    page_requested = Signal(str)  # the address of the release
    look_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        paths: Paths,
        build: Build,
        third_party: Path,
        engine_version: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Inglenook"))
        self.setModal(False)
        self._theme, self._build, self._engine_version = theme, build, engine_version
        self._url = ""
        self._facts = QGridLayout()
        self._facts.setColumnStretch(1, 1)
        self._facts.setHorizontalSpacing(GAP * 3)
        self._facts.setVerticalSpacing(GAP)
        self.copy = TextButton(theme, self.tr("Copy"), "copy")
        self.copy.setToolTip(self.tr("Copy these facts, for a bug report"))
        self.copy.clicked.connect(self._copy)
        self.third_party = TextButton(theme, self.tr("Third-party licences"))
        self.third_party.setVisible(third_party.is_file())
        self.third_party.clicked.connect(lambda: self.open_requested.emit(third_party))
        self._add_facts(paths)
        self._make_update_part()
        self._make_layout()
        self._fit()

    def _fit(self) -> None:
        """As high as what there is to read, as far as the screen goes; an answer is in view."""
        room = self.screen().availableSize()
        width = min(WIDTH, room.width())
        layout = self._page.layout()
        assert layout is not None
        need = layout.heightForWidth(width) + self._bottom.sizeHint().height() + GAP * 2
        self.resize(width, min(max(need, self.height()), int(room.height() * 0.92)))
        layout.activate()
        last = self.page if self.page.isVisible() else self.answer
        if last.isVisible():
            QTimer.singleShot(0, self, lambda: self._area.ensureWidgetVisible(last))

    def _add_facts(self, paths: Paths) -> None:
        kind = self.tr("from source") if self._build.kind == FROM_SOURCE else self._build.kind
        build = self._build.words.replace(self._build.kind, kind, 1)
        self._add(self.tr("Build"), build)
        self._add(self.tr("Made with"), software_words(qVersion(), self._engine_version))
        self._add(self.tr("System"), system_words())
        self._add(self.tr("Licence"), LICENCE)
        self.folders: dict[str, IconButton] = {}
        for name, folder in ((self.tr("Data folder"), paths.data), (self.tr("Logs"), paths.logs)):
            words = self.tr("Open {folder}").replace("{folder}", str(folder))
            button = IconButton(self._theme, "folder-open", words)
            button.setFixedSize(button.sizeHint())
            button.clicked.connect(lambda _checked=False, f=folder: self.open_requested.emit(f))
            self.folders[name] = button
            self._add(name, breakable(without_home(str(folder))), button)

    def _add(self, name: str, value: str, button: QWidget | None = None) -> None:
        row = self._facts.rowCount()
        title = label(name, role="muted", wraps=False)
        top = Qt.AlignmentFlag.AlignTop if button is None else Qt.AlignmentFlag.AlignVCenter
        self._facts.addWidget(title, row, 0, top)
        text = label(value)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setAccessibleName(f"{name}: {value}".replace(BREAK, ""))
        self._facts.addWidget(text, row, 1)
        if button is not None:
            self._facts.addWidget(button, row, 2)
            self._facts.setRowMinimumHeight(row, button.height())

    def _make_update_part(self) -> None:
        self.look = TextButton(self._theme, self.tr("Look for a newer version"), "refresh-cw")
        self.look.clicked.connect(self.look_requested)
        self.answer = label()
        self.address = label(role="muted")
        self.address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.page = TextButton(self._theme, self.tr("Open its page"), is_primary=True)
        self.page.clicked.connect(lambda: self.page_requested.emit(self._url))
        self.look.setVisible(bool(self._build.releases))
        for part in (self.answer, self.address, self.page):
            part.hide()

    def _make_layout(self) -> None:
        self._page = QWidget()
        items = QVBoxLayout(self._page)
        items.setContentsMargins(GAP * 3, GAP * 3, GAP * 3, GAP * 2)
        items.setSpacing(GAP * 2)
        items.addLayout(self._head())
        items.addWidget(_line())
        items.addLayout(self._facts)
        items.addWidget(self.third_party)
        update = QVBoxLayout()
        update.setSpacing(GAP)
        for part in (self.look, self.answer, self.address, self.page):
            update.addWidget(part)
        items.addLayout(update)
        items.addStretch(1)
        self._area = area = QScrollArea()
        area.setAccessibleName(self.tr("Facts about this program"))
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(self._page)
        close = TextButton(self._theme, self.tr("Close"))
        close.clicked.connect(self.close)
        self._bottom = bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP)
        bottom.addWidget(self.copy)
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addWidget(_line())
        layout.addLayout(bottom)
        close.setFocus()

    def _head(self) -> QHBoxLayout:
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(ICON, ICON), self.devicePixelRatioF()))
        version = self.tr("Version {version}").replace("{version}", self._build.version)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("Inglenook", size=TITLE, weight=QFont.Weight.DemiBold))
        words.addWidget(label(version))
        motto = self.tr("Chat with open language models on your own computer, offline.")
        words.addWidget(label(motto, role="muted"))
        head = QHBoxLayout()
        head.setSpacing(GAP * 2)
        head.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        return head

    # the newest release

    def show_looking(self) -> None:
        """It is being asked for."""
        self.look.setEnabled(False)
        self._say(self.tr("Looking…"), "muted")

    def show_release(self, release: Release | None) -> None:
        """What came back; None: it made no sense."""
        if release is None:
            self._say(self.tr("The answer describes no version."), "warn")
        elif not release.is_newer:
            words = self.tr("You have the newest version: {version} is the last one released.")
            self._say(words.replace("{version}", release.version), "good")
        else:
            words = self.tr("Version {version} is out.")
            if release.day is not None:
                words = self.tr("Version {version} is out ({date}).")
                day = QLocale().toString(release.day, QLocale.FormatType.LongFormat)  # type: ignore[call-overload]
                words = words.replace("{date}", day)
            self._say(words.replace("{version}", release.version), "good")
            self._url = release.url
            self.address.setText(breakable(release.url))
            self.address.show()
            self.page.show()
        self._fit()

    def show_problem(self, problem: Problem) -> None:
        """Why nobody knows."""
        self._say(summary_of(problem), "bad")
        self._fit()

    def _say(self, words: str, role: str) -> None:
        self.look.setEnabled(role != "muted")
        self.answer.setText(words)
        set_role(self.answer, role)
        self.answer.show()
        self.address.hide()
        self.page.hide()

    def _copy(self) -> None:
        """In English: it is for those who read bug reports."""
        lines = (
            f"Inglenook {self._build.version} ({self._build.words})",
            software_words(qVersion(), self._engine_version),
            system_words(),
        )
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
        self.copy.setText(self.tr("Copied"))
        QTimer.singleShot(COPIED_MS, self, lambda: self.copy.setText(self.tr("Copy")))


def _line() -> QFrame:
    line = QFrame()
    line.setObjectName("splitLine")
    line.setFixedHeight(1)
    return line
