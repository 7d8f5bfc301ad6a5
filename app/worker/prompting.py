"""From messages to the text the model reads: LangChain's prompt, then the model's chat template."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from app.core.context_errors import ContextFull, KeptTooLong
from app.core.entities import ChatMessage, Role
from app.core.errors import PromptTooLong
from app.core.history import system_text, weight
from app.core.memory import Memory
from app.worker.chat_template import ChatTemplate
from app.worker.memory import (
    NeedsDecision,
    NothingFits,
    Sent,
    Turn,
    as_message,
    choose,
    exchanges_of,
)
from app.worker.reasoning import answer_alone, going_on, opening_of

NO_MEMORY = Memory()
ANSWER_ROOM = 256  # tokens kept free for the answer, less in a small context
JOINED = 2  # tokens that a text may have less beside its neighbours than alone
NOT_SEEN = "[image]"  # in place of one that is not looked at
# stands for an image in a rendered prompt; nobody can write it who does not know this process
_NONCE = secrets.token_hex(8)
IMAGE = re.compile(rf"<__image:{_NONCE}:([0-9a-f]{{64}})__>")


@dataclass(frozen=True, slots=True)
class FittedPrompt:
    """What the model will read. `dropped_turns` are those that had no room, `turns` the numbers of
    those that have, and `seen` the places of their messages in what was sent. It `is_firm` where a
    longer question changes nothing else as long as it fits."""

    text: str
    dropped_turns: int = 0
    opening: str = ""  # the marker of reasoning that the template ends with
    turns: tuple[int, ...] = field(default=(), compare=False)
    seen: frozenset[int] = field(default=frozenset(), compare=False)
    tokens: int = 0
    is_full: bool = False
    is_firm: bool = field(default=True, compare=False)


def make_messages(system: str, history: Sequence[ChatMessage | Turn]) -> list[BaseMessage]:
    """LangChain's messages; texts go in as values, so that braces in them stay braces."""
    parts: list[Any] = [MessagesPlaceholder("history")]
    values: dict[str, object] = {"history": [as_message(turn) for turn in history]}
    if system.strip():
        parts.insert(0, ("system", "{system}"))
        values["system"] = system
    return list(ChatPromptTemplate.from_messages(parts).format_messages(**values))


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
    for place, message in enumerate(history):
        content = message.content
        if message.role is Role.ASSISTANT:
            content = answer_alone(content)
        marks = "".join(f"{mark(image)}\n" for image in message.images)
        turn = Turn(message.role, marks + content, weight(message), message.is_pinned, (place,))
        if turns and turns[-1].role is turn.role:
            last = turns.pop()
            both = f"{last.content}\n\n{turn.content}"
            turn = Turn(
                turn.role,
                both,
                last.weight + turn.weight,
                last.is_pinned or turn.is_pinned,
                (*last.sources, place),
            )
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
    wanted: tuple[int, ...] | None = None,
    mark: Callable[[bytes], str] = mark_of,
    memory: Memory = NO_MEMORY,
    count_text: Callable[[str], int] | None = None,
) -> FittedPrompt:
    """The rendered prompt of what the memory policy tells; for answers, and for all that says what
    is in them.

    `continues` is an answer that is open, `omitted` how many turns were not sent and their weight,
    `wanted` the numbers of the turns that shall be told if that fits. `mark` says what stands for
    an image, `count` gives the tokens of a prompt and `count_text`, at no cost for one of before,
    those of a text alone. Raises ContextFull, PromptTooLong or KeptTooLong."""
    turns = turns_of(history, mark)
    most = context - min(answer_room, context // 4)
    told = system_text(system, memory)
    prompts = _Prompts(told, turns, template, count, continues, is_thinking)

    def fits(numbers: tuple[int, ...]) -> bool:
        if count_text is not None:  # what is too long by its texts alone is not rendered
            least = 0
            for number in reversed(numbers):  # the newest are known from before
                least += count_text(turns[number].content.strip()) - JOINED
                if least > most:
                    return False
        return prompts[numbers].tokens <= most

    sent = Sent(turns, exchanges_of(turns), *omitted)
    if wanted is not None and fits(wanted):
        return prompts[wanted]
    # the places are those of an answer, whatever is asked
    room = context - min(ANSWER_ROOM, context // 4)
    sizes = count_text or count
    try:
        choice = choose(sent, memory.policy, room, fits, lambda turn: sizes(turn.content))
    except NeedsDecision as full:
        raise ContextFull(tokens=prompts[full.turns].tokens, room=most) from None
    except NothingFits as kept:
        is_alone = not told and len(kept.turns) == len(sent.last)
        is_too_long = is_alone or not prompts.fits_alone(sent.last, most)
        tokens = prompts[kept.turns].tokens
        if is_too_long:
            raise PromptTooLong(tokens=tokens, context=context) from None
        raise KeptTooLong(tokens=tokens, context=context) from None
    fitted = prompts[choice.turns]
    return replace(
        fitted,
        dropped_turns=choice.dropped_turns,
        is_full=choice.is_full,
        is_firm=choice.is_firm,
    )


class _Prompts:
    """Prompts of one request by the turns they tell, each rendered and counted once."""

    def __init__(
        self,
        told: str,
        turns: Sequence[Turn],
        template: ChatTemplate,
        count: Callable[[str], int],
        continues: str,
        is_thinking: bool,
    ) -> None:
        self._told, self._turns = told, turns
        self._template, self._count = template, count
        self._continues, self._is_thinking = continues, is_thinking
        self._made: dict[tuple[int, ...], FittedPrompt] = {}

    def __getitem__(self, numbers: tuple[int, ...]) -> FittedPrompt:
        if numbers not in self._made:
            prompt = self._render(self._told, numbers)
            text = going_on(prompt, self._continues)
            seen = frozenset(n for number in numbers for n in self._turns[number].sources)
            self._made[numbers] = FittedPrompt(
                text,
                opening=opening_of(prompt),
                turns=numbers,
                seen=seen,
                tokens=self._count(text),
            )
        return self._made[numbers]

    def fits_alone(self, numbers: tuple[int, ...], most: int) -> bool:
        """Whether these turns fit where nothing else is told."""
        return self._count(self._render("", numbers)) <= most

    def _render(self, told: str, numbers: tuple[int, ...]) -> str:
        messages = make_messages(told, [self._turns[number] for number in numbers])
        return self._template.render(messages, is_thinking=self._is_thinking)
