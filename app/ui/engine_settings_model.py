"""The settings' page "Model": context, device, memory and speed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from app.core.entities import PROCESSOR, Device, ModelDescription
from app.core.errors import Problem
from app.core.settings import Settings
from app.ui.engine_settings_parts import AnyField
from app.ui.models_parts import TextButton
from app.ui.setting_fields import CheckField, ChoiceField
from app.ui.setting_numbers import NumberField
from app.ui.settings_part import Page, Part
from app.ui.theme import Theme
from app.ui.words import action_of, number_text, short_model_name, size_text, summary_of


class ModelPage(Page):
    """How a model is loaded and how long it stays."""

    changed = Signal(str, object)  # a setting and its new value
    delete_kept_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "model", self.tr("Model"))
        automatic = self.tr("Automatic")
        self.context = NumberField("context_tokens", lowest=automatic, step=1024)
        self.kv_type = ChoiceField("kv_type", theme)
        self.flash = ChoiceField("flash_attention", theme)
        self.device = ChoiceField("device", theme, (("", automatic),), is_wide=True)
        self.layers = NumberField("gpu_layers", lowest=self.tr("As many as fit"))
        self.experts = CheckField("is_experts_on_cpu")
        self.threads = NumberField("threads", lowest=automatic)
        self.gentle = CheckField("is_gentle_on_battery")
        self.batch = NumberField("batch_tokens", step=64)
        self.guesses = CheckField("is_speculating")
        self.mmap = CheckField("is_mmap")
        self.mlock = CheckField("is_mlock")
        self.unload = NumberField(
            "unload_after_min", self.tr(" min"), lowest=self.tr("Never"), step=5
        )
        self.kept = NumberField(
            "kept_states_mib", self.tr(" MiB"), lowest=self.tr("Not kept"), step=256
        )
        self.kept.say(self.tr("In force when a model is loaded the next time."), "muted")
        self.delete_kept = TextButton(theme, self.tr("Delete what is kept"), "trash-2")
        self.delete_kept.clicked.connect(self.delete_kept_requested)
        self.add(self.tr("Context"), (self.context, self.kv_type, self.flash))
        self.add(
            self.tr("Where it runs"),
            (self.device, self.layers, self.experts, self.threads, self.gentle),
        )
        self.add(self.tr("Speed"), (self.batch, self.guesses))
        self.add(
            self.tr("Memory and disk"),
            (self.mmap, self.mlock, self.unload, self.kept, _ButtonPart(self.delete_kept)),
        )
        self.fields: tuple[AnyField, ...] = (
            self.context,
            self.kv_type,
            self.flash,
            self.device,
            self.layers,
            self.experts,
            self.threads,
            self.gentle,
            self.batch,
            self.guesses,
            self.mmap,
            self.mlock,
            self.unload,
            self.kept,
        )
        for field in self.fields:
            field.changed.connect(self.changed)

    def show_settings(
        self,
        settings: Settings,
        model: ModelDescription | None,
        devices: Sequence[Device],
        no_gpu: Problem | None,
    ) -> None:
        """The values in force, what the loaded model says of them, and what there is to run on."""
        self.device.offer(self._device_choices(devices, settings.device))
        for field in self.fields:
            field.show_value(getattr(settings, field.name))
        self.context.say(self._words_on_context(model) if model else "", "muted")
        self.device.say(
            f"{summary_of(no_gpu)} {action_of(no_gpu)}".strip() if no_gpu else "", "muted"
        )

    def _words_on_context(self, model: ModelDescription) -> str:
        words = self.tr("{name} was trained for {trained} tokens; {used} are in use now.")
        return (
            words.replace("{trained}", number_text(model.trained_context))
            .replace("{used}", number_text(model.context))
            .replace("{name}", short_model_name(model.path.name))
        )

    def _device_choices(self, devices: Sequence[Device], chosen: str) -> list[tuple[object, str]]:
        """Cards that llama.cpp sees; one that was chosen and is not there is still named."""
        cards = [device for device in devices if device.is_card]
        choices: list[tuple[object, str]] = [("", self.tr("Automatic"))]
        choices += [(card.name, self._words_on_device(card)) for card in cards]
        choices.append((PROCESSOR, self.tr("Processor only")))
        if chosen not in [value for value, _ in choices]:
            words = self.tr("{name} (not there now)").replace("{name}", chosen)
            choices.append((chosen, words))
        return choices

    def _words_on_device(self, card: Device) -> str:
        facts = [card.name, card.description]
        if card.total_bytes:
            words = self.tr("{free} of {total} free")
            words = words.replace("{free}", size_text(card.free_bytes))
            facts.append(words.replace("{total}", size_text(card.total_bytes)))
        return " · ".join(fact for fact in facts if fact)


class _ButtonPart(Part):
    """A button in a row of its own."""

    def __init__(self, button: TextButton) -> None:
        super().__init__()
        self._button = button
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(button)
        row.addStretch(1)

    def words(self) -> Sequence[str]:
        """What a search finds it by."""
        return (self._button.text(), "Delete what is kept")
