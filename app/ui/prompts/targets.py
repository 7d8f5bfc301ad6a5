"""Which variable of a prompt a given text goes into, and which prompts take one."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.prompts import Prompt, Variable, VariableKind

_MADE_FOR_IT = (VariableKind.SELECTION, VariableKind.LONG_TEXT)
_TAKES_TEXT = (*_MADE_FOR_IT, VariableKind.CLIPBOARD, VariableKind.TEXT)


def target_of(prompt: Prompt) -> Variable | None:
    """The variable for a text that was selected, or written after the prompt's name."""
    variables = prompt.template.variables
    for kinds in (_MADE_FOR_IT, _TAKES_TEXT):
        for variable in variables:
            if variable.kind in kinds:
                return variable
    return None


def for_selection(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Those that take a text, the ones made for selected text first."""
    taking = [prompt for prompt in prompts if target_of(prompt) is not None]
    return sorted(taking, key=lambda prompt: not _has_selection(prompt))


def _has_selection(prompt: Prompt) -> bool:
    return any(v.kind is VariableKind.SELECTION for v in prompt.template.variables)
