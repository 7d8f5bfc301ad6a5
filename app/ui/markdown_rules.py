"""Rules added to markdown-it: formulas in LaTeX, and bounds on what hostile text may cost.

mdit-py-plugins has a rule for `$`, but it looks at the paragraph's last character for a formula at
its beginning, searches without bound, and does not know `\\(`; hence these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

MAX_FORMULA = 4_000  # characters; the end of a formula is not looked for further away
MAX_FORMULA_LINES = 60
MAX_PARAGRAPH = 48_000  # characters; a longer one is shown as it was written
MAX_BRACKETS = 600  # left open in the whole text: each costs the parser some 25 us, others little
MAX_DEPTH = 30  # levels of lists and quotations; what is deeper is shown as it was written
_PAIRS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}


def add_rules(parser: MarkdownIt) -> None:
    """Teach `parser` formulas and limits."""
    parser.inline.ruler.before("escape", "maths", _inline_maths)
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("fence", "maths_block", _block_maths, interrupts)
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.core.ruler.before("inline", "limits", _limits)


def _inline_maths(state: StateInline, silent: bool) -> bool:
    """`$..$` by pandoc's rules, so that prices stay text; `$$`, `\\(` and `\\[` within a line."""
    source, start = state.src, state.pos
    first = source[start]
    if first not in "$\\":
        return False
    opens = source[start : start + 2]
    if opens not in _PAIRS:
        opens = first
    if opens not in _PAIRS or (opens == "$" and source[start + 1 : start + 2].isspace()):
        return False
    begin = start + len(opens)
    end = _end_of(source, begin, _PAIRS[opens])
    if end < 0:
        return False
    if opens == "$":
        after = source[end + 1 : end + 2]
        if source[end - 1].isspace() or after.isdigit():
            return False
    if not silent:
        token = state.push("maths", "", 0)
        token.content = source[begin:end].strip()
        token.markup = opens
        token.meta = {"display": opens in ("$$", "\\[")}
    state.pos = end + len(_PAIRS[opens])
    return True


def _end_of(source: str, begin: int, closes: str) -> int:
    """Where the formula ends that begins at `begin`, or -1."""
    limit = begin + MAX_FORMULA
    end = source.find(closes, begin, limit)
    while end >= 0 and closes[0] == "$" and _is_escaped(source, end):
        end = source.find(closes, end + 1, limit)
    return end if end > begin and source[begin:end].strip() else -1


def _is_escaped(source: str, place: int) -> bool:
    before = place
    while before and source[before - 1] == "\\":
        before -= 1
    return (place - before) % 2 == 1


def _block_maths(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """`$$` or `\\[` at the beginning of a line, to the line that ends with its other half."""
    if state.is_code_block(first):
        return False
    start = state.bMarks[first] + state.tShift[first]
    opens = state.src[start : start + 2]
    if opens not in ("$$", "\\["):
        return False
    found = _block_lines(state, first, last, start + 2, _PAIRS[opens])
    if found is None:
        return False
    line, content = found
    if not silent:
        token = state.push("maths_block", "", 0)
        token.content = content
        token.block = True
        token.map = [first, line + 1]
        state.line = line + 1
    return True


def _block_lines(
    state: StateBlock, first: int, last: int, begin: int, closes: str
) -> tuple[int, str] | None:
    """The formula's last line and its text; None where it does not end before a blank line."""
    lines: list[str] = []
    for line in range(first, min(last, first + MAX_FORMULA_LINES)):
        if line > first:
            begin = state.bMarks[line] + state.tShift[line]
            if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
                return None
        text = state.src[begin : state.eMarks[line]].rstrip()
        if closes in text:
            content = text[: -len(closes)]
            if not text.endswith(closes) or closes in content:
                return None
            formula = "\n".join([*lines, content]).strip()
            return (line, formula) if 0 < len(formula) <= MAX_FORMULA else None
        lines.append(text)
    return None


def _too_deep(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.level < MAX_DEPTH:
        return False
    if not silent:
        token = state.push("plain", "", 0)
        token.content = state.getLines(first, last, state.blkIndent, False)
        token.map = [first, last]
        state.line = last
    return True


def _limits(state: StateCore) -> None:
    """Paragraphs that would cost too much become plain; open brackets count together."""
    brackets = 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        text = token.content
        opened = text.count("[")
        brackets += max(0, opened - text.count("]"), text.count("[[") - 10)
        is_long = len(text) > MAX_PARAGRAPH and "](data:image/" not in text
        if is_long or (opened and brackets > MAX_BRACKETS):
            token.type = "plain"
