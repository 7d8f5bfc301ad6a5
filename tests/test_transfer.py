"""One file over a network that cuts, stalls, lies and forgets: it arrives whole, or a person hears
why; what has arrived is never fetched again, and Stop is at once."""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.errors import AppError, Cancelled
from app.core.hub_errors import (
    DownloadBusy,
    HubFileNotFound,
    HubOffline,
    HubServerError,
    HubUnreachable,
    ModelsFolderFailed,
    NeedsLogin,
    NoSpaceForModel,
    NotAHub,
    UnsafeName,
    WrongContent,
)
from app.core.models_entities import DownloadJob, HubAccess, RemoteFile
from app.hub import transfer as transfer_module
from app.hub.client import HubClient
from app.hub.reuse import Neighbours
from app.hub.speed import Meter, SpeedLimit
from app.hub.transfer import Means, Transfer
from tests.disks import fill
from tests.local_hub import Fault, LocalHub
from tests.local_hub_answers import signed

REPO, NAME = "maker/model-GGUF", "model-Q4_K_M.gguf"
SIZE = 1_500_000
AT_ONCE_S = 0.5


def content(size: int = SIZE, seed: int = 1) -> bytes:
    """Bytes that nothing can guess or compress."""
    return random.Random(seed).randbytes(size)


DATA = content()


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    """A hub with one repository of one model and a README."""
    with LocalHub() as found:
        found.add_repo(REPO, {NAME: DATA, "README.md": b"# A model\n"})
        yield found


class Case:
    """One transfer of the hub's model, and what can be seen of it from outside."""

    def __init__(self, hub: LocalHub, root: Path) -> None:
        self.hub, self.root = hub, root
        self.waits: list[tuple[float, AppError]] = []
        self.access = HubAccess(endpoint=hub.endpoint)
        self.limit = SpeedLimit()
        self.meter = Meter()
        self.neighbours: Neighbours | None = None
        self.reserve = 0
        self.read_timeout_s = 5.0
        self.file = self.listed(NAME)

    def listed(self, path: str) -> RemoteFile:
        """As the hub's list has it."""
        found = self.hub.file(REPO, path)
        return RemoteFile(path, found.said_size, found.sha256 if found.is_lfs else "")

    @property
    def final(self) -> Path:
        return self.root / REPO / self.file.path

    @property
    def part(self) -> Path:
        return self.final.with_name(self.final.name + ".part")

    @property
    def meta(self) -> Path:
        return self.final.with_name(self.final.name + ".meta.json")

    def make(self) -> Transfer:
        job = DownloadJob("job", REPO, self.hub.repos[REPO].head, "Model", (self.file,))
        means = Means(
            HubClient(self.access), self.limit, self.neighbours, self.reserve, self.read_timeout_s
        )
        return Transfer(
            job,
            self.file,
            self.root,
            means,
            meter=self.meter,
            retrying=lambda until, error: self.waits.append((until - time.time(), error)),
        )

    def put_part(self, data: bytes) -> None:
        """As an earlier attempt left it."""
        self.part.parent.mkdir(parents=True, exist_ok=True)
        self.part.write_bytes(data)

    def fetched(self) -> int:
        """Bytes of the model that the hub sent, over all requests, pages of errors left out."""
        return sum(seen.sent for seen in self.hub.asked("blobs", "GET") if seen.status < 300)

    def assert_arrived(self, data: bytes = DATA) -> None:
        """It is there, whole, and nothing lies beside it but the note of its origin."""
        assert self.final.read_bytes() == data
        beside = {path.name for path in self.final.parent.iterdir()}
        assert beside == {self.final.name, self.meta.name}


@pytest.fixture
def case(hub: LocalHub, tmp_path: Path) -> Case:
    return Case(hub, tmp_path / "models")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives up after the same number of tries, only sooner."""
    monkeypatch.setattr(transfer_module, "FIRST_WAIT_S", 0.01)


class Running:
    """A transfer on a thread of its own."""

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.transfer.run()
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def stop(self) -> float:
        """Ask for the end; how long it took, in seconds."""
        began = time.monotonic()
        self.transfer.stop()
        self.thread.join(10)
        assert not self.thread.is_alive()
        return time.monotonic() - began

    def end(self) -> BaseException | None:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.error


def until(is_so: Callable[[], bool], patience_s: float = 10.0) -> None:
    """Wait for it."""
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


# It arrives


def test_a_file_arrives_and_says_where_it_came_from(case: Case) -> None:
    assert case.make().run() == case.final
    case.assert_arrived()
    note = json.loads(case.meta.read_text())
    assert note["repo"] == REPO
    assert note["commit"] == case.hub.repos[REPO].head
    assert note["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert note["size"] == SIZE
    assert case.meter.read()[0] == SIZE


def test_a_folder_that_a_cancelled_download_removes_meanwhile_is_made_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two steps of making the folders their removal makes the system say: not there."""
    prepare, failures = transfer_module.prepare, [1, 1]

    def interrupted(root: Path, place: object) -> None:
        if failures:
            failures.pop()
            raise ModelsFolderFailed(path=root) from FileNotFoundError()
        prepare(root, place)  # type: ignore[arg-type]

    monkeypatch.setattr(transfer_module, "prepare", interrupted)
    case.make().run()
    case.assert_arrived()
    assert failures == []


def test_what_is_here_already_is_not_fetched_again(case: Case) -> None:
    case.make().run()
    case.hub.requests.clear()
    case.make().run()
    assert case.hub.requests == []


def test_a_newer_version_takes_the_place_of_the_old_one(case: Case) -> None:
    case.make().run()
    newer = content(seed=2)
    case.hub.add_repo(REPO, {NAME: newer})
    case.file = case.listed(NAME)
    case.make().run()
    case.assert_arrived(newer)


def test_a_small_file_is_verified_by_the_hash_that_git_has(case: Case) -> None:
    case.file = case.listed("README.md")
    assert case.file.sha256 == ""
    case.make().run()
    case.assert_arrived(b"# A model\n")
    case.hub.faults.append(Fault("README", "flip", after=3, method="GET"))
    case.final.unlink()
    with pytest.raises(WrongContent):
        case.make().run()
    assert not case.final.exists()


def test_the_token_opens_the_hub_and_is_never_shown_to_the_cdn(case: Case) -> None:
    case.hub.repos[REPO].gated = "manual"
    with pytest.raises(NeedsLogin):
        case.make().run()
    case.hub.tokens["hf_secret"] = {REPO}
    case.access = HubAccess(endpoint=case.hub.endpoint, token="hf_secret")
    case.make().run()
    case.assert_arrived()
    seen = case.hub.asked("blobs", origin="cdn")
    assert seen
    assert all("authorization" not in request.headers for request in seen)


def test_a_mirror_serves_the_file_itself(tmp_path: Path) -> None:
    with LocalHub(redirects=False) as mirror:
        mirror.add_repo(REPO, {NAME: DATA})
        case = Case(mirror, tmp_path)
        case.put_part(DATA[:1000])
        case.make().run()
        case.assert_arrived()


def test_an_address_that_moved_is_followed(case: Case) -> None:
    elsewhere = signed(case.hub, case.hub.file(REPO, NAME), 60)
    moved = Fault("blobs", "status", status=302, headers={"Location": elsewhere})
    case.hub.faults.append(moved)
    case.make().run()
    case.assert_arrived()


# Faults that pass


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("cut", 700_001),
        ("cut_rst", 700_001),
        ("stall", 700_001),
        ("close", 0),
        ("rst", 0),
        ("hang", 0),
        ("status", 0),
        ("expired", 0),
    ],
)
def test_a_fault_is_got_over_without_fetching_a_byte_twice(
    case: Case, kind: str, after: int
) -> None:
    case.read_timeout_s = 0.4
    case.hub.faults.append(Fault("blobs", kind, after=after))
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE


def test_many_cuts_in_one_file_are_got_over(case: Case, impatient: None) -> None:
    case.hub.faults.append(Fault("blobs", "cut", count=12, after=100_000))
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE


def test_the_hub_itself_may_stumble(case: Case) -> None:
    case.hub.faults.append(Fault("resolve", "status", status=503))
    case.make().run()
    case.assert_arrived()
    assert [type(error) for _, error in case.waits] == [HubServerError]


def test_a_hub_that_asks_for_a_pause_gets_it(case: Case) -> None:
    case.hub.faults.append(Fault("blobs", "status", status=429, headers={"Retry-After": "1"}))
    began = time.monotonic()
    case.make().run()
    assert time.monotonic() - began >= 1.0
    assert 0.5 < case.waits[0][0] <= 1.0
    case.assert_arrived()


def test_a_server_that_ignores_the_range_makes_it_start_over(case: Case) -> None:
    case.put_part(b"\0" * 400_000)  # what is there is wrong: only a fresh start can be right
    case.hub.faults.append(Fault("blobs", "ignore_range"))
    case.make().run()
    case.assert_arrived()


def test_a_server_that_always_starts_over_and_cuts_is_given_up(case: Case, impatient: None) -> None:
    """Each answer brings bytes, but none that are new: that must not go on for ever."""
    case.put_part(DATA[:600_000])
    cut_copy = Fault("blobs", "status", count=-1, status=200, body=DATA[:500_000])
    cut_copy.headers = {"Content-Length": str(SIZE), "Connection": "close"}
    case.hub.faults.append(cut_copy)
    running = Running(case.make())
    until(lambda: len(case.hub.asked("blobs")) >= 5)
    case.hub.close()
    assert isinstance(running.end(), HubUnreachable)
    assert len(case.hub.asked("blobs")) <= 6


def test_an_answer_with_other_bytes_than_asked_for_is_not_used(case: Case) -> None:
    case.put_part(DATA[:1000])
    said = {"Content-Range": f"bytes 0-9/{SIZE}"}
    case.hub.faults.append(Fault("blobs", "status", status=206, headers=said, body=b"0123456789"))
    case.make().run()
    case.assert_arrived()


def test_a_range_that_cannot_be_had_makes_it_start_over(case: Case) -> None:
    case.put_part(DATA[:1000])
    case.hub.faults.append(Fault("blobs", "status", status=416))
    case.make().run()
    case.assert_arrived()


# What an earlier attempt left


def test_it_goes_on_where_it_was(case: Case) -> None:
    case.put_part(DATA[:1_234_567])
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE - 1_234_567
    assert case.hub.asked("blobs", "GET")[0].range == "bytes=1234567-"


def test_a_part_that_is_whole_needs_no_network(case: Case) -> None:
    case.put_part(DATA)
    case.make().run()
    case.assert_arrived()
    assert case.hub.requests == []


def test_a_part_that_is_longer_than_the_file_is_thrown_away(case: Case) -> None:
    case.put_part(DATA + b"x")
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE


# Faults that do not pass


def test_five_tries_without_a_byte_then_a_person_hears_of_it(case: Case, impatient: None) -> None:
    case.put_part(DATA[:1000])
    case.hub.faults.append(Fault("blobs", "close", count=-1))
    with pytest.raises(HubUnreachable):
        case.make().run()
    assert len(case.hub.asked("blobs")) == 5
    assert case.part.read_bytes() == DATA[:1000]


def test_the_waits_grow_and_have_an_end(monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    monkeypatch.setattr(transfer_module, "LONGEST_WAIT_S", 0.5)
    case.hub.faults.append(Fault("blobs", "close", count=-1))
    with pytest.raises(HubUnreachable):
        case.make().run()
    assert [round(wait, 1) for wait, _ in case.waits] == [0.2, 0.4, 0.5, 0.5]


def test_an_address_that_is_always_refused_is_asked_for_twice_more(case: Case) -> None:
    case.hub.faults.append(Fault("blobs", "expired", count=-1))
    with pytest.raises(AppError):
        case.make().run()
    assert len(case.hub.asked("resolve", "HEAD")) == 3


def test_wrong_content_is_thrown_away(case: Case) -> None:
    case.hub.faults.append(Fault("blobs", "flip", after=SIZE - 1))
    with pytest.raises(WrongContent):
        case.make().run()
    assert not case.final.exists()
    assert not case.part.exists()
    case.make().run()  # the next attempt is not spoilt by it
    case.assert_arrived()


def test_a_hub_that_contradicts_its_own_list_is_not_believed(case: Case) -> None:
    case.hub.faults.append(Fault("resolve", "wrong_sha"))
    with pytest.raises(WrongContent):
        case.make().run()
    case.hub.faults.append(Fault("resolve", "wrong_length"))
    with pytest.raises(WrongContent):
        case.make().run()
    assert not case.final.exists()


def test_more_than_was_announced_is_refused(case: Case) -> None:
    case.hub.file(REPO, NAME).announced_size = SIZE - 1000
    case.file = case.listed(NAME)
    with pytest.raises(WrongContent):
        case.make().run()
    assert not case.part.exists()
    assert not case.final.exists()


def test_a_login_page_is_no_model(case: Case) -> None:
    case.put_part(DATA[:1000])
    case.hub.faults.append(Fault("blobs", "html", count=-1))
    with pytest.raises(NotAHub):
        case.make().run()
    assert case.part.read_bytes() == DATA[:1000]  # what was there is not spoilt


def test_a_file_that_is_gone_is_told_at_once(case: Case) -> None:
    case.hub.faults.append(Fault("blobs", "status", count=-1, status=404))
    with pytest.raises(HubFileNotFound):
        case.make().run()
    assert len(case.hub.asked("blobs")) == 1


def test_offline_asks_nothing_of_the_network(case: Case) -> None:
    case.access = HubAccess(endpoint=case.hub.endpoint, is_offline=True)
    with pytest.raises(HubOffline):
        case.make().run()
    assert case.hub.requests == []


# Stop


@pytest.mark.parametrize(
    ("path", "kind"),
    [("blobs", "stall"), ("blobs", "hang"), ("resolve", "hang"), ("blobs", "slow")],
)
def test_stop_is_at_once_whatever_it_waits_for(case: Case, path: str, kind: str) -> None:
    case.read_timeout_s = 30
    case.hub.faults.append(Fault(path, kind, count=-1, after=300_000, rate=100_000))
    running = Running(case.make())
    if kind in ("stall", "slow"):
        until(lambda: case.part.exists() and case.part.stat().st_size > 0)
    else:
        until(lambda: bool(case.hub.asked(path)))
    time.sleep(0.1)
    assert running.stop() < AT_ONCE_S
    assert isinstance(running.error, Cancelled)
    kept = case.part.stat().st_size if case.part.exists() else 0
    case.hub.faults.clear()
    case.make().run()
    case.assert_arrived()
    assert case.hub.asked("blobs", "GET")[-1].sent == SIZE - kept


def test_stop_ends_the_wait_between_two_tries(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer_module, "FIRST_WAIT_S", 5.0)
    case.hub.faults.append(Fault("blobs", "close", count=-1))
    running = Running(case.make())
    until(lambda: bool(case.waits))
    assert running.stop() < AT_ONCE_S
    assert isinstance(running.error, Cancelled)


def test_stop_ends_the_wait_for_the_speed_limit(case: Case) -> None:
    case.limit.set(2_000)
    running = Running(case.make())
    until(lambda: case.part.exists() and case.part.stat().st_size > 0)
    assert running.stop() < AT_ONCE_S


# Speed


def test_the_speed_limit_is_kept_and_can_be_lifted(case: Case) -> None:
    case.limit.set(400_000)
    running = Running(case.make())
    time.sleep(1.5)
    there = case.part.stat().st_size
    assert 200_000 < there <= 400_000 * 1.75 + 65_536
    _, speed = case.meter.read()
    assert 150_000 < speed < 800_000
    case.limit.set(0)
    assert running.end() is None
    case.assert_arrived()


def test_two_transfers_share_the_limit() -> None:
    limit, stopping, taken = SpeedLimit(500_000), threading.Event(), [0, 0]

    def take(number: int) -> None:
        while not stopping.is_set():
            limit.take(10_000, stopping)
            taken[number] += 10_000

    threads = [threading.Thread(target=take, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    stopping.set()
    for thread in threads:
        thread.join()
    assert 300_000 < sum(taken) < 750_000
    assert min(taken) > 0


# The disk


def test_a_disk_that_is_too_small_is_told_before_the_first_byte(
    case: Case, small_disk: Path
) -> None:
    case.root = small_disk
    case.reserve = 1 << 20
    with pytest.raises(NoSpaceForModel) as caught:
        case.make().run()
    assert "1.4 MiB more" in caught.value.problem.summary_text
    assert case.hub.asked("blobs") == []


def test_a_disk_that_gets_full_keeps_what_arrived(case: Case, small_disk: Path) -> None:
    case.root = small_disk
    case.hub.faults.append(Fault("blobs", "slow", rate=1_500_000))
    running = Running(case.make())
    until(lambda: case.part.exists() and case.part.stat().st_size > 200_000)
    filler = fill(small_disk)
    assert isinstance(running.end(), NoSpaceForModel)
    kept = case.part.stat().st_size
    assert kept >= 200_000
    filler.unlink()
    case.hub.requests.clear()
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE - kept


def test_space_is_looked_at_while_it_arrives(
    case: Case, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_module, "SPACE_STEP", 100_000)
    case.root, case.reserve = small_disk, 100_000
    case.hub.faults.append(Fault("blobs", "slow", rate=1_500_000))
    running = Running(case.make())
    until(lambda: case.part.exists() and case.part.stat().st_size > 200_000)
    (small_disk / "other").write_bytes(b"\0" * 600_000)  # another program
    assert isinstance(running.end(), NoSpaceForModel)
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    assert free > 100_000  # there is still room for everything else


def test_a_folder_that_cannot_be_written_is_named(case: Case, read_only_folder: Path) -> None:
    case.root = read_only_folder
    with pytest.raises(ModelsFolderFailed) as caught:
        case.make().run()
    assert str(read_only_folder) in caught.value.problem.summary_text


def test_a_file_that_another_one_is_at_work_on_is_left_alone(case: Case) -> None:
    case.hub.faults.append(Fault("blobs", "stall", after=1000))
    running = Running(case.make())
    until(lambda: case.part.exists() and case.part.stat().st_size > 0)
    with pytest.raises(DownloadBusy):
        case.make().run()
    assert case.part.stat().st_size == 1000
    running.stop()
    case.make().run()
    case.assert_arrived()


# Names and links


@pytest.mark.parametrize(
    "path",
    [
        "../evil.gguf",
        "/evil.gguf",
        "a/../../evil.gguf",
        "a\\evil.gguf",
        "C:evil.gguf",
        "x.part",
        "nul.gguf",
        "x.gguf.meta.json",
        "x.gguf.lock",
    ],
)
def test_a_hostile_name_is_refused(case: Case, path: str) -> None:
    case.file = RemoteFile(path, SIZE, case.file.sha256)
    with pytest.raises(UnsafeName):
        case.make().run()
    assert case.hub.requests == []
    assert not case.root.exists()


def test_a_link_out_of_the_models_folder_is_not_followed(case: Case, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    case.root.mkdir()
    (case.root / "maker").symlink_to(outside)
    with pytest.raises(ModelsFolderFailed):
        case.make().run()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("ending", ["", ".part", ".copy", ".lock", ".meta.json"])
def test_a_link_in_the_place_of_a_file_is_not_followed(
    case: Case, tmp_path: Path, ending: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    case.final.parent.mkdir(parents=True)
    case.final.with_name(case.final.name + ending).symlink_to(victim)
    with pytest.raises(ModelsFolderFailed):
        case.make().run()
    assert victim.read_bytes() == b"precious"


# What is on this computer already


@pytest.fixture
def neighbours(case: Case, tmp_path: Path) -> Neighbours:
    case.neighbours = Neighbours(tmp_path / "cache", (tmp_path / "studio",))
    return case.neighbours


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_the_hub_librarys_cache_is_used(case: Case, neighbours: Neighbours) -> None:
    blob = put(neighbours.cache / "models--maker--model" / "blobs" / case.file.sha256, DATA)
    case.put_part(DATA[:1000])
    case.make().run()
    case.assert_arrived()
    assert case.hub.requests == []
    assert case.final.samefile(blob)  # no second copy on the disk


@pytest.mark.parametrize("where", ["studio", "ours"])
def test_the_same_file_under_another_name_is_used(
    case: Case, neighbours: Neighbours, where: str
) -> None:
    folder = neighbours.folders[0] if where == "studio" else case.root
    put(folder / "else" / "where" / "renamed.gguf", DATA)
    case.make().run()
    case.assert_arrived()
    assert case.hub.requests == []


def test_a_file_that_lies_there_without_a_note_is_adopted(
    case: Case, neighbours: Neighbours
) -> None:
    put(case.final, DATA)
    case.make().run()
    case.assert_arrived()
    assert case.hub.requests == []


def test_where_no_link_can_be_made_it_is_copied(
    case: Case, neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = put(neighbours.folders[0] / "renamed.gguf", DATA)

    def refuse(*_: object) -> None:
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", refuse)
    case.make().run()
    case.assert_arrived()
    assert case.hub.requests == []
    assert not case.final.samefile(found)


@pytest.mark.parametrize("where", ["cache", "studio"])
def test_what_only_looks_the_same_is_not_used(
    case: Case, neighbours: Neighbours, where: str
) -> None:
    other = DATA[:-1] + b"\0"
    found = {
        "cache": neighbours.cache / "models--maker--model" / "blobs" / case.file.sha256,
        "studio": neighbours.folders[0] / NAME,
    }[where]
    put(found, other)
    case.make().run()
    case.assert_arrived()
    assert case.fetched() == SIZE
    assert found.read_bytes() == other
