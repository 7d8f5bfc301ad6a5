"""Conversations as PDF and on paper: laid out by QTextDocument, with page numbers and a title.

All of it may be done on any thread, so that the window goes on; Qt allows text documents, PDF
files and printers there. What was laid out is painted on the same thread: fonts belong to one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import (
    QByteArray,
    QLocale,
    QMarginsF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QThread,
    QUrl,
)
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPalette,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtSvg import QSvgRenderer

from app.core.errors import Cancelled, PrintFailed
from app.services.exchange_files import PrintPage, Words

MARGIN_MM = 18.0
HEAD_MM, FOOT_MM = 8.0, 10.0  # of the page's height, for the title and the number
DOTS = 300  # a inch, of a PDF
PORTION = 100  # messages of one document; the next one begins on a new page
SHARPER = 4  # times as many pixels for a formula as the page has
INCH_MM = 25.4
_NAMED = re.compile(r'<img src="(\w+:\d+)"')
PAGE_DOTS = 96  # a inch, of the page that HTML speaks of


def make_pdf(
    page: PrintPage,
    path: Path,
    words: Words,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Write a PDF to `path`; on any thread.

    Raises OSError where it cannot be written, Cancelled where it was called off."""
    _on_qt_thread(lambda: _make_pdf(page, path, words, is_cancelled))


def _make_pdf(page: PrintPage, path: Path, words: Words, is_cancelled: Callable[[], bool]) -> None:
    with path.open("wb"):
        pass  # Qt only prints a warning where it may not write
    writer = QPdfWriter(str(path))
    writer.setResolution(DOTS)
    writer.setPageLayout(_layout())
    writer.setTitle(page.title)
    writer.setCreator("Inglenook")
    sheets = Sheets(page, words, writer, is_cancelled)
    painter = QPainter()
    if not painter.begin(writer):
        raise OSError(f"{path} cannot be painted on")
    for number in range(sheets.count):
        if is_cancelled():
            painter.end()
            raise Cancelled
        if number and not writer.newPage():
            painter.end()
            raise OSError(f"page {number + 1} of {path} cannot be written")
        sheets.paint(painter, number)
    if not painter.end() or not path.stat().st_size:
        raise OSError(f"{path} cannot be written")


class Sheets:
    """A conversation laid out for the pages of one device. Sizes are the device's dots."""

    def __init__(
        self,
        page: PrintPage,
        words: Words,
        device: QPagedPaintDevice,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._title, self._words = page.title, words
        dots = device.logicalDpiX()
        self._dots = dots
        whole = device.pageLayout().paintRectPixels(dots)
        head, foot = (HEAD_MM * dots / INCH_MM, FOOT_MM * dots / INCH_MM)
        self._body = QRectF(0, head, whole.width(), whole.height() - head - foot)
        self._whole = QRectF(0, 0, whole.width(), whole.height())
        self.documents: list[QTextDocument] = []
        self._pages: list[tuple[QTextDocument, int]] = []
        # the time that Qt takes for a document grows faster than the document
        for parts in _portions(page.parts, PORTION):
            made = _document(replace(page, parts=parts), device, self._body.size(), is_cancelled)
            self.documents.append(made)
            self._pages += [(made, number) for number in range(made.pageCount())]
        self.count = len(self._pages)

    def paint(self, painter: QPainter, number: int) -> None:
        """Paint one page, counted from 0."""
        self._paint_body(painter, *self._pages[number])
        self._paint_edges(painter, number)

    def _paint_body(self, painter: QPainter, document: QTextDocument, number: int) -> None:
        body = self._body
        painter.save()
        painter.translate(0, body.top() - number * body.height())
        clip = QRectF(0, number * body.height(), body.width(), body.height())
        painter.setClipRect(clip)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.clip = clip
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Text, QColor("#1c1917"))
        context.palette = palette
        document.documentLayout().draw(painter, context)
        painter.restore()

    def _paint_edges(self, painter: QPainter, number: int) -> None:
        font = QFont()
        font.setPointSizeF(8)
        painter.setFont(font)
        painter.setPen(QColor("#6f655c"))
        metrics = QFontMetricsF(font, painter.device())
        line = metrics.height()
        if number:  # the first page has it large
            title = metrics.elidedText(
                self._title, Qt.TextElideMode.ElideRight, self._whole.width() * 0.9
            )
            top = QRectF(0, 0, self._whole.width(), line)
            painter.drawText(top, Qt.AlignmentFlag.AlignLeft, title)
        bottom = QRectF(0, self._whole.height() - line, self._whole.width(), line)
        text = self._words.page.replace("{page}", str(number + 1))
        text = text.replace("{pages}", str(self.count))
        painter.drawText(bottom, Qt.AlignmentFlag.AlignHCenter, text)


def print_pages(page: PrintPage, words: Words, printer: QPrinter) -> None:
    """Print what was chosen of the pages; on any thread, which Qt allows. Raises PrintFailed."""
    _on_qt_thread(lambda: _print_pages(page, words, printer))


def _print_pages(page: PrintPage, words: Words, printer: QPrinter) -> None:
    sheets = Sheets(page, words, printer)
    first, last = printer.fromPage() or 1, printer.toPage() or sheets.count
    numbers = range(first - 1, min(last, sheets.count))
    painter = QPainter()
    if not numbers or not painter.begin(printer):
        raise PrintFailed
    for number in numbers:
        if number != numbers[0] and not printer.newPage():
            painter.end()
            raise PrintFailed
        sheets.paint(painter, number)
    if not painter.end():
        raise PrintFailed


def new_printer() -> QPrinter:
    """The system's usual printer, with our margins."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageMargins(QMarginsF(*[MARGIN_MM] * 4), QPageLayout.Unit.Millimeter)
    return printer


class _Thread(QThread):
    """A thread of Qt's own: a text document starts timers, which need its event dispatcher."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self._work = work
        self.error: Exception | None = None

    def run(self) -> None:
        """Do the work; what goes wrong is kept for the thread that waits."""
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
            self.error = error


def _on_qt_thread(work: Callable[[], None]) -> None:
    """Run `work` on a thread of Qt's and wait for it. Raises what it raises."""
    thread = _Thread(work)
    thread.start()
    thread.wait()
    if thread.error is not None:
        raise thread.error


def _layout() -> QPageLayout:
    is_metric = QLocale().measurementSystem() == QLocale.MeasurementSystem.MetricSystem
    size = QPageSize(QPageSize.PageSizeId.A4 if is_metric else QPageSize.PageSizeId.Letter)
    margins = QMarginsF(*[MARGIN_MM] * 4)
    return QPageLayout(size, QPageLayout.Orientation.Portrait, margins, QPageLayout.Unit.Millimeter)


def _portions(parts: tuple[str, ...], size: int) -> list[tuple[str, ...]]:
    return [parts[at : at + size] for at in range(0, len(parts), size)]


def _document(
    page: PrintPage, device: QPagedPaintDevice, size: QSizeF, is_cancelled: Callable[[], bool]
) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    document.documentLayout().setPaintDevice(device)
    font = QFont()  # the application's
    font.setPointSizeF(10.5)
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    kind = QTextDocument.ResourceType.ImageResource
    named = set(_NAMED.findall("".join(page.parts)))
    for name in named & set(page.formulas):
        formula = page.formulas[name]
        document.addResource(kind, QUrl(name), _drawn(formula.svg, formula.width, formula.height))
    dots = device.logicalDpiX()
    room = size * (PAGE_DOTS / dots)
    sizes = {}
    for name in named & set(page.images):
        image = QImage.fromData(QByteArray(page.images[name]))
        if image.isNull():
            image = QImage(1, 1, QImage.Format.Format_RGB32)
        document.addResource(kind, QUrl(name), image)
        sizes[name] = _fitted(image.size(), room)
    document.setDefaultStyleSheet(page.style(dots / PAGE_DOTS))
    document.setPageSize(size)
    cursor = QTextCursor(document)
    for number, part in enumerate(page.parts):
        if is_cancelled():
            raise Cancelled
        # one by one: a call into Qt holds up all other threads of Python, the window's too
        if number:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        cursor.insertHtml(_sized(part, sizes))
    return document


def _fitted(size: QSize, room: QSizeF) -> QSize:
    """As large as it is, or as fits on a page."""
    wanted = QSizeF(size)
    if wanted.width() > room.width() or wanted.height() > room.height() * 0.9:
        most = QSizeF(room.width(), room.height() * 0.9)
        wanted = wanted.scaled(most, Qt.AspectRatioMode.KeepAspectRatio)
    return wanted.toSize()


def _sized(html: str, sizes: dict[str, QSize]) -> str:
    """With the sizes of its images."""
    for name, size in sizes.items():
        old = f'src="{name}"'
        if old in html:
            html = html.replace(old, f'{old} width="{size.width()}" height="{size.height()}"')
    return html


def _drawn(svg: str, width: float, height: float) -> QImage:
    image = QImage(
        max(1, round(width * SHARPER)),
        max(1, round(height * SHARPER)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return image
