"""What crosses the pipe arrives whole; every error has its words, and they are filled in."""

from __future__ import annotations

import ast
import dataclasses
import enum
import multiprocessing
import re
import string
import types
import typing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import (
    AppError,
    ModelFileMissing,
    ModelFileTruncated,
    Problem,
    error_classes,
    fill,
)
from app.core.messages import Command, Event

ROOT = Path(__file__).parents[1]
CLASSES = error_classes()
PATIENCE_S = 60.0


# Messages


def values(hint: Any) -> list[Any]:
    """Two different values of a type hint, to put into a field."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return [None if a is types.NoneType else values(a)[0] for a in arguments]
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return [(), tuple(values(arguments[0]))]
        return [tuple(values(a)[number] for a in arguments) for number in (0, 1)]
    if dataclasses.is_dataclass(hint):
        return examples(hint)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [*hint][:2]
    plain: dict[Any, list[Any]] = {
        bool: [True, False],
        int: [-7, 1 << 40],
        float: [0.1, -1e300],
        str: ["Füße {x} 😀 \0\n", "\udcff"],  # also a byte of a name that is not UTF-8
        bytes: [b"\x89PNG\x00", b""],
        Path: [Path("/models/ä b.gguf"), Path("x")],
    }
    return plain[hint]


def examples(cls: Any) -> list[Any]:
    """Two objects of a dataclass, each field filled according to its hint."""
    hints = typing.get_type_hints(cls)
    columns = {f.name: values(hints[f.name]) for f in dataclasses.fields(cls)}
    return [cls(**{name: column[i] for name, column in columns.items()}) for i in (0, 1)]


def echo(connection: Connection) -> None:
    """The other process: sends back what it gets until it gets None."""
    while (message := connection.recv()) is not None:
        connection.send(message)


@pytest.fixture(scope="module")
def other_process() -> Iterator[Connection]:
    """A pipe to a spawned process that sends everything back."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=echo, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    yield ours
    ours.send(None)
    process.join(PATIENCE_S)
    assert process.exitcode == 0


MESSAGES = [*typing.get_args(Command), *typing.get_args(Event)]


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_every_message_survives_the_pipe(cls: type, other_process: Connection) -> None:
    for message in examples(cls):
        other_process.send(message)
        assert other_process.poll(PATIENCE_S)
        back = other_process.recv()
        assert back == message
        assert type(back) is cls


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda cls: cls.__name__)
def test_a_message_cannot_be_changed_on_its_way(cls: Any) -> None:
    message = examples(cls)[0]
    name = dataclasses.fields(cls)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(message, name, getattr(message, name))


def test_the_unions_name_every_message() -> None:
    from app.core import messages

    declared = {
        cls
        for cls in vars(messages).values()
        if dataclasses.is_dataclass(cls) and getattr(cls, "__module__", "") == messages.__name__
    }
    assert declared == set(MESSAGES)
    assert all("request_id" in cls.__dataclass_fields__ for cls in typing.get_args(Command))


# Errors


def placeholders(cls: type[AppError]) -> set[str]:
    """The names in braces in what a person reads."""
    parsed = string.Formatter().parse(f"{cls.summary} {cls.action}")
    return {name for _, name, _, _ in parsed if name is not None}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_says_what_happened_and_what_to_do(cls: type[AppError]) -> None:
    assert re.fullmatch(r"[a-z][a-z-]*(\.[a-z][a-z-]*)*", cls.code)
    for words in (cls.summary, cls.action):
        assert words.endswith(".")
        assert words[0].isupper() or words[0] in "{“"
        assert not re.search(r"\w(Error|Exception)\b|Errno|Traceback|\bexception\b", words)
        assert "  " not in words


def test_every_code_is_used_once() -> None:
    codes = [cls.code for cls in CLASSES]
    assert sorted(codes) == sorted(set(codes))


def test_a_class_without_words_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="needs its own summary"):
        type("Careless", (AppError,), {"code": "careless", "action": "Try again."})


@dataclasses.dataclass(frozen=True)
class Use:
    """A place in app/ where an error of class `cls` is made, with the names given to it."""

    where: str
    cls: type[AppError]
    given: frozenset[str]


def uses() -> list[Use]:
    """Every place in app/ that makes or raises an AppError."""
    by_name = {cls.__name__: cls for cls in CLASSES}
    found = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            call = node
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name):
                call = ast.Call(node.exc, [], [], lineno=node.lineno)  # raised without arguments
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                cls = by_name.get(call.func.id)
                if cls is not None:
                    given = frozenset(keyword.arg or "**" for keyword in call.keywords)
                    found.append(Use(f"{path.relative_to(ROOT)}:{call.lineno}", cls, given))
    return found


USES = uses()


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where} {use.cls.__name__}")
def test_whoever_makes_an_error_fills_in_its_words(use: Use) -> None:
    assert placeholders(use.cls) == use.given


def test_no_error_is_declared_in_vain() -> None:
    made = {use.cls for use in USES}
    roots = {cls for cls in CLASSES if cls.__subclasses__()}
    assert set(CLASSES) - made - roots == set()


def test_values_are_filled_in_as_they_are() -> None:
    path = "/a{name}b/{0}/%s {path}"
    error = ModelFileMissing(details="why", path=Path(path))
    assert error.problem.summary_text == f"The model file {path} is not there."
    assert str(error) == error.problem.summary_text
    assert error.problem.details == "why"


def test_a_value_that_looks_like_a_placeholder_is_not_filled_in() -> None:
    assert fill("{a} and {b}", (("a", "{b}"), ("b", "2"))) == "{b} and 2"
    error = ModelFileTruncated(name="{have}.gguf", have=5, need=9)
    assert "model file {have}.gguf is incomplete: 5 of 9" in error.problem.summary_text


def test_a_problem_without_values_keeps_its_braces() -> None:
    problem = Problem("x", "A {brace}.", "Do {that}.")
    assert (problem.summary_text, problem.action_text) == ("A {brace}.", "Do {that}.")
