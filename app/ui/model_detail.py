"""One repository in full: facts, terms, variants with their fit, and the model card."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from PySide6.QtCore import QDate, QLocale, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.core.errors import Problem
from app.core.models_entities import CatalogueEntry, Fit, ModelHit, RepoDetails
from app.ui.message_body import MessageBody
from app.ui.models_card import readable_card
from app.ui.models_list import fit_role
from app.ui.models_parts import Placeholder, TextButton, breakable, chain_tabs, label, set_role
from app.ui.models_split import DetailPane
from app.ui.models_variants import Variants
from app.ui.models_words import (
    context_text,
    count_text,
    dotted,
    fit_words,
    kind_words,
    languages_text,
    parameters_text,
    repo_name,
    summary_text,
)
from app.ui.problem_view import Banner, Offer
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import size_text

TITLE_SIZE = 1.4  # in parts of the system's font size


class Phase(Enum):
    """What is known of the repository."""

    NOTHING = "nothing"  # none is chosen
    LOADING = "loading"
    SHOWN = "shown"
    FAILED = "failed"


class DetailView(DetailPane):
    """What is shown of the chosen repository; what came from the list stays until more is known."""

    download_requested = Signal(object, object)  # RepoDetails, Variant
    open_url_requested = Signal(str)
    retry_requested = Signal(str)

    def __init__(self, theme: Theme, hint: str) -> None:
        super().__init__(theme, Placeholder(theme, "boxes", hint))
        self.repo = ""
        self.phase = Phase.NOTHING
        self._url = ""
        self._card: MessageBody | None = None
        self._fill_column()
        theme.changed.connect(self._restyle)

    def _fill_column(self) -> None:
        self._title = label(size=TITLE_SIZE, weight=QFont.Weight.DemiBold)
        self._name = label(role="muted", size=SMALL)
        self._facts = label(role="muted")
        self._fit = label()
        self._summary = label()
        self._unverified = label(role="muted", size=SMALL)
        self._terms = self._make_terms()
        self.banner = Banner(self._theme)
        self._loading = label(self.tr("Asking the hub for its variants…"), role="muted")
        self._variants_title = label(
            self.tr("Variants"), size=HEADING, weight=QFont.Weight.DemiBold
        )
        self.variants = Variants(self._theme)
        self.variants.download_requested.connect(self.download_requested)
        self._card_title = label(
            self.tr("From the model's page"), size=HEADING, weight=QFont.Weight.DemiBold
        )
        self.page_button = TextButton(self._theme, self.tr("Open its page in the browser"))
        self.page_button.clicked.connect(lambda: self.open_url_requested.emit(self._url))
        items = self._column.items
        items.setSpacing(6)
        top: tuple[QWidget, ...] = (
            self._title,
            self._name,
            self._facts,
            self._fit,
            self._summary,
            self._unverified,
            self._terms,
            self.banner,
            self._loading,
        )
        for widget in top:
            items.addWidget(widget)
        items.addSpacing(GAP)
        items.addWidget(self._variants_title)
        items.addWidget(self.variants)
        items.addSpacing(GAP * 2)
        items.addWidget(self._card_title)
        items.addWidget(self.page_button)
        items.addStretch(1)

    def _make_terms(self) -> QFrame:
        box = QFrame()
        box.setObjectName("note")
        words = label(self.tr("The owner gives it only to people who have accepted the terms."))
        self.terms_button = TextButton(self._theme, self.tr("Read the terms in the browser"))
        self.terms_button.clicked.connect(lambda: self.open_url_requested.emit(self._url))
        layout = QVBoxLayout(box)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(GAP)
        layout.addWidget(words)
        layout.addWidget(self.terms_button)
        return box

    def show_entry(self, entry: CatalogueEntry, fit: Fit | None) -> None:
        """What the catalogue knows; no network is needed for it."""
        self._begin(entry.repo, entry.name)
        self._facts.setText(
            dotted(
                parameters_text(entry.parameters),
                size_text(entry.size_bytes),
                context_text(entry.context),
                entry.licence,
                ", ".join(kind_words(kind) for kind in entry.kinds),
                languages_text(entry.languages),
            )
        )
        self._facts.show()
        if fit is not None:
            self._fit.setText(f"●  {fit_words(fit)}")
            set_role(self._fit, fit_role(fit))
            self._fit.show()
        summary = summary_text(entry)
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))
        if entry.unverified:
            self._unverified.setText(
                self.tr("Size and details are estimates until the hub has answered.")
            )
            self._unverified.show()

    def show_hit(self, hit: ModelHit) -> None:
        """What a search result says."""
        self._begin(hit.repo, repo_name(hit.repo))
        self._show_facts(hit)

    def show_loading(self, repo: str) -> None:
        """The rest is on its way."""
        if repo != self.repo:
            self._begin(repo, repo_name(repo))
        self.phase = Phase.LOADING
        self.banner.clear()
        self._loading.show()

    def show_details(self, details: RepoDetails, fits: Mapping[str, Fit], recommended: str) -> None:
        """Everything that is known of it; `fits` by the variant's name."""
        if details.repo != self.repo:
            self._begin(details.repo, repo_name(details.repo))
        self.phase = Phase.SHOWN
        self._loading.hide()
        self.banner.clear()
        self._url = details.url
        self._terms.setVisible(details.is_gated)
        self.terms_button.setVisible(bool(details.url))
        self.page_button.setVisible(bool(details.url))
        self._show_facts(details)  # the hub's own, in the place of what the catalogue says
        self._unverified.hide()
        self._fit.hide()  # each variant has its own now
        self._variants_title.setText(
            self.tr("Variants") if details.variants else self.tr("There is no GGUF file in it")
        )
        self._variants_title.show()
        self.variants.show_variants(details, fits, recommended)
        buttons = [button for row in self.variants.rows for button in (row.more, row.button)]
        chain_tabs(self.back, self.terms_button, *buttons, self.page_button)
        self._show_card(details.card)

    def show_problem(self, problem: Problem) -> None:
        """Why the rest is not there, and what can be done."""
        self.phase = Phase.FAILED
        self._loading.hide()
        offers: list[Offer] = []
        url = dict(problem.params).get("url", "")
        if url:
            offers.append((self.tr("Open its page"), lambda: self.open_url_requested.emit(url)))
        repo = self.repo
        offers.append((self.tr("Try again"), lambda: self.retry_requested.emit(repo)))
        self.banner.show_problem(problem, offers)

    def focus_first(self) -> None:
        """Give the keyboard to the likeliest next thing."""
        buttons = [row.button for row in self.variants.rows if row.button.isEnabled()]
        if buttons:
            buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.back.isVisible():
            self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page up and down scroll, wherever the keyboard is."""
        bar = self._column.verticalScrollBar()
        step = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}.get(Qt.Key(event.key()), 0)
        if step:
            bar.setValue(bar.value() + step * bar.pageStep())
            return
        super().keyPressEvent(event)

    def _begin(self, repo: str, title: str) -> None:
        """Another repository: nothing of the one before stays."""
        self.repo = repo
        self.phase = Phase.NOTHING
        self._url = ""
        self._title.setText(breakable(title))
        self._name.setText(breakable(repo))
        for widget in (
            self._facts,
            self._fit,
            self._summary,
            self._unverified,
            self._terms,
            self._loading,
            self._variants_title,
            self.page_button,
        ):
            widget.hide()
        self.banner.clear()
        self.variants.clear()
        self._show_card("")
        self._column.verticalScrollBar().setValue(0)
        self.show_column()

    def _show_facts(self, known: ModelHit | RepoDetails) -> None:
        downloads = self.tr("{count} downloads", "", known.downloads).replace(
            "{count}", count_text(known.downloads)
        )
        likes = self.tr("{count} likes", "", known.likes).replace(
            "{count}", count_text(known.likes)
        )
        updated = ""
        if known.updated_at is not None:
            then = known.updated_at
            day = QLocale().toString(
                QDate(then.year, then.month, then.day), QLocale.FormatType.ShortFormat
            )
            updated = self.tr("changed {date}").replace("{date}", day)
        self._facts.setText(
            dotted(
                parameters_text(known.parameters),
                known.architecture,
                context_text(known.trained_context),
                known.licence,
                downloads if known.downloads else "",
                likes if known.likes else "",
                updated,
            )
        )
        self._facts.setVisible(bool(self._facts.text()))

    def _show_card(self, card: str) -> None:
        if self._card is not None:
            self._column.items.removeWidget(self._card)
            self._card.hide()
            self._card.deleteLater()
            self._card = None
        text = readable_card(card)
        self._card_title.setVisible(bool(text))
        if text:
            self._card = MessageBody(self._theme)
            self._card.append(text, is_complete=True)
            items = self._column.items
            items.insertWidget(items.indexOf(self.page_button), self._card)

    def _restyle(self) -> None:
        if self._card is not None:
            self._card.restyle()
