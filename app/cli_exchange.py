"""`inglenook chats export` and `chats import`: conversations to and from files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import ProblemRaised
from app.core.paths import Paths

if TYPE_CHECKING:
    from app.services.exchange import Job, JobListener

FORMATS = ("archive", "json", "markdown", "html")
FAILED = 1


def add_commands(actions: Any, common: Callable[[], argparse.ArgumentParser]) -> None:
    """Add both to the actions of `chats`."""
    export = actions.add_parser("export", parents=[common()], help="write them to files")
    words = "as 'chats list' shows them; without one, all"
    export.add_argument("ids", nargs="*", metavar="ID", help=words)
    words = "as what; archive and json hold every branch"
    export.add_argument("--as", dest="format", choices=FORMATS, default="archive", help=words)
    words = "the file; for several that are no archive, a folder"
    export.add_argument("--to", type=Path, required=True, metavar="PATH", help=words)
    words = "leave out what the model thought before it answered"
    export.add_argument("--no-reasoning", action="store_true", help=words)
    words = "take them over from files of Inglenook, ChatGPT and others"
    bring = actions.add_parser("import", parents=[common()], help=words)
    bring.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")


def run(paths: Paths, options: argparse.Namespace) -> int:
    """Do one of them; returns the exit code. Raises AppError or ProblemRaised."""
    paths.make()
    action = _export if options.action == "export" else _import
    return action(paths, options)


def _export(paths: Paths, options: argparse.Namespace) -> int:
    from app.services.chats import Chats
    from app.services.exchange import ExchangeService, Exported
    from app.services.exchange_files import ExportOrder, Format

    chats = Chats(paths.database)
    try:
        chosen = [chats.find(prefix) for prefix in options.ids] or chats.all()
        order = ExportOrder(
            tuple(dict.fromkeys(conversation.id for conversation in chosen)),
            Format(options.format),
            options.to,
            has_reasoning=not options.no_reasoning,
        )

        def start(service: ExchangeService, listener: JobListener) -> Job:
            return service.export(order, listener)

        result = _wait(chats, start)
    finally:
        chats.close()
    assert isinstance(result, Exported)
    print(f"Exported {_counted(result.count)} to {result.target}.")
    return 0


def _import(paths: Paths, options: argparse.Namespace) -> int:
    from app.services.chats import Chats
    from app.services.exchange import ExchangeService, Imported, Preview

    chats = Chats(paths.database)
    try:
        looked = _wait(chats, lambda service, listener: service.look(options.paths, listener))
        assert isinstance(looked, Preview)

        def start(service: ExchangeService, listener: JobListener) -> Job:
            return service.bring_in(looked, listener)

        result = _wait(chats, start)
    finally:
        chats.close()
    assert isinstance(result, Imported)
    print(f"Imported {_counted(result.added)}; already here: {result.already_there}.")
    if result.skipped:
        print(f"Could not be read: {result.skipped}.", file=sys.stderr)
        for reason in result.reasons:
            print(f"  {reason}", file=sys.stderr)
    return FAILED if result.skipped and not result.added else 0


def _wait(chats: Any, start: Callable[[Any, Any], Job]) -> object:
    """The job's result; Ctrl+C calls it off. Raises ProblemRaised."""
    from app.services.exchange import ExchangeService
    from app.services.exchange import JobListener as Listener
    from app.services.loop import LoopScheduler

    class News(Listener):
        result: object = None
        problem = None

        def finished(self, result: object) -> None:
            self.result = result

        def failed(self, problem: Any) -> None:
            self.problem = problem

    loop, news = LoopScheduler(), News()
    job = start(ExchangeService(lambda: chats.storage, loop), news)
    try:
        loop.run_until(lambda: job.is_over, float("inf"))
    except KeyboardInterrupt:
        job.cancel()
        loop.run_until(lambda: job.is_over)
        raise
    if news.problem is not None:
        raise ProblemRaised(news.problem)
    return news.result


def _counted(count: int) -> str:
    return "1 conversation" if count == 1 else f"{count} conversations"
