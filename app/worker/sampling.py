"""How the next token is chosen: llama.cpp's chain of samplers, made from SamplingParams.

LangChain's wrapper and `Llama.generate` know neither DRY nor XTC, logit bias or a window of
penalties; here is the one place where all of them are put together. The order is llama.cpp's own
(common/common.h, common_params_sampling.samplers), logit bias and grammar before them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import llama_cpp
import numpy as np

from app.core.entities import SamplingParams
from app.core.errors import GrammarBroken

OFF = (1.0, 0.0, 0.0)  # repeat, frequency and presence penalty without an effect
GUARD = b"\x01"  # is no part of a longer token
MOST_WORDS = 120  # characters of what is wrong, in a sentence
DRY_BREAKERS = (b"\n", b":", b'"', b"*")  # llama.cpp's own
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


class Sampler:
    """Chooses tokens from the scores of a context; free it with `close`."""

    def __init__(self, client: Any, params: SamplingParams) -> None:
        self._context = client.ctx
        self._tokenize: Callable[..., list[int]] = client.tokenize
        self._vocabulary = llama_cpp.llama_model_get_vocab(client.model)
        self._size = int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))
        self._chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        self._grammar: Any = None
        try:
            self._grammar = self._make_grammar(params)
            for sampler in self._samplers(client, params):
                llama_cpp.llama_sampler_chain_add(self._chain, sampler)
        except BaseException:
            self.close()
            raise

    def prime(self, tokens: Sequence[int], params: SamplingParams) -> None:
        """Let penalties and DRY see what the prompt ends with.

        Not the marks around messages: an end that came often would be less likely to come."""
        window = max(params.penalty_window, 0) if params.penalty_window >= 0 else len(tokens)
        if params.dry_multiplier > 0:
            window = max(window, params.dry_window if params.dry_window >= 0 else len(tokens))
        elif (params.repeat_penalty, params.frequency_penalty, params.presence_penalty) == OFF:
            return
        for token in tokens[-window:] if window else ():
            is_word = token >= 0 and not llama_cpp.llama_vocab_is_control(self._vocabulary, token)
            if is_word:  # no mark, and no piece of an image
                llama_cpp.llama_sampler_accept(self._chain, token)

    def follow(self, text: str) -> None:
        """Let a grammar go on after this text of the answer. Raises GrammarBroken."""
        for token in self._tokens_of(text) if self._grammar is not None else ():
            if not self._is_allowed(token):  # taking it would end the process
                raise GrammarBroken(reason="what is written already does not follow it")
            llama_cpp.llama_sampler_accept(self._grammar, token)

    def _tokens_of(self, text: str) -> Sequence[int]:
        """Of just this text: sentencepiece puts a space before what it is given, so it is given
        something more."""
        guard = self._tokenize(GUARD, add_bos=False, special=False)
        found = self._tokenize(GUARD + text.encode(), add_bos=False, special=False)
        if found[: len(guard)] == guard and len(found) > len(guard):
            return found[len(guard) :]
        return self._tokenize(text.encode(), add_bos=False, special=False)

    def sample(self, index: int = -1) -> int:
        """The next token, from the scores at `index` of the last batch; it counts as written."""
        if self._grammar is None:
            return int(llama_cpp.llama_sampler_sample(self._chain, self._context, index))
        token = self._choose(self._candidates(index))
        # a grammar looks at all of a vocabulary slowly, at one token at once: so only a token that
        # it refuses makes it look at all
        if not self._is_allowed(token):
            candidates = self._candidates(index)
            self._apply(self._grammar, candidates)
            token = self._choose(candidates)
            if not self._is_allowed(token):  # taking it would end the process
                raise GrammarBroken(reason="there it allows no further word")
        llama_cpp.llama_sampler_accept(self._grammar, token)
        llama_cpp.llama_sampler_accept(self._chain, token)
        return token

    def close(self) -> None:
        """Free it; the sampler is of no use after."""
        if self._grammar is not None:
            llama_cpp.llama_sampler_free(self._grammar)
            self._grammar = None
        if self._chain is not None:
            llama_cpp.llama_sampler_free(self._chain)
            self._chain = None

    def _samplers(self, client: Any, params: SamplingParams) -> list[Any]:
        """All that have an effect, in order; the last one chooses."""
        found: list[Any] = []
        if params.logit_bias:
            found.append(self._make_bias(client, params.logit_bias))
        penalties = (params.repeat_penalty, params.frequency_penalty, params.presence_penalty)
        if penalties != OFF:
            window = params.penalty_window
            last = int(client.n_ctx()) if window < 0 else window
            found.append(llama_cpp.llama_sampler_init_penalties(self._size, last, *penalties))
        if params.dry_multiplier > 0:
            found.append(self._make_dry(client, params))
        if params.temperature <= 0:
            return [*found, llama_cpp.llama_sampler_init_greedy()]
        seed = params.seed & 0xFFFFFFFF if params.seed >= 0 else llama_cpp.LLAMA_DEFAULT_SEED
        temperature = llama_cpp.llama_sampler_init_temp(params.temperature)
        if params.mirostat:
            return [*found, temperature, self._make_mirostat(params, seed)]
        found += _narrowing(params, seed)
        return [*found, temperature, llama_cpp.llama_sampler_init_dist(seed)]

    def _make_mirostat(self, params: SamplingParams, seed: int) -> Any:
        tau, eta = params.mirostat_tau, params.mirostat_eta
        if params.mirostat == 1:
            return llama_cpp.llama_sampler_init_mirostat(self._size, seed, tau, eta, 100)
        return llama_cpp.llama_sampler_init_mirostat_v2(seed, tau, eta)

    def _make_dry(self, client: Any, params: SamplingParams) -> Any:
        breakers = (ctypes.c_char_p * len(DRY_BREAKERS))(*DRY_BREAKERS)
        window = params.dry_window if params.dry_window >= 0 else int(client.n_ctx())
        return llama_cpp.llama_sampler_init_dry(
            self._vocabulary,
            params.dry_multiplier,
            params.dry_base,
            params.dry_allowed_length,
            window,
            breakers,
            len(DRY_BREAKERS),
        )

    def _make_bias(self, client: Any, bias: tuple[tuple[str, float], ...]) -> Any:
        """Of words that are several tokens the first is meant, with and without a space before."""
        found: dict[int, float] = {}
        for words, value in bias:
            for text in (words, f" {words}"):
                tokens = client.tokenize(text.encode(), add_bos=False, special=True)
                if tokens:
                    found[tokens[0]] = value
        entries = [llama_cpp.llama_logit_bias(token, value) for token, value in found.items()]
        array = (llama_cpp.llama_logit_bias * len(entries))(*entries)
        return llama_cpp.llama_sampler_init_logit_bias(self._size, len(entries), array)

    def _make_grammar(self, params: SamplingParams) -> Any:
        """The sampler of a grammar, or None. Raises GrammarBroken."""
        source = params.grammar
        if params.json_schema:
            from app.worker.grammar import grammar_of

            try:
                source = grammar_of(params.json_schema)
            except Exception as error:  # noqa: BLE001 - a schema is a person's text: anything
                words = f"{type(error).__name__}: {error}"
                raise GrammarBroken(words, reason=words[:MOST_WORDS]) from None
        if not source.strip():
            return None
        sampler = llama_cpp.llama_sampler_init_grammar(self._vocabulary, source.encode(), b"root")
        if not sampler:
            first = source.strip().splitlines()[0][:MOST_WORDS]
            raise GrammarBroken(source[:2000], reason=f"it begins with: {first}")
        return sampler

    def _candidates(self, index: int) -> Any:
        """All tokens with their scores, as the samplers take them."""
        scores = llama_cpp.llama_get_logits_ith(self._context, index)
        found = np.empty(self._size, dtype=_TOKEN_DATA)
        found["id"] = np.arange(self._size, dtype=np.int32)
        found["logit"] = np.ctypeslib.as_array(scores, shape=(self._size,))
        found["p"] = 0.0
        return found

    def _apply(self, sampler: Any, candidates: Any) -> Any:
        """Run one sampler over `candidates`, in place."""
        data = candidates.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data))
        array = llama_cpp.llama_token_data_array(data, len(candidates), -1, False)
        llama_cpp.llama_sampler_apply(sampler, ctypes.byref(array))
        return array

    def _choose(self, candidates: Any) -> int:
        array = self._apply(self._chain, candidates)
        return int(array.data[array.selected].id)

    def _is_allowed(self, token: int) -> bool:
        one = np.array([(token, 1.0, 0.0)], dtype=_TOKEN_DATA)
        self._apply(self._grammar, one)
        return bool(np.isfinite(one["logit"][0]))


def _narrowing(params: SamplingParams, seed: int) -> list[Any]:
    """Samplers that leave out what is unlikely (XTC: what is too likely)."""
    found: list[Any] = []
    if params.top_k > 0:
        found.append(llama_cpp.llama_sampler_init_top_k(params.top_k))
    if params.typical_p < 1.0:
        found.append(llama_cpp.llama_sampler_init_typical(params.typical_p, 1))
    if params.top_p < 1.0:
        found.append(llama_cpp.llama_sampler_init_top_p(params.top_p, 1))
    if params.min_p > 0:
        found.append(llama_cpp.llama_sampler_init_min_p(params.min_p, 1))
    if params.xtc_probability > 0:
        probability, threshold = params.xtc_probability, params.xtc_threshold
        found.append(llama_cpp.llama_sampler_init_xtc(probability, threshold, 1, seed))
    return found
