"""Values as Python source: whatever is in a text, in the script it is nothing but that text."""

from __future__ import annotations

from collections.abc import Iterable

WIDTH = 92  # characters of a line that a person reads easily


def literal(value: object, indent: int = 0) -> str:
    """A text, number, list or dict as Python source. A long text goes over several lines, in
    pieces that are put together again; `indent` is where these begin, in columns."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        pairs = (f"{literal(name)}: {literal(one)}" for name, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if not isinstance(value, str):
        return repr(value)
    text = encodable(value)
    whole = quoted(text)
    if indent + len(whole) <= WIDTH or ("\n" not in text.rstrip("\n") and len(text) < 2 * WIDTH):
        return whole
    space = "\n" + " " * indent
    return space + space.join(quoted(piece) for piece in _pieces(text, WIDTH - indent - 4))


def quoted(text: str) -> str:
    """As `repr`, in double quotes where the text has none."""
    return f'"{repr(f"{chr(39)}{text}")[2:]}' if '"' not in text else repr(text)


def call(name: str, text: str, indent: int) -> str:
    """A call with one text, such as `HumanMessage("...")`, that begins at column `indent`."""
    source = literal(text, indent + 4)
    if not source.startswith("\n"):
        return f"{name}({source})"
    return f"{name}({source}\n{' ' * indent})"


def calls(pairs: Iterable[tuple[str, str]], indent: int) -> str:
    """A list of such calls, one below the other."""
    space = " " * indent
    rows = [f"{space}    {call(name, text, indent + 4)},\n" for name, text in pairs]
    return f"[\n{''.join(rows)}{space}]" if rows else "[]"


def encodable(text: str) -> str:
    """Without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _pieces(text: str, most: int) -> list[str]:
    """Lines with their ends, long ones in several pieces, between words where there are any."""
    found: list[str] = []
    for line in text.split("\n"):
        rest = line
        while len(rest) > most:
            cut = rest.rfind(" ", most // 2, most) + 1 or most
            found.append(rest[:cut])
            rest = rest[cut:]
        found.append(f"{rest}\n")
    found[-1] = found[-1][:-1]  # the last line has no end
    return [piece for piece in found if piece]
