"""A whole message as it reads, without Markdown's marks."""

from __future__ import annotations

from app.ui.markdown import parts_of
from app.ui.markdown_parts import Code, Line, Table
from app.ui.markdown_source import plain_of, table_plain


def plain_text(text: str) -> str:
    """Prose, code and tables of Markdown `text` one after the other, a blank line between."""
    found: list[str] = []
    lines: list[Line] = []

    def end_prose() -> None:
        if lines:
            found.append(plain_of(lines))
            lines.clear()

    for part in parts_of(text):
        if isinstance(part, Line):
            lines.append(part)
            continue
        end_prose()
        if isinstance(part, Code):
            found.append(part.text)
        elif isinstance(part, Table):
            found.append(table_plain(part.rows))
        else:
            found.append(part.description)
    end_prose()
    return "\n\n".join(found)
