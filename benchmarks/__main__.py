"""`python -m benchmarks`: measure, print one table, keep it as latest.json."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks import (
    answer_speed,
    download,
    downloads_loop,
    engine_speed,
    event_loop,
    ledger,
    library_list,
    long_answer,
    long_conversation,
    many_conversations,
    memory,
    memory_policies,
    packaged,
    report,
    resume,
    search_paint,
    ten_turns,
    window_start,
)
from benchmarks.report import Figure, MeasurementFailed, NothingToMeasure
from benchmarks.screen import Screen, screen

LATEST = Path(__file__).with_name("latest.json")
MEASUREMENTS: dict[str, Callable[[Screen], list[Figure]]] = {
    "window-start": window_start.measure,
    "memory": memory.measure,
    "answer-speed": answer_speed.measure,
    "event-loop": event_loop.measure,
    "download": download.measure,
    "downloads-loop": downloads_loop.measure,
    "library-list": library_list.measure,
    "search-paint": search_paint.measure,
    "packaged": packaged.measure,
    "engine-speed": engine_speed.measure,
    "long-answer": long_answer.measure,
    "long-conversation": long_conversation.measure,
    "many-conversations": many_conversations.measure,
    "ten-turns": ten_turns.measure,
    "resume": resume.measure,
    "ledger": ledger.measure,
    "memory-policies": memory_policies.measure,
}


def main() -> int:
    """Returns 0 if every bar holds and everything could be measured, else 1."""
    options = _options()
    if options.list:
        for name, measure in MEASUREMENTS.items():
            print(f"{name:<16}{_title(measure)}")
        return 0
    figures: list[Figure] = []
    is_complete = True
    with screen() as shown:
        for name in options.only or MEASUREMENTS:
            print(f"benchmarks: {name}, {_others()}", file=sys.stderr, flush=True)
            try:
                figures += MEASUREMENTS[name](shown)
            except NothingToMeasure as error:
                print(f"benchmarks: {name} was left out. {error}", file=sys.stderr)
            except MeasurementFailed as error:
                print(f"benchmarks: {name} could not be measured. {error}", file=sys.stderr)
                is_complete = False
    print(report.table(figures))
    report.write(figures, LATEST)
    return 0 if is_complete and all(figure.holds for figure in figures) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        choices=MEASUREMENTS,
        help="measure this one alone; may be given again",
    )
    parser.add_argument("--list", action="store_true", help="list the measurements and end")
    return parser.parse_args()


def _others() -> str:
    """Whether something else keeps the processor busy: then no figure means much."""
    busy = psutil.cpu_percent(1.0) / 100 * (psutil.cpu_count() or 1)
    return f"with {busy:.1f} cores busy before" + (": NOT A QUIET MACHINE" if busy > 0.2 else "")


def _title(measure: Callable[[Screen], list[Figure]]) -> str:
    return (sys.modules[measure.__module__].__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeasurementFailed as error:
        sys.exit(f"benchmarks: {error}")
