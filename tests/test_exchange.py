"""Getting conversations out: each format holds what it should, and nothing that could do harm."""

from __future__ import annotations

import errno
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.entities import ConversationId, MessageId, Status
from app.core.errors import ExportDiskFull, Problem
from app.core.reasoning import FAMILIES
from app.exchange import reasoning
from app.exchange.archive import ArchiveWriter
from app.exchange.as_html import to_html
from app.exchange.as_json import from_json, to_json
from app.exchange.as_markdown import to_markdown
from app.exchange.html_body import HtmlBody
from app.exchange.naming import Names, safe_name
from app.exchange.records import Record, Words, branch
from app.exchange.sources import read_all
from app.services.exchange import ExchangeService, Exported, Imported, JobListener, Preview
from app.services.exchange_files import ExportOrder, Format
from app.services.loop import LoopScheduler
from app.storage.storage import Storage, open_storage
from tests.exchange_samples import PNG, a_record, message

WORDS = Words()


class News(JobListener):
    """Keeps what a job says."""

    def __init__(self) -> None:
        self.result: object = None
        self.problem: Problem | None = None
        self.progress: list[tuple[int, int]] = []
        self.on_progress: Callable[[], None] = lambda: None
        self.is_cancelled = False

    def progressed(self, done: int, total: int) -> None:
        self.progress.append((done, total))
        self.on_progress()

    def finished(self, result: object) -> None:
        self.result = result

    def failed(self, problem: Problem) -> None:
        self.problem = problem

    def cancelled(self, result: object) -> None:
        self.is_cancelled, self.result = True, result


class Desk:
    """The service over a storage of its own; each call waits for its end."""

    def __init__(self, path: Path) -> None:
        self.loop = LoopScheduler()
        self.storage: Storage = open_storage(path)
        self.service = ExchangeService(lambda: self.storage, self.loop)

    def export(self, order: ExportOrder) -> News:
        news = News()
        job = self.service.export(order, news)
        assert self.loop.run_until(lambda: job.is_over, 60)
        return news

    def bring_in(self, *paths: Path) -> Imported:
        news = News()
        job = self.service.look(paths, news)
        assert self.loop.run_until(lambda: job.is_over, 60)
        assert isinstance(news.result, Preview), news.problem
        job = self.service.bring_in(news.result, news)
        assert self.loop.run_until(lambda: job.is_over, 60)
        assert isinstance(news.result, Imported), news.problem
        return news.result

    def add(self, record: Record) -> ConversationId:
        folder = self.storage.organiser.add_folder(record.folder).id if record.folder else None
        whole = replace(record.conversation, folder_id=folder)
        return self.storage.history.add_whole(whole, record.messages, record.data).id


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "conversations.sqlite3")


# Markdown and HTML


def test_markdown_is_the_branch_on_show() -> None:
    text = to_markdown(a_record("Bees"), WORDS)
    assert text.startswith("# Bees\n")
    assert "> Be brief." in text
    assert "What is **this**?" in text
    assert "A wasp." not in text
    assert "> Stripes…" in text
    assert "A *bee*." in text
    assert "## Assistant · Tiny-1B\n" in text
    assert "*Attachment: bee.png*" in text
    assert "```\na note\n```" in text
    assert text.rstrip().endswith("*This answer is not complete.*")


def test_reasoning_can_be_left_out() -> None:
    for text in (
        to_markdown(a_record(), WORDS, has_reasoning=False),
        to_html(a_record(), WORDS, has_reasoning=False),
    ):
        assert "Stripes" not in text
        assert "bee" in text


def test_html_needs_nothing_else_and_runs_nothing() -> None:
    page = to_html(a_record(), WORDS)
    assert "Content-Security-Policy" in page
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page
    assert "<details>\n<summary>Thoughts</summary>" in page
    assert 'src="data:image/png;base64,' in page
    assert "<b>question" not in page
    assert "&lt;b&gt;question" in page
    assert '<span class="nb">print</span>' in page
    assert "&lt;hi&gt;" in page
    assert "<hi>" not in page
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert {address.partition(":")[0] for address in addresses} == {"data"}
    assert "url(" not in page
    assert "@import" not in page


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    '<https://x.example/"onmouseover=alert(1)>',
    '[a](https://x.example "t\\" onclick=alert(1) x=\\"")',
    '```"><script>alert(1)</script>\nx\n```',
    "$\\href{javascript:alert(1)}{x}$",
    "$$<script>alert(1)</script>$$",
    "[a]: javascript:alert(1)\n\n[a]",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "| <script>alert(1)</script> |\n|--|\n| <b onclick=x> |",
]


@pytest.mark.parametrize("is_print", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_message_becomes_html_of_its_own(text: str, is_print: bool) -> None:
    made = HtmlBody(is_print=is_print).render(text)
    assert "<script" not in made.lower()
    tags = re.findall(r"<[a-z][^>]*>", made, re.IGNORECASE)
    quoted = [re.sub(r'"[^"]*"', '""', tag) for tag in tags]
    assert not [tag for tag in quoted if re.search(r"\son\w+\s*=", tag)]
    assert not [t for t in tags if re.search(r'(href|src)="(?!https?:|mailto:|#|formula:)', t)]


def test_pictures_from_elsewhere_are_only_links() -> None:
    made = HtmlBody().render("![a cat](https://x.example/cat.png)")
    assert "<img" not in made
    assert ">[a cat]</a>" in made


def test_formulas_tables_tasks_and_footnotes_are_drawn() -> None:
    made = HtmlBody().render(
        "Is $x^2$ and \\(y\\)\n\n$$\n\\frac{a}{b}\n$$\n\nor $5 and $6[^n]\n\n[^n]: N"
    )
    assert made.count("<svg") == 3
    assert "or $5 and $6" in made
    assert "footnote" in made
    assert "☑ done" in HtmlBody().render("- [x] done")
    assert "<strong>Tipp</strong>" in HtmlBody(alerts={"tip": "Tipp"}).render("> [!TIP]\n> Rest.")
    assert "<h2>Bread</h2>" in HtmlBody().render("# Bread")  # the first level is the page's title
    assert "<th>a</th>" in HtmlBody().render("|a|\n|-|\n|b|")


def test_what_is_no_formula_stays_readable() -> None:
    for source in ("\\frac{", "{" * 60, "\\sqrt{" * 50 + "x" + "}" * 50, "中文", "x" * 5000):
        assert source.split("{")[0][:20] in HtmlBody().render(f"a $${source}$$ b")


def test_two_messages_may_have_footnotes_of_the_same_name() -> None:
    body = HtmlBody()
    page = "".join(body.render("a[^1]\n\n[^1]: note") for _ in range(2))
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == 4


def test_a_text_nested_without_end_is_exported_too() -> None:
    assert "deep" in HtmlBody().render(">" * 5000 + "deep")
    assert HtmlBody().render("[" * 20_000)


# reasoning


@pytest.mark.parametrize(
    ("text", "thought", "said"),
    [
        ("<think>a</think>b", "a", "b"),
        ("a</think>\nb", "a", "b"),
        ("<think>never closed", "never closed", ""),
        ("[THINK]a[/THINK]b", "a", "b"),
        (
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
            "a",
            "b",
        ),
        ("Write `<think>` before it", "", "Write `<think>` before it"),
        ("plain", "", "plain"),
        ("", "", ""),
    ],
)
def test_reasoning_is_told_from_the_answer(text: str, thought: str, said: str) -> None:
    parts = reasoning.segments(text)
    assert "".join(part.text for part in parts if part.is_thought) == thought
    assert "".join(part.text for part in parts if not part.is_thought) == said
    assert reasoning.without_reasoning(text) == said


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.opens)
def test_reasoning_left_out_is_that_of_every_family_the_window_knows(family: Any) -> None:
    text = f"{family.opens}\nfirst thoughts\n{family.closes[0]}\nthe answer"
    assert reasoning.without_reasoning(text) == "the answer"


# names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("..", "Untitled"),
        ("", "Untitled"),
        ("dots... ", "dots"),
        ("tab\tand\nline\0", "tab and line"),
        ("你好，世界", "你好，世界"),
        ("../../etc/passwd", "etc passwd"),
    ],
)
def test_a_title_becomes_a_name_for_every_system(title: str, name: str) -> None:
    assert safe_name(title) == name


def test_long_names_fit_and_equal_ones_are_told_apart() -> None:
    assert len(safe_name("字" * 500).encode()) <= 200
    names = Names(["Bees.md"])
    assert [names.take("bees", ".md"), names.take("BEES", ".md")] == ["bees (2).md", "BEES (3).md"]


# JSON and the archive


def test_json_holds_every_branch_and_comes_back_as_it_was() -> None:
    record = a_record()
    value = json.loads(to_json(record))
    assert value["version"] == 1
    assert len(value["messages"]) == 5
    assert from_json(value, lambda _: None) == record


def test_an_archive_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    writer = ArchiveWriter(path)
    writer.add(a_record())
    assert not path.exists(), "it has its name only when it is whole"
    writer.finish()
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        manifest = json.loads(made.read("manifest.json"))
        assert made.read("attachments/aaaaaaaaaaaaaaaa.png") == PNG
    assert [entry["title"] for entry in manifest["conversations"]] == [
        a_record().conversation.title
    ]
    assert list(read_all([path])) == [a_record()]
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["all.zip"]


def test_the_branch_needs_no_proper_tree() -> None:
    one, two = message(1, 2, "a"), message(2, 1, "b")
    assert branch([one, two], one.id) == [two, one]
    assert branch([one], MessageId("gone")) == [one]
    assert branch([], None) == []


# the service


def test_each_format_is_written_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    chosen = (desk.add(a_record("Bees")),)
    out = tmp_path / "out"
    out.mkdir()
    begins = {Format.MARKDOWN: b"# Bees", Format.HTML: b"<!DOCTYPE html>", Format.JSON: b"{",
              Format.ARCHIVE: b"PK"}  # fmt: skip
    for kind, begin in begins.items():
        target = out / f"bees{kind.ending}"
        news = desk.export(ExportOrder(chosen, kind, target))
        assert news.result == Exported(target, 1, False)
        assert target.read_bytes().startswith(begin)
    assert len(list(out.iterdir())) == len(begins)


def test_several_become_a_folder_of_files(desk: Desk, tmp_path: Path) -> None:
    first = desk.add(a_record("Bees"))
    other = replace(
        a_record("bees"),
        conversation=replace(a_record("bees").conversation, id=ConversationId("d" * 16)),
        folder="",
    )
    second = desk.add(other)
    out = tmp_path / "out"
    news = desk.export(ExportOrder((first, second), Format.MARKDOWN, out))
    assert news.result == Exported(out, 2, True)
    assert sorted(path.name for path in out.iterdir()) == ["Bees.md", "bees (2).md"]


def many(desk: Desk, count: int) -> tuple[ConversationId, ...]:
    ids = []
    for number in range(count):
        conversation_id = ConversationId(f"{number:016x}")
        one = message(number + 100_000, None, f"question {number}")
        plain = replace(
            a_record(f"Number {number}").conversation,
            id=conversation_id, head_id=one.id, tags=(),
        )  # fmt: skip
        stored = replace(one, conversation_id=conversation_id)
        ids.append(desk.storage.history.add_whole(plain, [stored], {}).id)
    return tuple(ids)


def test_many_are_written_in_batches_and_come_back(desk: Desk, tmp_path: Path) -> None:
    chosen = many(desk, 120)
    path = tmp_path / "all.zip"
    news = desk.export(ExportOrder(chosen, Format.ARCHIVE, path))
    assert news.result == Exported(path, 120, False)
    assert [done for done, _ in news.progress] == [0, 25, 50, 75, 100, 120]
    other = Desk(tmp_path / "other.sqlite3")
    assert other.bring_in(path) == Imported(added=120)
    assert {c.title for c in other.storage.history.conversations()} == {
        f"Number {number}" for number in range(120)
    }


def test_a_cancelled_export_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    chosen = many(desk, 60)
    out = tmp_path / "out"
    for target, kind in ((tmp_path / "all.zip", Format.ARCHIVE), (out, Format.HTML)):
        news = News()
        job = desk.service.export(ExportOrder(chosen, kind, target), news)
        news.on_progress = lambda job=job, news=news: job.cancel() if news.progress[-1][0] else None
        assert desk.loop.run_until(lambda job=job: job.is_over, 60)
        assert news.is_cancelled
        assert not target.exists()
    assert not list(tmp_path.glob("*.part"))


def test_the_end_of_the_app_leaves_no_half_of_an_archive(desk: Desk, tmp_path: Path) -> None:
    """The window is gone by then: nobody hears how the step under way has ended."""
    news = News()
    desk.service.export(ExportOrder(many(desk, 60), Format.ARCHIVE, tmp_path / "all.zip"), news)
    assert desk.loop.run_until(lambda: bool(list(tmp_path.glob("*.part"))), 60)
    desk.service.stop()
    assert desk.loop.drain(10)
    assert not list(tmp_path.glob("all.zip*"))


def test_an_answer_in_the_making_goes_out_as_interrupted() -> None:
    record = a_record()
    last = replace(record.messages[-1], status=Status.STREAMING)
    value = json.loads(to_json(replace(record, messages=(*record.messages[:-1], last))))
    assert value["messages"][-1]["status"] == "interrupted"


def test_a_file_missing_in_an_archive_leaves_its_text(desk: Desk) -> None:
    value = json.loads(to_json(a_record(), lambda a: "attachments/gone"))
    attachment = value["messages"][0]["attachments"][0]
    attachment["name"], attachment["text"] = "notes\n.md", "what it says"
    value["conversation"]["tags"] = [" ", "two\nlines"]
    record = from_json(value, lambda _: None)
    desk.add(record)
    (one,) = desk.storage.history.conversations()
    assert one.tags == ("two lines",)
    kept = desk.storage.history.branch(one.id)[0].attachments[0]
    assert (kept.name, kept.text) == ("notes .md", "what it says")


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    chosen = (desk.add(a_record()),)
    monkeypatch.setattr("app.services.exchange_files.os.fsync", full)
    target = tmp_path / "bees.md"
    target.write_text("was here before")
    news = desk.export(ExportOrder(chosen, Format.MARKDOWN, target))
    assert news.problem is not None
    assert news.problem.code == ExportDiskFull.code
    assert target.read_text() == "was here before"
    assert not list(tmp_path.glob("*.part"))


def test_a_conversation_deleted_meanwhile_is_left_out(desk: Desk, tmp_path: Path) -> None:
    chosen = (ConversationId("f" * 16), desk.add(a_record()))
    news = desk.export(ExportOrder(chosen, Format.ARCHIVE, tmp_path / "all.zip"))
    assert news.result == Exported(tmp_path / "all.zip", 1, False)
