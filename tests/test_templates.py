"""Foreign templates are stopped by limits of time and size, and reach nothing of this computer."""

from __future__ import annotations

import multiprocessing
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.core.template_errors import TemplateFailed, TemplateTooLarge, TemplateTooSlow
from app.templates import process as module
from app.templates.limits import OutputTooLarge, joined
from app.templates.process import TemplateProcess
from tests.template_parent import ENDLESS, HUGE_PRODUCT, render_here

ROOT = Path(__file__).parents[1]
QUESTION = [("user", "Why?")]
GROWING = (
    "{% set n = namespace(x='x') %}{% for a in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}"
)
NESTED = (
    "{% set n = namespace(x=[1]) %}{% for a in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
    "{{ n.x }}"
)
LONG = "{% for a in range(99999) %}{% for b in range(999) %}xxxxxxxxx{% endfor %}{% endfor %}"


@pytest.fixture
def process() -> Iterator[TemplateProcess]:
    """A template process of the test's own."""
    found = TemplateProcess()
    yield found
    found.close()


def works(process: TemplateProcess) -> bool:
    """Whether the next template is rendered, whatever the one before did."""
    return bool(process.call("chat", "{{ messages[0].content }}", QUESTION) == "Why?")


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether `condition` becomes true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("source", [ENDLESS, HUGE_PRODUCT, NESTED, "{{ lipsum(n=99999) }}"])
def test_a_template_without_an_end_is_ended(process: TemplateProcess, source: str) -> None:
    process.call("chat", "", QUESTION)
    before, began = process.pid, time.monotonic()
    with pytest.raises((TemplateTooSlow, TemplateTooLarge)):
        process.call("chat", source, QUESTION, timeout_s=0.5)
    assert time.monotonic() - began < 2.5
    assert works(process)
    assert process.pid != before


@pytest.mark.parametrize(
    "source",
    [
        LONG,
        GROWING,
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ [0] * 1000000000 }}",
        "{{ range(10 ** 12) }}",
        "{% macro a() %}{% for a in range(99999) %}{{ 'x' * 99999 }}{% endfor %}{% endmacro %}"
        "{{ a() }}",
    ],
)
def test_a_template_that_makes_too_much_is_ended(process: TemplateProcess, source: str) -> None:
    with pytest.raises(TemplateTooLarge) as caught:
        process.call("chat", source, QUESTION, timeout_s=20)
    assert caught.value.problem.details
    assert works(process)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ (''|attr('__class__')).__mro__ }}",
        "{{ messages.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ namespace.__init__.__globals__.os }}",
        "{{ lipsum.__globals__['os'].system('id') }}",
        "{{ self.__init__.__globals__.__builtins__ }}",
        "{{ raise_exception.__globals__['sys'] }}",
        "{{ joiner.__init__.__globals__.os }}",
        "{{ '{0.__class__.__mro__}'.format(1).foo.bar }}",
        "{% set x = messages.append('x') %}",
        "{{ messages[0].update({'role': 'system'}) }}",
        "{% import 'x' as x %}",
        "{% include 'x' %}",
        "{{ 1 | nofilter }}",
        "{% if %}",
        "{{ raise_exception('not like that') }}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{{" + "(" * 20000 + "}}",
        "{{ 1" + " + 1" * 3000 + "}}",
    ],
)
def test_a_template_that_reaches_out_fails(process: TemplateProcess, source: str) -> None:
    with pytest.raises(TemplateFailed) as caught:
        process.call("chat", source, QUESTION)
    assert dict(caught.value.problem.params)["reason"]
    assert works(process)


def test_the_sandbox_shows_nothing_of_what_is_private(process: TemplateProcess) -> None:
    source = (
        "[{{ lipsum.__globals__ }}{{ cycler.__init__ }}{{ '{0.__class__}'.format(cycler) }}"
        "{{ strftime_now.__globals__ }}{{ raise_exception.__code__ }}]"
    )
    assert process.call("chat", source, QUESTION) == "[]"


def test_a_reason_of_any_length_is_told_short(process: TemplateProcess) -> None:
    with pytest.raises(TemplateFailed) as caught:
        process.call("chat", "{{ raise_exception('x' * 1000000) }}", QUESTION)
    assert 1000 < len(caught.value.problem.summary_text) < 3000


def test_output_may_be_as_long_as_a_long_conversation(process: TemplateProcess) -> None:
    text = "moss " * 2_000_000
    assert process.call("chat", "{{ messages[0].content }}", [("user", text)]) == text
    many = [("user", "Hi"), ("assistant", "Hello")] * 5000
    source = "{% for m in messages %}<|im_start|>{{ m.role }}{{ m.content }}{% endfor %}"
    assert process.call("chat", source, many).count("<|im_start|>") > 9999


def test_a_template_that_grows_with_the_conversation_is_ended(process: TemplateProcess) -> None:
    """What llama.cpp would read for minutes: nothing can interrupt its tokenizers."""
    source = "{% for a in messages %}{% for m in messages %}{{ m.content }}{% endfor %}{% endfor %}"
    source += "{% if messages | length > 3 %}{{ '<|im_end|>' * 20000 }}{% endif %}"
    assert process.call("chat", source, QUESTION) == QUESTION[0][1]
    with pytest.raises(TemplateTooLarge):
        process.call("chat", source, [("user", "Hi"), ("assistant", "Hello")] * 2)
    with pytest.raises(TemplateTooLarge):
        process.call("chat", source, [("user", "moss " * 20000)] * 3)


def test_an_answer_that_is_too_long_is_not_taken(
    process: TemplateProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(TemplateTooLarge):
        process.call("chat", "{{ 'x' * 100000 }}", QUESTION)
    assert works(process)


def test_halves_of_characters_are_none(process: TemplateProcess) -> None:
    """They cannot be encoded, by whomever they come."""
    text = process.call("chat", "{{ '\\ud800' }}{{ messages[0].content }}", [("user", "a\udfff")])
    assert text == "?a?"


def test_what_is_joined_has_an_end() -> None:
    assert joined(iter(["ab", "c"]), 3) == "abc"
    with pytest.raises(OutputTooLarge):
        joined(iter(["ab", "cd"]), 3)


def test_a_child_that_was_killed_is_replaced(process: TemplateProcess) -> None:
    assert works(process)
    assert process.pid is not None
    psutil.Process(process.pid).kill()
    with pytest.raises(TemplateFailed):
        process.call("chat", "x", QUESTION)
    assert works(process)


def test_a_child_that_is_killed_at_work_is_told_at_once(process: TemplateProcess) -> None:
    process.call("chat", "", QUESTION)
    assert process.pid is not None
    threading.Timer(0.3, psutil.Process(process.pid).kill).start()
    began = time.monotonic()
    with pytest.raises(TemplateFailed):
        process.call("chat", ENDLESS, QUESTION, timeout_s=20)
    assert time.monotonic() - began < 5
    assert works(process)


def test_a_child_without_work_ends_and_the_next_call_has_another() -> None:
    process = TemplateProcess(idle_s=0.2)
    assert works(process)
    first = process.pid
    assert first is not None
    assert until(lambda: not psutil.pid_exists(first) or is_zombie(first))
    assert works(process)
    assert process.pid != first
    process.close()


def is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_callers_of_many_threads_have_their_own_answers(process: TemplateProcess) -> None:
    def ask(number: int) -> str:
        if number % 10 == 5:
            with pytest.raises(TemplateFailed):
                process.call("chat", "{% if %}", QUESTION)
        source = "{{ messages[0].content }}" + f"-{number % 3}"
        return str(process.call("chat", source, [("user", str(number))]))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(100))) == [f"{n}-{n % 3}" for n in range(100)]


def test_close_ends_a_call_that_goes_on() -> None:
    process = TemplateProcess()
    process.call("chat", "", QUESTION)
    pid = process.pid
    assert pid is not None
    threading.Timer(0.3, process.close).start()
    with pytest.raises(TemplateFailed):
        process.call("chat", ENDLESS, QUESTION, timeout_s=30)
    assert until(lambda: not psutil.pid_exists(pid))
    with pytest.raises(TemplateFailed):
        process.call("chat", "x", QUESTION)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("source", [ENDLESS, "{{ 7 ** 9999999 ** 2 }}"])
def test_it_ends_when_its_parent_was_killed(source: str) -> None:
    """The second computes without ever letting go of Python's lock."""
    command = [sys.executable, "-m", "tests.template_parent", source, "0.5"]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    time.sleep(0.3)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not psutil.pid_exists(pid) or is_zombie(pid), 60)


def test_a_daemonic_process_may_have_one() -> None:
    """As the model's process is."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    parent = context.Process(target=render_here, args=(theirs,), daemon=True)
    parent.start()
    theirs.close()
    assert ours.poll(30)
    text, pid = ours.recv()
    assert text == "Hi!"
    assert psutil.pid_exists(pid)
    parent.kill()
    parent.join()
    assert until(lambda: not psutil.pid_exists(pid) or is_zombie(pid))


def test_memory_is_watched_where_the_system_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HAS_MEMORY_LIMIT", False)
    process = TemplateProcess(memory_bytes=64 << 20)
    process.call("chat", "", QUESTION)
    child = process._child
    assert child is not None
    assert psutil.pid_exists(child.pid or 0)
    monkeypatch.setattr(child, "_memory_bytes", 4 << 20)  # so that the system's limit is not first
    source = "{% set n = namespace(x=[1]) %}{% for a in range(22) %}{% set n.x = n.x + n.x %}"
    with pytest.raises(TemplateTooLarge):
        process.call("chat", source + "{% endfor %}" + ENDLESS, QUESTION, timeout_s=10)
    assert works(process)
    process.close()


def test_a_render_is_quick_and_its_process_small(process: TemplateProcess) -> None:
    began = time.perf_counter()
    process.call("chat", "", QUESTION)
    assert time.perf_counter() - began < 5  # alone 0.2 s
    source = "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    turns = [("user" if number % 2 else "assistant", "moss " * 100) for number in range(20)]
    seconds = []
    for _ in range(100):
        began = time.perf_counter()
        process.call("chat", source, turns)
        seconds.append(time.perf_counter() - began)
    assert statistics.median(seconds) < 0.002
    assert psutil.Process(process.pid).memory_info().rss < 40 << 20
