"""From messages to the text the model reads: LangChain's prompt, then the model's chat template."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from app.core.entities import ChatMessage, Role
from app.core.errors import PromptTooLong, TemplateBroken
from app.core.history import weight
from app.worker.reasoning import answer_alone, going_on, opening_of

# For models that bring no template: the format most instruction-tuned models understand.
FALLBACK_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FALLBACK_STOP = ("<|im_end|>", "<|im_start|>")
ANSWER_ROOM = 256  # tokens kept free for the answer, less in a small context
# Old turns are dropped at places that are so many bytes of the conversation apart, as multiples of
# the room: with 4 bytes to a token a third of it, and a twelfth where these places are too far
# apart, as in Chinese
STEPS = (4 / 3, 1 / 3)
LIKELY_BYTES = 4  # of a token
# stands for an image in a rendered prompt; nobody can write it who does not know this process
_NONCE = secrets.token_hex(8)
IMAGE = re.compile(rf"<__image:{_NONCE}:([0-9a-f]{{64}})__>")


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """What the model will read, and how many of the oldest turns had no room."""

    text: str
    dropped_turns: int = 0
    opening: str = ""  # the marker of reasoning that the template ends with


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as a template gets it; `weight` is that of the messages it was made of."""

    role: Role
    content: str
    weight: int


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

    def render(self, messages: Sequence[BaseMessage], *, is_thinking: bool = True) -> str:
        """The prompt as text; a template that refuses a system role gets it inside the first
        question. `is_thinking` false asks those that know it for an answer at once.
        Raises TemplateBroken."""
        more = {} if is_thinking else {"enable_thinking": False}
        try:
            return self._render(messages, more)
        except TemplateBroken:
            if not messages or not isinstance(messages[0], SystemMessage) or len(messages) < 2:
                raise
            merged = HumanMessage(f"{messages[0].content}\n\n{messages[1].content}")
            return self._render([merged, *messages[2:]], more)

    def _render(self, messages: Sequence[BaseMessage], more: dict[str, Any]) -> str:
        turns: list[Any] = [{"role": _role(m), "content": str(m.content)} for m in messages]
        try:
            return str(self._formatter(messages=turns, **more).prompt)
        except Exception as error:  # noqa: BLE001 - a template is a foreign program: anything
            raise TemplateBroken(f"{type(error).__name__}: {error}", name=self.model_name) from None


def _role(message: BaseMessage) -> str:
    return {"human": "user", "ai": "assistant"}.get(message.type, message.type)


def make_messages(system: str, history: Sequence[ChatMessage | Turn]) -> list[BaseMessage]:
    """LangChain's messages; texts go in as values, so that braces in them stay braces."""
    parts: list[Any] = [MessagesPlaceholder("history")]
    values: dict[str, object] = {"history": [_as_message(m) for m in history]}
    if system.strip():
        parts.insert(0, ("system", "{system}"))
        values["system"] = system
    return list(ChatPromptTemplate.from_messages(parts).format_messages(**values))


def _as_message(message: ChatMessage | Turn) -> BaseMessage:
    kind = HumanMessage if message.role is Role.USER else AIMessage
    return kind(message.content)


def mark_of(image: bytes) -> str:
    """What stands in a text for an image that is seen."""
    return f"<__image:{_NONCE}:{hashlib.sha256(image).hexdigest()}__>"


def turns_of(history: Sequence[ChatMessage], mark: Callable[[bytes], str] = mark_of) -> list[Turn]:
    """The turns a template gets: images as marks before the text, the reasoning of answers left
    out, neighbours of the same role as one.

    Many templates refuse two questions in a row, which is what an answer that failed leaves behind.
    Reasoning is taken out of every answer once it is history, whether or not the template would do
    it: always in the same way, so that each answer changes in the KV cache once, and not again.
    """
    turns: list[Turn] = []
    for message in history:
        content = message.content
        if message.role is Role.ASSISTANT:
            content = answer_alone(content)
        marks = "".join(f"{mark(image)}\n" for image in message.images)
        turn = Turn(message.role, marks + content, weight(message))
        if turns and turns[-1].role is turn.role:
            last = turns.pop()
            both = f"{last.content}\n\n{turn.content}"
            turn = Turn(turn.role, both, last.weight + turn.weight)
        turns.append(turn)
    return turns


def fit_prompt(
    system: str,
    history: Sequence[ChatMessage],
    template: ChatTemplate,
    count: Callable[[str], int],
    context: int,
    *,
    continues: str = "",
    omitted: tuple[int, int] = (0, 0),
    is_thinking: bool = True,
    answer_room: int = ANSWER_ROOM,
    dropped: int | None = None,
    mark: Callable[[bytes], str] = mark_of,
) -> FittedPrompt:
    """The rendered prompt, oldest turns left out where all do not fit into `context` tokens.

    They are dropped at places that depend on the conversation's beginning only: so the prompt
    begins the same for many turns, and only its end is read anew. `continues` is an answer that is
    open, `omitted` how many turns were not sent and their weight, `dropped` how many turns shall be
    left out if that fits. `mark` says what stands for an image. Raises PromptTooLong.
    """
    turns = turns_of(history, mark)
    most = context - min(answer_room, context // 4)
    prompts: dict[int, tuple[str, str]] = {}  # with the opening of each
    tokens: dict[int, int] = {}

    def fits(start: int) -> bool:
        if start not in prompts:
            messages = make_messages(system, turns[start:])
            prompt = template.render(messages, is_thinking=is_thinking)
            prompts[start] = (going_on(prompt, continues), opening_of(prompt))
            tokens[start] = count(prompts[start][0])
        return tokens[start] <= most

    omitted_turns, omitted_weight = omitted
    start: int | None = 0
    if dropped is not None and fits(dropped - omitted_turns):
        start = dropped - omitted_turns
    elif omitted_turns or not fits(0):
        # the places are those of an answer, whatever is asked
        room = context - min(ANSWER_ROOM, context // 4)
        start = _first_that_fits(turns, omitted_weight, room, fits)
    if start is None:
        raise PromptTooLong(tokens=tokens[max(tokens)], context=context)
    text, opening = prompts[start]
    return FittedPrompt(text, omitted_turns + start, opening)


def _first_that_fits(
    turns: Sequence[Turn], omitted: int, room: int, fits: Callable[[int], bool]
) -> int | None:
    """The question that the prompt begins with; None where not even the last one alone fits.

    `omitted` is the weight of what comes before `turns`."""
    ends = list(itertools.accumulate((turn.weight for turn in turns), initial=omitted))
    starts = [i for i, turn in enumerate(turns) if i and turn.role is Role.USER]
    found: list[int] = []
    for share in STEPS:
        step = max(int(room * share), 1)
        before = [0 if not omitted else -1, *starts]
        places = [
            new
            for old, new in itertools.pairwise(before)
            if old >= 0 and ends[new] // step > ends[old] // step
        ]
        # what begins later is shorter: from where it should fit, back or on to where it just does
        likely = sum(1 for place in places if ends[-1] - ends[place] > room * LIKELY_BYTES)
        at = min(likely, len(places))
        while at > 0 and fits(places[at - 1]):
            at -= 1
        while at < len(places) and not fits(places[at]):
            at += 1
        found += places[at : at + 1]
        # with less than a quarter of the room too much would be forgotten for the step's sake
        if found and ends[-1] - ends[found[0]] >= room:
            return found[0]
    found += starts[-1:] or [0]
    return next((start for start in sorted(found) if fits(start)), None)
