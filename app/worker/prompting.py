"""From messages to the text the model reads: LangChain's prompt, then the model's chat template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from app.core.entities import ChatMessage, Role
from app.core.errors import PromptTooLong, TemplateBroken

# For models that bring no template: the format most instruction-tuned models understand.
FALLBACK_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FALLBACK_STOP = ("<|im_end|>", "<|im_start|>")
MARKERS = 6  # tokens a template puts around a message: 5 or 6 in ChatML, Llama 3 and Gemma
ANSWER_ROOM = 256  # tokens kept free for the answer, less in a small context


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """What the model will read, and how many of the oldest turns had no room."""

    text: str
    dropped_turns: int = 0


@dataclass(frozen=True)
class ChatTemplate:
    """A model's chat template (Jinja, untrusted) and the special tokens it may name."""

    source: str
    bos: str
    eos: str
    model_name: str

    @cached_property
    def _formatter(self) -> Any:
        """The template, compiled once: that takes as long as a small model needs for a token."""
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        return Jinja2ChatFormatter(template=self.source, eos_token=self.eos, bos_token=self.bos)

    def render(self, messages: Sequence[BaseMessage]) -> str:
        """The prompt as text; a template that refuses a system role gets it inside the first
        question. Raises TemplateBroken."""
        try:
            return self._render(messages)
        except TemplateBroken:
            if not messages or not isinstance(messages[0], SystemMessage) or len(messages) < 2:
                raise
            merged = HumanMessage(f"{messages[0].content}\n\n{messages[1].content}")
            return self._render([merged, *messages[2:]])

    def _render(self, messages: Sequence[BaseMessage]) -> str:
        turns: list[Any] = [{"role": _role(m), "content": str(m.content)} for m in messages]
        try:
            return str(self._formatter(messages=turns).prompt)
        except Exception as error:  # noqa: BLE001 - a template is a foreign program: anything
            raise TemplateBroken(f"{type(error).__name__}: {error}", name=self.model_name) from None


def _role(message: BaseMessage) -> str:
    return {"human": "user", "ai": "assistant"}.get(message.type, message.type)


def make_messages(system: str, history: Sequence[ChatMessage]) -> list[BaseMessage]:
    """LangChain's messages; texts go in as values, so that braces in them stay braces."""
    parts: list[Any] = [MessagesPlaceholder("history")]
    values: dict[str, object] = {"history": [_as_message(m) for m in history]}
    if system.strip():
        parts.insert(0, ("system", "{system}"))
        values["system"] = system
    return list(ChatPromptTemplate.from_messages(parts).format_messages(**values))


def _as_message(message: ChatMessage) -> BaseMessage:
    kind = HumanMessage if message.role is Role.USER else AIMessage
    return kind(message.content)


def alternating(history: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Neighbours of the same role as one message: many templates refuse two questions in a row,
    which is what an answer that failed leaves behind."""
    merged: list[ChatMessage] = []
    for message in history:
        if merged and merged[-1].role is message.role:
            last = merged.pop()
            message = ChatMessage(message.role, f"{last.content}\n\n{message.content}")
        merged.append(message)
    return merged


def fit_prompt(
    system: str,
    history: Sequence[ChatMessage],
    template: ChatTemplate,
    count: Callable[[str], int],
    context: int,
) -> FittedPrompt:
    """The rendered prompt, oldest turns left out where all do not fit into `context` tokens.

    Turns are dropped in steps of a third of the room, counted from the beginning of the
    conversation: so the prompt begins the same for many turns, and only its end is read anew.
    Raises PromptTooLong.
    """
    turns = alternating(history)
    room = context - min(ANSWER_ROOM, context // 4)
    prompt = template.render(make_messages(system, turns))
    tokens = count(prompt)
    if tokens <= room:
        return FittedPrompt(prompt)
    starts = _possible_starts(turns, count)
    step = max(1, room // 3)
    wanted = -(-(tokens - room) // step) * step
    while starts:
        start = next((start for start, dropped in starts if dropped >= wanted), starts[-1][0])
        prompt = template.render(make_messages(system, turns[start:]))
        tokens = count(prompt)
        if tokens <= room:
            return FittedPrompt(prompt, start)
        if start == starts[-1][0]:
            break
        wanted += step
    raise PromptTooLong(tokens=tokens, context=context)


def _possible_starts(
    turns: Sequence[ChatMessage], count: Callable[[str], int]
) -> list[tuple[int, int]]:
    """Questions the prompt may begin with but the first, and the tokens that go before each."""
    starts: list[tuple[int, int]] = []
    dropped = 0
    for index, turn in enumerate(turns):
        if index and turn.role is Role.USER:
            starts.append((index, dropped))
        dropped += count(turn.content) + MARKERS
    return starts
