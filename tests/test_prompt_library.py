"""The library of prompts: versions, bin, folders, files in and out, the command line's look-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from app.cli import run
from app.core.entities import utc_now
from app.core.errors import AppError, Problem
from app.core.prompt_documents import (
    MOST_MESSAGES,
    document_of,
    fault_of_variables,
    prompt_from,
)
from app.core.prompts import (
    Prompt,
    PromptId,
    PromptMessage,
    PromptTemplate,
    Rendered,
    TemplateFormat,
    Variable,
    VariableKind,
)
from app.exchange import prompt_files
from app.exchange.prompt_files import ENDING, as_text
from app.services.built_in_prompts import built_in
from app.services.conversations import Conversations
from app.services.loop import LoopScheduler
from app.services.prompt_library import (
    ImportedPrompts,
    PromptLibrary,
    PromptListener,
    find_prompt,
)
from app.services.prompt_rendering import PromptRenderer
from app.storage.storage import Storage, open_storage

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
WAIT_S = 30.0


def prompt(name: str = "greet", text: str = "Hello {who}", **changes: object) -> Prompt:
    made = Prompt(
        PromptId(""),
        name,
        "Greet somebody",
        PromptTemplate((PromptMessage("user", text),), (Variable("who", label="Whom"),)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


RICH = Prompt(
    PromptId(""),
    "alles-dabei_2",
    "Alles: dabei",
    PromptTemplate(
        (
            PromptMessage("system", "Sprich {{ tongue }}.\n\n  eingerückt\n"),
            PromptMessage("user", "yes: no"),
            PromptMessage("assistant", "# kein Kommentar\n- keine Liste"),
            PromptMessage("user", "{{ text }} 你好 \U0001f600 “quotes” \\n"),
        ),
        (
            Variable("tongue", VariableKind.CHOICE, "Sprache", "Hilfe", "yes", ("yes", "no", "1")),
            Variable("text", VariableKind.LONG_TEXT, default="zwei\nZeilen"),
            Variable("n", VariableKind.NUMBER, default="3", minimum=0.5, maximum=9),
            Variable("day", VariableKind.DATE, default="2026-11-26", is_required=False),
            Variable("file", VariableKind.FILE),
            Variable("clip", VariableKind.CLIPBOARD),
            Variable("sel", VariableKind.SELECTION),
            Variable("plain", VariableKind.TEXT),
        ),
        TemplateFormat.JINJA,
    ),
    description="true",
    folder="Arbeit/Post",
)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    opened = open_storage(tmp_path / "c.sqlite3")
    yield opened
    opened.close()


# --- the storage


def test_each_save_is_a_version_and_an_old_one_comes_back_as_a_new_one(storage: Storage) -> None:
    first = storage.prompts.save(prompt())
    assert (first.version, first.is_built_in, bool(first.id)) == (1, False, True)
    second = storage.prompts.save(replace(first, title="Other", description="more"))
    assert (second.id, second.version) == (first.id, 2)
    third = storage.prompts.restore(first.id, 1)
    assert (third.version, third.title, third.description) == (3, "Greet somebody", "")
    assert [p.version for p in storage.prompts.versions(first.id)] == [3, 2, 1]
    assert storage.prompts.all() == [third]
    assert third.changed_at is not None
    assert utc_now() - third.changed_at < timedelta(minutes=1)


def test_another_name_or_folder_alone_is_no_version(storage: Storage) -> None:
    first = storage.prompts.save(prompt())
    moved = storage.prompts.save(replace(first, name="hail", folder="A/B"))
    assert (moved.version, moved.name, moved.folder) == (1, "hail", "A/B")
    storage.prompts.save(replace(moved, title="New"))
    back = storage.prompts.restore(first.id, 1)
    assert (back.title, back.name, back.folder) == ("Greet somebody", "hail", "A/B")


def test_everything_of_a_prompt_is_kept(tmp_path: Path, storage: Storage) -> None:
    kept = storage.prompts.save(RICH)
    again = open_storage(tmp_path / "c.sqlite3")
    try:
        assert again.prompts.all() == [kept]
    finally:
        again.close()
    assert replace(kept, id=PromptId(""), changed_at=None) == RICH


def test_a_name_belongs_to_one_prompt_whatever_its_case(storage: Storage) -> None:
    storage.prompts.save(prompt("Greet"))
    with pytest.raises(AppError) as caught:
        storage.prompts.save(prompt("gREET"))
    assert caught.value.problem.code == "prompt.name-taken"
    assert len(storage.prompts.all()) == 1


def test_the_bin_gives_names_free_and_back(storage: Storage) -> None:
    old = storage.prompts.save(prompt())
    storage.prompts.delete([old.id])
    assert storage.prompts.all() == []
    assert [p.id for p, _ in storage.prompts.binned()] == [old.id]
    new = storage.prompts.save(prompt())
    storage.prompts.take_out([old.id, PromptId("nobody")])
    assert {p.id: p.name for p in storage.prompts.all()} == {new.id: "greet", old.id: "greet-2"}
    assert storage.prompts.binned() == []


def test_what_was_in_the_bin_for_thirty_days_is_gone_for_good(
    tmp_path: Path, storage: Storage
) -> None:
    secret = "quokka marmalade"
    gone = storage.prompts.save(prompt("gone", f"{secret} {{who}}"))
    storage.prompts.save(replace(gone, title="Two versions"))
    kept = storage.prompts.save(prompt("kept"))
    storage.prompts.note_used(gone.id, {"who": secret})
    storage.prompts.delete([gone.id])
    storage.forget_old()
    assert len(storage.prompts.binned()) == 1, "it has been there for a moment only"
    storage.forget_old(-1)
    assert storage.prompts.binned() == []
    assert [p.id for p in storage.prompts.all()] == [kept.id]
    assert storage.prompts.versions(gone.id) == []
    assert storage.prompts.answers(gone.id) == {}
    for file in tmp_path.glob("c.sqlite3*"):
        assert secret.encode() not in file.read_bytes(), file.name


def test_answers_are_kept_for_built_in_prompts_too(storage: Storage) -> None:
    built = built_in("en")[0].id
    assert storage.prompts.answers(built) == {}
    storage.prompts.note_used(built, {"length": "one"})
    storage.prompts.note_used(built, {"length": "two"})
    assert storage.prompts.answers(built) == {"length": "two"}
    assert set(storage.prompts.used()) == {built}


def test_a_prompt_that_cannot_be_read_does_not_hide_the_others(storage: Storage) -> None:
    broken = storage.prompts.save(prompt("broken"))
    fine = storage.prompts.save(prompt("fine"))
    database = storage.prompts._database
    database.execute(
        "UPDATE prompt_version SET document = ? WHERE prompt_id = ?", ('{"x": 1}', broken.id)
    )
    assert storage.prompts.all() == [fine]


def test_a_thousand_prompts_are_listed_quickly(storage: Storage) -> None:
    storage.prompts.import_all(replace(RICH, name=f"p{n}") for n in range(1000))
    begun = time.monotonic()
    assert len(storage.prompts.all()) == 1000
    assert time.monotonic() - begun < 2.0  # 0.2 s where nothing else runs


# --- files


def test_a_prompt_comes_back_from_its_file_as_it_was() -> None:
    for each in (RICH, prompt(), *built_in("en"), *built_in("zh_CN")):
        text = as_text(each)
        again = prompt_files.prompt_from(text.encode(), "any")
        plain = replace(each, id=PromptId(""), is_built_in=False)
        assert again == plain, each.name


def test_its_file_can_be_read_by_people() -> None:
    text = as_text(next(p for p in built_in("en") if p.name == "translate"))
    assert text.startswith("name: translate\ntitle: Translate\n")
    assert "    text: |-\n      Translate this text into {target}:\n" in text
    assert "\\n" not in text
    assert "简体中文" in as_text(next(p for p in built_in("zh_CN") if p.name == "翻译"))


def test_a_short_file_by_hand_is_enough() -> None:
    text = "messages:\n- {role: user, text: 'Hi {a}'}\nvariables: [{name: a, default: 2026-01-02}]"
    found = prompt_files.prompt_from(text, "my first prompt!.prompt.yaml")
    assert (found.name, found.title) == ("my-first-prompt", "my-first-prompt")
    assert found.template.variables == (Variable("a", default="2026-01-02"),)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(8)
)
MESSAGES = "messages:\n- role: user\n  text: x\n"


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"", "1", "keys and values"),
        (b"\x00\xff\xfe\x01", "1", ""),
        (b"a: [", "1:5", ""),
        (b"- a\n- b\n", "1", "keys and values"),
        (b"name: x\nmessages: []\n", "messages", "the last message"),
        (b"name: x y\n" + MESSAGES.encode(), "name", "no name"),
        (b"defalt: x\n" + MESSAGES.encode(), "1", "'defalt' is none of"),
        (b"messages:\n- role: robot\n  text: x\n", "messages", "'robot'"),
        (b"messages:\n- text: [x]\n  role: user\n", "messages, 1, text", "a text"),
        (b"messages:\n- x\n", "messages, 1", "keys and values"),
        (b"messages: x\n", "messages", "a list"),
        (b"format: mustache\n" + MESSAGES.encode(), "format", "f-string"),
        (b"variables: [{name: a b}]\n" + MESSAGES.encode(), "variables, a b", "letters"),
        (b"variables: [{name: a}, {name: a}]\n" + MESSAGES.encode(), "variables, a", "two"),
        (b"variables: [{name: a, kind: colour}]\n" + MESSAGES.encode(), "variables, 1", "kind"),
        (b"variables: [{name: a, kind: choice}]\n" + MESSAGES.encode(), "variables, a", "choices"),
        (b"variables: [{name: a, required: 1}]\n" + MESSAGES.encode(), "variables, 1", "true"),
        (b"variables: [{name: a, minimum: .inf}]\n" + MESSAGES.encode(), "variables, 1", "number"),
        (
            b"variables: [{name: a, minimum: 3, maximum: 2}]\n" + MESSAGES.encode(),
            "variables",
            "above",
        ),
        (
            b"title: !!python/object/apply:os.system [id]\n" + MESSAGES.encode(),
            "1:8",
            "constructor",
        ),
        (BOMB.encode(), "2", "aliases"),
        (b"title: " + b"[" * 50 + b"]" * 50, "1", "nested"),
        (b"title: [" + b"1," * 20_000 + b"]", "1", "too many"),
        (b"title: " + b"x" * 300 + b"\n" + MESSAGES.encode(), "title", "300 characters"),
        (b"a: " + b"{a: " * 100_000, "1", "nested"),
        (MESSAGES.encode() * 2 + b"\n? [a, b]\n: c\n", "", ""),
        # numbers that would be computed for minutes, or that Python does not write out
        (b"title: 1" + b":1" * 100_000 + b"\n" + MESSAGES.encode(), "title", "characters"),
        (b"title: 0x" + b"f" * 9000 + b"\n" + MESSAGES.encode(), "title", "9002 characters"),
        (
            b"variables: [{name: a, kind: choice, choices: [yes, no]}]\n" + MESSAGES.encode(),
            "variables, 1, choices",
            "quotes",
        ),
    ],
)
def test_a_bad_file_is_refused_and_the_place_is_named(data: bytes, place: str, reason: str) -> None:
    with pytest.raises(AppError) as caught:
        prompt_files.prompt_from(data, "strange.prompt.yaml")
    found = caught.value.problem
    assert found.code == "prompt.file-bad"
    named = dict(found.params)
    assert named["name"] == "strange.prompt.yaml"
    assert place in named["place"], (named, found.details)
    assert reason in found.details


@pytest.mark.parametrize(
    "variable",
    [
        Variable("n", VariableKind.NUMBER, default="many"),
        Variable("n", VariableKind.NUMBER, default="nan"),
        Variable("n", VariableKind.NUMBER, default="9", maximum=5),
        Variable("n", VariableKind.DATE, default="tomorrow"),
        Variable("n", VariableKind.CHOICE, default="c", choices=("a", "b")),
    ],
)
def test_a_default_that_its_field_could_not_hold_is_refused(variable: Variable) -> None:
    assert fault_of_variables((variable,))[0] == "n"
    assert fault_of_variables((replace(variable, default=""),)) == ("", "")


def test_a_file_of_more_than_a_megabyte_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / f"large{ENDING}"
    with file.open("wb") as stream:
        stream.truncate(40 << 30)  # sparse: forty gigabytes that take no room
    with pytest.raises(AppError) as caught:
        prompt_files.read_prompts(file)
    assert caught.value.problem.code == "prompt.file-too-large"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_and_a_folder_are_no_files(tmp_path: Path) -> None:
    pipe = tmp_path / f"pipe{ENDING}"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, tmp_path / "missing.yaml"):
        with pytest.raises(AppError) as caught:
            prompt_files.read_prompts(path)
        assert caught.value.problem.code == "prompt.file-unreadable"


def test_too_many_messages_are_refused() -> None:
    message = {"role": "user", "text": "x"}
    with pytest.raises(Exception, match=str(MOST_MESSAGES)):
        prompt_from({"messages": [message] * (MOST_MESSAGES + 1)}, "x")


def test_files_are_written_beside_what_is_there(tmp_path: Path) -> None:
    first = prompt_files.write_prompts([prompt(), prompt("Greet", "Other {who}")], tmp_path / "a")
    assert [p.name for p in first] == [f"greet{ENDING}", f"Greet (2){ENDING}"]
    before = first[0].read_bytes()
    again = prompt_files.write_prompts([prompt(text="New {who}")], tmp_path / "a")
    assert [p.name for p in again] == [f"greet (3){ENDING}"]
    assert first[0].read_bytes() == before
    assert prompt_files.read_prompts(again[0])[0].name == "greet"


def test_the_whole_library_goes_into_one_zip_and_comes_back(tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    chosen = [RICH, prompt(), prompt("hail", folder="Arbeit/Post")]
    prompt_files.write_zip(chosen, target)
    with zipfile.ZipFile(target) as archive:
        assert f"Arbeit/Post/alles-dabei_2{ENDING}" in archive.namelist()
    assert prompt_files.read_prompts(target) == chosen
    assert list(tmp_path.glob("*.part")) == []


def test_a_bad_zip_is_refused(tmp_path: Path) -> None:
    broken, empty, bomb = (tmp_path / f"{n}.zip" for n in ("broken", "empty", "bomb"))
    broken.write_bytes(b"PK\x03\x04nonsense")
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "x")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"x{ENDING}", b"#" * (64 << 20))
    for file in (broken, empty, bomb):
        with pytest.raises(AppError) as caught:
            prompt_files.read_prompts(file)
        assert caught.value.problem.code == "prompt.file-bad", file.name


@pytest.mark.parametrize("way", ["files", "zip"])
def test_killed_before_the_last_step_an_export_leaves_no_half_file(
    tmp_path: Path, way: str
) -> None:
    target = tmp_path / "out"
    target.mkdir()
    script = f"""
        import os, signal
        from pathlib import Path
        from app.exchange import prompt_files
        from app.services.built_in_prompts import built_in
        Path.replace = lambda *_: os.kill(os.getpid(), {int(signal.SIGTERM)})
        target = Path({str(target)!r})
        if {way!r} == "zip":
            prompt_files.write_zip(built_in("en"), target / "all.zip")
        else:
            prompt_files.write_prompts(built_in("en"), target)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=False)
    assert done.returncode != 0
    left = [path.name for path in target.iterdir()]
    assert all(name.endswith(".part") for name in left), left
    prompt_files.write_prompts(built_in("en")[:1], target)
    assert prompt_files.read_prompts(target / f"summarise{ENDING}")[0].name == "summarise"


# --- the service


class News(PromptListener):
    def __init__(self) -> None:
        self.names: list[str] = []
        self.deleted: list[str] = []

    def prompts_changed(self, prompts: Sequence[Prompt]) -> None:
        self.names = [p.name for p in prompts if not p.is_built_in]

    def prompt_deleted(self, prompt: Prompt) -> None:
        self.deleted.append(prompt.name)


class Library:
    """The service with a loop around it."""

    def __init__(self, folder: Path, renderer: PromptRenderer) -> None:
        self.loop = LoopScheduler()
        self.conversations = Conversations(folder / "c.sqlite3", self.loop)
        self.prompts = PromptLibrary(self.conversations, self.loop, lambda: "Tiny", renderer)
        self.news = News()
        self.prompts.add_listener(self.news)
        self.conversations.start()
        self.prompts.start("en")
        self.until(lambda: self.conversations.is_ready and len(self.prompts.all) > 20)

    def until(self, is_over: Callable[[], bool]) -> None:
        assert self.loop.run_until(is_over, WAIT_S)

    def get(self, start: Callable[[Callable[[T], None]], object]) -> T:
        """What `done` hears."""
        heard: list[T] = []
        start(heard.append)
        self.until(lambda: bool(heard))
        return heard[0]

    def save(self, each: Prompt) -> Prompt:
        found = self.get(lambda done: self.prompts.save(each, done, _fail))
        assert isinstance(found, Prompt)
        return found

    def refusal(self, each: Prompt) -> str:
        problem: Problem = self.get(lambda failed: self.prompts.save(each, _fail, failed))
        return problem.code

    def close(self) -> None:
        self.conversations.close([])
        self.loop.drain(WAIT_S)


def _fail(what: object) -> None:
    pytest.fail(str(what))


@pytest.fixture(scope="module")
def renderer() -> Iterator[PromptRenderer]:
    made = PromptRenderer()
    yield made
    made.close()


@pytest.fixture
def library(tmp_path: Path, renderer: PromptRenderer) -> Iterator[Library]:
    made = Library(tmp_path, renderer)
    yield made
    made.close()


def test_own_prompts_stand_before_those_of_inglenook(library: Library) -> None:
    library.save(prompt("zebra", title="Zebra"))
    library.save(prompt("apple", title="Apple"))
    library.save(prompt("filed", folder=" Work / Mail/"))
    assert library.news.names == ["apple", "zebra", "filed"]
    assert [p.name for p in library.prompts.all][:3] == ["apple", "zebra", "filed"]
    assert library.prompts.all[3:] == list(built_in("en"))
    assert library.prompts.folders == ["Work/Mail"]


def test_deleting_can_be_undone(library: Library) -> None:
    saved = library.save(prompt())
    library.prompts.delete(saved.id)
    library.until(lambda: library.news.deleted == ["greet"])
    assert library.news.names == []
    assert [p.id for p, _ in library.get(library.prompts.find_binned)] == [saved.id]
    library.prompts.undo()
    library.until(lambda: library.news.names == ["greet"])
    library.prompts.undo()  # only once
    library.prompts.delete(built_in("en")[0].id)  # stays
    assert library.get(library.prompts.find_binned) == []
    assert len(library.news.deleted) == 1


def test_versions_and_going_back(library: Library) -> None:
    saved = library.save(prompt())
    library.save(replace(saved, title="Second"))
    versions = library.get(lambda done: library.prompts.versions(saved.id, done))
    assert [(p.version, p.title) for p in versions] == [(2, "Second"), (1, "Greet somebody")]
    back = library.get(lambda done: library.prompts.restore(saved.id, 1, done))
    assert (back.version, back.title) == (3, "Greet somebody")
    assert library.prompts.find(saved.id) == back


def test_what_cannot_be_kept_is_refused_in_words(library: Library) -> None:
    assert library.refusal(built_in("en")[0]) == "prompt.built-in"
    assert library.refusal(prompt("two words")) == "prompt.name-bad"
    assert library.refusal(prompt("")) == "prompt.name-bad"
    library.save(prompt("/taken"))
    assert library.refusal(prompt("TAKEN")) == "prompt.name-taken"
    only_system = PromptTemplate((PromptMessage("system", "x"),))
    assert library.refusal(prompt(template=only_system)) == "prompt.shape"
    double = PromptTemplate((PromptMessage("user", "x"),), (Variable("a"), Variable("a")))
    assert library.refusal(prompt(template=double)) == "prompt.variable-bad"
    assert library.refusal(prompt("x", "y" * 600_000)) == "prompt.too-long"
    gone = replace(prompt("gone"), id=PromptId("0123"))
    assert library.refusal(gone) == "prompt.not-found"
    assert library.news.names == ["taken"]


def test_a_text_with_a_mistake_is_kept_and_the_mistake_is_found(library: Library) -> None:
    saved = library.save(prompt("draft", "Hello {who"))
    heard: list[tuple[Problem | None, tuple[str, ...]]] = []
    library.prompts.check(saved.template, lambda problem, names: heard.append((problem, names)))
    library.prompts.check(prompt().template, lambda problem, names: heard.append((problem, names)))
    library.until(lambda: len(heard) == 2)
    assert heard[0][0] is not None
    assert heard[0][0].code == "prompt.braces"
    assert heard[1] == (None, ("who",))


def test_a_copy_of_a_built_in_prompt_is_ones_own(library: Library) -> None:
    original = built_in("en")[0]
    copy = library.prompts.copy_of(original)
    assert (copy.name, copy.id, copy.is_built_in) == ("summarise-2", "", False)
    saved = library.save(copy)
    assert saved.template == original.template
    assert library.prompts.copy_of(saved).name == "summarise-2-2"


def test_filling_in_knows_day_model_and_language(library: Library) -> None:
    template = PromptTemplate((PromptMessage("user", "{model} {language} {date} {weekday}"),))
    library.prompts.prepare()
    made: Rendered = library.get(lambda done: library.prompts.render(template, {}, done, _fail))
    words = made.question.split()
    assert words[:2] == ["Tiny", "English"]
    assert len(words[2]) == 10
    problem: Problem = library.get(
        lambda failed: library.prompts.render(prompt().template, {}, _fail, failed)
    )
    assert problem.summary_text == "The prompt needs a value for: Whom."


def test_an_endless_loop_is_heard_of_and_the_database_is_not_held_up(
    library: Library, renderer: PromptRenderer
) -> None:
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    template = PromptTemplate((PromptMessage("user", loop),), (), TemplateFormat.JINJA)
    problems: list[Problem] = []
    library.prompts.render(template, {}, _fail, problems.append)
    library.save(prompt())
    assert problems == [], "the prompt was saved while the loop was running"
    library.until(lambda: bool(problems))
    assert problems[0].code == "prompt.too-slow"


def test_the_last_answers_are_remembered_but_not_the_texts(library: Library) -> None:
    saved = library.save(RICH)
    answers = {
        "tongue": "no",
        "n": "4",
        "plain": "kept",
        "text": "a long text",
        "file": "bytes",
        "clip": "secret",
        "sel": "selected",
        "other": "x",
    }
    library.prompts.note_used(saved.id, answers)
    found = library.get(lambda done: library.prompts.last_answers(saved.id, done))
    assert found == {"tongue": "no", "n": "4", "plain": "kept"}
    assert saved.id in library.prompts.used
    library.prompts.note_used(saved.id, {"plain": "x" * 5000})
    assert library.get(lambda done: library.prompts.last_answers(saved.id, done)) == {}


def test_files_go_out_and_come_in_with_numbers_where_names_are_taken(
    library: Library, tmp_path: Path
) -> None:
    saved = library.save(prompt())
    ids = [saved.id, built_in("en")[0].id]
    files = library.get(lambda done: library.prompts.export(ids, tmp_path / "out", done, _fail))
    assert {file.name for file in files} == {f"greet{ENDING}", f"summarise{ENDING}"}
    bad = tmp_path / "bad.yaml"
    bad.write_text("x: [", encoding="utf-8")
    paths = [*files, bad, tmp_path / "missing.yaml"]
    found: ImportedPrompts = library.get(
        lambda done: library.prompts.read_files(paths, done, _fail)
    )
    assert {p.name for p in found.prompts} == {"greet-2", "summarise"}
    assert all(p.id and not p.is_built_in for p in found.prompts)
    codes = [problem.code for problem in found.problems]
    assert codes == ["prompt.file-bad", "prompt.file-unreadable"]
    assert sorted(library.news.names) == ["greet", "greet-2", "summarise"]


def test_all_own_prompts_go_into_one_zip(library: Library, tmp_path: Path) -> None:
    library.save(prompt())
    library.save(RICH)
    target = tmp_path / "prompts.zip"
    count = library.get(lambda done: library.prompts.export_all(target, done, _fail))
    assert count == 2
    found = library.get(lambda done: library.prompts.read_files([target], done, _fail))
    assert {p.name for p in found.prompts} == {"greet-2", "alles-dabei_2-2"}
    assert {p.folder for p in found.prompts} == {"", "Arbeit/Post"}


def test_an_export_to_where_nothing_can_be_written_says_so(
    library: Library, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    problem: Problem = library.get(
        lambda failed: library.prompts.export([built_in("en")[0].id], blocked, _fail, failed)
    )
    assert problem.code == "exchange.export"
    assert blocked.read_text(encoding="utf-8") == "x"


def test_another_language_brings_other_prompts(library: Library) -> None:
    library.prompts.set_language("zh_CN")
    library.until(lambda: library.prompts.all == list(built_in("zh_CN")))


def test_without_a_database_a_person_hears_of_it(tmp_path: Path, renderer: PromptRenderer) -> None:
    loop = LoopScheduler()
    conversations = Conversations(tmp_path / "no" / "such" / "c.sqlite3", loop)
    prompts = PromptLibrary(conversations, loop, lambda: "", renderer)
    problems: list[Problem] = []
    prompts.save(prompt(), _fail, problems.append)
    assert loop.run_until(lambda: bool(problems), WAIT_S)
    assert problems[0].code == "prompt.not-open"


# --- the command line's look-up


def test_the_command_line_finds_prompts_by_name(storage: Storage) -> None:
    assert find_prompt(None, "summarise").id == "built-in:summarise"
    assert find_prompt(None, "/Summarise", "zh_CN").title == "总结一段文字"
    assert find_prompt(None, "总结", "zh_CN").id == "built-in:summarise"
    own = storage.prompts.save(prompt("Summarise"))
    assert find_prompt(storage, "summarise") == own
    with pytest.raises(AppError) as caught:
        find_prompt(storage, "nonsense")
    assert caught.value.problem.summary_text == "There is no prompt nonsense."


def test_a_document_holds_only_what_there_is() -> None:
    assert document_of(prompt()) == {
        "name": "greet",
        "title": "Greet somebody",
        "format": "f-string",
        "variables": [{"name": "who", "kind": "text", "label": "Whom"}],
        "messages": [{"role": "user", "text": "Hello {who}"}],
    }
    assert os.sep not in as_text(prompt())


def test_the_command_line_lists_shows_exports_and_imports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def inglenook(*arguments: str) -> tuple[int, str, str]:
        code = run([*arguments, "--data-dir", str(tmp_path / "data")])
        return code, *capsys.readouterr()

    code, out, _ = inglenook("prompts", "list")
    assert (code, out.splitlines()[0]) == (0, "summarise  Writing/Summarise a text")
    code, out, _ = inglenook("prompts", "show", "/sql")
    assert code == 0
    assert prompt_files.prompt_from(out, "x").title == "SQL from a description"
    folder = tmp_path / "out"
    code, out, _ = inglenook("prompts", "export", "sql", "regex", "--to", str(folder))
    assert (code, out.split()) == (0, [str(folder / f"{n}{ENDING}") for n in ("sql", "regex")])
    (folder / "bad.yaml").write_text("x: [", encoding="utf-8")
    files = sorted(str(path) for path in folder.iterdir())
    code, out, err = inglenook("prompts", "import", *files)
    assert code == 1, "one of them is bad"
    assert sorted(out.splitlines()) == ["Imported regex.", "Imported sql."]
    assert "bad.yaml is no prompt" in err
    code, out, _ = inglenook("prompts", "list")
    assert out.splitlines()[1] == "sql  Code/SQL from a description  (your own)"
    code, _, err = inglenook("prompts", "show", "nobody")
    assert (code, "There is no prompt nobody." in err) == (1, True)
