"""How long the list of 200 models takes in a new process, with nothing of the disk in memory.

The models lie as downloads do, each in its maker's and repository's folder with the note of its
origin beside it. Each has the starter model's whole header, vocabulary and list of tensors, and its
full size; the weights are a hole, which nobody reads. A process that has imported the app empties
the kernel's caches of pages, names and inodes, and then calls `Library.models`; the clock runs from
the call to the list. Where the kernel does not allow that, the figure says that it is warm. The
first look of all has a list from the beginnings of the files, and then reads every header; how long
that takes is given beside it. In daily use the app has seen the models before: what it remembers of
them is a file in the data folder, cold too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.core.entities import LocalModel
from app.core.paths import find_paths, resources
from app.core.settings import Settings
from app.services.library import Library
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import ROOT, Screen

MODELS, ROUNDS = 200, 5
LIMIT_MS = 200.0
HEADER_BYTES = 2 << 20  # the starter model's header is 1.7 MiB
A_DAY_S = 86_400
DROP = Path("/proc/sys/vm/drop_caches")
START = "from benchmarks.library_list import main; main()"


@dataclass(frozen=True, slots=True)
class Look:
    """One list in a new process; `early_s` is 0 where there was nothing new to be read."""

    early_s: float
    seconds: float
    is_cold: bool


def measure(screen: Screen) -> list[Figure]:
    """Looks at what was never seen and at what is known; the screen is not used."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name:
        data = Path(name)
        _make_models(data)
        firsts = []
        for _ in range(ROUNDS):
            find_paths(data).known_models.unlink(missing_ok=True)
            firsts.append(_look(data))
        looks = [_look(data) for _ in range(ROUNDS)]
    is_cold = all(look.is_cold for look in firsts + looks)
    cold = "caches emptied before each" if is_cold else "WARM: the caches could not be emptied"
    whole = statistics.median(look.seconds for look in firsts)
    return [
        _figure(
            f"list of {MODELS} models never seen before",
            [look.early_s for look in firsts],
            f"{cold}; every header read after {whole:.1f} s",
        ),
        _figure(f"list of {MODELS} models", [look.seconds for look in looks], cold),
    ]


def _figure(name: str, seconds: Sequence[float], words: str) -> Figure:
    values = [value * 1000 for value in seconds]
    spread = f"median of {ROUNDS} new processes, {min(values):.0f} to {max(values):.0f}"
    median = round(statistics.median(values), 1)
    return at_most(name, median, "ms", LIMIT_MS, f"{spread}; {words}")


def _make_models(data: Path) -> None:
    source = next((resources() / "starter").glob("*.gguf"), None)
    if source is None:
        raise MeasurementFailed("The starter model is not there. Run: make starter")
    with source.open("rb") as file:
        header = file.read(HEADER_BYTES)
    paths = find_paths(data)
    paths.make()
    a_day_ago = time.time() - A_DAY_S  # not written just now
    for number in range(MODELS):
        folder = paths.models / f"maker-{number % 20:02}" / f"Model-{number:03}-GGUF"
        folder.mkdir(parents=True)
        path = folder / f"model-{number:03}-Q4_1.gguf"
        with path.open("wb") as file:
            file.write(header)
            file.truncate(source.stat().st_size)
        path.with_name(f"{path.name}.meta.json").write_text("{}", encoding="utf-8")
        os.utime(path, (a_day_ago, a_day_ago))


def _look(data: Path) -> Look:
    words = [sys.executable, "-c", START, str(data)]
    # no starter model beside them: they are 200
    env = {**os.environ, "INGLENOOK_STARTER_DIR": str(data / "starter")}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasurementFailed(f"The list was not made: {done.stderr[-800:]}")
    return Look(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Entry of the process that makes the list."""
    library = Library(find_paths(Path(sys.argv[1])), Settings)
    is_cold = empty_caches()
    early_s: list[float] = []

    def early(models: list[LocalModel]) -> None:
        early_s.append(time.perf_counter() - begin)
        if len(models) != MODELS or any(not model.trained_context for model in models):
            sys.exit("The early list is not complete")

    begin = time.perf_counter()
    models = library.models(early)
    seconds = time.perf_counter() - begin
    broken = [model for model in models if model.problem is not None]
    if len(models) != MODELS or broken:
        sys.exit(f"{len(models)} models were listed, {len(broken)} of them broken")
    print(json.dumps(asdict(Look(sum(early_s), seconds, is_cold))))


def empty_caches() -> bool:
    os.sync()  # what is not on the disk yet cannot be dropped
    try:
        DROP.write_text("3\n", encoding="ascii")
    except OSError:
        return False
    return True
