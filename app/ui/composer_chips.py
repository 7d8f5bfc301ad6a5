"""What is attached to the message being written, as chips: picture, name, size, remove."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QImageReader,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core.entities import Attachment
from app.ui.flow import FlowLayout
from app.ui.models_parts import IconButton, label
from app.ui.sizes import size_icon
from app.ui.theme import GAP, SMALL, Theme
from app.ui.tips import tip
from app.ui.words import size_text

THUMBNAIL = 36  # pixels
NAME_WIDTH = 28  # in average characters; a longer name loses its middle
MOST_ROWS = 3  # of chips; more are scrolled to


def thumbnail(data: bytes, side: int = THUMBNAIL * 3) -> QImage:
    """A square from the middle of an encoded picture, for screens of up to three times the density.

    A null image if it cannot be decoded. May be called on any thread.
    """
    array = QByteArray(data)
    buffer = QBuffer(array)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and not size.isEmpty():
        reader.setScaledSize(
            size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            .boundedTo(QSize(side * 8, side * 8))
            .expandedTo(QSize(1, 1))
        )
    image = reader.read()
    if image.isNull():
        return image
    middle = QRect(0, 0, side, side)
    middle.moveCenter(image.rect().center())
    return image.copy(middle.intersected(image.rect()))


class Chips(QScrollArea):
    """The chips; takes no room while there are none."""

    removed = Signal(str)  # the attachment's id
    thumbnail_wanted = Signal(str)  # a picture is on show whose thumbnail has not been given
    emptied = Signal()  # the last one with the keyboard is gone

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._attachments: tuple[Attachment, ...] = ()
        self._reading: tuple[str, ...] = ()
        self._pictures: dict[str, QImage] = {}
        self._most_height = 1000
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self._page = QWidget()
        self._page.setAutoFillBackground(False)
        self._flow = FlowLayout(self._page)
        self.setWidget(self._page)
        self._page.setAutoFillBackground(False)  # setWidget turns it on
        self.setAccessibleName(self.tr("Attachments"))
        self.hide()
        theme.changed.connect(self._make_anew)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What is attached, in order."""
        return self._attachments

    @property
    def reading(self) -> tuple[str, ...]:
        """Names of the files that are being read."""
        return self._reading

    def show_all(self, attachments: Sequence[Attachment], reading: Sequence[str]) -> None:
        """These attachments, then chips for files that are being read."""
        if (tuple(attachments), tuple(reading)) == (self._attachments, self._reading):
            return
        self._attachments, self._reading = tuple(attachments), tuple(reading)
        ids = {attachment.id for attachment in self._attachments}
        self._pictures = {key: image for key, image in self._pictures.items() if key in ids}
        before = self.chips()
        place = next((n for n, chip in enumerate(before) if chip.remove.hasFocus()), -1)
        self._arrange(before)
        if place >= 0 and before[place] not in self.chips():
            self._focus_near(place)
        for attachment in self._attachments:
            if attachment.is_image and attachment.id not in self._pictures:
                self.thumbnail_wanted.emit(attachment.id)

    def show_thumbnail(self, attachment_id: str, image: QImage) -> None:
        """The picture of one; a null image leaves the icon."""
        if image.isNull() or all(a.id != attachment_id for a in self._attachments):
            return
        self._pictures[attachment_id] = image
        for chip in self.chips():
            if chip.attachment_id == attachment_id:
                chip.show_picture(image)

    def limit_height(self, most: int) -> None:
        """So many pixels at most, but more than one row, so that there is something to scroll."""
        if most != self._most_height:
            self._most_height = most
            self._fit()

    def chips(self) -> list[Chip]:
        """Every chip, in order."""
        items = (self._flow.itemAt(index) for index in range(self._flow.count()))
        widgets = (item.widget() for item in items if item is not None)
        return [widget for widget in widgets if isinstance(widget, Chip)]

    def _make_anew(self) -> None:
        place = next((n for n, c in enumerate(self.chips()) if c.remove.hasFocus()), -1)
        self._arrange([])
        if place >= 0:
            self._focus_near(place)

    def _arrange(self, known: Sequence[Chip]) -> None:
        """A chip for each file, made anew where none of those `known` is of it: many may come."""
        there: dict[tuple[str, str], list[Chip]] = {}
        for chip in known:
            there.setdefault((chip.attachment_id, chip.name), []).append(chip)
        wanted: list[tuple[str, str, Attachment | None]] = []
        wanted += [(str(a.id), a.name, a) for a in self._attachments]
        wanted += [("", name, None) for name in self._reading]
        shown = []
        for key, name, attachment in wanted:
            same = there.get((key, name))
            shown.append(same.pop(0) if same else self._make(name, attachment))
        for old in self.chips():
            self._flow.removeWidget(old)
            if old not in shown:
                old.hide()
                old.deleteLater()
        for chip in shown:
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(shown))
        self._fit()

    def _make(self, name: str, attachment: Attachment | None) -> Chip:
        chip = Chip(self._theme, name, attachment)
        chip.removed.connect(self.removed)
        if picture := self._pictures.get(chip.attachment_id):
            chip.show_picture(picture)
        return chip

    def _focus_near(self, place: int) -> None:
        """The one that has moved up gets the keyboard of the one that is gone."""
        left = [chip for chip in self.chips() if chip.attachment_id]
        if left:
            left[min(place, len(left) - 1)].remove.setFocus()
        else:
            self.emptied.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        chips = self.chips()
        if not chips:
            return
        row = max(chip.sizeHint().height() for chip in chips) + self._flow.spacing()
        most = max(row + row // 3, min(MOST_ROWS * row, self._most_height))
        # of the whole width: there is a scroll bar only where not all rows have room
        self.setFixedHeight(min(self._flow.heightForWidth(self.width()), most))


class Chip(QFrame):
    """One file; without an attachment, a file that is being read."""

    removed = Signal(str)

    def __init__(self, theme: Theme, name: str, attachment: Attachment | None = None) -> None:
        super().__init__()
        self.setObjectName("note")
        self.attachment_id = str(attachment.id) if attachment is not None else ""
        self.name = name
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        is_image = attachment is not None and attachment.is_image
        self._picture = QLabel()
        self._side = max(THUMBNAIL, round(self.fontMetrics().height() * 2.2))
        self._picture.setFixedSize(self._side, self._side)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        icon = theme.icon("image" if is_image else "file-text", theme.colours.muted)
        self._picture.setPixmap(icon.pixmap(20, 20))
        self.remove = IconButton(theme, "x", self.tr("Remove {name}").replace("{name}", name))
        size_icon(self.remove, 14)
        self.remove.clicked.connect(lambda: self.removed.emit(self.attachment_id))
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 4)
        row.setSpacing(GAP)
        row.addWidget(self._picture)
        row.addLayout(self._make_words(name, attachment))
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignVCenter)
        if attachment is None:
            self.remove.hide()
            row.addSpacing(GAP)

    def _make_words(self, name: str, attachment: Attachment | None) -> QVBoxLayout:
        if attachment is None:
            first = self.tr("Reading {name}…")
            second = ""
            self.setAccessibleName(first.replace("{name}", name))
        else:
            first, second = "{name}", size_text(attachment.size_bytes)
            self.setAccessibleName(f"{name}, {second}")
        self.setToolTip(tip(name))
        title = label(wraps=False)
        metrics = title.fontMetrics()
        width = metrics.averageCharWidth() * NAME_WIDTH
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, width)
        title.setText(first.replace("{name}", shown))
        title.setAccessibleName(self.accessibleName())
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(title)
        if second:
            words.addWidget(label(second, role="muted", size=SMALL, wraps=False))
        words.addStretch(1)
        return words

    def show_picture(self, image: QImage) -> None:
        """The picture itself in the place of the icon."""
        ratio = self.devicePixelRatioF()
        side = round(self._side * ratio)
        scaled = image.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown = QPixmap(side, side)
        shown.fill(Qt.GlobalColor.transparent)
        painter = QPainter(shown)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rounded = QPainterPath()
        rounded.addRoundedRect(0, 0, side, side, 5 * ratio, 5 * ratio)
        painter.setClipPath(rounded)
        painter.drawImage((side - scaled.width()) // 2, (side - scaled.height()) // 2, scaled)
        painter.end()
        shown.setDevicePixelRatio(ratio)
        self._picture.setPixmap(shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the button leaves over: Delete removes as pressing it does."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.attachment_id:
            self.removed.emit(self.attachment_id)
            return
        super().keyPressEvent(event)
