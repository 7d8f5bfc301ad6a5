"""One loaded model and all that belongs to it: it answers, suggests titles and counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import llama_cpp

from app.core.entities import ChatMessage, ModelDescription, Role, Statistics, StopReason
from app.core.errors import ModelCannotSee, TemplateBroken
from app.core.messages import Event, Finished, Generate, Reading, Suggest, TextProduced
from app.models.hardware import is_on_battery
from app.worker.cache import Aborted
from app.worker.generation import Request
from app.worker.keeping import Keeper
from app.worker.llm import AnswerEnd, StreamingLlamaCpp
from app.worker.prompting import ChatTemplate, FittedPrompt, fit_prompt
from app.worker.reasoning import opening_of
from app.worker.sampling import advised
from app.worker.side_jobs import QUESTIONS, clean, run_aside, without_thinking

NOT_SEEN = "[image]\n"  # in place of one that an earlier model saw and this one cannot
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
            history = self._seen(command.messages)
            omitted = (command.omitted_turns, command.omitted_weight)
            fitted = fit_prompt(
                command.system,
                history,
                self.template,
                llm.count,
                llm.client.n_ctx(),
                continues=command.continues,
                omitted=omitted,
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
            question = ChatMessage(Role.USER, QUESTIONS[command.kind])
            history = [*self._seen(command.history), question]
            omitted = (command.omitted_turns, command.omitted_weight)

            def prompt(is_thinking: bool) -> str:
                return fit_prompt(
                    command.system,
                    history,
                    self.template,
                    llm.count,
                    llm.client.n_ctx(),
                    omitted=omitted,
                    is_thinking=is_thinking,
                    answer_room=MOST_SUGGESTED,
                ).text

            text = without_thinking(prompt(True), lambda: prompt(False), self.template.source)
            found = run_aside(llm, llm.tokens_of(text), MOST_SUGGESTED, self.stop_texts)
            return clean(found) if is_wanted() else ""
        except Aborted:
            return ""
        finally:
            self._let_go()

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

    def _seen(self, history: Sequence[ChatMessage]) -> list[ChatMessage]:
        """The messages, and the images among them ready to be looked at.

        Without eyes an image of earlier, which another model saw, is only spoken of. Raises
        ModelCannotSee for one of now, and what Eyes.open raises."""
        llm = self.llm
        images = {hashlib.sha256(image).hexdigest(): image for m in history for image in m.images}
        if not images:
            return list(history)
        if llm.eyes is not None:
            llm.eyes.open(images)
            llm.cache_.eyes = llm.eyes
            return list(history)
        last = max(index for index, message in enumerate(history) if message.images)
        if not any(message.role is Role.ASSISTANT for message in history[last:]):
            raise ModelCannotSee(name=self.description.path.name)
        return [
            replace(m, images=(), content=NOT_SEEN * len(m.images) + m.content) for m in history
        ]

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
        opening = "" if command.continues else opening_of(fitted.text)
        request = Request(
            sampling,
            command.conversation,
            fitted.dropped_turns,
            tell,
            command.may_guess,
            begun=command.continues or opening,
            is_continued=bool(command.continues),
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
