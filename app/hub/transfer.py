"""One file, from the hub to its place: resumes, retries, verifies, and stops at once."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.core.errors import AppError
from app.core.hub_errors import (
    DownloadBusy,
    HubServerError,
    HubTooSlow,
    HubUnreachable,
    ModelsFolderFailed,
    RateLimited,
    WrongContent,
)
from app.core.models_entities import DownloadJob, RemoteFile
from app.hub.body import AddressExpired, NothingMore, Wanted, opened
from app.hub.part import Expected, Part
from app.hub.places import (
    RESERVE_BYTES,
    Origin,
    Place,
    check_space,
    file_bytes_present,
    is_complete,
    place_of,
    prepare,
    write_origin,
)
from app.hub.reuse import Neighbours, take_over
from app.hub.speed import Meter, SpeedLimit
from app.hub.stopping import StopSwitch

if TYPE_CHECKING:
    from app.hub.client import HubClient, Resolved

TRIES = 5  # without a new byte, then the person is told
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 5.0
RENEWALS = 2  # of a signed address, without a new byte
LOCK_PATIENCE_S = 0.3  # one who deletes a cancelled part holds the lock for a moment
FOLDER_TRIES = 5
SPACE_STEP = 64 << 20  # bytes between two looks at the free space
TRANSIENT = (HubUnreachable, HubTooSlow, HubServerError, RateLimited)


@dataclass(frozen=True, slots=True)
class Means:
    """What the transfers of one process share, and how patient they are."""

    client: HubClient
    limit: SpeedLimit = field(default_factory=SpeedLimit)
    neighbours: Neighbours | None = None  # None: nothing is taken over from elsewhere
    reserve_bytes: int = RESERVE_BYTES
    read_timeout_s: float = 15.0


class _Patience:
    """Counts the tries that brought nothing new, and says how long to wait before the next."""

    def __init__(self, furthest: int) -> None:
        self._furthest = furthest
        self._fruitless = self._renewed = 0

    def wait_after(self, problem: AppError, position: int, *, is_refusal: bool) -> float:
        """Seconds until the next try; raises `problem` where there should be none."""
        if position > self._furthest:  # a start over counts as news only past the old end
            self._furthest, self._fruitless, self._renewed = position, 0, 0
        if is_refusal:
            self._renewed += 1
            if self._renewed > RENEWALS:
                raise problem
            return 0.0
        self._fruitless += 1
        if self._fruitless >= TRIES:
            raise problem
        wait: float = min(FIRST_WAIT_S * 2 ** (self._fruitless - 1), LONGEST_WAIT_S)
        return max(wait, _asked_wait(problem))


def _asked_wait(problem: AppError) -> float:
    """What a hub that is asked too often wants."""
    seconds = dict(problem.problem.params).get("seconds", "")
    return float(seconds) if isinstance(problem, RateLimited) and seconds.isdecimal() else 0.0


class Transfer:
    """Fetches one file of a job; `run` on one thread, `stop` from any."""

    def __init__(
        self,
        job: DownloadJob,
        file: RemoteFile,
        root: Path,
        means: Means,
        switch: StopSwitch | None = None,
        meter: Meter | None = None,
        retrying: Callable[[float, AppError], None] = lambda until, error: None,
    ) -> None:
        """`retrying` hears of each wait: until when (Unix time), and why."""
        self._job, self._file, self._root, self._means = job, file, root, means
        self._switch = switch or StopSwitch()
        self._meter = meter or Meter()
        self._retrying = retrying
        self._checked_at = 0  # position of the last look at the free space

    def stop(self) -> None:
        """End it at once, also a read of a silent server; what has arrived is kept."""
        self._switch.stop()

    def run(self) -> Path:
        """Bring the file to its place; returns where it is.

        Raises Cancelled after `stop`, WrongContent (the part is deleted), NoSpaceForModel,
        ModelsFolderFailed, DownloadBusy, UnsafeName, and what the hub answers (HubError).
        """
        place = place_of(self._root, self._job.repo, self._file.path)
        self._meter.file_is_at(file_bytes_present(self._root, self._job, self._file))
        with self._alone(place):
            if not is_complete(place, self._file):
                digest = self._take_over(place) or self._fetch(place)
                self._note_origin(place, digest)
        self._meter.file_is_done(self._file.size_bytes)
        return place.final

    @contextlib.contextmanager
    def _alone(self, place: Place) -> Iterator[None]:
        """Hold the kernel's lock, which ends with this process whatever happens."""
        from filelock import FileLock, Timeout

        lock = FileLock(place.lock, timeout=LOCK_PATIENCE_S, thread_local=False)
        for tries_left in reversed(range(FOLDER_TRIES)):
            try:
                prepare(self._root, place)
                lock.acquire()
                break
            except Timeout as error:
                raise DownloadBusy(str(error), file=self._file.path) from error
            except (OSError, ModelsFolderFailed) as error:
                # a cancelled download of the same model may just have removed its empty folder;
                # with the lock in it, it is empty no more
                cause = error.__cause__ or error
                if isinstance(cause, FileNotFoundError) and tries_left:
                    continue
                if isinstance(error, ModelsFolderFailed):
                    raise
                raise ModelsFolderFailed(str(error), path=place.lock.parent) from error
        try:
            yield
        finally:
            if os.name == "posix":  # elsewhere filelock does it; one who waits notices
                with contextlib.suppress(OSError):
                    place.lock.unlink()
            lock.release()

    def _take_over(self, place: Place) -> str:
        """The SHA-256 of an identical file that was here already; empty if there is none."""
        if self._means.neighbours is None:
            return ""
        found = take_over(
            self._file,
            place,
            self._root,
            self._means.neighbours,
            self._switch,
        )
        return self._file.sha256.lower() if found else ""

    def _note_origin(self, place: Place, digest: str) -> None:
        origin = Origin(
            self._job.repo, self._job.commit, digest, self._file.size_bytes, self._job.id
        )
        try:
            write_origin(place, origin)
        except OSError as error:
            raise ModelsFolderFailed(str(error), path=place.meta) from error

    def _fetch(self, place: Place) -> str:
        """Download what is missing; returns the file's hash."""
        known = None if self._file.sha256 else self._resolve_patiently()
        expected = Expected(
            self._file.path,
            self._file.size_bytes,
            self._file.sha256 or (known.sha256 if known else "") or "",
            (known.git_sha1 if known else "") or "",
        )
        part = Part(place.part, expected)
        try:
            part.read_back(self._switch.check)
            self._check_space(part)
            self._download(part, known)
            return part.finish(place.final)
        except WrongContent:
            part.throw_away()
            raise
        finally:
            part.close()

    def _download(self, part: Part, known: Resolved | None) -> None:
        """Stream until all is there: a cut is resumed, an expired address is renewed."""
        patience = _Patience(part.position)
        while part.position < self._file.size_bytes:
            is_refusal = False
            try:
                known = known or self._resolve()
                self._stream(part, known.url)
                problem: AppError = HubUnreachable("it ended early", host=_host(known.url))
            except AddressExpired as error:
                known, is_refusal, problem = None, True, error.problem
            except NothingMore:
                part.restart()
                problem = WrongContent("the hub's file is shorter", file=self._file.path)
                known = None
            except TRANSIENT as error:
                problem = error
            if part.position < self._file.size_bytes:
                self._wait(
                    patience.wait_after(problem, part.position, is_refusal=is_refusal), problem
                )

    def _stream(self, part: Part, url: str) -> None:
        """What one answer brings."""
        wanted = Wanted(url, self._job.repo, self._file.path, self._file.size_bytes, part.position)
        means = self._means
        with opened(means.client, wanted, self._switch, means.read_timeout_s) as (is_whole, pieces):
            if is_whole and part.position:
                part.restart()
            for piece in pieces:
                means.limit.take(len(piece), self._switch.event)
                part.write(piece)
                self._meter.file_is_at(part.position, len(piece))
                if part.position - self._checked_at >= SPACE_STEP:
                    self._check_space(part)

    def _check_space(self, part: Part) -> None:
        self._checked_at = part.position
        need = self._file.size_bytes - part.position
        check_space(part.folder, self._file.path, need, self._means.reserve_bytes)

    def _resolve(self) -> Resolved:
        """Where the bytes are now; raises WrongContent where the hub contradicts its own list."""
        client, job, file = self._means.client, self._job, self._file
        known = self._switch.call(lambda: client.resolve(job.repo, job.commit, file.path))
        is_same = not (file.sha256 and known.sha256) or file.sha256.lower() == known.sha256
        if known.size_bytes != file.size_bytes or not is_same:
            raise WrongContent("the hub announces another size or hash now", file=file.path)
        return known

    def _resolve_patiently(self) -> Resolved:
        patience = _Patience(0)
        while True:
            try:
                return self._resolve()
            except TRANSIENT as error:
                self._wait(patience.wait_after(error, 0, is_refusal=False), error)

    def _wait(self, seconds: float, problem: AppError) -> None:
        if seconds > 0:
            self._retrying(time.time() + seconds, problem)
            self._switch.sleep(seconds)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
