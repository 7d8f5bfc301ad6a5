"""One row for each variant of a model: name, size, whether it fits, and the way to fetch it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.core.models_entities import Fit, RepoDetails, Variant
from app.ui.models_list import fit_role
from app.ui.models_parts import IconButton, TextButton, label, tag
from app.ui.models_words import fit_numbers, fit_words
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import size_text


class VariantRow(QFrame):
    """One variant; the numbers behind the verdict fold out."""

    download_requested = Signal()

    def __init__(
        self, theme: Theme, variant: Variant, fit: Fit | None, *, is_recommended: bool
    ) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setProperty("role", "recommended" if is_recommended else "")
        self.variant = variant
        self._numbers = label(fit_numbers(fit) if fit else "", role="muted", size=SMALL)
        self._numbers.hide()
        self.more = IconButton(theme, "chevron-down", self.tr("Show the numbers"))
        self.more.clicked.connect(self._fold)
        self.more.setVisible(fit is not None)
        self.button = TextButton(theme, "", is_primary=is_recommended)
        self.button.clicked.connect(self.download_requested)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(self._title(is_recommended=is_recommended))
        words.addLayout(self._facts(fit))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addLayout(words, 1)
        row.addWidget(self.more)
        row.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.addLayout(row)
        layout.addWidget(self._numbers)
        self.set_busy(False)

    @property
    def numbers(self) -> str:
        """The unfolded numbers, empty while they are folded away."""
        return "" if self._numbers.isHidden() else self._numbers.text()

    def set_busy(self, is_busy: bool) -> None:
        """Whether it is among the downloads already."""
        words = self.tr("In the downloads") if is_busy else self.tr("Download")
        if words != self.button.text():
            self.button.setText(words)
            self.button.setAccessibleName(f"{words}: {self.variant.name}")
        self.button.setEnabled(self.variant.is_complete and not is_busy)

    def _title(self, *, is_recommended: bool) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(label(self.variant.name, weight=QFont.Weight.DemiBold, wraps=False))
        if is_recommended:
            line.addWidget(tag(self.tr("Recommended")))
        line.addStretch(1)
        return line

    def _facts(self, fit: Fit | None) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(
            label(size_text(self.variant.size_bytes), role="muted", size=SMALL, wraps=False)
        )
        if not self.variant.is_complete:
            line.addWidget(label(self.tr("Parts are missing"), role="bad", size=SMALL, wraps=False))
        elif fit is not None:
            verdict = label(f"●  {fit_words(fit)}", role=fit_role(fit), size=SMALL, wraps=False)
            verdict.setToolTip(fit_numbers(fit))
            line.addWidget(verdict)
        line.addStretch(1)
        return line

    def _fold(self) -> None:
        shows = self._numbers.isHidden()
        self._numbers.setVisible(shows)
        self.more.rename(
            "chevron-up" if shows else "chevron-down",
            self.tr("Hide the numbers") if shows else self.tr("Show the numbers"),
        )


class Variants(QWidget):
    """All variants of a repository, the recommended one first."""

    download_requested = Signal(object, object)  # RepoDetails, Variant

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[VariantRow] = []
        self._busy: frozenset[str] = frozenset()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)

    def show_variants(
        self, details: RepoDetails, fits: Mapping[str, Fit], recommended: str
    ) -> None:
        """Show those of `details`."""
        self.clear()
        for variant in sorted(details.variants, key=lambda v: v.name != recommended):
            row = VariantRow(
                self._theme,
                variant,
                fits.get(variant.name),
                is_recommended=variant.name == recommended,
            )
            row.download_requested.connect(
                lambda v=variant: self.download_requested.emit(details, v)
            )
            self.rows.append(row)
            self._layout.addWidget(row)
        self.set_busy(self._busy)

    def set_busy(self, paths: frozenset[str]) -> None:
        """Which files of this repository are being downloaded."""
        self._busy = paths
        for row in self.rows:
            row.set_busy(bool(row.variant.files) and row.variant.files[0].path in paths)

    def clear(self) -> None:
        """Show nothing."""
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = []
        self._busy = frozenset()
