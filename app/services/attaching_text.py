"""Turns the bytes of a text file into text, guessing its encoding; knows what is no text."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Callable
from itertools import islice

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 12, 13, 27})  # what texts do not have
_SAMPLE = 20_000  # characters that are looked at to judge an encoding
_SURE = 0.6  # of them so many must be usual ones
_UNUSUAL = {"Cn", "Co", "Cs", "Cc"}  # categories: unassigned, private, surrogate, control


def decoded(data: bytes) -> str | None:
    """The text in `data` with plain line ends, or None if it is no text."""
    text = _decode(data)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding)
    if b"\0" in data:
        return _wide(data)
    if len(data) - len(data.translate(None, _CONTROLS)) > len(data) // 300:
        return None
    for encoding, sign in (("iso2022_jp", b"\x1b$"), ("utf-8", b"")):
        if sign in data and (text := _strict(data, encoding)) is not None:
            return text
    return _asian(data) or _european(data)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark: zeros in every other place only, and nothing odd in the result."""
    for encoding, other in (("utf-16-le", data[::2]), ("utf-16-be", data[1::2])):
        if b"\0" in other:
            continue
        text = _strict(data, encoding)
        if text and all(unicodedata.category(c) not in _UNUSUAL or c in "\t\r\n\f" for c in text):
            return text
    return None


def _asian(data: bytes) -> str | None:
    """Chinese or Japanese in the encoding in which most characters are usual ones."""
    best, best_text = _SURE, None
    for encoding, is_usual in _ASIAN:
        text = _strict(data, encoding)
        if text is None:
            continue
        foreign = list(islice((c for c in text if c > "\x7f"), _SAMPLE))
        score = sum(map(is_usual, foreign)) / max(1, len(foreign))
        if score > best:
            best, best_text = score, text
    return best_text


def _european(data: bytes) -> str:
    """Cyrillic where most letters are beyond ASCII, else Western European; never fails."""
    high = sum(byte >= 0xC0 for byte in data)
    low = sum(65 <= byte <= 122 for byte in data)
    names = ("cp1251", "cp1252") if high > low else ("cp1252",)
    found = (_strict(data, name) for name in names)
    return next((text for text in found if text is not None), data.decode("latin-1"))


def _lead(char: str, encoding: str) -> int:
    """The first byte of a character's two in that encoding; 0 for others."""
    try:
        pair = char.encode(encoding)
    except UnicodeError:
        return 0
    return pair[0] if len(pair) == 2 else 0


def _is_kana(char: str) -> bool:
    return "\u3041" <= char <= "\u30ff"


def _is_usual_chinese(char: str) -> bool:
    # the 3,755 frequent characters and punctuation; its kana are those of EUC-JP, misread
    lead = _lead(char, "gb2312")
    return lead in (0xA1, 0xA3) or 0xB0 <= lead <= 0xD7


def _is_usual_traditional(char: str) -> bool:
    lead = _lead(char, "big5")
    return lead == 0xA1 or 0xA4 <= lead <= 0xC6


def _is_usual_japanese(char: str) -> bool:
    lead = _lead(char, "euc_jp")
    return _is_kana(char) or lead in (0xA1, 0xA3) or 0xB0 <= lead <= 0xCF


_ASIAN: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("gb18030", _is_usual_chinese),
    ("cp932", _is_usual_japanese),
    ("euc_jp", _is_usual_japanese),
    ("big5", _is_usual_traditional),
)
