"""The parts of the context, opened over the composer: each can be looked at, kept, left out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.entities import Message
from app.core.memory import PartKind
from app.core.remembered import MarkKind
from app.services.ledger import LedgerView
from app.ui.flow import FlowLayout
from app.ui.memory.blocks import Ledger, blocks_of
from app.ui.memory.colours import paint_swatch
from app.ui.memory.parts_list import PartsList
from app.ui.memory.parts_model import Parts
from app.ui.memory.state import LEFT_OUT, PINNED, MemoryState
from app.ui.memory.words import MemoryWords
from app.ui.models_parts import IconButton, TextButton, label
from app.ui.sizes import text_scale
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import number_text

PART_OF_WINDOW = 0.48  # its height, at most
SWATCH = 10  # pixels at 100 %
LEAST_ROWS = 4


class PartsPanel(QFrame):
    """Says what is wanted of a part; whoever does it shows the ledger again."""

    closed = Signal()
    look_requested = Signal(object)  # Row
    mark_requested = Signal(object, object)  # Row, MarkKind or None
    undo_requested = Signal()  # the summary
    memory_requested = Signal()  # the dialog

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._theme = theme
        self._words = MemoryWords(self)
        self._shown: tuple[object, ...] = ()
        self._ledger: LedgerView | None = None
        self.heading = label(weight=QFont.Weight.DemiBold)
        self.used = label(role="muted", size=SMALL)
        self.close_button = IconButton(theme, "x", "")
        self.close_button.clicked.connect(self.closed)
        self._legend = QWidget()
        self._samples = FlowLayout(self._legend)
        self._samples.setSpacing(GAP + 4)
        self._sample_widgets: list[_Sample] = []
        self.list = PartsList(theme)
        self.list.current_changed.connect(self._show_buttons)
        self.list.opened.connect(self._look)
        self.list.menu_wanted.connect(self._show_menu)
        self.look = TextButton(theme, "")
        self.pin = TextButton(theme, "", "pin")
        self.leave_out = TextButton(theme, "", "eye-off")
        self.memory = TextButton(theme, "")
        self.look.clicked.connect(self._look)
        self.pin.clicked.connect(lambda: self._mark(MarkKind.PINNED))
        self.leave_out.clicked.connect(self._leave_out)
        self.memory.clicked.connect(self.memory_requested)
        self._make_layout()
        self._say()

    def _make_layout(self) -> None:
        head = QHBoxLayout()
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.heading)
        names.addWidget(self.used)
        head.addLayout(names, 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        buttons = FlowLayout()
        for button in (self.look, self.pin, self.leave_out, self.memory):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 10)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(self._legend)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)

    def fit(self, width: int, window_height: int) -> None:
        """As high as its rows at this width, as far as the window has room for it."""
        row = max(1, self.list.sizeHintForRow(0))
        most = int(window_height * PART_OF_WINDOW)
        self._legend.show()
        around = self._around(width)
        if around + LEAST_ROWS * row > most:  # large type: rows have the same colours
            self._legend.hide()
            around = self._around(width)
        rows = max(LEAST_ROWS, self.list.parts.rowCount()) * row
        self.setFixedHeight(min(around + rows + 4, max(most, around + LEAST_ROWS * row)))

    def _around(self, width: int) -> int:
        """Pixels of height beside the list."""
        layout = self.layout()
        assert layout is not None
        layout.invalidate()  # the legend was shown or hidden just now
        whole = layout.totalHeightForWidth(max(1, width))
        return whole - self.list.sizeHint().height()

    def show_parts(self, ledger: LedgerView, branch: Sequence[Message], state: MemoryState) -> None:
        """These; the current row stays where it is still there."""
        used = self._words.used(ledger.total, ledger.context)
        self.used.setText(used)
        self._ledger = ledger
        self._show_legend(ledger)
        shown = (ledger.parts, ledger.left_out_files, branch, state)
        if shown == self._shown:
            return
        self._shown = shown
        before = self.list.current()
        shown_before = self.list.parts.rows
        last = shown_before if isinstance(shown_before, Parts) else None
        rows = Parts(ledger, branch, state, last)
        if self.list.parts.replace(rows, branch, ledger.context):
            self.list.choose(rows.number_like(before))
        self._show_buttons()

    def choose_message(self, message_id: str) -> None:
        """Make the row of a message the current one."""
        rows = self.list.parts.rows
        self.list.choose(rows.number_of(message_id) if isinstance(rows, Parts) else 0)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._say()

    def _say(self) -> None:
        self.heading.setText(self.tr("What the model is told"))
        self.setAccessibleName(self.heading.text())
        self.close_button.rename("x", self.tr("Close"))
        self.look.setText(self.tr("Look at it"))
        self.memory.setText(self.tr("Memory…"))
        if self._ledger is not None:
            self._show_legend(self._ledger)
        self._show_buttons()

    def _show_legend(self, ledger: Ledger) -> None:
        """One sample for each kind; they are used again, as this happens while typing."""
        blocks = blocks_of(ledger)
        while len(self._sample_widgets) < len(blocks):
            made = _Sample(self._theme)
            self._sample_widgets.append(made)
            self._samples.addWidget(made)
        for number, sample in enumerate(self._sample_widgets):
            if number < len(blocks):
                block = blocks[number]
                words = f"{self._words.kind(block.kind)} {number_text(block.tokens)}"
                sample.show_kind(block.kind, words)
            sample.setVisible(number < len(blocks))

    # what can be done with the current row

    def _show_buttons(self) -> None:
        row = self.list.current()
        state, is_message = (row.state, row.is_message) if row is not None else ("", False)
        is_summary = row is not None and row.kind is PartKind.SUMMARY
        self.look.setEnabled(row is not None)
        self.pin.setVisible(is_message)
        self.leave_out.setVisible(is_message or is_summary)
        self.pin.setText(
            self.tr("No longer keep always") if state == PINNED else self.tr("Keep always")
        )
        if is_summary:
            self.leave_out.setText(self.tr("Undo the summary"))
        else:
            words = self.tr("Take back in") if state == LEFT_OUT else self.tr("Leave out")
            self.leave_out.setText(words)

    def _look(self) -> None:
        if (row := self.list.current()) is not None:
            self.look_requested.emit(row)

    def _mark(self, kind: MarkKind) -> None:
        row = self.list.current()
        if row is not None and row.is_message:
            self.mark_requested.emit(row, None if row.state == kind.value else kind)

    def _leave_out(self) -> None:
        row = self.list.current()
        if row is not None and row.kind is PartKind.SUMMARY:
            self.undo_requested.emit()
        else:
            self._mark(MarkKind.LEFT_OUT)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (self.look, self.pin, self.leave_out):
            if not button.isHidden():
                menu.addAction(button.text()).triggered.connect(button.click)
        menu.popup(place)


class _Sample(QWidget):
    """A colour and what it stands for."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._kind = theme, ""
        self._label = label(role="muted", size=SMALL, wraps=False)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._label)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_kind(self, kind: str, words: str) -> None:
        """Stand for this one."""
        if words != self._label.text():
            self._label.setText(words)
        if kind != self._kind:
            self._kind = kind
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        side = round(SWATCH * text_scale())
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = self.width() - side - 1 if is_mirrored else 1
        box = QRectF(left, (self.height() - side) / 2, side - 1, side - 1)
        if self._kind:
            painter = QPainter(self)
            paint_swatch(painter, box, self._kind, self._theme.colours)
            painter.end()

    def _restyle(self) -> None:
        self._row.setContentsMargins(round(SWATCH * text_scale()) + 6, 0, 0, 0)
        self.update()
