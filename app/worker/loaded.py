"""One loaded model and all that belongs to it: it answers, suggests titles and counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import llama_cpp

from app.core.entities import ChatMessage, ModelDescription, Role, Statistics, StopReason
from app.core.errors import ImageBroken, ImageTooLarge, ModelCannotSee, TemplateBroken
from app.core.messages import Event, Finished, Generate, Reading, Suggest, TextProduced
from app.models.hardware import is_on_battery
from app.worker.cache import Aborted
from app.worker.generation import Request
from app.worker.keeping import Keeper
from app.worker.llm import AnswerEnd, StreamingLlamaCpp
from app.worker.prompting import ChatTemplate, FittedPrompt, fit_prompt, mark_of
from app.worker.reasoning import after_opening
from app.worker.sampling import advised
from app.worker.side_jobs import QUESTIONS, clean, run_aside, without_thinking
from app.worker.vision import Eyes

NOT_SEEN = "[image]"  # in place of an earlier one that this model cannot see
MOST_SUGGESTED = 24  # tokens


@dataclass(slots=True)
class Loaded:
    """Used by the worker's main thread, but for `count`."""

    llm: StreamingLlamaCpp
    template: ChatTemplate
    description: ModelDescription
    stop_texts: tuple[str, ...]
    keeper: Keeper

    def generate(self, command: Generate, send: Callable[[Event], None], load_s: float) -> None:
        """Answer, and send all events but Failed. `load_s` is what it waited for the model.

        Raises AppError."""
        llm = self.llm
        try:
            mark = self._look_at(command.messages)
            omitted = (command.omitted_turns, command.omitted_weight)
            fitted = fit_prompt(
                command.system,
                command.messages,
                self.template,
                llm.count,
                llm.client.n_ctx(),
                continues=command.continues,
                omitted=omitted,
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

    def suggest(self, command: Suggest, is_wanted: Callable[[], bool]) -> str:
        """A title; empty where it was ended (`is_wanted` is false then) or made no sense. What was
        read of conversations stays as it was. Raises AppError."""
        llm = self.llm
        try:
            text = self._title_prompt(command)
            found = run_aside(llm, llm.tokens_of(text), MOST_SUGGESTED, self.stop_texts)
            return clean(found) if is_wanted() else ""
        except Aborted:
            return ""
        finally:
            self._let_go()

    def _title_prompt(self, command: Suggest) -> str:
        """It begins as the prompt of the last answer did: that is what the cache holds."""
        llm, history = self.llm, command.history
        fit = partial(
            fit_prompt,
            command.system,
            template=self.template,
            count=llm.count,
            context=llm.client.n_ctx(),
            omitted=(command.omitted_turns, command.omitted_weight),
            mark=self._look_at(history),
        )
        answered = max((i + 1 for i, m in enumerate(history) if m.role is Role.USER), default=0)
        dropped = fit(history[:answered]).dropped_turns if answered else None
        history = (*history, ChatMessage(Role.USER, QUESTIONS[command.kind]))
        fit = partial(fit, history, answer_room=MOST_SUGGESTED, dropped=dropped)
        return without_thinking(
            fit().text, lambda: fit(is_thinking=False).text, self.template.source
        )

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
