"""Formulas: finding LaTeX in Markdown, and drawing it as a vector picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

LONGEST = 2000  # characters; what is longer stays text
DEEPEST = 9  # braces within braces; each level doubles the work of the library
_SIZE = re.compile(r'<svg[^>]* width="([\d.]+)" height="([\d.]+)"')
_BASE = re.compile(r'viewBox="[-\d.]+ ([-\d.]+) ')
_INLINE = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))


@dataclass(frozen=True, slots=True)
class Picture:
    """A formula as SVG; sizes in pixels of the page, `depth` is how far it hangs below the line."""

    svg: str
    width: float
    height: float
    depth: float


@lru_cache(maxsize=512)
def picture(
    latex: str, size: float = 17.0, colour: str = "currentColor", *, is_display: bool = False
) -> Picture | None:
    """The formula drawn, or None: too long, not understood, or without the library."""
    if not _is_drawable(latex):
        return None
    try:
        from ziamath.config import config
        from ziamath.zmath import Latex

        config.svg2 = False  # QtSvg knows no <symbol>

        svg = str(Latex(latex, size=size, color=colour, inline=not is_display).svg())
    except Exception:  # noqa: BLE001 - the library fails in many ways on what is not LaTeX
        return None
    sized, base = _SIZE.search(svg), _BASE.search(svg)
    if sized is None or base is None or re.search(r"<(script|image|a|foreignObject)\b", svg):
        return None
    width, height = float(sized[1]), float(sized[2])
    return Picture(svg, width, height, max(0.0, height + float(base[1])))


def _is_drawable(latex: str) -> bool:
    """Whether it is worth trying: short, not nested beyond reason, of letters the font has."""
    deepest = now = 0
    for letter in latex:
        now += (letter == "{") - (letter == "}")
        deepest = max(deepest, now)
    nested = max(latex.count("\\left"), latex.count("\\begin{") * 2)
    if len(latex) > LONGEST or deepest > DEEPEST or nested > DEEPEST * 4:
        return False
    return now == 0 and all(ord(letter) < 0x2E80 for letter in latex)


def add_formulas(parser: MarkdownIt) -> None:
    """Teach the parser formulas: tokens of the types math_inline and math_block."""
    parser.inline.ruler.before("escape", "math_inline", _inline)
    alternatives: Any = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "math_block", _block, alternatives)


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    for opening, ending in _INLINE:
        if not source.startswith(opening, start):
            continue
        end = _end_of(source, start + len(opening), ending)
        if end < 0:
            return False
        content = source[start + len(opening) : end]
        if opening == "$" and not _may_be_formula(source, content, end):
            return False
        if not silent:
            token = state.push("math_inline", "math", 0)
            token.content = content.strip()
            token.meta = {"display": opening in ("$$", "\\[")}
        state.pos = end + len(ending)
        return True
    return False


def _end_of(source: str, at: int, ending: str) -> int:
    """Where `ending` is, one after a backslash not counted; -1 where it is not."""
    end = source.find(ending, at, at + LONGEST)
    while end > 0 and ending[0] == "$" and source[end - 1] == "\\":
        end = source.find(ending, end + 1, at + LONGEST)
    return end if end > at else -1


def _may_be_formula(source: str, content: str, end: int) -> bool:
    """Dollars are money, too: no space inside, no digit after (the rule of Pandoc)."""
    after = source[end + 1 : end + 2]
    return not (content[0].isspace() or content[-1].isspace() or after.isdigit())


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]].strip()
    ending = {"$$": "$$", "\\[": "\\]"}.get(line[:2])
    if ending is None:
        return False
    content = [line[2:]]
    at = start
    while not content[-1].rstrip().endswith(ending):
        at += 1
        if at >= end or at - start > 200 or state.isEmpty(at):
            return False
        content.append(state.src[state.bMarks[at] + state.tShift[at] : state.eMarks[at]])
    if silent:
        return True
    token = state.push("math_block", "math", 0)
    token.block = True
    token.content = "\n".join(content).rstrip()[: -len(ending)].strip()
    token.map = [start, at + 1]
    token.meta = {"display": True}
    state.line = at + 1
    return True
