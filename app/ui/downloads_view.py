"""The downloads in their order, and how far they are together."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.models_entities import Download, DownloadJob, DownloadState
from app.ui.models_download_row import DownloadRow
from app.ui.models_parts import Placeholder, chain_tabs, label
from app.ui.models_split import Column
from app.ui.models_words import dotted, left_text, speed_text
from app.ui.theme import Theme
from app.ui.words import number_text

ACTIVE = (DownloadState.QUEUED, DownloadState.RUNNING, DownloadState.WAITING)
_NOTHING = DownloadJob("", "", "", "", ())


def overall_fraction(downloads: Sequence[Download]) -> float | None:
    """How far all that are going on are together, 0 to 1; None where none is."""
    going = [download for download in downloads if download.state in ACTIVE]
    total = sum(download.total_bytes for download in going)
    if not going:
        return None
    return min(1.0, sum(d.done_bytes for d in going) / total) if total else 0.0


class DownloadsTab(QWidget):
    """Rows stay the same widgets while their downloads go on."""

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    cancel_requested = Signal(str)
    retry_requested = Signal(str)
    move_requested = Signal(str, int)  # id, and its new place in the list, from 0
    chat_requested = Signal(object)  # Path
    find_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: dict[str, DownloadRow] = {}
        self._order: list[tuple[str, bool]] = []
        self._is_warm = False
        self._shown: tuple[Download, ...] = ()
        self._more = QTimer(self)  # for rows that are still to come
        self._more.setSingleShot(True)
        self._more.timeout.connect(lambda: self.show_downloads(self._shown))
        self.total = label(role="muted")
        self._column = Column(is_centred=True)
        self._column.items.addWidget(self.total)
        self._column.items.addStretch(1)
        self.nothing = Placeholder(
            theme, "download", self.tr("Nothing is being downloaded."), self.tr("Find a model")
        )
        self.nothing.pressed.connect(self.find_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._column)
        layout.addWidget(self.nothing)
        self.show_downloads(())

    def warm_up(self) -> None:
        """Make a row for nobody: the first costs three times what the others do, and it would be
        made in the moment of a click."""
        if not self._is_warm:
            self._is_warm = True
            row = DownloadRow(self._theme, Download(_NOTHING, DownloadState.QUEUED))
            row.ensurePolished()
            row.deleteLater()

    def show_downloads(self, downloads: Sequence[Download]) -> None:
        """Bring the rows up to date; only a changed order or a new row moves anything.

        Of several new rows the first appears now and each other in a turn of the event loop of its
        own: a dozen at once would hold up keys and clicks.
        """
        self._shown = tuple(downloads)
        new = [download for download in downloads if download.job.id not in self.rows]
        for download in downloads:
            if download.job.id in self.rows:
                self.rows[download.job.id].show_download(download)
        for download in new[:1]:
            self._add(download)
        if len(new) > 1 and not self._more.isActive():
            self._more.start()
        order = [
            (d.job.id, d.state is not DownloadState.DONE)
            for d in downloads
            if d.job.id in self.rows
        ]
        if order != self._order:
            self._arrange(order)
        self._show_total(downloads)
        has_any = bool(downloads)
        if self._column.isHidden() == has_any:
            self._column.setVisible(has_any)
        if self.nothing.isHidden() != has_any:
            self.nothing.setVisible(not has_any)

    def decline(self) -> bool:
        """Take open questions away; false where none is asked."""
        asking = [row for row in self.rows.values() if not row.confirm.isHidden()]
        for row in asking:
            row.confirm.decline()
        return bool(asking)

    def _add(self, download: Download) -> None:
        row = DownloadRow(self._theme, download)
        for signal, out in (
            (row.pause_requested, self.pause_requested),
            (row.resume_requested, self.resume_requested),
            (row.cancel_requested, self.cancel_requested),
            (row.retry_requested, self.retry_requested),
            (row.move_requested, self._move),
            (row.chat_requested, self.chat_requested),
        ):
            signal.connect(out)
        self.rows[download.job.id] = row

    def _move(self, row_id: str, step: int) -> None:
        """Into the place of the next one before or after it that has not finished."""
        open_ids = [known for known, is_open in self._order if is_open]
        place = open_ids.index(row_id) + step if row_id in open_ids else -1
        if 0 <= place < len(open_ids):
            ids = [known for known, _ in self._order]
            self.move_requested.emit(row_id, ids.index(open_ids[place]))

    def _arrange(self, order: list[tuple[str, bool]]) -> None:
        """Put the rows in `order`; a row that moves keeps the keyboard."""
        items = self._column.items
        ids = [row_id for row_id, _ in order]
        for row_id in [known for known in self.rows if known not in ids]:
            row = self.rows.pop(row_id)
            items.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, row_id in enumerate(ids, start=1):  # the total is before them
            row = self.rows[row_id]
            if items.indexOf(row) != place:
                items.insertWidget(place, row)
        open_ids = [row_id for row_id, is_open in order if is_open]
        for row_id, row in self.rows.items():
            place = open_ids.index(row_id) if row_id in open_ids else -1
            row.show_place(can_rise=place > 0, can_sink=0 <= place < len(open_ids) - 1)
        self._chain_tabs([self.rows[row_id] for row_id in ids])
        self._order = order

    def _chain_tabs(self, rows: Sequence[DownloadRow]) -> None:
        """Tab goes through the rows as they stand, not as they came."""
        chain_tabs(
            *(
                button
                for row in rows
                for button in (
                    row.up,
                    row.down,
                    row.pause,
                    row.resume,
                    row.retry,
                    row.chat,
                    row.cancel,
                    row.confirm.yes,
                    row.confirm.no,
                )
            )
        )

    def _show_total(self, downloads: Sequence[Download]) -> None:
        going = [download for download in downloads if download.state in ACTIVE]
        speed = sum(d.speed for d in going if d.state is DownloadState.RUNNING)
        missing = sum(d.total_bytes - d.done_bytes for d in going)
        words = self.tr("Under way: {count}").replace("{count}", number_text(len(going)))
        text = dotted(
            words if going else self.tr("Nothing is under way."),
            speed_text(speed) if speed else "",
            left_text(missing / speed) if speed else "",
        )
        if text != self.total.text():
            self.total.setText(text)
