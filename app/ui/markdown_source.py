"""Parts back to text: as Markdown that means the same, or plain as it is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from app.ui.markdown_parts import LINE_BREAK, Code, Kind, Line, Run, Table, with_text

# "[" is not among them: "\\[" begins a formula, and without "]" it means nothing
_SPECIAL = re.compile(r"([\\`*_\]~$]|<(?=[A-Za-z/!?])|&(?=#?\w+;))")
_AT_START = re.compile(r"^(\s*)([#>+\-=|]|\d+(?=[.)]))")
_TICKS = re.compile(r"`+")
_INDENT = "    "  # of one list level; right for bullets and for numbers of up to two digits


def markdown_of(lines: Sequence[Line]) -> str:
    """Lines of prose as Markdown."""
    found: list[str] = []
    before: Line | None = None
    notes: dict[str, str] = {}
    for line in lines:
        text = _one(line, notes)
        if before is not None:
            is_item = bool(line.marker) and bool(before.depth)
            close = is_item or line.kind is Kind.NOTE or before.kind is Kind.ALERT
            bars = line.bars if line.bars == before.bars else ()
            gap = _prefix(line.depth, bars).rstrip() if bars else ""
            found.append("" if close else f"{gap}")
            if close:
                found.pop()
        found.append(text)
        before = line
    return "\n".join(found)


def plain_of(lines: Sequence[Line]) -> str:
    """Lines as they are read, bullets and numbers too; a formula is its LaTeX."""
    return "\n".join(_plain(line) for line in lines)


def table_markdown(rows: Sequence[Sequence[Sequence[Run]]], aligns: Sequence[str]) -> str:
    """A table, the first row being its head."""
    sides = {"center": ":-:", "right": "--:"}
    lines = [_row(rows[0]), "|" + "|".join(sides.get(side, "---") for side in aligns) + "|"]
    return "\n".join([*lines, *(_row(row) for row in rows[1:])])


def table_plain(rows: Sequence[Sequence[Sequence[Run]]]) -> str:
    """Cells with tabs between them, as spreadsheets take them."""
    return "\n".join("\t".join(plain_runs(cell) for cell in row) for row in rows)


def whole_table(table: Table) -> str:
    """All of a table as Markdown."""
    return table_markdown(table.rows, table.aligns) if table.rows else ""


def code_markdown(code: Code) -> str:
    """Fenced code with a fence that its text does not have."""
    longest = max((len(found) for found in _TICKS.findall(code.text)), default=0)
    fence = "`" * max(3, longest + 1)
    text = f"{fence}{code.language}\n{code.text}\n{fence}"
    return _indented(text, _INDENT * code.depth)


def cut(line: Line, lengths: Sequence[int], lead: int, start: int, end: int) -> Line | None:
    """What of a line lies between two places in its block; None where nothing does.

    `lengths` are the characters that each run has on show, `lead` those of the marker; all are
    counted as Qt does, in units of UTF-16.
    """
    runs: list[Run] = []
    place = lead
    for run, length in zip(line.runs, lengths, strict=True):
        first, last = max(start - place, 0), min(end - place, length)
        if first < last:
            is_whole = length != _units(run.text) or run.maths or run.picture or bool(run.note)
            runs.append(run if is_whole else with_text(run, _part(run.text, first, last)))
        place += length
    if not runs and not (line.kind is Kind.RULE or (lead and start < lead < end + 1)):
        return None
    has_marker = start < max(lead, 1)
    if has_marker:
        return Line(tuple(runs), line.kind, line.level, line.depth, line.marker, line.bars,
                    line.is_done, line.note)  # fmt: skip
    kind = Kind.FORMULA if line.kind is Kind.FORMULA else Kind.TEXT
    return Line(tuple(runs), kind, 0, line.depth if line.bars else 0, "", line.bars)


def _units(text: str) -> int:
    """How long Qt finds a text: an emoji counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _part(text: str, first: int, last: int) -> str:
    """Between two places as Qt counts them; half a character is none."""
    if text.isascii():
        return text[first:last]
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * first : 2 * last].decode("utf-16-le", "ignore")


def plain_runs(runs: Iterable[Run]) -> str:
    """Runs as they are read."""
    return "".join(_plain_run(run) for run in runs)


def _plain_run(run: Run) -> str:
    if run.note:
        return f"[{run.text}]"
    if run.maths:
        return f"$${run.text}$$" if run.display else f"${run.text}$"
    return run.text.replace(LINE_BREAK, "\n")


def _plain(line: Line) -> str:
    if line.kind is Kind.RULE:
        return "---"
    if line.kind is Kind.ALERT:
        return line.bars[-1].alert.upper()
    marker = line.marker
    if line.is_done is not None:
        marker = "[x]" if line.is_done else "[ ]"
    return f"{marker}\t{plain_runs(line.runs)}" if marker else plain_runs(line.runs)


def _one(line: Line, notes: dict[str, str]) -> str:
    text = runs_markdown(line.runs)
    prefix = _prefix(line.depth, line.bars)
    if line.kind is Kind.RULE:
        text = "---"
    elif line.kind is Kind.HEADING:
        text = "#" * line.level + " " + text.replace("\n", " ")
    elif line.kind is Kind.ALERT:
        text = f"[!{line.bars[-1].alert.upper()}]"
    elif line.kind is Kind.NOTE:
        return f"[^{line.note}]: " + text
    elif line.kind is not Kind.FORMULA:
        text = _AT_START.sub(r"\1\\\2", text) if not text[:1].isdigit() else _number(text)
    if line.marker and line.depth:
        sign = "- " if line.marker in "•◦" else f"{line.marker} "
        box = "" if line.is_done is None else ("[x] " if line.is_done else "[ ] ")
        first = _prefix(line.depth - 1, line.bars) + sign + box
        return first + _indented(text, prefix)[len(prefix) :] if text else first.rstrip()
    return _indented(text, prefix)


def _number(text: str) -> str:
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", text)


def _prefix(depth: int, bars: Iterable[object]) -> str:
    starts = {getattr(bar, "depth", -1) for bar in bars}
    return "".join("> " if level in starts else _INDENT for level in range(depth))


def _indented(text: str, prefix: str) -> str:
    return "\n".join(prefix + part if part else prefix.rstrip() for part in text.split("\n"))


def runs_markdown(runs: Sequence[Run]) -> str:
    """Runs of one paragraph as Markdown; neighbours of one style share its signs."""
    found: list[str] = []
    open_signs: list[str] = []
    link = ""
    for run in runs:
        signs = [sign for sign, is_on in (("**", run.bold), ("*", run.italic), ("~~", run.strike))
                 if is_on]  # fmt: skip
        address = "" if run.picture else run.link
        if signs != open_signs or address != link:
            _close(found, open_signs, link)
            if address:
                found.append("[")
            found.extend(signs)
            open_signs, link = signs, address
        found.append(_run_markdown(run))
    _close(found, open_signs, link)
    return "".join(found)


def _close(found: list[str], signs: Sequence[str], link: str) -> None:
    """End the open style; blanks at its end go behind the signs, where Markdown wants them."""
    ends = ""
    if signs and found:
        text = found[-1].rstrip(" ")
        found[-1], ends = text, found[-1][len(text) :]
    found.extend(reversed(signs))
    if link:
        found.append(f"]({_address(link)})")
    found.append(ends)


def _address(link: str) -> str:
    return f"<{link}>" if re.search(r"[()\s]", link) else link


def _run_markdown(run: Run) -> str:
    if run.note:
        return f"[^{run.note}]"
    if run.maths and run.display:
        return f"$$\n{run.text}\n$$"
    if run.maths:
        return f"${run.text}$" if "$" not in run.text else f"\\({run.text}\\)"
    if run.picture:
        return f"![{_escaped(run.text)}]({_address(run.link)})"
    if run.code:
        longest = max((len(ticks) for ticks in _TICKS.findall(run.text)), default=0)
        fence = "`" * (longest + 1)
        pad = " " if longest and (run.text[0] == "`" or run.text[-1] == "`") else ""
        return f"{fence}{pad}{run.text}{pad}{fence}"
    return _escaped(run.text).replace(LINE_BREAK, "\n")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _row(row: Sequence[Sequence[Run]]) -> str:
    cells = (runs_markdown(cell).replace("|", "\\|").replace("\n", " ") for cell in row)
    return "| " + " | ".join(cells) + " |"
