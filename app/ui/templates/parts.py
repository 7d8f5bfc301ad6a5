"""A part of the dialog: the list of findings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.entities import Finding
from app.ui.models_parts import breakable, label
from app.ui.sizes import text_scale
from app.ui.templates.words import TemplateWords
from app.ui.theme import GAP, SMALL, Theme

ICON = 18  # pixels


class FindingRow(QFrame):
    """One finding: an icon that says whether all is well, what it is, what it means."""

    def __init__(self, theme: Theme, words: TemplateWords, finding: Finding) -> None:
        super().__init__()
        self._theme, self.finding = theme, finding
        title = words.title(finding)
        self.meaning = label(breakable(words.meaning(finding)), role="muted", size=SMALL)
        self._icon = QLabel()
        self.setAccessibleName(f"{title}. {words.meaning(finding)}")
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(label(title, weight=QFont.Weight.Medium))
        texts.addWidget(self.meaning)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 3, 0, 3)
        layout.setSpacing(GAP)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        colours = self._theme.colours
        name = "check" if self.finding.is_handled else "triangle-alert"
        colour = colours.good if self.finding.is_handled else colours.warn
        size = round(ICON * text_scale())
        self._icon.setPixmap(self._theme.icon(name, colour).pixmap(size, size))


class Findings(QWidget):
    """All findings, those that need somebody first."""

    def __init__(self, theme: Theme, words: TemplateWords) -> None:
        super().__init__()
        self._theme, self._words = theme, words
        self._nothing = label(self.tr("Nothing unusual was found."), role="muted")
        self.rows: list[FindingRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addWidget(self._nothing)
        self._nothing.hide()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """These, in place of those before."""
        for row in self.rows:
            self._layout.removeWidget(row)
            row.deleteLater()
        ordered = sorted(findings, key=lambda finding: finding.is_handled)
        self.rows = [FindingRow(self._theme, self._words, finding) for finding in ordered]
        for row in self.rows:
            self._layout.addWidget(row)
        self._nothing.setVisible(not self.rows)
