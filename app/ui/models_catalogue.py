"""The catalogue: models somebody recommends, filtered by words and by what they are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QLineEdit, QPushButton

from app.core.models_entities import CatalogueEntry, Fit
from app.ui.flow import FlowLayout
from app.ui.models_browse import BrowseTab
from app.ui.models_list import Row, RowList, fit_badge
from app.ui.models_parts import chain_tabs
from app.ui.models_words import KINDS, dotted, kind_words, parameters_text, summary_text
from app.ui.theme import Theme
from app.ui.words import size_text


class CatalogueTab(BrowseTab):
    """Works without a network; only a chosen model's variants are asked for."""

    def __init__(self, theme: Theme) -> None:
        rows = RowList(theme, "")
        super().__init__(theme, rows, self.tr("Choose a model to see its variants."))
        rows.setAccessibleName(self.tr("Catalogue"))
        self._entries: list[CatalogueEntry] = []
        self._fits: Mapping[str, Fit] = {}
        self.filter = QLineEdit()
        self.filter.setProperty("field", True)
        self.filter.setPlaceholderText(self.tr("Filter by name or language"))
        self.filter.setAccessibleName(self.tr("Filter the catalogue"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._refill)
        self.chips: dict[str, QPushButton] = {}
        flow = FlowLayout()
        for kind in KINDS:
            chip = QPushButton(kind_words(kind))
            chip.setProperty("chip", True)
            chip.setCheckable(True)
            chip.toggled.connect(self._refill)
            self.chips[kind] = chip
            flow.addWidget(chip)
        self.head.addWidget(self.filter)
        self.head.addLayout(flow)
        chain_tabs(self.filter, *self.chips.values(), self.list, self.detail.back)

    def show_catalogue(self, entries: Sequence[CatalogueEntry], fits: Mapping[str, Fit]) -> None:
        """Show `entries`; `fits` by repository."""
        self._entries, self._fits = list(entries), fits
        self._refill()

    def take_over(self, other: CatalogueTab) -> None:
        """Filter as `other` does."""
        self.filter.setText(other.filter.text())
        for kind, chip in self.chips.items():
            chip.setChecked(other.chips[kind].isChecked())

    def describe(self, repo: str) -> None:
        """Show in the detail what the catalogue knows of `repo`."""
        entry = next((entry for entry in self._entries if entry.repo == repo), None)
        if entry is not None:
            self.detail.show_entry(entry, self._fits.get(repo))

    def _refill(self) -> None:
        words = self.filter.text().casefold().split()
        kinds = {kind for kind, chip in self.chips.items() if chip.isChecked()}
        self.show_rows(
            [
                self._row(entry)
                for entry in self._entries
                if kinds <= set(entry.kinds) and all(word in _searched(entry) for word in words)
            ],
            self.tr("No model in the catalogue is like that. Try fewer filters, or the search.")
            if self._entries
            else self.tr("The catalogue is empty."),
        )

    def _row(self, entry: CatalogueEntry) -> Row:
        facts = dotted(
            parameters_text(entry.parameters), size_text(entry.size_bytes), entry.licence
        )
        return Row(
            key=entry.repo,
            title=entry.name,
            facts=facts,
            note=summary_text(entry),
            **fit_badge(self._fits.get(entry.repo)),
        )


def _searched(entry: CatalogueEntry) -> str:
    """Both summaries count: a word in the other language than the window's finds too."""
    texts = (entry.name, entry.family, entry.repo, entry.summary, entry.summary_zh_CN)
    return " ".join((*texts, *entry.languages, *entry.kinds)).casefold()
