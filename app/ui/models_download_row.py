"""One download: progress, speed, time left, state and its buttons, changed in place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout

from app.core.models_entities import Download, DownloadState
from app.ui.models_parts import Confirm, IconButton, TextButton, breakable, label, set_role
from app.ui.models_words import dotted, left_text, speed_text, state_words
from app.ui.theme import GAP, SMALL, Theme
from app.ui.words import action_of, size_text, summary_of

STEPS = 1000  # of the progress bar
_ACTIVE = (DownloadState.QUEUED, DownloadState.RUNNING, DownloadState.WAITING)


class DownloadRow(QFrame):
    """Shows a `Download`; showing the same one again touches nothing."""

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    move_requested = Signal(str, int)
    chat_requested = Signal(object)  # Path

    def __init__(self, theme: Theme, download: Download) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.id = download.job.id
        self._download: Download | None = None
        self._title = label(breakable(download.job.title), weight=QFont.Weight.DemiBold)
        self._state = label(role="muted", size=SMALL, wraps=False)
        self.bar = QProgressBar()
        self.bar.setRange(0, STEPS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(download.job.title)
        self._figures = label(role="muted", size=SMALL)
        self._problem = label(role="bad", size=SMALL)
        self._problem.hide()
        self.confirm = Confirm(theme)
        self.confirm.confirmed.connect(lambda: self.cancel_requested.emit(self.id))
        self._make_buttons(theme)
        self._make_layout()
        self.show_download(download)

    def _make_buttons(self, theme: Theme) -> None:
        self.chat = TextButton(theme, self.tr("Chat with it"), "message-square", is_primary=True)
        self.retry = TextButton(theme, self.tr("Try again"), "rotate-ccw")
        self.pause = IconButton(theme, "pause", self.tr("Pause"))
        self.resume = IconButton(theme, "play", self.tr("Resume"))
        self.up = IconButton(theme, "arrow-up", self.tr("Earlier"))
        self.down = IconButton(theme, "arrow-down", self.tr("Later"))
        self.cancel = IconButton(theme, "x", self.tr("Cancel"))
        self.chat.clicked.connect(self._chat)
        self.retry.clicked.connect(lambda: self.retry_requested.emit(self.id))
        self.pause.clicked.connect(lambda: self.pause_requested.emit(self.id))
        self.resume.clicked.connect(lambda: self.resume_requested.emit(self.id))
        self.up.clicked.connect(lambda: self.move_requested.emit(self.id, -1))
        self.down.clicked.connect(lambda: self.move_requested.emit(self.id, 1))
        self.cancel.clicked.connect(self._cancel)
        self.confirm.declined.connect(self.cancel.setFocus)

    def _make_layout(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(self._title, 1)
        head.addWidget(self._state, 0, Qt.AlignmentFlag.AlignTop)
        foot = QHBoxLayout()
        foot.setSpacing(2)
        foot.addWidget(self._figures, 1)
        for button in (self.up, self.down, self.pause, self.resume, self.retry, self.chat):
            foot.addWidget(button)
        foot.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, GAP, 6)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addSpacing(2)
        layout.addWidget(self.bar)
        layout.addWidget(self._problem)
        layout.addLayout(foot)
        layout.addWidget(self.confirm)

    @property
    def figures(self) -> str:
        """Bytes, speed and time left."""
        return self._figures.text()

    @property
    def state_text(self) -> str:
        """What it is doing."""
        return self._state.text()

    @property
    def problem_text(self) -> str:
        """What went wrong and what to do, empty where nothing did."""
        return "" if self._problem.isHidden() else self._problem.text()

    def show_download(self, download: Download) -> None:
        """The present state; called ten times a second."""
        before, self._download = self._download, download
        if download == before:
            return
        total = download.total_bytes
        is_done = download.state is DownloadState.DONE
        fraction = 1.0 if is_done else download.done_bytes / total if total else 0.0
        self.bar.setValue(int(STEPS * min(1.0, fraction)))
        _say(self._figures, self._figures_of(download))
        if before is None or before.state is not download.state:
            self._show_state(download.state)
        if before is None or before.problem != download.problem:
            problem = download.problem
            self._problem.setVisible(problem is not None)
            if problem is not None:
                self._problem.setText(breakable(f"{summary_of(problem)} {action_of(problem)}"))

    def show_place(self, *, can_rise: bool, can_sink: bool) -> None:
        """Whether it can go before or after others that have not finished."""
        self.up.setVisible(can_rise or can_sink)
        self.down.setVisible(can_rise or can_sink)
        self.up.setEnabled(can_rise)
        self.down.setEnabled(can_sink)

    def _figures_of(self, download: Download) -> str:
        total = size_text(download.total_bytes)
        if download.state is DownloadState.DONE:
            return total
        words = self.tr("{done} of {total}")
        done = words.replace("{done}", size_text(download.done_bytes)).replace("{total}", total)
        if download.state is not DownloadState.RUNNING or not download.speed:
            return done
        left = download.seconds_left
        return dotted(done, speed_text(download.speed), left_text(left) if left is not None else "")

    def _show_state(self, state: DownloadState) -> None:
        self._state.setText(state_words(state))
        is_failed, is_done = state is DownloadState.FAILED, state is DownloadState.DONE
        set_role(self._state, "good" if is_done else "bad" if is_failed else "muted")
        set_role(self.bar, "done" if is_done else "" if state is DownloadState.RUNNING else "idle")
        had_focus = next((b for b in (self.pause, self.resume, self.retry) if b.hasFocus()), None)
        self.bar.setVisible(not is_done)
        self.pause.setVisible(state in _ACTIVE)
        self.resume.setVisible(state is DownloadState.PAUSED)
        self.retry.setVisible(is_failed)
        self.chat.setVisible(is_done)
        self.cancel.rename("x", self.tr("Take off the list") if is_done else self.tr("Cancel"))
        if had_focus is not None and had_focus.isHidden():
            shown = next(
                b for b in (self.pause, self.resume, self.retry, self.chat) if not b.isHidden()
            )
            shown.setFocus(Qt.FocusReason.OtherFocusReason)
        if is_done:
            self.confirm.decline()

    def _cancel(self) -> None:
        download = self._download
        if download is None:
            return
        if download.state is DownloadState.DONE or not download.done_bytes:
            self.cancel_requested.emit(self.id)
            return
        words = self.tr("Cancel and throw away the {size} that have arrived?")
        self.confirm.ask(
            words.replace("{size}", size_text(download.done_bytes)), self.tr("Throw away")
        )

    def _chat(self) -> None:
        if self._download is not None and self._download.path:
            self.chat_requested.emit(Path(self._download.path))


def _say(shown: QLabel, text: str) -> None:
    """Set a label's text only where it is another, so that nothing is painted for nothing."""
    if shown.text() != text:
        shown.setText(text)
