"""The text of an answer: its reasoning folded on top, below it what it says."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from app.core.reasoning import Kind, Splitter
from app.ui.block_stack import BlockStack
from app.ui.reasoning_block import ReasoningBlock
from app.ui.theme import Theme


class MessageBody(BlockStack):
    """Shows an answer that only grows; its reasoning is one block on top, folded at first."""

    unfolded = Signal(bool)  # the person opened or closed the reasoning

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._splitter = Splitter()
        self._answer: list[str] = []  # until it is sure that none of it is reasoning
        self._reasoning: ReasoningBlock | None = None
        self._is_unfolded = False
        self._thinking_s = 0.0
        self._is_complete = False

    @property
    def reasoning(self) -> ReasoningBlock | None:
        """The block with the reasoning, if there is any."""
        return self._reasoning

    @property
    def is_unfolded(self) -> bool:
        """Whether the reasoning is open, or would be if there was any."""
        return self._reasoning.is_unfolded if self._reasoning else self._is_unfolded

    def set_unfolded(self, is_unfolded: bool) -> None:
        """Open or fold the reasoning; kept for reasoning that comes later."""
        self._is_unfolded = is_unfolded
        if self._reasoning is not None:
            self._reasoning.set_unfolded(is_unfolded)

    def set_thinking_seconds(self, seconds: float) -> None:
        """How long the model thought; 0 is not known."""
        self._thinking_s = seconds
        if self._reasoning is not None:
            self._reasoning.set_seconds(seconds)

    def append(self, text: str, *, is_complete: bool) -> None:
        """The text grew, or is complete now; only its last part is laid out again."""
        is_live = not is_complete
        answer: list[str] = []
        is_first = not self._answer
        for kind, piece, begins, takes_all in self._splitter.feed(text, is_complete=is_complete):
            if takes_all:
                before = "".join([*self._answer, *answer])
                answer, is_first = [], True
                self._answer = []
                super().clear()
                self._reason(before.rstrip(), begins=True, is_live=is_live)
            elif kind is Kind.REASONING:
                self._reason(piece, begins=begins, is_live=is_live)
            else:
                is_gap = begins and not is_first
                answer.append(f"\n\n{piece}" if is_gap else piece)
                is_first = False
        if self._reasoning is not None and not (self._splitter.is_reasoning and is_live):
            self._reasoning.finish()
            if is_complete and not self._thinking_s:
                self._reasoning.doubt_seconds()
        self._is_complete = is_complete
        self._answer.extend(answer)
        super().append("".join(answer), is_complete=is_complete)

    def restyle(self) -> None:
        """Colours and sizes again, after the theme changed."""
        super().restyle()
        if self._reasoning is not None:
            self._reasoning.restyle()

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """The widgets that selections are in, top to bottom; those folded away are left out."""
        above = self._reasoning.text_edits() if self._reasoning is not None else []
        return [*above, *super().text_edits()]

    def selected_markdown(self) -> str:
        """What is selected, as Markdown."""
        above = self._reasoning.selected_markdown() if self._reasoning is not None else ""
        return "\n\n".join(text for text in (above, super().selected_markdown()) if text)

    def selected_plain(self) -> str:
        """What is selected, as it is read."""
        above = self._reasoning.selected_plain() if self._reasoning is not None else ""
        return "\n\n".join(text for text in (above, super().selected_plain()) if text)

    def _reason(self, text: str, *, begins: bool, is_live: bool) -> None:
        if self._reasoning is None:
            if not text.strip():
                return
            self._reasoning = ReasoningBlock(self._theme, is_live=is_live)
            self._reasoning.set_seconds(self._thinking_s)
            self._reasoning.set_unfolded(self._is_unfolded)
            self._reasoning.unfolded.connect(self.unfolded)
            self._layout.insertWidget(0, self._reasoning)
            self._above = 1
        elif begins:
            text = "\n\n" + text
        self._reasoning.append(text)
