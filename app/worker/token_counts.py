"""Counts tokens of prompts and texts so often that typing is followed: what was counted is kept.

A chat template puts control tokens between turns, and the tokenizer takes a text apart at those
first. So each piece from one control token to the next is counted by itself, and the next time only
what is new. Any thread may ask: llama.cpp's tokenizers only read what was made once.
"""

from __future__ import annotations

import re
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import llama_cpp

from app.core.entities import ChatMessage, Role
from app.core.errors import TemplateBroken
from app.worker.chat_template import ChatTemplate
from app.worker.prompting import IMAGE, make_messages

USUAL, SAMPLE = 4.0, 16  # characters of a token; tokens of a text that says how many they are
MOST_KEPT = 4 << 20  # characters of texts whose tokens are kept
PIECE = 2048  # characters of a long text that are counted by themselves
LEAST_OWN = 6  # tokens that a chat template says by itself
_MARKS = ("mark one", "mark two", "mark three", "mark four")
_SAMPLES = (
    ("Be kind. ", "Why is that so? ", " Because it is.\n\n- one\n", "And\nnow?"),
    ("你好 🙂", "x", "{a}  <b>\n", "  y"),
)

ImageTokens = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Around:
    """Tokens that a chat template puts around the text of each message."""

    system: int = 0
    question: int = 0
    answer: int = 0
    end: int = 0  # the beginning of the answer to come
    own: int = 0  # what it says by itself where there is no system prompt


class TokenCounts:
    """For one model with one chat template."""

    def __init__(self, client: Any, template: ChatTemplate) -> None:
        self._client, self._template = client, template
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, bool], array[int]] = OrderedDict()
        self._size = 0
        self._per_token = USUAL  # characters, of a text of some length that was counted last
        self._border: re.Pattern[str] | None = None
        self.around = Around()
        self._get_to_know()

    def tokens_of(self, prompt: str, image_tokens: ImageTokens | None = None) -> list[int]:
        """Those of a rendered prompt, `image_tokens` in place of images."""
        parts = IMAGE.split(prompt) if image_tokens is not None else [prompt]
        tokens: list[int] = []
        for number, part in enumerate(parts):
            if number % 2:
                assert image_tokens is not None
                tokens += image_tokens(part)
                continue
            pieces = self._border.split(part) if self._border is not None else [part]
            pieces = [piece for piece in pieces if piece]
            if number == 0:  # what begins with an image has its BOS before it
                tokens += self._of(pieces.pop(0) if pieces else "", is_first=True)
            for piece in pieces:
                tokens += self._of(piece, is_first=False)
        return tokens

    def of_text(self, text: str) -> int:
        """How many a text is in the middle of a prompt."""
        return len(self._of(text, is_first=False)) if text else 0

    def of_writing(self, text: str, most: int) -> int:
        """About as many, for one that is being written: of a long one pieces are counted, so that
        what is added costs the last of them; what is beyond `most` tokens is guessed."""
        at = tokens = 0
        while at < len(text) and tokens <= most:
            space = text.find(" ", at + PIECE, at + 2 * PIECE)
            end = space if space > 0 else at + 2 * PIECE
            tokens += self.of_text(text[at:end])
            at = end
        return tokens if at >= len(text) else tokens * len(text) // at

    def about(self, text: str) -> int:
        """The same at no cost: of a text that was not counted by how long it is."""
        with self._lock:
            known = self._kept.get((text, False))
        return len(known) if known is not None else int(len(text) / self._per_token)

    def _of(self, text: str, *, is_first: bool) -> array[int]:
        key = (text, is_first)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        tokens = array("i", self._whole(text, is_first=is_first))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = tokens
                self._size += len(text) + 1
                if len(tokens) >= SAMPLE:
                    self._per_token = len(text) / len(tokens)
            while self._size > MOST_KEPT and len(self._kept) > 1:
                (old, _), _ = self._kept.popitem(last=False)
                self._size -= len(old) + 1
        return tokens

    def _whole(self, text: str, *, is_first: bool) -> list[int]:
        raw = text.encode("utf-8", "replace")
        tokens: list[int] = self._client.tokenize(raw, add_bos=is_first, special=True)
        bos = self._client.token_bos()
        while is_first and len(tokens) > 1 and tokens[0] == bos == tokens[1]:
            tokens.pop(0)
        return tokens

    def _get_to_know(self) -> None:
        """Find the template's control tokens, and check that texts may be taken apart there."""
        try:
            texts = [self._render(*sample) for sample in (*_SAMPLES, ("", *_MARKS[1:]), _MARKS)]
        except TemplateBroken:  # whoever asks will be told
            return
        found = {
            self._control(token) for text in texts for token in self._whole(text, is_first=True)
        }
        names = sorted(found - {""}, key=len, reverse=True)
        if names:
            self._border = re.compile("(?=" + "|".join(map(re.escape, names)) + ")")
            if any(self.tokens_of(text) != self._whole(text, is_first=True) for text in texts):
                self._border = None
        self.around = self._measured(texts[-1])
        begin = texts[-2].find(_MARKS[1])
        own = self.of_text(texts[-2][: max(begin, 0)]) - self.around.question
        # what is less is a token for the beginning, or a line less than in a later question
        self.around = replace(self.around, own=own if own >= LEAST_OWN else 0)

    def _render(self, system: str, *contents: str) -> str:
        roles = (Role.USER, Role.ASSISTANT, Role.USER)
        turns = [ChatMessage(role, text) for role, text in zip(roles, contents, strict=True)]
        return self._template.render(make_messages(system, turns))

    def _control(self, token: int) -> str:
        vocabulary = llama_cpp.llama_model_get_vocab(self._client.model)
        is_control = llama_cpp.llama_vocab_is_control(vocabulary, token)
        if not is_control and not llama_cpp.llama_vocab_is_eog(vocabulary, token):
            return ""
        piece: bytes = self._client.detokenize([token], special=True)
        return piece.decode("utf-8", "replace").strip()

    def _measured(self, prompt: str) -> Around:
        """From a prompt whose texts are known."""
        places = [prompt.find(mark) for mark in _MARKS]
        if min(places[1:]) < 0 or places[1:] != sorted(places[1:]):
            return Around()
        ends = [place + len(mark) for place, mark in zip(places, _MARKS, strict=True)]
        has_system = 0 <= places[0] < places[1]
        before = prompt[: places[0]] if has_system else ""
        # what comes between the system prompt and the first question is the question's beginning
        first = prompt[ends[0] : places[1]] if has_system else prompt[: places[1]]
        answer = prompt[ends[1] : places[2]]
        question = prompt[ends[2] : places[3]]
        count = self.of_text
        system = count(before) + max(count(first) - count(question), 0)
        return Around(system, count(question), count(answer), count(prompt[ends[3] :]))
