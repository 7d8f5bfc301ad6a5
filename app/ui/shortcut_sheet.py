"""The sheet of all keyboard shortcuts, in groups, searchable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.models_parts import label, tag
from app.ui.palette_filter import Command, score
from app.ui.theme import GAP, HEADING, Theme

WIDTH, HEIGHT = 860, 620  # pixels, where the screen has them
COLUMN = 50  # average characters that a column needs; two stand side by side where they fit


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What it does, and its keys as Qt writes them ("Ctrl+K"), any of which will do."""

    title: str
    keys: tuple[str, ...]

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The keys as this platform writes them."""
        native = QKeySequence.SequenceFormat.NativeText
        return tuple(QKeySequence(keys).toString(native) or keys for keys in self.keys)


@dataclass(frozen=True, slots=True)
class ShortcutGroup:
    """Shortcuts that belong together."""

    title: str
    shortcuts: tuple[Shortcut, ...]


class ShortcutSheet(QDialog):
    """Not modal. Tab goes from group to group, each of which a screen reader reads as a text."""

    def __init__(self, theme: Theme, groups: Sequence[ShortcutGroup], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setModal(False)
        self._theme = theme
        self.field = QLineEdit()
        self.field.setProperty("field", True)
        self.field.setClearButtonEnabled(True)
        self.field.setPlaceholderText(self.tr("Search shortcuts"))
        self.field.setAccessibleName(self.tr("Search shortcuts"))
        self.field.textChanged.connect(self._filter)
        theme.changed.connect(self._restyle)
        self._nothing = label(self.tr("Nothing fits"), role="muted")
        self._nothing.hide()
        self.views = [_GroupView(group) for group in groups]
        self._columns = [QVBoxLayout(), QVBoxLayout()]
        self._count = 0
        self._area = self._make_area()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP * 2, GAP * 2, GAP * 2, GAP)
        layout.setSpacing(GAP + 4)
        layout.addWidget(self.field)
        layout.addWidget(self._nothing)
        layout.addWidget(self._area, 1)
        room = self.screen().availableSize()
        self.resize(min(WIDTH, room.width() - GAP * 2), min(HEIGHT, int(room.height() * 0.9)))
        self._restyle()
        self._arrange()

    def _make_area(self) -> QScrollArea:
        page = self._page = QWidget()
        self._row = QHBoxLayout(page)
        self._row.setContentsMargins(0, 0, GAP, GAP)
        for column in self._columns:
            column.setSpacing(GAP * 2)
            self._row.addLayout(column, 1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        page.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        return area

    def _restyle(self) -> None:
        accent = self._theme.colours.accent
        self._page.setStyleSheet(
            "#shortcutGroup { border: 1px solid transparent; border-radius: 8px; }"
            f"#shortcutGroup:focus {{ border-color: {accent}; }}"
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that the field leaves over move the page."""
        bar = self._area.verticalScrollBar()
        steps = {
            Qt.Key.Key_Down: bar.singleStep(),
            Qt.Key.Key_Up: -bar.singleStep(),
            Qt.Key.Key_PageDown: bar.pageStep(),
            Qt.Key.Key_PageUp: -bar.pageStep(),
        }
        if event.key() in steps:
            bar.setValue(bar.value() + steps[Qt.Key(event.key())])
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):  # nothing to confirm
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _filter(self, query: str) -> None:
        for view in self.views:
            view.filter(query)
        self._nothing.setVisible(not any(view.is_wanted for view in self.views))
        self._count = 0
        self._arrange()

    def _arrange(self) -> None:
        """Groups in order, into one column or two of about the same height."""
        needed = self.fontMetrics().averageCharWidth() * COLUMN * 2 + GAP * 10
        count = 2 if self.width() >= needed else 1
        if count == self._count:
            return
        self._count = count
        for column in self._columns:
            while column.takeAt(0) is not None:
                pass
        shown = [view for view in self.views if view.is_wanted]
        total, used = sum(view.weight for view in shown), 0
        for view in shown:
            # a group goes where most of it lies
            is_second = count == 2 and used + view.weight / 2 > total / 2
            self._columns[is_second].addWidget(view)
            used += view.weight
        for view in self.views:
            view.setVisible(view.is_wanted)
        for column in self._columns:
            column.addStretch(1)
        self._row.setStretch(1, 1 if count == 2 else 0)
        self._row.setSpacing(GAP * 4 if count == 2 else 0)


class _GroupView(QFrame):
    """One group: its title, then a line a shortcut."""

    def __init__(self, group: ShortcutGroup) -> None:
        super().__init__()
        self._group = group
        self.is_wanted = True  # whether anything in it fits
        self.setObjectName("shortcutGroup")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._rows: list[tuple[Shortcut, list[QWidget]]] = []
        lines = QVBoxLayout(self)
        lines.setContentsMargins(6, 4, 6, 4)
        lines.setSpacing(6)
        lines.addWidget(label(group.title, size=HEADING, weight=QFont.Weight.DemiBold))
        for shortcut in group.shortcuts:
            words, keys = label(shortcut.title), self._make_keys(shortcut)
            words.setAccessibleName(self._sentence(shortcut))
            line = QHBoxLayout()
            line.setSpacing(GAP * 2)
            line.addWidget(words, 1)
            line.addWidget(keys)
            lines.addLayout(line)
            self._rows.append((shortcut, [words, keys]))
        self.filter("")

    @property
    def weight(self) -> int:
        """How high it is, in lines."""
        return 2 + self._fitting

    def filter(self, query: str) -> None:
        """Show what fits; a title that fits shows all of its group."""
        wanted = query.strip()
        shown = []
        for shortcut, widgets in self._rows:
            keys = " ".join((*shortcut.keys, *shortcut.shown_keys))
            command = Command("", shortcut.title, group=self._group.title, keywords=keys)
            # '+' and '/' part words, so keys are looked for as they are written
            fits = wanted.casefold() in keys.casefold()
            if "+" not in wanted and any(char.isalnum() for char in wanted):
                fits = fits or score(wanted, command) is not None
            for widget in widgets:
                widget.setVisible(fits)
            if fits:
                shown.append(self._sentence(shortcut))
        self._fitting = len(shown)
        self.is_wanted = bool(shown)
        self.setAccessibleName(self._group.title)
        self.setAccessibleDescription("\n".join(shown))

    def _sentence(self, shortcut: Shortcut) -> str:
        keys = self.tr(" or ").join(shortcut.shown_keys)
        return (
            self.tr("{action}: {keys}").replace("{keys}", keys).replace("{action}", shortcut.title)
        )

    def _make_keys(self, shortcut: Shortcut) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for number, keys in enumerate(shortcut.shown_keys):
            if number:
                row.addWidget(label(self.tr("or"), role="muted", wraps=False))
            row.addWidget(tag(keys))
        return made
