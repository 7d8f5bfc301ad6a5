"""Markdown to blocks that the transcript can show one by one; the input is untrusted.

Raw HTML is shown as text, pictures as their description, and only http(s) links stay links.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level piece: prose as HTML, or code as text with its language."""

    is_code: bool
    content: str
    language: str = ""


class GrowingMarkdown:
    """Parses a text that only grows; finished blocks are never looked at again.

    A top-level block is finished once another has begun after it, so the work of a piece of text
    depends on the length of the last block, not of the whole answer.
    """

    def __init__(self) -> None:
        self.finished: list[Block] = []
        self._tail = ""

    def append(self, text: str) -> list[Block]:
        """Take more text; returns the blocks after the finished ones (none or one)."""
        self._tail += text
        parsed = parse(self._tail)
        if len(parsed) > 1:
            start_line = parsed[-1][0]
            self.finished.extend(block for _, block in parsed[:-1])
            lines = self._tail.splitlines(keepends=True)
            self._tail = "".join(lines[start_line:])
        return [block for _, block in parsed[-1:]]


def blocks_of(text: str) -> list[Block]:
    """All blocks of a finished text."""
    return [block for _, block in parse(text)]


def parse(text: str) -> list[tuple[int, Block]]:
    """Top-level blocks with the line at which each begins.

    Line ends are made plain first: markdown-it counts only newline as an end of line, and
    `str.splitlines` must agree with it.
    """
    parser = _parser()
    text = _plain_lines(text)
    tokens = parser.parse(text)
    found: list[tuple[int, Block]] = []
    start = 0
    for end, token in enumerate(tokens, 1):
        if token.level != 0 or token.nesting > 0:
            continue
        group = tokens[start:end]
        line = group[0].map[0] if group[0].map else 0
        found.append((line, _block(parser, group)))
        start = end
    return found


def _plain_lines(text: str) -> str:
    for odd in ("\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        text = text.replace(odd, "\n")
    return text


def _block(parser: MarkdownIt, group: Sequence[Token]) -> Block:
    first = group[0]
    if first.type in ("fence", "code_block"):
        language = first.info.split()[0] if first.info.strip() else ""
        return Block(is_code=True, content=first.content.rstrip("\n"), language=language[:40])
    rendered = parser.renderer.render(group, parser.options, {})
    return Block(is_code=False, content=rendered)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # 50 ms, not needed for the first paint

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = is_safe_link  # type: ignore[method-assign]
    parser.add_render_rule("image", _picture_as_text)
    parser.add_render_rule("code_inline", _inline_code)
    parser.add_render_rule("fence", _nested_code)
    parser.add_render_rule("code_block", _nested_code)
    return parser


def is_safe_link(url: str) -> bool:
    """Only addresses a browser should be asked to open."""
    return url.lower().startswith(("http://", "https://"))


def _picture_as_text(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Nothing is ever loaded by showing a message: the description stands for the picture."""
    return f"<i>[{html.escape(tokens[index].content or 'image')}]</i>"


def _inline_code(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return f"<code>&nbsp;{html.escape(tokens[index].content)}&nbsp;</code>"


def _nested_code(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Code inside a list or a quotation; at the top level it is a block of its own."""
    return f"<pre>{html.escape(tokens[index].content)}</pre>"
