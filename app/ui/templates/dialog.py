"""The dialog "Chat template": what was found in a model's own, and what is used in its place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from app.core.entities import FindingKind
from app.core.errors import Problem
from app.core.templates import Examination
from app.services.templates import Templates
from app.ui.choice import Choice
from app.ui.flow import FlowLayout
from app.ui.models_parts import TextButton, breakable, label, set_role
from app.ui.prompt_view.text import PromptText
from app.ui.prompts.alive import while_there
from app.ui.setting_fields import keep_from_wheel, title
from app.ui.sizes import text_scale
from app.ui.templates.parts import Findings
from app.ui.templates.words import TemplateWords
from app.ui.theme import GAP, HEADING, SMALL, Theme
from app.ui.words import action_of, short_model_name, summary_of


class TemplateDialog(QDialog):
    """Not modal. Shows one model file at a time, loaded or not."""

    applied = Signal(object, str)  # Path, name of a known good template or empty

    def __init__(self, theme: Theme, templates: Templates, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Chat template"))
        self._theme, self._templates = theme, templates
        self._words = TemplateWords(self)
        self._path = Path()
        self._found: Examination | None = None
        self._asked = 0  # number of the newest preview; older answers are dropped
        self.name = label(size=HEADING * 1.1, weight=QFont.Weight.DemiBold)
        self.state = label(self.tr("One moment…"), role="muted")
        self.findings = Findings(theme, self._words)
        self.choice = Choice(theme, self.tr("Chat template"))
        self.choice.setMinimumContentsLength(16)
        self.choice.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToContentsOnFirstShow)
        keep_from_wheel(self.choice)
        self.choice.currentIndexChanged.connect(self._chosen)
        self.families = label(role="muted", size=SMALL)
        self.preview = PromptText(theme)
        self.preview.setAccessibleName(self.tr("What the model would read"))
        self.preview.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.preview.setMinimumHeight(140)
        self.preview_problem = label(role="danger", size=SMALL)
        self.preview_problem.hide()
        self.outcome = label(role="muted", size=SMALL)
        self.apply_button = TextButton(theme, self.tr("Use this template"), is_primary=True)
        self.apply_button.clicked.connect(self._apply)
        self.close_button = TextButton(theme, self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        self._make_layout()
        room = self.screen().availableSize()
        wide = round(600 * min(text_scale(), 1.5))
        self.resize(min(wide, room.width()), min(700, int(room.height() * 0.9)))

    def _make_layout(self) -> None:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(GAP * 3, GAP * 2, GAP * 3, GAP)
        inside.setSpacing(4)
        inside.addWidget(self.name)
        words = self.tr(
            "A chat template says how questions and answers are put to the model. Each family of "
            "models was trained with one of its own, and answers badly with another."
        )
        inside.addWidget(label(words, role="muted"))
        inside.addSpacing(GAP)
        inside.addWidget(title(self.tr("What was found in the model's own")))
        inside.addWidget(self.state)
        inside.addWidget(self.findings)
        inside.addSpacing(GAP)
        inside.addWidget(title(self.tr("What is used")))
        inside.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignLeft)
        inside.addWidget(self.families)
        inside.addSpacing(GAP)
        inside.addWidget(title(self.tr("What the model would read")))
        inside.addWidget(self.preview_problem)
        inside.addWidget(self.preview, 100)
        inside.addStretch(1)  # for when the preview is hidden
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(content)
        buttons = FlowLayout()
        for button in (self.apply_button, self.close_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        below = QVBoxLayout()
        below.setContentsMargins(GAP * 3, GAP, GAP * 3, GAP * 2)
        below.setSpacing(4)
        below.addWidget(self.outcome)
        below.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(below)

    @property
    def path(self) -> Path:
        """The model file on show."""
        return self._path

    @property
    def template(self) -> str:
        """The name that is chosen, empty for the model's own."""
        return str(self.choice.currentData() or "")

    def show_model(self, path: Path, name: str) -> None:
        """Look at this file."""
        self._path, self._found = path, None
        self.name.setText(breakable(name or short_model_name(path.name)))
        self.state.setText(self.tr("One moment…"))
        set_role(self.state, "muted")
        self.state.show()
        self.findings.hide()
        self.outcome.setText("")
        self.choice.setEnabled(False)
        self.apply_button.setEnabled(False)
        self.preview.show_pieces((), 0)
        self._templates.examine(
            path,
            while_there(self, lambda found: self._show(path, found)),
            while_there(self, lambda problem: self._fail(path, problem)),
        )

    def _show(self, path: Path, found: Examination) -> None:
        if path != self._path:
            return
        self._found = found
        self.state.hide()
        self.findings.show_findings(found.findings)
        self.findings.show()
        self._fill_choice(found)
        self._chosen()

    def _fail(self, path: Path, problem: Problem) -> None:
        if path == self._path:
            set_role(self.state, "danger")
            self.state.setText(f"{summary_of(problem)} {action_of(problem)}")

    def _fill_choice(self, found: Examination) -> None:
        known = {template.name: template for template in self._templates.known()}
        suited = [known[name] for name in found.suggestions if name in known]
        others = [template for template in known.values() if template not in suited]
        own = self.tr("The model's own") if found.has_own else self.tr("Chosen by Inglenook")
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItem(own, "")
        for template in suited:
            self.choice.addItem(self._words.entry(template, is_suited=True), template.name)
        for template in others:
            self.choice.addItem(self._words.entry(template, is_suited=False), template.name)
        self.choice.setCurrentIndex(max(self.choice.findData(found.chosen), 0))
        self.choice.blockSignals(False)
        self.choice.setEnabled(True)

    def _chosen(self) -> None:
        if self._found is None:
            return
        known = next((t for t in self._templates.known() if t.name == self.template), None)
        words = self.tr("For {families}").replace("{families}", known.families if known else "")
        self.families.setText(words)
        self.families.setVisible(known is not None)
        is_new = self.template != self._found.chosen
        self.apply_button.setEnabled(is_new)
        self.outcome.setText("" if is_new else self._outcome_now())
        self._ask_preview()

    def _outcome_now(self) -> str:
        found = self._found
        is_broken = found is not None and any(
            finding.kind is FindingKind.BROKEN for finding in found.findings
        )
        if is_broken and not self.template:
            return self.tr("It is in use, and cannot work. Choose one that suits this model.")
        return self.tr("This one is in use.")

    def _ask_preview(self) -> None:
        self._asked += 1
        number = self._asked
        turns = (
            ("system", self.tr("Be brief.")),
            ("user", self.tr("What is moss?")),
            ("assistant", self.tr("A small plant without roots.")),
            ("user", self.tr("Where does it grow?")),
        )

        def show(pieces: object) -> None:
            if number == self._asked and isinstance(pieces, tuple):
                self.preview_problem.hide()
                self.preview.show()
                self.preview.show_pieces(pieces, 0)

        def fail(problem: Problem) -> None:
            if number == self._asked:
                self.preview.hide()
                self.preview_problem.setText(breakable(summary_of(problem)))
                self.preview_problem.show()

        self._templates.preview(
            self._path, self.template, turns, while_there(self, show), while_there(self, fail)
        )

    def _apply(self) -> None:
        path, name = self._path, self.template
        self.close_button.setFocus()  # the button is about to be out of use
        self.apply_button.setEnabled(False)

        def done() -> None:
            if path == self._path and self._found is not None:
                self._found = Examination(
                    self._found.findings, self._found.suggestions, name, self._found.has_own
                )
                self._chosen()
                words = self.tr("It is used from the next answer on, and remembered.")
                self.outcome.setText(words)
            self.applied.emit(path, name)

        def fail(problem: Problem) -> None:
            self.apply_button.setEnabled(True)
            self.outcome.setText(f"{summary_of(problem)} {action_of(problem)}")

        self._templates.choose(path, name, while_there(self, done), while_there(self, fail))
