"""The dialog "Import": conversations from files of Inglenook and of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.services.exchange import Imported, KnownPlace, Preview
from app.ui.exchange_parts import Underway, counted
from app.ui.flow import FlowLayout
from app.ui.models_parts import TextButton, breakable, label, set_role
from app.ui.setting_fields import title
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, number_text, summary_of

MOST_LINES = 8  # of details, before they scroll


class ImportDialog(QDialog):
    """Not modal. Says what was chosen; the control looks and imports."""

    paths_chosen = Signal(list)  # list[Path]
    import_agreed = Signal(object)  # Preview
    cancel_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Import conversations"))
        self.setModal(False)
        self._theme = theme
        self._preview: Preview | None = None
        self._make_sources()
        self._make_preview()
        self.underway = Underway(theme)
        self.underway.cancel_requested.connect(self.cancel_requested)
        self.outcome = label()
        self.outcome.hide()
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName(self.tr("What could not be read"))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.details.hide()
        close = TextButton(theme, self.tr("Close"))
        close.clicked.connect(self.close)
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(close)
        words = self.tr(
            "From an archive or JSON file of Inglenook, a data export of ChatGPT (the .zip as it"
            " came), and the files of LM Studio, Jan, GPT4All, Open WebUI and llama.cpp. What is"
            " here already is not imported again, and nothing is sent anywhere."
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        layout.addWidget(label(words, role="muted"))
        layout.addLayout(self._choosers)
        layout.addWidget(self.places)
        for widget in (self.underway, self.found, self.outcome, self.details):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(bottom)
        room = self.screen().availableSize()
        self.resize(min(540, room.width()), min(400, room.height()))

    def _make_sources(self) -> None:
        self.files = TextButton(self._theme, self.tr("Choose files…"), "file-plus")
        self.folder = TextButton(self._theme, self.tr("Choose a folder…"), "folder-open")
        self.files.clicked.connect(lambda: self._ask(is_folder=False))
        self.folder.clicked.connect(lambda: self._ask(is_folder=True))
        self._choosers = FlowLayout()
        self._choosers.setSpacing(GAP)
        self._choosers.addWidget(self.files)
        self._choosers.addWidget(self.folder)
        self.places = QWidget()
        self._places = QVBoxLayout(self.places)
        self._places.setContentsMargins(0, GAP, 0, 0)
        self._places.setSpacing(4)
        self._places.addWidget(title(self.tr("Found on this computer")))
        self.place_buttons: dict[str, TextButton] = {}
        self.places.hide()

    def _make_preview(self) -> None:
        self.found = QFrame()
        self.found.setObjectName("note")
        self.counts = label(weight=QFont.Weight.DemiBold)
        self.doubts = label(role="muted", size=SMALL)
        self.agree = TextButton(self._theme, self.tr("Import"), "download", is_primary=True)
        self.agree.clicked.connect(self._agree)
        row = QHBoxLayout()
        row.addWidget(self.counts, 1)
        row.addWidget(self.agree)
        items = QVBoxLayout(self.found)
        items.setContentsMargins(12, 10, 12, 10)
        items.addLayout(row)
        items.addWidget(self.doubts)
        self.found.hide()

    def show_places(self, places: Sequence[KnownPlace]) -> None:
        """Folders of other programs that hold conversations."""
        for place in places:
            if place.origin in self.place_buttons:
                continue
            words = self.tr("Look")
            button = TextButton(self._theme, words, "search")
            button.setAccessibleName(f"{words}: {place.origin}")
            button.clicked.connect(
                lambda _checked=False, folder=place.folder: self.paths_chosen.emit([folder])
            )
            names = QVBoxLayout()
            names.setSpacing(0)
            names.addWidget(label(place.origin))
            names.addWidget(label(breakable(_at_home(place.folder)), role="muted", size=SMALL))
            row = QHBoxLayout()
            row.addLayout(names, 1)
            row.addWidget(button)
            self._places.addLayout(row)
            self.place_buttons[place.origin] = button
        self.places.setVisible(bool(self.place_buttons))

    def begin_look(self) -> None:
        """Files are being looked at."""
        self._forget()
        self.underway.begin(self.tr("Looking…"))
        self._set_busy(is_busy=True)

    def look_progress(self, count: int) -> None:
        """So many were found so far."""
        words = self.tr("Looking… {count} so far").replace("{count}", counted(count))
        self.underway.progress(words, 0, 0)

    def show_preview(self, preview: Preview) -> None:
        """What would be imported."""
        self._end()
        self._preview = preview
        lines = [f"{name}: {counted(count)}" for name, count in preview.counts]
        self.counts.setText("\n".join(lines))
        words = self.tr("Cannot be read, and is left out: {count}")
        self.doubts.setText(words.replace("{count}", number_text(preview.skipped)))
        self.doubts.setVisible(preview.skipped > 0)
        self.found.show()
        self.agree.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_import(self) -> None:
        """Conversations are coming in."""
        self._forget()
        self.underway.begin(self.tr("Importing…"))
        self._set_busy(is_busy=True)

    def import_progress(self, done: int, total: int) -> None:
        """So many of so many are done with."""
        self.underway.progress(self.tr("Importing…"), done, total)

    def finish(self, text: str, imported: Imported | None) -> None:
        """How it ended."""
        self._end()
        role = "warn" if imported is not None and imported.skipped else "good"
        self._say(text, role, imported.reasons if imported is not None else ())

    def show_problem(self, problem: Problem) -> None:
        """Why nothing is imported."""
        self._end()
        reasons = problem.details.splitlines()
        self._say(f"{summary_of(problem)} {action_of(problem)}", "bad", reasons)

    def reset(self) -> None:
        """As when it was opened first."""
        if self.underway.isHidden():
            self._forget()

    def _say(self, text: str, role: str, reasons: Sequence[str]) -> None:
        self.outcome.setText(breakable(text))
        set_role(self.outcome, role)
        self.outcome.setVisible(bool(text))
        self.details.setPlainText("\n".join(reasons))
        lines = min(len(reasons), MOST_LINES) + 1
        self.details.setFixedHeight(self.details.fontMetrics().lineSpacing() * lines + GAP * 2)
        self.details.setVisible(bool(reasons))

    def _forget(self) -> None:
        self._preview = None
        self.found.hide()
        self._say("", "good", ())

    def _end(self) -> None:
        self.underway.end()
        self._set_busy(is_busy=False)

    def _set_busy(self, *, is_busy: bool) -> None:
        for button in (self.files, self.folder, *self.place_buttons.values()):
            button.setEnabled(not is_busy)

    def _agree(self) -> None:
        if self._preview is not None:
            self.import_agreed.emit(self._preview)

    def _ask(self, *, is_folder: bool) -> None:
        dialog = QFileDialog(self, self.tr("Choose what to import"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if is_folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
            names = self.tr("Conversations")
            dialog.setNameFilters([f"{names} (*.zip *.json *.chat)", self.tr("All files (*)")])
        dialog.filesSelected.connect(
            lambda paths: self.paths_chosen.emit([Path(path) for path in paths])
        )
        dialog.open()


def _at_home(path: Path) -> str:
    """Shorter, where it is in the person's home folder."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)
