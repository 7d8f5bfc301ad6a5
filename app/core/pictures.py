"""Whether the bytes of an image may be given to native code: its kind and size, by its header."""

from __future__ import annotations

import re
import struct
import zlib

from app.core.errors import ImageBroken, ImageTooLarge
from app.core.sizes import size_words

MOST_BYTES = 20 << 20
MOST_PIXELS = 64_000_000
# longer than it is wide by more than this, a side vanishes when it is made smaller: native code
# divides by it
MOST_ASPECT = 200
PNG, GIF = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a")
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
SPARE = 4096  # bytes
UNPACKED_AT_ONCE = 1 << 20
OLD_BMP = 12  # bytes of the header of OS/2
JPEG_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the segments that say the size
MOST_SEGMENTS = 10_000  # before the one with the size; cameras write some dozens
_MARKER = re.compile(b"\xff+(?!\xff)")
JPEG_PLAIN = {0x01, *range(0xD0, 0xD9)}  # those without a length


def check_picture(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, JPEG, GIF or BMP that may be decoded.

    Raises ImageTooLarge, ImageBroken.
    """
    if len(data) > MOST_BYTES:
        raise ImageTooLarge(size=size_words(len(data)), most=size_words(MOST_BYTES))
    try:
        width, height = _size(data)
    except (struct.error, IndexError):
        raise ImageBroken("the header is cut off") from None
    if width <= 0 or height <= 0:
        raise ImageBroken(f"{width} x {height} pixels")
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS // 1_000_000} megapixels"
        raise ImageTooLarge(size=f"{width} x {height}", most=most)
    if max(width, height) > MOST_ASPECT * min(width, height):
        raise ImageBroken(f"{width} x {height} pixels: too narrow")
    return width, height


def check_unpacked(data: bytes) -> None:
    """Whether a PNG that `check_picture` let pass holds no more than its pixels: native code would
    unpack up to 4 GB of it. Takes about as long as reading it. Raises ImageBroken."""
    if not data.startswith(PNG):
        return
    width, height = _pair(">II", data, 16)
    depth, kind = data[24], data[25]
    row = (width * PNG_CHANNELS.get(kind, 4) * depth + 7) // 8 + 1
    most, found = 2 * row * height + SPARE, 0  # twice: what is interlaced has some more
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    packed = _png_data(data)[2:]
    try:
        while packed and not unpacker.eof:
            found += len(unpacker.decompress(packed, UNPACKED_AT_ONCE))
            if found > most:
                raise ImageBroken(f"more than the {width} x {height} pixels")
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise ImageBroken(str(error)) from None


def _png_data(data: bytes) -> bytes:
    parts, at = [], len(PNG)
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"IDAT":
            parts.append(data[at + 8 : at + 8 + size])
        at += size + 12
    return b"".join(parts)


def _size(data: bytes) -> tuple[int, int]:
    if data.startswith(PNG):
        if data[12:16] != b"IHDR":
            raise ImageBroken("a PNG without a header")
        return _pair(">II", data, 16)
    if data.startswith(GIF):
        return _pair("<HH", data, 6)
    if data.startswith(b"BM"):
        if struct.unpack_from("<I", data, 14)[0] == OLD_BMP:
            return _pair("<HH", data, 18)
        width, height = _pair("<ii", data, 18)
        return width, abs(height)
    if data.startswith(b"\xff\xd8"):
        return _jpeg_size(data)
    raise ImageBroken("an unknown format")


def _pair(form: str, data: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, data, at)
    return int(first), int(second)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            break
        at = found.end()
        kind = data[at]
        if kind in JPEG_SIZES:
            height, width = _pair(">HH", data, at + 4)
            return width, height
        at += 1
        if kind not in JPEG_PLAIN:
            at += max(struct.unpack_from(">H", data, at)[0], 2)
    raise ImageBroken("a JPEG without a size")
