"""Images for models that see: llama.cpp's mtmd turns them into pieces that the KV cache reads.

An image becomes some tokens of text and one or more pieces of what was seen (a model may look at
several parts of it). The entries of a piece in the cache are negative numbers made from the image's
hash and the projector: the same image is the same beginning, in a kept state too.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
from llama_cpp import mtmd_cpp

from app.core.errors import ImageBroken, ModelError, NotEnoughMemory, ProjectorUnusable
from app.core.pictures import check_picture, check_unpacked
from app.core.sizes import size_words
from app.models.gguf import read_header
from app.models.hardware import free_ram_bytes
from app.models.parts import fingerprint
from app.worker.cache import Aborted

LOOK_EVERY = 16  # nodes of the graph between two looks at Stop
# of the context is for one image at most, and never fewer tokens than the families' own least: a
# photograph would take some thousand where the model lets it
IMAGE_SHARE, LEAST_IMAGE = 4, 256
OWN_LIMITS = (
    "idefics3",
)  # cuts an image into parts of one size: a limit would change what it sees
MOST_HELD = 4  # images cut up at a time: of a large one that is some ten megabytes
MORE_MEMORY = 1.2  # times the projector's file are needed to see with it


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an image as it lies in the KV cache: an entry a position, and its cells."""

    image: str  # its SHA-256
    number: int  # of the parts of the image
    entries: tuple[int, ...]
    cells: int


class Eyes:
    """The projector of one loaded model; loaded itself when the first image comes."""

    def __init__(
        self,
        client: Any,
        projector: Path,
        *,
        threads: int,
        batch: int,
        card: str,
        is_stopped: Callable[[], bool],
        log_callback: Any = None,
        log_tail: Callable[[], str] = lambda: "",
    ) -> None:
        """`card` is the ggml name of the graphics card that sees, empty for the processor.
        `log_callback` gets mtmd's own words, `log_tail` are the last of them."""
        self._client, self._path = client, projector
        self._threads, self._batch, self._card = threads, batch, card
        self._is_stopped = is_stopped
        self._log_callback, self._log_tail = log_callback, log_tail
        self._context: Any = None
        self._key = b""
        self._entries: dict[str, list[int]] = {}  # of each image that was looked at
        self._images: Mapping[str, bytes] = {}
        self._chunks: dict[str, Any] = {}  # mtmd's, of this request's images
        self._callback = llama_cpp.ggml_backend_sched_eval_callback(self._go_on)
        self._progress = mtmd_cpp.mtmd_progress_callback(lambda _done, _: not self._is_stopped())
        self._nodes = 0
        self.known: dict[int, Piece] = {}  # by their first entries

    def open(self, images: Mapping[str, bytes]) -> None:
        """Be ready for a request with these images, by their SHA-256.

        Raises ProjectorUnusable, NotEnoughMemory, Aborted."""
        self._images = images
        if self._context is None:
            self._load()

    def let_go(self) -> None:
        """The request is over: keep no pictures in memory."""
        for chunks in self._chunks.values():
            mtmd_cpp.mtmd_input_chunks_free(chunks)
        self._chunks.clear()
        self._images = {}

    def close(self) -> None:
        """Give its memory back."""
        self.let_go()
        if self._context is not None:
            mtmd_cpp.mtmd_free(self._context)
            self._context = None

    def tokens_of(self, image: str) -> list[int]:
        """What stands for the image in a prompt. Raises ImageBroken, ImageTooLarge, Aborted."""
        if image not in self._entries:
            if self._is_stopped():
                raise Aborted
            self._entries[image] = self._look(image)
        return self._entries[image]

    def seen(self, image: str) -> list[int] | None:
        """What stands for it, where it was looked at already; from any thread."""
        return self._entries.get(image)

    def more_cells(self, tokens: Sequence[int]) -> int:
        """The cells that images in `tokens` take beside their positions."""
        pieces = (self.known[token] for token in tokens if token in self.known)
        return sum(piece.cells - len(piece.entries) for piece in pieces)

    def piece(self, entry: int) -> Piece:
        """The piece that begins with `entry`."""
        return self.known[entry]

    def read(self, piece: Piece, position: int) -> int:
        """See it and read it into the KV cache at `position`; 0, or llama.cpp's number of what went
        wrong. Seeing is looked at by Stop every few nodes of its graph."""
        chunk = self._chunk(piece)
        is_one_look = mtmd_cpp.mtmd_decode_use_non_causal(self._context, chunk)
        at_once = min(self._batch, llama_cpp.llama_n_ubatch(self._client.ctx))
        if is_one_look and piece.cells > at_once:
            return -1  # llama.cpp would end the process
        self._nodes = 0
        code = mtmd_cpp.mtmd_encode_chunk(self._context, chunk)
        if code != 0 or self._is_stopped():
            return int(code) or 1
        seen = mtmd_cpp.mtmd_get_output_embd(self._context)
        after = llama_cpp.llama_pos(0)
        return int(
            mtmd_cpp.mtmd_helper_decode_image_chunk(
                self._context,
                self._client.ctx,
                chunk,
                seen,
                position,
                0,
                self._batch,
                ctypes.byref(after),
                mtmd_cpp.mtmd_helper_post_decode_callback(),
                None,
            )
        )

    def _load(self) -> None:
        name = self._path.name
        try:
            size = self._path.stat().st_size
            key = fingerprint(self._path)
            kind = read_header(self._path).metadata.get("clip.projector_type")
        except (OSError, ModelError) as error:
            details = error.problem.summary_text if isinstance(error, ModelError) else str(error)
            raise ProjectorUnusable(details, name=name) from None
        free = free_ram_bytes()
        need = int(size * MORE_MEMORY)
        if not self._card and need > free:
            raise NotEnoughMemory(name=name, need=size_words(need), have=size_words(free))
        if self._log_callback is not None:
            mtmd_cpp.mtmd_helper_log_set(self._log_callback, None)
        most = max(self._client.n_ctx() // IMAGE_SHARE, LEAST_IMAGE)
        self._context = self._made(kind, most)
        at_once = min(self._batch, llama_cpp.llama_n_ubatch(self._client.ctx))
        if mtmd_cpp.mtmd_decode_use_non_causal(self._context, None) and most > at_once:
            mtmd_cpp.mtmd_free(self._context)  # such a model reads an image at once or not at all
            self._context, most = None, at_once
            self._context = self._made(kind, most)
        self._key = f"{key} {most}".encode()

    def _made(self, kind: object, most: int) -> Any:
        """mtmd's context; an image is `most` tokens at most. Raises ProjectorUnusable, Aborted."""
        from app.worker.devices import device_handle

        params = mtmd_cpp.mtmd_context_params_default()
        params.use_gpu = bool(self._card)
        if self._card:
            params.device = device_handle(self._card)
        params.n_threads = self._threads
        params.print_timings = params.warmup = False
        params.cb_eval = self._callback
        params.progress_callback = self._progress
        if kind not in OWN_LIMITS:
            params.image_max_tokens = most
        path = str(self._path).encode()
        context = mtmd_cpp.mtmd_init_from_file(path, self._client.model, params)
        if not context:
            if self._is_stopped():
                raise Aborted
            if self._card:  # it may be full: the layers were fitted without the projector
                self._card = ""
                return self._made(kind, most)
            raise ProjectorUnusable(self._log_tail(), name=self._path.name)
        if not mtmd_cpp.mtmd_support_vision(context):
            mtmd_cpp.mtmd_free(context)
            raise ProjectorUnusable("it is not for images", name=self._path.name)
        return context

    def _go_on(self, _node: object, is_asked: bool, _data: object) -> bool:
        """ggml asks before a node whether to look after it, and after it whether to go on."""
        if not is_asked:
            return not self._is_stopped()
        self._nodes += 1
        return self._nodes % LOOK_EVERY == 0

    def _chunk(self, piece: Piece) -> Any:
        return mtmd_cpp.mtmd_input_chunks_get(self._chunks_of(piece.image), piece.number)

    def _chunks_of(self, image: str) -> Any:
        """mtmd's, which hold its pixels: only of a few images at a time."""
        if image not in self._chunks:
            while len(self._chunks) >= MOST_HELD:
                mtmd_cpp.mtmd_input_chunks_free(self._chunks.pop(next(iter(self._chunks))))
            self._chunks[image] = self._cut_up(image)
        return self._chunks[image]

    def _look(self, image: str) -> list[int]:
        """Its tokens of text and the entries of its pieces."""
        chunks, found = self._chunks_of(image), []
        for number in range(mtmd_cpp.mtmd_input_chunks_size(chunks)):
            chunk = mtmd_cpp.mtmd_input_chunks_get(chunks, number)
            count = mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk)
            if mtmd_cpp.mtmd_input_chunk_get_type(chunk) == mtmd_cpp.MTMD_INPUT_CHUNK_TYPE_TEXT:
                size = ctypes.c_size_t()
                text = mtmd_cpp.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(size))
                # a mark that the vocabulary lacks is -1
                found += [token for token in text[: size.value] if token >= 0]
                continue
            positions = int(mtmd_cpp.mtmd_input_chunk_get_n_pos(chunk))
            entries = _entries(self._key, image, number, positions)
            piece = Piece(image, number, entries, int(count))
            self.known[entries[0]] = piece
            found += entries
        return found

    def _cut_up(self, image: str) -> Any:
        """mtmd's chunks of one image. Raises ImageBroken, ImageTooLarge."""
        data = self._images[image]
        check_picture(data)
        check_unpacked(data)
        options = mtmd_cpp.mtmd_helper_init_opt_default()
        # what it cannot decode itself it would give to ffmpeg, as a film
        options.video_params.ffmpeg_bin_dir = os.devnull.encode()
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        bitmap = mtmd_cpp.mtmd_helper_bitmap_init_from_buf(
            self._context, buffer, len(data), False, options
        )
        if not bitmap:
            raise ImageBroken("it could not be decoded")
        chunks = mtmd_cpp.mtmd_input_chunks_init()
        marker = mtmd_cpp.mtmd_default_marker()
        text = mtmd_cpp.mtmd_input_text(marker, len(marker), False, True)
        bitmaps = (mtmd_cpp.mtmd_bitmap_p_ctypes * 1)(bitmap)
        code = mtmd_cpp.mtmd_tokenize(self._context, chunks, ctypes.byref(text), bitmaps, 1)
        mtmd_cpp.mtmd_bitmap_free(bitmap)
        if code != 0:
            mtmd_cpp.mtmd_input_chunks_free(chunks)
            raise ImageBroken(f"mtmd_tokenize returned {code}")
        return chunks


def _entries(key: bytes, image: str, number: int, count: int) -> tuple[int, ...]:
    """Negative numbers of 31 bits that no other piece has."""
    digest = hashlib.shake_256(key + f"{image} {number}".encode()).digest(4 * max(count, 1))
    return tuple(value if value < 0 else -value - 1 for value in array("i", digest))
