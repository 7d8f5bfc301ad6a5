"""What may be typed after `inglenook`; the man page and the completion are made from it too."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from app import __version__
from app.cli_exchange import add_commands as add_exchange
from app.cli_models import add_commands
from app.cli_prompts import add_commands as add_prompts
from app.cli_run import add_command as add_run
from app.core.frozen import PORTABLE_DATA


def make_parser() -> argparse.ArgumentParser:
    """Every command and option; a new one each time."""
    parser = argparse.ArgumentParser(
        prog="inglenook",
        parents=[_data_dir()],
        description="Chat with open language models on your own computer, offline.",
    )
    parser.set_defaults(data_dir=None, model_file=None)
    words = f"keep everything in the folder {PORTABLE_DATA} beside the program"
    parser.add_argument("--portable", action="store_true", help=words)
    parser.add_argument("--version", action="version", version=f"Inglenook {__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    window = commands.add_parser("open", parents=[_data_dir()], help="open the window with a model")
    window.add_argument("model_file", type=Path, metavar="FILE.gguf", help="the model")
    ask = commands.add_parser("ask", parents=[_data_dir()], help="answer one question")
    ask.add_argument("text", metavar="TEXT", help="the question; - reads it from stdin")
    ask.add_argument("--model", type=Path, metavar="PATH", help="a GGUF file")
    ask.add_argument("--system", default="", metavar="TEXT", help="a system prompt")
    ask.add_argument("--temperature", type=_number(float, 0, 2), metavar="T", help="0 to 2")
    seed, limit = _number(int, -1, 2**32 - 2), _number(int, 0, 2**31)
    words = "the same number gives the same answer; -1, the default, is a new one each time"
    ask.add_argument("--seed", type=seed, default=-1, metavar="N", help=words)
    words = "end after N tokens; 0, the default, is no limit but the context"
    ask.add_argument("--max-tokens", type=limit, default=0, metavar="N", help=words)
    ask.add_argument("--json", action="store_true", help="print one JSON object at the end")
    add_run(commands, _data_dir)
    chats = commands.add_parser("chats", parents=[_data_dir()], help="stored conversations")
    actions = chats.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[_data_dir()], help="list them")
    for name, words in (("show", "print one"), ("delete", "move one to the bin")):
        action = actions.add_parser(name, parents=[_data_dir()], help=words)
        action.add_argument("id", metavar="ID", help="as 'chats list' shows it")
    add_exchange(actions, _data_dir)
    add_prompts(commands, _data_dir)
    add_commands(commands, _data_dir)
    starter = commands.add_parser("starter", parents=[_data_dir()], help="fetch the starter model")
    starter.add_argument("--into", type=Path, metavar="DIR", help="the folder to put it into")
    commands.add_parser("doctor", parents=[_data_dir()], help="check this installation")
    return parser


def walk(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[argparse.ArgumentParser, list[argparse.Action]]]:
    """`parser` and every command below it, each with its arguments."""
    actions = parser._actions  # noqa: SLF001 - argparse has no other way to look at what it knows
    yield parser, actions
    for action in actions:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                yield from walk(command)


def _data_dir() -> argparse.ArgumentParser:
    """The option every command takes; a new one each time, since `set_defaults` changes it."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="keep everything that is written in DIR",
    )
    return parser


def _number(kind: type[int] | type[float], low: float, high: float):  # type: ignore[no-untyped-def]
    def convert(text: str) -> float:
        value = kind(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be between {low} and {high}")
        return value

    convert.__name__ = "number"
    return convert
