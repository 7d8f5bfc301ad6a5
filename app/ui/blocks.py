"""The two kinds of things a message is made of: a piece of prose and a piece of code."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFontMetricsF,
    QGuiApplication,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QSizePolicy,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.highlight import Span, spans
from app.ui.markdown import is_safe_link
from app.ui.theme import GAP, READING, Theme, code_font, text_font


class ProseBlock(QTextBrowser):
    """Selectable rich text as high as its content; never loads anything."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setFont(text_font(READING))
        self.setOpenLinks(False)
        self.anchorClicked.connect(open_link)
        self.viewport().setAutoFillBackground(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.document().setDocumentMargin(0)
        self._html = ""

    def show_html(self, html: str) -> None:
        """Replace the content; `html` comes from our own renderer only."""
        self._html = html
        c = self._theme.colours
        font = code_font()
        self.document().setDefaultStyleSheet(
            f"code, pre {{ font-family: '{font.family()}'; font-size: {font.pointSizeF()}pt;"
            f" background-color: {c.code}; }} a {{ color: {c.link}; }}"
            f" blockquote {{ color: {c.muted}; }} h1 {{ font-size: x-large; }}"
            f" h2 {{ font-size: large; }} h3, h4, h5, h6 {{ font-size: medium; }}"
            " table { border-collapse: collapse; } td, th { padding: 4px 10px;"
            f" border: 1px solid {c.border}; }} th {{ background-color: {c.code}; }}"
        )
        self.setHtml(html)
        self._space_lines()
        self.fit()

    def show_text(self, text: str) -> None:
        """Replace the content by plain text, exactly as it is."""
        self._html = ""
        self.setPlainText(text)
        self._space_lines()
        self.fit()

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        if self._html:
            self.show_html(self._html)

    def fit(self) -> None:
        """Become as high as the text at the present width."""
        width = self.viewport().width()
        if width > 0:
            self.document().setTextWidth(width)
        height = int(self.document().size().height() + 0.999)
        if height != self.height() or self.minimumHeight() != height:
            self.setFixedHeight(max(height, 1))

    def _space_lines(self) -> None:
        """Looser lines: Qt's style sheet subset has no line-height for a whole document."""
        spacing = QTextBlockFormat()
        spacing.setLineHeight(130.0, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spacing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the transcript scrolls, not the block

    def loadResource(self, type: int, name: QUrl | str) -> object:
        return None  # nothing is read from disk or network by showing a message

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())


def open_link(url: QUrl) -> None:
    """Open an http(s) address in the browser; anything else is ignored."""
    if is_safe_link(url.toString()):
        QDesktopServices.openUrl(url)


class _LineColours(QSyntaxHighlighter):
    """Applies spans computed elsewhere, line by line."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: list[list[Span]] = []

    def show(self, lines: list[list[Span]]) -> None:
        """Colour the lines whose spans are not what they were."""
        before, self._lines = self._lines, lines
        block = self.document().firstBlock()
        for number, line in enumerate(lines):
            if not block.isValid():
                return
            if number >= len(before) or before[number] != line:
                self.rehighlightBlock(block)
            block = block.next()

    def highlightBlock(self, text: str) -> None:
        number = self.currentBlock().blockNumber()
        if number >= len(self._lines):
            return
        for span in self._lines[number]:
            colours = QTextCharFormat()
            colours.setForeground(QColor(span.colour))
            self.setFormat(span.start, span.length, colours)


class _CodeText(QPlainTextEdit):
    """Read-only code that leaves vertical scrolling to the transcript."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            super().wheelEvent(event)
        else:
            event.ignore()


class CodeBlock(QFrame):
    """Code with its language, a copy button and colours; grows while it is written."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codeBlock")
        self._theme = theme
        self._language = ""
        self._code = ""
        self._label = QLabel()
        self._label.setProperty("role", "muted")
        self.copy_button = QToolButton()
        self.copy_button.setToolTip(self.tr("Copy the code"))
        self.copy_button.setAccessibleName(self.tr("Copy the code"))
        self.copy_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.copy_button.clicked.connect(self.copy_code)
        self._text = _CodeText()
        self._text.setObjectName("codeText")
        self._text.setReadOnly(True)
        self._text.setFont(code_font())
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._text.setFrameShape(QFrame.Shape.NoFrame)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._colours = _LineColours(self._text.document())
        self._recolour = QTimer(self)
        self._recolour.setSingleShot(True)
        self._recolour.timeout.connect(self._colour)
        self._interval_ms = 300
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 4, 0)
        head.addWidget(self._label)
        head.addStretch()
        head.addWidget(self.copy_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GAP)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._text)
        self._text.document().setDocumentMargin(4)
        self._text.setViewportMargins(8, 0, 8, 0)
        self._show_copy()

    @property
    def code(self) -> str:
        """The code as it would be copied."""
        return self._code

    def show_code(self, code: str, language: str) -> None:
        """Show `code`; text that merely grew is appended without laying out the rest again."""
        if language != self._language:
            self._language = language
            self._label.setText(language)
        if code == self._code:
            return
        if self._code and code.startswith(self._code):
            cursor = QTextCursor(self._text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(code[len(self._code) :])
        else:
            self._text.setPlainText(code)
        self._code = code
        self._fit()
        if not self._recolour.isActive():
            self._recolour.start(self._interval_ms)

    def finish(self) -> None:
        """No more code will come: colour it now."""
        self._recolour.stop()
        self._colour()

    def restyle(self) -> None:
        """Colours again, after the theme changed."""
        self._show_copy()
        self._colour()

    def copy_code(self) -> None:
        """Put the code on the clipboard and say so for a moment."""
        QGuiApplication.clipboard().setText(self._code)
        self.copy_button.setText(self.tr("Copied"))
        self.copy_button.setIcon(self._theme.icon("check", self._theme.colours.muted))
        QTimer.singleShot(1500, self, self._show_copy)

    def _show_copy(self) -> None:
        self.copy_button.setText(self.tr("Copy"))
        self.copy_button.setIcon(self._theme.icon("copy", self._theme.colours.muted))

    def _colour(self) -> None:
        started = time.monotonic()
        self._colours.show(spans(self._code, self._language, dark=self._theme.colours.is_dark))
        cost_ms = (time.monotonic() - started) * 1000
        # A long block is lexed again and again while it grows: spend at most 1/30 of the time on it
        self._interval_ms = max(300, int(cost_ms * 30))

    def _fit(self) -> None:
        metrics = QFontMetricsF(self._text.font())
        lines = self._text.document().blockCount()
        bar = self._text.horizontalScrollBar()
        extra = bar.sizeHint().height() if bar.maximum() > 0 else 0
        self._text.setFixedHeight(int(lines * metrics.lineSpacing() + 10) + extra)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
