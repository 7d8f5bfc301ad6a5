"""How long the window does not react while four downloads run at the full speed of loopback.

The Downloads tab of the real window is open, the model is loaded and rests. Four models of some
100 MB, each in a repository of its own, are asked for one right after the other, as the button in a
model's page does it. The gaps of a 1 ms timer in the window's own event loop are watched from then
until a second after the last one is done: rows appear and are painted anew, the process that
downloads starts, the list of models is made anew after each. The same window at rest is watched for
comparison.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass

from app.core.models_entities import DownloadJob, DownloadState, RepoDetails, Variant
from app.ui.controller import Controller
from benchmarks.heartbeat import Heartbeat, Lateness
from benchmarks.local_hub import Published, job_from, serve
from benchmarks.models_window import opened, pause, run, until
from benchmarks.report import Figure, MeasurementFailed, at_most
from benchmarks.screen import Screen

STALL_LIMIT_MS = 50.0
DOWNLOADS = 4
IDLE_S = 3.0
CLICK_MS = 20  # between two clicks: each is an event of its own; all come before the first byte
AFTER_MS = 1000  # the list of models and the notice come after the end
OPEN_STATES = (DownloadState.QUEUED, DownloadState.RUNNING, DownloadState.WAITING)


@dataclass(frozen=True, slots=True)
class Watched:
    """Lateness while it downloads and at rest; when the last download ended, in seconds."""

    busy: Lateness
    idle: Lateness
    done_s: float


def measure(screen: Screen) -> list[Figure]:
    """One window, four downloads at once."""
    with serve(Published(models=DOWNLOADS)) as hub:
        task = {"endpoint": hub.endpoint, "jobs": [asdict(job) for job in hub.jobs]}
        said = run(screen, "downloads_loop", task)
        total = sum(file.size_bytes for job in hub.jobs for file in job.files)
    found = Watched(Lateness(**said["busy"]), Lateness(**said["idle"]), said["done_s"])
    words = (
        f"at {found.busy.longest_at_s:.2f} of {found.busy.seconds:.2f} s; {DOWNLOADS} downloads,"
        f" {total / 1e6:.0f} MB in {found.done_s:.2f} s; 99th percentile of waiting"
        f" {found.busy.p99_ms:.1f} ms; the same window at rest: {found.idle.longest_ms:.1f} ms"
    )
    longest = round(found.busy.longest_ms, 1)
    return [at_most("longest stall, 4 downloads", longest, "ms", STALL_LIMIT_MS, words)]


def main() -> None:
    """Entry of the window's process."""
    task = json.loads(sys.argv[1])
    jobs = [job_from(job) for job in task["jobs"]]
    settings = {"hub_endpoint": task["endpoint"], "downloads_at_once": DOWNLOADS}
    with opened("downloads", **settings) as controller:
        found = _watch(controller, jobs)
    print(json.dumps(asdict(found)))


def _watch(controller: Controller, jobs: list[DownloadJob]) -> Watched:
    heartbeat = Heartbeat(controller)
    heartbeat.start()
    begin = time.perf_counter()
    pause(int(IDLE_S * 1000))
    idle = heartbeat.lateness(begin, time.perf_counter())
    downloads = controller.model_store.downloads
    begin = time.perf_counter()
    for job in jobs:
        variants = (Variant("Q4_1", job.files),)
        details = RepoDetails(job.repo, job.commit, variants)
        controller.window.models_page.download_requested.emit(details, variants[0])
        pause(CLICK_MS)
    until(
        lambda: not any(found.state in OPEN_STATES for found in downloads.downloads),
        "the downloads do not end",
    )
    done_s = time.perf_counter() - begin
    pause(AFTER_MS)
    busy = heartbeat.lateness(begin, time.perf_counter())
    ends = [found.state for found in downloads.downloads]
    if ends != [DownloadState.DONE] * len(jobs):
        raise MeasurementFailed(f"The downloads ended so: {', '.join(ends)}")
    if controller.window.models_page.tab != "downloads":
        raise MeasurementFailed("The tab with the downloads was not open.")
    return Watched(busy, idle, done_s)
