"""The dialog "What is remembered": what the model is told about the person, what it proposes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.remembered import Fact, FactState
from app.ui.memory.fact_row import FactRow
from app.ui.models_parts import BESIDE_BOX, TextButton, label
from app.ui.setting_fields import title
from app.ui.sizes import text_scale
from app.ui.theme import GAP, HEADING, SMALL, Theme

MOST = 500  # characters of a fact
FIRST_SHOWN = 200  # rows; the others on demand


class FactsDialog(QDialog):
    """Not modal. Tells wishes; whoever fulfils them shows the facts again."""

    switched = Signal(bool)
    added = Signal(str)
    edited = Signal(str, str)  # a fact's id, its text
    kept = Signal(str)
    refused = Signal(str)
    deleted = Signal(str)
    source_requested = Signal(str)  # a message's id

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What is remembered"))
        self._theme = theme
        self._facts: tuple[Fact, ...] = ()
        self._limit = FIRST_SHOWN
        self.rows: list[FactRow] = []
        self.switch = QCheckBox(self.tr("Remember things about me across conversations"))
        self.switch.clicked.connect(self.switched)
        words = self.tr(
            "The model proposes what may be worth keeping, and you decide. Only what you keep is "
            "told to it, in every conversation that may use it. It stays on this computer."
        )
        self.explanation = label(words, role="muted", size=SMALL)
        self.explanation.setIndent(BESIDE_BOX)
        self.switch.setAccessibleDescription(words)
        self.field = QLineEdit()
        self.field.setProperty("field", True)
        self.field.setMaxLength(MOST)
        self.field.setPlaceholderText(self.tr("Something to remember, such as: I write Python"))
        self.field.setAccessibleName(self.tr("Something to remember"))
        self.field.returnPressed.connect(self._add)
        self.field.textChanged.connect(self._fit)
        self.add = TextButton(theme, self.tr("Add"))
        self.add.clicked.connect(self._add)
        self.nothing = label(self.tr("Nothing is remembered yet."), role="muted")
        self.more = TextButton(theme, self.tr("Show all"), "chevron-down")
        self.more.clicked.connect(self._show_all)
        self.close_button = TextButton(theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        for button in (self.add, self.more, self.close_button):
            button.setAutoDefault(False)
        self._make_layout()
        room = self.screen().availableSize()
        wide = round(600 * min(text_scale(), 1.5))
        self.resize(min(wide, room.width()), min(560, int(room.height() * 0.9)))
        self.show_facts((), is_on=False)

    def _make_layout(self) -> None:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, GAP, 0)
        inside.setSpacing(GAP)
        self._proposed, self._kept = QVBoxLayout(), QVBoxLayout()
        self._proposed_title = title(self.tr("Proposed by the model"))
        self._kept_title = title(self.tr("Kept"))
        inside.addWidget(self._proposed_title)
        inside.addLayout(self._proposed)
        inside.addWidget(self._kept_title)
        inside.addLayout(self._kept)
        inside.addWidget(self.nothing)
        inside.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addStretch(1)
        area = QScrollArea()
        area.setAccessibleName(self.tr("What is remembered"))
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        adding = QHBoxLayout()
        adding.setSpacing(GAP)
        adding.addWidget(self.field, 1)
        adding.addWidget(self.add)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        layout.setSpacing(GAP)
        heading = self.tr("What is remembered")
        layout.addWidget(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        layout.addWidget(self.switch)
        layout.addWidget(self.explanation)
        layout.addSpacing(GAP)
        layout.addLayout(adding)
        layout.addWidget(area, 1)
        layout.addLayout(end)

    def show_facts(self, facts: Sequence[Fact], *, is_on: bool) -> None:
        """All of them; those that were refused are left out. What is being typed stays."""
        self.switch.setChecked(is_on)
        self._facts = tuple(f for f in facts if f.state is not FactState.REFUSED)
        shown = self._facts[: self._limit]
        if [row.fact for row in self.rows] != list(shown):
            self._show_rows(shown)
        has = {state: any(f.state is state for f in shown) for state in FactState}
        self._proposed_title.setVisible(has[FactState.PROPOSED])
        self._kept_title.setVisible(has[FactState.KEPT])
        self.nothing.setVisible(not shown)
        self.more.setVisible(len(self._facts) > len(shown))
        self._fit()

    def _show_rows(self, facts: Sequence[Fact]) -> None:
        """Rows of before that are about the same stay, with what is typed in them."""
        before = {row.fact.id: row for row in self.rows}
        focused = next((i for i, row in enumerate(self.rows) if row.has_focus()), -1)
        rows: list[FactRow] = []
        for fact in facts:
            row = before.get(fact.id)
            if row is not None and row.fact.state is fact.state:
                before.pop(fact.id)
                row.show_fact(fact)
            else:
                row = self._make_row(fact)
            rows.append(row)
        for row in before.values():
            row.hide()
            row.deleteLater()
        self.rows = rows
        for row in rows:
            is_new = row.fact.state is FactState.PROPOSED
            (self._proposed if is_new else self._kept).addWidget(row)
        has_lost = focused >= 0 and not any(row.has_focus() for row in rows)
        if has_lost and rows:
            rows[min(focused, len(rows) - 1)].take_focus()
        elif has_lost:
            self.field.setFocus()

    def _make_row(self, fact: Fact) -> FactRow:
        row = FactRow(self._theme, fact)
        row.kept.connect(lambda: self.kept.emit(row.fact.id))
        row.refused.connect(lambda: self.refused.emit(row.fact.id))
        row.deleted.connect(lambda: self.deleted.emit(row.fact.id))
        row.edited.connect(lambda text: self.edited.emit(row.fact.id, text))
        row.source_wanted.connect(lambda: self.source_requested.emit(row.fact.source_id or ""))
        return row

    def _add(self) -> None:
        if text := " ".join(self.field.text().split()):
            self.field.clear()
            self.added.emit(text)

    def _show_all(self) -> None:
        self._limit = len(self._facts)
        self.show_facts(self._facts, is_on=self.switch.isChecked())

    def _fit(self) -> None:
        self.add.setEnabled(bool(self.field.text().strip()))
