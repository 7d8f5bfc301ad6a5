"""What the worker is asked beside answers: suggestions, counts, what a prompt is made of."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence

from app.core import messages
from app.core.entities import ChatMessage, ModelDescription
from app.core.errors import NoModelLoaded, Problem
from app.core.history import Sent, sendable
from app.core.memory import Memory
from app.services.ports import Scheduler

NO_MEMORY = Memory()


class SmallJobs:
    """The part of the engine that asks them; all methods on the main thread."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._ids = itertools.count(1)
        self.model: ModelDescription | None = None
        self._suggesting: dict[
            int, tuple[Callable[[str, bool], None], Callable[[Problem], None]]
        ] = {}
        self._inspecting: dict[
            int, tuple[Callable[[messages.Inspected], None], Callable[[Problem], None]]
        ] = {}
        self._counting: tuple[int, Callable[[int], None]] | None = None  # asked last
        # several windows may ask, and the worker answers the newest: so it has one at a time
        self._weighing: deque[tuple[messages.Weigh, Callable[[messages.Weighed], None]]] = deque()
        self._sent: tuple[Sequence[ChatMessage], Memory, int, Sent] | None = None  # made last

    @property
    def is_suggesting(self) -> bool:
        """Whether the model finds a title, a summary or facts, or is about to."""
        return bool(self._suggesting)

    def _send(self, command: messages.Command) -> int:
        """Pass it on to the worker; returns its id."""
        raise NotImplementedError

    def _context(self) -> int:
        """Tokens the context has, or will have."""
        raise NotImplementedError

    def suggest(
        self,
        kind: str,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str, bool], None],
        failed: Callable[[Problem], None],
        *,
        memory: Memory = NO_MEMORY,
        begun: str = "",
    ) -> int:
        """Let the model find what `messages.Suggest` tells of; what it read stays as it was.

        `done` gets the text, and whether it is whole: where another question or `stop` came first
        it is what there is of a summary, `begun` included, and empty of the other kinds. Without a
        loaded model it has `failed`. Returns the request's id."""
        request_id = next(self._ids)
        if self.model is None:
            self._refuse(failed)
            return request_id
        sent = self._sendable(history, memory)
        self._suggesting[request_id] = (done, failed)
        return self._send(
            messages.Suggest(
                request_id,
                system,
                sent.messages,
                kind,
                conversation,
                sent.omitted_turns,
                sent.omitted_weight,
                memory,
                begun,
            )
        )

    def suggest_title(
        self,
        system: str,
        history: Sequence[ChatMessage],
        conversation: str,
        done: Callable[[str], None],
        failed: Callable[[Problem], None],
        *,
        memory: Memory = NO_MEMORY,
    ) -> int:
        """`suggest` a title of at most 60 characters."""
        return self.suggest(
            "title",
            system,
            history,
            conversation,
            lambda text, is_whole: done(text if is_whole else ""),
            failed,
            memory=memory,
        )

    def count(self, text: str | Sequence[str], done: Callable[[int], None]) -> None:
        """Tell `done` the tokens of `text`, or of several texts together; -1 without a model.

        Made for typing: one that was asked before and is not answered yet never will be."""
        self._counting = None
        if self.model is None:
            self._scheduler.post(lambda: done(-1))
            return
        texts = (text,) if isinstance(text, str) else tuple(text)
        self._counting = (self._send(messages.Count(next(self._ids), texts)), done)

    def weigh(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        draft: ChatMessage | None,
        done: Callable[[messages.Weighed], None],
    ) -> None:
        """Tell `done` what the next prompt would be made of, with `draft` as the last question;
        without a model its `context` is -1. Each is answered, also while an answer is written.

        Give the same tuple as long as `history` is the same: it is looked through once."""
        request_id = next(self._ids)
        if self.model is None:
            self._scheduler.post(lambda: done(_nothing_weighed(request_id)))
            return
        sent = self._sendable(history, memory)
        command = messages.Weigh(
            request_id,
            system,
            sent.messages,
            draft,
            sent.omitted_turns,
            sent.omitted_weight,
            memory,
        )
        self._weighing.append((command, done))
        if len(self._weighing) == 1:
            self._send(command)

    def prepare(
        self, history: Sequence[ChatMessage], memory: Memory, context: int, sent: Sent
    ) -> None:
        """What `sendable` made of `history` on another thread: of ten thousand messages it takes
        longer than the main one has. For the next `weigh` with the same tuple."""
        self._sent = (history, memory, context, sent)

    def inspect(
        self,
        system: str,
        history: Sequence[ChatMessage],
        memory: Memory,
        done: Callable[[messages.Inspected], None],
        failed: Callable[[Problem], None],
        *,
        continues: str = "",
    ) -> None:
        """Tell `done` the prompt that `Engine.generate` would have the model read, also while an
        answer is written. Without a loaded model it has `failed`."""
        request_id = next(self._ids)
        if self.model is None:
            self._refuse(failed)
            return
        sent = self._sendable(history, memory)
        self._inspecting[request_id] = (done, failed)
        self._send(
            messages.Inspect(
                request_id,
                system,
                sent.messages,
                continues,
                sent.omitted_turns,
                sent.omitted_weight,
                memory,
            )
        )

    def _refuse(self, failed: Callable[[Problem], None]) -> None:
        problem = NoModelLoaded().problem
        self._scheduler.post(lambda: failed(problem))

    def _sendable(self, history: Sequence[ChatMessage], memory: Memory) -> Sent:
        """What of `history` is sent; that of last time is not looked for again."""
        context = self._context()
        if self._sent is not None:
            known, known_memory, size, sent = self._sent
            if known is history and known_memory == memory and size == context:
                return sent
        sent = sendable(history, context, memory.policy)
        # a list may have other contents by the next time
        self._sent = (history, memory, context, sent) if isinstance(history, tuple) else None
        return sent

    def _take_job(self, event: messages.Event) -> None:
        """An answer of the worker; one to a question that nobody has any more is dropped."""
        match event:
            case messages.Suggested(request_id, text, is_whole):
                if request_id in self._suggesting:
                    self._suggesting.pop(request_id)[0](text, is_whole)
            case messages.Inspected(request_id):
                if request_id in self._inspecting:
                    self._inspecting.pop(request_id)[0](event)
            case messages.Weighed(request_id):
                self._take_weighed(event, request_id)
            case messages.Counted(request_id, tokens):
                if self._counting is not None and self._counting[0] == request_id:
                    done, self._counting = self._counting[1], None
                    done(tokens)
            case messages.Failed(request_id, problem):
                self._take_failed(request_id, problem)

    def _take_failed(self, request_id: int, problem: Problem) -> None:
        if request_id in self._suggesting:
            self._suggesting.pop(request_id)[1](problem)
        elif request_id in self._inspecting:
            self._inspecting.pop(request_id)[1](problem)

    def _take_weighed(self, event: messages.Weighed, request_id: int) -> None:
        if not self._weighing or self._weighing[0][0].request_id != request_id:
            return
        _, done = self._weighing.popleft()
        if self._weighing:
            self._send(self._weighing[0][0])
        done(event)

    def _give_up_jobs(self, problem: Problem) -> None:
        """The process that had them is gone: no title, no count, no prompt to look at."""
        suggesting, self._suggesting = self._suggesting, {}
        inspecting, self._inspecting = self._inspecting, {}
        counting, self._counting = self._counting, None
        weighing, self._weighing = self._weighing, deque()
        for suggested, _ in suggesting.values():
            suggested("", False)
        for _, failed in inspecting.values():
            failed(problem)
        if counting is not None:
            counting[1](-1)
        for command, weighed in weighing:
            weighed(_nothing_weighed(command.request_id))


def _nothing_weighed(request_id: int) -> messages.Weighed:
    """The answer without a model."""
    return messages.Weighed(request_id, (), 0, -1, 0)
