"""What the next prompt is made of, and the prompt itself: for people to look at.

On a thread beside the answers, while one is written too: nothing here changes what llama.cpp holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import llama_cpp

from app.core.context_errors import ContextFull, KeptTooLong
from app.core.entities import ChatMessage, Role
from app.core.errors import AppError, PromptTooLong, TemplateBroken
from app.core.history import system_text
from app.core.memory import Memory, Part, PartKind, Piece
from app.core.messages import Inspect, Inspected, Weigh, Weighed
from app.worker.cache import spliced
from app.worker.prompting import ANSWER_ROOM, NOT_SEEN
from app.worker.reasoning import answer_alone

if TYPE_CHECKING:
    from app.worker.chat_template import ChatTemplate
    from app.worker.loaded import Loaded

IMAGE_TOKENS = 256  # of one that no model has looked at yet
UNKNOWN = -1  # the entries of such a one
MOST_GROWN = 200  # tokens of a draft; beyond that all is weighed anew
MOST_JOINED = 8  # tokens that are a character together; more are none at all


@dataclass(frozen=True, slots=True)
class _Known:
    """What was weighed last, so that typing costs the draft only: of a request without its draft,
    which had `draft` tokens then."""

    request: Weigh
    template: ChatTemplate
    draft: int
    total: int
    parts: tuple[Part, ...]
    dropped: tuple[str, ...]
    is_full: bool
    is_firm: bool

    def goes_on(self, command: Weigh, template: ChatTemplate, draft: int, most: int) -> bool:
        """Whether with a draft of so many tokens nothing but its size is another."""
        if template is not self.template or (command.draft is None) != (self.draft == 0):
            return False
        grown = draft - self.draft
        if self.total > most:  # a person has to decide, and still has
            is_same = self.total + grown > most
        else:
            is_same = self.total + grown <= most
            if self.is_full:  # with another question other places may be better
                is_same = is_same and (grown == 0 or (grown > 0 and self.is_firm))
        is_near = abs(grown) <= MOST_GROWN
        return is_same and is_near and replace(command, request_id=0, draft=None) == self.request


class Onlooker:
    """Of one loaded model; used by the counting thread alone."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        # the messages in the prompt of before the draft, for the request it was made of
        self._before: tuple[object, frozenset[int]] | None = None
        self._known: _Known | None = None
        self._controls: dict[int, bool] = {}  # whether a token is a control token

    def weigh(self, command: Weigh) -> Weighed:
        """The parts of the next prompt. It is always answered: where a prompt cannot be made, with
        what is known."""
        context = self._context
        room = min(ANSWER_ROOM, context // 4)
        draft = self._draft_parts(command.draft)
        size = sum(part.tokens for part in draft)
        known = self._known
        if known is None or not known.goes_on(command, self.loaded.template, size, context - room):
            known = self._known = self._weighed(command, size)
        parts = (*known.parts, *draft)
        total = known.total + size - known.draft
        return Weighed(
            command.request_id, parts, total, context, room, known.dropped, known.is_full
        )

    def _weighed(self, command: Weigh, draft: int) -> _Known:
        """With nothing known from before; `draft` are the tokens of what is being written."""
        messages = command.messages
        is_open = bool(messages) and messages[-1].role is Role.USER
        is_asked = command.draft is not None or is_open
        history = messages if command.draft is None else (*messages, command.draft)
        if not is_asked:
            history = (*history, ChatMessage(Role.USER, ""))
        total, seen, is_full, is_firm = self._fitted(command, history, draft)
        parts = self._parts(command, seen)
        around = self.loaded.counts.around
        if total < 0:
            total = sum(part.tokens for part in parts if part.is_seen) + draft
        elif not is_asked:
            total = max(total - around.question - around.end, 0)
        dropped = self._dropped(command, seen) if is_full else ()
        return _Known(
            replace(command, request_id=0, draft=None),
            self.loaded.template,
            draft,
            total,
            parts,
            dropped,
            is_full,
            is_firm,
        )

    def _fitted(
        self, command: Weigh, history: Sequence[ChatMessage], draft: int
    ) -> tuple[int, frozenset[int], bool, bool]:
        """Tokens of the prompt, -1 where there is none; what it tells; whether it is full; whether
        that holds for a longer draft that fits too."""
        everything = frozenset(range(len(history)))
        if draft > self._context:  # not even alone
            return -1, self._kept(history), True, True
        try:
            fitted = self.loaded.fit(command, history, self._count)
        except ContextFull as error:
            return _tokens_in(error), everything, True, True
        except (PromptTooLong, KeptTooLong) as error:
            return _tokens_in(error), self._kept(history), True, True
        except TemplateBroken:
            return -1, everything, False, True
        return fitted.tokens, fitted.seen, fitted.is_full, fitted.is_firm

    def inspect(self, command: Inspect) -> Inspected:
        """The prompt of Generate. Raises AppError."""
        loaded, llm = self.loaded, self.loaded.llm
        fitted = loaded.fit(command, command.messages, self._count, continues=command.continues)
        tokens = loaded.counts.tokens_of(fitted.text, self._image_tokens)
        written = spliced(list(llm.cache_.tokens), tokens, llm.pieces.whole)
        if len(written) < llm.cache_.size:
            tokens = written
        return Inspected(
            command.request_id,
            tuple(self._pieces(tokens)),
            self._cells(tokens),
            llm.cache_.would_keep(tokens),
            self._context,
            loaded.description.template_name,
        )

    @property
    def _context(self) -> int:
        return int(self.loaded.llm.client.n_ctx())

    def _count(self, prompt: str) -> int:
        return self._cells(self.loaded.counts.tokens_of(prompt, self._image_tokens))

    def _cells(self, tokens: Sequence[int]) -> int:
        eyes = self.loaded.llm.eyes
        return len(tokens) + (eyes.more_cells(tokens) if eyes is not None else 0)

    def _image_tokens(self, image: str) -> Sequence[int]:
        eyes = self.loaded.llm.eyes
        known = eyes.seen(image) if eyes is not None else None
        return known if known is not None else [UNKNOWN] * IMAGE_TOKENS

    @staticmethod
    def _kept(history: Sequence[ChatMessage]) -> frozenset[int]:
        """What is never left out: the last question, and what is pinned."""
        last = len(history) - 1
        return frozenset(i for i, m in enumerate(history) if m.is_pinned or i == last)

    def _dropped(self, command: Weigh, seen: frozenset[int]) -> tuple[str, ...]:
        """Messages that the last answer's prompt had and this one has not."""
        messages = command.messages
        last = max((i + 1 for i, m in enumerate(messages) if m.role is Role.USER), default=0)
        request = replace(command, request_id=0, draft=None)
        if self._before is None or self._before[0] != request:
            try:
                before = self.loaded.fit(command, messages[:last], self._count).seen
            except AppError:
                before = frozenset()
            # its answer was read with it
            self._before = (request, before | frozenset(range(last, len(messages))))
        return tuple(messages[i].key for i in sorted(self._before[1] - seen) if messages[i].key)

    def _parts(self, command: Weigh, seen: frozenset[int]) -> tuple[Part, ...]:
        """All but the draft."""
        parts = self._told(command.system, command.memory)
        last = len(command.messages) - 1
        for place, message in enumerate(command.messages):
            kind = PartKind.PINNED if message.is_pinned else PartKind.TURN
            is_last = place == last and message.role is Role.USER and command.draft is None
            parts += self._of_message(message, kind, is_seen=place in seen, is_last=is_last)
        return tuple(parts)

    def _draft_parts(self, draft: ChatMessage | None) -> list[Part]:
        if draft is None:
            return []
        return self._of_message(draft, PartKind.DRAFT, is_seen=True, is_last=True)

    def _told(self, system: str, memory: Memory) -> list[Part]:
        count, around = self.loaded.counts.of_text, self.loaded.counts.around
        found = []
        if system.strip():
            found.append(Part(PartKind.SYSTEM, count(system)))
        if memory.facts:
            found.append(Part(PartKind.FACTS, count(system_text("", Memory(facts=memory.facts)))))
        if memory.summary.strip():
            text = system_text("", Memory(summary=memory.summary))
            found.append(Part(PartKind.SUMMARY, count(text)))
        if found:
            found[0] = replace(found[0], tokens=found[0].tokens + around.system)
        elif around.own:
            found.append(Part(PartKind.SYSTEM, around.own))
        return found

    def _of_message(
        self, message: ChatMessage, kind: PartKind, *, is_seen: bool, is_last: bool
    ) -> list[Part]:
        """The message and its files, each apart."""
        counts, around = self.loaded.counts, self.loaded.counts.around
        # what is not told needs no number to be right
        count = counts.of_text if is_seen else counts.about
        if kind is PartKind.DRAFT:
            count = partial(counts.of_writing, most=self._context)
        text, parts = message.content, []
        for key, length in message.attached:
            tokens = count(text[:length])
            text = text[length:]
            parts.append(Part(PartKind.ATTACHMENT, tokens, key, message.key, is_seen=is_seen))
        own = around.question
        if message.role is Role.ASSISTANT:
            text, own = answer_alone(text), around.answer
        tokens = count(text) + own + self._images(message) + (around.end if is_last else 0)
        return [*parts, Part(kind, tokens, message.key, is_seen=is_seen)]

    def _images(self, message: ChatMessage) -> int:
        """Tokens of its images, those of one not looked at yet guessed."""
        if not message.images or self.loaded.llm.eyes is None:
            return 0
        marks = "".join(self.loaded.mark(image) for image in message.images)
        return self._count(marks)

    def _pieces(self, tokens: Sequence[int]) -> list[Piece]:
        """The tokens as text, those of an image as one."""
        found: list[Piece] = []
        raw, held = b"", 0
        for is_image, run in itertools.groupby(tokens, lambda token: token < 0):
            if is_image:
                found.append(Piece(NOT_SEEN, is_special=True, tokens=len(list(run))))
                continue
            for token in run:
                raw, held = raw + self.loaded.llm.pieces.whole(token), held + 1
                if held < MOST_JOINED and not _is_whole(raw):
                    continue
                text = raw.decode("utf-8", "replace")
                is_special = held == 1 and self._is_control(token)
                found.append(Piece(text, is_special=is_special, tokens=held))
                raw, held = b"", 0
        if held:
            found.append(Piece(raw.decode("utf-8", "replace"), tokens=held))
        return found

    def _is_control(self, token: int) -> bool:
        if token not in self._controls:
            vocabulary = llama_cpp.llama_model_get_vocab(self.loaded.llm.client.model)
            self._controls[token] = bool(
                llama_cpp.llama_vocab_is_control(vocabulary, token)
                or llama_cpp.llama_vocab_is_eog(vocabulary, token)
            )
        return self._controls[token]


def _tokens_in(error: AppError) -> int:
    return int(dict(error.problem.params)["tokens"])


def _is_whole(raw: bytes) -> bool:
    """Whether no character is cut off at the end."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
