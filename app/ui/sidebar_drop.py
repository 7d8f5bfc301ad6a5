"""Conversations on their way: what a drag carries, and the places to drop it beside the list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from app.ui.models_parts import with_air
from app.ui.sizes import size_icon
from app.ui.theme import GAP, Theme

MIME = "application/x-inglenook-conversations"


def carry(ids: Sequence[str]) -> QMimeData:
    """A drag's content: the ids of conversations."""
    data = QMimeData()
    data.setData(MIME, "\n".join(ids).encode())
    return data


def carried(data: QMimeData) -> list[str]:
    """The ids of conversations in a drag; empty for anything else."""
    if not data.hasFormat(MIME):
        return []
    return [line for line in bytes(data.data(MIME).data()).decode().split("\n") if line]


class DropChip(QPushButton):
    """A chip that can also be a place to drop conversations on."""

    dropped = Signal(object)  # list[str]

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("chip", True)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if carried(event.mimeData()):
            event.acceptProposedAction()
            self.mark_target(is_target=True)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if carried(event.mimeData()):
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.mark_target(is_target=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.mark_target(is_target=False)
        ids = carried(event.mimeData())
        if ids:
            event.acceptProposedAction()
            self.dropped.emit(ids)

    def mark_target(self, *, is_target: bool) -> None:
        """Show that letting go here does something."""
        self.setDown(is_target)
        self.setProperty("primary", is_target)
        self.style().unpolish(self)
        self.style().polish(self)


class SidebarFoot(QWidget):
    """The entry "Bin"; while conversations are dragged, the places that may be out of sight."""

    bin_requested = Signal()
    pin_dropped = Signal(object)  # list[str]
    archive_dropped = Signal(object)
    bin_dropped = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.bin = QToolButton()
        self.bin.setObjectName("modelsEntry")  # the look of an entry
        self.bin.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        size_icon(self.bin, 26, 20)
        self.bin.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bin.clicked.connect(self.bin_requested)
        self.targets = [DropChip() for _ in range(3)]
        signals = (self.pin_dropped, self.archive_dropped, self.bin_dropped)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, 4, GAP, GAP)
        layout.setSpacing(4)
        layout.addWidget(self.bin, 1)
        for target, signal in zip(self.targets, signals, strict=True):
            target.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            target.setMinimumWidth(24)
            target.dropped.connect(signal)
            target.hide()
            layout.addWidget(target, 1)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._translate()

    def show_targets(self, *, is_dragging: bool) -> None:
        """Places to drop on instead of the entry."""
        self.setMinimumHeight(self.height() if is_dragging else 0)  # the list stays where it is
        self.bin.setVisible(not is_dragging)
        widest = max(self.fontMetrics().horizontalAdvance(t.toolTip()) for t in self.targets)
        has_words = self.width() >= len(self.targets) * (widest + 56)
        for target in self.targets:
            target.mark_target(is_target=False)
            target.setText(f" {target.toolTip()}" if has_words else "")
            target.setVisible(is_dragging)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self.bin.setText(self.tr("Bin"))
        self.bin.setToolTip(self.tr("Deleted conversations and messages"))
        names = (self.tr("Pin"), self.tr("Archive"), self.tr("Delete"))
        for target, name in zip(self.targets, names, strict=True):
            target.setToolTip(name)
            target.setAccessibleName(name)

    def _restyle(self) -> None:
        picture = self._theme.icon("trash-2", self._theme.colours.muted)
        self.bin.setIcon(with_air(picture, 20, self.devicePixelRatioF()))
        for target, icon in zip(self.targets, ("pin", "archive", "trash-2"), strict=True):
            target.setIcon(self._theme.icon(icon))
