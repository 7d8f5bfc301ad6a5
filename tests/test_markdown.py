"""Markdown as GitHub has it and formulas, to parts and back; and text that means harm."""

from __future__ import annotations

import pytest

from app.ui.markdown import GrowingMarkdown, parts_of
from app.ui.markdown_parser import is_link
from app.ui.markdown_parts import Code, Kind, Line, Part, Picture, Run, Table
from app.ui.markdown_rules import MAX_BRACKETS, MAX_DEPTH
from app.ui.markdown_source import cut, markdown_of, plain_of, whole_table

GROWING = [
    "- [x] done\n- [ ] open\n  - [ ] nested\n\ntext",
    "> [!NOTE]\n> with *text*\n> - [x] item\n\nafter",
    "A[^a] and B[^b].\n\nMore text.\n\n[^a]: First.\n\n[^b]: Second,\n    goes on.\n\nEnd.",
    "See [x][1] and [y].\n\ntext\n\n[1]: https://example.org/1\n[y]: https://example.org/y\n",
    "Price $5 and $10, $a_1$ and \\(b\\).\n\n$$\nx\n$$\n\ntext $$y$$ more",
    "text\n\n\\[\na\n= b\n\\]\n\nend",
    "$$\nnever closed\n\ntext $x$\n",
    "- item\n  $$\n  z\n  $$\n- next\n\n1. a\n\n   \\[ q \\]\n2. b",
    "![far](https://example.org/p.png) ![near](data:image/png;base64,AAAA) after",
    "```py\nprint(1)\n\n\n  ```\n\nafter ``` x\n",
    "~~~\na\n```\nb\n~~~~\nafter",
    "````\n```\nx\n````\n```sh\nls\n",
    "| a | b |\n|---|--:|\n" + "| `x` | y |\n" * 40 + "| end | z\n\nafter | it",
    "| a |\n|---|\n" + "| x |\n" * 30 + "- item\n\n| a |\n|---|\n| y |",
    "https://a.example/b, www.x.org and me@example.org",
]


@pytest.mark.parametrize("text", GROWING)
@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_growing_markdown_ends_as_the_whole_text_would(text: str, step: int) -> None:
    growing = GrowingMarkdown()
    for start in range(0, len(text), step):
        growing.append(text[start : start + step])
    tail = growing.append("", is_complete=True)
    assert [*growing.finished, *tail] == parts_of(text)
    assert growing.append("", is_complete=True) == tail


def test_tasks_have_boxes() -> None:
    lines = lines_of("- [x] done\n- [ ] open\n- none")
    assert [line.is_done for line in lines] == [True, False, None]
    assert [plain_of([line]) for line in lines] == ["[x]\tdone", "[ ]\topen", "•\tnone"]


def test_an_alert_has_a_title_and_its_lines_know_of_it() -> None:
    title, text, after = lines_of("> [!CAUTION]\n> hot\n\nafter")
    assert (title.kind, title.bars[-1].alert) == (Kind.ALERT, "caution")
    assert text.bars == title.bars
    assert not text.is_quote
    assert not after.bars


def test_footnotes_are_numbered_and_stand_at_the_end() -> None:
    text, other, note = lines_of("A[^x] again[^x].\n\n[^x]: Note.\n\nOther.")
    assert [(run.text, run.note) for run in text.runs if run.note] == [("1", "x"), ("1", "x")]
    assert plain_of([other]) == "Other."
    assert (note.kind, note.marker, note.note) == (Kind.NOTE, "1.", "x")


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$5 and $10", []),
        ("$x$ is 5", ["x"]),
        ("$x$5", []),
        ("$ x $", []),
        ("\\$x$ and $y$", ["y"]),
        ("$a\\$b$", ["a\\$b"]),
        ("`$x$`", []),
        ("a \\(b\\) c", ["b"]),
        ("$|x|$ and $\\frac{1}{2}$", ["|x|", "\\frac{1}{2}"]),
        ("$unfinished", []),
        ("\\(unfinished", []),
        ("$*a*$", ["*a*"]),
    ],
)
def test_maths_is_told_from_money(text: str, formulas: list[str]) -> None:
    (line,) = lines_of(text)
    assert [run.text for run in line.runs if run.maths] == formulas


@pytest.mark.parametrize("text", ["$$\nx = 1\n$$", "\\[ x = 1 \\]", "$$x = 1$$", "\\[\nx = 1\n\\]"])
def test_a_displayed_formula_has_a_line_of_its_own(text: str) -> None:
    before, formula, after = lines_of(f"before\n{text}\nafter")
    assert formula.kind is Kind.FORMULA
    assert formula.runs[0].text == "x = 1"
    assert (plain_of([before]), plain_of([after])) == ("before", "after")


def test_what_is_below_a_formula_is_no_heading_and_no_list() -> None:
    (formula,) = lines_of("\\[\na\n= b\n- c\n\\]")
    assert formula.runs[0].text == "a\n= b\n- c"


def test_pictures_elsewhere_are_described_and_offered_as_links() -> None:
    (line,) = lines_of("![a cat](https://example.org/p.png) ![x](file:///etc/passwd)")
    pictures = [run for run in line.runs if run.picture]
    assert [(run.text, run.link) for run in pictures] == [("a cat", "https://example.org/p.png")]


def test_a_picture_in_the_text_itself_is_a_part_if_it_is_small() -> None:
    (picture,) = parts_of("![dot](data:image/png;base64,AAAA)")
    assert picture == Picture("data:image/png;base64,AAAA", "dot")
    big = f"![dot](data:image/png;base64,{'A' * 800_000})"
    assert not any(isinstance(part, Picture) for part in parts_of(big))
    assert not any(isinstance(part, Picture) for part in parts_of("![x](data:image/svg+xml,a)"))


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://example.org", True),
        ("mailto:me@example.org", True),
        ("mailto:", False),
        ("http://", False),
        ("https://[::1", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("data:text/html,x", False),
        ("xmpp:me@example.org", False),
    ],
)
def test_only_the_web_and_mail_are_links(url: str, is_one: bool) -> None:
    assert is_link(url) is is_one
    (line,) = lines_of(f"[x](<{url}>) <{url}>")
    assert any(run.link for run in line.runs) is is_one


@pytest.mark.parametrize(
    "text",
    [
        "Plain **bold** *it* ***both*** ~~gone~~ `co``de` [li*n*k](https://example.org/a_b)",
        "# Head *it*\n\ntext\n\n---\n\nmore",
        "- a\n- b\n  - c\n    - d\n- [x] e\n\n3. f\n4. g\n   - h",
        "- a\n\n  second paragraph\n- b",
        "> quote\n> \n> more\n> > nested\n\nafter",
        "> [!NOTE]\n> text\n> - item\n\nafter",
        "$a_b$ and $5\n\n$$\nx\n+ y\n$$\n\nafter",
        "1\\. no list\n\n\\# no head\n\n\\- no item\n\n\\*no\\* a\\_b \\<b> &amp;amp; [x]",
        "line one\nline two",
        "A[^n].\n\n[^n]: The note.",
    ],
)
def test_lines_become_markdown_that_means_the_same(text: str) -> None:
    lines = lines_of(text)
    assert lines_of(markdown_of(lines)) == lines


def test_a_table_becomes_markdown_that_means_the_same() -> None:
    (table,) = parts_of("| a | b \\| c | d |\n|:-:|--:|---|\n| **1** | `2` | $x$ |\n| 3 | | 4 |")
    assert isinstance(table, Table)
    assert parts_of(whole_table(table)) == [table]


def test_part_of_a_line_keeps_its_style() -> None:
    (line,) = lines_of("- some **bold words** and $x^2$ here")
    lengths = [len(run.text) if not run.maths else 1 for run in line.runs]
    half = cut(line, lengths, 2, 9, 2 + sum(lengths) - 3)
    assert half is not None
    assert markdown_of([half]) == "**ld words** and $x^2$ h"
    whole = cut(line, lengths, 2, 0, 2 + sum(lengths))
    assert whole == line
    assert cut(line, lengths, 2, 1_000, 2_000) is None


HOSTILE = {
    "brackets": "[" * 1_000_000,
    "bracket paragraphs": ("[" * 50 + "\n\n") * 2_000,
    "quotes": ">" * 10_000 + " a",
    "deep list": "\n".join("  " * level + "- a" for level in range(500)),
    "pipes": "|" * 100_000,
    "wide table": "|a" * 2_000 + "\n" + "|-" * 2_000 + "\n" + "|b" * 2_000,
    "dollars": "$" * 200_000,
    "open formulas": "\\(" * 100_000,
    "stars": "*a **b " * 50_000,
    "notes": "[^a]" * 100_000 + "\n\n[^a]: x",
    "addresses": "http://a.b/(" * 20_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_neither_hangs_nor_is_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules are tried a bounded number of times a character, and its letters are all shown."""
    from markdown_it.rules_inline import StateInline

    tried = 0
    push = StateInline.push

    def counted(self: StateInline, *args: object) -> object:
        nonlocal tried
        tried += 1
        return push(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(StateInline, "push", counted)
    text = HOSTILE[name]
    parts = GrowingMarkdown().append(text, is_complete=True)
    assert parts
    assert tried <= len(text)
    shown = sum(len(letters_of(part)) for part in parts)
    if name not in ("wide table", "stars", "notes", "deep list"):
        assert shown >= text.count(text[0]) * (name not in ("quotes", "bracket paragraphs"))


def test_open_brackets_are_read_up_to_a_number() -> None:
    few, many = "[" * (MAX_BRACKETS - 100), "[" * (MAX_BRACKETS * 3)
    assert plain_of(lines_of(f"**b** {few}")).startswith("b ")
    assert plain_of(lines_of(f"**b** {many}")).startswith("**b** ")


def test_what_is_nested_too_deeply_is_shown_as_it_was_written() -> None:
    lines = lines_of("> " * (MAX_DEPTH + 20) + "deep *text*")
    assert max(line.depth for line in lines) <= MAX_DEPTH
    assert "deep *text*" in plain_of(lines)


def test_a_long_table_is_not_parsed_again_with_every_row() -> None:
    """Constant work: only its head and its last rows are."""
    growing = GrowingMarkdown()
    row = "| some words in a cell | and some more in another one |\n"
    growing.append("| a | b |\n|---|---|\n")
    for _ in range(3_000):
        (table,) = growing.append(row)
        assert len(growing._tail) < 3_000
    assert growing.append("", is_complete=True) == [table]
    assert isinstance(table, Table)
    assert len(table.rows) == 3_001
    after = growing.append("\nafter")
    assert [*growing.finished, *after] == [table, Line((Run("after"),))]


def test_a_paragraph_without_end_is_cut_and_put_right_when_it_is_complete() -> None:
    growing = GrowingMarkdown()
    for _ in range(200):
        growing.append("words and *words* " * 50)
        assert len(growing._tail) < 18_000
    parts = growing.append("", is_complete=True)
    assert [*growing.finished, *parts] == parts_of("words and *words* " * 10_000)


def test_code_that_grows_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.ui import markdown

    growing = GrowingMarkdown()
    growing.append("```python\n")
    growing.append("x = 1\n")
    parsed: list[str] = []
    parse = markdown.parse
    monkeypatch.setattr(markdown, "parse", lambda text: parsed.append(text) or parse(text))
    for number in range(500):
        (code,) = growing.append(f"line {number}\n")
        assert isinstance(code, Code)
        assert code.text.endswith(f"line {number}")
    assert not parsed
    after = growing.append("```\nafter")
    assert parsed
    assert [*growing.finished, *after][-1] == Line((Run("after"),))


def lines_of(text: str) -> list[Line]:
    return [part for part in parts_of(text) if isinstance(part, Line)]


def letters_of(part: Part) -> str:
    if isinstance(part, Line):
        return "".join(run.text for run in part.runs)
    return part.text if isinstance(part, Code) else ""
