"""Small questions about a conversation, asked at its end and then forgotten by the KV cache."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.entities import SamplingParams
from app.core.errors import SideJobNotPossible
from app.models.hardware import free_ram_bytes
from app.worker.cache import Cache
from app.worker.generation import Generation, Request, as_written
from app.worker.reasoning import FINAL, answer_alone, closing_of, opening_of

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp

QUESTIONS = {
    "title": "Write a title of at most six words for this conversation, in the language of the "
    "conversation. Answer with the title alone, without quotation marks."
}
MOST_TITLE = 60  # characters
LEAST_STATE = 64 << 20  # bytes that may be copied aside though nothing shall be kept
_LIST = re.compile(r"^(?:[#>*•-]+\s+|\d{1,2}[.)]\s+)+")
_MARKUP = re.compile(r"[*`]+|__+")
_LABEL = re.compile(r"^\s*(title|标题|タイトル|titel|titre|título)\s*[:：]\s*", re.I)
_QUOTES = "\"'“”„‟‘’«»‹›「」『』《》〈〉【】`* \t"


def without_thinking(prompt: str, quiet: Callable[[], str], template: str) -> str:
    """`prompt` so that a model which thinks answers at once; `quiet` renders it so where the
    template can. What was read must not change, so a prompt that begins otherwise is not taken."""
    opening = opening_of(prompt)
    other = quiet() if "enable_thinking" in template else prompt
    if other != prompt and other.startswith(prompt):
        return other
    if opening:
        return prompt + closing_of(opening)
    if FINAL in template:
        return prompt + FINAL
    if "</think>" in template and not prompt.rstrip().endswith("</think>"):
        return f"{prompt}<think>\n\n</think>\n\n"
    return prompt


def run_aside(llm: StreamingLlamaCpp, tokens: list[int], most: int, stop: Sequence[str]) -> str:
    """At most `most` tokens after `tokens`, the likeliest; the cache is afterwards as before.

    Raises SideJobNotPossible where it could not be, DecodeFailed."""
    cache: Cache = llm.cache_
    held = list(cache.tokens)
    goes_on = as_written(cache, tokens, llm.pieces.whole)[: len(held)] == held
    state = bytearray()
    # of a sliding window llama.cpp holds all here (swa_full), but a state has only its end: with
    # that an answer could not be given anew
    if held and not (goes_on and cache.can_roll_back):
        most = max(llm.states.most_bytes if llm.states else 0, LEAST_STATE)
        state = cache.state(min(most, free_ram_bytes() // 2))
        if not state:
            raise SideJobNotPossible(name=Path(llm.model_path).name)
    sampling = SamplingParams(temperature=0.0, max_tokens=most, is_own=True)
    try:
        chunks = Generation(llm, tokens, Request(sampling), list(stop)).run()
        return "".join(chunk.text for chunk in chunks)
    finally:
        if state:
            cache.restore(held, state)
        else:
            cache.cut(len(held))


def clean(text: str) -> str:
    """A title out of what a model wrote: its first line, without marks around it."""
    lines = [line for line in answer_alone(text).splitlines() if line.strip(_QUOTES)]
    if not lines:
        return ""
    title = _MARKUP.sub("", _LIST.sub("", lines[0].strip()))
    title = _LABEL.sub("", title.strip(_QUOTES)).strip(_QUOTES).rstrip(".。:：,，;；")
    title = " ".join(title.strip(_QUOTES).split())
    if len(title) > MOST_TITLE:
        cut = title[: MOST_TITLE - 1]
        title = (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:-") + "…"
    return title
