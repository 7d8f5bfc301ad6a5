"""Words of strangers in tooltips: names, titles and what models wrote stay text there."""

from __future__ import annotations

from html import escape


def tip(text: str) -> str:
    """`text` for a tooltip, shown as it is.

    Qt takes a tooltip that looks like HTML for HTML, and would read the files that it names.
    """
    if "<" not in text:
        return text
    lines = escape(text, quote=False).replace("\n", "<br>")
    return f"<qt>{lines}</qt>"
