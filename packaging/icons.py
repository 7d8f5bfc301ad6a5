"""Makes the app's icon in every size and form: `python packaging/icons.py --into FOLDER`.

FOLDER gets hicolor/SIZExSIZE/apps/inglenook.png and hicolor/scalable (Linux), inglenook.ico
(Windows) and inglenook.icns (macOS).
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.core.paths import resources

NAME = "inglenook"
PNG_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
ICNS_SIZES = (32, 64, 128, 256, 512, 1024)
SMALL = 24  # pixels: up to this the drawing below is used, whose lines lie on whole pixels
SMALL_SVG = b"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
  <rect width="16" height="16" rx="3.6" fill="#2b2320"/>
  <path d="M3.5 13V7a4.5 4.5 0 0 1 9 0V13" fill="none" stroke="#e9dccb"/>
  <path d="M2 13.5h12" stroke="#e9dccb"/>
  <path d="M8.2 4.6c.4 1.7 2.8 2.6 2.8 5.1a3 3 0 0 1-6 0c0-1.3.6-2 1.2-2.6.1.8.5 1.2.9 1.2.7-.8
    .5-2.4 1.1-3.7z" fill="#e8804a"/>
  <path d="M8 9c.3.9 1.2 1.3 1.2 2.4a1.2 1.2 0 0 1-2.4 0c0-1.1.9-1.5 1.2-2.4z" fill="#ffd79a"/>
</svg>"""
MAC_MARGIN = 0.09  # share of the side that macOS wants empty around a tile


def main(arguments: list[str] | None = None) -> int:
    """Write all of them; returns the exit code."""
    options = argparse.ArgumentParser(description="Make the app's icons.")
    options.add_argument("--into", type=Path, required=True, metavar="FOLDER")
    write_icons(options.parse_args(arguments).into)
    return 0


def write_icons(folder: Path) -> None:
    """Write PNG, SVG, ICO and ICNS into `folder`."""
    for size in PNG_SIZES:
        file = _make_place(folder / "hicolor" / f"{size}x{size}" / "apps" / f"{NAME}.png")
        file.write_bytes(render(size))
    scalable = _make_place(folder / "hicolor" / "scalable" / "apps" / f"{NAME}.svg")
    shutil.copyfile(_source(), scalable)
    _save(folder / f"{NAME}.ico", [_image(size) for size in ICO_SIZES])
    _save(folder / f"{NAME}.icns", [_image(size, MAC_MARGIN) for size in ICNS_SIZES])


def render(size: int, margin: float = 0.0) -> bytes:
    """The icon as a PNG, `size` pixels wide and high; `margin` is a share of that, left empty."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    inside = (
        image.rect()
        .toRectF()
        .adjusted(size * margin, size * margin, -size * margin, -size * margin)
    )
    svg = SMALL_SVG if size <= SMALL else _source().read_bytes()
    QSvgRenderer(svg).render(painter, inside)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _source() -> Path:
    return resources() / "icons" / f"{NAME}.svg"


def _image(size: int, margin: float = 0.0) -> Image.Image:
    return Image.open(io.BytesIO(render(size, margin)))


def _save(file: Path, images: list[Image.Image]) -> None:
    """One file with all `images`, the largest last."""
    *smaller, largest = images
    sizes = [image.size for image in images]
    largest.save(_make_place(file), sizes=sizes, append_images=smaller)


def _make_place(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


if __name__ == "__main__":
    raise SystemExit(main())
