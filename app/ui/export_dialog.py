"""The dialog "Export": which conversations, as what, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.services.exchange_files import Format, suggested_name
from app.ui.exchange_parts import Underway, counted
from app.ui.models_parts import BESIDE_BOX, TextButton, breakable, label, set_role
from app.ui.setting_fields import title
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, summary_of

SCOPES = ("these", "all")


class ExportDialog(QDialog):
    """Not modal. Says what was chosen; the control exports."""

    order_made = Signal(list, object, object, bool)  # ids, Format, Path, with the reasoning
    cancel_requested = Signal()
    folder_requested = Signal(object)  # Path: show it

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export conversations"))
        self.setModal(False)
        self._theme = theme
        self._these: list[str] = []
        self._all: list[str] = []
        self._name = ""
        self._written: Path | None = None
        self._make_end()
        self._make_choices()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(6)
        layout.addWidget(title(self.tr("What")))
        for scope in SCOPES:
            layout.addWidget(self.scopes[scope])
        layout.addSpacing(GAP)
        layout.addWidget(title(self.tr("As")))
        for kind in Format:
            pair = QVBoxLayout()
            pair.setSpacing(0)
            pair.addWidget(self.formats[kind])
            pair.addWidget(self._sentences[kind])
            layout.addLayout(pair)
        layout.addSpacing(GAP)
        layout.addWidget(self.reasoning)
        layout.addSpacing(GAP)
        layout.addWidget(self.underway)
        layout.addWidget(self.outcome)
        layout.addSpacing(GAP)
        layout.addStretch(1)
        layout.addLayout(self._buttons)
        self.show_choice([], [], "")
        room = self.screen().availableSize()
        self.resize(min(520, room.width()), min(self.sizeHint().height(), room.height()))

    def _make_choices(self) -> None:
        self.scopes = {scope: QRadioButton() for scope in SCOPES}
        self._scope_group = QButtonGroup(self)
        self._format_group = QButtonGroup(self)
        for scope in self.scopes.values():
            self._scope_group.addButton(scope)
            scope.toggled.connect(self._fit)
        words = {
            Format.MARKDOWN: (self.tr("Markdown"), self.tr("Plain text that any editor opens.")),
            Format.HTML: (self.tr("Web page"), self.tr("One file with pictures and colours.")),
            Format.PDF: (self.tr("PDF"), self.tr("Pages to read, print and send.")),
            Format.JSON: (self.tr("JSON"), self.tr("Every branch, for programs and to come back.")),
            Format.ARCHIVE: (
                self.tr("Archive (.zip)"),
                self.tr("Everything in one file: a backup, or for another computer."),
            ),
        }
        self.formats = {kind: QRadioButton(words[kind][0]) for kind in Format}
        self._sentences = {kind: label(words[kind][1], role="muted", size=SMALL) for kind in Format}
        for kind, button in self.formats.items():
            self._format_group.addButton(button)
            self._sentences[kind].setIndent(BESIDE_BOX)
            button.setAccessibleDescription(words[kind][1])
            button.toggled.connect(self._fit)
        self.reasoning = QCheckBox(self.tr("With what the model thought before it answered"))
        self.reasoning.setChecked(True)
        self.formats[Format.MARKDOWN].setChecked(True)

    def _make_end(self) -> None:
        self.underway = Underway(self._theme)
        self.underway.cancel_requested.connect(self.cancel_requested)
        self.outcome = label()
        self.outcome.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.outcome.hide()
        self.show_folder = TextButton(self._theme, self.tr("Show in folder"), "folder-open")
        self.show_folder.clicked.connect(self._ask_for_folder)
        self.show_folder.hide()
        self.close_button = TextButton(self._theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        self.export = TextButton(self._theme, self.tr("Export…"), "download", is_primary=True)
        self.export.clicked.connect(self._choose_target)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP)
        self._buttons.addWidget(self.show_folder)
        self._buttons.addStretch(1)
        self._buttons.addWidget(self.close_button)
        self._buttons.addWidget(self.export)

    @property
    def ids(self) -> list[str]:
        """The conversations that would be exported."""
        return list(self._these if self.scopes["these"].isChecked() else self._all)

    @property
    def format(self) -> Format:
        """As what."""
        return next(kind for kind, button in self.formats.items() if button.isChecked())

    def show_choice(self, these: Sequence[str], everything: Sequence[str], name: str) -> None:
        """What may be exported: the ones asked for (`name` is the title of just one), or all."""
        self._these, self._all, self._name = list(these), list(everything), name
        one, several = self.tr("This one: {title}"), self.tr("The {count} chosen")
        words = one.replace("{title}", name) if len(these) == 1 else several
        self.scopes["these"].setText(_short(words.replace("{count}", counted(len(these)))))
        self.scopes["these"].setVisible(bool(these))
        every = self.tr("All: {count}").replace("{count}", counted(len(everything)))
        self.scopes["all"].setText(every)
        self.scopes["these" if these else "all"].setChecked(True)
        self._say_result("")
        self._fit()

    def begin(self) -> None:
        """It is under way."""
        self._say_result("")
        self.underway.begin(self.tr("Exporting…"))
        self._fit()

    def progress(self, done: int, total: int) -> None:
        """So many of so many are written."""
        self.underway.progress(self.tr("Exporting…"), done, total if total > 1 else 0)

    def finish(self, text: str, written: Path | None, role: str = "good") -> None:
        """How it ended, and what was written."""
        self.underway.end()
        self._written = written
        self._say_result(text, role)
        self._fit()
        if written is not None:
            self.show_folder.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_problem(self, problem: Problem) -> None:
        """Why there is no export."""
        self.finish(f"{summary_of(problem)} {action_of(problem)}", None, "bad")

    def _say_result(self, text: str, role: str = "good") -> None:
        self.outcome.setText(breakable(text))
        set_role(self.outcome, role)
        self.outcome.setVisible(bool(text))
        self.show_folder.setVisible(bool(text) and self._written is not None)

    def _fit(self) -> None:
        """What can be chosen now."""
        is_busy = not self.underway.isHidden()
        is_whole = self.format.is_whole
        self.reasoning.setEnabled(not is_whole and not is_busy)
        self.reasoning.setToolTip(self.tr("It always holds everything.") if is_whole else "")
        self.export.setEnabled(bool(self.ids) and not is_busy)
        for button in (*self.scopes.values(), *self.formats.values()):
            button.setEnabled(not is_busy)

    def _choose_target(self) -> None:
        kind, ids = self.format, self.ids
        is_folder = len(ids) != 1 and kind is not Format.ARCHIVE
        dialog = QFileDialog(self, self.tr("Where to"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if is_folder:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            name = self._name if len(ids) == 1 else "Inglenook"
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setNameFilter(f"{self.formats[kind].text()} (*{kind.ending})")
            dialog.setDefaultSuffix(kind.ending[1:])
            dialog.selectFile(suggested_name(name, kind))
        has_reasoning = self.reasoning.isChecked()
        dialog.fileSelected.connect(
            lambda path: self.order_made.emit(ids, kind, Path(path), has_reasoning)
        )
        dialog.open()

    def _ask_for_folder(self) -> None:
        if self._written is not None:
            self.folder_requested.emit(self._written)


def _short(text: str, length: int = 56) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
