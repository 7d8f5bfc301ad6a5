"""Conversations on a real SQLite file: the tree, the bin, what can go wrong, and old versions."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.entities import ConversationId, Role, SamplingParams, Statistics, Status
from app.core.errors import (
    ConversationNotFound,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseTooNew,
    DiskFull,
    FolderNotWritable,
    NotEnoughMemory,
    StorageError,
)
from app.core.memory import MemoryKind, MemoryPolicy, WhenFull
from app.core.remembered import MarkKind
from app.storage import database as database_module
from app.storage import history as history_module
from app.storage.bin import Bin
from app.storage.database import Database, backup_path, open_database, set_aside
from app.storage.history import History
from app.storage.migrations import MIGRATIONS, Step
from app.storage.storage import Storage
from app.storage.titles import title_from
from tests.data import make_samples
from tests.disks import fill
from tests.storage_samples import answered, texts, titles

ROOT = Path(__file__).parents[1]
NEWEST = len(MIGRATIONS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database goes."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "conversations.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """An open, empty database."""
    opened = open_database(path)
    yield opened
    opened.close()


@pytest.fixture
def history(database: Database) -> History:
    """Its conversations."""
    return History(database)


def count(database: Database, table: str) -> int:
    """Rows of a table."""
    return int(database.rows(f"SELECT count(*) FROM {table}")[0][0])


def in_another_process(code: str, path: Path) -> subprocess.Popen[str]:
    """Python code on the database at `path`; it has printed its first line when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


# The tree


def test_a_turn_is_a_question_and_an_empty_answer_after_it(path: Path, history: History) -> None:
    turn = history.begin_turn(None, "What is 2+2?", "Be brief.", "m.gguf")
    other = History(open_database(path))  # it is on disk at once, for everybody
    conversation = other.conversations()[0]
    assert conversation == turn.conversation
    assert conversation.title == "What is 2+2?"
    assert (conversation.system_prompt, conversation.model) == ("Be brief.", "m.gguf")
    question, answer = other.branch(conversation.id)
    assert (question, answer) == (turn.question, turn.answer)
    assert (question.role, question.status) == (Role.USER, Status.COMPLETE)
    assert (answer.role, answer.status, answer.content) == (Role.ASSISTANT, Status.STREAMING, "")
    assert answer.model == "m.gguf"
    other.close()


def test_turns_follow_each_other(history: History) -> None:
    conversation = answered(history, None, "one")
    answered(history, conversation, "two")
    answered(history, None, "elsewhere")
    branch = history.branch(conversation)
    assert texts(branch) == ["one", "one!", "two", "two!"]
    assert [m.parent_id for m in branch] == [None, *(m.id for m in branch[:-1])]


def test_another_answer_is_a_sibling_and_the_first_stays(
    database: Database, history: History
) -> None:
    conversation = answered(history, None, "one")
    question, first = history.branch(conversation)
    second = history.begin_answer(question, "other.gguf")
    history.finish(replace(second, content="again", status=Status.COMPLETE))
    assert second.parent_id == first.parent_id == question.id
    assert texts(history.branch(conversation)) == ["one", "again"]
    assert history.conversation(conversation).model == "other.gguf"
    assert count(database, "message") == 3
    answered(history, conversation, "two")
    assert texts(history.branch(conversation)) == ["one", "again", "two", "two!"]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE message; --", "a\0b", "😀 你好\n\n\t é", "{x} %s ?", "long " * 200_000]
)
def test_texts_come_back_as_they_were(history: History, text: str) -> None:
    turn = history.begin_turn(None, text, text, "")
    history.save_text(turn.answer.id, text)
    assert texts(history.branch(turn.conversation.id)) == [text, text]
    assert history.conversation(turn.conversation.id).system_prompt == text


@pytest.mark.parametrize("has_conversation", [False, True])
def test_a_turn_that_fails_in_the_middle_leaves_nothing(
    database: Database, history: History, has_conversation: bool
) -> None:
    """A trigger of SQLite itself refuses the answer, after the question was written."""
    conversation = answered(history, None, "before") if has_conversation else None
    list_before, messages_before = history.conversations(), count(database, "message")
    database.execute(
        "CREATE TRIGGER planted BEFORE INSERT ON message WHEN NEW.role = 'assistant'"
        " BEGIN SELECT RAISE(ABORT, 'planted'); END"
    )
    with pytest.raises(StorageError):
        history.begin_turn(conversation, "lost?", "", "")
    assert history.conversations() == list_before
    assert count(database, "message") == messages_before
    database.execute("DROP TRIGGER planted")
    answered(history, conversation, "after")
    assert count(database, "message") == messages_before + 2


def test_an_answer_keeps_its_numbers_and_its_problem(path: Path, history: History) -> None:
    statistics = Statistics(31, 5, 9, 0.25, 88.5, 40)
    problem = NotEnoughMemory("Traceback {x}", name="{m}.gguf", need="9", have="1").problem
    turn = history.begin_turn(None, "one", "", "")
    answer = replace(
        turn.answer, content="text", status=Status.FAILED, statistics=statistics, problem=problem
    )
    history.finish(answer)
    other = History(open_database(path))
    assert other.branch(turn.conversation.id)[-1] == answer
    other.close()


def test_numbers_that_a_newer_version_added_do_not_hide_the_answer(
    database: Database, history: History
) -> None:
    """More figures in the same column need no migration, so nothing else keeps them out."""
    conversation = answered(history, None, "one")
    figures = json.dumps({"completion_tokens": 9, "energy_j": 3.5})
    database.execute("UPDATE message SET statistics = ? WHERE role = 'assistant'", (figures,))
    answer = history.branch(conversation)[-1]
    assert answer.content == "one!"
    assert answer.statistics is not None
    assert answer.statistics.completion_tokens == 9


def test_what_was_being_written_is_interrupted_after_a_crash(history: History) -> None:
    done = answered(history, None, "done")
    turn = history.begin_turn(None, "broken", "", "")
    history.save_text(turn.answer.id, "Once upon")
    assert history.heal() == 1
    answer = history.branch(turn.conversation.id)[-1]
    assert (answer.content, answer.status) == ("Once upon", Status.INTERRUPTED)
    assert history.branch(done)[-1].status is Status.COMPLETE
    assert history.heal() == 0


def test_a_conversation_that_is_not_there(history: History) -> None:
    with pytest.raises(ConversationNotFound):
        history.conversation(ConversationId("none"))
    with pytest.raises(ConversationNotFound):
        history.begin_turn(ConversationId("none"), "text", "", "")
    assert history.branch(ConversationId("none")) == []


# The list


def test_the_one_changed_last_comes_first(history: History) -> None:
    first = answered(history, None, "first")
    second = answered(history, None, "second")
    assert titles(history) == ["second", "first"]
    history.rename(first, "First!")
    assert titles(history) == ["second", "First!"]  # a new name is no news
    answered(history, first, "more")
    assert titles(history) == ["First!", "second"]
    history.begin_answer(history.branch(second)[0], "")
    assert titles(history) == ["second", "First!"]


def test_the_order_holds_at_a_whole_second(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
    for number, part in enumerate((500_000, 0, 1)):
        monkeypatch.setattr(
            history_module, "utc_now", lambda p=part: moment + timedelta(microseconds=p)
        )
        answered(history, None, f"{number}")
    assert titles(history) == ["0", "2", "1"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("What is 2+2?", "What is 2+2?"),
        ("  spaces\t and\u00a0more  ", "spaces and more"),
        ("\n\n  \nthe second line\nthe third", "the second line"),
        ("# A heading", "A heading"),
        ("> - **Bold** and `code` and *more*", "Bold and code and more"),
        ("```\n---\nprint(1)\n```", "print(1)"),
        ("什么是 llama.cpp?", "什么是 llama.cpp?"),
        ("火" * 200, "火" * 59 + "…"),
        ("sentence " * 40, "sentence " * 5 + "sentence…"),
        ("a" * 200, "a" * 59 + "…"),
        ("a" * 60, "a" * 60),
        ("", "…"),
        (" \n\t\n", "…"),
        ("***", "…"),
        # what a person means is no mark
        ("What is 2*3?", "What is 2*3?"),
        ("What does my_long_name do?", "What does my_long_name do?"),
        ("-5 degrees in Fahrenheit?", "-5 degrees in Fahrenheit?"),
    ],
)
def test_the_title_of_a_conversation(history: History, text: str, title: str) -> None:
    assert title_from(text) == title
    history.begin_turn(None, text, "", "")
    assert titles(history) == [title]


# What can go wrong


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"a letter to my aunt " * 500)
    before = path.read_bytes()
    with pytest.raises(DatabaseDamaged) as caught:
        open_database(path)
    assert str(path) in caught.value.problem.summary_text
    assert path.read_bytes() == before


@pytest.fixture
def large(path: Path) -> Path:
    """A closed database of many pages."""
    opened = open_database(path)
    for number in range(40):
        answered(History(opened), None, f"{number} " * 2000)
    opened.close()
    assert path.stat().st_size > 200_000
    return path


def overwritten(data: bytes) -> bytes:
    """Noise over the middle, where the messages are."""
    half = len(data) // 2
    return data[:half] + b"\xa5" * 20_000 + data[half + 20_000 :]


@pytest.mark.parametrize("damage", [overwritten, lambda data: data[: len(data) // 2]])
def test_a_damaged_file_is_found_before_anything_is_written(
    large: Path, damage: Callable[[bytes], bytes]
) -> None:
    before = damage(large.read_bytes())
    large.write_bytes(before)
    with pytest.raises(DatabaseDamaged):
        open_database(large)
    assert large.read_bytes() == before


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_file_of_a_newer_version_is_left_alone(large: Path, journal: str) -> None:
    connection = sqlite3.connect(large)
    assert connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0] == journal
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before, names = large.read_bytes(), sorted(large.parent.iterdir())
    with pytest.raises(DatabaseTooNew) as caught:
        open_database(large)
    assert "999" in caught.value.problem.summary_text
    assert large.read_bytes() == before
    assert sorted(large.parent.iterdir()) == names


def test_a_read_only_folder(read_only_folder: Path) -> None:
    with pytest.raises(FolderNotWritable) as caught:
        open_database(read_only_folder / "conversations.sqlite3")
    assert str(read_only_folder) in caught.value.problem.summary_text


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """Below a plain file there is no folder, whatever the rights: root may write anywhere else."""
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderNotWritable):
        open_database(tmp_path / "file" / "conversations.sqlite3")


def test_a_full_disk(small_disk: Path) -> None:
    opened = open_database(small_disk / "conversations.sqlite3")
    history = History(opened)
    conversation = answered(history, None, "before")
    filler = fill(small_disk)
    with pytest.raises(DiskFull):
        history.begin_turn(conversation, "lost? " * 2000, "", "")
    assert texts(history.branch(conversation)) == ["before", "before!"]
    filler.unlink()
    answered(history, conversation, "after")
    assert texts(history.branch(conversation)) == ["before", "before!", "after", "after!"]
    opened.close()


@pytest.mark.parametrize("is_new", [True, False])
def test_a_disk_that_is_full_at_the_start(small_disk: Path, is_new: bool) -> None:
    path = small_disk / "conversations.sqlite3"
    if not is_new:
        open_database(path).close()
    filler = fill(small_disk)
    with pytest.raises(DiskFull) as caught:
        open_database(path)
    assert str(path) in caught.value.problem.summary_text
    filler.unlink()
    open_database(path).close()


def test_another_program_holds_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)  # a person would wait 3 seconds
    history = History(open_database(path))
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('BEGIN EXCLUSIVE'); print('ready', flush=True); sys.stdin.read()"
    )
    holder = in_another_process(code, path)
    with pytest.raises(DatabaseLocked) as caught:
        history.begin_turn(None, "one", "", "")
    assert str(path) in caught.value.problem.summary_text
    holder.communicate()
    answered(history, None, "one")
    assert titles(history) == ["one"]
    history.close()


def test_two_starts_at_the_same_moment_both_succeed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes in after this one has read the version and before it writes."""
    check = database_module._check
    others: list[Database] = []

    def slow_check(connection: sqlite3.Connection, checked: Path) -> None:
        check(connection, checked)
        monkeypatch.setattr(database_module, "_check", check)
        others.append(open_database(path))

    monkeypatch.setattr(database_module, "_check", slow_check)
    history = History(open_database(path))
    answered(history, None, "one")
    assert titles(History(others[0])) == ["one"]
    for opened in others:
        opened.close()
    history.close()


def crashed(path: Path) -> None:
    """Leave a database whose newest conversation is only in the log beside it (-wal)."""
    code = (
        "import sys, signal, os; from pathlib import Path;"
        "from app.storage.database import open_database;"
        "from app.storage.history import History;"
        "h = History(open_database(Path(sys.argv[1])));"
        "h.begin_turn(None, 'precious', '', ''); print('ready', flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert in_another_process(code, path).wait() == -signal.SIGKILL
    assert Path(f"{path}-wal").stat().st_size > 0


def test_set_aside_takes_along_what_is_only_in_the_log(path: Path) -> None:
    crashed(path)
    log = Path(f"{path}-wal").read_bytes()
    target = set_aside(path)
    assert target.parent == path.parent
    assert Path(f"{target}-wal").read_bytes() == log
    assert Path(f"{target}-shm").exists()
    assert not list(path.parent.glob("conversations.sqlite3*"))
    empty = open_database(path)
    assert titles(History(empty)) == []
    empty.close()
    kept = open_database(target)
    assert titles(History(kept)) == ["precious"]
    kept.close()


def test_setting_aside_twice_within_a_second_keeps_both(path: Path) -> None:
    targets = []
    for number in range(2):
        path.write_text(f"damaged {number}")
        targets.append(set_aside(path))
    assert [target.read_text() for target in targets] == ["damaged 0", "damaged 1"]


def test_set_aside_says_when_it_cannot(path: Path) -> None:
    with pytest.raises(FolderNotWritable):
        set_aside(path)  # there is nothing: as if it were on a drive that has gone


# Old versions

SCHEMAS = {  # never changed for a version that was shipped
    1: "9e1bf8439fd1cc038996e871294888c381a0b48379a709376424023d0df3467f",
    2: "bf9671f08861322c65e26c261ad597dbf1049598f9cb2a3aac1c83cd901fd23a",
    3: "33a300a9aa46850c3ecd814ed4fd4462567a7ae587a31d104d42fa4c1800169d",
    4: "f42363bf3e6b8a7cc98ba4fa51c8b868f5931aa4b36126d50d6e37e9b0e3a179",
}
ROWS = {
    "conversation": "id, title, created_at, updated_at, head_id, system_prompt, model",
    "message": "id, conversation_id, parent_id, role, content, status, created_at, model,"
    " statistics, problem",
}


def schema(connection: sqlite3.Connection) -> str:
    """Tables and indexes as SQLite keeps them."""
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
    # What the search index keeps its words in is SQLite's own affair
    inner = ("search_title_", "search_message_")
    return "\n".join(
        str(sql) for name, sql in connection.execute(query) if not name.startswith(inner)
    )


def state(path: Path) -> tuple[int, str, object, object]:
    """Version, schema and rows of the file at `path`, read without Inglenook."""
    connection = sqlite3.connect(path)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    rows = [
        connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()
        for table, columns in ROWS.items()
    ]
    found = (version, schema(connection), rows[0], rows[1])
    connection.close()
    return found


@pytest.fixture(params=range(1, NEWEST + 1))
def sample(request: pytest.FixtureRequest, path: Path) -> tuple[int, Path]:
    """A copy of each sample in turn, with its version."""
    shutil.copy(make_samples.sample_path(request.param), path)
    return request.param, path


@pytest.fixture
def old(path: Path) -> Path:
    """A copy of the oldest sample."""
    shutil.copy(make_samples.sample_path(1), path)
    return path


def test_a_shipped_step_is_never_edited() -> None:
    connection = sqlite3.connect(":memory:")
    found = {}
    for version, step in enumerate(MIGRATIONS, 1):
        step(connection)
        found[version] = hashlib.sha256(schema(connection).encode()).hexdigest()
    assert found == SCHEMAS


def test_every_version_opens_with_all_that_was_in_it(sample: tuple[int, Path]) -> None:
    _, path = sample
    opened = open_database(path)
    history = History(opened)
    assert history.heal() == 1
    Bin(opened).restore(ConversationId(make_samples.KILLED))
    assert titles(history) == ["你好,世界", "What is 2+2?", "Tell me a story"]
    shown = history.branch(ConversationId(make_samples.SUM))
    assert [m.id for m in shown] == ["q1", "a2", "q2", "a3"]
    assert shown[1].statistics == Statistics(31, 5, 9, 0.25, 88.5, 40)
    failed = history.branch(ConversationId(make_samples.CHINESE))[-1]
    assert failed.problem is not None
    assert failed.problem.summary_text == "There is not enough memory for qwen.gguf."
    killed = history.branch(ConversationId(make_samples.KILLED))[-1]
    assert (killed.content, killed.status) == ("Once upon a", Status.INTERRUPTED)
    storage = Storage(opened)
    found = [(hit.title, hit.message_id) for hit in storage.search.find("世")]
    assert found == [("你好,世界", None), ("你好,世界", "b1")]
    assert [hit.message_id for hit in storage.search.find("once UPON")] == ["c2"]
    answered(history, ConversationId(make_samples.SUM), "goes on")
    opened.close()


def test_version_3_opens_with_its_order(path: Path) -> None:
    shutil.copy(make_samples.sample_path(3), path)
    storage = Storage(open_database(path))
    folder = storage.organiser.folders()[0]
    assert folder.name == "Küche"
    chinese, total = (
        storage.history.conversation(ConversationId(key))
        for key in (make_samples.CHINESE, make_samples.SUM)
    )
    assert (chinese.folder_id, chinese.tags) == (folder.id, ("世界",))
    assert chinese.is_pinned
    assert chinese.is_archived
    assert not total.is_archived
    (binned,) = [item for item in storage.bin.items() if item.message_id]
    assert binned.excerpt == "It is **5**."
    question = storage.history.branch(total.id)[0]
    assert storage.attachments.data(question.attachments[0].id) == make_samples.PICTURE
    assert storage.drafts.load(total.id).text == "And 3+3?"
    assert storage.drafts.load("").attachments == question.attachments
    storage.bin.restore(total.id, binned.message_id)
    assert texts(storage.history.branch(total.id)) == ["What is 2+2?", "It is **5**."]
    storage.close()


def test_version_4_opens_with_its_memory(path: Path) -> None:
    shutil.copy(make_samples.sample_path(4), path)
    storage = Storage(open_database(path))
    total = storage.history.conversation(ConversationId(make_samples.SUM))
    policy = MemoryPolicy(MemoryKind.SUMMARY, 2, 2048, WhenFull.ASK, uses_facts=True)
    assert (total.assistant_id, total.memory) == ("as1", policy)
    assert total.sampling == SamplingParams(
        temperature=0.25, stop=("END",), logit_bias=(("maybe", -5.0),)
    )
    marks = storage.memory.marks(total.id)
    assert marks == {("q1", ""): MarkKind.PINNED, ("q1", "i1"): MarkKind.LEFT_OUT}
    branch = {message.id for message in storage.history.branch(total.id)}
    summary = storage.memory.summary(total.id, branch)
    assert summary is not None
    assert (summary.text, summary.is_edited) == ("They added 2 and 2.", True)
    assert storage.memory.kept_facts() == ("Likes sums",)
    assert [f.state.value for f in storage.memory.facts()] == ["kept", "proposed", "refused"]
    other = storage.history.conversation(ConversationId(make_samples.CHINESE))
    assert (other.assistant_id, other.memory, other.sampling) == ("", None, None)
    storage.close()


def test_an_old_version_becomes_the_newest_and_loses_nothing(
    sample: tuple[int, Path], tmp_path: Path
) -> None:
    version, path = sample
    before = state(path)
    assert before[0] == version
    assert before[2] == list(make_samples.CONVERSATIONS)
    assert before[3] == list(make_samples.MESSAGES)
    open_database(path).close()
    open_database(tmp_path / "new.sqlite3").close()
    after, new = state(path), state(tmp_path / "new.sqlite3")
    assert after[:2] == new[:2]  # however it got there, the newest version is one and the same
    assert after[2:] == before[2:]


def test_a_copy_from_before_each_step_stays_and_opens_with_its_version(
    sample: tuple[int, Path],
) -> None:
    version, path = sample
    before = state(path)
    open_database(path).close()
    backups = sorted(path.parent.glob("*before*"))
    assert backups == [backup_path(path, number) for number in range(version + 1, NEWEST + 1)]
    for backup in backups[:1]:
        assert state(backup) == before
        opened = open_database(backup, MIGRATIONS[:version])
        assert count(opened, "message") == len(make_samples.MESSAGES)
        opened.close()
        backup.replace(path)  # a person puts it back
        opened = open_database(path)
        assert len(History(opened).branch(ConversationId(make_samples.SUM))) == 4
        opened.close()


def test_a_new_database_leaves_no_copies_of_nothing(path: Path) -> None:
    open_database(path).close()
    assert list(path.parent.iterdir()) == [path]


def half_a_step(connection: sqlite3.Connection) -> None:
    """A step that changes much, then fails."""
    connection.execute("DELETE FROM message")
    connection.execute("ALTER TABLE conversation ADD COLUMN planted TEXT")
    connection.execute("INSERT INTO nowhere VALUES (1)")


def killed_step(connection: sqlite3.Connection) -> None:
    """A step in the middle of which the power goes out."""
    connection.execute("DELETE FROM message")
    connection.execute("ALTER TABLE conversation ADD COLUMN planted TEXT")
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_step_that_fails_leaves_the_old_version_whole(old: Path) -> None:
    before = state(old)
    steps: tuple[Step, ...] = (MIGRATIONS[0], half_a_step)
    with pytest.raises(StorageError):
        open_database(old, steps)
    assert state(old) == before
    open_database(old).close()
    assert state(old)[2:] == before[2:]


def test_a_step_that_is_killed_leaves_the_old_version_whole(old: Path) -> None:
    before = state(old)
    code = (
        "import sys; from pathlib import Path; from tests import test_storage as t;"
        "t.open_database(Path(sys.argv[1]), (t.MIGRATIONS[0], t.killed_step))"
    )
    assert in_another_process(code, old).wait() == -signal.SIGKILL
    assert state(old) == before
    open_database(old).close()
    assert state(old)[2:] == before[2:]


def whole_step_then_killed(connection: sqlite3.Connection) -> None:
    """The step to version 3 with its index, and the power goes out before it is on the disk."""
    MIGRATIONS[2](connection)
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_while_the_index_is_made_leaves_version_2_whole(path: Path) -> None:
    shutil.copy(make_samples.sample_path(2), path)
    before = state(path)
    code = (
        "import sys; from pathlib import Path; from tests import test_storage as t;"
        "t.open_database(Path(sys.argv[1]), (*t.MIGRATIONS[:2], t.whole_step_then_killed))"
    )
    assert in_another_process(code, path).wait() == -signal.SIGKILL
    assert state(path) == before
    storage = Storage(open_database(path))
    assert [hit.message_id for hit in storage.search.find("why")] == ["q2"]
    storage.close()
    assert state(path)[2:] == before[2:]


def test_without_room_for_the_copy_nothing_is_changed(small_disk: Path) -> None:
    path = small_disk / "conversations.sqlite3"
    shutil.copy(make_samples.sample_path(1), path)
    before = state(path)
    filler = fill(small_disk)
    with pytest.raises(StorageError):
        open_database(path)
    filler.unlink()
    assert state(path) == before
    assert not backup_path(path, 2).exists()
    open_database(path).close()
    assert state(backup_path(path, 2)) == before
