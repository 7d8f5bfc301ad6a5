"""What a page of settings is made of: parts that a search can find, groups of them, the page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.settings import declarations
from app.ui.models_parts import Confirm, TextButton, label
from app.ui.theme import GAP, HEADING, Theme


class Part(QWidget):
    """Something on a page, on show where it is due and the search has found it."""

    def __init__(self) -> None:
        super().__init__()
        self._is_due = True
        self._is_found = True

    def words(self) -> Sequence[str]:
        """What a search finds it by: words on show, and the same in English."""
        return ()

    def set_due(self, is_due: bool) -> None:
        """Whether there is anything to choose here just now."""
        self._is_due = is_due
        self.setVisible(self._is_due and self._is_found)

    def look_for(self, terms: Sequence[str], around: Sequence[str] = ()) -> bool:
        """Be on show if every term is in its words or in those `around` it; whether it is."""
        text = "\n".join((*self.words(), *around)).casefold()
        self._is_found = all(term in text for term in terms)
        is_shown = self._is_due and self._is_found
        self.setVisible(is_shown)
        return is_shown


class Group(QWidget):
    """Parts under a heading, divided from the group before by a line."""

    def __init__(self, heading: str, parts: Sequence[Part], *, is_first: bool) -> None:
        super().__init__()
        self._heading = heading
        self._parts = tuple(parts)
        self._line = line()
        items = QVBoxLayout(self)
        items.setContentsMargins(0, 0, 0, 0)
        items.setSpacing(GAP * 2)
        items.addWidget(self._line)
        self._line.setVisible(not is_first)  # not before: it would be a window for a moment
        if heading:
            items.addWidget(label(heading, size=HEADING * 1.1, weight=QFont.Weight.DemiBold))
        for part in self._parts:
            items.addWidget(part)

    def look_for(self, terms: Sequence[str], around: str, *, is_first: bool) -> bool:
        """Show the parts that are found, itself if there are any, and whether there are."""
        found = [part.look_for(terms, (around, self._heading)) for part in self._parts]
        self._line.setVisible(not is_first)
        self.setVisible(any(found))
        return any(found)


class Page(QWidget):
    """One section of the settings, with a button that brings all its defaults back."""

    reset_requested = Signal(object)  # tuple of names of settings

    def __init__(self, theme: Theme, section: str, name: str) -> None:
        super().__init__()
        self.section = section
        self.setAccessibleName(name)
        self._groups: list[Group] = []
        self.title = label(name, size=HEADING * 1.35, weight=QFont.Weight.DemiBold)
        self.reset_all = TextButton(theme, self.tr("Reset all of this section"), "rotate-ccw")
        self.reset_all.clicked.connect(self._ask)
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(self._reset)
        row = QHBoxLayout()
        row.addWidget(self.reset_all)
        row.addStretch(1)
        self._items = QVBoxLayout(self)
        self._items.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        self._items.setSpacing(GAP * 2)
        self._items.addWidget(self.title)
        self._items.addLayout(row)
        self._items.addWidget(self.confirm)

    def add(self, heading: str, parts: Sequence[Part]) -> None:
        """One more group, below the others."""
        group = Group(heading, parts, is_first=not self._groups)
        self._groups.append(group)
        self._items.insertWidget(len(self._groups), group)

    def look_for(self, terms: Sequence[str]) -> bool:
        """Leave on show what is found, all without terms; whether there is anything."""
        has_any = False
        for group in self._groups:
            is_found = group.look_for(terms, self.accessibleName(), is_first=not has_any)
            has_any = has_any or is_found
        self.reset_all.setVisible(not terms)
        if terms:
            self.confirm.hide()
        return has_any

    @property
    def names(self) -> tuple[str, ...]:
        """The settings that belong here; not what has its own way back, such as folders."""
        return tuple(
            name
            for name, declaration in declarations().items()
            if declaration.section == self.section and not declaration.hidden
        )

    def _ask(self) -> None:
        words = self.tr("Bring back the defaults of everything in “{section}”?")
        question = words.replace("{section}", self.accessibleName())
        self.confirm.ask(question, self.tr("Reset"))

    def _reset(self) -> None:
        self.reset_all.setFocus()
        self.reset_requested.emit(self.names)


def line() -> QFrame:
    """A thin line between groups."""
    made = QFrame()
    made.setObjectName("splitLine")
    made.setFixedHeight(1)
    return made
