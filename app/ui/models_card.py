"""Makes a model card readable: what only a browser understands is taken out of its Markdown."""

from __future__ import annotations

import re

# of a card that are shown: thousands of little tables would hold up the window
MOST_CHARACTERS, MOST_LINES = 40_000, 500
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n.*?\n---[ \t]*(\n|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
# bounded, so that a lone "<" costs no more than that; an address in <> is no tag
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]{0,30}(\s[^<>]{0,2000})?/?>")
_MARK = "\x00"  # where a tag was
_PICTURE_LINK = re.compile(r"\[!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)\]\([^)\n]{0,2000}\)")
_PICTURE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_MANY_BLANKS = re.compile(r"\n{3,}")


def readable_card(card: str) -> str:
    """The card without front matter, comments, HTML tags and pictures; code stays as it is."""
    text = _FRONT_MATTER.sub("", card[:MOST_CHARACTERS].replace("\r\n", "\n"))
    parts: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in text.split("\n")[:MOST_LINES]:
        mark = _FENCE.match(line)
        if fence:
            parts[-1][1].append(line)
            if mark and mark[1].startswith(fence):
                fence = ""
                parts.append((False, []))
        elif mark:
            fence = mark[1]
            parts.append((True, [line]))
        else:
            parts[-1][1].append(line)
    blocks = ("\n".join(lines) if is_code else _prose("\n".join(lines)) for is_code, lines in parts)
    return "\n".join(blocks).strip()


def _prose(text: str) -> str:
    text = _COMMENT.sub("", text)
    text = _PICTURE_LINK.sub("", text)
    text = _PICTURE.sub("", text)
    text = _TAG.sub(_MARK, text.replace(_MARK, ""))
    # what stood indented within tags would be code without them
    lines = [
        line.replace(_MARK, "").lstrip() if _MARK in line else line for line in text.split("\n")
    ]
    return _MANY_BLANKS.sub("\n\n", "\n".join(lines))
