"""`inglenook models ...`: search, look, fetch, and keep models, without a window."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.core.errors import AppError, ProblemRaised
from app.core.models_entities import Download, DownloadState, Fit, SearchQuery, SearchSort
from app.core.paths import Paths
from app.core.settings import Settings, SettingsFile
from app.core.sizes import size_words

INTERRUPTED = 130
REPO_WIDTH, FILE_WIDTH = 52, 14
SORTS = {sort.name.lower(): sort for sort in SearchSort}
FIT_WORDS = {
    "gpu": "fits on the GPU",
    "partly": "partly on the GPU",
    "memory": "in memory, slow",
    "too_big": "too big",
}


def add_commands(commands: Any, common: Callable[[], argparse.ArgumentParser]) -> None:
    """Add `models` and its actions to the program's commands."""
    models = commands.add_parser("models", parents=[common()], help="find, fetch and keep models")
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, words: str, *, network: bool = False) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = actions.add_parser(name, parents=[common()], help=words)
        parser.add_argument("--json", action="store_true", help="print JSON")
        if network:
            parser.add_argument("--endpoint", metavar="URL", help="a hub or mirror for this time")
            parser.add_argument("--offline", action="store_true", help="open no connection")
        return parser

    search = action("search", "look for models on the hub", network=True)
    search.add_argument("text", metavar="TEXT", help="words in the name")
    search.add_argument("--sort", choices=SORTS, default="trending", help="what comes first")
    search.add_argument("--licence", default="", metavar="NAME", help="only with this licence")
    search.add_argument("--language", default="", metavar="CODE", help="only for this language")
    files = action("files", "what a repository has, and whether it fits", network=True)
    files.add_argument("repo", metavar="OWNER/MODEL", help="the repository on the hub")
    pull = action("pull", "download a model", network=True)
    pull.add_argument("repo", metavar="OWNER/MODEL", help="the repository on the hub")
    which = pull.add_mutually_exclusive_group()
    which.add_argument("--file", default="", metavar="NAME", help="this file")
    words = "this variant; without it, the one that fits best"
    which.add_argument("--quant", default="", metavar="Q4_K_M", help=words)
    words = "a branch, tag or commit"
    pull.add_argument("--revision", default="main", metavar="REV", help=words)
    action("list", "models on this computer")
    info = action("info", "what a model file or repository is", network=True)
    words = "a file here or a repository on the hub"
    info.add_argument("what", metavar="PATH|REPO", help=words)
    bring = action("import", "copy a GGUF file into the models folder")
    bring.add_argument("path", type=Path, metavar="PATH", help="a GGUF file")
    verify = action("verify", "read files again and compare them with what was downloaded")
    words = "a GGUF file; without it, all of them"
    verify.add_argument("path", type=Path, nargs="?", metavar="PATH", help=words)
    remove = action("remove", "delete a model from the models folder")
    remove.add_argument("path", type=Path, metavar="PATH", help="a GGUF file")


def run(paths: Paths, options: argparse.Namespace) -> int:
    """Do one of the actions; returns the exit code. Raises AppError."""
    paths.make()
    settings, _ = SettingsFile(paths.settings).load()
    if getattr(options, "endpoint", None):
        # what was agreed on for one mirror does not hold for another
        settings = replace(settings, hub_endpoint=options.endpoint, is_token_for_mirror=False)
    if getattr(options, "offline", False):
        settings = replace(settings, is_offline=True)
    actions: dict[str, Callable[[Paths, Settings, argparse.Namespace], int]] = {
        "search": _search,
        "files": _files,
        "pull": _pull,
        "list": _list,
        "info": _info,
        "import": _import,
        "verify": _verify,
        "remove": _remove,
    }
    return actions[options.action](paths, settings, options)


def _hub(settings: Settings):  # type: ignore[no-untyped-def]
    from app.services.model_hub import ModelHub, access_from

    access = access_from(settings)
    return ModelHub(lambda: access, params=settings.load_params)


def _library(paths: Paths, settings: Settings):  # type: ignore[no-untyped-def]
    from app.services.library import Library

    return Library(paths, lambda: settings)


def _search(_paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    query = SearchQuery(
        options.text, SORTS[options.sort], licence=options.licence, language=options.language
    )
    hits = _hub(settings).search(query).hits
    if options.json:
        return _print_json([asdict(hit) for hit in hits])
    for hit in hits:
        gated = "  (terms to accept)" if hit.is_gated else ""
        print(f"{hit.repo:{REPO_WIDTH}} {hit.downloads:>10,} downloads  {hit.licence}{gated}")
    if not hits:
        print("Nothing was found.")
    return 0


def _files(_paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    hub = _hub(settings)
    details = hub.details(options.repo)
    fits = hub.fits(details)
    best = hub.recommended(details, fits)
    if options.json:
        return _print_json(
            {
                **asdict(details),
                "fits": {name: asdict(fit) for name, fit in fits.items()},
                "recommended": best.name if best else None,
            }
        )
    print(f"{details.repo}  {details.licence}  commit {details.commit[:12]}")
    for variant in details.variants:
        mark = "*" if best is not None and variant.name == best.name else " "
        whole = "" if variant.is_complete else "  (parts are missing)"
        words, size = _fit_words(fits.get(variant.name)), size_words(variant.size_bytes)
        print(f"{mark} {variant.name:{FILE_WIDTH}} {size:>10}  {words}{whole}")
    for file in details.projectors:
        print(f"  {file.path:{FILE_WIDTH}} {size_words(file.size_bytes):>10}  for pictures")
    return 0


def _fit_words(fit: Fit | None) -> str:
    if fit is None:
        return ""
    needed = f"needs {size_words(fit.needed_bytes)}, {size_words(fit.free_ram_bytes)} free"
    return f"{FIT_WORDS[fit.verdict.value]} ({needed}; context up to {fit.largest_context:,})"


def _pull(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    from app.core.hub_errors import HubFileNotFound
    from app.services.model_hub import job_for, variant_named

    hub = _hub(settings)
    details = hub.details(options.repo, options.revision)
    if options.file or options.quant:
        variant = variant_named(details, quantization=options.quant, file=options.file)
    else:
        chosen = hub.recommended(details, hub.fits(details))
        if chosen is None:
            raise HubFileNotFound(repo=options.repo, file="*.gguf")
        variant = chosen
    job = job_for(details, variant)
    end = _Pull(paths, settings, quiet=options.json).run(job)
    if end is None:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    if end.problem is not None:
        raise ProblemRaised(end.problem)
    if options.json:
        return _print_json({"path": end.path, "size_bytes": end.total_bytes, "commit": job.commit})
    print(f"It is in {end.path}.")
    return 0


class _Pull:
    """One download, watched until it is over or Ctrl+C."""

    def __init__(self, paths: Paths, settings: Settings, *, quiet: bool) -> None:
        from app.services.downloads import Downloads
        from app.services.loop import LoopScheduler
        from app.services.model_hub import access_from

        access = access_from(settings)
        self._loop = LoopScheduler()
        self._quiet = quiet
        self._downloads = Downloads(
            lambda: _library(paths, settings).root,
            paths.downloads,
            lambda: access,
            settings.download_limits,
            self._loop,
        )

    def run(self, job) -> Download | None:  # type: ignore[no-untyped-def]
        """The download when it is over; None when the person stopped it."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        over = (DownloadState.DONE, DownloadState.FAILED)

        def find() -> Download | None:
            return next((d for d in self._downloads.downloads if d.job.id == job.id), None)

        shown = 0.0

        def is_over() -> bool:
            nonlocal shown
            found = find()
            if found is not None and not self._quiet and time.monotonic() - shown > 0.2:
                shown = time.monotonic()
                _show_progress(found)
            is_refused = found is not None and found.problem is not None
            waits = found is not None and found.state is DownloadState.PAUSED and is_refused
            return found is not None and (found.state in over or waits)

        try:
            self._downloads.start()
            self._loop.drain(5)
            self._downloads.add(job)
            while not self._loop.run_until(is_over, 3600):
                pass
        except KeyboardInterrupt:
            return None
        finally:
            self._downloads.stop()
            if not self._quiet and sys.stderr.isatty():
                print(file=sys.stderr)
        return find()


def _show_progress(download: Download) -> None:
    if not sys.stderr.isatty():
        return
    share = download.done_bytes / max(1, download.total_bytes)
    bar = "█" * int(share * 24)
    left = download.seconds_left
    words = f"{size_words(int(download.speed))}/s" if download.speed else ""
    if left is not None:
        words += f"  {int(left) // 60}:{int(left) % 60:02d} left"
    print(f"\r{bar:░<24} {share:4.0%}  {words:30}", end="", file=sys.stderr, flush=True)


def _list(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    models = _library(paths, settings).models()
    if options.json:
        return _print_json([_as_json(model) for model in models])
    for model in models:
        if model.problem is not None:
            print(f"! {model.path}\n    {model.problem.summary_text}")
        else:
            print(f"  {model.path}")
            print(f"    {model.name}, {model.quantization}, {size_words(model.size_bytes)}")
    if not models:
        print("There are no models on this computer. Find some: inglenook models search TEXT")
    return 0


def _info(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    path = Path(options.what)
    if not path.exists() and options.what.count("/") == 1 and not options.what.endswith(".gguf"):
        options.repo = options.what
        return _files(paths, settings, options)
    from app.services.models import describe_model

    model = describe_model(path)
    if model.problem is not None:
        raise ProblemRaised(model.problem)
    if options.json:
        return _print_json(_as_json(model))
    print(f"{model.name}\n  file: {model.path}\n  size: {size_words(model.size_bytes)}")
    print(f"  architecture: {model.architecture}, {model.quantization}")
    print(
        f"  parameters: {model.parameters:,}\n  trained context: {model.trained_context:,} tokens"
    )
    print(f"  chat template: {'its own' if model.has_chat_template else 'none'}")
    return 0


def _import(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    path = _library(paths, settings).copy_in(options.path)
    return _print_json({"path": str(path)}) if options.json else _print(f"It is in {path}.")


def _verify(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    library = _library(paths, settings)
    found: list[dict[str, str]] = []
    chosen: Sequence[Path] = [options.path] if options.path else [m.path for m in library.models()]
    for path in chosen:
        try:
            words = "verified" if library.verify(path) else "whole; no hash to compare with"
        except AppError as error:
            words = error.problem.summary_text
            found.append({"path": str(path), "result": "bad", "words": words})
        else:
            found.append({"path": str(path), "result": "good", "words": words})
        if not options.json:
            print(f"{'!' if found[-1]['result'] == 'bad' else ' '} {path}\n    {words}")
    if options.json:
        _print_json(found)
    return 1 if any(item["result"] == "bad" for item in found) else 0


def _remove(paths: Paths, settings: Settings, options: argparse.Namespace) -> int:
    freed = _library(paths, settings).remove(options.path)
    if options.json:
        return _print_json({"freed_bytes": freed})
    return _print(f"Deleted; {size_words(freed)} are free now.")


def _as_json(model: Any) -> dict[str, Any]:
    problem = model.problem.summary_text if model.problem else None
    return {**asdict(model), "path": str(model.path), "problem": problem}


def _print(words: str) -> int:
    print(words)
    return 0


def _print_json(data: Any) -> int:
    print(json.dumps(data, ensure_ascii=False, default=str))
    return 0
