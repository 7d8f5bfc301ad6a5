"""What catalogue and search share: a list beside the details of the model chosen in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.errors import Problem
from app.core.models_entities import Fit, RepoDetails
from app.ui.model_detail import DetailView, Phase
from app.ui.models_list import Row, RowList
from app.ui.models_parts import Placeholder
from app.ui.models_split import ListAndDetail
from app.ui.theme import GAP, Theme

REST_MS = 300  # the hub is asked when the arrow keys have rested this long on a model


class BrowseTab(QWidget):
    """A head, a list and a detail; subclasses fill head and list, and say what a row shows."""

    details_requested = Signal(str)

    def __init__(self, theme: Theme, rows: RowList, hint: str) -> None:
        super().__init__()
        self.list = rows
        self.detail = DetailView(theme, hint)
        self.nothing = Placeholder(theme, "search")
        self.nothing.hide()
        self._wants_focus = False  # for the details, once they are there
        self.head = QVBoxLayout()
        self.head.setContentsMargins(GAP * 2, GAP + 4, GAP * 2, GAP)
        self.head.setSpacing(GAP)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(GAP * 2, 0, GAP * 2, GAP)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.head)
        column.addWidget(self.list, 1)
        column.addWidget(self.nothing, 1)
        column.addLayout(self.foot)
        self.split = ListAndDetail(side, self.list, self.detail)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.split)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._ask)
        self.list.chosen.connect(self._choose)
        self.list.opened.connect(self.open)
        self.list.entered.connect(self._enter)
        self.detail.retry_requested.connect(self._request)

    def open(self, repo: str) -> None:
        """Show the details of `repo` and ask for what is missing, at once."""
        self._describe(repo)
        self.split.open_detail()
        self._ask()

    def show_rows(self, rows: Sequence[Row], nothing: str) -> None:
        """Fill the list; `nothing` stands there where it is empty."""
        self.list.show_rows(rows)
        self.nothing.say(nothing)
        self.list.setVisible(bool(rows))
        self.nothing.setVisible(not rows)

    def go_back(self) -> bool:
        """From the details to the list; false where one is in the list already."""
        return self.split.go_back()

    def show_details(self, details: RepoDetails, fits: Mapping[str, Fit], recommended: str) -> None:
        """Fill the details, if they are of the repository that is open here."""
        if details.repo != self.detail.repo:
            return
        waits = self.detail.back.hasFocus() or self.list.hasFocus()
        self.detail.show_details(details, fits, recommended)
        if waits and self._wants_focus:
            self.detail.focus_first()
        self._wants_focus = False

    def show_problem(self, repo: str, problem: Problem) -> None:
        """Why the details are missing, if they are of the repository that is open here."""
        if repo == self.detail.repo:
            self.detail.show_problem(problem)

    def describe(self, repo: str) -> None:
        """Show in the detail what the list knows of `repo`."""
        raise NotImplementedError

    def _enter(self, repo: str) -> None:
        self.open(repo)
        self._wants_focus = self.detail.phase is not Phase.SHOWN
        self.detail.focus_first()

    def _describe(self, repo: str) -> None:
        if repo != self.detail.repo:
            self.describe(repo)

    def _choose(self, repo: str) -> None:
        if self.split.is_narrow:  # there one opens it to see it
            return
        self._describe(repo)
        self._rest.start()

    def _ask(self) -> None:
        self._rest.stop()
        if self.detail.repo and self.detail.phase is Phase.NOTHING:
            self._request(self.detail.repo)

    def _request(self, repo: str) -> None:
        self.detail.show_loading(repo)
        self.details_requested.emit(repo)
