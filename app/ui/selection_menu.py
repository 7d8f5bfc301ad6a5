"""The menu of selected text: copy, quote, select all."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.ui.selection import Selection


class SelectionMenu(QMenu):
    """Deletes itself when it closes."""

    quote_requested = Signal(str)

    def __init__(self, parent: QWidget, selection: Selection, link: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._selection = selection
        is_there = not selection.is_empty
        copy = self.addAction(self.tr("Copy"))
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.triggered.connect(lambda: selection.copy())
        copy.setEnabled(is_there)
        markdown = self.addAction(self.tr("Copy as Markdown"))
        markdown.triggered.connect(lambda: selection.copy(is_markdown=True))
        markdown.setEnabled(is_there)
        if link:
            address = self.addAction(self.tr("Copy the link's address"))
            address.triggered.connect(lambda: QGuiApplication.clipboard().setText(link))
        self.addSeparator()
        quote = self.addAction(self.tr("Quote in the message"))
        quote.triggered.connect(lambda: self.quote_requested.emit(selection.markdown()))
        quote.setEnabled(is_there)
        self.addSeparator()
        everything = self.addAction(self.tr("Select all"))
        everything.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
        everything.triggered.connect(lambda: selection.select_all())
