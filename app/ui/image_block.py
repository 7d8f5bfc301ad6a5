"""A picture in a message, from bytes that come later; decoded beside the main thread, in bounds."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QSize, Qt, QTimer
from PySide6.QtGui import (
    QImage,
    QImageIOHandler,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError
from app.core.pictures import check_picture
from app.ui.theme import READING_WIDTH, Theme

MAX_HEIGHT = 360  # pixels in the text
# pixels that are kept of a picture, sharp on dense screens: of a photograph all would be 50 MB
KEPT = QSize(READING_WIDTH * 2, MAX_HEIGHT * 2)
MOST = QSize(4_096, 4_096)  # pixels in the dialog
LOOK_AGAIN_MS = 30
PLACEHOLDER = 96  # pixels of height until the picture is there


class ImageBlock(QLabel):
    """Shows a picture as wide as the column allows; a click or Enter opens it larger."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._description = ""
        self._image: QImage | None = None
        self._data = b""
        self._decoding: Future[QImage | None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look)
        self.setObjectName("imageBlock")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._show_words(self.tr("Loading the picture…"), PLACEHOLDER)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.setAccessibleName(self._description or self.tr("Picture"))
            self.setToolTip(self.tr("Click to see it larger") if self.has_picture else "")

    def describe(self, description: str) -> None:
        """What the picture shows, or the name of its file."""
        self._description = description
        self.setAccessibleName(description or self.tr("Picture"))
        self.setToolTip("")

    def show_bytes(self, data: bytes) -> None:
        """Decode and show `data`, which may be anything; what is no picture is told in words."""
        if data == self._data and (self._image is not None or self._decoding is not None):
            return
        self._data, self._image = data, None
        self._decoding = _pool().submit(decoded, data, KEPT)
        self._timer.start()

    @property
    def has_picture(self) -> bool:
        """Whether it is on show."""
        return self._image is not None

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        self._dress()

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """None: a picture has no text to select."""
        return []

    def selected_markdown(self) -> str:
        """Nothing, ever."""
        return ""

    def selected_plain(self) -> str:
        """Nothing, ever."""
        return ""

    def open_large(self) -> QDialog | None:
        """Show the picture in a window of its own."""
        if self._image is None:
            return None
        dialog = QDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self._description or self.tr("Picture"))
        shown = QLabel()
        shown.setAccessibleName(self._description or self.tr("Picture"))
        shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        area = QScrollArea()
        area.setAccessibleName(self._description or self.tr("Picture"))
        area.setWidgetResizable(True)
        area.setWidget(shown)
        room = self.screen().availableSize() * 0.85
        ratio = self.devicePixelRatioF()
        size = _bounded(self._whole_size(self._image), room)
        shown.setPixmap(_scaled(self._image, size, ratio))
        _sharpen(shown, self._data, size, ratio)
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        dialog.resize(size + QSize(4, 4))
        dialog.show()
        return dialog

    def _whole_size(self, image: QImage) -> QSize:
        """The picture's size, of which only so many pixels are kept; it may lie on its side."""
        size = QSize(*check_picture(self._data))
        is_turned = (size.width() > size.height()) != (image.width() > image.height())
        return size.transposed() if is_turned else size

    def _look(self) -> None:
        if self._decoding is None or not self._decoding.done():
            return
        self._timer.stop()
        self._image, self._decoding = self._decoding.result(), None
        if self._image is None:
            name = self._description
            words = self.tr("This picture cannot be shown: {name}") if name else ""
            self._show_words(
                words.replace("{name}", name) or self.tr("This picture cannot be shown")
            )
            return
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip(self.tr("Click to see it larger"))
        self._fit()

    def _fit(self) -> None:
        if self._image is None or self.width() <= 0:
            return
        size = _bounded(self._image.size(), QSize(max(1, self.width()), MAX_HEIGHT))
        self.setPixmap(_scaled(self._image, size, self.devicePixelRatioF()))
        self.setFixedHeight(max(1, size.height()))

    def _show_words(self, words: str, height: int = 0) -> None:
        self.setText(words)
        self.setAccessibleName(words)
        lines = 2 * self.fontMetrics().lineSpacing()  # long names break
        self.setFixedHeight(height or lines + 4)

    def _dress(self) -> None:
        colours = self._theme.colours
        self.setStyleSheet(f"#imageBlock {{ color: {colours.muted}; }}")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(1, self.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.open_large()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.open_large()
        else:
            super().keyPressEvent(event)


def decoded(data: bytes, most: QSize = MOST) -> QImage | None:
    """The picture in `data`, made smaller where it is larger than `most`; None if it is no good.

    Any thread. The header is looked at first, so that a small file cannot ask for gigabytes.
    """
    try:
        width, height = check_picture(data)
    except AppError:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    turned = QImageIOHandler.Transformation.TransformationRotate90
    is_turned = bool(reader.transformation().value & turned.value)
    size = _bounded(QSize(width, height), most.transposed() if is_turned else most)
    if size != QSize(width, height):
        reader.setScaledSize(size)
    image = reader.read()
    return None if image.isNull() else image


def _bounded(size: QSize, room: QSize) -> QSize:
    """As large as `size`, or as large as fits."""
    if size.width() <= room.width() and size.height() <= room.height():
        return size
    found = size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    return found.expandedTo(QSize(1, 1))


def _sharpen(shown: QLabel, data: bytes, size: QSize, ratio: float) -> None:
    """Give a label all the pixels it has room for, as soon as they are decoded."""
    decoding = _pool().submit(decoded, data, (size * ratio).boundedTo(MOST))
    timer = QTimer(shown)

    def look() -> None:
        if decoding.done():
            timer.stop()
            if (image := decoding.result()) is not None:
                shown.setPixmap(_scaled(image, size, ratio))

    timer.timeout.connect(look)
    timer.start(LOOK_AGAIN_MS)


def _scaled(image: QImage, size: QSize, ratio: float) -> QPixmap:
    """A pixmap of `size`, sharp on a screen of this ratio."""
    wanted = size * ratio
    smooth = Qt.TransformationMode.SmoothTransformation
    keep = Qt.AspectRatioMode.IgnoreAspectRatio
    shown = image if image.size() == wanted else image.scaled(wanted, keep, smooth)
    pixmap = QPixmap.fromImage(shown)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
