"""`inglenook prompts`: list the prompts, show one, export them to files and import them."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.paths import Paths

if TYPE_CHECKING:
    from app.services.stored_prompts import StoredPrompts

FAILED = 1


def add_commands(commands: Any, common: Callable[[], argparse.ArgumentParser]) -> None:
    """Add `prompts` and its actions."""
    prompts = commands.add_parser("prompts", parents=[common()], help="the library of prompts")
    actions = prompts.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", parents=[common()], help="list them")
    show = actions.add_parser("show", parents=[common()], help="print one as a file")
    show.add_argument("name", metavar="NAME", help="as 'prompts list' shows it")
    export = actions.add_parser("export", parents=[common()], help="write them to files")
    words = "as 'prompts list' shows them; without one, all of your own"
    export.add_argument("names", nargs="*", metavar="NAME", help=words)
    words = "the folder; it is made, and nothing in it is overwritten"
    export.add_argument("--to", type=Path, required=True, metavar="DIR", help=words)
    bring = actions.add_parser("import", parents=[common()], help="take them over from files")
    words = "files that end in .prompt.yaml, or .zip with such files in it"
    bring.add_argument("paths", nargs="+", type=Path, metavar="FILE", help=words)


def run(paths: Paths, options: argparse.Namespace) -> int:
    """Do one of them; returns the exit code. Raises AppError."""
    from app.core.settings import SettingsFile
    from app.services.stored_prompts import StoredPrompts

    paths.make()
    settings, _ = SettingsFile(paths.settings).load()
    actions = {"list": _list, "show": _show, "export": _export, "import": _import}
    with contextlib.closing(StoredPrompts(paths, settings.language)) as prompts:
        return actions[options.action](prompts, options)


def _list(prompts: StoredPrompts, _options: argparse.Namespace) -> int:
    for prompt in prompts.all():
        place = f"{prompt.folder}/" if prompt.folder else ""
        note = "" if prompt.is_built_in else "  (your own)"
        print(f"{prompt.name}  {place}{prompt.title}{note}")
    return 0


def _show(prompts: StoredPrompts, options: argparse.Namespace) -> int:
    print(prompts.as_text(prompts.find(options.name)), end="")
    return 0


def _export(prompts: StoredPrompts, options: argparse.Namespace) -> int:
    for file in prompts.export(options.names, options.to):
        print(file)
    return 0


def _import(prompts: StoredPrompts, options: argparse.Namespace) -> int:
    kept, problems = prompts.bring_in(options.paths)
    for prompt in kept:
        print(f"Imported {prompt.name}.")
    for problem in problems:
        words = f"{problem.summary_text} {problem.details}".strip()
        print(f"inglenook: {words}", file=sys.stderr)
    return FAILED if problems else 0
