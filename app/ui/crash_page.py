"""The dialog "Last crash": what happened, where, its details and the end of the log; kept here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.crashes import CrashKind, CrashReport, as_markdown
from app.core.errors import Problem
from app.ui.models_parts import Confirm, IconButton, Placeholder, TextButton, label
from app.ui.theme import GAP, HEADING, SMALL, Theme, code_font
from app.ui.words import action_of, summary_of

COPIED_MS = 2000


class CrashPage(QDialog):
    """Not modal. Shows one report and pages through the older ones."""

    folder_requested = Signal()
    delete_requested = Signal(object)  # CrashReport

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Last crash"))
        self.setModal(False)
        self._theme = theme
        self._reports: list[CrashReport] = []
        self._at = 0
        self.what = label(size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        self.details, self.log = _text_box(), _text_box()
        self._details_title = label(self.tr("Details"), role="muted")
        self._log_title = label(self.tr("End of the log"), role="muted")
        self.nothing = Placeholder(theme, "check", self.tr("Nothing has crashed."))
        self._make_facts()
        self._make_buttons()
        self._make_layout()
        room = self.screen().availableSize()
        self.resize(min(720, room.width()), min(680, int(room.height() * 0.9)))
        self.show_reports(())

    def _make_facts(self) -> None:
        self.facts = QGridLayout()
        self.facts.setHorizontalSpacing(GAP * 2)
        self.facts.setVerticalSpacing(4)
        self.facts.setColumnStretch(1, 1)
        self.values = []
        names = (self.tr("When"), self.tr("Where"), self.tr("Version"), self.tr("System"))
        for row, name in enumerate(names):
            self.facts.addWidget(
                label(name, role="muted", wraps=False), row, 0, Qt.AlignmentFlag.AlignTop
            )
            value = label()
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.facts.addWidget(value, row, 1, Qt.AlignmentFlag.AlignTop)
            self.values.append(value)

    def _make_buttons(self) -> None:
        theme = self._theme
        self.copy = TextButton(theme, self.tr("Copy"), "copy", is_primary=True)
        self.copy.setToolTip(self.tr("Copy it as text for a bug report"))
        self.folder = TextButton(theme, self.tr("Show in folder"), "folder-open")
        self.delete = TextButton(theme, self.tr("Delete…"), "trash-2")
        self.newer = IconButton(theme, "chevron-up", self.tr("The newer one"))
        self.older = IconButton(theme, "chevron-down", self.tr("The older one"))
        self.page = label(role="muted", wraps=False)
        self.close_button = TextButton(theme, self.tr("Close"))
        self.confirm = Confirm(theme)
        self.problem = label(role="bad")
        self.problem.hide()
        self.copy.clicked.connect(self._copy)
        self.folder.clicked.connect(self.folder_requested)
        self.delete.clicked.connect(self._ask)
        self.confirm.confirmed.connect(lambda: self.delete_requested.emit(self.report))
        self.confirm.declined.connect(self._decline)
        self.newer.clicked.connect(lambda: self._turn(-1))
        self.older.clicked.connect(lambda: self._turn(1))
        self.close_button.clicked.connect(self.close)

    def _make_layout(self) -> None:
        self.content = QWidget()
        items = QVBoxLayout(self.content)
        items.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP * 2)
        items.setSpacing(GAP)
        head = QHBoxLayout()
        head.addWidget(self.what, 1)
        for part in (self.page, self.newer, self.older):
            head.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        items.addLayout(head)
        items.addLayout(self.facts)
        items.addSpacing(GAP)
        for title, box, stretch in (
            (self._details_title, self.details, 3),
            (self._log_title, self.log, 2),
        ):
            items.addWidget(title)
            items.addWidget(box, stretch)
        self._rest = QWidget()  # takes the room of the boxes where there is nothing in them
        items.addWidget(self._rest, 1)
        items.addWidget(self.confirm)
        items.addWidget(self.problem)
        kept = self.tr("It stays on this computer: nothing is sent. What you wrote is not in it.")
        self._kept = label(kept, role="muted", size=SMALL)
        items.addWidget(self._kept)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.content)
        self.pages.addWidget(self.nothing)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP)
        bottom.setSpacing(GAP)
        for button in (self.copy, self.folder, self.delete):
            bottom.addWidget(button)
        bottom.addStretch(1)
        bottom.addWidget(self.close_button)
        line = QFrame()
        line.setObjectName("splitLine")
        line.setFixedHeight(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages, 1)
        layout.addWidget(line)
        layout.addLayout(bottom)

    @property
    def report(self) -> CrashReport | None:
        """The one on show."""
        return self._reports[self._at] if self._reports else None

    def show_reports(self, reports: Sequence[CrashReport]) -> None:
        """All there are, the newest first; the place among them is kept."""
        self._reports = list(reports)
        self._turn(0)

    def show_newest(self) -> None:
        """Back to the first."""
        self._at = 0
        self._turn(0)

    def show_problem(self, problem: Problem) -> None:
        """Why it was not deleted or read."""
        self.problem.setText(f"{summary_of(problem)} {action_of(problem)}")
        self.problem.show()

    def _turn(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._reports) - 1))
        self.confirm.hide()
        self.problem.hide()
        self._kept.show()
        report = self.report
        for button in (self.copy, self.folder, self.delete):
            button.setVisible(report is not None)
        self.pages.setCurrentWidget(self.nothing if report is None else self.content)
        if report is None:
            self.close_button.setFocus()
            return
        self._show(report)
        count = len(self._reports)
        for part in (self.page, self.newer, self.older):
            part.setVisible(count > 1)
        self.newer.setEnabled(self._at > 0)
        self.older.setEnabled(self._at < count - 1)
        words = self.tr("{number} of {count}").replace("{number}", str(self._at + 1))
        self.page.setText(words.replace("{count}", str(count)))

    def _show(self, report: CrashReport) -> None:
        self.what.setText(self.sentence(report))
        version = f"{report.version} ({report.build})"
        places = (_local_time(report.when), self._where(report), version, report.system)
        for value, text in zip(self.values, places, strict=True):
            value.setText(text)
        self.values[-1].setText(", ".join(t for t in (report.system, report.software) if t))
        for title, box, text in (
            (self._details_title, self.details, report.trace),
            (self._log_title, self.log, report.log),
        ):
            box.setPlainText(text)
            title.setVisible(bool(text))
            box.setVisible(bool(text))
        self._rest.setVisible(self.details.isHidden() and self.log.isHidden())
        self.log.moveCursor(self.log.textCursor().MoveOperation.End)

    def sentence(self, report: CrashReport) -> str:
        """What happened."""
        sentence = {
            CrashKind.EXCEPTION: self.tr(
                "Something in Inglenook went wrong that should not have: {reason}"
            ),
            CrashKind.WINDOW: self.tr("Inglenook ended unexpectedly: {reason}"),
            CrashKind.WORKER: self.tr("The model's process ended unexpectedly: {reason}"),
            CrashKind.DOWNLOADS: self.tr("The process that downloads ended unexpectedly: {reason}"),
        }[report.kind]
        words = {
            "SIGKILL": self.tr("the system ended it, often for want of memory"),
            "SIGSEGV": self.tr("it reached for memory that is not its own"),
            "SIGBUS": self.tr("a file or memory it was using went away"),
            "SIGILL": self.tr("it used an instruction that this processor does not have"),
            "SIGFPE": self.tr("it calculated something that has no result"),
            "SIGABRT": self.tr("it found an error in itself and gave up"),
        }.get(report.reason, "")
        reason = f"{report.reason} ({words})" if words else report.reason
        return sentence.replace("{reason}", reason)

    def _where(self, report: CrashReport) -> str:
        process = {
            "window": self.tr("the window"),
            "model": self.tr("the model's process"),
            "downloads": self.tr("the process that downloads"),
        }.get(report.process, report.process)
        action = {
            "started": self.tr("just started"),
            "starting": self.tr("while it started"),
            "the model's process starts": self.tr("while the model's process started"),
            "no model is loaded": self.tr("no model was loaded"),
            "loading a model": self.tr("while a model was loaded"),
            "waiting for a question": self.tr("while it waited for a question"),
            "answering": self.tr("while it answered"),
            "downloading": self.tr("while it downloaded"),
        }.get(report.action, report.action)
        return (
            self.tr("{process}, {action}").replace("{process}", process).replace("{action}", action)
            if action
            else process
        )

    def _ask(self) -> None:
        self._kept.hide()  # a small window has no room for both
        self.confirm.ask(self.tr("Delete this report?"), self.tr("Delete"))

    def _decline(self) -> None:
        self._kept.show()
        self.delete.setFocus()

    def _copy(self) -> None:
        if self.report is not None:
            QGuiApplication.clipboard().setText(as_markdown(self.report))
            self.copy.setText(self.tr("Copied"))
            QTimer.singleShot(COPIED_MS, self, lambda: self.copy.setText(self.tr("Copy")))


def _text_box() -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setObjectName("note")
    box.setReadOnly(True)
    font = code_font()
    font.setPointSizeF(font.pointSizeF() * SMALL)
    box.setFont(font)
    box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    box.setTabChangesFocus(True)
    box.setMinimumHeight(36)
    return box


def _local_time(when: str) -> str:
    """A moment in UTC as the person's clock has it."""
    try:
        moment = datetime.fromisoformat(when).astimezone()
    except (ValueError, OverflowError, OSError):
        return when
    return QLocale().toString(moment.replace(tzinfo=None), QLocale.FormatType.ShortFormat)  # type: ignore[call-overload,no-any-return]
