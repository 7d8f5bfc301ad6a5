"""The settings' page "Answers": presets, sampling, form of the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from PySide6.QtCore import Signal

from app.core.presets import OWN, OWN_FIELDS, wrong_bias_line
from app.core.settings import Settings
from app.ui.engine_settings_lines import LinesField
from app.ui.engine_settings_parts import AnyField, Fold, PresetField
from app.ui.engine_settings_values import ADVISED, values_in_force
from app.ui.setting_fields import ChoiceField
from app.ui.setting_numbers import DecimalField, NumberField
from app.ui.settings_part import Page
from app.ui.theme import Theme

_ROOT = re.compile(r"^\s*root\s*::=", re.MULTILINE)


class AnswersPage(Page):
    """Shows the values in force, whoever chose them."""

    changed = Signal(str, object)  # a setting and its new value
    own_changed = Signal(str, object)  # the same for one of OWN_FIELDS: the values become one's own

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "answers", self.tr("Answers"))
        self.preset = PresetField()
        self.common: tuple[AnyField, ...] = (
            DecimalField("temperature", 0.1),
            NumberField("top_k", lowest=self.tr("All"), step=5),
            DecimalField("top_p"),
            DecimalField("min_p", 0.01),
            DecimalField("repeat_penalty"),
        )
        self.more: tuple[AnyField, ...] = (
            DecimalField("typical_p"),
            DecimalField("frequency_penalty", 0.1),
            DecimalField("presence_penalty", 0.1),
            NumberField("penalty_window", lowest=self.tr("The whole context"), step=16),
            DecimalField("dry_multiplier", 0.1),
            DecimalField("dry_base"),
            NumberField("dry_allowed_length"),
            DecimalField("xtc_probability"),
            DecimalField("xtc_threshold", 0.01),
            ChoiceField(
                "mirostat",
                theme,
                ((0, self.tr("Off")), (1, self.tr("Version 1")), (2, self.tr("Version 2"))),
            ),
            DecimalField("mirostat_tau", 0.5),
            DecimalField("mirostat_eta", 0.01),
        )
        self.fold = Fold(theme, self.tr("More"), self.more)
        self.system_prompt = LinesField("system_prompt", lines=4)
        self.max_tokens = NumberField("max_tokens", lowest=self.tr("Rest of the context"), step=128)
        self.seed = NumberField("seed", lowest=self.tr("Always another"))
        self.seed.editor.setGroupSeparatorShown(False)
        self.stop_texts = LinesField("stop_texts")
        self.logit_bias = LinesField("logit_bias", self._wrong_bias)
        self.grammar = LinesField("grammar", self._wrong_grammar, lines=6, is_code=True)
        self.json_schema = LinesField("json_schema", self._wrong_schema, lines=6, is_code=True)
        self.add(self.tr("How words are chosen"), (self.preset,))
        self.add(self.tr("Common"), (*self.common, self.fold))
        self.add(
            self.tr("Every answer"),
            (self.system_prompt, self.max_tokens, self.seed, self.stop_texts, self.logit_bias),
        )
        self.add(self.tr("Form of the answers"), (self.json_schema, self.grammar))
        self.sampling: dict[str, AnyField] = {
            field.name: field for field in (*self.common, *self.more)
        }
        self.others: tuple[AnyField, ...] = (
            self.system_prompt,
            self.max_tokens,
            self.seed,
            self.stop_texts,
            self.logit_bias,
            self.grammar,
            self.json_schema,
        )
        self.preset.changed.connect(self.changed)
        for field in self.fields:
            is_own = field.name in OWN_FIELDS
            field.changed.connect(self.own_changed if is_own else self.changed)

    @property
    def fields(self) -> tuple[AnyField, ...]:
        """All but the preset."""
        return (*self.sampling.values(), *self.others)

    def show_settings(
        self, settings: Settings, advice: Mapping[str, float], *, has_model: bool
    ) -> None:
        """What is in force; `advice` is what the loaded model recommends."""
        self.preset.show_value(settings.preset)
        self.preset.describe(ADVISED, self._words_on_advice(advice, has_model=has_model))
        values = values_in_force(settings, advice)
        for name in OWN_FIELDS:
            field = self.sampling[name]
            field.is_resettable = settings.preset == OWN
            field.show_value(values[name])  # type: ignore[arg-type]
            is_advised = settings.preset == ADVISED and name in advice
            field.say(self.tr("The model recommends this.") if is_advised else "", "good")
        for other in self.others:
            other.show_value(getattr(settings, other.name))
        if not self.grammar.is_wrong:
            is_hidden = bool(settings.grammar and settings.json_schema)
            words = self.tr("Not used: the JSON schema goes before it.")
            self.grammar.say(words if is_hidden else "")

    def _words_on_advice(self, advice: Mapping[str, float], *, has_model: bool) -> str:
        if not has_model:
            return self.tr("What the model's file says once it is loaded, else as balanced.")
        if not advice:
            return self.tr("The loaded model recommends nothing; answers are as balanced.")
        return self.tr("The loaded model recommends some of the values; the others are balanced.")

    def _wrong_bias(self, text: str) -> str:
        found = wrong_bias_line(text)
        words = self.tr("Not a word, = and a number: “{line}”. Not used as long as it is there.")
        return words.replace("{line}", found) if found else ""

    def _wrong_grammar(self, text: str) -> str:
        if not text.strip() or _ROOT.search(text):
            return ""
        return self.tr('A rule called root is missing, such as: root ::= "yes" | "no"')

    def _wrong_schema(self, text: str) -> str:
        if not text.strip():
            return ""
        try:
            schema = json.loads(text)
        except json.JSONDecodeError as error:
            words = self.tr("Not JSON at line {line}, column {column}. Not used until it is right.")
            return words.replace("{line}", str(error.lineno)).replace("{column}", str(error.colno))
        except RecursionError:
            return self.tr("This is nested too deeply.")
        return (
            "" if isinstance(schema, dict) else self.tr("A schema begins with { and ends with }.")
        )
