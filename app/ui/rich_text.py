"""Selectable rich text as high as its content; it loads nothing and asks before a link opens."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from functools import lru_cache

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QCursor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QPlainTextEdit,
    QSizePolicy,
    QTextBrowser,
    QTextEdit,
    QWidget,
)

from app.ui.link_question import address_in_ascii, ask_about_link
from app.ui.markdown_parts import OBJECT, Run
from app.ui.maths import renderer
from app.ui.text_objects import TextObjects
from app.ui.theme import READING, Theme, code_font, text_font

MARKER_LEAD, MARKER_GAP = 4, 4  # pixels before a list's marker, and at least after it
NOTE_SCHEME = "note"  # of the links between footnotes and their texts, which stay in the message
LOOK_AGAIN_MS = 30  # for formulas that are being drawn
SHOW_SHARE = 8  # of the time, one part goes into showing those that have come
_PLAIN = QTextCharFormat.VerticalAlignment.AlignNormal


class RichText(QTextBrowser):
    """Read-only text as high as its content; where a link leads is shown before it opens."""

    note_requested = Signal(str)  # a footnote's label: go to its text, or with "^" before it back

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text_colour = ""  # empty: the theme's
        self._objects: TextObjects | None = None
        self._look_again: QTimer | None = None
        self._look_again_ms = LOOK_AGAIN_MS
        self._waits = False  # for a formula among what was written last
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFont(text_font(READING))
        self._say()
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        self.highlighted.connect(self._tell_address)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        self.document().setIndentWidth(self.indent)

    @property
    def indent(self) -> int:
        """Pixels of one list level in the present type: room for two digits and a dot."""
        return list_indent(self.font().pointSizeF())

    def fit(self) -> None:
        """Become as high as the text at the present width."""
        if not self._has_place():
            return
        width = self.viewport().width()
        if 0 < width != self.document().textWidth():  # setting it lays out everything again
            self.document().setTextWidth(width)
        self._be_high(int(self.document().size().height() + 0.999))

    def text_edits(self) -> list[QTextEdit | QPlainTextEdit]:
        """The widget that a selection is in: this one."""
        return [self]

    def selected_markdown(self) -> str:
        """What is selected, as Markdown."""
        return ""

    def selected_plain(self) -> str:
        """What is selected, as it is read; formulas as LaTeX."""
        return self.textCursor().selection().toPlainText()

    def restyle(self) -> None:
        """Colours, sizes and words again, after the theme or the language changed."""
        self.setFont(text_font(READING))
        self.document().setIndentWidth(self.indent)
        self._say()

    def _say(self) -> None:
        self.setAccessibleName(self.tr("Text"))

    def _has_place(self) -> bool:
        """Whether its width is known: laying out for the one it was made with would be in vain."""
        return self.testAttribute(Qt.WidgetAttribute.WA_Resized)

    def _be_high(self, height: int) -> None:
        if max(1, height) != self.minimumHeight():
            self.setFixedHeight(max(1, height))

    def _write(
        self, cursor: QTextCursor, runs: Sequence[Run], base: QTextCharFormat
    ) -> tuple[int, ...]:
        """Put runs in; returns how many characters each has on show."""
        lengths = []
        for run in runs:
            text, style = self._as_shown(run, base)
            before = cursor.position()
            cursor.insertText(text, style)
            lengths.append(cursor.position() - before)
        return tuple(lengths)

    def _as_shown(self, run: Run, base: QTextCharFormat) -> tuple[str, QTextCharFormat]:
        if run.maths:
            return self._formula(run, base)
        style = self._characters(run, base)
        if run.note:
            style.setAnchor(True)
            style.setAnchorHref(f"{NOTE_SCHEME}:{QUrl.toPercentEncoding(run.note).toStdString()}")
            style.setForeground(QColor(self._theme.colours.link))
            style.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignSuperScript)
            return run.text, style
        if run.picture:
            address = f" ({address_in_ascii(run.link)})" if run.link else ""
            words = self.tr("[Picture, not loaded: {description}{address}]")
            text = words.replace("{description}", run.text).replace("{address}", address)
            return text, style
        return run.text, style

    def _formula(self, run: Run, base: QTextCharFormat) -> tuple[str, QTextCharFormat]:
        picture = renderer().lookup(run.text, is_display=run.display)
        if picture is None:
            self._waits = True
            self._wait_for_formulas()
        elif picture.svg:
            if self._objects is None:
                self._objects = TextObjects(self)
            font = QFont(self.font())
            if base.fontPointSize() > 0:
                font.setPointSizeF(base.fontPointSize())
            return OBJECT, self._objects.formula_format(base, picture, font)
        return run.text.replace("\n", "\u2028"), self._characters(Run("", code=True), base)

    def _wait_for_formulas(self) -> None:
        if self._look_again is None:
            self._look_again = QTimer(self)
            self._look_again.setSingleShot(True)
            self._look_again.timeout.connect(self._look_for_formulas)
        if not self._look_again.isActive():
            self._look_again.start(self._look_again_ms)

    def _look_for_formulas(self) -> None:
        started = time.monotonic()
        self._show_formulas()
        cost_ms = (time.monotonic() - started) * 1000
        self._look_again_ms = max(LOOK_AGAIN_MS, int(cost_ms * SHOW_SHARE))
        if self._look_again is not None and self._look_again.isActive():
            self._look_again.start(self._look_again_ms)

    def _show_formulas(self) -> None:
        """Those that waited may be there now."""

    def _characters(self, run: Run, base: QTextCharFormat) -> QTextCharFormat:
        if not (run.bold or run.italic or run.strike or run.code or run.link):
            return QTextCharFormat(base)
        colours = self._theme.colours
        style = QTextCharFormat(base)
        if run.bold:
            style.setFontWeight(QFont.Weight.Bold)
        if run.italic:
            style.setFontItalic(True)
        if run.strike:
            style.setFontStrikeOut(True)
        if run.code:
            font = code_font()
            style.setFontFamilies(font.families())
            style.setFontPointSize(font.pointSizeF())
            style.setBackground(QColor(colours.code))
        if run.link:
            style.setAnchor(True)
            style.setAnchorHref(run.link)
            style.setForeground(QColor(colours.link))
            style.setFontUnderline(True)
        return style

    def _plain(self) -> QTextCharFormat:
        style = QTextCharFormat()
        style.setForeground(QBrush(QColor(self._text_colour or self._theme.colours.text)))
        return style

    def _follow(self, url: QUrl) -> None:
        if url.scheme() == NOTE_SCHEME:
            self.note_requested.emit(QUrl.fromPercentEncoding(url.path().encode()))
            return
        under_mouse = self.anchorAt(self.viewport().mapFromGlobal(QCursor.pos()))
        place = QCursor.pos() if under_mouse else self._below_cursor()
        ask_about_link(self, url, place, self._theme)

    def _tell_address(self, url: QUrl) -> None:
        """Where the link under the mouse leads; no address: under it is none."""
        is_note = url.scheme() == NOTE_SCHEME
        self.viewport().setToolTip("" if is_note else address_in_ascii(url.toString()))

    def _below_cursor(self) -> QPoint:
        return self.viewport().mapToGlobal(self.cursorRect().bottomLeft())

    def createMimeDataFromSelection(self) -> QMimeData:
        data = QMimeData()
        data.setText(self.selected_plain())
        return data

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._objects is not None and self._objects.has_selected:
            painter = QPainter(self.viewport())
            painter.setClipRegion(event.region())
            self._objects.draw_selected(painter)
            painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the transcript scrolls, not the block

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return None  # nothing is read from disk or network by showing a message

    def sizeHint(self) -> QSize:
        has_place = self._has_place()
        return QSize(200, self.height() if has_place else self.fontMetrics().lineSpacing())


def reading_indent() -> int:
    """Pixels of one list level in the reading text."""
    return list_indent(text_font(READING).pointSizeF())


@lru_cache(maxsize=32)
def list_indent(points: float) -> int:
    """Pixels that two digits and a dot take in type of that size, with the room around them."""
    font = QFont(QApplication.font())
    font.setPointSizeF(points)
    digits = math.ceil(QFontMetricsF(font).horizontalAdvance("00."))
    return MARKER_LEAD + digits + MARKER_GAP
