"""The tests' stand-in for the hub in a process of its own, so that its work is not counted in ours.

`serve` starts it; `Published` says what it holds. It prints a line with its addresses, and at the
end one with the moments at which the last bytes of its answers to searches went out, in seconds of
`time.monotonic`, which all processes of a Linux machine share.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.core.models_entities import DownloadJob, RemoteFile
from app.core.paths import resources
from benchmarks.report import MeasurementFailed
from benchmarks.screen import ROOT
from tests.local_hub import LocalHub
from tests.local_hub_data import Seen
from tests.local_hub_server import Handler

START = "from benchmarks.local_hub import main; main()"


@dataclass(frozen=True, slots=True)
class Published:
    """What the hub holds: copies of the starter model that differ in their last bytes, each in a
    repository of its own, and repositories with nothing but a tiny file for searches to find."""

    models: int = 0
    findable: int = 0


@dataclass(slots=True)
class Hub:
    """A running one; `answered` is filled when it has ended."""

    endpoint: str
    jobs: list[DownloadJob]
    answered: list[float] = field(default_factory=list)

    def url(self, job: DownloadJob) -> str:
        """Where the file of `job` is asked for."""
        return f"{self.endpoint}/{job.repo}/resolve/{job.commit}/{job.files[0].path}"


@contextlib.contextmanager
def serve(published: Published) -> Iterator[Hub]:
    """Start it, end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="inglenook-bench-hub-") as folder:
        words = [sys.executable, "-c", START, folder, json.dumps(asdict(published))]
        with subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise MeasurementFailed("The stand-in hub did not start.")
            said = json.loads(line)
            hub = Hub(said["endpoint"], [job_from(each) for each in said["jobs"]])
            try:
                yield hub
            finally:
                process.stdin.close()
                last = process.stdout.readline()
                hub.answered += json.loads(last) if last else []


def job_from(said: dict[str, Any]) -> DownloadJob:
    """A job as JSON has it."""
    files = tuple(RemoteFile(**file) for file in said["files"])
    return DownloadJob(**{**said, "files": files})


def main() -> None:
    """Entry of the hub's process: serves until its input ends."""
    folder, published = Path(sys.argv[1]), Published(**json.loads(sys.argv[2]))
    answered: list[float] = []
    _note_answers(answered)
    with LocalHub() as hub:
        jobs = [asdict(_publish(hub, folder, number)) for number in range(published.models)]
        for number in range(published.findable):
            _publish_findable(hub, number)
        print(json.dumps({"endpoint": hub.endpoint, "jobs": jobs}), flush=True)
        sys.stdin.read()
        print(json.dumps(answered), flush=True)


def _note_answers(answered: list[float]) -> None:
    """Just before the last bytes of an answer go out, so that their way counts too."""
    send = Handler._write  # noqa: SLF001 - nothing public knows the moment

    def noted(self: Handler, data: bytes, seen: Seen) -> None:
        if seen.path.startswith("/api/models?"):
            answered.append(time.monotonic())
        send(self, data, seen)

    Handler._write = noted  # type: ignore[method-assign]  # noqa: SLF001


def _publish(hub: LocalHub, folder: Path, number: int) -> DownloadJob:
    source = next((resources() / "starter").glob("*.gguf"))
    name = f"model-{number}-Q4_1.gguf"
    path = folder / name
    # bytes behind the last tensor make it another file and leave it a good model
    path.write_bytes(source.read_bytes() + number.to_bytes(32, "little"))
    repo = f"maker/model-{number}-GGUF"
    commit = hub.add_repo(repo, {name: path})
    file = hub.file(repo, name)
    remote = RemoteFile(name, file.said_size, file.sha256)
    return DownloadJob(f"job{number}", repo, commit, f"model-{number} · Q4_1", (remote,))


def _publish_findable(hub: LocalHub, number: int) -> None:
    parameters = (135, 1_500, 3_000, 7_600, 14_000, 32_000)[number % 6] * 1_000_000
    hub.add_repo(
        f"some-maker-{number % 17}/Findable-Chat-Model-{number:03}-Instruct-GGUF",
        {"model-Q4_K_M.gguf": number.to_bytes(4, "little")},
        gated="auto" if number % 9 == 0 else False,
        downloads=1_000_000 - 1_234 * number,
        likes=5_000 - 13 * number,
        trendingScore=500 - number,
        tags=["gguf", "text-generation", "en", "license:apache-2.0", "conversational"] * 3,
        gguf={"total": parameters, "architecture": "llama", "context_length": 32_768},
    )
