"""How long a download takes beside `curl` and `sha256sum`: the same file, over loopback, in turn.

The real queue of downloads fetches a model as large as the starter model from the tests' stand-in
hub, which runs in a process of its own. Its clock runs from `Downloads.add` to the moment a
listener is told that it is done: starting the process that downloads and what that imports, asking
the hub where the file lies, looking for the same file on this computer, hashing, writing through to
the disk (fsync), renaming. The other clock runs over two commands one after the other, the start of
both processes included: `curl` of the same address to a file, then `sha256sum` of it; they do not
write through to the disk. How long our process takes to start is given beside it, since a second
download of the same session does not wait for it.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from app.core.models_entities import Download, DownloadJob, DownloadState, HubAccess
from app.services.downloads import Downloads
from app.services.loop import LoopScheduler
from app.services.ports import DownloadListener
from benchmarks.local_hub import Hub, Published, job_from, serve
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import ROOT, Screen

ROUNDS = 5
LIMIT = 1.3
PATIENCE_S = 60.0
# `-c`, because the process that downloads is spawned and would import its parent's main module
START = "from benchmarks.download import main; main()"
TOOLS = ("curl", "sha256sum")


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds for the same file, one after the other; `first_byte`: until our process had some."""

    ours: float
    first_byte: float
    theirs: float


class Ear(DownloadListener):
    """Notes when the first bytes are reported, and the end."""

    def __init__(self) -> None:
        self.first_byte = 0.0
        self.end: Download | None = None

    def downloads_changed(self, downloads: Sequence[Download]) -> None:
        for download in downloads:
            if download.done_bytes and not self.first_byte:
                self.first_byte = time.perf_counter()
            if download.state is DownloadState.FAILED:
                self.end = download

    def download_done(self, download: Download) -> None:
        self.end = download


def measure(screen: Screen) -> list[Figure]:
    """The pairs, in a process of their own; the screen is not used."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise MeasurementFailed(f"{' and '.join(missing)} not installed; install it and try again.")
    with (
        serve(Published(models=1)) as hub,
        tempfile.TemporaryDirectory(prefix="inglenook-bench-") as name,
    ):
        task = json.dumps({"endpoint": hub.endpoint, "job": asdict(hub.jobs[0])})
        done = subprocess.run(
            [sys.executable, "-c", START, task],
            cwd=ROOT,
            env=_environment(Path(name)),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise MeasurementFailed(done.stderr[-800:])
        pairs = [Pair(**pair) for pair in json.loads(done.stdout.splitlines()[-1])]
    ratios = [pair.ours / pair.theirs for pair in pairs]
    ours, theirs, first = (
        statistics.median(values)
        for values in zip(*((p.ours, p.theirs, p.first_byte) for p in pairs), strict=True)
    )
    words = (
        f"median of {len(pairs)} pairs, {min(ratios):.2f} to {max(ratios):.2f}; ours {ours:.2f} s,"
        f" of it {first:.2f} s until the first bytes are reported; curl and sha256sum"
        f" {theirs:.2f} s; {hub.jobs[0].files[0].size_bytes / 1e6:.0f} MB"
    )
    return [
        at_most(
            "download / (curl + sha256sum)", round(statistics.median(ratios), 3), "", LIMIT, words
        )
    ]


def _environment(folder: Path) -> dict[str, str]:
    """No file of this person is taken over instead of fetched, no token or proxy of theirs used."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HF_") and not name.lower().endswith("_proxy")
    }
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder)}


def main() -> None:
    """Entry of the process with the queue: pairs in turn, after one that warms the disk cache."""
    task = json.loads(sys.argv[1])
    hub = Hub(task["endpoint"], [job_from(task["job"])])
    with tempfile.TemporaryDirectory() as name:
        pairs = [_pair(hub, Path(name), number) for number in range(ROUNDS + 1)][1:]
    print(json.dumps([asdict(pair) for pair in pairs]))


def _pair(hub: Hub, folder: Path, number: int) -> Pair:
    """Both in folders of their own, ours first in every other pair."""
    job = replace(hub.jobs[0], id=f"round{number}")
    ours = folder / "ours"
    theirs = folder / "theirs"
    theirs.mkdir()
    found: tuple[float, float] = (0.0, 0.0)
    other = 0.0
    for is_ours in (True, False) if number % 2 else (False, True):
        os.sync()  # nothing of the other's is still being written
        if is_ours:
            found = _ours(hub, job, ours)
        else:
            other = _theirs(hub, job, theirs)
    shutil.rmtree(ours)
    shutil.rmtree(theirs)
    return Pair(*found, other)


def _ours(hub: Hub, job: DownloadJob, folder: Path) -> tuple[float, float]:
    loop, ear = LoopScheduler(), Ear()
    access = HubAccess(endpoint=hub.endpoint)
    downloads = Downloads(
        lambda: folder / "models", folder / "list", lambda: access, lambda: (2, 0), loop
    )
    downloads.add_listener(ear)
    begin = time.perf_counter()
    downloads.add(job)
    loop.run_until(lambda: ear.end is not None, PATIENCE_S)
    seconds = time.perf_counter() - begin
    downloads.stop()
    loop.drain(PATIENCE_S)
    end = ear.end
    if end is None or end.state is not DownloadState.DONE:
        raise MeasurementFailed(f"The download did not end well: {end}")
    if Path(end.path).stat().st_size != job.files[0].size_bytes:
        raise MeasurementFailed("The file that was downloaded has another size.")
    return seconds, ear.first_byte - begin


def _theirs(hub: Hub, job: DownloadJob, folder: Path) -> float:
    path = folder / "model.gguf"
    begin = time.perf_counter()
    subprocess.run(
        ["curl", "--silent", "--fail", "--location", "--output", path, hub.url(job)], check=True
    )
    said = subprocess.run(["sha256sum", path], check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - begin
    if said.split()[0] != job.files[0].sha256:
        raise MeasurementFailed("curl brought something else.")
    return seconds
