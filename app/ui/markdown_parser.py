"""The Markdown parser as answers need it: GitHub's Markdown, formulas, no HTML, few addresses."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_PICTURE = 700_000  # characters of a data: address that is shown: half a megabyte of picture
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|bmp);base64,[A-Za-z0-9+/=%]+", re.IGNORECASE)
_MAX_ADDRESS = 4_000


def is_safe_link(url: str) -> bool:
    """Only addresses a browser should be asked to open."""
    return url.lower().startswith(("http://", "https://"))


def is_link(url: str) -> bool:
    """Addresses that are shown as links: those of the web, and of mail."""
    if len(url) > _MAX_ADDRESS:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme.lower() == "mailto":
        return bool(parts.path)
    return is_safe_link(url) and bool(host)


def is_shown_picture(url: str) -> bool:
    """Whether a picture's address is the picture itself, and small enough."""
    return len(url) <= MAX_PICTURE and bool(_PICTURE.fullmatch(url))


def parse(text: str) -> list[Token]:
    """The tokens of `text`; the first call loads the parser, which takes 50 ms.

    Rules for what a text cannot have are left out: each is tried at nearly every letter.
    """
    has_addresses = "www." in text or "://" in text or "@" in text or "mailto:" in text
    return _parser(has_addresses=has_addresses, has_notes="[^" in text).parse(text)


@lru_cache(maxsize=4)
def _parser(*, has_addresses: bool, has_notes: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.gfm_autolink import gfm_autolink_plugin

    from app.ui.markdown_rules import MAX_DEPTH, add_rules

    options = {"html": False, "maxNesting": MAX_DEPTH + 2, "tasklists": True, "alerts": True}
    found = MarkdownIt("commonmark", options)
    found.enable(["table", "strikethrough"])  # of two tildes only: ~5 means about five
    found.disable(["html_inline", "html_block"])
    if has_addresses:
        found.use(gfm_autolink_plugin)
    if has_notes:
        found.use(footnote_plugin, inline=False)
    add_rules(found)
    found.validateLink = _is_kept  # type: ignore[method-assign]
    return found


def _is_kept(url: str) -> bool:
    return is_link(url) or is_shown_picture(url)
