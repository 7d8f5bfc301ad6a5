"""The KV cache of one sequence: which tokens it holds, reading more, giving some up.

It talks to llama.cpp itself, below `llama_cpp.Llama`: that one reads a whole prompt in one call
(no progress), copies a row of scores per token, and does not know of shifting or restored states.
"""

from __future__ import annotations

import ctypes
import time
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import llama_cpp

from app.core.errors import DecodeFailed

if TYPE_CHECKING:
    from app.worker.vision import Eyes

ABORTED = 2  # llama.h: aborted; what was processed before stays in the memory
# Tokens of a prompt that the processor reads at once, by the model's parameters: a chunk of the
# largest takes some seconds, and smaller ones read slower. Never by how fast it was just now: what
# is read in other pieces gives scores that differ in their last digits, and then the same seed
# would not give the same answer
CHUNKS = ((1.5e9, 512), (5e9, 256), (float("inf"), 128))
SHIFT_MATCH = 32  # tokens in a row that must be the same before the cache is shifted for them


class Aborted(Exception):
    """The abort flag ended a decode; the cache holds what was read until then."""


class Cache:
    """The tokens the model has read, in order, always as llama.cpp has them.

    `tokens` has one entry for each position. Those of an image are negative, and made from what the
    image is, so that another one is another beginning; it may take more cells than positions.
    """

    def __init__(
        self, client: Any, batch: int, is_stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """`is_stopped` is asked between two chunks: a graphics card knows no abort flag."""
        self._is_stopped = is_stopped
        self._context = client.ctx
        self._memory = llama_cpp.llama_get_memory(client.ctx)
        self.batch = max(batch, 1)  # most tokens of one decode
        self._one = (llama_cpp.llama_token * 1)()
        self._one_batch = llama_cpp.llama_batch_get_one(self._one, 1)
        self._scored: Any = None  # a batch for `read_scored`, made when first needed
        self._scored_size = 0
        self._chunk = self.batch
        self._is_turning = False  # keys that were moved up are turned by the next decode
        # tokens a sliding window looks back; cells before it may be gone
        self.window = int(llama_cpp.llama_model_n_swa(client.model))
        self.size = int(client.n_ctx())
        self.tokens: list[int] = []
        self.eyes: Eyes | None = None
        self._images: list[tuple[int, int, int]] = []  # start, positions, cells
        self.has_scores = False  # whether the scores after the last token are those of a decode
        self.has_memory = bool(self._memory)  # an encoder reads a text at once and keeps nothing
        # a window's older cells are written over after a shift, and where a model has only layers
        # of one kind llama.cpp aborts (0.3.36, GGML_ASSERT(buffer)): rather read it again
        self.can_shift = (
            self.has_memory
            and not self.window
            and bool(llama_cpp.llama_memory_can_shift(self._memory))
        )
        self.can_roll_back = not (
            llama_cpp.llama_model_is_recurrent(client.model)
            or llama_cpp.llama_model_is_hybrid(client.model)
        )

    def read_in_chunks(self, parameters: int) -> None:
        """Read prompts as the processor does with a model of so many parameters."""
        self._chunk = min(self.batch, next(size for most, size in CHUNKS if parameters < most))

    @property
    def used(self) -> int:
        """How many cells are taken."""
        return len(self.tokens) + sum(cells - count for _, count, cells in self._images)

    @property
    def free(self) -> int:
        """How many tokens may still come."""
        return self.size - self.used

    def common(self, wanted: Sequence[int]) -> int:
        """How many tokens at the beginning of `wanted` are here."""
        return common_prefix(self.tokens, wanted)

    def would_keep(self, wanted: Sequence[int]) -> int:
        """How many tokens at the beginning of `wanted` would not have to be read now; from any
        thread, also while something is read."""
        held = list(self.tokens)
        same = common_prefix(held, wanted)
        if same < len(held) and not self.can_roll_back:
            return 0
        is_all = same == len(held) == len(wanted) and self.has_scores
        return same if is_all else max(min(same, len(wanted) - 1), 0)

    def keep(self, wanted: Sequence[int]) -> int:
        """Give up what does not begin `wanted`; returns how many of its tokens stay.

        At least the last token of `wanted` is left to read, for its scores, unless they are there.
        A memory that cannot be rolled back (recurrent, hybrid) keeps all or nothing.
        """
        same = self.common(wanted)
        if same == len(self.tokens) == len(wanted) and self.has_scores:
            return same
        return self.cut(min(same, len(wanted) - 1))

    def cut(self, length: int) -> int:
        """Keep the first `length` tokens, or none if the memory cannot do that; returns how many
        stay."""
        for start, count, _ in self._images:
            if start < length < start + count:  # an image is there as a whole or not at all
                length = start
        if length < len(self.tokens):
            self.has_scores = False
            is_cut = length > 0 and self._has_window(length)
            if is_cut and llama_cpp.llama_memory_seq_rm(self._memory, 0, length, -1):
                del self.tokens[length:]
                self._images = [image for image in self._images if image[0] < length]
            else:
                self.clear()
        return len(self.tokens)

    def _has_window(self, length: int) -> bool:
        """Whether a sliding window that ends at `length` tokens is there: a restored state has the
        last window only."""
        if not self.window:
            return True
        lowest = int(llama_cpp.llama_memory_seq_pos_min(self._memory, 0))
        return lowest <= max(length - self.window, 0)

    def clear(self) -> None:
        """Hold nothing."""
        llama_cpp.llama_memory_clear(self._memory, True)
        self.tokens.clear()
        self._images.clear()
        self.has_scores = self._is_turning = False

    def shift_to(self, wanted: Sequence[int]) -> int:
        """Where older turns were dropped from the middle, move up what follows them.

        Returns how many tokens stay that would have to be read again. The keys are turned to their
        new positions; what they know of the dropped turns stays in them.
        """
        start = self.common(wanted)
        if not self.can_shift or start >= min(len(self.tokens), len(wanted)):
            return 0
        at = _find(self.tokens, wanted[start : start + SHIFT_MATCH], start + 1)
        if at < 0:
            return 0
        memory, by = self._memory, at - start
        if not llama_cpp.llama_memory_seq_rm(memory, 0, start, at):
            return 0
        llama_cpp.llama_memory_seq_add(memory, 0, at, -1, -by)
        del self.tokens[start:at]
        self._find_images()
        self.has_scores = False
        self._is_turning = True
        return self.common(wanted) - start

    def read(
        self, tokens: Sequence[int], on_progress: Callable[[int, float], None] | None = None
    ) -> None:
        """Read `tokens` after what is here, in chunks. `on_progress` is told how many were read and
        tokens per second. Raises Aborted, DecodeFailed."""
        given = (llama_cpp.llama_token * len(tokens))(*tokens)
        has_images = any(token < 0 for token in tokens)
        done, began = 0, time.monotonic()
        while done < len(tokens):
            if tokens[done] < 0:
                done += self._read_image(tokens[done])
            else:
                count = min(self._chunk, len(tokens) - done)
                if has_images:
                    ends = (n for n in range(done, done + count) if tokens[n] < 0)
                    count = next(ends, done + count) - done
                part = ctypes.cast(ctypes.byref(given, done * 4), ctypes.POINTER(ctypes.c_int32))
                batch = llama_cpp.llama_batch_get_one(part, count)
                self._decode(self._placed(batch, count), tokens[done : done + count])
                done += count
            if done < len(tokens) and self._is_stopped():
                raise Aborted
            if on_progress is not None:
                on_progress(done, done / max(time.monotonic() - began, 1e-6))

    def _read_image(self, entry: int) -> int:
        """Read the image, or the part of one, that begins with `entry`; returns its positions."""
        assert self.eyes is not None
        piece, start = self.eyes.piece(entry), len(self.tokens)
        code = self.eyes.read(piece, start)
        if code == 0:
            self.tokens.extend(piece.entries)
            self._images.append((start, len(piece.entries), piece.cells))
            self.has_scores = self._is_turning = False
            return len(piece.entries)
        self.has_scores = False
        is_clean = self.can_roll_back and not self._is_turning
        if not is_clean or not llama_cpp.llama_memory_seq_rm(self._memory, 0, start, -1):
            self.clear()
        if self._is_stopped():
            raise Aborted
        raise DecodeFailed(f"an image: llama.cpp returned {code}", code=code)

    def _placed(self, batch: Any, count: int) -> Any:
        """`batch` with its positions, where images make them differ from the count of cells."""
        if self._images:
            first = len(self.tokens)
            self._positions = (llama_cpp.llama_pos * count)(*range(first, first + count))
            batch.pos = ctypes.cast(self._positions, ctypes.POINTER(llama_cpp.llama_pos))
        return batch

    def _find_images(self) -> None:
        """Where the images are, by the tokens; one that is not known is to be cut off anyway."""
        self._images.clear()
        if self.eyes is None:
            return
        for place, token in enumerate(self.tokens):
            if token < 0 and (piece := self.eyes.known.get(token)) is not None:
                self._images.append((place, len(piece.entries), piece.cells))

    def step(self, token: int) -> None:
        """Read one token, as an answer grows. Raises Aborted, DecodeFailed."""
        self._one[0] = token
        batch = self._one_batch
        if self._images:
            batch = self._placed(llama_cpp.llama_batch_get_one(self._one, 1), 1)
        self._decode(batch, (token,))

    def read_scored(self, tokens: Sequence[int]) -> None:
        """Read a few tokens at once, with the scores after each. Raises Aborted, DecodeFailed."""
        count = len(tokens)
        if self._scored is None or self._scored_size < count:
            self.close()
            self._scored, self._scored_size = llama_cpp.llama_batch_init(count, 0, 1), count
        batch = self._scored
        batch.n_tokens = count
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = len(self.tokens) + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = 1
        self._decode(batch, tokens)

    def close(self) -> None:
        """Free what it holds beside the context."""
        if self._scored is not None:
            llama_cpp.llama_batch_free(self._scored)
            self._scored = None

    def _decode(self, batch: Any, tokens: Sequence[int]) -> None:
        code = llama_cpp.llama_decode(self._context, batch)
        if code == 0:
            self.tokens.extend(tokens)
            self.has_scores = True
            self._is_turning = False
            return
        self.has_scores = False
        if self._is_turning:  # half of the keys may be turned: none of it is worth anything
            self.clear()
        held = int(llama_cpp.llama_memory_seq_pos_max(self._memory, 0)) + 1
        read = max(held - len(self.tokens), 0)
        self.tokens.extend(tokens[:read])
        self.cut(len(self.tokens) if self.can_roll_back else 0)
        if code == ABORTED:
            raise Aborted
        raise DecodeFailed(f"llama_decode returned {code}", code=code)

    def state(self, most: int = 1 << 62) -> bytearray:
        """All of it as bytes, for `restore`; empty where it would be more than `most` bytes."""
        size = llama_cpp.llama_state_seq_get_size(self._context, 0)
        if self._is_turning or size > most:
            return bytearray()
        data = bytearray(size)
        buffer = (ctypes.c_uint8 * size).from_buffer(data)  # no second copy of a gigabyte
        written = llama_cpp.llama_state_seq_get_data(self._context, buffer, size, 0)
        del buffer
        del data[written:]
        return data

    def restore(self, tokens: Sequence[int], state: bytearray) -> bool:
        """Hold what `state` kept of `tokens`; False, and nothing held, if it does not fit."""
        self.clear()
        if not state:
            return False
        buffer = (ctypes.c_uint8 * len(state)).from_buffer(state)
        used = llama_cpp.llama_state_seq_set_data(self._context, buffer, len(state), 0)
        last = int(llama_cpp.llama_memory_seq_pos_max(self._memory, 0))
        if used == 0 or last != len(tokens) - 1:
            self.clear()
            return False
        self.tokens = list(tokens)
        self._find_images()
        return True


def common_prefix(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """How many tokens both begin with."""
    length = min(len(ours), len(theirs))
    if ours[:length] == theirs[:length]:
        return length
    low, high = 0, length  # the first `low` are the same, the first `high` are not
    while high - low > 1:
        middle = (low + high) // 2
        if ours[low:middle] == theirs[low:middle]:
            low = middle
        else:
            high = middle
    return low


def spliced(
    held: Sequence[int], wanted: Sequence[int], text_of: Callable[[int], bytes]
) -> list[int]:
    """`wanted` with the tokens of `held` where both are the same text.

    A model may write a text in other tokens than its tokenizer makes of it; those it wrote are in
    the cache, and reading the others would change nothing but the time. Texts are compared from the
    first difference on, up to the last point where both end together.
    """
    start = common_prefix(held, wanted)
    ours = theirs = b""  # what one side is ahead of the other
    i = j = start
    end = (start, start)
    while True:
        if len(ours) <= len(theirs):
            if i == len(held) or not (piece := text_of(held[i])):
                break
            ours, i = ours + piece, i + 1
        else:
            if j == len(wanted) or not (piece := text_of(wanted[j])):
                break
            theirs, j = theirs + piece, j + 1
        length = min(len(ours), len(theirs))
        if ours[:length] != theirs[:length]:
            break
        ours, theirs = ours[length:], theirs[length:]
        if not ours and not theirs:
            end = (i, j)
    return [*held[: end[0]], *wanted[end[1] :]]


def _find(tokens: Sequence[int], wanted: Sequence[int], start: int) -> int:
    """Where `wanted` is in `tokens` from `start` on, -1 if it is not."""
    if not wanted:
        return -1
    hay, needle = array("i", tokens).tobytes(), array("i", wanted).tobytes()
    size = array("i").itemsize
    at = hay.find(needle, start * size)
    while at >= 0 and at % size:
        at = hay.find(needle, at + 1)
    return at // size if at >= 0 else -1
