"""The line at the bottom: model and where it is, context used, tokens per second, memory."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.core.entities import ModelDescription, Placement
from app.core.errors import Problem
from app.ui.theme import GAP, SMALL, text_font
from app.ui.words import action_of, number_text, short_model_name, size_text, summary_of


class _Elided(QLabel):
    """Gives up the end of its text where there is too little room; `text()` stays whole."""

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 6, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)


class StatusLine(QWidget):
    """Five small facts; each is empty until it is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = _Elided()
        self.place = _Elided()
        self.context = QLabel()
        self.speed = QLabel()
        self.memory = QLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP * 2, 2, GAP * 2, 6)
        layout.setSpacing(GAP * 2)
        for label in (self.model, self.place, self.context, self.speed, self.memory):
            label.setProperty("role", "muted")
            label.setFont(text_font(SMALL))
            layout.addWidget(label)
        layout.insertStretch(2, 1)

    def show_model(self, model: ModelDescription, no_gpu: Problem | None) -> None:
        """The model that answers and where it is, and an empty context; pointed at, why no graphics
        card helps."""
        self.model.setText(short_model_name(model.path.name))
        self.model.setToolTip(str(model.path))
        words = [self._place_words(model.placement)]
        self.place.setText(words[0])
        if no_gpu is not None:
            words += [summary_of(no_gpu), action_of(no_gpu)]
        self.place.setToolTip("\n".join(words))
        self.show_context(0, model.context)

    def _place_words(self, place: Placement) -> str:
        size = size_text(place.device_bytes + place.host_bytes)
        if not place.gpu_layers:
            return self.tr("on the processor, {size}").replace("{size}", size)
        device = place.description or place.device
        return (
            self.tr("{layers} of {all} layers on {device}, {size}")
            .replace("{layers}", number_text(place.gpu_layers))
            .replace("{all}", number_text(place.layers))
            .replace("{device}", device)
            .replace("{size}", size_text(place.device_bytes))
        )

    def show_words(self, words: str) -> None:
        """A state instead of a model: loading, no model."""
        self.model.setText(words)
        self.model.setToolTip("")
        for label in (self.place, self.context, self.speed, self.memory):
            label.clear()
            label.setToolTip("")

    def show_context(self, used: int, context: int) -> None:
        """Tokens in the context, of how many."""
        self.context.setText(
            self.tr("{used} of {context} tokens")
            .replace("{used}", number_text(used))
            .replace("{context}", number_text(context))
        )

    def show_speed(self, tokens_per_s: float) -> None:
        """Speed of writing."""
        self.speed.setText(
            self.tr("{speed} tokens/s").replace("{speed}", f"{tokens_per_s:.0f}")
            if tokens_per_s > 0
            else ""
        )

    def show_memory(self, resident_bytes: int) -> None:
        """Memory of the window and the model together."""
        self.memory.setText(
            self.tr("{size} memory").replace("{size}", size_text(resident_bytes))
            if resident_bytes
            else ""
        )
