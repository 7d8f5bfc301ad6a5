"""One answer: from the tokens of a prompt to pieces of text, the reason to end, and the figures."""

from __future__ import annotations

import codecs
import ctypes
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import llama_cpp
from langchain_core.outputs import GenerationChunk

from app.core.entities import SamplingParams, Statistics, StopReason
from app.core.errors import DecodeFailed
from app.worker.cache import Aborted, Cache, spliced
from app.worker.reasoning import SHOWN, Thinking
from app.worker.sampling import Sampler
from app.worker.speculation import Speculation

if TYPE_CHECKING:
    from app.worker.llm import AbortFlag, StreamingLlamaCpp
    from app.worker.states import States

# Text is handed on at most this often, a slow model's at once: eight times a second reads as
# continuous, and on two cores each wake-up of the window makes both of llama.cpp's threads wait
# (painting 16 times a second: 0.89 of the speed of llama.cpp alone; 8 times: 0.97). It also makes
# what LangChain does for each piece, some 50 us, too little to be measured
GATHER_S = 0.12
TELL_S = 0.25  # between two news of how far a prompt was read
WORTH_TELLING = 128  # tokens; a shorter rest is read before one can look


@dataclass(slots=True)
class Reuse:
    """Where the beginning of a prompt came from; counts in tokens."""

    reused: int = 0
    restored: int = 0
    restore_s: float = 0.0
    shifted: int = 0


@dataclass(slots=True)
class Request:
    """What the worker knows of an answer beside its prompt."""

    sampling: SamplingParams = field(default_factory=SamplingParams)
    conversation: str = ""
    dropped_turns: int = 0
    tell: Callable[[int, int, float], None] = lambda done, total, seconds_left: None
    may_guess: bool = False
    begun: str = ""  # of the answer: what it goes on from, or the reasoning the prompt opens
    written: str = ""  # of `begun` what the model wrote itself, where it goes on
    produced: int = 0  # tokens of the answer so far, for whoever takes its text


class Generation:
    """Reads the prompt, then writes until the end, a limit, a stop string or Stop."""

    def __init__(
        self, llm: StreamingLlamaCpp, tokens: list[int], request: Request, stop: list[str]
    ) -> None:
        self._client = llm.client
        self._cache: Cache = llm.cache_
        self._states: States | None = llm.states
        self._flag: AbortFlag = llm.abort_flag
        self._pieces: Pieces = llm.pieces
        self._tokens = tokens
        self._request = request
        self._stop = [text for text in stop if text]
        self._ends = self._pieces.control_tokens(self._stop)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._out: list[str] = []  # text that was not handed on yet
        # text that may be the beginning of a stop string; of an answer that goes on, its end too
        self._held = self._beginning_of_stop(request.written)
        self._known = len(self._held)  # characters of it that were handed on then
        self._reason = StopReason.END
        self._produced = 0
        self._started = time.monotonic()
        self._read_s = 0.0
        self._first = self._last = 0.0
        self._reuse = Reuse()
        self._thinking = Thinking(request.begun)
        # a guess is read together with its token, which changes scores in their last digits: where
        # the same seed shall give the same answer nothing is guessed
        may_differ = request.sampling.temperature > 0 and request.sampling.seed < 0
        is_free = not (request.sampling.grammar or request.sampling.json_schema)
        may_guess = request.may_guess and may_differ and is_free
        self._speculation = Speculation(self._cache, llm.record if may_guess else None)

    def run(self) -> Iterator[GenerationChunk]:
        """Chunks of text; the last one is empty and carries reason and statistics.

        Raises DecodeFailed, GrammarBroken."""
        sampler = Sampler(self._client, self._request.sampling)
        try:
            self._read_prompt()
            sampler.prime(self._tokens, self._request.sampling)
            sampler.follow(self._request.written)
            yield from self._write(sampler)
        except Aborted:
            self._reason = StopReason.STOPPED
        except DecodeFailed:
            yield self._rest()  # what was written until then stays
            raise
        finally:
            sampler.close()
        yield self._rest()
        yield GenerationChunk(
            text="",
            generation_info={"finish_reason": self._reason, "statistics": self._statistics()},
        )

    def _read_prompt(self) -> None:
        """Reuse what there is of it, read the rest. Raises Aborted, DecodeFailed."""
        cache, pieces = self._cache, self._pieces
        self._reuse, self._tokens = prepare(
            cache, self._states, self._tokens, pieces.whole, lambda: self._flag.is_set
        )
        tokens = self._tokens
        rest = tokens[len(cache.tokens) :]
        told = time.monotonic()

        def tell(done: int, tokens_per_s: float) -> None:
            nonlocal told
            now = time.monotonic()
            if now - told >= TELL_S and len(rest) >= WORTH_TELLING:
                told = now
                self._request.tell(done, len(rest), (len(rest) - done) / max(tokens_per_s, 1e-6))

        began = time.monotonic()
        if not cache.can_roll_back and len(rest) > 1:
            # the only way back to where an answer began, to give another one
            cache.read(rest[:-1], tell)
            self._keep_start()
            rest = rest[-1:]
        if rest:
            cache.read(rest, tell)
        self._read_s = time.monotonic() - began

    def _keep_start(self) -> None:
        if self._states is not None and self._request.conversation:
            name = f"{self._request.conversation}-start"
            if data := self._cache.state(self._states.most_bytes):
                self._states.keep(name, self._cache.tokens, data)

    def _write(self, sampler: Sampler) -> Iterator[GenerationChunk]:
        vocabulary = self._client._model.vocab  # noqa: SLF001 - no public way to ask for end tokens
        room = self._cache.free
        asked = self._request.sampling.max_tokens
        limit = min(room, asked) if asked > 0 else room
        handed = 0.0
        tokens = self._speculation.tokens(sampler)
        for token in tokens:
            self._last = time.monotonic()
            if not self._first:
                self._first = self._last
            if token in self._ends or llama_cpp.llama_vocab_is_eog(vocabulary, token):
                break
            self._produced += 1
            written = self._decoder.decode(self._pieces[token])
            self._thinking.feed(written)
            text, is_stopped = self._before_stop(written)
            self._out.append(text)
            if is_stopped:
                self._held = ""
                break
            if self._last - handed >= GATHER_S:
                yield self._hand_on()
                handed = self._last
            if self._flag.is_set:
                self._reason = StopReason.STOPPED
                break
            if self._produced >= limit:
                self._reason = StopReason.LIMIT
                break
        tokens.close()

    def _rest(self) -> GenerationChunk:
        """What was not handed on yet; half of a character that was cut off is left out."""
        self._out.append(self._new(self._held))
        self._held = ""
        return self._hand_on()

    def _hand_on(self) -> GenerationChunk:
        self._request.produced = self._produced
        text = "".join(self._out)
        self._out.clear()
        return GenerationChunk(text=text)

    def _before_stop(self, text: str) -> tuple[str, bool]:
        """Text that may be shown, and whether a stop string came."""
        if not self._stop:
            return text, False
        text = self._held + text
        for stop in self._stop:
            if (at := text.find(stop)) >= 0:
                return self._new(text[:at]), True
        self._held = self._beginning_of_stop(text)
        return self._new(text[: len(text) - len(self._held)]), False

    def _beginning_of_stop(self, text: str) -> str:
        """The longest end of `text` that a stop string begins with."""
        longest = max((len(stop) for stop in self._stop), default=1) - 1
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stop):
                return text[-length:]
        return ""

    def _new(self, text: str) -> str:
        """`text` without what was handed on before the answer went on."""
        known = min(self._known, len(text))
        self._known -= known
        return text[known:]

    def _statistics(self) -> Statistics:
        writing = self._last - self._first
        prompt_tokens = len(self._tokens)
        if self._cache.eyes is not None:
            prompt_tokens += self._cache.eyes.more_cells(self._tokens)
        return Statistics(
            prompt_tokens=prompt_tokens,
            reused_tokens=self._reuse.reused,
            completion_tokens=self._produced,
            ttft_s=(self._first or time.monotonic()) - self._started,
            tokens_per_s=(self._produced - 1) / writing if self._produced > 1 and writing else 0.0,
            context_tokens=prompt_tokens + self._produced,
            restored_tokens=self._reuse.restored,
            restore_s=self._reuse.restore_s,
            shifted_tokens=self._reuse.shifted,
            read_s=self._read_s,
            write_s=writing,
            thinking_s=self._thinking.seconds,
            stop_reason=self._reason.value,
            drafted_tokens=self._speculation.drafted,
            accepted_tokens=self._speculation.accepted,
            dropped_turns=self._request.dropped_turns,
        )


def prepare(
    cache: Cache,
    states: States | None,
    tokens: list[int],
    text_of: Callable[[int], bytes],
    is_stopped: Callable[[], bool] = lambda: False,
) -> tuple[Reuse, list[int]]:
    """Bring as much of the beginning of `tokens` into the cache as there is: what it holds, what
    was moved up after old turns were dropped, or a kept state.

    Returns the tokens too: those that the model wrote stand in place of others of the same text.
    Raises Aborted.
    """
    found = Reuse()
    tokens = as_written(cache, tokens, text_of)
    held = cache.common(tokens)
    is_whole = not cache.can_roll_back
    if is_whole and held < len(cache.tokens):
        held = 0  # it cannot be cut
    state = (
        states.best(tokens, held, is_whole=is_whole, window=cache.window)
        if states is not None
        else None
    )
    if state is not None and states is not None:
        began = time.monotonic()
        data = states.load(state, is_stopped)
        if is_stopped():
            raise Aborted
        if data and cache.restore(state.tokens, data):
            tokens = as_written(cache, tokens, text_of)
            found.restored = cache.keep(tokens)
            found.restore_s = time.monotonic() - began
    elif not is_whole:
        found.shifted = cache.shift_to(tokens)
    found.reused = cache.keep(tokens)
    return found, tokens


def as_written(cache: Cache, tokens: list[int], text_of: Callable[[int], bytes]) -> list[int]:
    """`tokens` with those that the model wrote in place of others of the same text."""
    found = spliced(cache.tokens, tokens, text_of)
    return found if len(found) < cache.size else tokens


class Pieces:
    """The bytes of each token as text, asked once: those of special tokens are empty, but for those
    that tell reasoning from the answer."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._vocabulary = llama_cpp.llama_model_get_vocab(client.model)
        self._known: dict[int, bytes] = {}
        self._whole: dict[int, bytes] = {}
        self._shown: set[int] = set()
        kind = llama_cpp.llama_vocab_type(self._vocabulary)
        # without a vocabulary llama.cpp ends the process when it is given a text
        self.has_words = kind != llama_cpp.LLAMA_VOCAB_TYPE_NONE
        for marker in SHOWN if self.has_words else ():
            tokens = client.tokenize(marker.encode(), add_bos=False, special=True)
            if len(tokens) == 1:
                self._shown.add(tokens[0])

    def __getitem__(self, token: int) -> bytes:
        piece = self._known.get(token)
        if piece is None:
            piece = self._known[token] = self._ask(token, with_special=token in self._shown)
        return piece

    def whole(self, token: int) -> bytes:
        """The same, special tokens as they are written in a template; of an image what no text
        can be."""
        if token < 0:
            return b"\xff%d\xff" % token
        piece = self._whole.get(token)
        if piece is None:
            piece = self._whole[token] = self._ask(token, with_special=True)
        return piece

    def control_tokens(self, texts: Sequence[str]) -> frozenset[int]:
        """Those of `texts` that are one token which is not shown: as text they would never come."""
        found = set()
        for text in texts:
            tokens = self._client.tokenize(text.encode(), add_bos=False, special=True)
            if len(tokens) == 1 and not self[tokens[0]]:
                found.add(tokens[0])
        return frozenset(found)

    def _ask(self, token: int, *, with_special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            found = llama_cpp.llama_token_to_piece(
                self._vocabulary, token, buffer, size, 0, with_special
            )
            if found >= 0:
                return buffer.raw[:found]
            size = -found  # what it needs
