"""The side of the dialog "Prompts": search, the list by folder, new, import, export."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout

from app.core.prompts import Prompt
from app.ui.flow import FlowLayout
from app.ui.models_parts import TextButton, label
from app.ui.prompts.tree import PromptTree
from app.ui.theme import GAP, Theme

WAIT_MS = 80  # after the last key of a search


class PromptSide(QFrame):
    """Tells what is chosen; whoever has the prompts shows them with `show_prompts`."""

    chosen = Signal(str)
    opened = Signal(str)
    new_requested = Signal()
    import_requested = Signal()
    export_requested = Signal(list)  # list[str]
    delete_requested = Signal(list)
    moved = Signal(list, str)
    query_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.search = QLineEdit()
        self.search.setProperty("field", True)
        self.search.setPlaceholderText(self.tr("Search the prompts"))
        self.search.setAccessibleName(self.tr("Search the prompts"))
        self.search.setClearButtonEnabled(True)
        self.search.installEventFilter(self)
        self.tree = PromptTree(theme)
        self.nothing = label(self.tr("No prompt fits."), role="muted")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.nothing.hide()
        self.new = TextButton(theme, self.tr("New"), "plus")
        self.import_ = TextButton(theme, self.tr("Import…"), "file-plus")
        self.export = TextButton(theme, self.tr("Export…"), "download")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self.query_changed)
        flow = FlowLayout()
        flow.setSpacing(GAP)
        for button in (self.new, self.import_, self.export):
            button.setAutoDefault(False)
            flow.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP + 4, GAP * 2, GAP + 4, GAP + 4)
        layout.setSpacing(GAP)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.nothing, 1)
        layout.addLayout(flow)
        self._connect()

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self.tree.chosen.connect(self.chosen)
        self.tree.opened.connect(self.opened)
        self.tree.delete_requested.connect(self.delete_requested)
        self.tree.moved.connect(self.moved)
        self.new.clicked.connect(self.new_requested)
        self.import_.clicked.connect(self.import_requested)
        self.export.clicked.connect(lambda: self.export_requested.emit(self.tree.selected_ids()))
        self.tree.itemSelectionChanged.connect(self._say_export)

    def show_prompts(
        self, prompts: Sequence[Prompt], unsaved: Collection[str], current: str
    ) -> None:
        """Those that fit the search; `current` is current."""
        self.tree.show_prompts(prompts, unsaved, self.search.text())
        self.tree.show_current(current)
        is_empty = not self.tree.ids()
        self.nothing.setVisible(is_empty and bool(self.search.text()))
        self.tree.setVisible(not self.nothing.isVisibleTo(self))
        self._say_export()

    def begin_search(self) -> None:
        """The keyboard goes to the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def clear_search(self) -> bool:
        """End a search; whether there was one."""
        had_words = bool(self.search.text())
        self.search.clear()
        return had_words

    def current_folder(self) -> str:
        """The own folder that is current, or that of the current prompt; empty elsewhere."""
        item = self.tree.currentItem()
        return (self.tree.folder_at(item) or "") if item is not None else ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down and Enter lead from the search to what it found."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._timer.stop()
                self.query_changed.emit()
                self.tree.enter()
                return True
        return super().eventFilter(watched, event)

    def _say_export(self) -> None:
        self.export.setEnabled(bool(self.tree.selected_ids()))
