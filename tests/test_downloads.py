"""The queue of downloads and the process behind it: pauses, goes on, survives being killed."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import pickle
import random
import signal
import threading
import time
import typing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.download_messages import DownloadCommand, DownloadEvent, Ended
from app.core.hub_errors import (
    BadToken,
    DownloadBusy,
    DownloaderDied,
    HubOffline,
    HubUnreachable,
    WrongContent,
)
from app.core.models_entities import (
    Download,
    DownloadJob,
    DownloadState,
    HubAccess,
    RemoteFile,
)
from app.hub.download_store import DownloadStore, StoredDownload
from app.services.downloads import Downloads
from app.services.loop import LoopScheduler
from app.services.ports import DownloadListener
from tests.local_hub import Fault, LocalHub
from tests.local_hub_data import Seen
from tests.test_messages import examples

REPO = "maker/model-GGUF"
PATIENCE_S = 30.0
AT_ONCE_S = 0.5


def content(size: int, seed: int) -> bytes:
    """Bytes that nothing can guess."""
    return random.Random(seed).randbytes(size)


FILES = {
    "a-Q4_K_M.gguf": content(600_000, 1),
    "b-Q4_K_M.gguf": content(500_000, 2),
    "c-Q4_K_M.gguf": content(400_000, 3),
    "large.gguf": content(3_000_000, 4),
    "mmproj-F16.gguf": content(300_000, 5),
}


@pytest.fixture(autouse=True)
def real_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the folders of other programs are this test's own."""
    monkeypatch.setenv("HOME", str(home))
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    """A hub with one repository of several models."""
    with LocalHub() as found:
        found.add_repo(REPO, FILES)
        yield found


class Ear(DownloadListener):
    """Remembers what is told."""

    def __init__(self) -> None:
        self.done: list[Download] = []
        self.news: list[tuple[float, tuple[Download, ...]]] = []

    def downloads_changed(self, downloads: Sequence[Download]) -> None:
        self.news.append((time.monotonic(), tuple(downloads)))

    def download_done(self, download: Download) -> None:
        self.done.append(download)


class App:
    """The part of the app that downloads, with its main loop."""

    def __init__(self, hub: LocalHub, folder: Path, store: str = "downloads") -> None:
        self.hub = hub
        self.root = folder / "models"
        self.store = folder / store
        self.at_once, self.bytes_per_s = 2, 0
        self.access = HubAccess(endpoint=hub.endpoint)
        self.loop = LoopScheduler()
        self.ear = Ear()
        self.asked_on: set[str] = set()
        self.downloads = Downloads(
            lambda: self.root,
            self.store,
            self._give_access,
            lambda: (self.at_once, self.bytes_per_s),
            self.loop,
        )
        self.downloads.add_listener(self.ear)

    def _give_access(self) -> HubAccess:
        self.asked_on.add(threading.current_thread().name)
        return self.access

    def job(self, *names: str) -> DownloadJob:
        """All of `names` of the hub's repository as one job; called by the first."""
        files = []
        for name in names:
            found = self.hub.file(REPO, name)
            files.append(RemoteFile(name, found.said_size, found.sha256))
        return DownloadJob(
            names[0][:5].strip(".-"), REPO, self.hub.repos[REPO].head, "M", (*files,)
        )

    def add(self, *names: str) -> str:
        """Queue a job of these files; returns its id."""
        job = self.job(*names)
        self.downloads.add(job)
        return job.id

    def get(self, job_id: str) -> Download:
        return next(d for d in self.downloads.downloads if d.job.id == job_id)

    def until(self, is_so: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        assert self.loop.run_until(is_so, patience_s), self.downloads.downloads

    def until_state(self, job_id: str, state: DownloadState) -> Download:
        self.until(lambda: self.get(job_id).state is state)
        return self.get(job_id)

    def until_some_of(self, job_id: str, at_least: int = 1) -> None:
        """Until bytes arrive over the network."""
        self.until(lambda: self.get(job_id).done_bytes >= at_least)

    def settle(self) -> None:
        """Let the lanes do what they were given, and hear of it."""
        assert self.loop.drain(10)
        end = time.monotonic() + 0.05
        self.loop.run_until(lambda: time.monotonic() > end)

    def path(self, name: str) -> Path:
        return self.root / REPO / name

    def part_size(self, name: str) -> int:
        part = self.path(f"{name}.part")
        return part.stat().st_size if part.exists() else 0

    def assert_arrived(self, *names: str) -> None:
        for name in names:
            assert self.path(name).read_bytes() == FILES[name]
            assert not self.path(f"{name}.part").exists()


def sent(hub: LocalHub, name: str) -> int:
    """Bytes of a file that went out."""
    return sum(s.sent for s in hub.asked(name, "GET") if s.status < 300)


def is_gone(pid: int | None) -> bool:
    """Whether a child of ours has ended."""
    try:
        return pid is None or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def make_app(hub: LocalHub, tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Makes apps over the same folder, and ends them."""
    made: list[App] = []

    def make(store: str = "downloads") -> App:
        made.append(App(hub, tmp_path, store))
        return made[-1]

    yield make
    for each in made:
        each.downloads.stop()
        each.loop.drain(5)


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    return make_app()


def slow(hub: LocalHub, path: str = "blobs", rate: int = 200_000) -> None:
    """From now on the CDN sends `rate` bytes a second."""
    hub.faults.append(Fault(path, "slow", count=-1, rate=rate))


# Messages and the store


@pytest.mark.parametrize(
    "cls", [*typing.get_args(DownloadCommand), *typing.get_args(DownloadEvent)]
)
def test_every_message_survives_the_pipe(cls: Any) -> None:
    for message in examples(cls):
        back = pickle.loads(pickle.dumps(message))
        assert back == message
        assert type(back) is cls


def stored(job_id: str, order: int = 0) -> StoredDownload:
    job = DownloadJob(job_id, REPO, "0" * 40, "Füße", (RemoteFile("a.gguf", 5, "ab"),))
    problem = HubUnreachable("why", host="x").problem
    return StoredDownload(job, Path("models"), DownloadState.FAILED, order, problem)


def test_what_is_stored_comes_back_in_order(tmp_path: Path) -> None:
    store = DownloadStore(tmp_path / "new")
    first, second = stored("zz", 0), stored("aa", 1)
    for each in (second, first):
        store.save(each)
    assert DownloadStore(tmp_path / "new").load() == (first, second)
    store.remove("zz")
    store.remove("zz")
    assert store.load() == (second,)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: "{",
        lambda data: "[]",
        lambda data: json.dumps(data | {"state": "dancing"}),
        lambda data: json.dumps(data | {"order": -1}),
        lambda data: json.dumps(data | {"job": data["job"] | {"id": "../x"}}),
        lambda data: json.dumps(data | {"job": data["job"] | {"files": []}}),
        lambda data: json.dumps(data | {"problem": {"code": 5}}),
        lambda data: "[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_and_the_others_come_back(
    tmp_path: Path, change: Callable[[Any], str]
) -> None:
    store = DownloadStore(tmp_path)
    store.save(stored("good"))
    store.save(stored("bad"))
    bad = tmp_path / "bad.json"
    text = change(json.loads(bad.read_text()))
    bad.write_text(text)
    assert [each.job.id for each in store.load()] == ["good"]
    assert not bad.exists()
    assert (tmp_path / "bad.damaged").read_text() == text


# Downloading


def test_several_files_are_one_download(app: App) -> None:
    names = ("a-Q4_K_M.gguf", "b-Q4_K_M.gguf", "mmproj-F16.gguf")
    slow(app.hub, rate=1_000_000)
    job_id = app.add(*names)
    done = app.until_state(job_id, DownloadState.DONE)
    app.assert_arrived(*names)
    assert done.done_bytes == done.total_bytes == sum(len(FILES[name]) for name in names)
    assert done.path == str(app.path(names[0]))
    assert [each.job.id for each in app.ear.done] == [job_id]
    seen = [downloads[0].done_bytes for _, downloads in app.ear.news if downloads]
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    assert any(downloads[0].speed > 0 for _, downloads in app.ear.news)
    times = [when for when, _ in app.ear.news]
    assert all(later - sooner > 0.08 for sooner, later in itertools.pairwise(times))


def test_the_process_lives_only_while_something_runs(app: App) -> None:
    assert app.downloads.process_pid is None
    slow(app.hub, rate=1_000_000)
    app.add("a-Q4_K_M.gguf")
    app.until(lambda: app.downloads.process_pid is not None)
    pid = app.downloads.process_pid
    app.until(lambda: bool(app.ear.done))
    assert app.downloads.process_pid is None
    app.until(lambda: is_gone(pid), 3)
    app.add("b-Q4_K_M.gguf")
    app.until(lambda: len(app.ear.done) == 2)


def test_the_keyring_is_not_asked_on_the_main_thread(app: App) -> None:
    app.add("a-Q4_K_M.gguf")
    app.until(lambda: bool(app.ear.done))
    assert app.asked_on
    assert threading.main_thread().name not in app.asked_on


def test_no_more_than_wanted_run_at_once_and_in_the_persons_order(app: App) -> None:
    app.at_once = 1
    slow(app.hub, rate=1_500_000)
    first = app.add("a-Q4_K_M.gguf")
    second, third = app.add("b-Q4_K_M.gguf"), app.add("c-Q4_K_M.gguf")
    app.downloads.move(third, 0)
    app.until(lambda: len(app.ear.done) == 3)
    assert [d.job.id for d in app.ear.done] == [first, third, second]
    active = (DownloadState.RUNNING, DownloadState.WAITING)
    most = max(sum(d.state in active for d in downloads) for _, downloads in app.ear.news)
    assert most == 1


def test_more_at_once_when_the_person_wants_more(app: App) -> None:
    app.at_once = 1
    slow(app.hub)
    first, second = app.add("a-Q4_K_M.gguf"), app.add("b-Q4_K_M.gguf")
    app.until_some_of(first)
    assert app.get(second).state is DownloadState.QUEUED
    app.at_once = 2
    app.downloads.apply_limits()
    app.until_some_of(second)
    assert app.get(first).state is app.get(second).state is DownloadState.RUNNING


def test_the_speed_limit_holds_for_all_together(app: App) -> None:
    app.bytes_per_s = 400_000
    began = time.monotonic()
    app.add("a-Q4_K_M.gguf")
    app.add("b-Q4_K_M.gguf")
    app.until(lambda: sent(app.hub, "Q4_K_M") > 0)
    began = time.monotonic()
    end = began + 1.2
    app.loop.run_until(lambda: time.monotonic() > end)
    there = app.part_size("a-Q4_K_M.gguf") + app.part_size("b-Q4_K_M.gguf")
    assert 200_000 < there < 400_000 * 1.7 + 2 * 65_536
    app.bytes_per_s = 0
    app.downloads.apply_limits()
    app.until(lambda: len(app.ear.done) == 2, 5)


def test_a_file_that_two_downloads_share_is_fetched_once(app: App) -> None:
    slow(app.hub, "mmproj", rate=600_000)
    app.add("a-Q4_K_M.gguf", "mmproj-F16.gguf")
    app.add("b-Q4_K_M.gguf", "mmproj-F16.gguf")
    app.until(lambda: len(app.ear.done) == 2)
    app.assert_arrived("a-Q4_K_M.gguf", "b-Q4_K_M.gguf", "mmproj-F16.gguf")
    assert sent(app.hub, "mmproj") == len(FILES["mmproj-F16.gguf"])


def test_the_same_download_twice_is_one(app: App) -> None:
    slow(app.hub)
    app.add("a-Q4_K_M.gguf")
    app.add("a-Q4_K_M.gguf")
    assert len(app.downloads.downloads) == 1


# Pause, cancel, resume


def test_a_stalled_download_is_paused_at_once_and_goes_on_where_it_was(app: App) -> None:
    app.hub.faults.append(Fault("blobs", "stall", after=1_000_000))
    job_id = app.add("large.gguf")
    app.until_some_of(job_id, 1_000_000)
    pid = app.downloads.process_pid
    began = time.monotonic()
    app.downloads.pause(job_id)
    assert app.get(job_id).state is DownloadState.PAUSED
    app.until(lambda: is_gone(pid), 3)
    assert time.monotonic() - began < AT_ONCE_S
    app.settle()
    assert app.get(job_id).done_bytes == app.part_size("large.gguf") == 1_000_000
    app.downloads.resume(job_id)
    app.until_state(job_id, DownloadState.DONE)
    app.assert_arrived("large.gguf")
    assert sent(app.hub, "large") == len(FILES["large.gguf"])


def test_pause_and_resume_in_quick_succession_end_well(app: App) -> None:
    slow(app.hub, rate=2_000_000)
    job_id = app.add("large.gguf")
    generator = random.Random(5)
    for _ in range(10):
        pause_at = time.monotonic() + generator.random() * 0.2
        app.loop.run_until(lambda at=pause_at: time.monotonic() > at)  # type: ignore[misc]
        app.downloads.pause(job_id)
        app.downloads.resume(job_id)
    app.until_state(job_id, DownloadState.DONE)
    app.assert_arrived("large.gguf")


def test_a_stalled_download_is_cancelled_at_once_and_leaves_nothing(app: App) -> None:
    app.hub.faults.append(Fault("blobs.*large", "stall", after=1_000_000))
    job_id = app.add("a-Q4_K_M.gguf", "large.gguf")
    app.until_some_of(job_id, 1_600_000)
    pid = app.downloads.process_pid
    began = time.monotonic()
    app.downloads.cancel(job_id)
    assert app.downloads.downloads == ()
    app.until(lambda: is_gone(pid), 3)
    app.settle()
    assert time.monotonic() - began < AT_ONCE_S
    assert [path for path in app.root.rglob("*") if path.is_file()] == []
    assert list(app.store.iterdir()) == []


def test_what_was_cancelled_can_be_asked_for_again_at_once(app: App) -> None:
    slow(app.hub, rate=500_000)
    job = app.job("a-Q4_K_M.gguf", "large.gguf")
    app.downloads.add(job)
    for number in range(6):
        app.until_some_of(job.id)
        app.downloads.cancel(job.id)
        if number % 2:  # by the same id or by another one
            job = dataclasses.replace(job, id=f"again{number}")
        app.downloads.add(job)
    app.until_some_of(job.id)
    app.hub.faults.clear()
    app.downloads.pause(job.id)
    app.downloads.resume(job.id)
    app.until_state(job.id, DownloadState.DONE)
    app.settle()
    app.assert_arrived("a-Q4_K_M.gguf", "large.gguf")


def test_an_end_that_was_on_its_way_is_not_taken_for_the_next_attempts(app: App) -> None:
    slow(app.hub, rate=500_000)
    job = app.job("large.gguf")
    app.downloads.add(job)
    app.until_some_of(job.id)
    app.downloads.cancel(job.id)
    app.downloads.add(job)
    app.downloads._take(Ended(job.id, (app.path("large.gguf"),)))
    assert app.ear.done == []
    assert app.get(job.id).state is DownloadState.QUEUED
    app.hub.faults.clear()
    app.until_state(job.id, DownloadState.DONE)
    app.assert_arrived("large.gguf")


def test_cancel_keeps_what_another_download_brought(app: App) -> None:
    app.add("a-Q4_K_M.gguf")
    app.until(lambda: bool(app.ear.done))
    slow(app.hub)
    job_id = app.add("b-Q4_K_M.gguf", "a-Q4_K_M.gguf")
    app.until_some_of(job_id)
    app.downloads.pause(job_id)
    app.downloads.cancel(job_id)
    app.settle()
    app.until(lambda: not app.path("b-Q4_K_M.gguf.part").exists(), 3)
    app.assert_arrived("a-Q4_K_M.gguf")


def test_what_is_done_leaves_the_list_and_stays_on_the_disk(app: App) -> None:
    job_id = app.add("a-Q4_K_M.gguf")
    app.until(lambda: bool(app.ear.done))
    app.downloads.cancel(job_id)
    app.settle()
    assert app.downloads.downloads == ()
    app.assert_arrived("a-Q4_K_M.gguf")


def test_a_failed_download_says_why_and_can_be_tried_again(app: App) -> None:
    app.hub.faults.append(Fault("blobs", "flip", after=10))
    job_id = app.add("a-Q4_K_M.gguf")
    failed = app.until_state(job_id, DownloadState.FAILED)
    assert failed.problem is not None
    assert failed.problem.code == WrongContent.code
    app.settle()
    assert app.get(job_id).done_bytes == 0  # it was thrown away
    app.downloads.retry(job_id)
    done = app.until_state(job_id, DownloadState.DONE)
    assert done.problem is None
    app.assert_arrived("a-Q4_K_M.gguf")


def test_one_that_waits_for_its_next_try_says_so(app: App) -> None:
    busy = Fault("blobs", "status", status=429, headers={"Retry-After": "1"})
    app.hub.faults.append(busy)
    job_id = app.add("a-Q4_K_M.gguf")
    waiting = app.until_state(job_id, DownloadState.WAITING)
    assert waiting.problem is not None
    assert "1 seconds" in waiting.problem.summary_text
    app.until_state(job_id, DownloadState.DONE)


def test_offline_pauses_and_says_so(app: App) -> None:
    slow(app.hub)
    first = app.add("a-Q4_K_M.gguf")
    app.until_some_of(first)
    app.access = HubAccess(endpoint=app.hub.endpoint, is_offline=True)
    app.downloads.apply_limits()
    second = app.add("b-Q4_K_M.gguf")
    for job_id in (first, second):
        paused = app.until_state(job_id, DownloadState.PAUSED)
        assert paused.problem == HubOffline().problem
    assert app.hub.asked("b-Q4") == []


def test_a_keyring_that_fails_fails_the_download(app: App) -> None:
    def fail() -> HubAccess:
        raise BadToken

    app.downloads._access = fail
    job_id = app.add("a-Q4_K_M.gguf")
    failed = app.until_state(job_id, DownloadState.FAILED)
    assert failed.problem == BadToken().problem


# Processes that die


def test_a_killed_process_is_told_and_nothing_is_lost(app: App) -> None:
    slow(app.hub, rate=500_000)
    job_id = app.add("large.gguf")
    app.until_some_of(job_id, 100_000)
    pid = app.downloads.process_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    failed = app.until_state(job_id, DownloadState.FAILED)
    assert failed.problem is not None
    assert failed.problem.code == DownloaderDied.code
    app.settle()
    kept = app.part_size("large.gguf")
    assert app.get(job_id).done_bytes == kept >= 100_000
    app.hub.faults.clear()
    app.downloads.resume(job_id)
    app.until_state(job_id, DownloadState.DONE)
    app.assert_arrived("large.gguf")
    assert app.hub.asked("large", "GET")[-1].range == f"bytes={kept}-"


def final_count(request: Seen) -> int:
    """What the server sent of an answer whose reader was killed: its next write fails."""
    count = -1
    while count != request.sent:
        count = request.sent
        time.sleep(0.2)
    return count


def test_killed_at_twenty_random_moments_no_byte_is_fetched_twice(app: App) -> None:
    """Counted in two ways. What was written is never asked for again: each request begins exactly
    where the part ended when the process was killed. And in the server's log all bodies together
    are the file and, for each kill, at most what the server had put into the socket and the killed
    process had not read yet; at this speed the server writes 15 kB at a time, 64 KiB are allowed.
    """
    slow(app.hub, rate=300_000)
    job_id = app.add("large.gguf")
    generator = random.Random(11)
    kills = lost = 0
    while kills < 20:
        app.until(lambda: app.downloads.process_pid is not None)
        pid = app.downloads.process_pid
        assert pid is not None
        before, asked = app.part_size("large.gguf"), len(app.hub.asked("large", "GET"))
        # from the start of Python to far into the transfer
        moment = time.monotonic() + generator.random() * 0.9
        app.loop.run_until(lambda at=moment: time.monotonic() > at)  # type: ignore[misc]
        os.kill(pid, signal.SIGKILL)
        app.until_state(job_id, DownloadState.FAILED)
        kills += 1
        for request in app.hub.asked("large", "GET")[asked:]:
            assert request.range == (f"bytes={before}-" if before else "")
            time.sleep(0.1)  # the server's next write fails: then its count is final
            lost += before + request.sent - app.part_size("large.gguf")
        app.downloads.resume(job_id)
    app.hub.faults.clear()
    app.until_state(job_id, DownloadState.DONE)
    app.assert_arrived("large.gguf")
    requests = [s for s in app.hub.asked("large", "GET") if s.sent]
    assert len(requests) >= 5  # the kills did hit the transfer
    assert sent(app.hub, "large") == len(FILES["large.gguf"]) + lost
    assert lost <= len(requests) * 65_536


def test_one_that_does_not_obey_is_ended_and_the_others_go_on(app: App) -> None:
    slow(app.hub)
    first, second = app.add("a-Q4_K_M.gguf"), app.add("b-Q4_K_M.gguf")
    app.until_some_of(first)
    app.until_some_of(second)
    pid = app.downloads.process_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # as if a disk hung
    app.downloads.cancel(first)
    app.hub.faults.clear()
    app.until_state(second, DownloadState.DONE)
    assert is_gone(pid)
    app.assert_arrived("b-Q4_K_M.gguf")
    app.settle()
    app.until(lambda: not app.path("a-Q4_K_M.gguf.part").exists(), 3)


def test_two_apps_on_one_folder_do_not_disturb_each_other(make_app: Callable[..., App]) -> None:
    one, other = make_app("one"), make_app("other")
    slow(one.hub, rate=300_000)
    job_id = one.add("a-Q4_K_M.gguf")
    one.until_some_of(job_id)
    other.add("a-Q4_K_M.gguf")
    failed = other.until_state(job_id, DownloadState.FAILED)
    assert failed.problem is not None
    assert failed.problem.code == DownloadBusy.code
    one.until_state(job_id, DownloadState.DONE)
    one.assert_arrived("a-Q4_K_M.gguf")
    other.downloads.resume(job_id)
    other.until_state(job_id, DownloadState.DONE)
    assert sent(one.hub, "a-Q4") == len(FILES["a-Q4_K_M.gguf"])


# Quit and start


def test_after_a_restart_what_was_not_done_waits_for_the_person(
    make_app: Callable[..., App],
) -> None:
    before = make_app()
    slow(before.hub, rate=500_000)
    first = before.add("large.gguf")
    before.until_some_of(first, 100_000)
    second = before.add("b-Q4_K_M.gguf")
    before.downloads.move(second, 0)
    pid = before.downloads.process_pid
    began = time.monotonic()
    before.downloads.stop()
    assert time.monotonic() - began < 2.5
    assert is_gone(pid)
    before.settle()
    kept = before.part_size("large.gguf")

    after = make_app()
    after.downloads.start()
    after.until(lambda: len(after.downloads.downloads) == 2)
    asked = len(after.hub.requests)
    after.settle()
    assert [d.job.id for d in after.downloads.downloads] == [second, first]
    assert {d.state for d in after.downloads.downloads} == {DownloadState.PAUSED}
    assert after.get(first).done_bytes == kept >= 100_000
    assert after.downloads.process_pid is None
    assert len(after.hub.requests) == asked
    after.hub.faults.clear()
    after.downloads.resume(first)
    after.until_state(first, DownloadState.DONE)
    after.assert_arrived("large.gguf")
    assert after.hub.asked("large", "GET")[-1].range == f"bytes={kept}-"
    after.downloads.cancel(second)
    after.settle()
    assert list(after.store.iterdir()) == []


def test_the_folder_that_a_download_began_in_stays_its_own(make_app: Callable[..., App]) -> None:
    before = make_app()
    slow(before.hub, rate=500_000)
    job_id = before.add("large.gguf")
    before.until_some_of(job_id, 100_000)
    before.downloads.stop()
    before.settle()
    after = make_app()
    after.root = before.root.with_name("elsewhere")
    after.hub.faults.clear()
    after.downloads.start()
    after.until(lambda: bool(after.downloads.downloads))
    after.downloads.resume(job_id)
    after.until_state(job_id, DownloadState.DONE)
    before.assert_arrived("large.gguf")


def test_what_was_cancelled_just_before_the_end_is_deleted(app: App) -> None:
    app.hub.faults.append(Fault("blobs", "stall", after=300_000))
    job_id = app.add("large.gguf")
    app.until_some_of(job_id, 300_000)
    app.downloads.cancel(job_id)
    app.downloads.stop()
    assert app.loop.drain(5)
    assert not app.path("large.gguf.part").exists()
