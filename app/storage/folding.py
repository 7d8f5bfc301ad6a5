"""Text as the search sees it: case and accents gone, words apart, no word where none is written.

Chinese, Japanese, Korean, Thai and their neighbours put no spaces between words (or glue endings to
them), so each of their characters is a word of its own, and a word of a person is a phrase.
"""

from __future__ import annotations

import functools
import re
import unicodedata

# Thai to Myanmar, Hangul parts, Khmer, kana to Hangul syllables, then ideographs beyond the BMP
_SPACELESS = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029"
    "\u3031-\u3035\u303b\u303c\u3040-\u30fa\u30fc-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\ua4cf"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b2ff\U00020000-\U0003ffff"
)
_IS_SPACELESS = re.compile(f"[{_SPACELESS}]")
# Accents, points of Hebrew, vowel signs of Arabic, and what has no width
_STRIPPED = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u00ad\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_WORD = re.compile("[0-9a-z\x80-\U0010ffff]+")
# Characters that do not fold one by one: what they become depends on the next one
_JOINING = re.compile(
    "[\uac00-\ud7a3]?[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+|[\uff65-\uff9f]+|.", re.DOTALL
)


class _Spacing(dict[int, str]):
    """For str.translate: each character as the index has it, worked out when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if code < 0x80:  # the index's tokenizer splits at what is no letter or digit of ASCII
            value = char
        elif kind[0] == "S" or (_IS_SPACELESS.match(char) and kind[0] in "LNM"):
            value = f" {char} "
        else:
            value = char if kind[0] in "LNM" or kind == "Co" else " "
        self[code] = value
        return value


_SPACING = _Spacing()


class _Gaps(dict[int, str]):
    """For str.translate: the same with one character for each, so that places stay."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        is_gap = not char.isalnum() if code < 0x80 else _SPACING[code] == " "
        self[code] = " " if is_gap else char
        return self[code]


_GAPS = _Gaps()


def folded(text: str) -> str:
    """Without case, accents and differences of width; may be of another length."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _STRIPPED.sub("", text))


def spaced(text: str) -> str:
    """Folded, and with a space wherever a word ends: what the index is given."""
    text = folded(text)
    return text if text.isascii() else text.translate(_SPACING)


def gapped(text: str) -> str:
    """Folded text with a space for each character that is in no word."""
    return text.translate(_GAPS)


def is_inside(char: str) -> bool:
    """Whether a character of `gapped` text makes one word with such a character beside it."""
    return char != " " and _SPACING[ord(char)] == char


def words(text: str) -> list[str]:
    """The words of `text` as the index has them."""
    return _WORD.findall(spaced(text))


def is_spaceless(word: str) -> bool:
    """Whether a word of the index is a character of a script without spaces, or a symbol."""
    return len(word) == 1 and len(_SPACING[ord(word)]) > 1


def folded_with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Folded, and for each of its characters where it comes from: start and end in `text`."""
    if text.isascii():
        return text.lower(), [(at, at + 1) for at in range(len(text))]
    parts: list[str] = []
    for part in _JOINING.findall(text):
        if parts and _is_mark(part[0]):
            parts[-1] += part
        else:
            parts.append(part)
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    start = 0
    for part in parts:
        piece, end = _folded_part(part), start + len(part)
        pieces.append(piece)
        places.extend([(start, end)] * len(piece))
        start = end
    return "".join(pieces), places


@functools.lru_cache(8192)
def _folded_part(part: str) -> str:
    """A character with its marks, folded; a text has few different ones."""
    return folded(part)


@functools.lru_cache(8192)
def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"
