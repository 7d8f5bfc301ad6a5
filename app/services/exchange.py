"""Exporting and importing while the window goes on: reads and writes in turns on two lanes.

The storage's lane takes or adds a few conversations, the bulk lane writes or parses them, and so
on: neither is held up for long, and memory holds one batch, whatever the number.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.core.entities import ConversationId
from app.core.errors import Cancelled, ImportFailed, NothingToImport, Problem, StorageError
from app.exchange.known_places import KnownPlace, known_places
from app.exchange.reading import Bad
from app.exchange.records import Found, Record, Skipped
from app.exchange.sources import read_all
from app.services.exchange_files import ExportOrder, PdfMaker, Writer, make_writer
from app.services.exchange_news import Exported, Imported, Job, JobListener, Preview
from app.services.exchange_store import BATCH, BATCH_BYTES, Outcome, Receiver, take
from app.services.ports import Lane, Scheduler
from app.storage.storage import Storage

__all__ = [
    "ExchangeService",
    "Exported",
    "Imported",
    "Job",
    "JobListener",
    "KnownPlace",
    "Preview",
    "Record",
]
MOST_REASONS = 50  # kept for the details


@dataclass
class _Tally:
    """Counts what a look or an import found."""

    counts: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    reasons: list[str] = field(default_factory=list)

    def skip(self, what: Skipped) -> None:
        self.skipped += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(f"{what.origin}: {what.reason}" if what.origin else what.reason)


class ExchangeService:
    """Main thread only. `storage` is asked on the storage's lane; None while it is not open."""

    def __init__(
        self,
        storage: Callable[[], Storage | None],
        scheduler: Scheduler,
        make_pdf: PdfMaker | None = None,
    ) -> None:
        self._storage = storage
        self._scheduler = scheduler
        self._make_pdf = make_pdf
        self._jobs: list[Job] = []

    def export(self, order: ExportOrder, listener: JobListener) -> Job:
        """Write conversations to files."""
        job = self._begin(listener)
        _Export(self, job, order).start()
        return job

    def look(self, paths: Sequence[Path], listener: JobListener) -> Job:
        """See what files and folders hold; nothing is imported."""
        job = self._begin(listener)
        _Look(self, job, tuple(paths)).start()
        return job

    def bring_in(self, preview: Preview, listener: JobListener) -> Job:
        """Import what was looked at."""
        job = self._begin(listener)
        _Import(self, job, preview).start()
        return job

    def read(
        self,
        conversation_id: ConversationId,
        done: Callable[[Record | None], None],
        failed: Callable[[Problem], None],
    ) -> None:
        """One whole conversation, for printing; None where it is gone."""

        def work() -> Record | None:
            found, _ = take(self.open_storage(), [conversation_id])
            return found[0] if found else None

        self._scheduler.run(Lane.STORAGE, work, done, failed)

    def find_places(self, done: Callable[[list[KnownPlace]], None]) -> None:
        """Where other programs keep their conversations here."""
        self._scheduler.run(
            Lane.BULK, lambda: known_places(Path.home(), os.environ), done, lambda _: done([])
        )

    def stop(self) -> None:
        """At quit: everything under way ends soon, and nothing half written stays."""
        for job in self._jobs:
            job.cancel()
            # news of what runs just now may come too late for the window to hear
            self._scheduler.run(Lane.BULK, job.take_back, lambda _: None, lambda _: None)

    def open_storage(self) -> Storage:
        """On the storage's lane. Raises StorageError."""
        storage = self._storage()
        if storage is None:
            raise StorageError(path="")
        return storage

    def run(
        self,
        lane: Lane,
        work: Callable[[], None],
        done: Callable[[], None],
        job: Job,
        undo: Callable[[], None],
    ) -> None:
        """One step of a job."""

        def failed(problem: Problem) -> None:
            self._scheduler.run(Lane.BULK, undo, lambda _: None, lambda _: None)
            self.end(job)
            job.listener.failed(problem)

        self._scheduler.run(lane, work, lambda _: done(), failed)

    def end(self, job: Job) -> None:
        """It is over."""
        job.is_over = True
        if job in self._jobs:
            self._jobs.remove(job)

    @property
    def make_pdf(self) -> PdfMaker | None:
        """What makes PDF files; None without a window."""
        return self._make_pdf

    def _begin(self, listener: JobListener) -> Job:
        job = Job(listener)
        self._jobs.append(job)
        return job


class _Export:
    def __init__(self, service: ExchangeService, job: Job, order: ExportOrder) -> None:
        self._service, self._job, self._order = service, job, order
        self._writer: Writer | None = None
        self._at = self._count = 0
        self._batch: list[Record] = []
        job.take_back = self._undo

    def start(self) -> None:
        self._service.run(Lane.BULK, self._open, self._take, self._job, self._undo)

    def _open(self) -> None:
        self._writer = make_writer(
            self._order, self._service.make_pdf, lambda: self._job.is_cancelled
        )

    def _take(self) -> None:
        self._job.listener.progressed(self._at, len(self._order.ids))
        if self._job.is_cancelled:
            self._service.run(Lane.BULK, self._undo, self._say_cancelled, self._job, _nothing)
        elif self._at >= len(self._order.ids):
            self._service.run(Lane.BULK, self._finish, self._say, self._job, self._undo)
        else:
            self._service.run(Lane.STORAGE, self._read, self._put, self._job, self._undo)

    def _read(self) -> None:
        ids = self._order.ids[self._at : self._at + BATCH]
        self._batch, done = take(self._service.open_storage(), ids)
        self._at += done

    def _put(self) -> None:
        self._service.run(Lane.BULK, self._write, self._take, self._job, self._undo)

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        for record in batch:
            if self._job.is_cancelled:
                return
            if self._writer is not None:
                try:
                    self._writer.add(record)
                except Cancelled:  # the next step sees it, too
                    return
                self._count += 1

    def _finish(self) -> None:
        if self._writer is not None:
            self._writer.finish()

    def _undo(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.cancel()

    def _say(self) -> None:
        self._service.end(self._job)
        order = self._order
        self._job.listener.finished(Exported(order.target, self._count, order.is_folder))

    def _say_cancelled(self) -> None:
        self._service.end(self._job)
        self._job.listener.cancelled(None)


class _Look:
    def __init__(self, service: ExchangeService, job: Job, paths: tuple[Path, ...]) -> None:
        self._service, self._job, self._paths = service, job, paths
        self._found: Iterator[Found] = iter(())
        self._tally = _Tally()
        self._is_done = False

    def start(self) -> None:
        self._found = _named(self._paths)
        self._step()

    def _step(self) -> None:
        self._service.run(Lane.BULK, self._count, self._say, self._job, _nothing)

    def _count(self) -> None:
        self._is_done = True
        for found in itertools.islice(self._found, BATCH * 4):
            self._is_done = False
            if isinstance(found, Skipped):
                self._tally.skip(found)
            else:
                self._tally.counts[found.origin] += 1

    def _say(self) -> None:
        tally, job = self._tally, self._job
        counts = tuple(tally.counts.most_common())
        preview = Preview(self._paths, counts, tally.skipped, tuple(tally.reasons))
        if job.is_cancelled:
            self._service.end(job)
            job.listener.cancelled(preview)
        elif not self._is_done:
            job.listener.progressed(preview.total, 0)
            self._step()
        else:
            self._service.end(job)
            if preview.total:
                job.listener.finished(preview)
            else:
                names = ", ".join(path.name or str(path) for path in self._paths[:3])
                details = "\n".join(preview.reasons)
                job.listener.failed(NothingToImport(details, path=names).problem)


class _Import:
    def __init__(self, service: ExchangeService, job: Job, preview: Preview) -> None:
        self._service, self._job, self._preview = service, job, preview
        self._found: Iterator[Found] = iter(())
        self._batch: list[Record] = []
        self._tally = _Tally()
        self._result = Imported()
        self._receiver: Receiver | None = None
        self._is_done = False

    def start(self) -> None:
        self._found = _named(self._preview.paths)
        self._parse()

    def _parse(self) -> None:
        result = self._result
        done = result.added + result.already_there + self._tally.skipped
        self._job.listener.progressed(done, self._preview.total + self._preview.skipped)
        if self._job.is_cancelled or self._is_done:
            self._say()
        else:
            self._service.run(Lane.BULK, self._next, self._put, self._job, _nothing)

    def _next(self) -> None:
        size = 0
        self._is_done = True
        for found in self._found:
            if isinstance(found, Skipped):
                self._tally.skip(found)
                continue
            self._batch.append(found)
            size += sum(len(m.content) for m in found.messages)
            size += sum(map(len, found.data.values()))
            if len(self._batch) >= BATCH or size >= BATCH_BYTES:
                self._is_done = False
                return

    def _put(self) -> None:
        self._service.run(Lane.STORAGE, self._add, self._parse, self._job, _nothing)

    def _add(self) -> None:
        batch, self._batch = self._batch, []
        if self._receiver is None:
            self._receiver = Receiver(self._service.open_storage())
        for record in batch:
            if self._job.is_cancelled:
                return
            try:
                outcome = self._receiver.add(record)
            except Bad as error:
                self._tally.skip(Skipped(record.origin, str(error)))
                continue
            was = self._result
            if outcome is Outcome.ADDED:
                self._result = replace(was, added=was.added + 1)
            else:
                self._result = replace(was, already_there=was.already_there + 1)

    def _say(self) -> None:
        self._service.end(self._job)
        reasons = tuple(self._tally.reasons)
        result = replace(self._result, skipped=self._tally.skipped, reasons=reasons)
        if self._is_done and not self._job.is_cancelled:
            self._job.listener.finished(result)
        else:
            self._job.listener.cancelled(result)


def _named(paths: Sequence[Path]) -> Iterator[Found]:
    """What is in them; a path that cannot be opened ends it. Raises ImportFailed."""
    for path in paths:
        try:
            yield from read_all([path])
        except OSError as error:
            raise ImportFailed(str(error), path=path) from error


def _nothing() -> None:
    """There is nothing to take back."""
