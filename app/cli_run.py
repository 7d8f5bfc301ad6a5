"""`inglenook run ...`: a prompt over a table, a row at a time, without a window."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import NoModel
from app.core.paths import Paths

if TYPE_CHECKING:
    from app.services.batch import BatchProgress

INTERRUPTED, WRONG_USAGE = 130, 2
TELL_S = 10.0  # between two lines where there is no terminal
MOST_TOKENS = 1024  # as app.services.batch_rows has it


def add_command(commands: Any, common: Callable[[], argparse.ArgumentParser]) -> None:
    """Add `run` to the program's commands."""
    words = "run a prompt over the rows of a CSV file"
    run_ = commands.add_parser("run", parents=[common()], help=words)
    words = "a prompt's name, a .prompt.yaml file, or a text with {columns} in braces"
    run_.add_argument("prompt", metavar="PROMPT", help=words)
    words = "the CSV file; its first line names the columns"
    run_.add_argument("--input", type=Path, required=True, metavar="FILE", help=words)
    words = "the CSV file to write; a run that was cut short goes on where it ends"
    run_.add_argument("--output", type=Path, required=True, metavar="FILE", help=words)
    run_.add_argument("--model", type=Path, metavar="PATH", help="a GGUF file")
    words = "a JSON schema that every answer follows; each property becomes a column"
    run_.add_argument("--schema", type=Path, metavar="FILE", help=words)
    words = "a variable of the prompt that is the same in every row; may be given again"
    run_.add_argument(
        "--set", type=_pair, action="append", default=[], metavar="NAME=VALUE", help=words
    )
    words = "a variable that comes from a column of another name; may be given again"
    run_.add_argument(
        "--map", type=_pair, action="append", default=[], metavar="NAME=COLUMN", help=words
    )
    words = "the column for the answers; 'answer' is the default"
    run_.add_argument("--column", default="answer", metavar="NAME", help=words)
    run_.add_argument("--limit", type=_count, default=0, metavar="N", help="the first N rows only")
    words = f"end each answer after N tokens; {MOST_TOKENS} is the default, 0 the context"
    run_.add_argument("--max-tokens", type=_count, default=MOST_TOKENS, metavar="N", help=words)
    words = "begin anew: delete what is in the output"
    run_.add_argument("--restart", action="store_true", help=words)


def run(paths: Paths, options: argparse.Namespace) -> int:
    """Run it; returns the exit code. Raises AppError and ProblemRaised."""
    from app.core.settings import SettingsFile
    from app.services.batch_rows import GREEDY, BatchOrder, text_of_schema
    from app.services.batch_run import run_batch, template_for
    from app.services.models import choose_model, find_local_models

    if not options.prompt.strip():
        print("inglenook: The prompt is empty. Write it after 'run'.", file=sys.stderr)
        return WRONG_USAGE
    paths.make()
    settings, _ = SettingsFile(paths.settings).load()
    language = _language(settings.language)
    template = template_for(paths, options.prompt, language)
    schema = text_of_schema(options.schema) if options.schema is not None else ""
    model = options.model
    if model is None:
        chosen = choose_model("", find_local_models(paths))
        if chosen is None:
            raise NoModel
        model = chosen.path
    order = BatchOrder(
        input=options.input.absolute(),
        output=options.output.absolute(),
        template=template,
        model=model.absolute(),
        mapping=tuple(options.map),
        values=tuple(options.set),
        schema=schema,
        column=options.column,
        limit=options.limit,
        sampling=replace(GREEDY, max_tokens=options.max_tokens),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    teller = _Teller()
    try:
        progress = run_batch(paths, order, teller.tell, restarts=options.restart, language=language)
    finally:
        teller.end_line()
    print(_summary(progress, order.output), file=sys.stderr)
    return 0 if progress.state == "done" else INTERRUPTED


class _Teller:
    """How far it is, on stderr: one line that changes in a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._told = time.monotonic()
        self._width = 0

    def tell(self, progress: BatchProgress) -> None:
        """Say it, unless it was said just now."""
        if not progress.total:
            return
        now = time.monotonic()
        if self._is_terminal:
            words = _words(progress)
            print(f"\r{words:<{self._width}}", end="", file=sys.stderr, flush=True)
            self._width = len(words)
        elif now - self._told >= TELL_S:
            self._told = now
            print(_words(progress), file=sys.stderr, flush=True)

    def end_line(self) -> None:
        """What follows begins in a line of its own."""
        if self._width:
            print(file=sys.stderr)
            self._width = 0


def _words(progress: BatchProgress) -> str:
    words = f"{progress.done} of {progress.total} rows"
    if progress.rows_per_min:
        words += f", {progress.rows_per_min:.0f} a minute"
    if progress.seconds_left >= 0:
        words += f", {_time(progress.seconds_left)} left"
    if progress.errors:
        words += f", {progress.errors} with an error"
    return words


def _summary(progress: BatchProgress, output: Path) -> str:
    rows = "1 row is" if progress.done == 1 else f"{progress.done} rows are"
    words = f"{rows} in {output}."
    if progress.errors:
        some = "1 of them has" if progress.errors == 1 else f"{progress.errors} of them have"
        words += f" {some} an error; the last column says which."
    if progress.prompt_tokens:
        share = round(100 * progress.reused_tokens / progress.prompt_tokens)
        words += f" {share} % of what the model had to read was read before."
    if progress.state != "done":
        words += " Run it again to go on."
    return words


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _language(chosen: str) -> str:
    """As the window would have it; without one the environment says."""
    import locale

    if chosen not in ("", "system"):
        return chosen
    found = locale.getlocale()[0] or ""
    return "zh_CN" if found.startswith("zh") else "en"


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise argparse.ArgumentTypeError("must be NAME=VALUE")
    return name.strip(), value


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)
