"""One loaded model and all that belongs to it: it answers, suggests titles and counts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import llama_cpp

from app.core.entities import ChatMessage, ModelDescription, Role, Statistics, StopReason
from app.core.errors import ImageBroken, ImageTooLarge, ModelCannotSee, TemplateBroken
from app.core.memory import WhenFull
from app.core.messages import (
    Event,
    Finished,
    Generate,
    Inspect,
    Reading,
    Suggest,
    Suggested,
    TextProduced,
    Weigh,
)
from app.models.advice import advised
from app.models.hardware import is_on_battery
from app.worker.cache import Aborted
from app.worker.chat_template import ChatTemplate
from app.worker.generation import Request
from app.worker.keeping import Keeper
from app.worker.llm import AnswerEnd, StreamingLlamaCpp
from app.worker.prompting import (
    ANSWER_ROOM,
    IMAGE,
    NOT_SEEN,
    FittedPrompt,
    fit_prompt,
    mark_of,
    turns_of,
)
from app.worker.reasoning import after_opening
from app.worker.side_jobs import JOBS, SideJob, run_aside, without_thinking
from app.worker.token_counts import TokenCounts
from app.worker.vision import Eyes

NEAR = 8  # tokens that a prompt may end with and its continuation has not: an opening of reasoning


@dataclass(slots=True)
class Loaded:
    """Used by the worker's main thread, but for `fit`, `count` and `counts`."""

    llm: StreamingLlamaCpp
    template: ChatTemplate
    description: ModelDescription
    stop_texts: tuple[str, ...]
    keeper: Keeper
    _counts: tuple[ChatTemplate, TokenCounts] | None = field(default=None, init=False)
    _counts_lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def generate(self, command: Generate, send: Callable[[Event], None], load_s: float) -> None:
        """Answer, and send all events but Failed. `load_s` is what it waited for the model.

        Raises AppError."""
        llm = self.llm
        try:
            mark = self._look_at(command.messages)
            fitted = self.fit(
                command,
                command.messages,
                self._count_prompt,
                continues=command.continues,
                mark=mark,
            )
            if not llm.tokens_of(fitted.text):  # llama.cpp would end the process
                raise TemplateBroken("nothing came of it", name=Path(llm.model_path).name)
            self._use_threads(is_gentle=command.is_gentle)
            self.keeper.change_to(command.conversation)
            self._stream(fitted, command, send, load_s)
        except Aborted:  # before there was anything to read
            send(Finished(command.request_id, StopReason.STOPPED, Statistics()))
        finally:
            self._let_go()

    def fit(
        self,
        request: Generate | Weigh | Inspect | Suggest,
        history: Sequence[ChatMessage],
        count: Callable[[str], int],
        *,
        continues: str = "",
        mark: Callable[[bytes], str] | None = None,
        answer_room: int = ANSWER_ROOM,
        wanted: tuple[int, ...] | None = None,
        is_thinking: bool = True,
    ) -> FittedPrompt:
        """The prompt of a request, whatever it is for; `history` is that of the request, or so
        much of it. Raises ContextFull, PromptTooLong, KeptTooLong or TemplateBroken."""

        def count_text(text: str) -> int:
            return count(text) if IMAGE.search(text) else self.counts.of_text(text)

        return fit_prompt(
            request.system,
            history,
            self.template,
            count,
            self.llm.client.n_ctx(),
            continues=continues,
            omitted=(request.omitted_turns, request.omitted_weight),
            is_thinking=is_thinking,
            answer_room=answer_room,
            wanted=wanted,
            mark=mark or self.mark,
            memory=request.memory,
            count_text=count_text,
        )

    def suggest(self, command: Suggest, is_wanted: Callable[[], bool]) -> Suggested:
        """What was asked for; not whole where it was ended (`is_wanted` is false then). What was
        read of conversations stays as it was. Raises AppError."""
        llm, job = self.llm, JOBS[command.kind]
        begun = command.begun if job.goes_on else ""
        text = ""
        try:
            size = self.counts.of_text(begun)
            prompt, answered = self._side_prompt(command, job, size)
            most = max(job.most_tokens(llm.client.n_ctx()) - size, 1)
            # what a model thought is left out of history: of its last answer other tokens are read
            # next, so that those in the cache are worth nothing but for another version of it
            kept = answered - NEAR if job.is_background and answered else None
            tokens = llm.tokens_of(prompt + begun)
            text = run_aside(llm, tokens, most, self.stop_texts, job.most_state, kept)
        except Aborted:
            pass
        finally:
            self._let_go()
        if is_wanted():
            return Suggested(command.request_id, job.clean(begun + text))
        partial_text = begun + text if job.goes_on else ""
        return Suggested(command.request_id, partial_text, is_whole=False)

    def _side_prompt(self, command: Suggest, job: SideJob, begun: int) -> tuple[str, int]:
        """It begins as the prompt of the last answer did: that is what the cache holds. `begun` is
        the tokens of what there is of it. With the tokens of that prompt, 0 where there was none.
        """
        history = command.history
        mark = self._look_at(history)
        if command.memory.policy.when_full is WhenFull.ASK:  # nobody is asked for this
            policy = replace(command.memory.policy, when_full=WhenFull.DROP_OLDEST)
            command = replace(command, memory=replace(command.memory, policy=policy))
        answered = max((i + 1 for i, m in enumerate(history) if m.role is Role.USER), default=0)
        wanted: tuple[int, ...] | None = None
        size = 0
        asking = (*history, ChatMessage(Role.USER, job.question))
        if answered:
            before = self.fit(command, history[:answered], self._count_prompt, mark=mark)
            after = range(len(turns_of(history[:answered])), len(turns_of(asking)))
            wanted, size = (*before.turns, *after), before.tokens
        fit = partial(
            self.fit,
            command,
            asking,
            self._count_prompt,
            mark=mark,
            answer_room=job.least_room + begun,
            wanted=wanted,
        )
        text = without_thinking(
            fit().text, lambda: fit(is_thinking=False).text, self.template.source
        )
        return text, size

    @property
    def counts(self) -> TokenCounts:
        """What counts tokens with the chat template of now; from any thread."""
        with self._counts_lock:
            if self._counts is None or self._counts[0] is not self.template:
                self._counts = (self.template, TokenCounts(self.llm.client, self.template))
            return self._counts[1]

    def _count_prompt(self, prompt: str) -> int:
        """Cells it takes in the cache. Raises what Eyes.tokens_of raises."""
        eyes = self.llm.eyes
        tokens = self.counts.tokens_of(prompt, eyes.tokens_of if eyes is not None else None)
        return len(tokens) + (eyes.more_cells(tokens) if eyes is not None else 0)

    def mark(self, image: bytes) -> str:
        """What stands for an image where none is looked at."""
        return mark_of(image) if self.llm.eyes is not None else NOT_SEEN

    def count(self, texts: Sequence[str]) -> tuple[int, int]:
        """Tokens of `texts` together, and those in the KV cache now; from any thread.

        llama.cpp's tokenizers are made once for a vocabulary and only read after; what changes is
        in a session of each call (llama-vocab.cpp, `impl::tokenize` is const)."""
        client: Any = self.llm.client
        tokens = 0
        for text in texts:
            raw = text.encode("utf-8", "replace")
            tokens += len(client.tokenize(raw, add_bos=False, special=False))
        return tokens, self.llm.cache_.used

    def close(self) -> None:
        """Keep what is worth it, give the memory back."""
        self.keeper.close()
        self.llm.close()

    def _look_at(self, history: Sequence[ChatMessage]) -> Callable[[bytes], str]:
        """Have the images of `history` ready; returns what says what stands for each in the prompt.

        One of earlier that cannot be seen, for want of eyes or for being damaged, is only spoken
        of: it must not make every later question fail. Raises ModelCannotSee, ImageBroken or
        ImageTooLarge for one of now, and what Eyes.open raises."""
        eyes = self.llm.eyes
        images = {hashlib.sha256(image).hexdigest(): image for m in history for image in m.images}
        if not images:
            return mark_of
        answers = (i for i in range(len(history), 0, -1) if history[i - 1].role is Role.ASSISTANT)
        last = next(answers, 0)
        if eyes is None:
            if any(message.images for message in history[last:]):
                raise ModelCannotSee(name=self.description.path.name)
            return lambda _: NOT_SEEN
        eyes.open(images)
        self.llm.cache_.eyes = eyes
        now = {image for message in history[last:] for image in message.images}
        unseen = {
            image for name, image in images.items() if image not in now and not _can_see(eyes, name)
        }
        return lambda image: NOT_SEEN if image in unseen else mark_of(image)

    def _let_go(self) -> None:
        if self.llm.eyes is not None:
            self.llm.eyes.let_go()

    def _stream(
        self,
        fitted: FittedPrompt,
        command: Generate,
        send: Callable[[Event], None],
        load_s: float,
    ) -> None:
        llm = self.llm

        def tell(done: int, total: int, seconds_left: float) -> None:
            send(Reading(command.request_id, done, total, seconds_left))

        sampling = advised(command.sampling, self.description.advice)
        opening = "" if command.continues else fitted.opening
        request = Request(
            sampling,
            command.conversation,
            fitted.dropped_turns,
            tell,
            command.may_guess,
            begun=command.continues or opening,
            written=after_opening(fitted.opening, command.continues),
        )
        end = AnswerEnd()
        answer = llm.stream(
            fitted.text,
            {"callbacks": [end]},
            stop=[*sampling.stop, *self.stop_texts],
            request=request,
        )
        for text in answer:
            if text:
                # what the template wrote of the answer comes with its first text
                text, opening = opening + text, ""
                used = llm.cache_.used
                send(TextProduced(command.request_id, text, request.produced, used))
        placement = self.description.placement
        statistics = replace(
            end.statistics,
            load_s=load_s,
            gpu_layers=placement.gpu_layers,
            layers=placement.layers,
        )
        send(Finished(command.request_id, end.reason, statistics))

    def _use_threads(self, *, is_gentle: bool) -> None:
        """Half as many on battery, if the person wants that."""
        count = self.description.placement.threads
        if is_gentle and is_on_battery():
            count = max(count // 2, 1)
        llama_cpp.llama_set_n_threads(self.llm.client.ctx, count, count)


def _can_see(eyes: Eyes, image: str) -> bool:
    try:
        eyes.tokens_of(image)
    except (ImageBroken, ImageTooLarge):
        return False
    return True
