"""The line at the bottom: model and where it is, context used, tokens per second, memory."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.entities import ModelDescription, Placement
from app.core.errors import Problem
from app.ui.elided_label import ElidedLabel
from app.ui.theme import GAP, SMALL, text_font
from app.ui.tips import tip
from app.ui.words import action_of, number_text, short_model_name, size_text, summary_of


class StatusLine(QWidget):
    """Five small facts; each is empty until it is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ElidedLabel()
        self.place = ElidedLabel()
        self.context = ElidedLabel()
        self.speed = ElidedLabel()
        self.memory = ElidedLabel()
        self.setAccessibleName(self.tr("Status"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP * 2, 2, GAP * 2, 6)
        layout.setSpacing(GAP * 2)
        for label in (self.model, self.place, self.context, self.speed, self.memory):
            label.setProperty("role", "muted")
            label.setFont(text_font(SMALL))
            layout.addWidget(label)
        layout.insertStretch(2, 1)
        self._shown: tuple[ModelDescription, Problem | None] | None = None
        self._figures = (0, 0, 0.0, 0)  # tokens used, of how many; tokens a second; bytes

    def show_model(self, model: ModelDescription, no_gpu: Problem | None) -> None:
        """The model that answers and where it is, and an empty context; pointed at, why no graphics
        card helps."""
        self._shown = model, no_gpu
        self._say_model(model, no_gpu)
        self.show_context(0, model.context)

    def event(self, event: QEvent) -> bool:
        """A fact is another one now, and perhaps longer."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where not all has room, what matters least is not there, instead of the ends of all."""
        margins, spacing = self.contentsMargins(), GAP * 2
        room = self.width() - margins.left() - margins.right() - 2 * GAP * 2
        kept = [self.model, self.context, self.speed, self.place, self.memory]
        while len(kept) > 2 and sum(x.sizeHint().width() + spacing for x in kept) > room:
            kept.pop()
        for label in (self.model, self.context, self.speed, self.place, self.memory):
            label.setVisible(label in kept)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() != QEvent.Type.LanguageChange:
            return
        self.setAccessibleName(self.tr("Status"))
        if self._shown is not None:
            used, context, tokens_per_s, resident_bytes = self._figures
            self._say_model(*self._shown)
            self.show_context(used, context)
            self.show_speed(tokens_per_s)
            self.show_memory(resident_bytes)

    def _say_model(self, model: ModelDescription, no_gpu: Problem | None) -> None:
        self.model.setText(short_model_name(model.path.name))
        self.model.setToolTip(tip(str(model.path)))
        words = [self._place_words(model.placement)]
        self.place.setText(words[0])
        if no_gpu is not None:
            words += [summary_of(no_gpu), action_of(no_gpu)]
        self.place.setToolTip(tip("\n".join(words)))

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

    @property
    def has_words(self) -> bool:
        """Whether there are words in the place of a model."""
        return self._shown is None and bool(self.model.text())

    def show_words(self, words: str) -> None:
        """A state instead of a model: loading, no model. Whoever says it translates it."""
        self._shown = None
        self.model.setText(words)
        self.model.setToolTip("")
        for label in (self.place, self.context, self.speed, self.memory):
            label.clear()
            label.setToolTip("")

    def show_context(self, used: int, context: int) -> None:
        """Tokens in the context, of how many."""
        self._figures = (used, context, *self._figures[2:])
        self.context.setText(
            self.tr("{used} of {context} tokens")
            .replace("{used}", number_text(used))
            .replace("{context}", number_text(context))
        )

    def show_speed(self, tokens_per_s: float) -> None:
        """Speed of writing."""
        self._figures = (*self._figures[:2], tokens_per_s, self._figures[3])
        self.speed.setText(
            self.tr("{speed} tokens/s").replace("{speed}", number_text(round(tokens_per_s)))
            if tokens_per_s > 0
            else ""
        )

    def show_memory(self, resident_bytes: int) -> None:
        """Memory of the window and the model together."""
        self._figures = (*self._figures[:3], resident_bytes)
        self.memory.setText(
            self.tr("{size} memory").replace("{size}", size_text(resident_bytes))
            if resident_bytes
            else ""
        )
