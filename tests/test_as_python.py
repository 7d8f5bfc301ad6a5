"""“Copy as Python”: the script runs without Inglenook and gives the app's answer, word by word."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication

from app.core.beginning import Beginning
from app.core.entities import (
    ChatMessage,
    LoadParams,
    Message,
    Role,
    SamplingParams,
    Status,
)
from app.core.errors import Problem
from app.core.history import system_text
from app.core.memory import Memory, MemoryKind, MemoryPolicy
from app.core.paths import Paths, find_paths
from app.core.settings import SettingsFile
from app.core.templates import Vocabulary
from app.services import as_python
from app.services.app import AppServices
from app.services.as_python import ScriptModel, told
from app.services.chat import Chat
from app.services.loop import LoopScheduler
from app.services.ports import EngineState
from app.services.python_scripts import Form, PythonScripts
from app.services.python_text import literal
from app.templates.process import TemplateProcess
from tests.app_window import AppWindow

PATIENCE_S = 90.0
CONTEXT = 512
NASTY = [
    "She said: \"{name}\" and '{{x}}', then \\n and C:\\new\\table.",
    "\"\"\"\nimport os\n\"\"\"\n''' + str(1) + '''\n\\",
    "«question» «llm» 你好，世界 🦊 é\u0301 \u202e \x07 {% raw %}{{ messages }}",
    "# not a comment\n    indented\ttab\r\nend \\",
]


class Bench:
    """The services with the starter model and one open chat, greedy."""

    def __init__(self, paths: Paths, model: Path) -> None:
        values = {"preset": "own", "temperature": 0.0, "max_tokens": 10, "system_prompt": ""}
        paths.settings.write_text(json.dumps(values))
        file = SettingsFile(paths.settings)
        self.scheduler = LoopScheduler()
        self.services = AppServices(paths, self.scheduler, file, file.load()[0])
        services = self.services
        services.conversations.start()
        services.engine.load(model, LoadParams(context_tokens=CONTEXT, threads=1))
        self.chat = Chat(services.conversations, services.answers, services.settings)
        self.scripts = PythonScripts(
            paths,
            services.conversations,
            services.engine,
            services.library,
            self.scheduler,
            services.settings,
        )
        self.until(
            lambda: services.conversations.is_ready and services.engine.state is EngineState.READY
        )

    def until(self, condition: object) -> None:
        assert self.scheduler.run_until(condition, PATIENCE_S)  # type: ignore[arg-type]

    def ask(self, text: str) -> Message:
        count = len(self.chat.branch)
        self.chat.send(text)
        self.until(lambda: len(self.chat.branch) == count + 2 and not self.chat.is_answering)
        return self.answer()

    def answer(self) -> Message:
        self.until(lambda: not self.chat.is_answering)
        found = self.chat.branch[-1]
        assert found.status in (Status.COMPLETE, Status.CUT_OFF)
        return found

    def read_anew(self, answer: Message) -> Message:
        """Another version of the last answer, with nothing in the KV cache before it."""
        self.services.engine.reload()
        self.until(lambda: self.services.engine.state is EngineState.READY)
        self.chat.regenerate(answer.id)
        self.until(lambda: self.chat.branch[-1].id != answer.id and not self.chat.is_answering)
        return self.answer()

    def script(self) -> str:
        """Of the conversation on show, as the command copies it."""
        made: list[str] = []
        failed: list[Problem] = []
        conversation = self.chat.conversation
        assert conversation is not None
        self.scripts.make(conversation, self.chat.branch, made.append, failed.append)
        self.until(lambda: made or failed)
        assert not failed
        return made[0]

    def problem(self) -> Problem:
        failed: list[Problem] = []
        conversation = self.chat.conversation
        assert conversation is not None
        self.scripts.make(conversation, self.chat.branch, lambda _: None, failed.append)
        self.until(lambda: failed)
        return failed[0]

    def close(self) -> None:
        self.scripts.close()
        self.services.close_storage()
        self.services.engine.shut_down(3.0)
        self.scheduler.drain(3.0)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, starter: Path) -> Iterator[Bench]:
    paths = find_paths(tmp_path_factory.mktemp("as-python"))
    paths.make()
    made = Bench(paths, starter)
    yield made
    made.close()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A folder with nothing in it."""
    found = tmp_path / "elsewhere"
    found.mkdir()
    return found


class Outside:
    """A Python that does not know Inglenook. It runs one script after the other, each as a program
    of its own would run but for the libraries, which take a second to import."""

    LOOP = (
        "import os, runpy, sys\n"
        "for line in sys.stdin:\n"
        "    os.chdir(line[:-1])\n"
        "    runpy.run_path('conversation.py', run_name='__main__')\n"
        "    print('\\0', flush=True)\n"
    )

    def __init__(self, home: Path) -> None:
        environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error::RuntimeWarning", "-c", self.LOOP],
            cwd=home,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, source: str, folder: Path) -> str:
        """What the script prints."""
        file = folder / "conversation.py"
        file.write_text(source, encoding="utf-8")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        printed = ""
        while not printed.endswith("\0\n"):
            line = self._process.stdout.readline()
            assert line, "the script failed: its traceback is above"
            printed += line
        assert sorted(path.name for path in folder.iterdir()) == [file.name]
        return printed.removesuffix("\n\0\n")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    made = Outside(tmp_path_factory.mktemp("home"))
    yield made
    made.close()


@pytest.mark.engine
def test_one_question_with_a_system_prompt(bench: Bench, outside: Outside, empty: Path) -> None:
    bench.chat.new_conversation()
    bench.chat.begin_with(Beginning(system='Answer like a "pirate" {now}.'))
    answer = bench.ask("What is the capital of France?")
    source = bench.script()
    assert "app." not in source.replace("llama_cpp.llama", "")
    assert 5 <= sum(line.startswith("#") for line in source.splitlines()) <= 10
    assert outside.run(source, empty) == answer.content


@pytest.mark.engine
def test_five_turns_of_texts_that_would_break_out(
    bench: Bench, outside: Outside, empty: Path
) -> None:
    bench.chat.new_conversation()
    for text in (*NASTY, "Which of these was the first?"):
        answer = bench.ask(text)
    # read in other pieces its scores differ in their last digits; here two are about the same
    answer = bench.read_anew(answer)
    assert outside.run(bench.script(), empty) == answer.content


@pytest.mark.engine
def test_the_last_turns_only(bench: Bench, outside: Outside, empty: Path) -> None:
    bench.chat.new_conversation()
    bench.chat.begin_with(Beginning(memory=MemoryPolicy(MemoryKind.LAST_TURNS, turns=2)))
    for number in range(4):
        answer = bench.ask(f"Remember the number {number}. Which numbers do you know?")
    source = bench.script()
    assert "number 0" not in source
    assert "number 1" in source
    assert "left out" in source
    assert outside.run(source, empty) == answer.content


@pytest.mark.engine
def test_a_context_that_is_full(bench: Bench, outside: Outside, empty: Path) -> None:
    bench.chat.new_conversation()
    for number in range(4):
        answer = bench.ask(f"Story {number}: " + f"a fox {number} and a hen went home. " * 14)
    assert answer.statistics is not None
    assert answer.statistics.dropped_turns > 0
    # what was moved up in the KV cache was read with the dropped turns before it
    answer = bench.read_anew(answer)
    source = bench.script()
    assert "Story 0" not in source
    assert outside.run(source, empty) == answer.content


@pytest.mark.engine
def test_the_branch_on_show_after_an_edit(bench: Bench, outside: Outside, empty: Path) -> None:
    bench.chat.new_conversation()
    bench.ask("Name a fruit.")
    first = bench.chat.branch[0]
    bench.chat.edit(first.id, "Name a vegetable that is green.")
    bench.until(lambda: bench.chat.branch[0].id != first.id and not bench.chat.is_answering)
    answer = bench.answer()
    source = bench.script()
    assert "fruit" not in source
    assert outside.run(source, empty) == answer.content


@pytest.mark.engine
def test_a_conversation_of_a_model_that_is_not_loaded_or_not_there(
    bench: Bench, starter: Path
) -> None:
    bench.chat.new_conversation()
    bench.ask("Hello")
    engine = bench.services.engine
    loaded, engine.model = engine.model, None
    try:
        source = bench.script()
        assert str(starter.name) in source
        assert "temperature=0.0" in source
        assert loaded is not None
        engine.model = replace(loaded, path=Path("another.gguf"))
        assert starter.name in bench.script()  # that of the answer, not the loaded one
    finally:
        engine.model = loaded


def test_a_model_that_is_gone_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.chat.new_conversation()
    bench.ask("Hello")
    monkeypatch.setattr(bench.services.engine, "model", None)
    monkeypatch.setattr(bench.services.library, "models", lambda early=None: [])
    problem = bench.problem()
    assert problem.code == "script.no-model"
    assert "SmolLM2" in problem.summary_text


def script(
    model: ScriptModel,
    sampling: SamplingParams,
    system: str,
    memory: Memory,
    turns: list[ChatMessage],
) -> str:
    """Of a conversation that no model was asked about."""
    found = told(turns, memory.policy)
    return as_python.script(model, sampling, system_text(system, memory), found, memory.policy)


MODEL = ScriptModel(Path("model.gguf"), 4096, 1_000_000)


def asked(*texts: str) -> list[ChatMessage]:
    """Questions and answers in turns."""
    roles = (Role.USER, Role.ASSISTANT)
    return [ChatMessage(roles[n % 2], text, key=str(n)) for n, text in enumerate(texts)]


def values_in(source: str) -> set[str]:
    """The texts that the script puts into messages, as Python reads them."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize(
    "text",
    [
        *NASTY,
        "'); __import__('os').system('touch broken'); ('",
        '") + str(open("/etc/passwd").read()) + ("',
        "\\'\\\"\n\\",
        "a" * 500 + '"' + "b" * 500,
        "line\n" * 300,
        "\u2028\x85\x00\x1b[31m",
        "«fixed»«history»«question»",
    ],
)
def test_no_text_can_leave_its_place_in_the_script(text: str) -> None:
    source = script(MODEL, SamplingParams(), text, Memory(), asked(text, text, text))
    tree = ast.parse(source)
    plain = ast.parse(script(MODEL, SamplingParams(), "s", Memory(), asked("a", "b", "c")))
    # the same statements and calls as for a harmless text: only constants differ
    for node in (*ast.walk(tree), *ast.walk(plain)):
        if isinstance(node, ast.Constant):
            node.value = ""
    assert ast.dump(tree) == ast.dump(plain)
    found = values_in(script(MODEL, SamplingParams(), text, Memory(), asked(text, text, text)))
    assert text in found


def test_a_path_and_stop_texts_are_values_too() -> None:
    path = Path('«bind»"); print(1); ("/x\'.gguf')
    sampling = SamplingParams(stop=('"]); print(2); (["', "«llm»"))
    source = script(replace(MODEL, path=path), sampling, "", Memory(), asked("Hi"))
    assert {str(path), '"]); print(2); (["', "«llm»"} <= values_in(source)
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    printed = [n for n in calls if isinstance(n.func, ast.Name) and n.func.id == "print"]
    assert len(printed) == 1


def test_long_texts_are_easy_to_read_and_the_same() -> None:
    text = "A sentence of some length, which goes on. " * 40 + "\n\n  indented\n"
    source = literal(text, 4)
    assert max(map(len, source.splitlines())) <= 100
    assert ast.literal_eval(f"({source})") == text


def test_what_is_told_follows_the_policy_where_no_model_says_so() -> None:
    turns = asked(*(f"text {n}" for n in range(41)))
    found = told(turns, MemoryPolicy(MemoryKind.LAST_TURNS, turns=8))
    # twenty exchanges and a question: the window of eight moves on in steps of two
    assert found.history[0].content == "text 24"
    assert found.question == "text 40"
    assert found.is_cut


def test_pinned_messages_stay_in_front() -> None:
    turns = asked("pinned", "yes", "gone", "gone", "kept", "too", "last")
    seen = {"0", "1", "4", "5", "6"}
    found = told(turns, MemoryPolicy(), seen)
    assert [m.content for m in found.fixed] == ["pinned", "yes"]
    assert [m.content for m in found.history] == ["kept", "too"]


def test_reasoning_of_earlier_answers_is_left_out_and_neighbours_are_one() -> None:
    turns = [
        ChatMessage(Role.USER, "One"),
        ChatMessage(Role.USER, "Two"),
        ChatMessage(Role.ASSISTANT, "<think>\nhm\n</think>\n\nThree"),
        ChatMessage(Role.USER, "Four"),
    ]
    found = told(turns, MemoryPolicy())
    assert [m.content for m in found.history] == ["One\n\nTwo", "Three"]


def test_what_the_wrapper_does_not_know_is_said() -> None:
    sampling = SamplingParams(dry_multiplier=0.8, repeat_penalty=1.1, is_own=True)
    turns = [ChatMessage(Role.USER, "Look", images=(b"x",))]
    source = script(MODEL, sampling, "", Memory(), turns)
    for words in ("DRY", "penalties", "images"):
        assert words in source


def test_advice_of_the_model_is_in_force() -> None:
    model = replace(MODEL, advice=(("temperature", 0.25), ("top_k", 20)))
    source = script(model, SamplingParams(), "", Memory(), asked("Hi"))
    assert "temperature=0.25" in source
    assert "top_k=20" in source


def test_a_schema_is_in_the_script() -> None:
    schema = json.dumps({"type": "object", "properties": {"a": {"type": "string"}}})
    source = script(MODEL, SamplingParams(json_schema=schema), "", Memory(), asked("Hi"))
    ast.parse(source)
    assert "LlamaGrammar.from_json_schema(" in source
    assert schema in values_in(source)


def test_the_figures_are_those_of_the_worker() -> None:
    from app.services import python_scripts
    from app.templates import chat
    from app.worker import cache, memory, placement, prompting

    assert as_python.CHUNKS == cache.CHUNKS
    assert as_python.ANSWER_ROOM == prompting.ANSWER_ROOM
    assert as_python.TURN_STEP == memory.TURN_STEP
    assert as_python.MOST_AT_ONCE == placement.MOST_AT_ONCE
    assert chat.OPENED == python_scripts.OPENED


@pytest.mark.engine
def test_the_command_puts_it_on_the_clipboard(
    open_window: Callable[[Paths], AppWindow], paths: Paths
) -> None:
    paths.settings.write_text('{"temperature": 0.0, "max_tokens": 8}')
    app = open_window(paths)
    app.until_ready()
    run_command = app.controller.commands.commands.run
    run_command("as_python")
    assert "nothing to copy yet" in app.window.toast._label.text()
    app.ask_and_wait("Say yes.")
    app.window.menu.as_python.trigger()
    clipboard = QGuiApplication.clipboard()
    app.until(lambda: "LlamaCpp" in clipboard.text())
    compile(clipboard.text(), "clipboard", "exec")
    assert "Say yes." in clipboard.text()
    assert "Python" in app.window.toast._label.text()


REFUSES_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
FORGETS_THE_ANSWER = "{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"


@pytest.fixture(scope="module")
def process() -> Iterator[TemplateProcess]:
    made = TemplateProcess()
    yield made
    made.close()


def test_a_template_that_takes_no_system_message(process: TemplateProcess) -> None:
    form = Form(process, REFUSES_SYSTEM, Vocabulary(bos="<s>"), "")
    parts = told(asked("Hi", "Hello", "How?"), MemoryPolicy())
    system, found, has_system = form.fitted("Be terse.", parts)
    assert (system, found, has_system) == ("Be terse.", parts, False)
    source = as_python.script(
        replace(MODEL, has_system=has_system), SamplingParams(), system, parts, MemoryPolicy()
    )
    assert "takes no system message" in source
    ast.parse(source)


def test_an_opening_line_goes_where_the_template_takes_it(process: TemplateProcess) -> None:
    turns = [ChatMessage(Role.ASSISTANT, "Welcome!"), *asked("Hi")]
    parts = told(turns, MemoryPolicy())
    strict = "{% if messages[0].role == 'assistant' %}{{ raise_exception('order') }}{% endif %}"
    strict += "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    system, found, _ = Form(process, strict, Vocabulary(), "").fitted("", parts)
    assert "Welcome!" in system
    assert found.fixed == ()
    lenient = strict.partition("{% endif %}")[2]
    system, found, _ = Form(process, lenient, Vocabulary(), "").fitted("", parts)
    assert (system, found) == ("", parts)


def test_a_template_without_the_beginning_of_an_answer(process: TemplateProcess) -> None:
    form = Form(process, FORGETS_THE_ANSWER, Vocabulary(), "")
    assert form.opening == "<assistant>"
    parts = told(asked("Hi"), MemoryPolicy())
    model = replace(MODEL, opening=form.opening)
    source = as_python.script(model, SamplingParams(), "", parts, MemoryPolicy())
    assert 'text += "<assistant>"' in source
    ast.parse(source)


def test_a_known_good_template_is_in_the_script(process: TemplateProcess) -> None:
    form = Form(process, "{{ broken", Vocabulary(), "chatml")
    assert "<|im_start|>" in form.inlined
    assert "<|im_end|>" in form.stop
    without = Form(process, None, Vocabulary(), "")
    assert "<|im_start|>" in without.inlined
    model = replace(MODEL, template=form.inlined, stop=form.stop)
    parts = told(asked("Hi"), MemoryPolicy())
    source = as_python.script(model, SamplingParams(), "", parts, MemoryPolicy())
    assert form.inlined in values_in(source)


@pytest.mark.engine
def test_stop_texts_of_the_template_are_in_force(
    starter: Path, outside: Outside, empty: Path
) -> None:
    model = ScriptModel(starter, 512, 134_515_008, threads=1, stop=("\n", "<|im_start|>"))
    template = FORGETS_THE_ANSWER + "{{ bos_token }}user\nOne<|im_end|>\n"
    sampling = SamplingParams(temperature=0.0, max_tokens=24, is_own=True)
    parts = told(asked("Two"), MemoryPolicy())
    model = replace(model, template=template)
    source = as_python.script(model, sampling, "", parts, MemoryPolicy())
    assert "\n" not in outside.run(source, empty)
    longer = as_python.script(replace(model, stop=()), sampling, "", parts, MemoryPolicy())
    assert "ENDS" not in longer
