"""What the template doctor found, in plain words."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.core.entities import Finding, FindingKind
from app.core.templates import KnownTemplate

MOST_DETAILS = 120  # characters


class TemplateWords(QObject):
    """Sentences about findings; made anew for another language."""

    def title(self, finding: Finding) -> str:
        """What it is."""
        return {
            FindingKind.NO_TEMPLATE: self.tr("It brings no chat template"),
            FindingKind.BROKEN: self.tr("Its chat template does not work"),
            FindingKind.NO_GENERATION_PROMPT: self.tr("It does not begin the answer"),
            FindingKind.DOUBLE_BOS: self.tr("It would begin twice"),
            FindingKind.SYSTEM_IGNORED: self.tr("It leaves the system prompt out"),
            FindingKind.SYSTEM_REFUSED: self.tr("It takes no system prompt"),
            FindingKind.MUST_ALTERNATE: self.tr("Question and answer must take turns"),
            FindingKind.END_NOT_STOPPING: self.tr("Its end of an answer does not stop the model"),
            FindingKind.OPEN_THINK: self.tr("It opens the reasoning for the model"),
        }[finding.kind]

    def meaning(self, finding: Finding) -> str:
        """What that means for the person, and whether Inglenook makes up for it."""
        words = self._handled(finding) if finding.is_handled else self._open(finding)
        details = " ".join(finding.details.split())[:MOST_DETAILS].strip()
        return words.replace("{details}", details)

    def _handled(self, finding: Finding) -> str:
        return {
            FindingKind.NO_TEMPLATE: self.tr(
                "Inglenook uses the known good one that its vocabulary was made for ({details})."
            ),
            FindingKind.BROKEN: "",
            FindingKind.NO_GENERATION_PROMPT: self.tr(
                "The model would go on with the question. Inglenook adds what is missing: {details}"
            ),
            FindingKind.DOUBLE_BOS: self.tr(
                "The token that begins a text, {details}, would stand there twice, and answers "
                "would be worse. Inglenook takes one away."
            ),
            FindingKind.SYSTEM_IGNORED: self.tr(
                "The model would never see it. Inglenook puts it before the first question."
            ),
            FindingKind.SYSTEM_REFUSED: self.tr(
                "Inglenook puts the system prompt before the first question."
            ),
            FindingKind.MUST_ALTERNATE: self.tr(
                "Two questions in a row would fail. Inglenook sends them as one."
            ),
            FindingKind.END_NOT_STOPPING: self.tr(
                "The model would go on and talk to itself. Inglenook stops it at {details}"
            ),
            FindingKind.OPEN_THINK: self.tr(
                "Answers begin in the middle of the reasoning. Inglenook knows that, and folds "
                "the reasoning as usual."
            ),
        }[finding.kind]

    def _open(self, finding: Finding) -> str:
        if finding.kind is FindingKind.NO_TEMPLATE:
            return self.tr(
                "Nothing says how it wants to be asked; perhaps it was never trained for chatting. "
                "Inglenook uses ChatML. If answers make no sense, try another template."
            )
        if finding.kind is FindingKind.END_NOT_STOPPING:
            return self.tr(
                "Nothing shows where an answer ends, so the model may go on and talk to itself. "
                "Try a known good template."
            )
        return self.tr("Every question would fail. Choose a known good template. ({details})")

    def entry(self, template: KnownTemplate, *, is_suited: bool) -> str:
        """A known good one in the list of choices."""
        words = self.tr("{title} (suits this model)") if is_suited else "{title}"
        return words.replace("{title}", template.title)
