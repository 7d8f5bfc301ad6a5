"""Whether a prompt can be kept: its name, the order of its messages, its fields, its size."""

from __future__ import annotations

from dataclasses import replace

from app.core.prompt_documents import (
    BadDocument,
    cleaned_folder,
    document_of,
    fault_of_order,
    fault_of_variables,
    prompt_from,
)
from app.core.prompt_errors import (
    PromptIsBuiltIn,
    PromptNameBad,
    PromptShapeBad,
    PromptTextTooLong,
    PromptVariableBad,
)
from app.core.prompts import NAME, Prompt


def checked(prompt: Prompt) -> Prompt:
    """With its name, title and folder tidied up. Raises a PromptError."""
    if prompt.is_built_in:
        raise PromptIsBuiltIn(name=prompt.name)
    name = prompt.name.strip().lstrip("/")
    if not NAME.fullmatch(name):
        raise PromptNameBad(name=name[:80])
    fault = fault_of_order(prompt.template)
    if fault:
        raise PromptShapeBad(fault)
    variable, fault = fault_of_variables(prompt.template.variables)
    if fault:
        raise PromptVariableBad(fault, name=variable[:80])
    title = " ".join(prompt.title.split()) or name
    made = replace(prompt, name=name, title=title, folder=cleaned_folder(prompt.folder))
    try:
        prompt_from(document_of(made))  # what is saved can be read again
    except BadDocument as error:
        raise PromptTextTooLong(error.reason, place=error.place) from None
    return made
