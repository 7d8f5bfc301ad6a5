"""The search on the hub: words and filters go out as a query, pages of hits come in."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from app.core.errors import Problem
from app.core.models_entities import ModelHit, SearchPage, SearchQuery, SearchSort
from app.ui.choice import Choice
from app.ui.flow import FlowLayout
from app.ui.models_browse import BrowseTab
from app.ui.models_list import Row, RowList
from app.ui.models_parts import TextButton, chain_tabs, label
from app.ui.models_words import count_text, dotted, parameters_text, repo_name
from app.ui.problem_view import Banner
from app.ui.theme import SMALL, Theme

LICENCES = ("apache-2.0", "mit", "llama3.1", "llama3.2", "gemma", "cc-by-4.0", "cc-by-nc-4.0")
LANGUAGES = (
    "ar", "cs", "de", "en", "es", "fr", "hi", "id", "it", "ja",
    "ko", "nl", "pl", "pt", "ru", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
SCRIPTS = {
    "ar": QFontDatabase.WritingSystem.Arabic,
    "hi": QFontDatabase.WritingSystem.Devanagari,
    "th": QFontDatabase.WritingSystem.Thai,
}
ARCHITECTURES = (
    "llama", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "phi3", "mistral3",
    "deepseek2", "gpt-oss", "granite", "falcon-h1", "command-r", "bert", "nomic-bert",
)  # fmt: skip
LARGEST = (2, 4, 9, 15, 35, 75)  # billions of parameters
_REPO = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)


class SearchTab(BrowseTab):
    """Nothing is sent before the person asks; after that a filter searches again at once."""

    search_requested = Signal(object)  # SearchQuery
    more_requested = Signal(object)  # SearchQuery

    def __init__(self, theme: Theme) -> None:
        rows = RowList(theme, "", has_note=False)
        super().__init__(theme, rows, self.tr("Choose a model to see its variants."))
        rows.setAccessibleName(self.tr("Found models"))
        self._hits: list[ModelHit] = []
        self._query: SearchQuery | None = None  # the one whose hits are on show
        self._cursor = ""
        self._make_head(theme)
        self.status = label(role="muted", size=SMALL)
        self.banner = Banner(theme)
        self.more = TextButton(theme, self.tr("Show more"))
        self.more.clicked.connect(self._ask_for_more)
        self.head.addWidget(self.banner)
        self.head.addWidget(self.status)
        self.foot.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        self.list.verticalScrollBar().valueChanged.connect(self._scrolled)
        chain_tabs(self.text, self.button, *self.choices, self.list, self.more, self.detail.back)
        self.status.hide()
        self.more.hide()
        self.show_rows(
            [],
            self.tr(
                "Search the hub for GGUF models, or enter the name of a repository, such as "
                "owner/model. What you search for is sent to the hub, nothing else."
            ),
        )

    def _make_head(self, theme: Theme) -> None:
        self.text = QLineEdit()
        self.text.setProperty("field", True)
        self.text.setMaxLength(200)
        self.text.setPlaceholderText(self.tr("Search the hub"))
        self.text.setAccessibleName(self.tr("Search the hub"))
        self.text.setClearButtonEnabled(True)
        self.text.returnPressed.connect(self.search)
        self.button = TextButton(theme, self.tr("Search"), is_primary=True)
        self.button.clicked.connect(self.search)
        line = QHBoxLayout()
        line.addWidget(self.text, 1)
        line.addWidget(self.button)
        self.head.addLayout(line)
        self.sort = Choice(theme, self.tr("Order"))
        for words, sort in (
            (self.tr("Trending"), SearchSort.TRENDING),
            (self.tr("Most downloads"), SearchSort.DOWNLOADS),
            (self.tr("Most likes"), SearchSort.LIKES),
            (self.tr("Newest"), SearchSort.NEWEST),
        ):
            self.sort.addItem(words, sort)
        self.largest = Choice(theme, self.tr("Size"), self.tr("Any size"))
        for billions in LARGEST:
            words = self.tr("Up to {size}").replace("{size}", f"{billions}B")
            self.largest.addItem(words, billions * 1_000_000_000)
        self.licence = Choice(theme, self.tr("Licence"), self.tr("Any licence"))
        for licence in LICENCES:
            self.licence.addItem(licence, licence)
        self.language = Choice(theme, self.tr("Language"), self.tr("Any language"))
        for code in LANGUAGES:
            self.language.addItem(_language_name(code), code)
        self.architecture = Choice(theme, self.tr("Architecture"), self.tr("Any architecture"))
        for architecture in ARCHITECTURES:
            self.architecture.addItem(architecture, architecture)
        flow = FlowLayout()
        self.choices = (self.sort, self.largest, self.licence, self.language, self.architecture)
        for choice in self.choices:
            choice.activated.connect(self._refine)
            flow.addWidget(choice)
        self.head.addLayout(flow)

    @property
    def query(self) -> SearchQuery:
        """What the fields say."""
        return SearchQuery(
            text=self.text.text().strip(),
            sort=SearchSort(self.sort.currentData()),
            licence=str(self.licence.currentData() or ""),
            language=str(self.language.currentData() or ""),
            architecture=str(self.architecture.currentData() or ""),
            max_parameters=int(self.largest.currentData() or 0),
        )

    def search(self) -> None:
        """Send the query; the name of a repository is opened as well."""
        self._query = self.query
        self._cursor = ""
        self.search_requested.emit(self._query)
        if _REPO.fullmatch(self._query.text):
            self.open(self._query.text)

    def show_searching(self) -> None:
        """A page is on its way; what is on show stays."""
        self.banner.clear()
        self._say(self.tr("Searching…"))
        self.more.setEnabled(False)

    def show_results(self, page: SearchPage, *, append: bool) -> None:
        """Show the hits of `page`, after those before or in their place."""
        self.banner.clear()
        known = {hit.repo for hit in self._hits} if append else set()
        self._hits = self._hits if append else []
        for hit in page.hits:  # from outside: the same repository may come twice
            if hit.repo not in known:
                known.add(hit.repo)
                self._hits.append(hit)
        self._cursor = page.next_cursor
        if not append:
            self.list.clearSelection()
            self.list.scrollToTop()
        self.show_rows([self._row(hit) for hit in self._hits], self.tr("Nothing was found."))
        self._say("")
        self.more.setEnabled(True)
        self.more.setVisible(bool(self._cursor))

    def show_search_problem(self, problem: Problem) -> None:
        """Why there are no hits, or no more."""
        self._say("")
        self.more.setEnabled(True)
        again = self._ask_for_more if self._cursor else self.search
        self.banner.show_problem(problem, [(self.tr("Try again"), again)])

    def take_over(self, other: SearchTab) -> None:
        """Show the query and the hits that `other` shows."""
        self.text.setText(other.text.text())
        for choice, theirs in zip(self.choices, other.choices, strict=True):
            choice.setCurrentIndex(theirs.currentIndex())
        self._query = other._query
        if other._hits:
            self.show_results(SearchPage(tuple(other._hits), other._cursor), append=False)

    def describe(self, repo: str) -> None:
        """Show in the detail what the hit says of `repo`."""
        hit = next((hit for hit in self._hits if hit.repo == repo), None)
        self.detail.show_hit(hit if hit is not None else ModelHit(repo))

    def _row(self, hit: ModelHit) -> Row:
        downloads = self.tr("{count} downloads", "", hit.downloads).replace(
            "{count}", count_text(hit.downloads)
        )
        return Row(
            key=hit.repo,
            title=repo_name(hit.repo),
            facts=dotted(
                hit.repo.rpartition("/")[0],
                parameters_text(hit.parameters),
                downloads if hit.downloads else "",
                hit.licence,
            ),
            badge=self.tr("Terms to accept") if hit.is_gated else "",
            badge_role="warn",
            tooltip=hit.repo,
        )

    def _refine(self) -> None:
        if self._query is not None and self._query != self.query:
            self.search()

    def _ask_for_more(self) -> None:
        if self._query is not None and self._cursor and self.more.isEnabled():
            self.more.setEnabled(False)
            self.more_requested.emit(replace(self._query, cursor=self._cursor))

    def _scrolled(self, value: int) -> None:
        if value and value == self.list.verticalScrollBar().maximum():
            self._ask_for_more()

    def _say(self, words: str) -> None:
        self.status.setText(words)
        self.status.setVisible(bool(words))


def _language_name(code: str) -> str:
    """What its speakers call it; in English where this computer has no font for their script."""
    locale, script = QLocale(code), SCRIPTS.get(code)
    if script is not None and not QFontDatabase.families(script):
        return QLocale.languageToString(locale.language())
    return locale.nativeLanguageName() or code
