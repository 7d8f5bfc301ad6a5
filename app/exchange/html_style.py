"""The looks of exported pages: colours for light and dark, and a plain one for paper."""

from __future__ import annotations

from functools import lru_cache

_LIGHT = """
:root { --ground: #fbf9f6; --text: #2b2622; --muted: #6f655c; --line: #e2dad0;
  --bubble: #f1ebe2; --code: #f5f1eb; --link: #a04410; }
"""
_DARK = """
@media (prefers-color-scheme: dark) {
:root { --ground: #1f1c1a; --text: #ece5dc; --muted: #a69a8f; --line: #3b3530;
  --bubble: #322c28; --code: #171513; --link: #f0a070; }
"""
_REST = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 17px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  overflow-wrap: break-word; }
main { max-width: 800px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 1.7em; line-height: 1.25; }
article { margin: 0 0 24px; }
article > header { display: flex; gap: 12px; align-items: baseline; margin-bottom: 4px; }
article > header h2 { font-size: 0.95em; margin: 0; }
time, .note, footer { color: var(--muted); font-size: 0.85em; }
.user { background: var(--bubble); border-radius: 12px; padding: 12px 16px 4px; }
a { color: var(--link); }
img { max-width: 100%; height: auto; border-radius: 8px; }
figure { margin: 0 0 12px; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 14px; overflow-x: auto; }
code { font: 0.9em/1.5 ui-monospace, "Cascadia Mono", Consolas, monospace;
  background: var(--code); border-radius: 4px; padding: 1px 4px; }
pre code { background: none; padding: 0; }
blockquote { margin: 0 0 12px; padding-left: 14px; border-left: 3px solid var(--line);
  color: var(--muted); }
details { border-left: 3px solid var(--line); padding: 2px 14px; margin: 0 0 12px;
  color: var(--muted); }
summary { cursor: pointer; font-size: 0.9em; }
.table { overflow-x: auto; margin: 0 0 12px; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: 5px 10px; text-align: start; }
th { background: var(--code); }
.formula { display: inline-block; max-width: 100%; overflow-x: auto; overflow-y: hidden; }
.display { text-align: center; }
hr { border: 0; border-top: 1px solid var(--line); }
footer { border-top: 1px solid var(--line); padding-top: 12px; }
@media print { details { display: block; } main { max-width: none; padding: 0; }
  article { break-inside: auto; } }
"""


@lru_cache(maxsize=1)
def page_style() -> str:
    """The style sheet of a page for browsers."""
    from pygments.formatters import HtmlFormatter

    light, dark = (
        str(HtmlFormatter(style=name).get_style_defs(".code"))  # type: ignore[no-untyped-call]
        for name in ("friendly", "github-dark")
    )
    plain = ".code { background: var(--code); color: var(--text); }\n"
    return f"{_LIGHT}{_REST}{light}\n{_DARK}{dark}\n}}\n{plain}"


def print_style(dots: float) -> str:
    """The style sheet for paper, of what QTextDocument knows: it takes margins for dots of the
    device, of which there are `dots` to a pixel of the page."""

    def px(pixels: float) -> str:
        return f"{pixels * dots:.0f}px"

    around = f"margin-top: {px(4)}; margin-bottom: {px(7)};"
    return f"""
body {{ font-size: 10.5pt; color: #1c1917; }}
h1 {{ font-size: 18pt; margin-bottom: {px(10)}; }}
h2 {{ font-size: 14pt; }} h3 {{ font-size: 12pt; }} h4, h5, h6 {{ font-size: 10.5pt; }}
h2, h3, h4, h5, h6 {{ margin-top: {px(12)}; margin-bottom: {px(4)}; }}
p {{ {around} line-height: 130%; }}
p.image, p.display {{ {around} line-height: 100%; }}
p.user, p.assistant {{ margin-top: {px(16)}; margin-bottom: {px(3)}; }}
p.user {{ color: #8a3a0e; }}
.time {{ color: #6f655c; font-size: 8pt; }}
ul, ol {{ {around} }}
li {{ line-height: 130%; margin-bottom: {px(2)}; }}
a {{ color: #a04410; }}
blockquote {{ color: #5c534b; margin-left: {px(22)}; margin-right: 0; {around} }}
th {{ background-color: #f1ebe2; }}
.note {{ color: #6f655c; font-size: 9pt; }}
code, pre {{ font-family: monospace; font-size: 9pt; }}
pre.code {{ background-color: #f5f1eb; white-space: pre-wrap; {around} line-height: 100%; }}
"""
