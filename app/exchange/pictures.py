"""Tells pictures by their first bytes, and takes them out of data: addresses."""

from __future__ import annotations

import base64
import binascii

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
)
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/bmp": ".bmp"}


def picture_type(data: bytes) -> str:
    """The media type; empty where it is no picture of a kind that is shown."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC if data.startswith(magic)), "")


def ending_of(media_type: str) -> str:
    """How the name of such a picture ends."""
    return _ENDINGS.get(media_type, ".webp" if media_type == "image/webp" else "")


def from_data_uri(address: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a picture in a data: address, or in bare base64; else None."""
    head, comma, body = address.partition(",")
    if not comma:
        body = head
    elif not head.lower().startswith("data:") or not head.lower().endswith(";base64"):
        return None
    try:
        data = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return None
    kind = picture_type(data)
    return (kind, data) if kind else None
