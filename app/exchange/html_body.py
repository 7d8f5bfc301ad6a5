"""Markdown to HTML that is safe to open anywhere: no raw HTML, no script, nothing to fetch."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.exchange.formulas import Picture, add_formulas, picture

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

MOST_COLOURED = 200_000  # characters of code; beyond this, colours cost more than they help
HANGING = 3  # pixels below the line, from which on a formula is set in its middle
MOST_NESTED = 40  # levels of quotations and lists
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_ALERT = re.compile(r"\[!(note|tip|important|warning|caution)\]", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\] ")
_SAFE = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)


@dataclass
class HtmlBody:
    """Renders texts of one page. For print the page is what QTextDocument understands, and the
    pictures of formulas are kept in `pictures` under the names the page uses for them. `alerts`
    are the titles of marked quotations, such as [!TIP]."""

    is_print: bool = False
    alerts: Mapping[str, str] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    _parser: MarkdownIt | None = None
    _names: dict[Picture, str] = field(default_factory=dict)
    _texts: int = 0  # for the names of footnotes, which are of the page

    def render(self, text: str) -> str:
        """One message's Markdown as HTML."""
        from markdown_it.renderer import RendererHTML

        parser = self._parser = self._parser or self._make_parser()
        tokens = parser.parse(text)
        if any(token.level >= MOST_NESTED - 1 for token in tokens):
            return self.code(text)  # the parser leaves out what is deeper still
        renderer = parser.renderer
        assert isinstance(renderer, RendererHTML)
        _sink_headings(tokens)
        _mark_tasks(tokens)
        _mark_alerts(tokens, self.alerts)
        self._texts += 1
        return renderer.render(tokens, parser.options, {"docId": str(self._texts)})

    def code(self, text: str, language: str = "") -> str:
        """A block of code in colours."""
        inner = self._coloured(text.rstrip("\n"), language)
        if self.is_print:
            return f'<pre class="code">{inner}</pre>\n'
        return f'<pre class="code"><code>{inner}</code></pre>\n'

    def formula(self, latex: str, *, is_display: bool) -> str:
        """A formula as a picture, or its source where it cannot be drawn."""
        colour = "black" if self.is_print else "currentColor"
        drawn = picture(latex, 15.0 if self.is_print else 17.0, colour, is_display=is_display)
        if drawn is None:
            return f"<code>{html.escape(latex)}</code>"
        if self.is_print:
            name = self._names.setdefault(drawn, f"formula:{len(self._names)}")
            self.pictures[name] = drawn
            size = f'width="{drawn.width:.0f}" height="{drawn.height:.0f}"'
            align = ' style="vertical-align:middle"' if drawn.depth > HANGING else ""
            return f'<img src="{name}" {size}{align}>'
        label = html.escape(latex, quote=True)
        return (
            f'<span class="formula" role="img" aria-label="{label}" '
            f'style="vertical-align:-{drawn.depth:.1f}px">{drawn.svg}</span>'
        )

    def _coloured(self, text: str, language: str) -> str:
        lexer = None
        if language and len(text) <= MOST_COLOURED:
            from pygments.lexers import get_lexer_by_name
            from pygments.util import ClassNotFound

            try:
                lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
            except ClassNotFound:
                lexer = None
        if lexer is None:
            return html.escape(text)
        from pygments import highlight
        from pygments.formatters import HtmlFormatter

        formatter = HtmlFormatter(nowrap=True, noclasses=self.is_print, style="friendly")
        return str(highlight(text, lexer, formatter)).rstrip("\n")

    def _make_parser(self) -> MarkdownIt:
        from markdown_it import MarkdownIt

        parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MOST_NESTED})
        parser.enable(["table", "strikethrough"])
        _add_footnotes(parser)
        add_formulas(parser)
        parser.validateLink = lambda url: bool(_SAFE.match(url)) or is_picture_data(url)  # type: ignore[method-assign]
        rules: dict[str, Any] = {
            "fence": self._fence,
            "code_block": self._fence,
            "image": self._image,
            "link_open": self._link,
            "softbreak": lambda *_: "<br>\n",
            "math_inline": self._formula,
            "math_block": self._formula,
            "table_open": self._table,
            "table_close": lambda *_: "</table>\n" if self.is_print else "</table></div>\n",
        }
        renderer: Any = parser.renderer
        renderer.rules.update(rules)
        return parser

    def _fence(self, tokens: Sequence[Token], at: int, *_rest: object) -> str:
        info = tokens[at].info.split()
        return self.code(tokens[at].content, info[0] if info else "")

    def _formula(self, tokens: Sequence[Token], at: int, *_rest: object) -> str:
        token = tokens[at]
        drawn = self.formula(token.content, is_display=bool(token.meta.get("display")))
        is_block = token.type == "math_block"
        return f'<p class="display" align="center">{drawn}</p>\n' if is_block else drawn

    def _image(self, tokens: Sequence[Token], at: int, *_rest: object) -> str:
        """Only a picture that is in the text itself is shown; another is its description."""
        token = tokens[at]
        source, words = str(token.attrGet("src") or ""), html.escape(token.content or "image")
        if is_picture_data(source) and not self.is_print:
            return f'<img src="{html.escape(source, quote=True)}" alt="{words}">'
        if _SAFE.match(source) and not source.startswith("#"):
            return f'<a href="{html.escape(source, quote=True)}" rel="noreferrer">[{words}]</a>'
        return f"[{words}]"

    def _link(self, tokens: Sequence[Token], at: int, options: Any, _env: object = None) -> str:
        token = tokens[at]
        if not _SAFE.match(str(token.attrGet("href") or "")):
            return "<a>"
        token.attrSet("rel", "noopener noreferrer")
        return _renderer_of(self._parser).renderToken(tokens, at, options, {})

    def _table(self, *_rest: object) -> str:
        if self.is_print:
            return '<table border="1" cellspacing="0" cellpadding="4" style="border-color:#999">\n'
        return '<div class="table"><table>\n'


def is_picture_data(url: str) -> bool:
    """Whether it is a data: address with a picture of a kind that can hold no script."""
    return url[:40].lower().startswith(tuple(f"data:{kind};base64," for kind in _PICTURES))


def data_uri(media_type: str, data: bytes) -> str:
    """The picture as an address that holds it; empty for a kind that may hold script."""
    if media_type not in _PICTURES:
        return ""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _renderer_of(parser: MarkdownIt | None) -> RendererHTML:
    from markdown_it.renderer import RendererHTML

    assert parser is not None
    assert isinstance(parser.renderer, RendererHTML)
    return parser.renderer


def _sink_headings(tokens: Sequence[Token]) -> None:
    """The first level is the page's own, for its title."""
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"


def _mark_alerts(tokens: Sequence[Token], titles: Mapping[str, str]) -> None:
    """`[!TIP]` as the first line of a quotation becomes its title."""
    from markdown_it.token import Token

    for quote, paragraph, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_quote = (quote.type, paragraph.type) == ("blockquote_open", "paragraph_open")
        if is_quote and token.children and (found := _ALERT.fullmatch(token.children[0].content)):
            name = found[1].lower()
            bold = [Token("strong_open", "strong", 1), Token("text", "", 0)]
            bold[1].content = titles.get(name, name.capitalize())
            token.children[:1] = [*bold, Token("strong_close", "strong", -1)]


def _mark_tasks(tokens: Sequence[Token]) -> None:
    """`[ ]` and `[x]` at the beginning of a list item become boxes."""
    for item, paragraph, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_item = (item.type, paragraph.type) == ("list_item_open", "paragraph_open")
        if is_item and token.children and (task := _TASK.match(token.children[0].content)):
            box = "☐ " if task[1] == " " else "☑ "
            item.attrSet("style", "list-style-type:none")
            token.children[0].content = box + token.children[0].content[len(task[0]) :]


def _add_footnotes(parser: MarkdownIt) -> None:
    try:
        from mdit_py_plugins.footnote import footnote_plugin
    except ImportError:  # then they stay as they were written
        return
    footnote_plugin(parser)
