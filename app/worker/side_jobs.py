"""Small questions about a conversation, asked at its end and then forgotten by the KV cache."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.entities import SamplingParams
from app.core.errors import SideJobNotPossible
from app.models.hardware import free_ram_bytes
from app.worker.cache import Cache, common_prefix
from app.worker.generation import Generation, Request, as_written
from app.worker.reasoning import FINAL, answer_alone, closing_of, opening_of

if TYPE_CHECKING:
    from app.worker.llm import StreamingLlamaCpp

MOST_TITLE = 60  # characters
LEAST_STATE = 64 << 20  # bytes that may be copied aside though nothing shall be kept
# bytes that may be copied aside for what nobody waits for: a question may come meanwhile, and must
# not wait 0.3 s for the way back
BACKGROUND_STATE = 256 << 20
SUMMARY_SHARE = 10  # of the context, a summary is one part in so many at most
LEAST_SUMMARY, MOST_SUMMARY = 64, 1024  # tokens
LEAST_WORDS = 4  # of a summary that says something
LEAST_SENTENCE = 12  # characters of one that may not come twice
MOST_FACTS, MOST_FACT = 5, 200  # how many, and the characters of one
NOTHING = {
    "none",
    "no",
    "nothing",
    "n/a",
    "无",
    "没有",
    "なし",
    "keine",
    "aucun",
    "ninguno",
    "nessuno",
}
_HEADING = re.compile(
    r"^(?:#+\s*)?(?:\*\*)?(?:summary|here is (?:the|a) summary[^:\n]*|摘要|总结|要約|resumen|"
    r"zusammenfassung|résumé)(?:[:：]\*\*|\*\*[:：]?|[:：]|(?=\n))\s*",
    re.I,
)
_SENTENCES = re.compile(r".+?(?:[.!?](?=\s|$)|[。！？]|\n|$)\s*", re.S)
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


def run_aside(
    llm: StreamingLlamaCpp,
    tokens: list[int],
    most: int,
    stop: Sequence[str],
    most_state: int = 1 << 62,
    least_kept: int | None = None,
) -> str:
    """At most `most` tokens after `tokens`, the likeliest; the cache is afterwards as before, for
    which at most `most_state` bytes are copied aside. Where that is not enough it may end after
    `least_kept` tokens or later, at the place where `tokens` were other ones.

    Raises SideJobNotPossible where it could not be, DecodeFailed."""
    cache: Cache = llm.cache_
    held = list(cache.tokens)
    written = as_written(cache, tokens, llm.pieces.whole)
    goes_on = written[: len(held)] == held
    state, kept = bytearray(), len(held)
    # of a sliding window llama.cpp holds all here (swa_full), but a state has only its end: with
    # that an answer could not be given anew
    if held and not (goes_on and cache.can_roll_back):
        budget = max(llm.states.most_bytes if llm.states else 0, LEAST_STATE)
        state = cache.state(min(budget, most_state, free_ram_bytes() // 2))
        if not state:
            kept = common_prefix(held, written)
            if not cache.can_roll_back or least_kept is None or kept < least_kept:
                raise SideJobNotPossible(name=Path(llm.model_path).name)
    sampling = SamplingParams(temperature=0.0, max_tokens=most, is_own=True)
    try:
        chunks = Generation(llm, tokens, Request(sampling), list(stop)).run()
        return "".join(chunk.text for chunk in chunks)
    finally:
        if state:
            cache.restore(held, state)
        else:
            cache.cut(kept)


def clean_title(text: str) -> str:
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


def clean_summary(text: str) -> str:
    """A summary out of what a model wrote; empty where it says nothing, or one thing over and
    over."""
    text = _HEADING.sub("", answer_alone(text).strip().strip("`").strip())
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() and line in lines:
            break  # it goes round in circles
        lines.append(line.rstrip())
    text = _without_circles("\n".join(lines).strip())
    words = re.findall(r"\w+", text)
    has_words = len(words) >= LEAST_WORDS or len(text.encode()) >= LEAST_WORDS * 6
    return text if has_words and any(character.isalpha() for character in text) else ""


def _without_circles(text: str) -> str:
    """`text` up to where a sentence comes for the second time."""
    known: set[str] = set()
    kept = []
    for sentence in _SENTENCES.findall(text):
        bare = " ".join(sentence.split())
        if len(bare) >= LEAST_SENTENCE and bare in known:
            break
        known.add(bare)
        kept.append(sentence)
    return "".join(kept).strip()


def clean_facts(text: str) -> str:
    """At most five facts, one a line; empty where there is none."""
    facts: list[str] = []
    for line in answer_alone(text).splitlines():
        fact = _MARKUP.sub("", _LIST.sub("", line.strip())).strip(_QUOTES)
        is_none = not fact or fact.rstrip(".!。").casefold() in NOTHING
        is_label = fact.endswith((":", "："))
        if is_none or is_label or fact in facts or len(fact) > MOST_FACT:
            continue
        if any(character.isalpha() for character in fact):
            facts.append(" ".join(fact.split()))
    return "\n".join(facts[:MOST_FACTS])


@dataclass(frozen=True, slots=True)
class SideJob:
    """A small question about a conversation. `most` tokens at most, or a share of the context;
    `least_room` tokens must be free for the answer, or older turns are left out. What `goes_on` is
    taken up again where it was stopped."""

    question: str
    clean: Callable[[str], str]
    most: int
    least_room: int
    share: int = 0
    goes_on: bool = False
    is_background: bool = True
    most_state: int = BACKGROUND_STATE

    def most_tokens(self, context: int) -> int:
        """How long it may be."""
        if not self.share:
            return self.most
        return min(max(context // self.share, self.least_room), self.most)


JOBS = {
    "title": SideJob(
        "Write a title of at most six words for this conversation, in the language of the "
        "conversation. Answer with the title alone, without quotation marks.",
        clean_title,
        most=24,
        least_room=24,
        is_background=False,
        most_state=1 << 62,
    ),
    "summary": SideJob(
        "Summarise this conversation so far for yourself, so that you can go on with it when its "
        "beginning is no longer shown to you. Keep names, numbers, decisions, what was asked for "
        "and what is still open; where there is a summary of an earlier part, take it in. Write "
        "plain sentences in the language of the conversation, as short as possible. Answer with "
        "the summary alone.",
        clean_summary,
        most=MOST_SUMMARY,
        least_room=LEAST_SUMMARY,
        share=SUMMARY_SHARE,
        goes_on=True,
    ),
    "facts": SideJob(
        "Which lasting facts did the person tell about themselves in this conversation, such as "
        "name, work, place, preferences, that are useful in other conversations too? List at most "
        "five, one a line, each a short sentence about the person, in the language of the "
        "conversation. Leave out what only matters here, and what you said yourself. If there is "
        'none, answer with the word "none" alone.',
        clean_facts,
        most=160,
        least_room=96,
    ),
}
