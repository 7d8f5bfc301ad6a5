"""The queue of downloads: what runs, what waits, what each one came to.

All methods on the main thread; disk and network are on the scheduler's lanes and in the process
that downloads, which lives only while something is running.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core import download_messages as messages
from app.core.errors import Problem
from app.core.hub_errors import DownloaderDied, HubOffline
from app.core.models_entities import Download, DownloadJob, DownloadState, HubAccess
from app.services.download_disk import DownloadDisk, Entry
from app.services.download_news import DownloadNews
from app.services.downloader import Downloader
from app.services.ports import DownloadListener, Lane, Scheduler

AT_ONCE_LIMIT = 4
ACTIVE = (DownloadState.RUNNING, DownloadState.WAITING)
UNDER_WAY = (DownloadState.QUEUED, *ACTIVE)


class Downloads:
    """Starts, pauses and orders downloads, and tells listeners.

    `paths_root`: the models folder for new downloads; `limits`: how many at once (1 to 4) and bytes
    per second (0: no limit); `access` may wait for the keyring and is asked on a lane.
    """

    def __init__(
        self,
        paths_root: Callable[[], Path],
        store_folder: Path,
        access: Callable[[], HubAccess],
        limits: Callable[[], tuple[int, int]],
        scheduler: Scheduler,
    ) -> None:
        self._root = paths_root
        self._disk = DownloadDisk(store_folder, scheduler)
        self._access = access
        self._limits = limits
        self._scheduler = scheduler
        self._news = DownloadNews(scheduler, lambda: self.downloads)
        self._entries: dict[str, Entry] = {}  # in the order of the queue
        self._downloader = Downloader(scheduler, self._take, self._died)
        self._doomed: dict[str, Entry] = {}  # cancelled ones that the process has not let go
        self._is_closed = False

    def add_listener(self, listener: DownloadListener) -> None:
        """Tell `listener` from now on."""
        self._news.add_listener(listener)

    @property
    def downloads(self) -> tuple[Download, ...]:
        """All of them in their order, done ones of this session too."""
        return tuple(entry.shown() for entry in self._entries.values())

    @property
    def process_pid(self) -> int | None:
        """The downloading process's id while it lives."""
        return self._downloader.pid

    def start(self) -> None:
        """Read what was not done when the app ended; it appears paused."""
        self._disk.load(self._loaded)

    def add(self, job: DownloadJob) -> None:
        """Queue `job`; where the same files are on the list and not done, that one goes on."""
        for entry in self._entries.values():
            same = entry.job.id == job.id or (
                (entry.job.repo, entry.job.files) == (job.repo, job.files)
            )
            if same and entry.state is not DownloadState.DONE:
                self.resume(entry.job.id)
                return
        entry = Entry(job, self._root())
        self._entries[job.id] = entry
        self._save(entry)
        self._look_at_disk(entry)
        self._pump()

    def pause(self, job_id: str) -> None:
        """Stop it; what has arrived is kept. The next in the queue begins."""
        self._pause(job_id, None)
        self._pump()

    def resume(self, job_id: str) -> None:
        """Back into the queue after a pause or a failure; goes on where it was."""
        entry = self._entries.get(job_id)
        if entry is not None and entry.state in (DownloadState.PAUSED, DownloadState.FAILED):
            entry.set(DownloadState.QUEUED)
            self._save(entry)
            self._pump()

    def retry(self, job_id: str) -> None:
        """Once more after a failure."""
        self.resume(job_id)

    def cancel(self, job_id: str) -> None:
        """Off the list. Unless it is done, what it fetched is deleted."""
        entry = self._entries.pop(job_id, None)
        if entry is None:
            return
        if self._downloader.has(job_id):
            self._doomed[job_id] = entry
            self._downloader.end(job_id)
        elif entry.state is not DownloadState.DONE:
            self._disk.delete(entry, self._pump)
        self._disk.forget(job_id)
        self._pump()

    def move(self, job_id: str, position: int) -> None:
        """Give it another place in the list; 0 is the first."""
        entry = self._entries.pop(job_id, None)
        if entry is None:
            return
        items = list(self._entries.items())
        items.insert(max(0, position), (job_id, entry))
        self._entries = dict(items)
        for each in self._entries.values():
            if each.state is not DownloadState.DONE:
                self._save(each)
        self._news.changed()

    def apply_limits(self) -> None:
        """The settings changed: how many, how fast, offline or not."""
        self._downloader.set_limit(self._limits()[1])
        self._scheduler.run(Lane.NETWORK, self._access, self._heed_offline, lambda _: None)
        self._pump()

    def stop(self) -> None:
        """At quit: pauses all; waits for the process, at most 2 s."""
        self._is_closed = True
        self._downloader.shut_down()
        self._delete_doomed()
        for entry in self._entries.values():
            if entry.state in UNDER_WAY:
                entry.set(DownloadState.PAUSED)

    # The queue

    def _pump(self) -> None:
        """Start what may start; end a process that has nothing to do."""
        if self._is_closed:
            return
        free = max(1, min(AT_ONCE_LIMIT, self._limits()[0]))
        free -= sum(entry.state in ACTIVE for entry in self._entries.values())
        for entry in self._entries.values():
            if free <= 0:
                break
            if entry.state is DownloadState.QUEUED and self._may_begin(entry.job.id):
                free -= 1
                self._begin(entry)
        if self._downloader.is_idle and not self._is_active():
            self._downloader.dismiss()
        self._news.changed()

    def _may_begin(self, job_id: str) -> bool:
        """Not before an earlier attempt has ended, and its files are gone if it was cancelled."""
        return not self._downloader.has(job_id) and not self._disk.is_deleting(job_id)

    def _is_active(self) -> bool:
        return any(entry.state in ACTIVE for entry in self._entries.values())

    def _begin(self, entry: Entry) -> None:
        entry.set(DownloadState.RUNNING)
        entry.ticket += 1
        ticket = entry.ticket

        def is_current() -> bool:
            present = self._entries.get(entry.job.id)
            return present is entry and entry.ticket == ticket and entry.state in ACTIVE

        def launch(access: HubAccess) -> None:
            if not is_current() or self._is_closed:
                return
            if access.is_offline:
                self._pause(entry.job.id, HubOffline().problem)
                self._pump()
                return
            self._downloader.set_limit(self._limits()[1])
            self._downloader.begin(entry.job, entry.root, access)

        def failed(problem: Problem) -> None:
            if is_current():
                self._end(entry, DownloadState.FAILED, problem)
                self._pump()

        self._scheduler.run(Lane.NETWORK, self._access, launch, failed)

    def _pause(self, job_id: str, problem: Problem | None) -> None:
        entry = self._entries.get(job_id)
        if entry is None or entry.state not in UNDER_WAY:
            return
        self._end(entry, DownloadState.PAUSED, problem)
        self._downloader.end(job_id)

    def _end(self, entry: Entry, state: DownloadState, problem: Problem | None) -> None:
        """It is not under way any more, and not done."""
        entry.set(state, problem)
        self._save(entry)
        self._look_at_disk(entry)

    def _heed_offline(self, access: HubAccess) -> None:
        if access.is_offline:
            for job_id in list(self._entries):
                self._pause(job_id, HubOffline().problem)
            self._pump()

    def _loaded(self, found: list[Entry]) -> None:
        earlier = {each.job.id: each for each in found if each.job.id not in self._entries}
        self._entries = earlier | self._entries
        self._news.changed()

    # News of the process

    def _take(self, event: messages.DownloadEvent) -> None:
        entry = self._entries.get(event.job_id)
        if isinstance(event, messages.Progress | messages.Retrying):
            if entry is not None and entry.state in ACTIVE:
                self._note(entry, event)
                self._news.changed()
            return
        if (doomed := self._doomed.pop(event.job_id, None)) is not None:
            self._disk.delete(doomed, self._pump)  # `entry`, if there is one, is a later wish
        elif entry is not None:
            self._note_end(entry, event)
        self._pump()

    def _note(self, entry: Entry, event: messages.Progress | messages.Retrying) -> None:
        if isinstance(event, messages.Retrying):
            entry.set(DownloadState.WAITING, event.problem)
            return
        if event.done_bytes > entry.done_bytes or entry.state is DownloadState.RUNNING:
            entry.state, entry.problem, entry.speed = DownloadState.RUNNING, None, event.speed
        entry.done_bytes = event.done_bytes

    def _note_end(
        self, entry: Entry, event: messages.Ended | messages.Failed | messages.Stopped
    ) -> None:
        if isinstance(event, messages.Ended):
            entry.set(DownloadState.DONE)
            entry.done_bytes = sum(file.size_bytes for file in entry.job.files)
            entry.path = str(event.paths[0])
            self._disk.forget(entry.job.id)
            self._news.done(entry.shown())
        elif isinstance(event, messages.Failed) and entry.state in ACTIVE:
            is_offline = event.problem.code == HubOffline.code
            state = DownloadState.PAUSED if is_offline else DownloadState.FAILED
            self._end(entry, state, event.problem)
        else:
            self._look_at_disk(entry)

    def _died(self, held: set[str], code: int | None) -> None:
        """The process is gone; None: it was killed because a job did not stop."""
        self._delete_doomed()
        for job_id in held:
            present = self._entries.get(job_id)
            if present is None or present.state not in ACTIVE:
                continue
            if code is None:
                present.set(DownloadState.QUEUED)
            else:
                problem = DownloaderDied(f"exit code {code}").problem
                self._end(present, DownloadState.FAILED, problem)
        self._pump()

    # The disk

    def _save(self, entry: Entry) -> None:
        self._disk.save(entry, list(self._entries).index(entry.job.id))

    def _look_at_disk(self, entry: Entry) -> None:
        """How much of it is there, where nobody is at work on it."""

        def seen(present: int) -> None:
            if entry.state not in (*ACTIVE, DownloadState.DONE):
                entry.done_bytes = present
                self._news.changed()

        self._disk.count(entry, seen)

    def _delete_doomed(self) -> None:
        doomed, self._doomed = self._doomed, {}
        for entry in doomed.values():
            self._disk.delete(entry, self._pump)
