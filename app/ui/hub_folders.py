"""Folders in the settings: where models go, moving them there, and further folders to look in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.core.settings import declarations
from app.ui.flow import FlowLayout
from app.ui.models_parts import IconButton, TextButton, breakable, label, set_role
from app.ui.setting_fields import declared_help, declared_label, title
from app.ui.settings_part import Part
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, size_text, summary_of


class FoldersPart(Part):
    """Says what the person chose; the controller moves."""

    picked = Signal(object)  # Path: the models folder shall be that one
    usual_requested = Signal()
    move_agreed = Signal(bool)  # False: the models stay where they are
    stop_requested = Signal()
    added = Signal(object)  # Path
    removed = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        known = declarations()
        self.folder = label()
        self.choose = TextButton(theme, self.tr("Choose…"), "folder-open")
        self.choose.clicked.connect(lambda: self._ask(self.picked))
        self.usual = TextButton(theme, self.tr("Back to the usual place"), "undo-2")
        self.usual.clicked.connect(self.usual_requested)
        self.result = label(size=SMALL)
        self.result.hide()
        self._make_question()
        self._make_progress()
        self.add = TextButton(theme, self.tr("Add a folder…"), "file-plus")
        self.add.clicked.connect(lambda: self._ask(self.added))
        self.rows: dict[str, IconButton] = {}
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        buttons = FlowLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.usual)
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(6)
        items.addWidget(title(declared_label(known["models_folder"])))
        items.addWidget(self.folder)
        items.addLayout(buttons)
        for widget in (self.result, self.question, self.progress):
            items.addWidget(widget)
        items.addSpacing(GAP * 2)
        more = known["more_model_folders"]
        items.addWidget(title(declared_label(more)))
        items.addLayout(self._list)
        items.addWidget(self.add)
        hint = self.tr("Models there appear in the list; nothing is changed in those folders.")
        items.addWidget(label(hint, role="muted", size=SMALL))
        self.folder.setAccessibleDescription(declared_help(known["models_folder"]))

    def _make_question(self) -> None:
        self.question = QFrame()
        self.question.setObjectName("note")
        self._words = label()
        self.move_button = TextButton(self._theme, self.tr("Move them"), is_primary=True)
        self.leave = TextButton(self._theme, self.tr("Leave them there"))
        self.decline = TextButton(self._theme, self.tr("Cancel"))
        self.move_button.clicked.connect(lambda: self._answer(is_move=True))
        self.leave.clicked.connect(lambda: self._answer(is_move=False))
        self.decline.clicked.connect(self._decline)
        buttons = FlowLayout()
        buttons.setSpacing(GAP)
        for button in (self.move_button, self.leave, self.decline):
            buttons.addWidget(button)
        items = QVBoxLayout(self.question)
        items.setContentsMargins(12, 10, 12, 10)
        items.setSpacing(GAP)
        items.addWidget(self._words)
        items.addLayout(buttons)
        self.question.hide()

    def _make_progress(self) -> None:
        self.progress = QFrame()
        self.progress.setObjectName("note")
        self._progress_words = label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.stop = TextButton(self._theme, self.tr("Stop"))
        self.stop.clicked.connect(self.stop_requested)
        row = QHBoxLayout()
        row.addWidget(self._progress_words, 1)
        row.addWidget(self.stop)
        items = QVBoxLayout(self.progress)
        items.setContentsMargins(12, 10, 12, 10)
        items.setSpacing(GAP)
        items.addLayout(row)
        items.addWidget(self.bar)
        self.progress.hide()

    @property
    def is_moving(self) -> bool:
        """Whether models are on their way just now."""
        return not self.progress.isHidden()

    def words(self) -> Sequence[str]:
        """What a search finds it by."""
        known = declarations()
        both = [known["models_folder"], known["more_model_folders"]]
        shown = [text(one) for one in both for text in (declared_label, declared_help)]
        return [*shown, *(one.label for one in both), *(one.help for one in both)]

    def show_folders(self, root: Path, *, is_usual: bool, more: Sequence[str]) -> None:
        """The folders in force."""
        self.folder.setText(breakable(str(root)))
        self.usual.setVisible(not is_usual)
        if list(self.rows) != list(more):
            self._show_rows(more)

    def ask(self, count: int, size_bytes: int, folder: Path) -> None:
        """Whether the models shall come along."""
        words = self.tr(
            "Move the models that are there (%Ln files, {size}) to {folder}?", "", count
        )
        self._words.setText(
            words.replace("{size}", size_text(size_bytes)).replace(
                "{folder}", breakable(str(folder))
            )
        )
        self.result.hide()
        self.question.show()
        self.move_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, done: int, total: int) -> None:
        """Bytes moved so far, and in all."""
        self.question.hide()
        self.result.hide()
        words = self.tr("Moving: {done} of {total}")
        self._progress_words.setText(
            words.replace("{done}", size_text(done)).replace("{total}", size_text(total))
        )
        self.bar.setValue(int(1000 * done / total) if total else 0)
        self.progress.show()
        self._set_busy(is_busy=True)

    def show_done(self, text: str, role: str = "good") -> None:
        """It is over, and how; empty says nothing."""
        self.progress.hide()
        self.question.hide()
        self._set_busy(is_busy=False)
        self.result.setText(breakable(text) if text else "")
        set_role(self.result, role)
        self.result.setVisible(bool(text))

    def show_problem(self, problem: Problem) -> None:
        """Why the folder stays the one it was."""
        self.show_done(f"{summary_of(problem)} {action_of(problem)}", "bad")

    def _set_busy(self, *, is_busy: bool) -> None:
        for button in (self.choose, self.usual):
            button.setEnabled(not is_busy)

    def _answer(self, *, is_move: bool) -> None:
        self.question.hide()
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)
        self.move_agreed.emit(is_move)

    def _decline(self) -> None:
        self.question.hide()
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_rows(self, folders: Sequence[str]) -> None:
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.rows = {}
        for folder in folders:
            words = self.tr("Take {folder} off the list; its files stay")
            remove = IconButton(self._theme, "x", words.replace("{folder}", folder))
            remove.clicked.connect(lambda _checked=False, f=folder: self.removed.emit(f))
            self.rows[folder] = remove
            self._list.addWidget(_row(label(breakable(folder)), remove))

    def _ask(self, signal: object) -> None:
        dialog = QFileDialog(self, self.tr("Choose a folder"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: signal.emit(Path(name)))  # type: ignore[attr-defined]
        dialog.open()


def _row(text: QLabel, button: IconButton) -> QWidget:
    row = QWidget()
    items = QHBoxLayout(row)
    items.setContentsMargins(0, 0, 0, 0)
    items.addWidget(text, 1)
    items.addWidget(button)
    return row
