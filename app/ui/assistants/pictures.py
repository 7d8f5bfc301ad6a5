"""What an assistant looks like: its picture as a disc, or its initials on a colour."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QIcon,
    QImage,
    QImageReader,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPixmapCache,
)
from PySide6.QtWidgets import QAbstractButton, QApplication

from app.core.assistant_errors import AssistantPictureBad
from app.core.errors import AppError
from app.core.pictures import MOST_BYTES, check_picture, check_unpacked
from app.core.prompts import Assistant
from app.ui.models_parts import with_air
from app.ui.sizes import size_icon, text_scale

SIDE = 256  # pixels of a picture that is kept
RING = QColor(128, 128, 128, 120)
AIR = 6  # pixels that `with_air` adds
# grounds for initials; white on each has a contrast of at least 4.5 : 1
GROUNDS = ("#8a4b12", "#1f6f68", "#3c5a99", "#7a3f78", "#5b6b23", "#9c3a3a", "#4a5568", "#6b4fa0")


def small_picture(data: bytes, name: str) -> bytes:
    """A square PNG of at most SIDE pixels from the middle of a picture; for any thread.

    Raises AssistantPictureBad, naming the file `name`.
    """
    try:
        check_picture(data)
        check_unpacked(data)
    except AppError as error:
        details = error.problem.details or str(error)
        raise AssistantPictureBad(details, file=name) from error
    image = _square(data, SIDE)
    if image.isNull():
        raise AssistantPictureBad("it cannot be decoded", file=name)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # it takes no bytes
    return bytes(buffer.data().data())


def read_picture(path: Path) -> bytes:
    """The same of a file. Raises AssistantPictureBad."""
    try:
        if not path.is_file():  # also no pipe or device, which might never end
            raise AssistantPictureBad("no file", file=path.name)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise AssistantPictureBad(str(error), file=path.name) from error
    return small_picture(data, path.name)


def portrait(assistant: Assistant, side: int, ratio: float = 1.0) -> QPixmap:
    """A disc of `side` pixels, on a screen that is `ratio` times as dense."""
    digest = hashlib.sha256(assistant.picture or assistant.name.encode("utf-8", "replace"))
    key = f"portrait {digest.hexdigest()} {initials(assistant.name)} {side} {ratio}"
    made = QPixmap()
    if not QPixmapCache.find(key, made):
        made = _paint(assistant, side, ratio)
        QPixmapCache.insert(key, made)
    return made


def portrait_icon(assistant: Assistant, side: int, ratio: float = 1.0) -> QIcon:
    """The same for a button or a row; disabled or selected it looks no other."""
    icon = QIcon()
    for mode in QIcon.Mode:
        icon.addPixmap(portrait(assistant, side, ratio), mode)
    return icon


def show_beside_words(button: QAbstractButton, assistant: Assistant, side: int) -> None:
    """The same as a button's icon, `side` pixels large at 100 %, with air before the words."""
    size_icon(button, side + AIR, side)
    ratio = button.devicePixelRatioF()
    icon = portrait_icon(assistant, round(side * text_scale()), ratio)
    button.setIcon(with_air(icon, side, ratio))


def initials(name: str) -> str:
    """At most two letters; of a Chinese, Japanese or Korean name the first character."""
    words = [word for word in name.split() if word[0].isalnum()] or name.split()
    if not words:
        return "?"
    if ord(words[0][0]) >= 0x2E80:
        return words[0][0]
    if len(words) == 1:
        return words[0][:2].capitalize()
    return "".join(word[0] for word in words[:2]).upper()


def _paint(assistant: Assistant, side: int, ratio: float) -> QPixmap:
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    disc = QRectF(0, 0, side, side)
    image = _square(assistant.picture, SIDE) if assistant.picture else QImage()
    if image.isNull():
        _paint_initials(painter, disc, assistant.name)
    else:
        path = QPainterPath()
        path.addEllipse(disc)
        painter.setClipPath(path)
        painter.drawImage(disc, image)
        painter.setClipping(False)
        painter.setPen(QPen(RING, 1))  # a picture may be as light, or as dark, as what is below it
        painter.drawEllipse(disc.adjusted(0.5, 0.5, -0.5, -0.5))
    painter.end()
    return pixmap


def _paint_initials(painter: QPainter, disc: QRectF, name: str) -> None:
    number = int(hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8], 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(GROUNDS[number % len(GROUNDS)]))
    painter.drawEllipse(disc)
    letters = initials(name)
    font = QFont(QApplication.font())
    font.setPixelSize(max(7, int(disc.height() * (0.5 if len(letters) == 1 else 0.4))))
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(disc, int(Qt.AlignmentFlag.AlignCenter), letters)


def _square(data: bytes, side: int) -> QImage:
    """The middle of an encoded picture, at most `side` pixels wide; null if it is none."""
    array = QByteArray(data)
    buffer = QBuffer(array)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and min(size.width(), size.height()) > side:
        square = QSize(side, side)
        wanted = size.scaled(square, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        reader.setScaledSize(wanted.boundedTo(square * 8).expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        return image
    length = min(image.width(), image.height())
    middle = QRect(0, 0, length, length)
    middle.moveCenter(image.rect().center())
    return image.copy(middle)
