"""The table of a run: which file, how large, and its first rows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import Problem
from app.services.batch_files import Table
from app.ui.batch.words import BatchWords
from app.ui.models_parts import TextButton, breakable, label, set_role
from app.ui.setting_fields import title
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, summary_of

MOST_SHOWN = 80  # characters of a cell
WIDEST = 220  # pixels of a column


class TableView(QWidget):
    """Says which file was chosen; whoever reads it tells what it is."""

    chosen = Signal(object)  # Path

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.table: Table | None = None
        self.choose = TextButton(theme, self.tr("Choose a CSV file…"), "folder-open")
        self.choose.clicked.connect(self._choose)
        words = self.tr("Its first line names the columns.")
        self.about = label(words, role="muted", size=SMALL)
        self.preview = QTableWidget()
        self.preview.setAccessibleName(self.tr("The first rows of the table"))
        self.preview.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.preview.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.preview.setTabKeyNavigation(False)
        self.preview.setWordWrap(False)
        self.preview.verticalHeader().hide()
        self.preview.horizontalHeader().setMaximumSectionSize(WIDEST)
        self.preview.hide()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.choose)
        row.addWidget(self.about, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(title(self.tr("Table")))
        layout.addLayout(row)
        layout.addWidget(self.preview)

    def wait(self) -> None:
        """The file is being read."""
        self.table = None
        self.preview.hide()
        self._say(self.tr("Reading the table…"))

    def show_table(self, table: Table) -> None:
        """What it is."""
        self.table = table
        self._say(f"{breakable(table.path.name)} · {BatchWords().rows(table.rows)}")
        self.preview.setColumnCount(len(table.columns))
        self.preview.setRowCount(len(table.preview))
        self.preview.setHorizontalHeaderLabels(list(table.columns))
        for place, cells in enumerate(table.preview):
            for column, text in enumerate(cells[: len(table.columns)]):
                item = QTableWidgetItem(_short(text))
                item.setToolTip(text[: MOST_SHOWN * 10])
                item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.preview.setItem(place, column, item)
        self.preview.resizeColumnsToContents()
        self._set_height()
        self.preview.setVisible(bool(table.preview))

    def show_problem(self, problem: Problem) -> None:
        """Why it cannot be used."""
        self.table = None
        self.preview.hide()
        self._say(f"{summary_of(problem)} {action_of(problem)}", "bad")

    def _say(self, text: str, role: str = "muted") -> None:
        self.about.setText(text)
        set_role(self.about, role)

    def _set_height(self) -> None:
        """All rows, and a bar below them where the columns are wider than the page."""
        view = self.preview
        rows = sum(view.rowHeight(number) for number in range(view.rowCount()))
        bar = view.horizontalScrollBar().sizeHint().height()
        view.setFixedHeight(view.horizontalHeader().sizeHint().height() + rows + bar + 4)

    def _choose(self) -> None:
        dialog = QFileDialog(self, self.tr("Table"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        every = self.tr("All files")
        dialog.setNameFilters([f"{self.tr('Tables')} (*.csv *.tsv *.txt)", f"{every} (*)"])
        dialog.fileSelected.connect(lambda path: self.chosen.emit(Path(path)))
        dialog.open()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 1]}…"
