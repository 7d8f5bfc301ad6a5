"""Speculative decoding by n-gram lookup: what followed the same words before is tried at once.

Several guessed tokens are read in one batch, which costs little more than one where memory is the
limit; those that the sampler would have chosen itself are kept. It is used only while it measures
faster than writing token by token, on this machine and for this model.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.worker.cache import Cache
    from app.worker.sampling import Sampler

GRAM = 4  # tokens that must have been together before: fewer are guessed wrong more often
MOST = 5  # tokens guessed at once
WORTH = 1.1  # times as fast it must be to stay on
TRIAL = 4  # guesses before it is judged
REST = 512  # tokens without guessing after it was found too slow; twice as many each time
SMOOTH = 0.1


class Record:
    """What was measured for one loaded model; lives as long as it."""

    def __init__(self) -> None:
        self.plain_s = 0.0  # a token without guessing, smoothed
        self.guess_s = 0.0  # of the guesses since the last judgement
        self.guess_tokens = 0
        self.guesses = 0
        self.waits = 0  # tokens until it is tried again
        self._rest = REST

    @property
    def gain(self) -> float:
        """How many times as fast as without."""
        if not self.guess_tokens or not self.plain_s:
            return 1.0
        return self.plain_s / (self.guess_s / self.guess_tokens)

    def wrote_plain(self, seconds: float) -> None:
        """One token took so long."""
        self.plain_s = (
            seconds if not self.plain_s else self.plain_s * (1 - SMOOTH) + seconds * SMOOTH
        )
        self.waits = max(self.waits - 1, 0)

    def wrote_guessed(self, seconds: float, tokens: int) -> None:
        """A guess brought `tokens` in so long a time."""
        self.guess_s += seconds
        self.guess_tokens += tokens
        self.guesses += 1
        if self.guesses < TRIAL:
            return
        if self.gain < WORTH:
            self.waits, self._rest = self._rest, self._rest * 2
        else:
            self._rest = REST
        self.guess_s, self.guess_tokens, self.guesses = 0.0, 0, 0


class Speculation:
    """The tokens of one answer, guessed where that is worth it."""

    def __init__(self, cache: Cache, record: Record | None) -> None:
        """Without a `record` nothing is guessed."""
        self._cache = cache
        self._record = record if cache.can_roll_back else None
        self._places: dict[tuple[int, ...], int] = {}  # where what follows a gram begins
        self._known = 0
        self.drafted = 0
        self.accepted = 0

    def tokens(self, sampler: Sampler) -> Generator[int, None, None]:
        """Tokens without end; each is in the cache when the next is asked for. Raises Aborted,
        DecodeFailed."""
        cache, record = self._cache, self._record
        token = sampler.sample()
        yield token
        if record is None:
            while True:
                cache.step(token)
                token = sampler.sample()
                yield token
        while True:
            began = time.monotonic()
            guess = self._guess(token) if record.plain_s and not record.waits else []
            if not guess:
                cache.step(token)
                token = sampler.sample()
                record.wrote_plain(time.monotonic() - began)
                yield token
                continue
            found = self._verify(token, guess, sampler)
            record.wrote_guessed(time.monotonic() - began, len(found))
            for token in found:
                yield token

    def _guess(self, token: int) -> list[int]:
        """What followed the last tokens the last time they came, `token` being the newest."""
        tokens = self._cache.tokens
        for end in range(max(self._known, GRAM), len(tokens)):
            self._places[tuple(tokens[end - GRAM : end])] = end
        self._known = max(len(tokens), self._known)
        at = self._places.get((*tokens[len(tokens) - GRAM + 1 :], token))
        room = min(MOST, self._cache.free - 1, self._cache.batch - 1)
        if at is None:
            return []
        # an image is no guess
        return list(itertools.takewhile(lambda entry: entry >= 0, tokens[at : at + max(room, 0)]))

    def _verify(self, token: int, guess: list[int], sampler: Sampler) -> list[int]:
        """Read `token` and the guess at once; what the sampler chooses, up to the first difference.

        All but the last of them are in the cache."""
        cache, held = self._cache, len(self._cache.tokens)
        cache.read_scored([token, *guess])
        self.drafted += len(guess)
        found: list[int] = []
        for index in range(len(guess) + 1):
            chosen = sampler.sample(index)
            found.append(chosen)
            if index == len(guess) or chosen != guess[index]:
                break
        self.accepted += len(found) - 1
        kept = [*cache.tokens[:held], token, *found[:-1]]
        if cache.cut(len(kept)) < len(kept):  # a memory that cannot do it after all
            cache.read(kept)
        cache.has_scores = False  # those of the last token kept are not the last ones
        return found
