"""A model's chat template, rendered in the template process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from langchain_core.messages import BaseMessage

from app.core.errors import ProblemRaised, TemplateBroken
from app.core.template_errors import TemplateError, reason_of
from app.templates.process import TemplateProcess

# For models that bring no template: the format most instruction-tuned models understand.
FALLBACK_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FALLBACK_STOP = ("<|im_end|>", "<|im_start|>")
TIMEOUT_S = 2.0


@cache
def shared_process() -> TemplateProcess:
    """One for all templates that were given none; it ends with this process."""
    return TemplateProcess()


@dataclass(frozen=True)
class ChatTemplate:
    """A model's chat template (Jinja, untrusted) and the special tokens it may name; for any
    thread."""

    source: str
    bos: str
    eos: str
    model_name: str
    process: TemplateProcess = field(default_factory=shared_process, compare=False, repr=False)

    def render(self, messages: Sequence[BaseMessage], *, is_thinking: bool = True) -> str:
        """The prompt as text. What a template refuses comes in a form that it takes: a system
        message inside the first question, an assistant's first words inside the system message.
        `is_thinking` false asks those that know it for an answer at once. Raises TemplateBroken.
        """
        turns = [(_role(m), str(m.content)) for m in messages]
        try:
            return str(
                self.process.call(
                    "chat",
                    self.source,
                    turns,
                    self.bos,
                    self.eos,
                    is_thinking,
                    timeout_s=TIMEOUT_S,
                )
            )
        except (TemplateError, ProblemRaised) as error:
            raise TemplateBroken(reason_of(error.problem), name=self.model_name) from None

    def close(self) -> None:
        """End the process it was given; `render` fails from now on."""
        if self.process is not shared_process():
            self.process.close()


def _role(message: BaseMessage) -> str:
    return {"human": "user", "ai": "assistant"}.get(message.type, message.type)
